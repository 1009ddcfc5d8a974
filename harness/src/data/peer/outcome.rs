//! What the end of a client's run means, by the peer file's map. A pure function of exit code, files and text.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

use crate::data::operator::Pattern;

/// How a run of a client ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It holds a certificate now.
    Installed,
    /// It refused the answer, or reports that it was refused.
    Rejected,
    /// It reports that the request is pending.
    Pending,
    /// It reports that the server cannot be reached.
    Network,
    /// Nothing in the map fits. Never a pass.
    Unclear,
}

/// Which ends mean which outcome, in file order; the first that fits wins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcomes(pub Vec<(Outcome, Rule)>);

/// Ends of a run that mean one outcome. Everything that is given must hold.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// One of these exit codes.
    pub exit: Option<Vec<i32>>,
    /// This output is there.
    pub file: Option<String>,
    /// This output is not there.
    pub no_file: Option<String>,
    /// Standard output or error has this.
    pub says: Option<Pattern>,
}

/// How a run of a client ended, as seen from outside.
#[derive(Debug, Clone, Copy)]
pub struct Ran<'a> {
    /// Exit code; `None` when a signal ended it.
    pub exit: Option<i32>,
    /// Roles of the outputs that are there.
    pub files: &'a [&'a str],
    /// Standard output.
    pub stdout: &'a str,
    /// Standard error.
    pub stderr: &'a str,
}

impl Outcome {
    /// The word of peer files and of the fact `run.outcome`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Installed => "installed",
            Self::Rejected => "rejected",
            Self::Pending => "pending",
            Self::Network => "network",
            Self::Unclear => "unclear",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        [Self::Installed, Self::Rejected, Self::Pending, Self::Network]
            .into_iter()
            .find(|one| one.word() == word)
    }
}

impl Outcomes {
    /// The outcome of a run.
    #[must_use]
    pub fn of(&self, ran: &Ran<'_>) -> Outcome {
        self.0.iter().find(|(_, rule)| rule.fits(ran)).map_or(Outcome::Unclear, |(outcome, _)| *outcome)
    }
}

impl Rule {
    fn fits(&self, ran: &Ran<'_>) -> bool {
        let there = |file: &String| ran.files.contains(&file.as_str());
        self.exit.as_ref().is_none_or(|codes| ran.exit.is_some_and(|exit| codes.contains(&exit)))
            && self.file.as_ref().is_none_or(there)
            && !self.no_file.as_ref().is_some_and(there)
            && self.says.as_ref().is_none_or(|says| says.is_match(ran.stdout) || says.is_match(ran.stderr))
    }
}

impl<'de> Deserialize<'de> for Outcomes {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Outcomes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table of installed, rejected, pending, network")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Outcomes, A::Error> {
                let mut rules = Vec::new();
                while let Some(word) = map.next_key::<String>()? {
                    let Some(outcome) = Outcome::from_word(&word) else {
                        let known = "installed, rejected, pending or network";
                        return Err(A::Error::custom(format!("outcome `{word}` is not one of {known}")));
                    };
                    let rule: Rule = map.next_value()?;
                    if rule.exit.is_none()
                        && rule.file.is_none()
                        && rule.no_file.is_none()
                        && rule.says.is_none()
                    {
                        return Err(A::Error::custom("an outcome needs `exit`, `file`, `no_file` or `says`"));
                    }
                    rules.push((outcome, rule));
                }
                match rules.iter().any(|(outcome, _)| *outcome == Outcome::Rejected) {
                    true => Ok(Outcomes(rules)),
                    false => {
                        Err(A::Error::custom("no outcome `rejected`: no refusal could be told from a mishap"))
                    }
                }
            }
        }
        from.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rule_that_fits_wins() {
        let outcomes: Outcomes = toml::from_str(
            "installed = { exit = [0], file = \"certificate\" }\nnetwork = { exit = [1], says = \"refused connection\" }\nrejected = { exit = [1, 2], no_file = \"certificate\" }",
        )
        .unwrap();
        let of = |exit, files: &[&str], stderr| outcomes.of(&Ran { exit, files, stdout: "", stderr });
        for (exit, files, stderr, outcome) in [
            (Some(0), &["certificate"][..], "", Outcome::Installed),
            (Some(0), &[][..], "", Outcome::Unclear),
            (Some(1), &[][..], "refused connection", Outcome::Network),
            (Some(1), &[][..], "bad nonce", Outcome::Rejected),
            (Some(1), &["certificate"][..], "bad nonce", Outcome::Unclear),
            (None, &[][..], "", Outcome::Unclear),
        ] {
            assert_eq!(of(exit, files, stderr), outcome, "{exit:?} {files:?} {stderr}");
        }
    }

    #[test]
    fn a_map_without_rejected_is_refused() {
        let error = toml::from_str::<Outcomes>("installed = { exit = [0] }").unwrap_err();
        assert!(error.to_string().contains("no outcome `rejected`"), "{error}");
    }
}
