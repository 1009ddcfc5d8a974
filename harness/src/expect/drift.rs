//! Drift: where the entries and the run say different things. Each entry is held against the lines of the
//! whole run, once the last case is judged.

use super::names::{closeness, speaks_of, unknown};
use super::{Entry, Expectations, set_overlay};
use crate::results::{CheckLine, DriftKind, DriftLine, Line};
use crate::verdict::{CheckResult, Overlay};

/// What the entries and the run say differently, and what could not be compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settled {
    /// Differences, in the order of the entries.
    pub drift: Vec<DriftLine>,
    /// What a reader should know that is no difference.
    pub notes: Vec<String>,
}

/// What the run says of one entry.
#[derive(Debug, Default)]
struct Seen<'a> {
    /// As listed.
    as_listed: Vec<&'a CheckLine>,
    /// At least as bad as listed, for another reason, and no other entry lists it.
    otherwise: Vec<&'a CheckLine>,
    /// Better than listed.
    better: Vec<&'a CheckLine>,
    /// Failed as another entry lists, or was not judged.
    elsewhere: Vec<&'a CheckLine>,
}

impl Expectations {
    /// Finds the drift of a marked run, and marks the cases that passed unexpectedly.
    pub fn settle(&self, lines: &mut [Line]) -> Settled {
        let mut settled = Settled::default();
        let mut passed: Vec<String> = Vec::new();
        for entry in &self.entries {
            if let Some(message) = unknown(&self.known, entry) {
                settled.drift.push(drift(DriftKind::Unknown, entry, message));
            } else if is_selected(entry, lines) {
                passed.extend(self.settle_entry(entry, lines, &mut settled));
            }
        }
        if self.subject_version.is_none() && self.entries.iter().any(|entry| entry.version.is_some()) {
            settled.notes.push("the subject's version is not known: version pins were not compared".into());
        }
        for line in lines {
            if let Line::Case(case) = line {
                let unexpected = passed.contains(&case.id);
                set_overlay(case, Overlay::UnexpectedPass, unexpected);
            }
        }
        settled
    }

    /// Compares one entry; yields the instances that passed although it lists them.
    fn settle_entry(&self, entry: &Entry, lines: &[Line], settled: &mut Settled) -> Vec<String> {
        if let Some(why) = self.lapse(entry) {
            let message = format!("{why}: look again, then renew or remove the entry of {}", entry.owner);
            settled.drift.push(drift(DriftKind::Expired, entry, message));
            return Vec::new();
        }
        let seen = self.seen(entry, lines);
        let covered = instances(&seen.as_listed);
        if covered.len() > entry.max {
            let message =
                format!("it may cover {}, but covers {}: {}", entry.max, covered.len(), covered.join(", "));
            settled.drift.push(drift(DriftKind::TooWide, entry, message));
        }
        if let Some(other) = seen.otherwise.first() {
            let message = format!(
                "listed as {} ({}), but is {} ({}) in {}",
                entry.result.word(),
                entry.reason,
                other.result.word(),
                other.reason.as_deref().unwrap_or("no reason"),
                instances(&seen.otherwise).join(", ")
            );
            settled.drift.push(drift(DriftKind::OtherReason, entry, message));
        }
        if !seen.as_listed.is_empty() || !seen.otherwise.is_empty() {
            return Vec::new();
        }
        if let Some(better) = seen.better.first() {
            let message = format!(
                "listed as {} ({}) since {}, but is {} in {}: remove the entry",
                entry.result.word(),
                entry.reason,
                entry.since,
                better.result.word(),
                instances(&seen.better).join(", ")
            );
            settled.drift.push(drift(DriftKind::UnexpectedPass, entry, message));
            return seen.better.iter().map(|check| check.case.clone()).collect();
        }
        settled.notes.push(self.not_judged(entry, &seen, lines));
        Vec::new()
    }

    fn seen<'a>(&self, entry: &Entry, lines: &'a [Line]) -> Seen<'a> {
        let mut seen = Seen::default();
        for line in lines {
            let Line::Check(check) = line else { continue };
            if !speaks_of(&self.entries, entry, check) {
                continue;
            }
            let pile = if self.lists(entry, check) {
                &mut seen.as_listed
            } else if is_undecided(entry, check) || check.expected_by_file {
                &mut seen.elsewhere
            } else if severity(check.result) >= severity(entry.result) {
                &mut seen.otherwise
            } else {
                &mut seen.better
            };
            pile.push(check);
        }
        seen
    }

    /// The note for an entry that this run neither confirms nor contradicts.
    fn not_judged(&self, entry: &Entry, seen: &Seen<'_>, lines: &[Line]) -> String {
        let head = format!("expectation {} {} was not put to the test", entry.case, entry.check);
        if let Some(check) = seen.elsewhere.first() {
            let why = check.reason.as_deref().unwrap_or("no reason");
            return format!("{head}: the check is {} ({why})", check.result.word());
        }
        let case = lines.iter().find_map(|line| match line {
            Line::Case(case) if closeness(entry, &case.id).is_some() => Some(case),
            _ => None,
        });
        match case {
            Some(case) => {
                let why = case.because.as_deref().unwrap_or("no reason");
                format!("{head}: the case is {} ({why})", case.result.word())
            }
            None => head,
        }
    }
}

