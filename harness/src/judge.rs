//! The judge: transcript in, results of checks out. Pure: no socket, no process, no clock.
//!
//! `decoded` reads the recorded octets with the protocol core, `facts` is the closed table of what a check
//! can name in them, `claim` decides one check, `verdict_of` the case.

mod claim;
mod decoded;
mod describe;
pub mod facts;
mod view;

use crate::data::case::Case;
use crate::results::{At, CheckLine};
use crate::transcript::Transcript;
use crate::verdict::{CaseResult, CheckResult, Level};

use claim::Judged;
use view::World;

/// Judges every check of a case over its transcript, in the order of the case file. `level_of` says the
/// level of a requirement; `evidence` is the folder that [`At::file`] starts with.
#[must_use]
pub fn judge(
    case: &Case,
    transcript: &Transcript,
    level_of: &dyn Fn(&str) -> Option<Level>,
    evidence: &str,
) -> Vec<CheckLine> {
    let world = World::new(transcript);
    case.checks
        .iter()
        .map(|check| {
            // The strictest level of its requirements; lint refuses a requirement that is not there.
            let level = check.claim.req.iter().filter_map(|id| level_of(id)).min().unwrap_or(Level::Must);
            let Judged { result, reason, expected, actual, note, at } = claim::judge(check, level, &world);
            CheckLine {
                case: transcript.instance.clone(),
                id: check.id.clone(),
                on: check.on.to_string(),
                result,
                req: check.claim.req.clone(),
                level,
                reason,
                expected,
                actual,
                note,
                at: at.map(|(file, bytes)| At {
                    path: check.claim.path.to_string(),
                    file: format!("{evidence}/{file}"),
                    bytes,
                }),
                expected_by_file: false,
            }
        })
        .collect()
}

/// The result of a case by those of its checks, and why when it is inconclusive. A check that is unjudged
/// because its `when` is false says nothing against the case.
#[must_use]
pub fn verdict_of(checks: &[CheckLine]) -> (CaseResult, Option<String>) {
    let any = |result: CheckResult| checks.iter().any(|check| check.result == result);
    if any(CheckResult::Fail) {
        return (CaseResult::Fail, None);
    }
    let open = checks.iter().find(|check| {
        check.result == CheckResult::Unjudged && !check.reason.as_deref().is_some_and(describe::is_not_asked)
    });
    if let Some(open) = open {
        let why = open.reason.clone().unwrap_or_default();
        return (CaseResult::Inconclusive, Some(format!("check {} is unjudged: {why}", open.id)));
    }
    if any(CheckResult::Warn) {
        return (CaseResult::Warn, None);
    }
    (CaseResult::Pass, None)
}

#[cfg(test)]
mod fixtures;

#[cfg(test)]
mod tests;
