//! The verdict of a run in one line, for the first screen of a report.

use crate::exit::Exit;
use crate::results::EndLine;

/// How a run went, at a glance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Nothing to do.
    Good,
    /// Nothing new, but not all is well.
    Known,
    /// The subject is at fault.
    Bad,
    /// There is no verdict.
    Unclear,
}

/// The verdict of a run in a few words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Headline {
    /// How a run went, at a glance.
    pub tone: Tone,
    /// The verdict.
    pub text: &'static str,
    /// What it stands on.
    pub detail: String,
}

impl Headline {
    /// Draws the verdict from the end of a run.
    #[must_use]
    pub fn of(end: &EndLine) -> Self {
        let known = end.cases.get("expected-fail").copied().unwrap_or(0);
        let exit = Exit::of_code(end.exit).unwrap_or(Exit::Bug);
        let (tone, text) = match exit {
            Exit::Satisfied if known > 0 => (Tone::Known, "As expected"),
            Exit::Satisfied => (Tone::Good, "Conformant"),
            Exit::NotConformant => (Tone::Bad, "Not conformant"),
            Exit::Should => (Tone::Bad, "Warnings"),
            Exit::Drift => (Tone::Bad, "Expectations differ"),
            Exit::Flaky => (Tone::Bad, "Flaky"),
            Exit::Slower => (Tone::Bad, "Too slow"),
            Exit::SubjectDown => (Tone::Unclear, "Subject down"),
            Exit::Inconclusive => (Tone::Unclear, "Inconclusive"),
            Exit::Budget => (Tone::Unclear, "Out of budget"),
            Exit::Interrupted => (Tone::Unclear, "Interrupted"),
            Exit::TooLittle => (Tone::Unclear, "Too little was run"),
            Exit::Bug | Exit::Usage | Exit::Config | Exit::Data | Exit::Selftest => {
                (Tone::Unclear, "No verdict")
            }
        };
        let detail = match end.gate.first() {
            Some(gate) => gate.why.clone(),
            None if known == 1 => "1 known deviation, nothing new".into(),
            None if known > 0 => format!("{known} known deviations, nothing new"),
            None => "nothing that gates failed".into(),
        };
        Self { tone, text, detail }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headline(exit: Exit, known: usize) -> Headline {
        let gate = if exit == Exit::Satisfied { vec![] } else { vec![exit.gate("why")] };
        let cases = [("expected-fail".to_owned(), known)].into();
        Headline::of(&EndLine { cases, checks: [].into(), gate, exit: exit.code(), ms: 1 })
    }

    #[test]
    fn only_a_run_without_any_failure_is_called_conformant() {
        assert_eq!(headline(Exit::Satisfied, 0).text, "Conformant");
        let known = headline(Exit::Satisfied, 2);
        assert_eq!((known.tone, known.text), (Tone::Known, "As expected"));
        assert_eq!(known.detail, "2 known deviations, nothing new");
        for exit in Exit::ALL.into_iter().filter(|exit| *exit != Exit::Satisfied) {
            let headline = headline(exit, 0);
            assert!(headline.tone == Tone::Bad || headline.tone == Tone::Unclear, "{exit}");
            assert_ne!(headline.text, "Conformant");
        }
    }
}
