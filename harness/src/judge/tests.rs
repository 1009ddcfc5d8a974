//! The judge over transcripts written by hand: three values, alternatives, conditions, repeats, levels, and the
//! places that verdicts point to.

use rstest::rstest;
use scep::cms::content_info;

use super::claim::{self, Judged};
use super::facts::Fact;
use super::fixtures::{Answer, Story, check, enrolment, fact, told, transcript, unanswered};
use super::view::World;
use super::{describe, facts, judge, verdict_of};
use crate::data::{Suite, Value};
use crate::results::CheckLine;
use crate::transcript::Transcript;
use crate::verdict::{CaseResult, CheckResult, Level};

fn judged_as(level: Level, transcript: &Transcript, on: &str, lines: &str) -> Judged {
    claim::judge(&check(on, lines), level, &World::new(transcript))
}

fn judged(transcript: &Transcript, lines: &str) -> Judged {
    judged_as(Level::Must, transcript, "enrol", lines)
}

fn failinfo(transcript: &Transcript) -> Judged {
    judged(transcript, "path = \"reply.failInfo\"\neq = \"badRequest\"")
}

#[test]
fn an_absent_leaf_fails_and_a_missing_parent_is_unjudged() {
    assert_eq!(failinfo(&enrolment(Answer::Failure, &[])).result, CheckResult::Pass);

    let absent = failinfo(&enrolment(Answer::Failure, &["attr.failInfo.remove"]));
    assert_eq!((absent.result, absent.reason.as_deref()), (CheckResult::Fail, Some("missed")));
    assert_eq!(absent.actual, "absent");

    let none = failinfo(&enrolment(Answer::Failure, &["signer.no-attributes"]));
    assert_eq!(
        (none.result, none.reason.as_deref()),
        (CheckResult::Unjudged, Some("there are no signed attributes"))
    );

    let mut story = Story::new();
    let gone = transcript([unanswered(story.enrol(Answer::Failure, &[], &[]), "closed")]);
    let gone = failinfo(&gone);
    assert_eq!(
        (gone.result, gone.reason.as_deref()),
        (CheckResult::Unjudged, Some("no HTTP answer: closed, as the test says"))
    );

    let nothing = failinfo(&transcript([]));
    assert_eq!(
        (nothing.result, nothing.reason.as_deref()),
        (CheckResult::Unjudged, Some("step enrol exchanged nothing"))
    );
}

#[test]
fn only_absent_holds_of_what_is_absent() {
    let without = enrolment(Answer::Success, &["attr.senderNonce.remove"]);
    let result = |lines: &str| judged(&without, &format!("path = \"reply.senderNonce\"\n{lines}")).result;
    assert_eq!(result("absent = true"), CheckResult::Pass);
    for lines in [
        "absent = false",
        "ne = \"00\"",
        "length = 16",
        "matches = \"\"",
        "in = [\"00\"]",
        "differs = \"request.senderNonce\"",
    ] {
        assert_eq!(result(lines), CheckResult::Fail, "{lines}");
    }
    let with = enrolment(Answer::Success, &[]);
    let result = |lines: &str| judged(&with, &format!("path = \"reply.senderNonce\"\n{lines}")).result;
    assert_eq!(result("absent = true"), CheckResult::Fail);
    for lines in ["absent = false", "ne = \"00\"", "length = 16", "differs = \"request.senderNonce\""] {
        assert_eq!(result(lines), CheckResult::Pass, "{lines}");
    }
}

#[test]
fn the_first_alternative_that_holds_gives_result_reason_and_note() {
    let lines = "path = \"reply.pkiStatus\"\neq = \"SUCCESS\"\nor = [{ eq = \"PENDING\", as = \"later\", result = \"variance\", note = \"MAY\" }, \
                 { path = \"http.status\", in = [\"4xx\"], as = \"by-http\", result = \"warn\", note = \"early\" }]";
    let seen = |transcript: &Transcript| {
        let judged = judged(transcript, lines);
        (judged.result, judged.reason.unwrap_or_default(), judged.note.unwrap_or_default())
    };
    let told = |result, reason: &str, note: &str| (result, reason.to_owned(), note.to_owned());
    assert_eq!(seen(&enrolment(Answer::Success, &[])), told(CheckResult::Pass, "", ""));
    assert_eq!(seen(&enrolment(Answer::Pending, &[])), told(CheckResult::Variance, "later", "MAY"));
    assert_eq!(seen(&enrolment(Answer::Failure, &[])), told(CheckResult::Fail, "missed", ""));
    // Not unjudged: what the alternative looks at is there.
    let by_http = ["http.status-404", "http.body.html"];
    assert_eq!(seen(&enrolment(Answer::Failure, &by_http)), told(CheckResult::Warn, "by-http", "early"));
    // Unjudged, since neither can be decided to hold.
    let unreadable = judged(&enrolment(Answer::Failure, &["http.body.html"]), lines);
    assert_eq!(unreadable.result, CheckResult::Unjudged);
    assert_eq!(
        unreadable.expected,
        "reply.pkiStatus is SUCCESS\nor reply.pkiStatus is PENDING (variance: later)\nor http.status is one of 4xx (warn: by-http)"
    );
}

