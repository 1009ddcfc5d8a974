//! `sceptic lint`.

use super::{Failure, say, vocabulary};
use crate::data::{BrokenData, Suite};
use crate::exit::Exit;

/// Every mistake in the data files.
pub(super) fn check(suite: &Suite) -> Result<(), BrokenData> {
    vocabulary(suite)
}

pub(super) fn run(suite: &Suite) -> Result<u8, Failure> {
    check(suite)?;
    say(format!(
        "{} cases, {} instances, {} bundles, {} mutants, {} requirements, {} peers: nothing to complain about",
        suite.cases.len(),
        suite.instances().count(),
        suite.bundles.len(),
        suite.mutants.len(),
        suite.register.rows.len(),
        suite.peers.len()
    ));
    Ok(Exit::Satisfied.code())
}
