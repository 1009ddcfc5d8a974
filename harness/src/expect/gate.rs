//! Gates: which exit codes a run earns, from its lines, the profile and what cut it short.

use crate::exit::{self, Exit};
use crate::results::{CaseLine, CheckLine, Gate, Line};
use crate::verdict::{CaseResult, CheckResult, Overlay};

/// What a profile lets gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Policy {
    /// Fewest executed cases that make a run.
    pub floor: usize,
    /// Whether warnings gate.
    pub strict: Strict,
    /// True when a pass on a repeat gates.
    pub flaky_fails: bool,
}

/// The mildest level whose miss gates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Strict {
    /// Failures gate: MUST and FORMAT.
    #[default]
    Must,
    /// Warnings gate too: a missed SHOULD, a tolerated form of a MUST.
    Should,
}

/// What cut a run short, as the runner saw it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Interruption {
    /// How the subject could not be reached, or died.
    pub subject_down: Option<String>,
    /// Which budget was spent.
    pub over_budget: Option<String>,
    /// True when the user stopped the run.
    pub by_user: bool,
}

/// Every exit code that applies to a run with its `drift` lines in place, the deciding one first.
#[must_use]
pub fn gates(lines: &[Line], policy: Policy, interruption: &Interruption) -> Vec<Gate> {
    let mut gates = Vec::new();
    let cases = || lines.iter().filter_map(case);
    let unexpected = |result| {
        let of_interest = |check: &&CheckLine| check.result == result && !check.expected_by_file;
        lines.iter().filter_map(check).filter(of_interest).count()
    };

    let failed = unexpected(CheckResult::Fail);
    let warned = unexpected(CheckResult::Warn);
    let drift = lines.iter().filter(|line| matches!(line, Line::Drift(_))).count();
    let flaky = cases().filter(|case| case.overlay.contains(&Overlay::Flaky)).count();
    let unclear = cases().filter(|case| is_unclear(case)).count();
    let blocked = cases().filter(|case| case.result == CaseResult::Blocked).count();
    let executed = cases().filter(|case| is_executed(case)).count();

    if failed > 0 {
        gates.push(Exit::NotConformant.gate(many(failed, "check failed", "checks failed")));
    }
    if warned > 0 && policy.strict == Strict::Should {
        gates.push(Exit::Should.gate(many(warned, "check warned", "checks warned")));
    }
    if drift > 0 {
        gates.push(Exit::Drift.gate(many(
            drift,
            "entry of the expectations differs from the run",
            "entries of the expectations differ from the run",
        )));
    }
    if flaky > 0 && policy.flaky_fails {
        gates.push(Exit::Flaky.gate(many(
            flaky,
            "case passed only on a repeat",
            "cases passed only on a repeat",
        )));
    }
    if let Some(how) = &interruption.subject_down {
        gates.push(Exit::SubjectDown.gate(how.clone()));
    }
    if unclear > 0 {
        gates.push(Exit::Inconclusive.gate(many(
            unclear,
            "case could not be decided",
            "cases could not be decided",
        )));
    }
    // A blocked case has its cause in a failed control or a dead subject. Where neither gates, nothing
    // else would stop the run from looking green.
    if blocked > 0 && failed == 0 && interruption.subject_down.is_none() {
        gates.push(Exit::Inconclusive.gate(many(blocked, "case is blocked", "cases are blocked")));
    }
    if let Some(budget) = &interruption.over_budget {
        gates.push(Exit::Budget.gate(budget.clone()));
    }
    if interruption.by_user {
        gates.push(Exit::Interrupted.gate("stopped before the end"));
    }
    if executed < policy.floor || executed == 0 {
        let ran = many(executed, "case ran", "cases ran");
        gates.push(Exit::TooLittle.gate(format!("{ran}, the floor is {}", policy.floor.max(1))));
    }
    exit::rank(&mut gates);
    gates
}

/// True for a case that the subject was put to, and about which the run says something.
fn is_executed(case: &CaseLine) -> bool {
    match case.result {
        CaseResult::Pass | CaseResult::Warn | CaseResult::Fail | CaseResult::Inconclusive => true,
        CaseResult::Unsupported | CaseResult::Blocked | CaseResult::Error => false,
    }
}

fn is_unclear(case: &CaseLine) -> bool {
    case.result == CaseResult::Error
        || (case.result == CaseResult::Inconclusive && !case.overlay.contains(&Overlay::ExpectedFail))
}

fn case(line: &Line) -> Option<&CaseLine> {
    if let Line::Case(case) = line { Some(case) } else { None }
}

fn check(line: &Line) -> Option<&CheckLine> {
    if let Line::Check(check) = line { Some(check) } else { None }
}

