//! `try`: both suites against the embedded pair, and everything that a run leaves.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

use sceptic::results::Line;
use sceptic::verdict::{CaseResult, CheckResult};

use crate::program::{cases, checks, ended, files, gates, open, sceptic};

#[test]
fn both_suites_pass_quickly_and_leave_a_whole_run_folder() {
    let folder = tempfile::tempdir().unwrap();
    let start = Instant::now();
    let ran = sceptic(folder.path(), &["try", "--no-open", "--out", "run"]);
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let root = folder.path().join("run");
    let run = open(&root);

    let plan = run.plan().unwrap();
    assert_eq!(cases(&run).count(), plan.cases);
    assert!(cases(&run).all(|case| case.result == CaseResult::Pass), "{:?}", ended(&run, CaseResult::Fail));
    assert_eq!((run.end().exit, gates(&run)), (0, vec![]));
    results_are_complete(run.lines());
    junit_agrees(&root.join("junit.xml"), &run);
    report_loads_nothing(&root.join("report.html"));
    evidence_is_complete(&root, &run);
}

/// First `run`, then `plan`; checks before their case; every requirement that a check is tied to; last `end`,
/// with the right sums.
fn results_are_complete(lines: &[Line]) {
    assert!(matches!(lines, [Line::Run(_), Line::Plan(_), .., Line::End(_)]));
    let mut open = BTreeSet::new();
    let (mut tied, mut told) = (BTreeSet::new(), BTreeSet::new());
    let mut sums: BTreeMap<&str, usize> = BTreeMap::new();
    for line in lines {
        match line {
            Line::Check(check) => {
                open.insert(check.case.clone());
                tied.extend(check.req.iter().cloned());
                *sums.entry(check.result.word()).or_default() += 1;
            }
            Line::Case(case) => {
                assert!(open.remove(&case.id), "{} has no checks", case.id);
                assert!(open.is_empty(), "checks of {open:?} stand before another case");
            }
            Line::Requirement(requirement) => {
                told.insert(requirement.id.clone());
            }
            Line::End(end) => {
                for (word, count) in &end.checks {
                    assert_eq!(sums.get(word.as_str()).copied().unwrap_or(0), *count, "{word}");
                }
            }
            Line::Run(_) | Line::Plan(_) | Line::Drift(_) => {}
        }
    }
    assert_eq!(tied, told);
}

fn junit_agrees(path: &Path, run: &sceptic::report::RunFolder) {
    let xml = std::fs::read_to_string(path).unwrap();
    let mut reader = quick_xml::Reader::from_str(&xml);
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut declared = None;
    loop {
        match reader.read_event().unwrap() {
            quick_xml::events::Event::Start(element) | quick_xml::events::Event::Empty(element) => {
                let name = String::from_utf8(element.name().as_ref().to_vec()).unwrap();
                if name == "testsuites" {
                    let number = |key: &str| {
                        let value = element.try_get_attribute(key).unwrap().unwrap();
                        String::from_utf8(value.value.to_vec()).unwrap().parse::<usize>().unwrap()
                    };
                    declared = Some((number("tests"), number("failures"), number("errors")));
                }
                *counts.entry(name).or_default() += 1;
            }
            quick_xml::events::Event::Eof => break,
            _ => {}
        }
    }
    let count = |name: &str| counts.get(name).copied().unwrap_or(0);
    let seen = (count("testcase"), count("failure"), count("error"));
    assert_eq!(declared, Some(seen));
    assert_eq!(seen, (cases(run).count(), 0, 0));
}

/// Everything that a browser would fetch begins with a scheme or two slashes in one of these places.
fn report_loads_nothing(path: &Path) {
    let html = std::fs::read_to_string(path).unwrap();
    for load in ["src=", "<link", "@import", "url(", "<iframe", "<object", "fetch("] {
        assert!(!html.contains(load), "{load}");
    }
    let outside = html.match_indices("href=\"").filter(|(at, _)| !html[at + 6..].starts_with('#'));
    let outside: Vec<&str> = outside.map(|(at, _)| html[at..].lines().next().unwrap()).collect();
    let leaves = |line: &&&str| line.starts_with("href=\"http") || line.starts_with("href=\"//");
    assert_eq!(outside.iter().filter(leaves).count(), 0, "{outside:?}");
}