#[test]
fn a_check_whose_condition_does_not_hold_is_not_asked_and_says_nothing_against_the_case() {
    let lines =
        "path = \"reply.failInfo\"\neq = \"badAlg\"\nwhen = { path = \"reply.pkiStatus\", eq = \"FAILURE\" }";
    let asked = judged(&enrolment(Answer::Failure, &[]), lines);
    assert_eq!(asked.result, CheckResult::Fail);
    for transcript in [enrolment(Answer::Success, &[]), enrolment(Answer::Failure, &["http.body.html"])] {
        let not_asked = judged(&transcript, lines);
        assert_eq!(not_asked.result, CheckResult::Unjudged);
        assert!(describe::is_not_asked(not_asked.reason.as_deref().unwrap()), "{not_asked:?}");
        assert_eq!(
            verdict_of(&[line(CheckResult::Pass, None), line(CheckResult::Unjudged, not_asked.reason)]).0,
            CaseResult::Pass
        );
    }
}

fn line(result: CheckResult, reason: Option<String>) -> CheckLine {
    CheckLine {
        case: "srv.a.b".into(),
        id: "c".into(),
        on: "enrol".into(),
        result,
        req: Vec::new(),
        level: Level::Must,
        reason,
        expected: String::new(),
        actual: String::new(),
        note: None,
        at: None,
        expected_by_file: false,
    }
}

#[rstest]
#[case::all_pass(&[CheckResult::Pass, CheckResult::Variance], CaseResult::Pass)]
#[case::a_warning(&[CheckResult::Warn, CheckResult::Pass], CaseResult::Warn)]
#[case::unjudged_beside_passes(&[CheckResult::Pass, CheckResult::Unjudged], CaseResult::Inconclusive)]
#[case::unjudged_beside_a_warning(&[CheckResult::Warn, CheckResult::Unjudged], CaseResult::Inconclusive)]
#[case::a_failure_beside_anything(&[CheckResult::Unjudged, CheckResult::Warn, CheckResult::Fail], CaseResult::Fail)]
fn the_worst_check_is_the_case_and_unjudged_is_never_a_pass(
    #[case] checks: &[CheckResult],
    #[case] expected: CaseResult,
) {
    let lines: Vec<CheckLine> = checks.iter().map(|result| line(*result, Some("why".into()))).collect();
    assert_eq!(verdict_of(&lines).0, expected);
}

#[rstest]
#[case(Level::Must, CheckResult::Fail)]
#[case(Level::Format, CheckResult::Fail)]
#[case(Level::Should, CheckResult::Warn)]
#[case(Level::May, CheckResult::Variance)]
fn a_miss_counts_by_the_level_of_the_requirement(#[case] level: Level, #[case] expected: CheckResult) {
    let transcript = enrolment(Answer::Failure, &[]);
    let lines = "path = \"reply.pkiStatus\"\neq = \"SUCCESS\"";
    assert_eq!(judged_as(level, &transcript, "enrol", lines).result, expected);
}

/// Three polls: pending, pending, and the last as given.
fn polls(last: Answer) -> Transcript {
    let mut story = Story::new();
    let ca = story.ca(&[]);
    transcript([ca, story.poll(Answer::Pending), story.poll(Answer::Pending), story.poll(last)])
}

#[test]
fn a_repeated_step_is_its_last_exchange_and_with_a_star_every_one() {
    let lines = "path = \"reply.pkiStatus\"\neq = \"SUCCESS\"";
    let granted = polls(Answer::Success);
    assert_eq!(judged_as(Level::Must, &granted, "poll", lines).result, CheckResult::Pass);
    assert_eq!(judged_as(Level::Must, &granted, "poll*", lines).result, CheckResult::Fail);
    let either = "path = \"reply.pkiStatus\"\nin = [\"SUCCESS\", \"PENDING\"]";
    assert_eq!(judged_as(Level::Must, &granted, "poll*", either).result, CheckResult::Pass);
}

