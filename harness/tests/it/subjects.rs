//! `run`: against a server by URL, and against a client by peer file.

use std::path::Path;

use sceptic::verdict::CaseResult;

use crate::program::{Ended, cases, checks, ended, files, gates, open, sceptic};
use crate::server::{CHALLENGE, Server, config};

fn against(server: &Server, folder: &Path, more: &[&str]) -> Ended {
    let url = server.url();
    let arguments = [&["run", "--url", &url, "--challenge", CHALLENGE, "--out", "run"], more].concat();
    sceptic(folder, &arguments)
}

/// A fault on every message of a name.
fn order(fault: &str, message: &str) -> scep::fault::Order {
    let when = scep::fault::When { message: Some(message.to_owned()), ..scep::fault::When::default() };
    scep::fault::Order { fault: fault.to_owned(), when }
}

#[test]
fn the_reference_server_by_url_satisfies_its_profile() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let ran = against(&server, folder.path(), &[]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let run = open(&folder.path().join("run"));
    assert_eq!(ended(&run, CaseResult::Fail), Vec::<&str>::new());
    // Nobody said that it has an operator, so polls that need one are not asked, and say why.
    let unsupported = ended(&run, CaseResult::Unsupported);
    assert!(unsupported.contains(&"srv.poll.approved"), "{unsupported:?}");
    assert!(cases(&run).all(|case| (case.result == CaseResult::Unsupported) == case.because.is_some()));
    assert_eq!(run.plan().unwrap().unsupported, unsupported.len());
}

#[test]
fn preflight_enrols_under_another_transaction_than_the_cases() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    against(&server, folder.path(), &["srv.enrol.granted"]);
    let record = server.running().take_record();
    let ids: Vec<String> = record
        .iter()
        .filter_map(|seen| scep::message::PkiMessage::read(&seen.body).ok()?.value.transaction_id())
        .map(|id| id.to_string())
        .collect();
    let unique: std::collections::BTreeSet<&String> = ids.iter().collect();
    assert!(ids.len() >= 2 && ids.len() == unique.len(), "{ids:?}");
}

