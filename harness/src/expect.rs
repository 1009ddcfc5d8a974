//! Expectations: what a subject is known to get wrong, laid over the verdicts of a run.
//!
//! A pure step between the judge and `results.jsonl`. [`Expectations::mark`] marks what an entry covers, as
//! soon as a case is judged; [`conclude`] finds the drift between entries and reality, draws up the
//! requirements, decides the gates and closes the run. Nothing here changes a result: a covered failure
//! stays a failure, with an overlay beside it.

mod again;
mod drift;
mod gate;
mod listed;
mod names;
mod tally;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

pub use self::again::conclude_again;
pub use self::gate::{Interruption, Policy, Strict, gates};
use self::names::{case_of, speaks_of};
pub use self::tally::{Requirement, end, requirements};
use crate::exit::{self, Exit};
use crate::results::{CaseLine, CheckLine, Line};
use crate::verdict::{CaseResult, CheckResult, Overlay};

/// One verdict that a subject is known to get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Id of a case, which covers all its instances, or of one instance, or a pattern with `*`.
    pub case: String,
    /// Check id as results print it, `bundle/id` when it comes from a bundle.
    pub check: String,
    /// Result the check is known to have: `fail`, `warn` or `unjudged`.
    pub result: CheckResult,
    /// Machine reason that must match what is observed.
    pub reason: String,
    /// Why the subject does so, in words; becomes the note of a covered check that has none.
    pub because: String,
    /// Who looks after the entry.
    pub owner: String,
    /// Day since when it is known.
    pub since: Date,
    /// Last day on which the entry holds.
    pub expires: Option<Date>,
    /// Version of the subject that the entry speaks of.
    pub version: Option<String>,
    /// Most instances that it may cover.
    pub max: usize,
}

/// Every case, instance and check that exists, whether or not this run selected it.
#[derive(Debug, Clone, Default)]
pub struct Known {
    checks: BTreeMap<String, BTreeSet<String>>,
    aliases: BTreeMap<String, String>,
}

impl Known {
    /// Records a case or an instance with the ids of its checks.
    pub fn insert<S: Into<String>>(&mut self, id: impl Into<String>, checks: impl IntoIterator<Item = S>) {
        self.checks.entry(id.into()).or_default().extend(checks.into_iter().map(Into::into));
    }

    /// Records the id that a case had before it was renamed.
    pub fn alias(&mut self, old: impl Into<String>, case: impl Into<String>) {
        self.aliases.insert(old.into(), case.into());
    }

    /// Today's id of a case or instance that may be named by an older one.
    fn resolve(&self, id: &str) -> String {
        let case = case_of(id);
        match self.aliases.get(case) {
            Some(today) => format!("{today}{}", &id[case.len()..]),
            None => id.to_owned(),
        }
    }
}

/// The entries of one expectations file, seen on one day against one subject.
#[derive(Debug, Clone)]
pub struct Expectations {
    entries: Vec<Entry>,
    known: Known,
    today: Date,
    subject_version: Option<String>,
}

impl Expectations {
    /// Lays `entries` against what exists. Without a subject version, version pins are not compared.
    #[must_use]
    pub fn new(mut entries: Vec<Entry>, known: Known, today: Date, subject_version: Option<&str>) -> Self {
        for entry in &mut entries {
            entry.case = known.resolve(&entry.case);
        }
        Self { entries, known, today, subject_version: subject_version.map(str::to_owned) }
    }

    /// No entries: every failure gates.
    #[must_use]
    pub fn none() -> Self {
        Self::new(Vec::new(), Known::default(), Date::ZERO, None)
    }

    /// True when an entry that still holds lists this result with this reason.
    #[must_use]
    pub fn covers(&self, check: &CheckLine) -> bool {
        self.covering(check).is_some()
    }

    fn covering(&self, check: &CheckLine) -> Option<&Entry> {
        self.entries.iter().find(|entry| self.lapse(entry).is_none() && self.lists(entry, check))
    }

    /// Marks the checks that entries cover, and the cases of which nothing else failed.
    ///
    /// `lines` may be one case with its checks, while a run goes on, or a whole run; marking twice changes
    /// nothing.
    pub fn mark(&self, lines: &mut [Line]) {
        let mut tallies: BTreeMap<String, Coverage> = BTreeMap::new();
        for line in &mut *lines {
            if let Line::Check(check) = line {
                let entry = self.covering(check);
                check.expected_by_file = entry.is_some();
                if let Some(entry) = entry {
                    check.note.get_or_insert_with(|| entry.because.clone());
                }
                tallies.entry(check.case.clone()).or_default().add(check);
            }
        }
        for line in lines {
            if let Line::Case(case) = line
                && let Some(coverage) = tallies.get(&case.id)
            {
                set_overlay(case, Overlay::ExpectedFail, coverage.accounts_for(case.result));
            }
        }
    }

