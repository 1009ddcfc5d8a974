//! The program: what it prints, that it serves, how it ends.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStdout, Command, Stdio};

use scep::certificate::Certificate;

use crate::wire::{get, post};

/// A running program; killed when dropped.
pub(crate) struct Program(Child);

impl Program {
    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// Reads its log and throws it away, so that it never waits for a reader.
    pub(crate) fn discard_log(&mut self) {
        let mut log = self.0.stderr.take().unwrap();
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mock-ca"));
    command
        .args(arguments)
        .env_remove("MOCK_CA_CHALLENGE")
        .env_remove("MOCK_CA_ADMIN")
        .env_remove("MOCK_CA_ADMIN_TOKEN");
    command
}

/// The program and its lines until the last one that it prints at start.
pub(crate) fn serve(arguments: &[&str]) -> (Program, Vec<String>, BufReader<ChildStdout>) {
    let mut child = command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let program = Program(child);
    let mut lines = Vec::new();
    while !lines.last().is_some_and(|line: &String| line.contains("for tests only:")) {
        let mut line = String::new();
        assert_ne!(stdout.read_line(&mut line).unwrap(), 0, "ended early: {lines:?}");
        lines.push(line.trim_end().to_owned());
    }
    (program, lines, stdout)
}

pub(crate) fn word<'a>(lines: &'a [String], label: &str) -> Option<&'a str> {
    lines.iter().find_map(|line| line.strip_prefix(label)?.split_whitespace().next())
}

#[test]
fn it_says_where_it_serves_and_ends_when_it_is_asked_to() {
    let folder = tempfile::tempdir().unwrap();
    let ca_out = folder.path().join("ca.pem");
    let key = folder.path().join("key.pem");
    std::fs::write(&key, scep_vectors::keys::named("ca-rsa").unwrap().pem).unwrap();
    let arguments = [
        "serve",
        "--challenge",
        "s3cret",
        "--ca-key",
        key.to_str().unwrap(),
        "--ca-out",
        ca_out.to_str().unwrap(),
    ];
    let (mut program, lines, _stdout) = serve(&arguments);
    let url = word(&lines, "scep ").unwrap();
    assert!(
        word(&lines, "admin ").is_some() && lines.iter().any(|line| line.contains("  token ")),
        "{lines:?}"
    );
    assert!(!lines.concat().contains("s3cret"));

    let served = get(url, "operation=GetCACert").body;
    assert_eq!(served, Certificate::from_pem(&std::fs::read(&ca_out).unwrap()).unwrap().der);
    post(url, "operation=PKIOperation", b"garbage");

    let pid = program.0.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert_eq!(program.0.wait().unwrap().code(), Some(0));
    let mut log = String::new();
    program.0.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert!(log.lines().any(|line| line.contains("-> 400 Error: failed to read the request")), "{log}");
}

#[test]
fn it_makes_a_challenge_when_there_is_no_way_in() {
    let (_program, lines, _stdout) = serve(&["serve"]);
    assert_eq!(word(&lines, "challenge ").unwrap().len(), 24);
    let (_program, lines, _stdout) = serve(&["serve", "--without-challenge", "pending"]);
    assert_eq!(word(&lines, "challenge "), None);
}

#[test]
fn flags_win_over_the_file_and_add_to_its_lists() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("mock-ca.toml");
    let text = "schema = \"sceptic/mock-ca/1\"\ncapabilities = [\"AES\"]\nlaxities = [\"operation\"]\n[policy]\nchallenge = \"x\"";
    std::fs::write(&config, text).unwrap();
    let arguments = ["serve", "--config", config.to_str().unwrap(), "--laxity", "garbage"];
    let (_program, lines, _stdout) = serve(&arguments);
    let url = word(&lines, "scep ").unwrap();
    assert_eq!(get(url, "operation=Nonsense").text(), "AES\n");
    assert_eq!(post(url, "operation=PKIOperation", b"garbage").status, 500);
}

