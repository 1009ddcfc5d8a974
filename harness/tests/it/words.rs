//! Commands that only read: list, show, coverage, explain, lint.

use rstest::rstest;
use sceptic::data::Suite;

use crate::program::sceptic;

fn printed(arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let ended = sceptic(folder.path(), arguments);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{}", ended.stdout);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "it wrote something");
    ended.stdout
}

#[test]
fn list_has_one_case_a_line_its_id_first() {
    let suite = Suite::embedded().unwrap();
    let text = printed(&["list"]);
    let ids: Vec<&str> = text.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(ids, suite.cases.keys().map(String::as_str).collect::<Vec<_>>());
}

#[rstest]
#[case::area(&["srv.poll"], |id: &str| id.starts_with("srv.poll."))]
#[case::all_but(&["not:cli.*"], |id: &str| id.starts_with("srv."))]
#[case::pattern(&["*.granted"], |id: &str| id.ends_with(".granted"))]
fn list_takes_the_filters_of_a_run(#[case] filter: &[&str], #[case] fits: fn(&str) -> bool) {
    let suite = Suite::embedded().unwrap();
    let text = printed(&[&["list"], filter].concat());
    let listed: Vec<&str> = text.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let expected: Vec<&str> = suite.cases.keys().map(String::as_str).filter(|id| fits(id)).collect();
    assert!(!listed.is_empty());
    assert_eq!(listed, expected);
}

#[test]
fn show_tells_what_is_sent_and_what_is_judged() {
    let text = printed(&["show", "srv.enrol.message-signature"]);
    for part in [
        "srv.enrol.message-signature  (server, ",
        "one change from srv.enrol.granted: ",
        "needs     op.pkcsreq, auth.challenge",
        "step      enrol      pkcs-req",
        "check     refused/outcome ",
        "8894-3.2.1.4-badmessagecheck",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn show_run_tells_what_was_exchanged() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["try", "--no-open", "--out", "run", "srv.enrol.granted", "cli.enrol.granted"];
    assert_eq!(sceptic(folder.path(), &arguments).code, 0);
    let show = |case| sceptic(folder.path(), &["show", case, "--run", "run"]);
    let server = show("srv.enrol.granted[via=get]");
    assert_eq!(server.code, 0, "{}", server.stderr);
    assert!(
        server.stdout.contains("02 enrol    GET /scep?operation=PKIOperation&message="),
        "{}",
        server.stdout
    );
    assert!(server.stdout.contains("03 alive    GET /scep?operation=GetCACaps"), "{}", server.stdout);
    let client = show("cli.enrol.granted");
    assert!(client.stdout.contains("run enrol: installed (exit Some(0), signal None)"), "{}", client.stdout);
    let other = show("srv.poll.unknown");
    assert_eq!(other.code, 2);
    assert!(other.stderr.contains("is no folder"), "{}", other.stderr);
}

#[test]
fn coverage_adds_up_and_gaps_are_what_is_left() {
    let suite = Suite::embedded().unwrap();
    let testable =
        suite.register.rows.values().filter(|row| row.testable != sceptic::data::Testable::No).count();
    let rows = |text: &str| {
        let is_row =
            |line: &&str| suite.register.rows.contains_key(line.split(' ').next().unwrap_or_default());
        text.lines().filter(is_row).count()
    };
    let (all, gaps) = (printed(&["coverage"]), printed(&["coverage", "--gaps"]));
    assert_eq!(rows(&all), testable);
    let open: usize = all
        .lines()
        .filter_map(|line| line.strip_suffix(" open")?.rsplit(' ').next()?.parse::<usize>().ok())
        .sum();
    assert_eq!(rows(&gaps), open);
}

#[rstest]
#[case("10", "10  not-conformant  At least one check")]
#[case("drift", "12  drift")]
#[case("cert-poll", "takes of, via, transaction, subject")]
#[case("transport.get", "transport.get  ")]
#[case("http.status-500", "HTTP status 500")]
#[case("reply.pkiStatus", "needs signed attributes")]
#[case("8894-3.2.1.4-badmessagecheck", "section 3.2.1.4")]
#[case("path", "reply.issued.publicKey")]
#[case("verb", "operator-approve")]
#[case("ability", "op.pkcsreq")]
#[case("fault", "attr.recipientNonce.flip")]
fn explain_knows_every_word(#[case] word: &str, #[case] told: &str) {
    let text = printed(&["explain", word]);
    assert!(text.contains(told), "{text}");
}

#[test]
fn lint_has_nothing_against_the_embedded_files_and_against_the_folder_that_they_come_from() {
    for arguments in [vec!["lint"], vec!["--data", env!("CARGO_MANIFEST_DIR"), "lint"]] {
        let text = printed(&arguments);
        assert!(text.ends_with("nothing to complain about\n"), "{text}");
    }
}
