//! Exit codes: the one table of numbers that scripts and pipelines may rely on, and which of several wins.
//!
//! A code is never a count, a verdict never shares a code with a failure of ours, and only a run that did
//! what its profile asks for exits with 0. `sceptic explain exit` prints this table.

use std::fmt;

use crate::results::Gate;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Exit {
    /// The profile is satisfied: floor reached, nothing gates.
    Satisfied = 0,
    /// sceptic itself failed.
    Bug = 1,
    /// The command line makes no sense.
    Usage = 2,
    /// The set-up is wrong and nothing was judged.
    Config = 3,
    /// Too few cases ran to call it a run.
    TooLittle = 4,
    /// A data file is broken.
    Data = 5,
    /// A gating check failed.
    NotConformant = 10,
    /// Only warnings, and the user asked that they gate.
    Should = 11,
    /// Expectations and reality differ.
    Drift = 12,
    /// Something passed only on a repeat.
    Flaky = 13,
    /// Slower than a time budget allows.
    Slower = 14,
    /// The suite does not prove itself.
    Selftest = 15,
    /// The subject cannot be reached, or died.
    SubjectDown = 20,
    /// Something could not be decided.
    Inconclusive = 21,
    /// Stopped by a budget.
    Budget = 22,
    /// Stopped by the user.
    Interrupted = 130,
}

impl Exit {
    /// Every exit code, in the order of the numbers.
    pub const ALL: [Self; 16] = [
        Self::Satisfied,
        Self::Bug,
        Self::Usage,
        Self::Config,
        Self::TooLittle,
        Self::Data,
        Self::NotConformant,
        Self::Should,
        Self::Drift,
        Self::Flaky,
        Self::Slower,
        Self::Selftest,
        Self::SubjectDown,
        Self::Inconclusive,
        Self::Budget,
        Self::Interrupted,
    ];

    /// Which code wins when several apply: the first of this list.
    ///
    /// Diagnosis stands before verdict, since half a run is not evidence. `SubjectDown` is the exception:
    /// a subject that dies on one of our messages has failed the case that killed it, so the verdict
    /// comes first; a subject that never answered has no verdict, and 20 stands alone.
    pub const PRECEDENCE: [Self; 16] = [
        Self::Bug,
        Self::Usage,
        Self::Config,
        Self::Data,
        Self::Interrupted,
        Self::Budget,
        Self::Inconclusive,
        Self::Selftest,
        Self::NotConformant,
        Self::SubjectDown,
        Self::Drift,
        Self::Flaky,
        Self::Should,
        Self::Slower,
        Self::TooLittle,
        Self::Satisfied,
    ];

    /// The number handed to the operating system.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The exit with this number, if it is one of ours.
    #[must_use]
    pub fn of_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|exit| exit.code() == code)
    }

    /// The word that stands beside the number in reports and documents.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Satisfied => "ok",
            Self::Bug => "bug",
            Self::Usage => "usage",
            Self::Config => "config",
            Self::TooLittle => "too-little",
            Self::Data => "data",
            Self::NotConformant => "not-conformant",
            Self::Should => "should",
            Self::Drift => "drift",
            Self::Flaky => "flaky",
            Self::Slower => "slower",
            Self::Selftest => "selftest",
            Self::SubjectDown => "subject-down",
            Self::Inconclusive => "inconclusive",
            Self::Budget => "budget",
            Self::Interrupted => "interrupted",
        }
    }

    /// One sentence for `sceptic explain exit` and the documents.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Satisfied => "The profile is satisfied: enough cases ran and nothing gates.",
            Self::Bug => "An internal error of sceptic; never used for a verdict.",
            Self::Usage => "A bad flag, a malformed URL, or a filter or id that names nothing.",
            Self::Config => {
                "The set-up is wrong (path, challenge, no SCEP server there); nothing was judged."
            }
            Self::TooLittle => "Nothing was selected, or fewer cases ran than the profile's floor.",
            Self::Data => {
                "A case, bundle, fault, profile, peer or expectation file is broken, or a run's evidence."
            }
            Self::NotConformant => "At least one check that gates failed and no expectation lists it.",
            Self::Should => "Nothing failed but something warned, and `--strict` was given.",
            Self::Drift => "An entry of the expectations and the run say different things.",
            Self::Flaky => "A case passed only on a repeat, and the profile counts that as a failure.",
            Self::Slower => "A time budget or a benchmark found a regression.",
            Self::Selftest => "A law of the kill matrix is broken: some check is not proven to bite.",
            Self::SubjectDown => "The subject cannot be reached, or died; what was left is blocked.",
            Self::Inconclusive => "A failure of ours or an unclear outcome left something unjudged.",
            Self::Budget => "Stopped by a time or issuance budget before the end.",
            Self::Interrupted => "Stopped by Ctrl-C; reports are written and marked incomplete.",
        }
    }

    /// This exit as a line of `end.gate`, with its reason.
    #[must_use]
    pub fn gate(self, why: impl Into<String>) -> Gate {
        Gate { code: self.code(), why: why.into() }
    }

    fn rank(self) -> usize {
        Self::PRECEDENCE.iter().position(|exit| *exit == self).unwrap_or(0)
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.code(), self.name())
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// The exit that the process takes when all these gates apply; none means [`Exit::Satisfied`].
///
/// A number that is not ours can only be a mistake of ours, so it counts as [`Exit::Bug`].
#[must_use]
pub fn decide(gates: &[Gate]) -> Exit {
    gates.iter().map(exit_of).min_by_key(|exit| exit.rank()).unwrap_or(Exit::Satisfied)
}

