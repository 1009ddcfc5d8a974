//! Everything that keeps a run from being one has an exit code of its own and says what to do, never 0.

use std::path::Path;

use rstest::rstest;

use crate::program::sceptic;
use crate::server::{CHALLENGE, Nobody, Server, Stranger, config};

/// Runs it, checks the code, and shows what it said without what differs from run to run.
fn told(folder: &Path, code: i32, arguments: &[&str]) -> String {
    let ended = sceptic(folder, arguments);
    assert_eq!(ended.code, code, "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stderr.ends_with('\n') && ended.stderr.contains(&format!("exit {code} (")));
    ended.stderr
}

/// A snapshot of stderr, with ports and machine paths filtered out.
macro_rules! says {
    ($folder:expr, $text:expr, @$expected:literal) => {
        insta::with_settings!({
            filters => vec![
                (r"127\.0\.0\.1:\d+", "HOST:PORT"),
                (r"(embedded peers): .*", "$1: NAMES"),
                (regex_of($folder).as_str(), "DIR"),
            ]
        }, { insta::assert_snapshot!($text, @$expected) })
    };
}

fn regex_of(folder: &Path) -> String {
    folder.display().to_string().replace('.', r"\.")
}

#[rstest]
#[case::no_scheme("127.0.0.1:8080/scep", "there is no scheme")]
#[case::https("https://ca.example/scep", "https is not supported")]
#[case::port("http://ca.example:scep/", "the port is `scep`")]
#[case::query("http://ca.example/scep?operation=GetCACaps", "the path has a query")]
#[case::no_host("http:///scep", "there is no host name")]
fn a_url_that_is_none_is_usage(#[case] url: &str, #[case] why: &str) {
    let folder = tempfile::tempdir().unwrap();
    let said = told(folder.path(), 2, &["run", "--url", url]);
    assert!(said.contains(why) && said.contains("expected http://HOST[:PORT]/PATH"), "{said}");
}

#[test]
fn a_wrong_path_is_configuration() {
    let server = Server::with(mock_ca::Config { path: Some("/scep".to_owned()), ..config() });
    let folder = tempfile::tempdir().unwrap();
    let url = server.url().replace("/scep", "/pkiclient");
    says!(folder.path(), told(folder.path(), 3, &["run", "--url", &url]), @r#"
    sceptic: failed to find a SCEP server at http://HOST:PORT/pkiclient: GetCACert answered HTTP status 404
    hint: is the path of the URL right?
    exit 3 (config)
    "#);
}

#[test]
fn a_server_that_is_no_scep_server_is_configuration() {
    let page = Stranger::web_page();
    let folder = tempfile::tempdir().unwrap();
    says!(folder.path(), told(folder.path(), 3, &["run", "--url", &page.url]), @r#"
    sceptic: failed to find a SCEP server at http://HOST:PORT/scep: GetCACert answered no certificate: BER element: tag 0x68 says 101 content bytes, 3 are left at message bytes 0..1
    hint: is the path of the URL right?
    exit 3 (config)
    "#);
}

#[test]
fn a_refused_connection_is_a_subject_that_is_down() {
    let folder = tempfile::tempdir().unwrap();
    says!(folder.path(), told(folder.path(), 20, &["run", "--url", &Nobody::bound().url]), @r#"
    sceptic: failed to reach http://HOST:PORT/scep: Connection refused (os error 111)
    hint: is the server running, and are host and port right?
    exit 20 (subject-down)
    "#);
}

#[test]
fn an_unknown_host_is_a_subject_that_is_down() {
    let folder = tempfile::tempdir().unwrap();
    let said = told(folder.path(), 20, &["run", "--url", "http://no-such-host.invalid/scep"]);
    assert!(said.starts_with("sceptic: failed to reach http://no-such-host.invalid/scep: "), "{said}");
}

#[test]
fn a_server_that_never_answers_is_down_when_the_time_for_one_exchange_is_over() {
    let silent = Stranger::silent();
    let folder = tempfile::tempdir().unwrap();
    says!(folder.path(), told(folder.path(), 20, &["run", "--url", &silent.url, "--timeout", "100"]), @r#"
    sceptic: failed to reach http://HOST:PORT/scep: no complete answer in 100 ms
    hint: is the server running, and are host and port right?
    exit 20 (subject-down)
    "#);
}

#[test]
fn a_wrong_challenge_is_configuration_and_nothing_is_judged() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["run", "--url", &server.url(), "--challenge", "wrong", "--out", "run"];
    says!(folder.path(), told(folder.path(), 3, &arguments), @r#"
    sceptic: failed to enrol once with the given challengePassword: the server answered FAILURE badRequest, "the challengePassword is wrong"
    hint: is --challenge right, and not used up? This is configuration, nothing was judged
    exit 3 (config)
    "#);
    assert!(!folder.path().join("run").exists(), "a run that was not made leaves no folder");
}

#[test]
fn an_unknown_filter_is_usage_and_the_nearest_ids_are_named() {
    let folder = tempfile::tempdir().unwrap();
    says!(folder.path(), told(folder.path(), 2, &["try", "--no-open", "srv.enrol.grantd"]), @r#"
    sceptic: failed to select cases: filter `srv.enrol.grantd` matches nothing; nearest: srv.enrol.granted
    exit 2 (usage)
    "#);
    says!(folder.path(), told(folder.path(), 2, &["list", "tier:smoky"]), @r#"
    sceptic: failed to select cases: filter `tier:smoky` is no tier: smoke, core or extended
    exit 2 (usage)
    "#);
    says!(folder.path(), told(folder.path(), 2, &["list", "req:8894-9"]), @r#"
    sceptic: failed to select cases: filter `req:8894-9` matches nothing; `sceptic list` shows every case
    exit 2 (usage)
    "#);
}

#[test]
fn an_unknown_case_peer_ability_or_word_is_usage() {
    let folder = tempfile::tempdir().unwrap();
    says!(folder.path(), told(folder.path(), 2, &["show", "srv.enrol.grantd"]), @r#"
    sceptic: failed to show `srv.enrol.grantd`: there is no such case (did you mean `srv.enrol.granted`?)
    hint: sceptic list lists them
    exit 2 (usage)
    "#);
    says!(folder.path(), told(folder.path(), 2, &["run", "--peer", "mock-clint"]), @r#"
    sceptic: failed to find the peer `mock-clint`: it is no file and no embedded peer (did you mean `mock-client`?)
    hint: embedded peers: NAMES
    exit 2 (usage)
    "#);
    says!(folder.path(), told(folder.path(), 2, &["run", "--url", &Nobody::bound().url, "--ability", "transport.gte"]), @r#"
    sceptic: failed to declare ability `transport.gte`: there is no such ability (did you mean `transport.get`?)
    hint: sceptic explain ability lists them
    exit 2 (usage)
    "#);
    says!(folder.path(), told(folder.path(), 2, &["explain", "reply.pkiStatsu"]), @r#"
    sceptic: failed to explain `reply.pkiStatsu`: it is no word of ours (did you mean `reply.pkiStatus`?)
    hint: try exit, path, verb, ability, fault, or one word of these tables, or a requirement id
    exit 2 (usage)
    "#);
}

#[test]
fn a_client_has_no_url() {
    let folder = tempfile::tempdir().unwrap();
    says!(folder.path(), told(folder.path(), 2, &["run", "--peer", "mock-client", "--url", "http://127.0.0.1/"]), @r#"
    sceptic: failed to run a client against --url: the harness plays its server
    hint: leave --url out, or give the peer file of a server
    exit 2 (usage)
    "#);
}

#[rstest]
#[case::nothing_to_run(&["run"])]
#[case::no_command(&[])]
#[case::unknown_flag(&["try", "--fast"])]
#[case::seed(&["try", "--seed", "xyz"])]
#[case::no_jobs(&["try", "--jobs", "0"])]
fn a_command_line_that_makes_no_sense_is_usage(#[case] arguments: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let ended = sceptic(folder.path(), arguments);
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    assert!(ended.stderr.contains("sceptic") || ended.stderr.contains("--help"), "{}", ended.stderr);
}

#[test]
fn a_folder_that_is_not_empty_is_refused_before_anything_is_sent() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("run")).unwrap();
    std::fs::write(folder.path().join("run/kept"), "evidence").unwrap();
    let arguments = ["run", "--url", &server.url(), "--challenge", CHALLENGE, "--out", "run"];
    says!(folder.path(), told(folder.path(), 2, &arguments), @r#"
    sceptic: failed to use run for a new run: it is not empty
    hint: give another --out, or remove it
    exit 2 (usage)
    "#);
    assert!(server.running().take_record().is_empty());
}

#[test]
fn a_broken_case_file_is_named_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    copy(Path::new(env!("CARGO_MANIFEST_DIR")), &folder.path().join("data"));
    let case = folder.path().join("data/cases/server/enrol/no-challenge.toml");
    let text = std::fs::read_to_string(&case).unwrap();
    std::fs::write(&case, text.replacen("title ", "titel ", 1).replacen("title=", "titel=", 1)).unwrap();
    let data = folder.path().join("data");
    let data = data.to_str().unwrap();
    for arguments in [vec!["lint"], vec!["try", "--no-open"], vec!["list"]] {
        let said = told(folder.path(), 5, &[&["--data", data], arguments.as_slice()].concat());
        let place = format!("{}:2:", case.display());
        assert!(said.contains(&place) && said.contains("`titel`"), "{said}");
    }
}

#[test]
fn a_broken_expectations_file_is_named_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("expect.toml"),
        "schema = \"sceptic/expectations/1\"\nsubject = \"x\"\n\n[[expect]]\ncase = 7\n",
    )
    .unwrap();
    let arguments = ["run", "--url", &Nobody::bound().url, "--expect", "expect.toml"];
    says!(folder.path(), told(folder.path(), 5, &arguments), @r#"
    sceptic: failed to read the data files:
    expect.toml:5:8: invalid type: integer `7`, expected a string
    exit 5 (data)
    "#);
}

#[test]
fn a_peer_file_that_is_broken_is_named_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("peer.toml"), "schema = \"sceptic/peer/1\"\nname = \n").unwrap();
    says!(folder.path(), told(folder.path(), 5, &["run", "--peer", "peer.toml"]), @r#"
    sceptic: failed to read the data files:
    peer.toml:2:8: string values must be quoted, expected literal string
    exit 5 (data)
    "#);
}

#[test]
fn a_run_folder_that_is_not_there_is_usage_and_one_that_is_cut_short_is_broken_data() {
    let folder = tempfile::tempdir().unwrap();
    says!(folder.path(), told(folder.path(), 2, &["judge", "nowhere"]), @r#"
    sceptic: failed to open the run nowhere: read nowhere/results.jsonl: No such file or directory (os error 2)
    exit 2 (usage)
    "#);
    let cut = folder.path().join("cut");
    std::fs::create_dir(&cut).unwrap();
    std::fs::write(cut.join("results.jsonl"), "").unwrap();
    says!(folder.path(), told(folder.path(), 5, &["judge", "cut"]), @r#"
    sceptic: failed to open the run cut: cut/results.jsonl: cut short after line 0: there is no end line, so the run did not finish
    exit 5 (data)
    "#);
}

/// Copies the data folders of the harness.
fn copy(from: &Path, to: &Path) {
    for folder in ["cases", "bundles", "mutants", "profiles", "register", "peers"] {
        for file in crate::program::files(&from.join(folder)) {
            let target = to.join(folder).join(&file);
            std::fs::create_dir_all(target.parent().unwrap()).unwrap();
            std::fs::copy(from.join(folder).join(&file), target).unwrap();
        }
    }
}
