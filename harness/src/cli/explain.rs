//! `sceptic explain`: the documentation of words, from the same tables that the program runs on.

use super::{Failure, say};
use crate::data::Suite;
use crate::exit::Exit;
use crate::judge::facts;
use crate::step::VERBS;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// `exit`, `path`, `verb`, `ability`, `fault`, a requirement id, or a fact's path.
    #[arg(value_name = "WORD")]
    word: String,
}

pub(super) fn run(suite: &Suite, args: &Args) -> Result<u8, Failure> {
    match args.word.as_str() {
        "exit" => {
            for exit in Exit::ALL {
                say(format!("{:>3}  {:<15} {}", exit.code(), exit.name(), exit.meaning()));
            }
        }
        "path" => {
            for (path, row) in facts::paths() {
                say(format!("{path:<36} {:<7} {}", format!("{:?}", row.kind).to_lowercase(), row.doc));
            }
        }
        "verb" => {
            for row in VERBS {
                say(format!(
                    "{:<18} {}\n{:18} takes {}",
                    row.verb.name,
                    row.doc,
                    "",
                    row.verb.parameters.join(", ")
                ));
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
    Err(Failure::new(Exit::Usage, format!("explain `{word}`: it is no word of ours"))
        .hint("try exit, path, verb, ability, fault, a requirement id or a fact's path"))
}
