//! `sceptic judge RUN`: every verdict of a run once more, from its evidence alone.

use std::path::PathBuf;

use super::perform::write_results;
use super::{Failure, say};
use crate::data::Suite;
use crate::exit::Exit;
use crate::judge;
use crate::report::RunFolder;
use crate::results::{CheckLine, Line};
use crate::runner::evidence;
use crate::verdict::CaseResult;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Run folder.
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// Write the new results into this folder, as results.jsonl.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(super) fn run(suite: Suite, args: &Args) -> Result<u8, Failure> {
    let folder = RunFolder::open(&args.run)
        .map_err(|e| Failure::new(Exit::Usage, format!("open the run {}: {e}", args.run.display())))?;
    let mut lines = Vec::new();
    let (mut checks, mut differ) = (0, Vec::new());
    for line in folder.lines() {
        match line {
            Line::Check(_) => {}
            Line::Case(case) => {
                let Some(place) = &case.evidence else {
                    lines.push(line.clone());
                    continue;
                };
                let transcript = evidence::read(&args.run.join(place))?;
                let Some(definition) = suite.case(&case.case) else {
                    return Err(Failure::new(Exit::Data, format!("judge {}: the case is gone", case.id)));
                };
                let level_of = |id: &str| suite.register.requirement(id).map(|row| row.level);
                let again = judge::judge(definition, &transcript, &level_of, place);
                for check in &again {
                    checks += 1;
                    if let Some(word) = difference(&folder, check) {
                        differ.push(word);
                    }
                }
                let mut case = case.clone();
                if !matches!(case.result, CaseResult::Blocked | CaseResult::Error) {
                    (case.result, case.because) = judge::verdict_of(&again);
                }
                lines.extend(again.into_iter().map(|check| Line::Check(Box::new(check))));
                lines.push(Line::Case(case));
            }
            other => lines.push(other.clone()),
        }
    }
    if let Some(out) = &args.out {
        std::fs::create_dir_all(out)?;
        write_results(out, &lines)?;
    }
    for word in &differ {
        say(word);
    }
    say(format!("{checks} checks judged again from {}, {} differ", args.run.display(), differ.len()));
    Ok(if differ.is_empty() { folder.end().exit } else { Exit::Drift.code() })
}

/// How a check differs from the recorded one.
fn difference(folder: &RunFolder, again: &CheckLine) -> Option<String> {
    let recorded = folder.lines().iter().find_map(|line| match line {
        Line::Check(check) if check.case == again.case && check.id == again.id && check.on == again.on => {
            Some(check)
        }
        _ => None,
    });
    let Some(recorded) = recorded else {
        return Some(format!("{} {}: not in the run", again.case, again.id));
    };
    if (recorded.result, &recorded.reason) == (again.result, &again.reason) {
        return None;
    }
    Some(format!(
        "{} {} on {}: was {} ({}), is {} ({})",
        again.case,
        again.id,
        again.on,
        recorded.result.word(),
        recorded.reason.as_deref().unwrap_or("-"),
        again.result.word(),
        again.reason.as_deref().unwrap_or("-")
    ))
}
