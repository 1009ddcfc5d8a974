//! `sceptic coverage`: requirements against the checks that judge them.

use std::collections::{BTreeMap, BTreeSet};

use super::{Failure, say};
use crate::data::{Role, Suite, register::Testable};
use crate::exit::Exit;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only requirements that no check judges.
    #[arg(long)]
    gaps: bool,
}

pub(super) fn run(suite: &Suite, args: &Args) -> Result<u8, Failure> {
    let mut checks: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut by_role: BTreeMap<Role, BTreeSet<&str>> = BTreeMap::new();
    for case in suite.cases.values() {
        for check in &case.checks {
            for requirement in &check.claim.req {
                checks.entry(requirement).or_default().insert(format!("{} {}", case.id, check.id));
                by_role.entry(case.role).or_default().insert(requirement);
            }
        }
    }
    for (id, row) in &suite.register.rows {
        let judged = checks.get(id.as_str());
        if row.testable == Testable::No || (args.gaps && judged.is_some()) {
            continue;
        }
        say(format!("{id:<48} {:<6} {}", row.level.to_string(), row.statement));
        for check in judged.into_iter().flatten() {
            say(format!("    {check}"));
        }
        if let Some(reason) = &row.open {
            say(format!("    no case yet: {reason}"));
        }
    }
    for (ours, name) in [(false, "RFC 8894"), (true, "the suite itself")] {
        let rows =
            suite.register.rows.values().filter(|row| row.is_ours() == ours && row.testable != Testable::No);
        let (judged, open): (Vec<_>, Vec<_>) = rows.partition(|row| checks.contains_key(row.id.as_str()));
        let of_role = |role: Role| {
            by_role.get(&role).map_or(0, |ids| {
                ids.iter()
                    .filter(|id| suite.register.requirement(id).is_some_and(|row| row.is_ours() == ours))
                    .count()
            })
        };
        say(format!(
            "{name}: {} of {} testable requirements judged ({} on servers, {} on clients), {} open",
            judged.len(),
            judged.len() + open.len(),
            of_role(Role::Server),
            of_role(Role::Client),
            open.len()
        ));
    }
    Ok(Exit::Satisfied.code())
}