    /// True when the entry lists this check of this instance, with this result and reason.
    fn lists(&self, entry: &Entry, check: &CheckLine) -> bool {
        speaks_of(&self.entries, entry, check)
            && entry.result == check.result
            && check.reason.as_deref() == Some(entry.reason.as_str())
    }

    /// Why the entry no longer holds, if it does not.
    fn lapse(&self, entry: &Entry) -> Option<String> {
        if let Some(last) = entry.expires
            && self.today > last
        {
            return Some(format!("it expired on {last}"));
        }
        let pinned = entry.version.as_ref()?;
        let actual = self.subject_version.as_ref()?;
        (pinned != actual).then(|| format!("it speaks of version {pinned}, the subject is {actual}"))
    }
}

/// How much of what went wrong in one case instance is covered.
#[derive(Debug, Default)]
struct Coverage {
    failed: usize,
    failed_covered: usize,
    unjudged_covered: usize,
}

impl Coverage {
    fn add(&mut self, check: &CheckLine) {
        match check.result {
            CheckResult::Fail => {
                self.failed += 1;
                self.failed_covered += usize::from(check.expected_by_file);
            }
            CheckResult::Unjudged => self.unjudged_covered += usize::from(check.expected_by_file),
            CheckResult::Pass | CheckResult::Variance | CheckResult::Warn => {}
        }
    }

    fn accounts_for(&self, result: CaseResult) -> bool {
        match result {
            CaseResult::Fail => self.failed > 0 && self.failed == self.failed_covered,
            CaseResult::Inconclusive => self.unjudged_covered > 0,
            CaseResult::Pass
            | CaseResult::Warn
            | CaseResult::Unsupported
            | CaseResult::Blocked
            | CaseResult::Error => false,
        }
    }
}

/// What [`conclude`] leaves to say beside the lines it added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conclusion {
    /// What the process exits with.
    pub exit: Exit,
    /// What a reader should know of the expectations that is not drift.
    pub notes: Vec<String>,
}

/// Everything that closing a run needs, beside its lines.
#[derive(Debug, Clone)]
pub struct Closing<'a> {
    /// What the subject is known to get wrong.
    pub expectations: &'a Expectations,
    /// What the profile lets gate.
    pub policy: Policy,
    /// What cut the run short, if anything did.
    pub interruption: Interruption,
    /// Milliseconds of the whole run.
    pub ms: u64,
}

/// Marks a run's checks and cases, then appends its `requirement`, `drift` and `end` lines.
///
/// `lines` are `run`, `plan`, and every check and case; `register` finds a requirement by its id.
pub fn conclude(
    lines: &mut Vec<Line>,
    closing: &Closing<'_>,
    register: &dyn Fn(&str) -> Option<Requirement>,
) -> Conclusion {
    closing.expectations.mark(lines);
    let settled = closing.expectations.settle(lines);
    let met = requirements(lines, register);
    lines.extend(met.into_iter().map(Line::Requirement));
    lines.extend(settled.drift.into_iter().map(Line::Drift));
    let applying = gates(lines, closing.policy, &closing.interruption);
    let exit = exit::decide(&applying);
    lines.push(Line::End(end(lines, applying, closing.ms)));
    Conclusion { exit, notes: settled.notes }
}

fn set_overlay(case: &mut CaseLine, overlay: Overlay, on: bool) {
    case.overlay.retain(|other| *other != overlay);
    if on {
        case.overlay.push(overlay);
    }
}

#[cfg(test)]
mod fixtures;

#[cfg(test)]
mod tests {
    use super::fixtures::{case, check, entry, expectations};
    use super::*;

