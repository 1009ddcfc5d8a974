//! `sceptic judge RUN`: every verdict of a run once more, from its evidence alone.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::perform::write_results;
use super::{Failure, options, say, with_causes};
use crate::data::Suite;
use crate::exit::Exit;
use crate::expect::{self, Expectations, Requirement, Strict};
use crate::judge;
use crate::report::{ReadError, RunFolder};
use crate::results::{CheckLine, Line};
use crate::runner::{self, evidence};
use crate::verdict::CaseResult;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Run folder.
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// Write the new verdicts into this folder, as results.jsonl; without --expect, sums and exit code stay
    /// those of the run.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Conclude the run with these expectations instead of its own.
    #[arg(long, value_name = "FILE")]
    expect: Option<PathBuf>,
    /// With --expect: warnings gate too.
    #[arg(long, requires = "expect")]
    strict: bool,
}

pub(super) fn run(suite: Suite, args: &Args) -> Result<u8, Failure> {
    let folder = open(&args.run)?;
    let version = folder.run().subject_version.as_deref();
    // Read before anything is judged: a broken file is told at once.
    let expectations = match &args.expect {
        Some(path) => Some(options::expectations(&suite, Some(path), options::now(), version)?),
        None => None,
    };
    let mut recorded = recorded(&folder);
    let mut lines = Vec::new();
    let (mut checks, mut differ) = (0, Vec::new());
    for line in folder.lines() {
        match line {
            // They come again with their case.
            Line::Check(_) => {}
            Line::Case(case) => {
                let Some(place) = &case.evidence else {
                    lines.push(line.clone());
                    continue;
                };
                let transcript = evidence::read(&args.run.join(place)).map_err(broken_evidence)?;
                let Some(definition) = suite.case(&case.case) else {
                    return Err(Failure::new(Exit::Data, format!("judge {}: the case is gone", case.id)));
                };
                let level_of = |id: &str| suite.register.requirement(id).map(|row| row.level);
                let mut again = judge::judge(definition, &transcript, &level_of, place);
                for check in &mut again {
                    checks += 1;
                    let before = recorded.remove(&key(check));
                    differ.extend(difference(before, check));
                    // An entry of the expectations covers a result and a reason: while they stay, so does it.
                    if let Some(before) = before.filter(|before| is_same(before, check)) {
                        check.expected_by_file = before.expected_by_file;
                        if expectations.is_none() {
                            check.note.clone_from(&before.note);
                        }
                    }
                }
                let mut case = case.clone();
                if !matches!(case.result, CaseResult::Blocked | CaseResult::Error) {
                    (case.result, case.because) = judge::verdict_of(&again);
                }
                lines.extend(again.into_iter().map(|check| Line::Check(Box::new(check))));
                lines.push(Line::Case(case));
            }
            Line::Run(_) | Line::Plan(_) | Line::Requirement(_) | Line::Drift(_) | Line::End(_) => {
                lines.push(line.clone());
            }
        }
    }
    differ.extend(
        recorded.values().map(|gone| format!("{} {} on {}: is judged no more", gone.case, gone.id, gone.on)),
    );
    let mut exit = folder.end().exit;
    if let Some(expectations) = &expectations {
        exit = conclude(&suite, expectations, args, &mut lines);
    }
    if let Some(out) = &args.out {
        std::fs::create_dir_all(out)?;
        write_results(out, &lines)?;
    }
    for word in &differ {
        say(word);
    }
    say(format!("{checks} checks judged again from {}, {} differ", args.run.display(), differ.len()));
    Ok(if differ.is_empty() { exit } else { Exit::Drift.code() })
}

/// Gives the run the drift, sums and end of other expectations, says what gates, and gives the exit code.
fn conclude(suite: &Suite, expectations: &Expectations, args: &Args, lines: &mut Vec<Line>) -> u8 {
    if let Some(Line::Run(run)) = lines.first_mut() {
        run.expectations = args.expect.as_ref().map(|path| path.display().to_string());
    }
    let strict = if args.strict { Strict::Should } else { Strict::Must };
    let conclusion = expect::conclude_again(lines, expectations, strict, &Requirement::of(suite));
    conclusion.notes.iter().for_each(say);
    for line in &*lines {
        match line {
            Line::Drift(drift) => say(format!("drift: {} {}: {}", drift.case, drift.check, drift.message)),
            Line::End(end) => end.gate.iter().for_each(|gate| say(format!("{}: {}", gate.code, gate.why))),
            _ => {}
        }
    }
    conclusion.exit.code()
}

fn open(run: &Path) -> Result<RunFolder, Failure> {
    RunFolder::open(run).map_err(|error| {
        let exit = match &error {
            ReadError::Io { .. } => Exit::Usage,
            ReadError::Line { .. }
            | ReadError::Start { .. }
            | ReadError::AfterEnd { .. }
            | ReadError::Truncated { .. } => Exit::Data,
        };
        Failure::new(exit, format!("open the run {}: {}", run.display(), with_causes(&error)))
    })
}

/// Evidence that is not there, or not what was written, is broken data: no fault of ours, and no verdict.
pub(super) fn broken_evidence(error: runner::Error) -> Failure {
    Failure::new(Exit::Data, format!("read the evidence: {error}"))
}

/// Instance, id and step: what tells a check from all others of a run.
type Key = (String, String, String);

fn key(check: &CheckLine) -> Key {
    (check.case.clone(), check.id.clone(), check.on.clone())
}

fn recorded(folder: &RunFolder) -> BTreeMap<Key, &CheckLine> {
    let lines = folder.lines().iter();
    lines
        .filter_map(|line| if let Line::Check(check) = line { Some((key(check), &**check)) } else { None })
        .collect()
}

fn is_same(before: &CheckLine, again: &CheckLine) -> bool {
    (before.result, &before.reason) == (again.result, &again.reason)
}

/// How a check differs from the recorded one, if it does.
fn difference(before: Option<&CheckLine>, again: &CheckLine) -> Option<String> {
    let Some(before) = before else {
        return Some(format!("{} {} on {}: was not judged", again.case, again.id, again.on));
    };
    if is_same(before, again) {
        return None;
    }
    Some(format!(
        "{} {} on {}: was {} ({}), is {} ({})",
        again.case,
        again.id,
        again.on,
        before.result.word(),
        before.reason.as_deref().unwrap_or("-"),
        again.result.word(),
        again.reason.as_deref().unwrap_or("-")
    ))
}
