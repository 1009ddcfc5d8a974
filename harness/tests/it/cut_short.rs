//! Runs that do not come to their end: the subject dies, or somebody presses Ctrl-C.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Command, Stdio};

use sceptic::verdict::CaseResult;

use crate::program::{SCEPTIC, cases, checks, command, ended, gates, open, sceptic};
use crate::server::{CHALLENGE, Server};

/// A peer file in `folder` for the reference client, with a line of shell before it. `{dir}` is the folder
/// of the test.
pub(crate) fn peer(folder: &Path, before: &str) -> String {
    let model =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/mock-client/peer.toml"))
            .unwrap();
    let script = folder.join("client.sh");
    let before = before.replace("{dir}", &folder.display().to_string());
    std::fs::write(&script, format!("{before}\nexec {SCEPTIC} \"$@\"\n")).unwrap();
    let command = format!("\"sh\", \"{}\", \"mock-client\"", script.display());
    let text = model
        .replace("\"{bin_dir}/sceptic\", \"mock-client\"", &command)
        .replace("timeout = \"5s\"", "timeout = \"60s\"");
    let peer = folder.join("peer.toml");
    std::fs::write(&peer, text).unwrap();
    peer.display().to_string()
}

#[test]
fn a_server_that_dies_during_the_run_fails_the_case_that_killed_it_and_blocks_the_rest() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    // Preflight asks five times, then each case has one exchange before and one after its own: the request
    // of the second case is its last.
    let url = server.dying_after(2 + 3 + 3 + 1);
    let arguments = [
        "run",
        "--url",
        &url,
        "--challenge",
        CHALLENGE,
        "--out",
        "run",
        "--jobs",
        "1",
        "srv.enrol.granted",
        "srv.enrol.csr-signature",
        "srv.enrol.wrong-challenge",
    ];
    let ran = sceptic(folder.path(), &arguments);
    assert_eq!(ran.code, 10, "{}{}", ran.stdout, ran.stderr);
    let run = open(&folder.path().join("run"));
    assert_eq!(gates(&run), [10, 20], "{:?}", run.end().gate);
    let failed = ended(&run, CaseResult::Fail);
    assert_eq!(failed.len(), 1, "{:?}", cases(&run).collect::<Vec<_>>());
    let alive =
        checks(&run).find(|check| check.req.iter().any(|id| id == "S-alive") && check.case == failed[0]);
    assert_eq!(alive.unwrap().result, sceptic::verdict::CheckResult::Fail);
    let blocked: Vec<&str> = cases(&run)
        .filter(|case| case.result == CaseResult::Blocked)
        .filter_map(|case| case.because.as_deref())
        .collect();
    assert!(!blocked.is_empty());
    let expected = format!("the subject is down after {}: ", failed[0]);
    assert!(blocked.iter().all(|because| because.starts_with(&expected)), "{blocked:?}");
}

#[test]
fn with_many_jobs_a_dying_server_still_gives_a_verdict_and_not_an_inconclusive_run() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let url = server.dying_after(14);
    let arguments = ["run", "--url", &url, "--challenge", CHALLENGE, "--out", "run", "--jobs", "8"];
    let ran = sceptic(folder.path(), &arguments);
    let run = open(&folder.path().join("run"));
    assert_eq!((ran.code, gates(&run).contains(&20)), (10, true), "{}", ran.stdout);
    assert_eq!(ended(&run, CaseResult::Inconclusive), Vec::<&str>::new());
}

#[test]
fn a_server_that_dies_in_preflight_is_down() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let url = server.dying_after(2);
    let arguments = ["run", "--url", &url, "--challenge", CHALLENGE, "--out", "run"];
    let ran = sceptic(folder.path(), &arguments);
    assert!(matches!(ran.code, 10 | 20), "{}{}", ran.stdout, ran.stderr);
    assert!(gates(&open(&folder.path().join("run"))).contains(&20));
}

#[test]
fn ctrl_c_keeps_what_is_judged_and_marks_the_run_as_incomplete() {
    let folder = tempfile::tempdir().unwrap();
    // The first case passes, the second never ends.
    let peer = peer(folder.path(), "mkdir {dir}/first 2>/dev/null || exec tail -f /dev/null");
    let arguments = ["run", "--peer", &peer, "--out", "run", "--jobs", "1"];
    let mut child =
        command(folder.path(), &arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.starts_with("PASS") {
        line.clear();
        assert!(stdout.read_line(&mut line).unwrap() > 0, "it ended before a case did");
    }
    let kill = Command::new("sh").args(["-c", &format!("kill -INT {}", child.id())]).status().unwrap();
    assert!(kill.success());
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{rest}");
    assert!(rest.contains("130 (interrupted)"), "{rest}");

    let root = folder.path().join("run");
    let run = open(&root);
    assert_eq!(gates(&run).first(), Some(&130));
    assert_eq!(ended(&run, CaseResult::Pass).len(), cases(&run).count());
    assert!(cases(&run).count() < run.plan().unwrap().cases);
    assert!(root.join("report.html").exists() && root.join("junit.xml").exists());
    // What was judged can be judged again, and the exit code says that it was not all.
    assert_eq!(sceptic(folder.path(), &["judge", "run"]).code, 130);
}
