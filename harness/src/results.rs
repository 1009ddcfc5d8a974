//! `results.jsonl`: one object a line, `run`, `plan`, then `check`s and their `case`, `requirement`s,
//! `drift`s, and `end`. Everything a reporter shows is in these lines and in the evidence they point to.
//!
//! A file without an `end` line is truncated, and every reader refuses it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::verdict::{CaseResult, CheckResult, Level, Overlay};

/// Schema name written in the first line.
pub const SCHEMA: &str = "sceptic/results/1";

/// One line of `results.jsonl`, and at the same time the event that the runner hands to reporters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Line {
    /// First line: what was run against what.
    Run(RunLine),
    /// Second line: what was selected.
    Plan(PlanLine),
    /// One check of one case instance. All checks of an instance precede its `case` line.
    Check(Box<CheckLine>),
    /// One case instance.
    Case(CaseLine),
    /// One requirement of the register that a check of this run is tied to.
    Requirement(RequirementLine),
    /// One difference between expectations and reality.
    Drift(DriftLine),
    /// Last line.
    End(EndLine),
}

/// What was run against what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunLine {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// Run id, also the name of the run folder.
    pub id: String,
    /// Start, RFC 3339, UTC.
    pub started: String,
    /// Version of sceptic.
    pub suite: String,
    /// Seed of all randomness of the run, hex.
    pub seed: String,
    /// Name of the subject (`reference`, a peer's name, or the URL's host and port).
    pub subject: String,
    /// `server`, `client`, or `pair` when both suites ran (`try`).
    pub role: String,
    /// URL, or the peer file, or `embedded`.
    pub target: String,
    /// Version of the subject, when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject_version: Option<String>,
    /// Profile name.
    pub profile: String,
    /// Expectations file, when one was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expectations: Option<String>,
    /// Legacy algorithms that were allowed for this run, and why, in words for the report.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// What was selected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanLine {
    /// Case instances that will be judged.
    pub cases: usize,
    /// Of these, unsupported ones.
    pub unsupported: usize,
    /// Fewest executed cases that make a run.
    pub floor: usize,
}

/// Where in the evidence a check looked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct At {
    /// The fact's reference as the case names it, e.g. `reply.recipientNonce`.
    pub path: String,
    /// File, relative to the run folder.
    pub file: String,
    /// First byte, and the byte after the last, in that file.
    pub bytes: [usize; 2],
}

/// One check of one case instance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckLine {
    /// Instance id: `srv.enrol.granted[via=get]`, or the case id when it has no axes set.
    pub case: String,
    /// Check id, `bundle/id` when it comes from a bundle.
    pub id: String,
    /// Step that the check looks at.
    pub on: String,
    /// Result.
    pub result: CheckResult,
    /// Requirement ids.
    pub req: Vec<String>,
    /// Strictest level among `req`.
    pub level: Level,
    /// `else`, or the `as` of the alternative that held; why it is unjudged. None when it passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What was expected, in words and values; alternatives on lines of their own.
    pub expected: String,
    /// What was found.
    pub actual: String,
    /// Note of the alternative that held, or why the expectations list the result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Where in the evidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<At>,
    /// True when an expectation covers this result.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub expected_by_file: bool,
}

/// One case instance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CaseLine {
    /// Instance id.
    pub id: String,
    /// Case id.
    pub case: String,
    /// Title from the case file.
    pub title: String,
    /// `server` or `client`.
    pub role: String,
    /// Result.
    pub result: CaseResult,
    /// Overlays.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overlay: Vec<Overlay>,
    /// Why it is unsupported, blocked, inconclusive or an error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// The one change from the base case, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<String>,
    /// Milliseconds.
    pub ms: u64,
    /// Evidence folder, relative to the run folder. None when nothing was exchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    /// Command that runs this instance alone.
    pub again: String,
}

/// One requirement that checks of this run are tied to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RequirementLine {
    /// Requirement id.
    pub id: String,
    /// Level.
    pub level: Level,
    /// Section of RFC 8894, or `suite` for a requirement of our own.
    pub section: String,
    /// The statement, in our words.
    pub statement: String,
    /// Worst result of its checks (unjudged only when all are).
    pub result: CheckResult,
    /// Checks tied to it.
    pub checks: usize,
    /// Of these, failed ones.
    pub failed: usize,
}

/// One difference between expectations and reality.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriftLine {
    /// Kind of drift.
    pub kind: DriftKind,
    /// Case the entry names.
    pub case: String,
    /// Check the entry names.
    pub check: String,
    /// What differs and what to do.
    pub message: String,
}

/// Kinds of drift between expectations and reality.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DriftKind {
    /// A listed check did not fail.
    UnexpectedPass,
    /// It failed with another reason.
    OtherReason,
    /// The entry names a case or check that does not exist.
    Unknown,
    /// The entry's date has passed, or the subject has another version than the pinned one.
    Expired,
    /// The entry covers more cases than it says.
    TooWide,
}

/// Last line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EndLine {
    /// Case results by word, plus `expected-fail` and `unexpected-pass`.
    pub cases: BTreeMap<String, usize>,
    /// Check results by word.
    pub checks: BTreeMap<String, usize>,
    /// Every exit code that applies, first the one that the process exits with, each with its reason.
    pub gate: Vec<Gate>,
    /// Exit code.
    pub exit: u8,
    /// Milliseconds of the whole run.
    pub ms: u64,
}

/// One exit code that applies, with its reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// Exit code.
    pub code: u8,
    /// Reason in words.
    pub why: String,
}
