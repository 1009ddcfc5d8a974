//! `judge`: the verdicts of a run are repeated from its evidence alone.

use std::path::{Path, PathBuf};

use crate::program::{Ended, checks, files, open, sceptic};
use crate::server::{CHALLENGE, Server};

/// A run of a few cases against the embedded pair.
fn run(folder: &Path) -> PathBuf {
    let arguments = ["try", "--no-open", "--out", "run", "srv.enrol.granted", "srv.http", "cli.enrol"];
    let ran = sceptic(folder, &arguments);
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    folder.join("run")
}

fn judge(folder: &Path) -> Ended {
    sceptic(folder, &["judge", "run", "--out", "again"])
}

#[test]
fn a_run_judged_again_has_the_same_checks_cases_and_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let root = run(folder.path());
    let again = judge(folder.path());
    assert_eq!(again.code, 0, "{}", again.stdout);
    assert!(again.stdout.ends_with(" 0 differ\n"), "{}", again.stdout);
    assert_eq!(open(&folder.path().join("again")).lines(), open(&root).lines());
}

#[test]
fn a_run_that_failed_fails_again() {
    let server = Server::lax(&["message-digest"]);
    let folder = tempfile::tempdir().unwrap();
    let url = server.url();
    let arguments =
        ["run", "--url", &url, "--challenge", CHALLENGE, "--out", "run", "srv.enrol.message-digest"];
    assert_eq!(sceptic(folder.path(), &arguments).code, 10);
    drop(server);
    let again = judge(folder.path());
    assert_eq!(again.code, 10, "{}", again.stdout);
    assert_eq!(
        open(&folder.path().join("again")).lines(),
        open(&folder.path().join("run")).lines(),
        "without the server"
    );
}

#[test]
fn one_changed_octet_in_an_answer_changes_a_verdict_and_is_drift() {
    let folder = tempfile::tempdir().unwrap();
    let root = run(folder.path());
    let run = open(&root);
    let nonce = checks(&run)
        .find(|check| check.case == "srv.enrol.granted" && check.id == "answer/nonce-echoed")
        .unwrap();
    let at = nonce.at.clone().unwrap();
    let path = root.join(&at.file);
    let mut octets = std::fs::read(&path).unwrap();
    octets[at.bytes[1] - 1] ^= 1;
    std::fs::write(&path, octets).unwrap();

    let again = judge(folder.path());
    assert_eq!(again.code, 12, "{}", again.stdout);
    let told = "srv.enrol.granted answer/nonce-echoed on enrol: was pass (-), is fail (";
    assert!(again.stdout.contains(told), "{}", again.stdout);
    // The signature is over the attributes, so it falls too.
    assert!(
        again.stdout.contains("srv.enrol.granted answer/signature on enrol: was pass"),
        "{}",
        again.stdout
    );
}

#[test]
fn a_run_whose_results_have_no_end_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let root = run(folder.path());
    let results = root.join("results.jsonl");
    let text = std::fs::read_to_string(&results).unwrap();
    let cut: String = text.lines().take(20).map(|line| format!("{line}\n")).collect();
    std::fs::write(&results, cut).unwrap();
    let again = judge(folder.path());
    assert_eq!(again.code, 5);
    assert!(again.stderr.contains("cut short after line 20: there is no end line"), "{}", again.stderr);
}

#[test]
fn evidence_that_is_gone_or_damaged_is_broken_data_and_no_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let root = run(folder.path());
    let reply = files(&root).into_iter().find(|name| name.ends_with("reply.body")).unwrap();
    std::fs::remove_file(root.join(&reply)).unwrap();
    let again = judge(folder.path());
    assert_eq!(again.code, 5, "{}", again.stdout);
    assert!(again.stderr.contains(&reply), "{}", again.stderr);

    std::fs::write(root.join(&reply), "").unwrap();
    std::fs::write(root.join("evidence/srv.enrol.granted/transcript.json"), "{").unwrap();
    assert_eq!(judge(folder.path()).code, 5);
}

#[test]
fn a_check_that_is_no_longer_made_is_drift() {
    let folder = tempfile::tempdir().unwrap();
    let root = run(folder.path());
    let results = root.join("results.jsonl");
    let text = std::fs::read_to_string(&results).unwrap();
    std::fs::write(&results, text.replacen("answer/nonce-echoed", "answer/forgotten", 1)).unwrap();
    let again = judge(folder.path());
    assert_eq!(again.code, 12);
    assert!(again.stdout.contains("answer/forgotten on enrol: is judged no more"), "{}", again.stdout);
    assert!(again.stdout.contains("answer/nonce-echoed on enrol: was not judged"), "{}", again.stdout);
}
