//! The words of a verdict: results of checks and cases, levels, overlays.
//!
//! They are plain values: the judge makes them, expectations overlay them, reporters print them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Result of one check over one transcript.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckResult {
    /// The expectation holds.
    Pass,
    /// One of several lawful behaviours: recorded, never gates.
    Variance,
    /// A tolerated form of a MUST, or a missed SHOULD.
    Warn,
    /// The requirement is not met.
    Fail,
    /// Could not be decided: a parent of the fact is missing, or the check's `when` is false.
    Unjudged,
}

/// Result of one case (one instance of it, where it has axes).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CaseResult {
    /// Every judged check passed (variance included).
    Pass,
    /// Nothing failed, something warned.
    Warn,
    /// At least one check failed.
    Fail,
    /// The subject declares, or was probed, not to have an ability that the case needs.
    Unsupported,
    /// The control case did not succeed, so this case would prove nothing.
    Blocked,
    /// Something stayed unjudged while everything else passed.
    Inconclusive,
    /// The harness itself failed. Never looks like a pass.
    Error,
}

/// What expectations and the clock add to a case's result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Overlay {
    /// Every failed check is listed in the expectations, with the same reason.
    ExpectedFail,
    /// A listed check did not fail.
    UnexpectedPass,
    /// Took more than half of its time limit.
    Slow,
    /// Passed only on a repeat.
    Flaky,
}

/// Level of a requirement. It comes from the register only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    /// An RFC 2119 MUST or MUST NOT: a miss is a failure.
    Must,
    /// Binding lower-case text, table, figure or ABNF: a miss is a failure.
    Format,
    /// An RFC 2119 SHOULD: a miss is a warning.
    Should,
    /// A permission: recorded as variance, never a failure.
    May,
}

impl Level {
    /// What a check of this level yields when its expectation and all its alternatives miss.
    #[must_use]
    pub fn miss(self) -> CheckResult {
        match self {
            Self::Must | Self::Format => CheckResult::Fail,
            Self::Should => CheckResult::Warn,
            Self::May => CheckResult::Variance,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Must => "MUST",
            Self::Format => "FORMAT",
            Self::Should => "SHOULD",
            Self::May => "MAY",
        })
    }
}

impl CheckResult {
    /// The word used in results, reports and expectations.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Variance => "variance",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::Unjudged => "unjudged",
        }
    }
}

impl CaseResult {
    /// The word used in results, reports and filters.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::Unsupported => "unsupported",
            Self::Blocked => "blocked",
            Self::Inconclusive => "inconclusive",
            Self::Error => "error",
        }
    }
}