/// Puts the gate that [`decide`] picks first, and the rest in order of precedence behind it.
pub fn rank(gates: &mut [Gate]) {
    gates.sort_by_key(|gate| exit_of(gate).rank());
}

fn exit_of(gate: &Gate) -> Exit {
    Exit::of_code(gate.code).unwrap_or(Exit::Bug)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn numbers_and_names_are_unique() {
        let codes: BTreeSet<u8> = Exit::ALL.iter().map(|exit| exit.code()).collect();
        let names: BTreeSet<&str> = Exit::ALL.iter().map(|exit| exit.name()).collect();
        let meanings: BTreeSet<&str> = Exit::ALL.iter().map(|exit| exit.meaning()).collect();
        assert_eq!((codes.len(), names.len(), meanings.len()), (16, 16, 16));
    }

    #[test]
    fn every_code_has_a_place_in_the_precedence() {
        let ranked: BTreeSet<u8> = Exit::PRECEDENCE.iter().map(|exit| exit.code()).collect();
        let all: BTreeSet<u8> = Exit::ALL.iter().map(|exit| exit.code()).collect();
        assert_eq!(ranked, all);
    }

    #[test]
    fn numbers_are_public_and_do_not_move() {
        let table: Vec<String> = Exit::ALL.iter().map(ToString::to_string).collect();
        assert_eq!(
            table.join(", "),
            "0 (ok), 1 (bug), 2 (usage), 3 (config), 4 (too-little), 5 (data), 10 (not-conformant), \
             11 (should), 12 (drift), 13 (flaky), 14 (slower), 15 (selftest), 20 (subject-down), \
             21 (inconclusive), 22 (budget), 130 (interrupted)"
        );
    }

    fn decided(exits: &[Exit]) -> Exit {
        let gates: Vec<Gate> = exits.iter().map(|exit| exit.gate("because")).collect();
        decide(&gates)
    }

    #[test]
    fn no_gate_is_success_and_nothing_else_is() {
        assert_eq!(decided(&[]), Exit::Satisfied);
        for exit in Exit::ALL.into_iter().filter(|exit| *exit != Exit::Satisfied) {
            assert_eq!(decided(&[exit]), exit);
            assert_eq!(decided(&[Exit::Satisfied, exit]), exit);
        }
    }

    #[test]
    fn a_run_that_was_not_finished_never_exits_with_a_verdict() {
        for diagnosis in [Exit::Bug, Exit::Config, Exit::Interrupted, Exit::Budget, Exit::Inconclusive] {
            assert_eq!(decided(&[Exit::NotConformant, Exit::Drift, diagnosis]), diagnosis);
        }
    }

    #[test]
    fn a_subject_that_dies_on_our_message_is_not_conformant_first() {
        assert_eq!(decided(&[Exit::SubjectDown, Exit::TooLittle, Exit::NotConformant]), Exit::NotConformant);
        assert_eq!(decided(&[Exit::TooLittle, Exit::SubjectDown]), Exit::SubjectDown);
    }

    #[test]
    fn ranking_puts_the_decided_gate_first() {
        let mut gates =
            vec![Exit::TooLittle.gate("few"), Exit::Drift.gate("drift"), Exit::Budget.gate("time")];
        rank(&mut gates);
        assert_eq!(gates.iter().map(|gate| gate.code).collect::<Vec<_>>(), [22, 12, 4]);
        assert_eq!(gates[0].code, decide(&gates).code());
    }

    #[test]
    fn a_number_that_is_not_ours_is_a_bug() {
        assert_eq!(decide(&[Gate { code: 99, why: "?".into() }]), Exit::Bug);
    }
}