#[test]
fn with_a_star_the_worst_result_counts_and_unjudged_is_worse_than_a_pass() {
    let mut some_lost = polls(Answer::Success);
    let lost = unanswered(some_lost.exchanges.remove(1), "timeout");
    some_lost.exchanges.insert(1, lost);
    let either = "path = \"reply.pkiStatus\"\nin = [\"SUCCESS\", \"PENDING\"]";
    assert_eq!(judged_as(Level::Must, &some_lost, "poll*", either).result, CheckResult::Unjudged);
    let pending = "path = \"reply.pkiStatus\"\neq = \"PENDING\"";
    assert_eq!(judged_as(Level::Should, &some_lost, "poll*", pending).result, CheckResult::Warn);
}

#[test]
fn a_reference_to_another_step_looks_at_its_last_exchange() {
    let mut story = Story::new();
    let (ca, enrol) = (story.ca(&[]), story.enrol(Answer::Pending, &[], &[]));
    let both = transcript([ca, enrol, story.poll(Answer::Success)]);
    let same = "path = \"request.transactionID\"\nsame = \"enrol:request.transactionID\"";
    assert_eq!(judged_as(Level::Must, &both, "poll", same).result, CheckResult::Pass);
    let fresh = "path = \"reply.senderNonce\"\ndiffers = \"enrol:reply.senderNonce\"";
    assert_eq!(judged_as(Level::Must, &both, "poll", fresh).result, CheckResult::Pass);
    let unknown = "path = \"reply.senderNonce\"\ndiffers = \"other:reply.senderNonce\"";
    assert_eq!(judged_as(Level::Must, &both, "poll", unknown).result, CheckResult::Unjudged);
}

/// The octets that a fact points at, out of the file that it names.
fn pointed_at(transcript: &Transcript, reference: &str) -> (String, Vec<u8>) {
    let world = World::new(transcript);
    let parsed: crate::data::Reference = reference.parse().unwrap();
    let view = *world.views(parsed.step.as_ref().unwrap()).last().unwrap();
    let (file, [start, end]) =
        facts::look_up(&parsed.path, &view).place().and_then(|place| place.in_evidence(&view)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    crate::runner::evidence::write(folder.path(), transcript).unwrap();
    let octets = std::fs::read(folder.path().join(&file)).unwrap();
    (file, octets[start..end].to_vec())
}

#[test]
fn a_place_is_the_octets_of_the_fact_in_the_file_that_is_named() {
    let clean = enrolment(Answer::Success, &[]);
    let hex = |octets: &[u8]| octets.iter().map(|octet| format!("{octet:02x}")).collect::<String>();
    let (file, nonce) = pointed_at(&clean, "enrol:reply.recipientNonce");
    assert_eq!(file, "02-enrol.reply.body");
    // The whole OCTET STRING: identifier, length, sixteen octets.
    assert_eq!(&nonce[..2], [0x04, 0x10]);
    assert_eq!(told(&clean, "enrol:reply.recipientNonce"), format!("{} (16 bytes)", hex(&nonce[2..])));

    let (file, id) = pointed_at(&clean, "enrol:request.transactionID");
    assert_eq!(file, "02-enrol.request.der");
    assert_eq!(told(&clean, "enrol:request.transactionID"), String::from_utf8_lossy(&id[2..]));

    let (file, payload) = pointed_at(&clean, "enrol:reply.payload.certificates");
    assert_eq!(file, "02-enrol.reply.messageData.der");
    assert_eq!(payload[0], 0x30);
}

#[test]
fn the_octets_of_a_chunked_message_are_those_that_came() {
    let chunked = enrolment(Answer::Success, &["message.indefinite"]);
    let (file, nonce) = pointed_at(&chunked, "enrol:reply.recipientNonce");
    assert_eq!((file.as_str(), &nonce[..2]), ("02-enrol.reply.body", &[0x04, 0x10][..]));
}

#[test]
fn every_line_of_a_case_names_its_file_below_the_evidence_folder() {
    let suite = Suite::embedded().unwrap();
    let case = suite.case("srv.enrol.granted").unwrap();
    let level_of = |id: &str| suite.register.requirement(id).map(|row| row.level);
    let lines = judge(case, &enrolment(Answer::Success, &[]), &level_of, "evidence/x");
    assert_eq!(lines.len(), case.checks.len());
    let placed: Vec<&str> = lines.iter().filter_map(|line| Some(line.at.as_ref()?.file.as_str())).collect();
    assert!(placed.len() > 10);
    assert!(placed.iter().all(|file| file.starts_with("evidence/x/02-enrol.")), "{placed:?}");
    // Nobody was asked whether the server is alive: that alone is open.
    let open: Vec<&str> = lines
        .iter()
        .filter(|line| !matches!(line.result, CheckResult::Pass | CheckResult::Variance))
        .filter(|line| !line.reason.as_deref().is_some_and(describe::is_not_asked))
        .map(|line| line.id.as_str())
        .collect();
    assert_eq!(open, ["alive/answers"]);
}

#[test]
fn every_fact_of_an_enrolment_is_what_was_written() {
    let clean = enrolment(Answer::Success, &[]);
    let mut text = String::new();
    let is_here = |path: &str| !path.starts_with("ca") && !path.starts_with("run") && path != "http.length";
    for (path, _) in facts::paths().filter(|(path, _)| is_here(path)) {
        let value = match fact(&clean, &format!("enrol:{path}")) {
            // Which octets they are changes with every key and nonce.
            Fact::Found { octets: Some(count), .. } if count > 1 => format!("{count} bytes"),
            Fact::Found { value: Value::Text(text), .. } if !text.is_ascii() => "binary".to_owned(),
            other => describe::fact(&other),
        };
        text.push_str(&format!("{path}: {value}\n"));
    }
    insta::assert_snapshot!(text);
}

#[rstest]
#[case::status("http.status", "200", "http.status-404", "404")]
#[case::answer("http.answer", "200", "http.status-500", "500")]
#[case::content_type("http.contentType", "application/x-pki-message", "http.content-type.text", "text/plain")]
#[case::no_content_type(
    "http.contentType",
    "application/x-pki-message",
    "http.content-type.remove",
    "absent"
)]
#[case::parameters("http.contentType.parameters", "absent", "http.content-type.charset", "charset=utf-8")]
#[case::length("http.firstByte", "30 (1 bytes)", "http.body.empty", "absent")]
fn facts_of_http(#[case] path: &str, #[case] right: &str, #[case] fault: &str, #[case] wrong: &str) {
    both(path, right, fault, wrong);
}

