//! Expectations end to end: what they cover does not gate, and every difference between file and reality does.

use std::path::Path;

use rstest::rstest;
use sceptic::results::{CheckLine, DriftKind};
use sceptic::verdict::CheckResult;

use crate::program::{Ended, checks, gates, open, sceptic};
use crate::server::{CHALLENGE, Server};

const CASE: &str = "srv.enrol.message-digest";

/// `more` are options, then further cases.
fn against(server: &Server, folder: &Path, out: &str, more: &[&str]) -> Ended {
    let url = server.url();
    let head = ["run", "--url", &url, "--challenge", CHALLENGE, "--out", out];
    let arguments = [&head, more, &[CASE]].concat();
    sceptic(folder, &arguments)
}

/// The failures of a server that does not compare messageDigest.
fn failures(server: &Server, folder: &Path) -> Vec<CheckLine> {
    assert_eq!(against(server, folder, "first", &[]).code, 10);
    let failed: Vec<CheckLine> = checks(&open(&folder.join("first")))
        .filter(|check| check.result == CheckResult::Fail)
        .cloned()
        .collect();
    assert!(!failed.is_empty());
    failed
}

/// One entry of an expectations file; the evidence it names is there.
#[derive(Clone)]
struct Entry {
    case: String,
    check: String,
    reason: String,
    more: String,
}

impl Entry {
    fn of(check: &CheckLine) -> Self {
        Self {
            case: check.case.clone(),
            check: check.id.clone(),
            reason: check.reason.clone().unwrap(),
            more: "expires = 2999-12-31".to_owned(),
        }
    }
}

fn write(folder: &Path, head: &str, entries: &[Entry]) {
    let mut text = format!("schema = \"sceptic/expectations/1\"\nsubject = \"mock-ca\"\n{head}\n");
    for Entry { case, check, reason, more } in entries {
        text.push_str(&format!(
            "[[expect]]\ncase = \"{case}\"\ncheck = \"{check}\"\nresult = \"fail\"\nreason = \"{reason}\"\n\
             because = \"it is told to\"\nreq = [\"8894-3.2.1.4-badmessagecheck\"]\nsection = \"3.2.1.4\"\n\
             evidence = \"shown.der\"\nopenssl = \"openssl asn1parse -inform DER -in shown.der\"\n\
             owner = \"tests\"\nsince = 2026-01-01\n{more}\n"
        ));
    }
    std::fs::write(folder.join("shown.der"), [0x30, 0x00]).unwrap();
    std::fs::write(folder.join("expect.toml"), text).unwrap();
}

#[test]
fn a_run_whose_failures_are_all_listed_exits_with_0_and_one_entry_less_does_not() {
    let server = Server::lax(&["message-digest"]);
    let folder = tempfile::tempdir().unwrap();
    let entries: Vec<Entry> = failures(&server, folder.path()).iter().map(Entry::of).collect();
    write(folder.path(), "", &entries);
    let listed = against(&server, folder.path(), "listed", &["--expect", "expect.toml"]);
    assert_eq!(listed.code, 0, "{}{}", listed.stdout, listed.stderr);
    let run = open(&folder.path().join("listed"));
    assert!(
        checks(&run).filter(|check| check.result == CheckResult::Fail).all(|check| check.expected_by_file)
    );

    write(folder.path(), "", &entries[1..]);
    let short = against(&server, folder.path(), "short", &["--expect", "expect.toml"]);
    assert_eq!(short.code, 10, "{}", short.stdout);
    // Judged again with the same marks, or with those of another file.
    drop(server);
    assert_eq!(sceptic(folder.path(), &["judge", "listed"]).code, 0);
    let again = sceptic(folder.path(), &["judge", "listed", "--expect", "expect.toml", "--out", "again"]);
    assert_eq!(again.code, 10, "{}", again.stdout);
    assert_eq!(gates(&open(&folder.path().join("again"))), gates(&open(&folder.path().join("short"))));
    let marks = |run: &str| {
        let run = open(&folder.path().join(run));
        checks(&run).map(|check| (check.id.clone(), check.expected_by_file)).collect::<Vec<_>>()
    };
    assert_eq!(marks("again"), marks("short"));
    let back = sceptic(folder.path(), &["judge", "short", "--expect", "nothing.toml"]);
    assert_eq!(back.code, 5, "{}", back.stderr);
}

