//! `mock-client laxities`: the table, one line each, tab-separated.

use super::{CommandError, Io};
use crate::exit::Exit;
use crate::laxity::LAXITIES;

pub(super) fn run(io: &mut Io<'_>) -> Result<Exit, CommandError> {
    for laxity in LAXITIES {
        let _ = writeln!(io.stdout, "{}\t{}\t{}", laxity.id, laxity.requirement, laxity.title);
    }
    Ok(Exit::Done)
}