#[rstest]
#[case::readable("reply.readable", "true", "message.not-cms", "false")]
#[case::trailing("reply.trailing", "false", "message.trailing", "true")]
#[case::signers("reply.signers", "1", "signer.duplicate", "2")]
#[case::attributes("reply.signedAttributes", "true", "signer.no-attributes", "false")]
#[case::sorted("reply.signedAttributes.sorted", "true", "attr.unsorted", "false")]
#[case::digest("reply.digest", "sha-256", "signer.digest.md5", "md5")]
#[case::signature("reply.signature", "verifies", "signer.signature.flip-bit", "fails")]
#[case::message_digest("reply.messageDigest.holds", "true", "attr.messageDigest.flip", "false")]
#[case::e_content_type("reply.eContentType", "data", "content.type-enveloped", "envelopedData")]
#[case::content("reply.content", "present", "content.remove", "absent")]
#[case::unsigned("reply.unsignedScep", "absent", "attr.pkiStatus.unsigned", "[pkiStatus]")]
#[case::included("reply.signer.included", "true", "certificates.remove", "false")]
fn facts_of_a_message(#[case] path: &str, #[case] right: &str, #[case] fault: &str, #[case] wrong: &str) {
    both(path, right, fault, wrong);
}

#[rstest]
#[case::message_type("reply.messageType", "CertRep", "attr.messageType.99", "99")]
#[case::status("reply.pkiStatus", "SUCCESS", "attr.pkiStatus.1", "1")]
#[case::status_type("reply.pkiStatus.type", "PrintableString", "attr.pkiStatus.utf8", "UTF8String")]
#[case::nonce("reply.senderNonce.type", "OCTET STRING", "attr.senderNonce.printable", "PrintableString")]
#[case::count("reply.transactionID.count", "1", "attr.transactionID.duplicate", "2")]
#[case::two_values("reply.messageType.count", "1", "attr.messageType.second-value", "2")]
#[case::content_type("reply.contentType", "data", "attr.contentType.enveloped", "envelopedData")]
fn facts_of_attributes(#[case] path: &str, #[case] right: &str, #[case] fault: &str, #[case] wrong: &str) {
    both(path, right, fault, wrong);
}