/// A check that the entry lists as decided, but this run could not decide.
fn is_undecided(entry: &Entry, check: &CheckLine) -> bool {
    check.result == CheckResult::Unjudged && entry.result != CheckResult::Unjudged
}

fn is_selected(entry: &Entry, lines: &[Line]) -> bool {
    lines.iter().any(|line| matches!(line, Line::Case(case) if closeness(entry, &case.id).is_some()))
}

fn severity(result: CheckResult) -> u8 {
    match result {
        CheckResult::Pass => 0,
        CheckResult::Variance => 1,
        CheckResult::Warn => 2,
        CheckResult::Unjudged => 3,
        CheckResult::Fail => 4,
    }
}

/// The case instances of these checks, each once: a bundle may check two steps of one instance.
fn instances<'a>(checks: &[&'a CheckLine]) -> Vec<&'a str> {
    let mut ids: Vec<&str> = checks.iter().map(|check| check.case.as_str()).collect();
    ids.dedup();
    ids
}

fn drift(kind: DriftKind, entry: &Entry, message: String) -> DriftLine {
    DriftLine { kind, case: entry.case.clone(), check: entry.check.clone(), message }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::super::fixtures::{self, case, check, entry, expectations};
    use super::*;
    use crate::verdict::CaseResult;

    const FAIL: CheckResult = CheckResult::Fail;

    /// The drift of one entry against lines, as kind and message.
    fn settle(entries: Vec<Entry>, mut lines: Vec<Line>) -> (Vec<(DriftKind, String)>, Vec<String>) {
        let listed = expectations(entries);
        listed.mark(&mut lines);
        let settled = listed.settle(&mut lines);
        let kinds = settled.drift.into_iter().map(|line| (line.kind, line.message)).collect();
        (kinds, settled.notes)
    }

    fn run(checks: &[(&str, CheckResult, &str)]) -> Vec<Line> {
        let mut lines = Vec::new();
        for (instance, result, reason) in checks {
            lines.push(check(instance, "granted", *result, Some(reason)));
            let verdict = if *result == FAIL { CaseResult::Fail } else { CaseResult::Pass };
            lines.push(case(instance, verdict));
        }
        lines
    }

    fn listed() -> Entry {
        entry("srv.a.one", "granted", "not-granted")
    }

    #[test]
    fn a_failure_as_listed_is_no_drift() {
        let (drift, notes) = settle(vec![listed()], run(&[("srv.a.one", FAIL, "not-granted")]));
        assert_eq!((drift, notes), (vec![], vec![]));
    }

    #[test]
    fn a_listed_failure_that_passes_is_drift_and_marks_the_case() {
        let lines = run(&[("srv.a.one", CheckResult::Pass, "")]);
        let (drift, _) = settle(vec![listed()], lines.clone());
        assert_eq!(drift.len(), 1);
        assert_eq!(drift[0].0, DriftKind::UnexpectedPass);
        assert_eq!(
            drift[0].1,
            "listed as fail (not-granted) since 2026-08-01, but is pass in srv.a.one: remove the entry"
        );
        let mut lines = lines;
        expectations(vec![listed()]).settle(&mut lines);
        assert!(matches!(&lines[1], Line::Case(case) if case.overlay == [Overlay::UnexpectedPass]));
    }

    #[test]
    fn a_listed_failure_that_only_warns_is_an_unexpected_pass_too() {
        let (drift, _) = settle(vec![listed()], run(&[("srv.a.one", CheckResult::Warn, "refused-by-http")]));
        assert_eq!(drift[0].0, DriftKind::UnexpectedPass);
    }

    #[test]
    fn another_reason_is_drift() {
        let (drift, _) = settle(vec![listed()], run(&[("srv.a.one", FAIL, "no-answer")]));
        assert_eq!(drift.len(), 1);
        assert_eq!(drift[0].0, DriftKind::OtherReason);
        assert_eq!(drift[0].1, "listed as fail (not-granted), but is fail (no-answer) in srv.a.one");
    }

    #[test]
    fn another_reason_in_a_second_instance_is_drift_although_the_first_is_as_listed() {
        let lines = run(&[("srv.a.one", FAIL, "not-granted"), ("srv.a.one[via=get]", FAIL, "no-answer")]);
        let (drift, _) = settle(vec![listed()], lines);
        assert_eq!(drift.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), [DriftKind::OtherReason]);
    }

    #[test]
    fn a_listed_warning_that_fails_is_drift() {
        let warned = Entry { result: CheckResult::Warn, ..listed() };
        let (drift, _) = settle(vec![warned], run(&[("srv.a.one", FAIL, "not-granted")]));
        assert_eq!(drift[0].0, DriftKind::OtherReason);
    }

    #[test]
    fn an_unknown_case_or_check_is_drift_even_if_nothing_was_selected() {
        let entries = vec![
            entry("srv.a.gone", "granted", "x"),
            entry("srv.a.one", "gone", "x"),
            entry("srv.a.two", "mine", "x"),
        ];
        let (drift, _) = settle(entries, vec![]);
        assert_eq!(
            drift,
            [
                (DriftKind::Unknown, "there is no case srv.a.gone: correct or remove the entry".into()),
                (DriftKind::Unknown, "case srv.a.one has no check gone: correct or remove the entry".into()),
            ]
        );
    }

    #[test]
    fn an_expired_entry_is_drift_and_covers_nothing() {
        let lines = run(&[("srv.a.one", FAIL, "not-granted")]);
        let until = |day| Entry { expires: Some(day), ..listed() };
        assert_eq!(settle(vec![until(fixtures::TODAY)], lines.clone()).0, []);

        let yesterday = until(date(2026, 11, 20));
        let (drift, _) = settle(vec![yesterday.clone()], lines.clone());
        assert_eq!(drift[0].0, DriftKind::Expired);
        assert!(drift[0].1.starts_with("it expired on 2026-11-20"));
        let Line::Check(check) = &lines[0] else { panic!("no check") };
        assert!(!expectations(vec![yesterday]).covers(check));
    }

    #[test]
    fn a_pin_on_another_version_is_drift_and_an_unknown_version_is_a_note() {
        let lines = run(&[("srv.a.one", FAIL, "not-granted")]);
        let pinned = |version: &str| Entry { version: Some(version.into()), ..listed() };
        assert_eq!(settle(vec![pinned("2.1.0")], lines.clone()).0, []);

        let (drift, _) = settle(vec![pinned("2.0.0")], lines.clone());
        assert_eq!(drift[0].0, DriftKind::Expired);
        assert!(drift[0].1.starts_with("it speaks of version 2.0.0, the subject is 2.1.0"));

        let entries = vec![pinned("2.0.0")];
        let unknown = Expectations::new(entries, fixtures::known(), fixtures::TODAY, None);
        let mut lines = lines;
        unknown.mark(&mut lines);
        let settled = unknown.settle(&mut lines);
        assert_eq!((settled.drift.len(), settled.notes.len()), (0, 1));
    }

    #[test]
    fn an_entry_that_covers_more_instances_than_it_says_is_drift() {
        let lines = run(&[("srv.a.one", FAIL, "not-granted"), ("srv.a.one[via=get]", FAIL, "not-granted")]);
        let (drift, _) = settle(vec![listed()], lines.clone());
        assert_eq!(
            drift,
            [(DriftKind::TooWide, "it may cover 1, but covers 2: srv.a.one, srv.a.one[via=get]".into())]
        );
        assert_eq!(settle(vec![Entry { max: 2, ..listed() }], lines).0, []);
    }

    #[test]
    fn a_check_of_two_steps_of_one_instance_counts_once() {
        let lines = run(&[("srv.a.one", FAIL, "not-granted"), ("srv.a.one", FAIL, "not-granted")]);
        assert_eq!(settle(vec![listed()], lines).0, []);
    }

    #[test]
    fn a_pattern_covers_up_to_its_max_and_must_fit_something() {
        let lines = run(&[("srv.a.one", FAIL, "not-granted"), ("srv.a.two", FAIL, "not-granted")]);
        let pattern = |case: &str, max| vec![Entry { max, ..entry(case, "granted", "not-granted") }];
        assert_eq!(settle(pattern("srv.a.*", 2), lines.clone()).0, []);
        assert_eq!(settle(pattern("srv.a.*", 1), lines.clone()).0[0].0, DriftKind::TooWide);
        assert_eq!(settle(pattern("srv.b.*", 1), lines).0[0].0, DriftKind::Unknown);
    }

    #[test]
    fn an_instance_that_passes_is_no_drift_while_another_fails_as_listed() {
        let lines = run(&[("srv.a.one", CheckResult::Pass, ""), ("srv.a.one[via=get]", FAIL, "not-granted")]);
        assert_eq!(settle(vec![listed()], lines).0, []);
    }

    #[test]
    fn an_entry_for_a_case_that_was_not_selected_is_no_drift() {
        let expired = Entry { expires: Some(date(2020, 1, 1)), ..listed() };
        let lines = run(&[("srv.a.two", CheckResult::Pass, "")]);
        assert_eq!(settle(vec![listed(), expired], lines), (vec![], vec![]));
    }

    #[test]
    fn an_entry_for_a_case_that_was_not_judged_is_a_note() {
        let (drift, notes) = settle(vec![listed()], vec![case("srv.a.one", CaseResult::Blocked)]);
        assert_eq!(drift, []);
        assert_eq!(
            notes,
            ["expectation srv.a.one granted was not put to the test: the case is blocked (no reason)"]
        );

        let (drift, notes) =
            settle(vec![listed()], run(&[("srv.a.one", CheckResult::Unjudged, "no CertRep")]));
        assert_eq!(drift, []);
        assert_eq!(
            notes,
            ["expectation srv.a.one granted was not put to the test: the check is unjudged (no CertRep)"]
        );
    }
}
