//! The sums at the end of a run: one line a requirement, and the counts of the `end` line.

use std::collections::BTreeMap;

use crate::exit;
use crate::results::{EndLine, Gate, Line, RequirementLine};
use crate::verdict::{CheckResult, Level, Overlay};

/// What the register says of one requirement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// How binding it is.
    pub level: Level,
    /// Section of RFC 8894, or `suite` for a requirement of our own.
    pub section: String,
    /// The statement, in our words.
    pub statement: String,
}

/// One line for each requirement that a check of the run is tied to, ordered by id.
///
/// An expected failure counts as a failure here: an expectation does not make a requirement met.
#[must_use]
pub fn requirements(lines: &[Line], register: &dyn Fn(&str) -> Option<Requirement>) -> Vec<RequirementLine> {
    let mut met: BTreeMap<&str, RequirementLine> = BTreeMap::new();
    for line in lines {
        let Line::Check(check) = line else { continue };
        for id in &check.req {
            let row = met.entry(id).or_insert_with(|| {
                // Lint ties every id to the register; should one escape it, the check's own level stands.
                let requirement = register(id).unwrap_or_else(|| Requirement {
                    level: check.level,
                    section: "?".into(),
                    statement: "not in the register".into(),
                });
                RequirementLine {
                    id: id.clone(),
                    level: requirement.level,
                    section: requirement.section,
                    statement: requirement.statement,
                    result: CheckResult::Unjudged,
                    checks: 0,
                    failed: 0,
                }
            });
            row.checks += 1;
            row.failed += usize::from(check.result == CheckResult::Fail);
            row.result = worst(row.result, check.result);
        }
    }
    met.into_values().collect()
}

/// The `end` line: counts, gates with the deciding one first, exit code.
#[must_use]
pub fn end(lines: &[Line], mut gates: Vec<Gate>, ms: u64) -> EndLine {
    let mut cases: BTreeMap<String, usize> = BTreeMap::new();
    let mut checks: BTreeMap<String, usize> = BTreeMap::new();
    for line in lines {
        match line {
            Line::Check(check) => *checks.entry(check.result.word().into()).or_default() += 1,
            Line::Case(case) => {
                *cases.entry(case.result.word().into()).or_default() += 1;
                for word in case.overlay.iter().filter_map(counted) {
                    *cases.entry(word.into()).or_default() += 1;
                }
            }
            Line::Run(_) | Line::Plan(_) | Line::Requirement(_) | Line::Drift(_) | Line::End(_) => {}
        }
    }
    exit::rank(&mut gates);
    EndLine { cases, checks, exit: exit::decide(&gates).code(), gate: gates, ms }
}

/// The worse of two results; anything that was judged outweighs what was not.
fn worst(one: CheckResult, other: CheckResult) -> CheckResult {
    match (one, other) {
        (CheckResult::Unjudged, judged) | (judged, CheckResult::Unjudged) => judged,
        (one, other) => one.max(other),
    }
}

fn counted(overlay: &Overlay) -> Option<&'static str> {
    match overlay {
        Overlay::ExpectedFail => Some("expected-fail"),
        Overlay::UnexpectedPass => Some("unexpected-pass"),
        Overlay::Slow | Overlay::Flaky => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{case, check, register};
    use super::*;
    use crate::exit::Exit;
    use crate::verdict::CaseResult;

    fn met(results: &[CheckResult]) -> (CheckResult, usize, usize) {
        let lines: Vec<Line> = results.iter().map(|result| check("srv.a.one", "x", *result, None)).collect();
        let rows = requirements(&lines, &register);
        assert_eq!((rows.len(), rows[0].section.as_str()), (1, "4.3.1"));
        (rows[0].result, rows[0].checks, rows[0].failed)
    }

    #[test]
    fn a_requirement_is_as_good_as_its_worst_judged_check() {
        use CheckResult::{Fail, Pass, Unjudged, Variance, Warn};
        assert_eq!(met(&[Pass, Unjudged]), (Pass, 2, 0));
        assert_eq!(met(&[Unjudged, Unjudged]), (Unjudged, 2, 0));
        assert_eq!(met(&[Variance, Pass, Warn]), (Warn, 3, 0));
        assert_eq!(met(&[Fail, Unjudged, Pass, Fail]), (Fail, 4, 2));
    }

    #[test]
    fn an_id_outside_the_register_is_shown_rather_than_lost() {
        let rows = requirements(&[check("srv.a.one", "x", CheckResult::Pass, None)], &|_| None);
        assert_eq!((rows[0].level, rows[0].statement.as_str()), (Level::Must, "not in the register"));
    }

    #[test]
    fn the_end_line_counts_results_and_overlays_and_exits_by_precedence() {
        let mut known = case("srv.a.two", CaseResult::Fail);
        if let Line::Case(case) = &mut known {
            case.overlay.push(Overlay::ExpectedFail);
        }
        let lines = [
            check("srv.a.one", "granted", CheckResult::Pass, None),
            case("srv.a.one", CaseResult::Pass),
            check("srv.a.two", "granted", CheckResult::Fail, Some("not-granted")),
            known,
        ];
        let end = end(&lines, vec![Exit::TooLittle.gate("2 of 3"), Exit::Drift.gate("1 entry")], 7);
        let counts = |of: &BTreeMap<String, usize>| {
            of.iter().map(|(word, count)| format!("{word} {count}")).collect::<Vec<_>>().join(", ")
        };
        assert_eq!(counts(&end.cases), "expected-fail 1, fail 1, pass 1");
        assert_eq!(counts(&end.checks), "fail 1, pass 1");
        assert_eq!((end.exit, end.gate[0].code, end.ms), (12, 12, 7));
    }
}
