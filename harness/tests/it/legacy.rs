//! Subjects that are declared to be old: single DES and MD5 are spoken with them, and with nobody else.

use std::path::Path;

use rstest::rstest;
use scep::message::PkiMessage;
use scep::suite::{Cipher, Digest};
use sceptic::report::RunFolder;
use sceptic::verdict::CheckResult;

use crate::program::{checks, open, sceptic};
use crate::server::{CHALLENGE, Server};

/// A server that announces nothing, and takes everything.
fn old_server() -> Server {
    let server = Server::lax(&["single-des", "md5"]);
    let when = scep::fault::When { message: Some("GetCACaps".to_owned()), ..scep::fault::When::default() };
    server
        .running()
        .set_faults(&[scep::fault::Order { fault: "caps.only-unknown".to_owned(), when }])
        .unwrap();
    server
}

/// Cipher and digest of the request in the evidence of a case.
fn asked(run: &RunFolder, case: &str) -> (Option<Cipher>, Option<Digest>) {
    let der = std::fs::read(run.root().join(format!("evidence/{case}/02-enrol.request.der"))).unwrap();
    let message = PkiMessage::read(&der).unwrap().value;
    let signed = &message.signed;
    let envelope = message.envelope(&mut Vec::new()).unwrap().unwrap();
    (Cipher::from_oid(envelope.cipher), signed.signers[0].digests().next())
}

fn result(run: &RunFolder, case: &str, id: &str) -> CheckResult {
    checks(run).find(|check| check.case == case && check.id == id).unwrap().result
}

#[rstest]
#[case::declared(&["--ability", "legacy.algorithms"], Cipher::Des, Digest::Md5)]
#[case::not_declared(&[], Cipher::Aes128, Digest::Sha256)]
fn a_server_is_asked_in_single_des_and_md5_only_when_it_is_declared_old(
    #[case] more: &[&str],
    #[case] cipher: Cipher,
    #[case] digest: Digest,
) {
    let server = old_server();
    let folder = tempfile::tempdir().unwrap();
    let url = server.url();
    let head = [
        "run",
        "--url",
        &url,
        "--challenge",
        CHALLENGE,
        "--out",
        "run",
        "srv.enrol.granted",
        "srv.enrol.single-des",
    ];
    let ran = sceptic(folder.path(), &[&head, more].concat());
    let run = open(&folder.path().join("run"));
    assert_eq!(asked(&run, "srv.enrol.granted"), (Some(cipher), Some(digest)), "{}", ran.stdout);
    assert_eq!(result(&run, "srv.enrol.granted", "granted"), CheckResult::Pass);
    let told = run.run().notes.iter().any(|note| note.contains("declared old") && note.contains("des-cbc"));
    assert_eq!(told, !more.is_empty(), "{:?}", run.run().notes);
    // What is spoken is one thing, what is right another: to take single DES is wrong, declared or not.
    assert_eq!(result(&run, "srv.enrol.single-des", "refused/outcome"), CheckResult::Fail);
    assert_eq!(ran.code, 10, "{}", ran.stdout);
}

/// A peer file for a client that can do nothing but single DES.
fn old_client(folder: &Path, declared: bool) -> String {
    let peer = crate::cut_short::peer(folder, "");
    let text = std::fs::read_to_string(&peer).unwrap();
    let text = text.replace(
        "\"--max-polls\"",
        "\"--fault\", \"envelope.cipher.des\", \"--laxity\", \"single-des\", \"--max-polls\"",
    );
    let text = text.replace("[abilities]\n", &format!("[abilities]\n\"legacy.algorithms\" = {declared}\n"));
    std::fs::write(&peer, text).unwrap();
    peer
}

#[rstest]
#[case::declared(true)]
#[case::not_declared(false)]
fn a_client_enrols_in_single_des_only_when_it_is_declared_old(#[case] declared: bool) {
    let folder = tempfile::tempdir().unwrap();
    let peer = old_client(folder.path(), declared);
    let ran = sceptic(folder.path(), &["run", "--peer", &peer, "--out", "run", "cli.enrol.granted"]);
    // Single DES in the request is not RFC 8894, declared or not.
    assert_eq!(ran.code, 10, "{}{}", ran.stdout, ran.stderr);
    let run = open(&folder.path().join("run"));
    let refused = checks(&run).any(|check| check.reason.as_deref() == Some("not-installed"));
    assert_eq!(refused, !declared, "{}", ran.stdout);
    assert_eq!(run.run().notes.iter().any(|note| note.contains("declared old")), declared);
}