#[rstest]
#[case::cipher("reply.envelope.cipher", "aes128-cbc", "envelope.cipher.des3", "des-ede3-cbc")]
#[case::recipient("reply.envelope.recipient", "signer", "envelope.recipient.other", "other")]
#[case::recipients("reply.envelope.recipients", "1", "envelope.recipient.twice", "2")]
#[case::opens("reply.envelope.opens", "true", "envelope.key.flip", "false")]
#[case::content_type("reply.envelope.contentType", "data", "envelope.content-type", "signedData")]
fn facts_of_the_envelope(#[case] path: &str, #[case] right: &str, #[case] fault: &str, #[case] wrong: &str) {
    both(path, right, fault, wrong);
}

#[rstest]
#[case::content("reply.payload.content", "absent", "payload.content", "present")]
#[case::signers("reply.payload.signers", "0", "payload.signer", "1")]
#[case::certificates("reply.payload.certificates", "1", "payload.duplicate", "2")]
#[case::none("reply.payload.certificates", "1", "payload.empty", "0")]
#[case::what("reply.data", "signed-data", "data.not-degenerate", "other")]
fn facts_of_the_payload(#[case] path: &str, #[case] right: &str, #[case] fault: &str, #[case] wrong: &str) {
    both(path, right, fault, wrong);
}

#[rstest]
#[case::serial("reply.issued.serialSound", "true", "issue.serial-negative", "false")]
#[case::validity("reply.issued.validityOrdered", "true", "issue.validity-reversed", "false")]
#[case::chain("reply.issued.chains", "true", "issue.signature", "false")]
#[case::not_a_ca("reply.issued.isCa", "false", "issue.is-ca", "true")]
#[case::mine(
    "reply.issued.isCa",
    "false",
    "issue.other-key",
    "not known: there is no certificate for the requested key"
)]
fn facts_of_what_is_issued(
    #[case] path: &str,
    #[case] right: &str,
    #[case] fault: &str,
    #[case] wrong: &str,
) {
    both(path, right, fault, wrong);
}

/// A fact of the answer, and what becomes of it under a fault.
fn both(path: &str, right: &str, fault: &str, wrong: &str) {
    let reference = format!("enrol:{path}");
    assert_eq!(told(&enrolment(Answer::Success, &[]), &reference), right);
    assert_eq!(told(&enrolment(Answer::Success, &[fault]), &reference), wrong);
}

#[rstest]
#[case::challenge("request.csr.challenge", "secret", "csr.challenge.remove", "absent")]
#[case::possession("request.csr.possession", "true", "csr.signature.flip-bit", "false")]
#[case::signature("request.signature", "verifies", "signer.signature.flip-bit", "fails")]
fn facts_of_a_request(#[case] path: &str, #[case] right: &str, #[case] fault: &str, #[case] wrong: &str) {
    let with = |faults: &[&str]| {
        let mut story = Story::new();
        transcript([story.ca(&[]), story.enrol(Answer::Success, faults, &[])])
    };
    let reference = format!("enrol:{path}");
    assert_eq!(
        (told(&with(&[]), &reference).as_str(), told(&with(&[fault]), &reference).as_str()),
        (right, wrong)
    );
}

#[test]
fn facts_of_a_server_that_does_not_answer() {
    let mut story = Story::new();
    let gone = transcript([unanswered(story.enrol(Answer::Success, &[], &[]), "refused")]);
    assert_eq!(told(&gone, "enrol:http.outcome"), "refused");
    assert_eq!(told(&gone, "enrol:http.answer"), "0");
    assert!(matches!(fact(&gone, "enrol:http.status"), Fact::Missing(_)));
    // What we sent is known all the same.
    assert_eq!(told(&gone, "enrol:request.messageType"), "PKCSReq");
    assert_eq!(told(&gone, "enrol:query.method"), "POST");
}

#[rstest]
#[case::known("SCEPStandard\nAES\n", "caps.known", "[SCEPStandard, AES]")]
#[case::standard("AES\n", "caps.scepStandard", "false")]
#[case::miscased("scepstandard\n", "caps.miscased", "absent")]
#[case::odd("AES,SHA-1\n", "caps.odd", "absent")]
#[case::unregistered("AES\nFaster\nexample.org-X\n", "caps.unregistered", "[Faster]")]
#[case::implied("SCEPStandard\n", "caps.implied", "absent")]
#[case::none("", "caps.known", "absent")]
fn facts_of_capabilities(#[case] text: &str, #[case] path: &str, #[case] expected: &str) {
    let told = told(&transcript([Story::caps(text)]), &format!("caps:{path}"));
    // A departure is told in the reader's words, which are its own.
    match path {
        "caps.miscased" | "caps.odd" => assert_ne!(told, expected),
        _ => assert_eq!(told, expected),
    }
}

