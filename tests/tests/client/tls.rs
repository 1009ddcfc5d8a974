//! SCEP in HTTPS, the programs as a user starts them.

use std::fs;
use std::process::{Command, Output};

use tests::binaries;
use tests::peers::openssl;
use tests::peers::process::Process;

#[test]
fn the_client_enrols_in_https_with_who_it_trusts_and_with_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let key = scep_vectors::keys::named("pool-03").unwrap().pem;
    fs::write(path("tls.key.pem"), key).unwrap();
    let words = "req -x509 -key tls.key.pem -subj /CN=mock-ca -addext subjectAltName=IP:127.0.0.1 -days 2 -out tls.pem";
    let made = Command::new("openssl").args(words.split(' ')).current_dir(&folder).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let mut command = Command::new(binaries::path_of("mock-ca").unwrap());
    command.args(["serve", "--challenge", "secret", "--tls-cert", "tls.pem", "--tls-key", "tls.key.pem"]);
    command.args(["--ca-out", "root.pem"]).current_dir(&folder);
    let mut server = Process::start(&mut command, &path("mock-ca.log")).unwrap();
    let started = server.wait_for(|server| {
        let output = server.output();
        output.contains("for tests only: nobody").then_some(output)
    });
    let started = started.unwrap();
    let line = started.lines().find(|line| line.starts_with("scep ")).unwrap();
    let url = line.split_whitespace().nth(1).unwrap();
    assert!(url.starts_with("https://127.0.0.1:"), "{url}");

    let enrol = |more: &[&str]| {
        let mut client = Command::new(binaries::path_of("mock-client").unwrap());
        client.args(["enroll", "--url", url, "--ca", "root.pem", "--subject", "CN=dev1,O=lab"]);
        client.args(["--challenge", "secret", "--out", "dev1.crt"]).args(more);
        let Output { status, stderr, .. } = client.current_dir(&folder).output().unwrap();
        (status.code(), String::from_utf8(stderr).unwrap())
    };
    let (code, said) = enrol(&["--key-out", "lost.key"]);
    assert!(code != Some(0) && said.contains("self-signed certificate"), "{code:?} {said}");
    assert!(!path("dev1.crt").exists());
    let (code, said) = enrol(&["--key-out", "dev1.key", "--tls-ca", "tls.pem"]);
    assert_eq!(code, Some(0), "{said}");
    openssl::verify(&path("dev1.crt"), &path("root.pem")).unwrap();
}
