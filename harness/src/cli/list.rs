//! `sceptic list`.

use super::{Failure, options, say};
use crate::data::Suite;
use crate::exit::Exit;
use crate::plan::{self, Pool};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Case ids, areas, `tier:core`, `req:8894-…`, patterns with `*`, `not:WORD` to leave out.
    #[arg(value_name = "FILTER")]
    filter: Vec<String>,
}

pub(super) fn run(suite: &Suite, args: &Args) -> Result<u8, Failure> {
    let instances = options::select(suite, Pool::All, &args.filter)?;
    for line in plan::lines(suite, &instances) {
        say(line);
    }
    Ok(Exit::Satisfied.code())
}
