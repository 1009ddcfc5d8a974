//! References to facts, `[STEP:]PATH`: which exchange or client run, and what in it.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

/// What a check looks at: a path, and the step when it is not the check's own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Reference {
    /// The step before the colon; `None` means the check's `on`.
    pub step: Option<StepRef>,
    /// A path of the closed table of facts, such as `reply.pkiStatus`.
    pub path: String,
}

/// Whose exchange: `enrol`, `poll*` (each of a repeat) or `saw.PKCSReq` (what our server received).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct StepRef {
    /// By step id, or by what our server saw.
    pub of: StepName,
    /// `*`: each exchange of a repeat. Without it the last one.
    pub each: bool,
}

/// How a step is named.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StepName {
    /// A step id of the case, or an implicit one (`ca`, `alive`, `again`).
    Step(String),
    /// `saw.TYPE`: messages of that type or operation from the client under test.
    Saw(String),
}

impl Reference {
    /// The step this looks at, for a check that is on `on`.
    #[must_use]
    pub fn step_or<'a>(&'a self, on: &'a StepRef) -> &'a StepRef {
        self.step.as_ref().unwrap_or(on)
    }
}

impl StepRef {
    /// The last exchange of the step `id`.
    #[must_use]
    pub fn step(id: impl Into<String>) -> Self {
        Self { of: StepName::Step(id.into()), each: false }
    }
}

impl FromStr for Reference {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (step, path) = match text.split_once(':') {
            Some((step, path)) => (Some(step.parse()?), path),
            None => (None, text),
        };
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-' || c == '_';
        if path.is_empty() || !path.chars().all(is_word) {
            return Err(format!("reference is `{text}`, expected `PATH` or `STEP:PATH`"));
        }
        Ok(Self { step, path: path.to_owned() })
    }
}

impl FromStr for StepRef {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, each) = match text.strip_suffix('*') {
            Some(name) => (name, true),
            None => (text, false),
        };
        let (name, of): (&str, fn(String) -> StepName) = match name.strip_prefix("saw.") {
            Some(message) => (message, StepName::Saw),
            None => (name, StepName::Step),
        };
        if !is_step_id(name) {
            return Err(format!("step is `{text}`, expected a step id, `STEP*` or `saw.TYPE`"));
        }
        Ok(Self { of: of(name.to_owned()), each })
    }
}

/// True for words that may be a step id: letters, digits and dashes.
pub(crate) fn is_step_id(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

impl TryFrom<String> for Reference {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl TryFrom<String> for StepRef {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.step {
            Some(step) => write!(f, "{step}:{}", self.path),
            None => f.write_str(&self.path),
        }
    }
}

impl fmt::Display for StepRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let each = if self.each { "*" } else { "" };
        match &self.of {
            StepName::Step(id) => write!(f, "{id}{each}"),
            StepName::Saw(message) => write!(f, "saw.{message}{each}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_print_as_they_were_written() {
        for text in [
            "reply.pkiStatus",
            "alive:http.status",
            "poll*:reply.pkiStatus",
            "saw.PKCSReq:request.messageType",
        ] {
            let reference: Reference = text.parse().unwrap();
            assert_eq!(reference.to_string(), text);
        }
    }

    #[test]
    fn the_step_defaults_to_on() {
        let on = StepRef::step("enrol");
        let plain: Reference = "http.status".parse().unwrap();
        let other: Reference = "alive:http.status".parse().unwrap();
        assert_eq!(plain.step_or(&on), &on);
        assert_eq!(other.step_or(&on), &StepRef::step("alive"));
    }

    #[test]
    fn other_shapes_are_refused() {
        for text in ["", ":x", "enrol:", "a b", "enrol:a:b", "saw.:x", "*:x"] {
            assert!(text.parse::<Reference>().is_err(), "{text}");
        }
    }
}
