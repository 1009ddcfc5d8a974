//! `sceptic explain`: the documentation of words, from the same tables that the program runs on.

use super::{Failure, say};
use crate::data::{Case, Change, Departure, Mutant, Suite, did_you_mean};
use crate::exit::Exit;
use crate::judge::facts;
use crate::step::{VERBS, VerbRow, verb};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// `exit`, `path`, `verb`, `ability` or `fault` for the whole table; or one word of it, or a requirement id.
    #[arg(value_name = "WORD")]
    word: String,
}

pub(super) fn run(suite: &Suite, args: &Args) -> Result<u8, Failure> {
    match args.word.as_str() {
        "exit" => {
            for exit in Exit::ALL {
                say(exit_row(exit));
            }
        }
        "path" => {
            for (path, row) in facts::paths() {
                say(format!("{path:<36} {:<7} {}", format!("{:?}", row.kind).to_lowercase(), row.doc));
            }
        }
        "verb" => {
            for row in VERBS {
                say(verb_row(row));
            }
        }
        "ability" => {
            for ability in suite.abilities.values() {
                say(format!("{:<26} {}", ability.id, ability.title));
            }
        }
        "fault" => {
            for fault in scep::fault::catalogue().map_err(Failure::internal)? {
                say(format!("{:<40} {}", fault.id, fault.title));
            }
        }
        word => return one(suite, word),
    }
    Ok(Exit::Satisfied.code())
}

fn exit_row(exit: Exit) -> String {
    format!("{:>3}  {:<15} {}", exit.code(), exit.name(), exit.meaning())
}

fn verb_row(row: &VerbRow) -> String {
    format!("{:<18} {}\n{:18} takes {}", row.verb.name, row.doc, "", row.verb.parameters.join(", "))
}

/// Cases and mutants that commit a fault.
fn users(suite: &Suite, fault: &str) -> Vec<String> {
    let in_case = |case: &Case| match &case.change {
        Some(Change::Fault { fault: used, .. }) => used == fault,
        Some(Change::Serve(served)) => served.fault == fault,
        Some(Change::Set { .. } | Change::Unset { .. }) | None => false,
    };
    let in_mutant =
        |mutant: &Mutant| matches!(&mutant.departure, Departure::Fault { fault: used, .. } if used == fault);
    let cases = suite.cases.values().filter(|case| in_case(case)).map(|case| format!("case {}", case.id));
    let mutants = suite
        .mutants
        .values()
        .filter(|mutant| in_mutant(mutant))
        .map(|mutant| format!("mutant {}", mutant.id));
    cases.chain(mutants).collect()
}

fn one(suite: &Suite, word: &str) -> Result<u8, Failure> {
    if let Some(row) = suite.register.requirement(word) {
        say(format!("{}  {}  section {}\n{}", row.id, row.level, row.section, row.statement));
        say(format!("tested so: {}", row.how.as_deref().or(row.why_not.as_deref()).unwrap_or("not at all")));
        if let Some(note) = &row.note {
            say(format!("our reading: {note}"));
        }
        return Ok(Exit::Satisfied.code());
    }
    if let Some(row) = facts::row(word) {
        say(format!("{word} ({:?}): {}\nneeds {}", row.kind, row.doc, row.parent));
        return Ok(Exit::Satisfied.code());
    }
    if let Some(exit) =
        Exit::ALL.into_iter().find(|exit| exit.name() == word || exit.code().to_string() == word)
    {
        say(exit_row(exit).trim_start());
        return Ok(Exit::Satisfied.code());
    }
    if let Some(row) = verb(word) {
        say(verb_row(row));
        return Ok(Exit::Satisfied.code());
    }
    if let Some(ability) = suite.abilities.get(word) {
        say(format!("{}  {}", ability.id, ability.title));
        return Ok(Exit::Satisfied.code());
    }
    if let Ok(fault) = scep::fault::find(word) {
        say(format!("{}  {}\nviolates {}", fault.id, fault.title, fault.breaks.join(", ")));
        for user in users(suite, word) {
            say(format!("used by {user}"));
        }
        return Ok(Exit::Satisfied.code());
    }
    let paths: Vec<String> = facts::paths().map(|(path, _)| path).collect();
    let known = paths.iter().chain(suite.register.rows.keys()).chain(suite.abilities.keys());
    let near = did_you_mean(word, known.map(String::as_str));
    Err(Failure::new(Exit::Usage, format!("explain `{word}`: it is no word of ours{near}"))
        .hint("try exit, path, verb, ability, fault, or one word of these tables, or a requirement id"))
}