    fn overlays(lines: &[Line]) -> Vec<Vec<Overlay>> {
        lines
            .iter()
            .filter_map(|line| match line {
                Line::Case(case) => Some(case.overlay.clone()),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn a_case_is_expected_to_fail_only_if_all_its_failures_are_listed() {
        let failing = |second| {
            vec![
                check("srv.a.one", "granted", CheckResult::Fail, Some("not-granted")),
                check("srv.a.one", "mine", second, Some("other-key")),
                case("srv.a.one", CaseResult::Fail),
            ]
        };
        let listed = expectations(vec![entry("srv.a.one", "granted", "not-granted")]);

        let mut one = failing(CheckResult::Pass);
        listed.mark(&mut one);
        assert_eq!(overlays(&one), [[Overlay::ExpectedFail]]);

        let mut two = failing(CheckResult::Fail);
        listed.mark(&mut two);
        assert_eq!(overlays(&two), [[]]);
    }

    #[test]
    fn marking_twice_changes_nothing() {
        let listed = expectations(vec![entry("srv.a.one", "granted", "not-granted")]);
        let mut lines = vec![
            check("srv.a.one", "granted", CheckResult::Fail, Some("not-granted")),
            case("srv.a.one", CaseResult::Fail),
        ];
        listed.mark(&mut lines);
        let once = lines.clone();
        listed.mark(&mut lines);
        assert_eq!(lines, once);
    }

    #[test]
    fn an_entry_covers_what_no_closer_entry_speaks_of() {
        let listed = expectations(vec![
            entry("srv.a.*", "granted", "unsupported"),
            entry("srv.a.one", "granted", "not-granted"),
            entry("srv.a.one[via=get]", "granted", "no-answer"),
        ]);
        let covered = |instance, reason| {
            let Line::Check(line) = check(instance, "granted", CheckResult::Fail, Some(reason)) else {
                return false;
            };
            listed.covers(&line)
        };
        assert!(covered("srv.a.one", "not-granted"));
        assert!(covered("srv.a.one[cipher=des3-cbc]", "not-granted"));
        assert!(covered("srv.a.one[via=get]", "no-answer"));
        assert!(!covered("srv.a.one[via=get]", "not-granted"));
        assert!(!covered("srv.a.onerous", "not-granted"));
        assert!(covered("srv.a.two", "unsupported"));
        assert!(!covered("srv.a.one", "unsupported"));
    }

    #[test]
    fn an_old_id_of_a_renamed_case_still_covers_it() {
        let mut known = fixtures::known();
        known.alias("srv.old.name", "srv.a.one");
        let entries = vec![entry("srv.old.name[via=get]", "granted", "not-granted")];
        let listed = Expectations::new(entries, known, fixtures::TODAY, None);
        let mut lines = vec![check("srv.a.one[via=get]", "granted", CheckResult::Fail, Some("not-granted"))];
        listed.mark(&mut lines);
        assert!(matches!(&lines[0], Line::Check(check) if check.expected_by_file));
        assert_eq!(listed.settle(&mut lines).drift, []);
    }

    #[test]
    fn an_undecidable_case_is_expected_if_its_unjudged_check_is_listed() {
        let listed = expectations(vec![Entry {
            result: CheckResult::Unjudged,
            ..entry("srv.a.one", "mine", "no certificate was issued")
        }]);
        let mut lines = vec![
            check("srv.a.one", "granted", CheckResult::Pass, None),
            check("srv.a.one", "mine", CheckResult::Unjudged, Some("no certificate was issued")),
            case("srv.a.one", CaseResult::Inconclusive),
        ];
        listed.mark(&mut lines);
        assert_eq!(overlays(&lines), [[Overlay::ExpectedFail]]);
    }

    #[test]
    fn a_run_is_concluded_with_requirements_then_drift_then_end() {
        let mut lines = vec![
            check("srv.a.one", "granted", CheckResult::Fail, Some("not-granted")),
            case("srv.a.one", CaseResult::Fail),
            check("srv.a.two", "granted", CheckResult::Pass, None),
            case("srv.a.two", CaseResult::Pass),
        ];
        let listed = expectations(vec![
            entry("srv.a.one", "granted", "not-granted"),
            entry("srv.a.two", "granted", "not-granted"),
        ]);
        let closing = Closing {
            expectations: &listed,
            policy: Policy { floor: 2, ..Policy::default() },
            interruption: Interruption::default(),
            ms: 12,
        };
        let conclusion = conclude(&mut lines, &closing, &fixtures::register);
        assert_eq!(conclusion, Conclusion { exit: Exit::Drift, notes: vec![] });
        let kinds: Vec<&str> = lines[4..]
            .iter()
            .map(|line| match line {
                Line::Requirement(_) => "requirement",
                Line::Drift(_) => "drift",
                Line::End(_) => "end",
                _ => "?",
            })
            .collect();
        assert_eq!(kinds, ["requirement", "drift", "end"]);
        let Some(Line::End(end)) = lines.last() else { panic!("no end line") };
        assert_eq!((end.exit, end.cases["expected-fail"], end.cases["unexpected-pass"]), (12, 1, 1));
    }
}