/// Each case has a folder with a transcript and the octets of every answer; every place that a check names
/// is inside its file.
fn evidence_is_complete(root: &Path, run: &sceptic::report::RunFolder) {
    for case in cases(run) {
        let place = case.evidence.as_deref().unwrap();
        let names: BTreeSet<String> = files(&root.join(place)).into_iter().collect();
        assert!(names.contains("transcript.json"), "{place}: {names:?}");
        let transcript = sceptic::runner::evidence::read(&root.join(place)).unwrap();
        assert_eq!((&transcript.case, &transcript.instance), (&case.case, &case.id));
        assert_eq!(transcript.harness_error, None);
        // Where a fault ended the connection there is no answer, and no file of it.
        let answered = |exchange: &sceptic::transcript::Exchange| {
            !matches!(exchange.reply, sceptic::transcript::Reply::Failed { .. })
        };
        let exchanges = transcript.exchanges.iter().enumerate();
        for (index, exchange) in exchanges.filter(|(_, exchange)| answered(exchange)) {
            let reply = sceptic::transcript::File::Reply.name(index, &exchange.step);
            assert!(names.contains(&reply), "{place}: {reply} is not among {names:?}");
        }
    }
    let mut places = 0;
    for at in checks(run).filter_map(|check| check.at.as_ref()) {
        let length = std::fs::metadata(root.join(&at.file)).unwrap().len();
        let [start, end] = at.bytes;
        assert!(start <= end && end as u64 <= length, "{at:?} of {length}");
        places += 1;
    }
    assert!(places > 100, "{places}");
    assert!(checks(run).all(|check| check.result != CheckResult::Fail));
}

/// transactionIDs of all messages, by the file that they stand in.
fn transactions(root: &Path) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for name in files(root).into_iter().filter(|name| name.ends_with("request.der")) {
        let octets = std::fs::read(root.join(&name)).unwrap();
        let read = scep::message::PkiMessage::read(&octets).ok();
        if let Some(id) = read.and_then(|read| read.value.transaction_id()) {
            all.insert(name, id.to_string());
        }
    }
    all
}

#[test]
fn the_same_seed_sends_the_same_transactions_whatever_the_order_and_another_seed_others() {
    let folder = tempfile::tempdir().unwrap();
    for (out, seed, jobs) in [("a", "5eed", "1"), ("b", "5eed", "8"), ("c", "5eee", "8")] {
        let arguments =
            ["try", "--no-open", "--out", out, "--seed", seed, "--jobs", jobs, "srv.enrol", "srv.poll"];
        assert_eq!(sceptic(folder.path(), &arguments).code, 0);
    }
    let [a, b, c] = ["a", "b", "c"].map(|out| transactions(&folder.path().join(out)));
    assert!(a.len() > 15, "{a:?}");
    assert_eq!(a, b);
    let names: BTreeSet<&String> = a.keys().filter(|name| a.get(*name) == c.get(*name)).collect();
    assert_eq!(names, BTreeSet::new());
    let alone: BTreeSet<&String> = a.values().collect();
    assert!(alone.len() > 15, "cases share transactionIDs: {alone:?}");
}

#[test]
fn with_one_job_and_one_seed_every_octet_that_is_sent_is_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let requests = |out: &str| {
        let arguments =
            ["try", "--no-open", "--out", out, "--seed", "7", "--jobs", "1", "srv.enrol.wrong-challenge"];
        assert_eq!(sceptic(folder.path(), &arguments).code, 0);
        let root = folder.path().join(out);
        let data = files(&root).into_iter().filter(|name| name.ends_with("request.messageData.der"));
        data.map(|name| (name.clone(), std::fs::read(root.join(name)).unwrap())).collect::<Vec<_>>()
    };
    let first = requests("a");
    assert_eq!(first.len(), 2, "the control and the case");
    assert_eq!(first, requests("b"));
}

#[test]
fn a_filter_that_leaves_nothing_to_run_is_no_run() {
    let folder = tempfile::tempdir().unwrap();
    let ran = sceptic(folder.path(), &["try", "--no-open", "--out", "run", "srv.caps", "-srv.caps"]);
    assert_ne!(ran.code, 0, "{}", ran.stdout);
}

#[test]
fn a_reader_who_goes_away_does_not_end_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = crate::program::command(folder.path(), &["try", "--no-open", "--out", "run", "srv.caps"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(open(&folder.path().join("run")).end().exit, 0);
}