#[rstest]
#[case::no_ca("caCert.issuer.isCa", "certificate.not-ca", "false")]
#[case::no_usage("caCert.issuer.keyUsage", "certificate.no-key-usage", "absent")]
#[case::no_signature("caCert.issuer.signs", "certificate.key-usage.no-signature", "false")]
#[case::no_ca_bits("caCert.issuer.issues", "certificate.key-usage.no-ca-bits", "false")]
#[case::no_encipherment("caCert.recipient.enciphers", "certificate.key-usage.no-encipherment", "false")]
#[case::trailing("caCert.findings", "http.body.trailing", "[framing.trailing-bytes]")]
fn facts_of_ca_certificates_that_are_wrong(#[case] path: &str, #[case] fault: &str, #[case] wrong: &str) {
    let story = Story::new();
    assert_eq!(told(&transcript([story.ca(&[fault])]), &format!("ca:{path}")), wrong);
    assert_ne!(told(&transcript([story.ca(&[])]), &format!("ca:{path}")), wrong);
}

#[test]
fn facts_of_ca_certificates() {
    let story = Story::new();
    let clean = transcript([story.ca(&[])]);
    for (path, expected) in [
        ("caCert.readable", "true"),
        ("caCert.form", "certificate"),
        ("caCert.count", "1"),
        ("caCert.issuer.isCa", "true"),
        ("caCert.issuer.signs", "true"),
        ("caCert.issuer.issues", "true"),
        ("caCert.recipient.enciphers", "true"),
        ("caCert.issuer.keyBits", "2048"),
    ] {
        assert_eq!(told(&clean, &format!("ca:{path}")), expected, "{path}");
    }
    let empty = transcript([story.ca(&["http.body.html"])]);
    assert_eq!(told(&empty, "ca:caCert.readable"), "false");
    assert!(matches!(fact(&empty, "ca:caCert.count"), Fact::Missing(_)));
}

#[test]
fn facts_of_a_run_of_a_client() {
    let story = Story::new();
    let with = |change: fn(&mut crate::transcript::ClientRun)| {
        let mut transcript = transcript([]);
        transcript.runs.insert("enrol".into(), story.run(change));
        transcript
    };
    let clean = with(|_| {});
    for (path, expected) in [
        ("outcome", "installed"),
        ("installed", "true"),
        ("exit", "0"),
        ("signal", "absent"),
        ("timedOut", "false"),
        ("challenge", "secret"),
    ] {
        assert_eq!(told(&clean, &format!("enrol:run.{path}")), expected, "{path}");
    }
    let rejected = with(|run| {
        run.outcome = "rejected".into();
        (run.installed, run.certificate, run.exit) = (false, None, Some(4));
    });
    assert_eq!(told(&rejected, "enrol:run.outcome"), "rejected");
    assert!(matches!(fact(&rejected, "enrol:run.certificate.publicKey"), Fact::Missing(_)));
    // What a process that was killed meant is not known; that nothing was installed is.
    for killed in [with(|run| (run.exit, run.signal) = (None, Some(11))), with(|run| run.timed_out = true)] {
        assert!(matches!(fact(&killed, "enrol:run.outcome"), Fact::Missing(_)));
        assert_eq!(told(&killed, "enrol:run.installed"), "true");
    }
}

#[test]
fn octets_that_are_no_message_of_ours_are_judged_without_harm() {
    let mut odd = enrolment(Answer::Success, &[]);
    let bodies: Vec<Vec<u8>> = vec![
        Vec::new(),
        vec![0x30],
        vec![0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
        vec![0x30, 0x80, 0x30, 0x80, 0x24, 0x80],
        content_info(scep::oid::SIGNED_DATA, &[0x30, 0x00]),
        b"<html>".to_vec(),
    ];
    for body in bodies {
        if let crate::transcript::Reply::Answered(response) = &mut odd.exchanges[1].reply {
            response.body = body;
        }
        for (path, _) in facts::paths() {
            told(&odd, &format!("enrol:{path}"));
        }
    }
}