fn many(count: usize, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{case, check};
    use super::*;
    use crate::results::{DriftKind, DriftLine};

    const NONE: [u8; 0] = [];

    fn codes(lines: &[Line], policy: Policy, interruption: &Interruption) -> Vec<u8> {
        gates(lines, policy, interruption).iter().map(|gate| gate.code).collect()
    }

    fn plain(lines: &[Line]) -> Vec<u8> {
        codes(lines, Policy::default(), &Interruption::default())
    }

    fn passing() -> Vec<Line> {
        vec![check("srv.a.one", "granted", CheckResult::Pass, None), case("srv.a.one", CaseResult::Pass)]
    }

    fn with(more: impl IntoIterator<Item = Line>) -> Vec<Line> {
        passing().into_iter().chain(more).collect()
    }

    fn expected(mut line: Line) -> Line {
        match &mut line {
            Line::Check(check) => check.expected_by_file = true,
            Line::Case(case) => case.overlay.push(Overlay::ExpectedFail),
            _ => {}
        }
        line
    }

    #[test]
    fn a_run_in_which_all_passes_has_no_gate() {
        assert_eq!(plain(&passing()), NONE);
    }

    #[test]
    fn a_failed_check_gates_unless_it_is_expected() {
        let failed = check("srv.a.two", "mine", CheckResult::Fail, Some("other-key"));
        assert_eq!(plain(&with([failed.clone()])), [10]);
        assert_eq!(plain(&with([expected(failed)])), NONE);
    }

    #[test]
    fn warnings_gate_only_when_asked() {
        let warned = with([check("srv.a.two", "mine", CheckResult::Warn, Some("sloppy"))]);
        assert_eq!(plain(&warned), NONE);
        let strict = Policy { strict: Strict::Should, ..Policy::default() };
        assert_eq!(codes(&warned, strict, &Interruption::default()), [11]);
    }

    #[test]
    fn drift_gates() {
        let drift = Line::Drift(DriftLine {
            kind: DriftKind::UnexpectedPass,
            case: "srv.a.one".into(),
            check: "granted".into(),
            message: "remove the entry".into(),
        });
        assert_eq!(plain(&with([drift])), [12]);
    }

    #[test]
    fn an_error_of_ours_or_an_undecided_case_gates_before_the_verdict() {
        let failed = check("srv.a.two", "mine", CheckResult::Fail, Some("other-key"));
        for result in [CaseResult::Error, CaseResult::Inconclusive] {
            assert_eq!(plain(&with([failed.clone(), case("srv.a.two", result)])), [21, 10]);
        }
        assert_eq!(plain(&with([expected(case("srv.a.two", CaseResult::Inconclusive))])), NONE);
        assert_eq!(plain(&with([expected(case("srv.a.two", CaseResult::Error))])), [21]);
    }

    #[test]
    fn a_blocked_case_never_looks_green() {
        let blocked = case("srv.a.two", CaseResult::Blocked);
        assert_eq!(plain(&with([blocked.clone()])), [21]);
        let failed = check("srv.a.one", "mine", CheckResult::Fail, Some("other-key"));
        assert_eq!(plain(&with([failed, blocked])), [10]);
    }

    #[test]
    fn a_subject_that_dies_is_listed_behind_the_verdict() {
        let down =
            Interruption { subject_down: Some("connection refused".into()), ..Interruption::default() };
        let died = check("srv.a.two", "S-alive", CheckResult::Fail, Some("dead"));
        let lines = with([died, case("srv.a.two", CaseResult::Fail), case("srv.b.one", CaseResult::Blocked)]);
        assert_eq!(codes(&lines, Policy::default(), &down), [10, 20]);
        assert_eq!(codes(&[], Policy::default(), &down), [20, 4]);
    }

    #[test]
    fn a_run_that_was_cut_short_says_so() {
        let cut = Interruption { over_budget: Some("60 s".into()), by_user: true, ..Interruption::default() };
        assert_eq!(codes(&passing(), Policy::default(), &cut), [130, 22]);
    }

    #[test]
    fn unsupported_and_blocked_cases_do_not_fill_the_floor() {
        let floor = Policy { floor: 2, ..Policy::default() };
        let lines = with([case("srv.a.two", CaseResult::Unsupported)]);
        let gates = gates(&lines, floor, &Interruption::default());
        assert_eq!(gates, [Exit::TooLittle.gate("1 case ran, the floor is 2")]);
    }

    #[test]
    fn a_run_of_nothing_is_too_little_whatever_the_floor() {
        assert_eq!(plain(&[]), [4]);
    }

    #[test]
    fn a_pass_on_a_repeat_gates_only_when_the_profile_says_so() {
        let mut lines = passing();
        if let Line::Case(case) = &mut lines[1] {
            case.overlay.push(Overlay::Flaky);
        }
        assert_eq!(plain(&lines), NONE);
        let strict = Policy { flaky_fails: true, ..Policy::default() };
        assert_eq!(codes(&lines, strict, &Interruption::default()), [13]);
    }
}
