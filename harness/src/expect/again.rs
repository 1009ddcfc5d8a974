//! A finished run, concluded once more with other expectations: no subject is asked anything.

use super::{Closing, Conclusion, Expectations, Interruption, Policy, Requirement, Strict, conclude};
use crate::exit::Exit;
use crate::results::{EndLine, Line};

/// Concludes a finished run once more: its requirements, drift and end are replaced by those that
/// `expectations` give; what cut it short, and its floor, stay.
///
/// `lines` are those of a whole run, also of one whose checks were judged again. A run without its `plan` or
/// `end` line is taken as one that was not cut short and has no floor.
pub fn conclude_again(
    lines: &mut Vec<Line>,
    expectations: &Expectations,
    strict: Strict,
    register: &dyn Fn(&str) -> Option<Requirement>,
) -> Conclusion {
    let mut floor = 0;
    let mut ended = None;
    lines.retain(|line| match line {
        Line::Plan(plan) => {
            floor = plan.floor;
            true
        }
        Line::Run(_) | Line::Check(_) | Line::Case(_) => true,
        Line::End(end) => {
            ended = Some(end.clone());
            false
        }
        Line::Requirement(_) | Line::Drift(_) => false,
    });
    let closing = Closing {
        expectations,
        policy: Policy { floor, strict, flaky_fails: true },
        interruption: ended.as_ref().map(interruption).unwrap_or_default(),
        ms: ended.map_or(0, |end| end.ms),
    };
    conclude(lines, &closing, register)
}

/// What cut a run short, as its last line tells it.
fn interruption(end: &EndLine) -> Interruption {
    let why = |exit: Exit| end.gate.iter().find(|gate| gate.code == exit.code()).map(|gate| gate.why.clone());
    Interruption {
        subject_down: why(Exit::SubjectDown),
        over_budget: why(Exit::Budget),
        by_user: why(Exit::Interrupted).is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{self, case, check, entry, expectations};
    use super::*;
    use crate::verdict::{CaseResult, CheckResult};

    fn failed_run(interruption: Interruption) -> Vec<Line> {
        let mut lines = vec![
            check("srv.a.one", "granted", CheckResult::Fail, Some("not-granted")),
            case("srv.a.one", CaseResult::Fail),
        ];
        let closing =
            Closing { expectations: &Expectations::none(), policy: Policy::default(), interruption, ms: 12 };
        conclude(&mut lines, &closing, &fixtures::register);
        lines
    }

    fn again(lines: &[Line], listed: &Expectations) -> (Vec<Line>, Exit) {
        let mut lines = lines.to_vec();
        let exit = conclude_again(&mut lines, listed, Strict::Must, &fixtures::register).exit;
        (lines, exit)
    }

    #[test]
    fn other_expectations_give_the_same_run_another_end() {
        let run = failed_run(Interruption::default());
        let listed = expectations(vec![entry("srv.a.one", "granted", "not-granted")]);
        let (covered, exit) = again(&run, &listed);
        assert_eq!(exit, Exit::Satisfied);
        assert!(matches!(&covered[0], Line::Check(check) if check.expected_by_file));
        let (bare, exit) = again(&covered, &expectations(Vec::new()));
        assert_eq!(exit, Exit::NotConformant);
        assert!(matches!(&bare[0], Line::Check(check) if !check.expected_by_file));
    }

    #[test]
    fn concluding_with_the_same_expectations_changes_nothing() {
        let run = failed_run(Interruption::default());
        assert_eq!(again(&run, &Expectations::none()), (run.clone(), Exit::NotConformant));
    }

    #[test]
    fn what_cut_a_run_short_stays() {
        let cut = Interruption {
            subject_down: Some("connection refused".into()),
            over_budget: Some("60 s".into()),
            by_user: true,
        };
        let run = failed_run(cut);
        assert_eq!(again(&run, &Expectations::none()), (run.clone(), Exit::Interrupted));
        let listed = expectations(vec![entry("srv.a.one", "granted", "not-granted")]);
        assert_eq!(again(&run, &listed).1, Exit::Interrupted);
    }
}