#[rstest]
#[case::unexpected_pass(DriftKind::UnexpectedPass)]
#[case::other_reason(DriftKind::OtherReason)]
#[case::unknown(DriftKind::Unknown)]
#[case::expired(DriftKind::Expired)]
fn every_difference_between_file_and_run_is_drift(#[case] kind: DriftKind) {
    let server = Server::lax(&["message-digest"]);
    let folder = tempfile::tempdir().unwrap();
    let failed = failures(&server, folder.path());
    let mut entries: Vec<Entry> = failed.iter().map(Entry::of).collect();
    match kind {
        DriftKind::UnexpectedPass => {
            let first = open(&folder.path().join("first"));
            let passed = checks(&first).find(|check| check.case == CASE && check.result == CheckResult::Pass);
            entries.push(Entry { check: passed.unwrap().id.clone(), ..entries[0].clone() });
        }
        DriftKind::OtherReason => entries[0].reason = "another-reason".to_owned(),
        DriftKind::Unknown => {
            entries.push(Entry { case: "srv.enrol.message-digset".to_owned(), ..entries[0].clone() });
        }
        DriftKind::Expired => entries[0].more = "expires = 2026-01-02".to_owned(),
        DriftKind::TooWide => unreachable!("it has a test of its own"),
    }
    write(folder.path(), "", &entries);
    let ran = against(&server, folder.path(), "run", &["--expect", "expect.toml"]);
    let run = open(&folder.path().join("run"));
    let kinds: Vec<DriftKind> = run.drift().map(|drift| drift.kind).collect();
    assert!(kinds.contains(&kind), "{kinds:?}\n{}", ran.stdout);
    assert!(gates(&run).contains(&12), "{}", ran.stdout);
    // An entry that no longer covers its failure leaves it to gate, and that comes first.
    let uncovers = matches!(kind, DriftKind::OtherReason | DriftKind::Expired);
    assert_eq!(ran.code, if uncovers { 10 } else { 12 }, "{}", ran.stdout);
    assert!(ran.stdout.contains("DRIFT"), "{}", ran.stdout);
}

#[test]
fn an_entry_for_another_version_is_drift_and_the_failure_gates_again() {
    let server = Server::lax(&["message-digest"]);
    let folder = tempfile::tempdir().unwrap();
    let entries: Vec<Entry> = failures(&server, folder.path()).iter().map(Entry::of).collect();
    write(folder.path(), "version = \"1.0\"", &entries);
    let options = |version| ["--expect", "expect.toml", "--subject-version", version];
    assert_eq!(against(&server, folder.path(), "same", &options("1.0")).code, 0);
    let other = against(&server, folder.path(), "other", &options("2.0"));
    assert_eq!(other.code, 10, "{}", other.stdout);
    let run = open(&folder.path().join("other"));
    assert_eq!(gates(&run), [10, 12]);
    assert!(run.drift().all(|drift| drift.kind == DriftKind::Expired));
}

#[test]
fn an_entry_that_covers_more_cases_than_it_says_is_drift() {
    let server = Server::start();
    let when = scep::fault::When { message: Some("CertRep".to_owned()), ..scep::fault::When::default() };
    let fault = "http.content-type.text".to_owned();
    server.running().set_faults(&[scep::fault::Order { fault, when }]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(against(&server, folder.path(), "first", &["srv.enrol.granted"]).code, 10);
    let run = open(&folder.path().join("first"));
    let failed: Vec<&CheckLine> = checks(&run)
        .filter(|check| check.result == CheckResult::Fail && check.case.starts_with("srv.enrol.granted"))
        .collect();
    assert!(failed.len() > 1 && failed.iter().all(|check| check.id == failed[0].id), "{failed:?}");
    let kinds = |max: usize, out: &str| {
        let more = format!("expires = 2999-12-31\nmax = {max}");
        write(folder.path(), "", &[Entry { case: "srv.*".to_owned(), more, ..Entry::of(failed[0]) }]);
        let ran = against(&server, folder.path(), out, &["--expect", "expect.toml", "srv.enrol.granted"]);
        let run = open(&folder.path().join(out));
        (ran.code, run.drift().map(|drift| drift.kind).collect::<Vec<_>>())
    };
    assert_eq!(kinds(1, "narrow"), (12, vec![DriftKind::TooWide]));
    assert_eq!(kinds(100, "wide"), (0, vec![]));
}
