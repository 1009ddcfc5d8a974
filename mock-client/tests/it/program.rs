//! The program itself: its exit codes, and the habits that only a process of its own may have.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use mock_client::{Clock as _, SystemClock};

use crate::listener::Listener;
use crate::service::{CHALLENGE, Service, key};

fn start(url: &str, dir: &tempfile::TempDir, laxities: &[&str]) -> Child {
    let path = |name: &str| dir.path().join(name);
    std::fs::write(path("key.pem"), key("pool-07").to_pem().unwrap()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_mock-client"));
    command.args(["enroll", "--url", url, "--subject", "CN=dev1", "--timeout", "30"]);
    command.arg("--key").arg(path("key.pem")).arg("--out").arg(path("cert.pem"));
    command.args(laxities.iter().flat_map(|id| ["--laxity", id]));
    command.env("MOCK_CLIENT_CHALLENGE", CHALLENGE);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn refusing() -> Listener {
    Listener::start(Service { refuses: true, ..Service::at(SystemClock.now()) })
}

#[test]
fn it_enrols_with_the_challenge_of_the_environment() {
    let server = Listener::start(Service::at(SystemClock.now()));
    let dir = tempfile::tempdir().unwrap();
    let status = start(&server.url, &dir, &[]).wait().unwrap();
    assert_eq!(status.code(), Some(0));
    assert!(dir.path().join("cert.pem").is_file());
}

#[test]
fn it_exits_with_4_when_refused() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(start(&refusing().url, &dir, &[]).wait().unwrap().code(), Some(4));
}

#[cfg(unix)]
#[test]
fn crash_on_failure_ends_by_a_signal_after_the_report() {
    use std::os::unix::process::ExitStatusExt as _;
    let (server, dir) = (refusing(), tempfile::tempdir().unwrap());
    let ended = start(&server.url, &dir, &["crash-on-failure"]).wait_with_output().unwrap();
    assert_eq!((ended.status.code(), ended.status.signal()), (None, Some(6)));
    assert!(String::from_utf8(ended.stderr).unwrap().contains("FAILURE badRequest"));
}

#[cfg(unix)]
#[test]
fn hang_on_failure_lives_until_it_is_killed() {
    use std::os::unix::process::ExitStatusExt as _;
    let (server, dir) = (refusing(), tempfile::tempdir().unwrap());
    let mut child = start(&server.url, &dir, &["hang-on-failure"]);
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.contains("FAILURE badRequest")));
    child.kill().unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(9));
}
