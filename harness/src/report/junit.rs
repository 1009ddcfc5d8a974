//! `junit.xml`: one test suite an area, one test case a case instance, for what reads JUnit in pipelines.
//!
//! A case that failed as listed is skipped, with the reason as its message; what could not be decided is an
//! error, so that it never looks green. Entries of the expectations that no longer fit are test cases too.

mod xml;

use std::collections::BTreeMap;
use std::io::{self, Write};

use self::xml::{Outcome, Suite, Test};
use super::status::{Status, area};
use super::{Judged, RunFolder};
use crate::results::{CheckLine, DriftKind, DriftLine};
use crate::verdict::CheckResult;

/// Suite of the entries that no longer fit.
const EXPECTATIONS: &str = "sceptic.expectations";

/// Draws up the report.
pub(super) fn write(folder: &RunFolder, out: &mut dyn Write) -> io::Result<()> {
    xml::write(&suites(folder), folder, out)
}

fn suites(folder: &RunFolder) -> Vec<Suite> {
    let mut by_area: BTreeMap<String, Vec<Test>> = BTreeMap::new();
    for judged in folder.judged() {
        let (area, name) = area(judged.case);
        by_area.entry(area.to_owned()).or_default().push(test(name, &judged, folder));
    }
    // An unexpected pass already fails its own test case.
    let drift: Vec<Test> =
        folder.drift().filter(|drift| drift.kind != DriftKind::UnexpectedPass).map(drift_test).collect();
    let mut suites: Vec<Suite> = by_area.into_iter().map(|(name, tests)| Suite { name, tests }).collect();
    if !drift.is_empty() {
        suites.push(Suite { name: EXPECTATIONS.into(), tests: drift });
    }
    suites
}

fn test(name: &str, judged: &Judged<'_>, folder: &RunFolder) -> Test {
    let case = judged.case;
    let because = || case.because.clone().unwrap_or_else(|| "no reason given".into());
    let outcome = match Status::of(case) {
        Status::Pass | Status::Warn => Outcome::Passed,
        Status::Unsupported => Outcome::Skipped { message: format!("unsupported: {}", because()) },
        Status::Blocked => Outcome::Skipped { message: format!("blocked: {}", because()) },
        Status::ExpectedFail => Outcome::Skipped { message: expected(judged) },
        Status::Error => Outcome::Error { kind: "harness-error", message: because() },
        Status::Inconclusive => Outcome::Error { kind: "inconclusive", message: because() },
        Status::UnexpectedPass => unexpected_pass(judged, folder),
        Status::Fail => failed(judged, folder),
    };
    let warned = judged.checks.iter().filter(|check| check.result == CheckResult::Warn);
    let mut properties = vec![("case", case.id.clone()), ("title", case.title.clone())];
    properties.extend(case.evidence.iter().map(|evidence| ("evidence", evidence.clone())));
    let mut requirements: Vec<&String> =
        judged.checks.iter().filter(|check| is_wrong(check)).flat_map(|check| &check.req).collect();
    requirements.sort();
    requirements.dedup();
    properties.extend(requirements.into_iter().map(|id| ("requirement", id.clone())));
    Test {
        name: name.to_owned(),
        ms: case.ms,
        properties,
        outcome,
        output: warned.map(|check| format!("warning {}", describe(check, folder))).collect(),
    }
}

fn is_wrong(check: &CheckLine) -> bool {
    match check.result {
        CheckResult::Fail | CheckResult::Warn => true,
        CheckResult::Pass | CheckResult::Variance | CheckResult::Unjudged => false,
    }
}

fn failed(judged: &Judged<'_>, folder: &RunFolder) -> Outcome {
    let failed: Vec<&CheckLine> = judged
        .checks
        .iter()
        .copied()
        .filter(|check| check.result == CheckResult::Fail && !check.expected_by_file)
        .collect();
    let message = match failed.as_slice() {
        [] => "failed".to_owned(),
        [one] => summary(one),
        [first, rest @ ..] => format!("{} (and {} more)", summary(first), rest.len()),
    };
    let kind = failed.first().map_or("fail", |check| check.reason.as_deref().unwrap_or("fail")).to_owned();
    let mut text: String = failed.into_iter().map(|check| describe(check, folder)).collect();
    text.push_str(&format!("again:     {}", judged.case.again));
    Outcome::Failed { kind, message, text }
}

fn unexpected_pass(judged: &Judged<'_>, folder: &RunFolder) -> Outcome {
    let text: Vec<String> =
        folder.unexpected(judged.case).map(|drift| format!("{}: {}", drift.check, drift.message)).collect();
    Outcome::Failed {
        kind: "unexpected-pass".into(),
        message: "listed as failing, but did not fail".into(),
        text: text.join("\n"),
    }
}