#[test]
fn a_failure_is_told_with_requirement_expected_actual_octets_and_command() {
    let server = Server::lax(&["message-signature"]);
    let folder = tempfile::tempdir().unwrap();
    let ran =
        against(&server, folder.path(), &["--seed", "5eed", "--jobs", "1", "srv.enrol.message-signature"]);
    assert_eq!(ran.code, 10, "{}{}", ran.stdout, ran.stderr);
    let run = open(&folder.path().join("run"));
    assert_eq!(gates(&run), [10]);
    assert_eq!(ended(&run, CaseResult::Fail), ["srv.enrol.message-signature"]);
    let block = ran.stdout.split("\n\n").find(|block| block.contains("expected")).unwrap();
    insta::with_settings!({
        filters => vec![
            (r"127\.0\.0\.1:\d+", "HOST:PORT"),
            (r"bytes \d+\.\.\d+", "bytes FROM..TO"),
            (r"[0-9a-f]{8}  [^\n]*", "OFFSET  HEX"),
        ]
    }, { insta::assert_snapshot!(block, @r#"
    FAIL srv.enrol.message-signature  A PKCSReq whose signature does not verify is refused
        one change enrol with fault signer.signature.flip-bit
      refused/outcome on enrol: bad-signature-accepted
        required   8894-3.2.1.4-badmessagecheck FORMAT (RFC 8894 3.2.1.4)
                   failInfo 1 badMessageCheck means the CMS signature did not verify.
        required   S-no-issue-on-error MUST (suite)
                   A refused request leads to no certificate.
        expected   reply.pkiStatus is FAILURE
                   or http.status is one of 4xx (warn: refused-by-http)
        actual     SUCCESS
        where      reply.pkiStatus in evidence/srv.enrol.message-signature/02-enrol.reply.body, bytes FROM..TO
                   OFFSET  HEX
                   OFFSET  HEX
                   OFFSET  HEX
        again      sceptic run --url http://HOST:PORT/scep --challenge … --seed 5eed 'srv.enrol.message-signature'
    "#) });
}

#[test]
fn warnings_exit_with_11_when_they_are_asked_to_gate() {
    let server = Server::start();
    // RFC 8894 3.5.2: SHOULD.
    server.running().set_faults(&[order("http.content-type.html", "GetCACaps")]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let filter = ["srv.caps.content-type"];
    let mild = against(&server, folder.path(), &filter);
    let run = open(&folder.path().join("run"));
    let warned = ended(&run, CaseResult::Warn).len();
    assert_eq!((mild.code, warned), (0, 1), "{}", mild.stdout);
    let url = server.url();
    let strict = ["run", "--url", &url, "--challenge", CHALLENGE, "--out", "strict", "--strict", filter[0]];
    assert_eq!(sceptic(folder.path(), &strict).code, 11);
}

#[test]
fn when_a_control_check_fails_its_dependants_are_blocked_and_the_verdict_stays() {
    let server = Server::start();
    // Every certificate is for another key than the one that was asked for.
    server.running().set_faults(&[order("issue.other-key", "CertRep")]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let ran = against(
        &server,
        folder.path(),
        &["srv.enrol.granted", "srv.enrol.wrong-challenge", "srv.enrol.csr-signature"],
    );
    assert_eq!(ran.code, 10, "{}{}", ran.stdout, ran.stderr);
    let run = open(&folder.path().join("run"));
    assert_eq!(ended(&run, CaseResult::Blocked), ["srv.enrol.csr-signature", "srv.enrol.wrong-challenge"]);
    let because = cases(&run).find_map(|case| case.because.as_deref()).unwrap();
    assert!(because.starts_with("base srv.enrol.granted: check mine is fail"), "{because}");
    assert!(checks(&run).all(|check| check.case.starts_with("srv.enrol.granted")));
}

#[test]
fn a_control_that_is_not_granted_at_all_blocks_without_a_verdict() {
    // An ability that the subject is said not to have takes the control away; nothing is judged then.
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let ran = against(&server, folder.path(), &["--ability=-op.pkcsreq", "srv.enrol"]);
    assert_eq!(ran.code, 4, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("note: srv.enrol.granted is not run"), "{}", ran.stdout);
}

#[test]
fn the_challenge_of_the_operator_is_in_nothing_that_is_shown() {
    let server = Server::lax(&["challenge-value", "message-signature"]);
    let folder = tempfile::tempdir().unwrap();
    let ran = against(&server, folder.path(), &["--ability", "transport.get", "--ability", "op.certpoll"]);
    assert_eq!(ran.code, 10);
    let run = open(&folder.path().join("run"));
    assert!(ended(&run, CaseResult::Pass).contains(&"srv.enrol.granted[via=get]"));
    assert!(!ran.stdout.contains(CHALLENGE) && !ran.stderr.contains(CHALLENGE));
    let root = folder.path().join("run");
    let holds = |name: &String| {
        let octets = std::fs::read(root.join(name)).unwrap();
        octets.windows(CHALLENGE.len()).any(|window| window == CHALLENGE.as_bytes())
    };
    let holding: Vec<String> = files(&root).into_iter().filter(holds).collect();
    // The decrypted requests have it of necessity: docs/evidence.md says so.
    let elsewhere: Vec<&String> =
        holding.iter().filter(|name| !name.ends_with("request.messageData.der")).collect();
    assert_eq!(elsewhere, Vec::<&String>::new());
    assert!(!holding.is_empty());
}

#[test]
fn the_reference_client_as_a_child_process_satisfies_its_profile() {
    let folder = tempfile::tempdir().unwrap();
    let ran = sceptic(folder.path(), &["run", "--peer", "mock-client", "--out", "run"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let run = open(&folder.path().join("run"));
    assert_eq!(run.run().role, "client");
    assert!(cases(&run).all(|case| case.result == CaseResult::Pass));
    assert!(cases(&run).count() >= 8);
}

#[test]
fn a_client_that_talks_without_end_is_heard_out() {
    let folder = tempfile::tempdir().unwrap();
    let peer = crate::cut_short::peer(folder.path(), "head -c 1000000 /dev/zero | tr '\\0' x");
    let ran = sceptic(folder.path(), &["run", "--peer", &peer, "--out", "run", "cli.enrol.granted"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let transcript =
        sceptic::runner::evidence::read(&folder.path().join("run/evidence/cli.enrol.granted")).unwrap();
    let run = transcript.runs.values().next().unwrap();
    assert_eq!((run.exit, run.signal, run.stdout.len()), (Some(0), None, 64 << 10));
}

#[test]
fn a_client_that_hangs_is_ended_at_its_time_limit_and_failed() {
    let folder = tempfile::tempdir().unwrap();
    let peer = crate::cut_short::peer(folder.path(), "exec tail -f /dev/null");
    let text = std::fs::read_to_string(&peer).unwrap().replace("timeout = \"60s\"", "timeout = \"200ms\"");
    std::fs::write(&peer, text).unwrap();
    let ran = sceptic(folder.path(), &["run", "--peer", &peer, "--out", "run", "cli.enrol", "cli.reply"]);
    assert_eq!(ran.code, 10, "{}{}", ran.stdout, ran.stderr);
    let run = open(&folder.path().join("run"));
    assert_eq!(ended(&run, CaseResult::Fail), ["cli.enrol.granted"]);
    assert!(!ended(&run, CaseResult::Blocked).is_empty());
}

#[test]
fn a_registration_authority_is_told_by_getcacert() {
    let mut config = config();
    config.ca.hierarchy = mock_ca::config::Hierarchy::Intermediate;
    config.ca.registration = mock_ca::config::Registration::Split;
    let server = Server::with(config);
    let folder = tempfile::tempdir().unwrap();
    let ran = against(&server, folder.path(), &["srv.authority"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let run = open(&folder.path().join("run"));
    // Not shown, or not for GetCACert to show: a CA on a curve, lookups, an operator.
    let others = ["ec-issuer", "password", "lookup", "poll"];
    let unsupported = ended(&run, CaseResult::Unsupported);
    assert!(unsupported.iter().all(|id| others.iter().any(|word| id.contains(word))), "{unsupported:?}");
    let passed = ended(&run, CaseResult::Pass);
    for id in ["srv.authority.chain", "srv.authority.enrol-ra-split", "srv.authority.renew"] {
        assert!(passed.contains(&id), "{id}: {passed:?}");
    }

    let folder = tempfile::tempdir().unwrap();
    let server = Server::start();
    assert_ne!(against(&server, folder.path(), &["srv.authority"]).code, 10);
    let run = open(&folder.path().join("run"));
    assert!(cases(&run).all(|case| case.result == CaseResult::Unsupported), "a root that speaks for itself");
}
