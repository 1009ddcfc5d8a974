//! What people read: help, errors and JSON, word for word.

use insta::{assert_snapshot, with_settings};
use mock_client::cli::{Io, Process, run};
use rstest::rstest;

use crate::listener::Listener;
use crate::service::{CHALLENGE, Service, key};

fn client(args: &[&str]) -> (u8, String, String) {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let mut io = Io { stdout: &mut stdout, stderr: &mut stderr, process: Process::Shared };
    let code = run(args, &mut io);
    let text = |octets| String::from_utf8(octets).unwrap();
    (code, text(stdout), text(stderr))
}

#[rstest]
#[case::whole("mock-client", &["--help"])]
#[case::getcaps("getcaps", &["getcaps", "--help"])]
#[case::getca("getca", &["getca", "--help"])]
#[case::getnextca("getnextca", &["getnextca", "--help"])]
#[case::enroll("enroll", &["enroll", "--help"])]
#[case::renew("renew", &["renew", "--help"])]
#[case::poll("poll", &["poll", "--help"])]
#[case::getcert("getcert", &["getcert", "--help"])]
#[case::getcrl("getcrl", &["getcrl", "--help"])]
#[case::revoked("revoked", &["revoked", "--help"])]
#[case::agent("agent", &["agent", "--help"])]
#[case::replace_pem("replace-pem", &["replace-pem", "--help"])]
#[case::sscep("sscep", &["sscep"])]
fn help_is_word_for_word(#[case] name: &str, #[case] args: &[&str]) {
    let (_, stdout, _) = client(args);
    assert_snapshot!(format!("help-{name}"), stdout);
}

#[test]
fn personas_are_printed_with_their_sources() {
    assert_snapshot!("personas", client(&["personas"]).1);
}

#[rstest]
#[case::bash("bash", "_mock__client()")]
#[case::zsh("zsh", "#compdef mock-client")]
#[case::fish("fish", "complete -c mock-client")]
fn completions_are_made_for_the_shell(#[case] shell: &str, #[case] says: &str) {
    let (code, stdout, _) = client(&["completions", shell]);
    assert_eq!(code, 0);
    assert!(stdout.contains(says) && stdout.contains("enroll"), "{stdout}");
}

#[test]
fn the_manual_page_has_every_command() {
    let (code, page, _) = client(&["man"]);
    assert_eq!(code, 0);
    for command in ["enroll", "renew", "getcrl", "agent", "replace\\-pem"] {
        assert!(
            page.contains(&format!(".TH mock-client-{command} 1")) || page.contains(command),
            "{command}"
        );
    }
}

/// Everything that is another one each time.
fn filtered(name: &str, text: &str) {
    with_settings!({filters => vec![
        (r"/[^ \x22]*/\.tmp[A-Za-z0-9]+", "FOLDER"),
        (r"127\.0\.0\.1:\d+", "SERVER"),
        (r"[0-9A-F]{40}", "TRANSACTION"),
        (r"[0-9a-f]{64}", "SHA256"),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "TIME"),
        (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[^\n\x22]*", "TIME"),
    ]}, { assert_snapshot!(name, text) });
}

#[rstest]
#[case::granted("granted", "", CHALLENGE)]
#[case::refused("refused", "", "wrong")]
#[case::nonce("nonce", "attr.recipientNonce.flip", CHALLENGE)]
#[case::signature("signature", "signer.signature.flip-bit", CHALLENGE)]
#[case::http_error("http-error", "http.status-500", CHALLENGE)]
#[case::other_key("other-key", "issue.other-key", CHALLENGE)]
fn an_enrolment_is_reported_word_for_word(#[case] name: &str, #[case] fault: &str, #[case] challenge: &str) {
    let mut service = Service::at(mock_client::Clock::now(&mock_client::SystemClock));
    if !fault.is_empty() {
        service = service.with_faults(fault, "CertRep");
    }
    let server = Listener::start(service);
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("key.pem"), key("pool-06").to_pem().unwrap()).unwrap();
    let (key_file, out) = (path("key.pem"), path("cert.pem"));
    let args = [
        "enroll",
        "--url",
        &server.url,
        "--challenge",
        challenge,
        "--subject",
        "CN=dev1,O=lab",
        "--key",
        &key_file,
        "--out",
        &out,
        "--seed",
        "07",
    ];
    let (code, stdout, stderr) = client(&args);
    filtered(&format!("text-{name}"), &format!("exit {code}\n{stdout}---\n{stderr}"));
    let (code, stdout, _) = client(&[&args[..], &["--json"]].concat());
    let json: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    filtered(&format!("json-{name}"), &format!("exit {code}\n{json:#}\n"));
}
