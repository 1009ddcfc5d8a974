//! `sceptic selftest`: the kill matrix against the embedded reference peers.

use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;

use super::options;
use super::run::no_expectations;
use super::stand::stands;
use super::try_run::reference_client;
use super::{Failure, say};
use crate::data::{Instance, Role, Suite};
use crate::exit::Exit;
use crate::plan::{Order, Plan, Pool};
use crate::results::Line;
use crate::runner::client::ClientSubject;
use crate::runner::keys::Keys;
use crate::runner::session::{Session, Subject};
use crate::selftest::{Builder, Matrix, Stand, Violation, each, own_folder, violations};
use crate::verdict::CaseResult;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Also replace every check in turn by one that always passes: each must turn the matrix red.
    #[arg(long)]
    each: bool,
    /// Run every mutant against every case, though its message does not occur there.
    #[arg(long)]
    all: bool,
    /// Print what each mutant moves.
    #[arg(long)]
    moves: bool,
    /// Only these cases, by the filters of `run`: what they break of laws 1, 2 and 5, which can be told of one case.
    #[arg(value_name = "FILTER", conflicts_with = "each")]
    filter: Vec<String>,
    /// Cases at a time.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..=256))]
    jobs: u64,
}

/// Seed of selftest: any would do, one that stays makes it repeatable.
const SEED: [u8; 32] = [7; 32];

pub(super) fn run(suite: Suite, args: &Args) -> Result<u8, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(run_async(Arc::new(suite), args))
}

async fn run_async(suite: Arc<Suite>, args: &Args) -> Result<u8, Failure> {
    let instances = instances(&suite, &args.filter)?;
    let stands = stands(&suite, &instances, SEED).await?;
    let session = |subject: Subject| -> Result<Session, Failure> {
        Ok(Session {
            suite: suite.clone(),
            subject,
            keys: Arc::new(Keys::public_pool().map_err(Failure::internal)?),
            expectations: no_expectations(),
            seed: SEED,
            now: options::now(),
            jobs: args.jobs as usize,
            again: "sceptic try --no-open '{case}'".to_owned(),
            ahead: Arc::default(),
        })
    };
    let Subject::Client(client) = reference_client(&suite)?.0 else {
        return Err(Failure::internal("use the reference client: it is no client"));
    };
    let client = ClientSubject { bin_dir: own_folder(), ..ClientSubject::clone(&client) };
    let terminal = std::io::stderr().is_terminal();
    let builder = Builder {
        suite: suite.clone(),
        servers: stands
            .into_iter()
            .map(|stand| {
                let session = session(stand.subject)?;
                Ok(Stand { setup: stand.setup, session, running: stand.running })
            })
            .collect::<Result<_, Failure>>()?,
        client: session(Subject::Client(Arc::new(client)))?,
        instances,
        all: args.all,
        progress: &|index, total, mutant| {
            if terminal {
                let _ = write!(std::io::stderr(), "\r\x1b[K{}/{total} {mutant}", index + 1);
            }
        },
    };
    let matrix = builder.build().await?;
    if terminal {
        let _ = write!(std::io::stderr(), "\r\x1b[K");
    }
    let mut broken = violations(&suite, &matrix);
    if args.filter.is_empty() {
        broken.extend(blocking(&suite, &builder, &matrix).await?);
    } else {
        // Whether a mutant moves one check alone shows in all cases only.
        broken.retain(|violation| violation.law != 3);
    }
    if args.moves {
        for (mutant, moved) in crate::selftest::moves(&suite, &matrix) {
            say(format!("{mutant}\t{}", moved.into_iter().collect::<Vec<_>>().join("\t")));
        }
    }
    for violation in &broken {
        say(violation);
    }
    let pairs: usize = matrix.mutants.values().map(std::collections::BTreeMap::len).sum();
    let checks: usize = matrix.clean.values().map(|row| row.checks.len()).sum();
    let laws = if args.filter.is_empty() { "the five laws" } else { "laws 1, 2 and 5" };
    say(format!(
        "{} instances with {checks} checks, {} mutants, {pairs} pairs run: {} breaches of {laws}",
        matrix.clean.len(),
        matrix.mutants.len(),
        broken.len()
    ));
    let mut red = !broken.is_empty();
    if args.each {
        let (unnoticed, tried) = each(&suite, &matrix);
        for check in &unnoticed {
            say(format!("replaced by pass and not noticed: {check}"));
        }
        say(format!("{tried} checks replaced by pass one by one: {} not noticed", unnoticed.len()));
        red |= !unnoticed.is_empty();
    }
    Ok(if red { Exit::Selftest.code() } else { Exit::Satisfied.code() })
}

/// Every instance, or those that the filters name.
fn instances(suite: &Suite, filter: &[String]) -> Result<Vec<Instance>, Failure> {
    if filter.is_empty() {
        return Ok(suite.instances().collect());
    }
    let mut all = Vec::new();
    for role in [Role::Server, Role::Client] {
        // A filter that names no case of one role may name one of the other.
        all.extend(options::select(suite, Pool::Role(role), filter).unwrap_or_default());
    }
    match all.is_empty() {
        true => options::select(suite, Pool::Role(Role::Server), filter),
        false => Ok(all),
    }
}

/// Blocking has its own test: for every control check a mutant that moves it, and then every dependant must
/// be blocked, not failed.
async fn blocking(
    suite: &Arc<Suite>,
    builder: &Builder<'_>,
    matrix: &Matrix,
) -> Result<Vec<Violation>, Failure> {
    let mut broken = Vec::new();
    for base in suite.cases.values() {
        let dependants: Vec<_> =
            suite.cases.values().filter(|case| case.base.as_ref() == Some(&base.id)).collect();
        if dependants.is_empty() {
            continue;
        }
        for control in &base.control {
            let Some(mutant) = crate::selftest::failing_mutant(suite, matrix, &base.id, control) else {
                let text = format!("{} {control}: no mutant fails this control check", base.id);
                broken.push(Violation { law: 6, text });
                continue;
            };
            let instances =
                dependants.iter().filter_map(|case| case.instances().into_iter().next()).collect();
            let known = crate::data::Known {
                declared: suite
                    .abilities
                    .keys()
                    .map(|id| (id.clone(), crate::data::Declaration { has: true, because: None }))
                    .collect(),
                ..crate::data::Known::default()
            };
            let plan = Plan::new(suite, instances, &known, Order::ById);
            for line in builder.run_blocked(mutant, &plan).await? {
                if let Line::Case(case) = line
                    && dependants.iter().any(|dependant| dependant.id == case.case)
                    && case.result != CaseResult::Blocked
                {
                    let text =
                        format!("{} under {} is {}, not blocked", case.id, mutant.id, case.result.word());
                    broken.push(Violation { law: 6, text });
                }
            }
        }
    }
    Ok(broken)
}