#[test]
fn a_taken_address_is_an_error_of_its_own() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = command(&["serve", "--challenge", "x", "--listen", &address]).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(4));
    assert!(error.starts_with(&format!("mock-ca: failed to listen on {address}: ")), "{error}");
}

#[test]
fn the_lists_are_for_programs_too() {
    let lines = |word| String::from_utf8(command(&[word]).output().unwrap().stdout).unwrap();
    assert!(lines("laxities").contains("single-des\t8894-2.9-server-no-des-request\t"));
    assert!(lines("faults").contains("attr.recipientNonce.flip\t"));
    assert!(lines("config").contains("schema = \"sceptic/mock-ca/1\"\n"));
}

/// How a command ends, and what it says on standard error.
pub(crate) fn ended(arguments: &[&str]) -> (Option<i32>, String) {
    let output = command(arguments).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

/// What a command prints, and how it ends.
fn finish(arguments: &[&str], admin: &str) -> (Option<i32>, String, String) {
    let output = command(arguments).args(["--admin", admin, "--token", TOKEN]).output().unwrap();
    let text = |octets| String::from_utf8(octets).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

const TOKEN: &str = "let-me-administer";

#[test]
fn a_running_server_is_administered_by_commands() {
    let folder = tempfile::tempdir().unwrap();
    let (_program, lines, _stdout) = serve(&["serve", "--admin-token", TOKEN, "--challenge", "secret"]);
    let admin = word(&lines, "admin ").unwrap();
    let file = folder.path().join("clients.csv");
    let import = || finish(&["prereg", "import", file.to_str().unwrap()], admin);

    std::fs::write(&file, "client name,passphrase\nr1,one\n,two\nR1,three\n").unwrap();
    let (code, stdout, stderr) = import();
    assert_eq!((code, &*stdout), (Some(5), ""), "{stderr}");
    assert!(
        stderr.contains("2 bad rows") && stderr.contains("\nline 3: ") && stderr.contains("\nline 4: "),
        "{stderr}"
    );
    std::fs::write(&file, "client name,passphrase\nr1,one\nr2,two\n").unwrap();
    assert_eq!(import(), (Some(0), "2 clients are preregistered\n".to_owned(), String::new()));
    assert_eq!(finish(&["prereg", "list", "R2"], admin).1, "r2\t5YSCEPP\t\n");
    assert_eq!(finish(&["prereg", "remove", "R2"], admin).0, Some(0));
    assert_eq!(finish(&["prereg", "list"], admin).1, "r1\t5YSCEPP\t\n");

    let device =
        ["device", "register", "FTX-1", "--manufacturer", "Acme", "--type", "router", "--model", "R-1"];
    assert_eq!(finish(&device, admin).1.trim().len(), 20);
    assert_eq!(finish(&device, admin).0, Some(5), "the id is taken");
    assert_eq!(finish(&["challenge"], admin).1.trim().len(), 20);
    assert_eq!(finish(&["approve", "nobody"], admin).0, Some(5));
    assert_eq!(finish(&["revoke", "00"], admin).0, Some(5));
    assert!(finish(&["prepare"], admin).1.contains("2\tnext\t"));
    assert!(finish(&["switch"], admin).1.contains("2\tcurrent\t"));
    let wrong = command(&["pending", "--admin", admin, "--token", "wrong"]).output().unwrap();
    assert_eq!(wrong.status.code(), Some(5));
}

#[test]
fn the_log_is_json_when_it_is_asked_to_be() {
    let (mut program, lines, _stdout) = serve(&["serve", "--log", "json", "--challenge", "secret"]);
    let url = word(&lines, "scep ").unwrap();
    post(url, "operation=PKIOperation", b"garbage\r\n");
    let pid = program.0.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    program.0.wait().unwrap();
    let mut log = String::new();
    program.0.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    let line: serde_json::Value = serde_json::from_str(log.lines().next().unwrap()).unwrap();
    assert_eq!(
        (&line["status"], &line["message"], &line["path"]),
        (&400.into(), &"Error".into(), &"/scep".into())
    );
    assert!(line["note"].as_str().unwrap().contains("failed to read the request"), "{line}");
}