fn expected(judged: &Judged<'_>) -> String {
    let listed: Vec<String> = judged
        .checks
        .iter()
        .filter(|check| check.expected_by_file)
        .map(|check| {
            let note = check.note.as_deref().map(|note| format!(" ({note})")).unwrap_or_default();
            format!("{}{note}", summary(check))
        })
        .collect();
    format!("expected failure: {}", listed.join("; "))
}

fn drift_test(drift: &DriftLine) -> Test {
    let kind = match drift.kind {
        DriftKind::UnexpectedPass => "unexpected-pass",
        DriftKind::OtherReason => "other-reason",
        DriftKind::Unknown => "unknown",
        DriftKind::Expired => "expired",
        DriftKind::TooWide => "too-wide",
    };
    Test {
        name: format!("{} {} {kind}", drift.case, drift.check),
        ms: 0,
        properties: vec![("case", drift.case.clone())],
        outcome: Outcome::Failed {
            kind: kind.into(),
            message: drift.message.clone(),
            text: drift.message.clone(),
        },
        output: String::new(),
    }
}

/// A check in one line: requirement, level, what is wrong.
fn summary(check: &CheckLine) -> String {
    let reason = check.reason.as_deref().unwrap_or_else(|| check.result.word());
    format!("{} {}: {} ({reason})", check.req.join(", "), check.level, check.id)
}

fn describe(check: &CheckLine, folder: &RunFolder) -> String {
    let mut text = format!("{}\n", summary(check));
    let mut field = |name: &str, value: &str| {
        let value = value.replace('\n', &format!("\n{:11}", ""));
        text.push_str(&format!("{name:<11}{value}\n"));
    };
    let requirements = folder.requirements();
    for requirement in check.req.iter().filter_map(|id| requirements.get(id.as_str())) {
        field("statement:", &requirement.statement);
    }
    field("expected:", &check.expected);
    field("actual:", &check.actual);
    if let Some(note) = &check.note {
        field("note:", note);
    }
    if let Some(at) = &check.at {
        let [start, end] = at.bytes;
        field("where:", &format!("{} in {}, bytes {start}..{end}", at.path, at.file));
    }
    text
}

#[cfg(test)]
mod tests {
    use quick_xml::Reader;
    use quick_xml::events::{BytesStart, Event};

    use super::super::fixtures;
    use super::*;

    fn report() -> String {
        let run = fixtures::run_folder();
        let folder = RunFolder::open(run.path()).unwrap();
        let mut out = Vec::new();
        write(&folder, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    /// Attributes `tests failures errors skipped` of a start tag.
    fn told(tag: &BytesStart<'_>) -> [usize; 4] {
        ["tests", "failures", "errors", "skipped"].map(|name| {
            let value = tag.try_get_attribute(name).unwrap().expect(name).value;
            String::from_utf8(value.to_vec()).unwrap().parse().unwrap()
        })
    }

    #[test]
    fn counts_are_those_of_the_elements() {
        let text = report();
        let mut reader = Reader::from_str(&text);
        let (mut total, mut suite, mut seen, mut sum) = ([0; 4], [0; 4], [0; 4], [0; 4]);
        let mut suites = 0;
        loop {
            match reader.read_event().unwrap() {
                Event::Start(tag) | Event::Empty(tag) => match tag.name().as_ref() {
                    b"testsuites" => total = told(&tag),
                    b"testsuite" => (suite, seen, suites) = (told(&tag), [0; 4], suites + 1),
                    b"testcase" => seen[0] += 1,
                    b"failure" => seen[1] += 1,
                    b"error" => seen[2] += 1,
                    b"skipped" => seen[3] += 1,
                    _ => {}
                },
                Event::End(tag) if tag.name().as_ref() == b"testsuite" => {
                    assert_eq!(seen, suite);
                    sum = std::array::from_fn(|at| sum[at] + suite[at]);
                }
                Event::Eof => break,
                _ => {}
            }
        }
        assert_eq!(sum, total);
        assert_eq!((total, suites), ([10, 3, 2, 3], 5));
    }

    #[test]
    fn text_of_the_subject_is_neither_markup_nor_control_characters() {
        let text = report();
        assert!(!text.contains("<script>") && text.contains("&lt;script&gt;alert(1)"));
        assert!(!text.contains('\u{1b}') && text.contains("\\u{1b}[31m"));
    }

    #[test]
    fn a_small_run_reads_as_it_always_did() {
        insta::assert_snapshot!(report());
    }
}
