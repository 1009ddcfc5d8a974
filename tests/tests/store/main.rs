//! The store of mock-ca on every engine: one contract, and what is left when its process is killed.
//!
//! `SCEPTIC_PEERS=auto|require|off` says what a missing PostgreSQL means: ignored, failed, or not looked for.

use std::process::ExitCode;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use mock_ca::store::{PostgresEngine, SqliteEngine, Store};
use tests::peers::policy::{Decision, Policy};
use tests::peers::{Postgresql, postgresql};

mod clients;
mod contract;
mod device;
mod killed;
mod material;

/// What a test does.
type Run = Box<dyn FnOnce() -> Result<(), Failed> + Send>;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let policy = match Policy::from_environment() {
        Ok(policy) => policy,
        Err(reason) => {
            eprintln!("{reason}");
            return ExitCode::FAILURE;
        }
    };
    let missing = if arguments.list || policy == Policy::Off { Vec::new() } else { postgresql::missing() };

    let mut trials = Vec::new();
    let claims = [contract::CLAIMS, clients::CLAIMS].concat();
    for (name, claim) in claims.clone() {
        let on = |engine: &str| format!("{engine}::{name}");
        let in_memory = move || claim(&[Store::in_memory()]).map_err(Failed::from);
        trials.push(trial(on("memory"), Decision::Run, Box::new(in_memory)));
        trials.push(trial(on("sqlite"), Decision::Run, Box::new(move || on_sqlite(claim))));
    }
    // One server for all of them: it takes longer to make than they do.
    let all = move || on_postgresql(&claims);
    trials.push(trial("postgresql::contract".to_owned(), policy.decide(&missing), Box::new(all)));
    trials.push(trial("sqlite::killed".to_owned(), Decision::Run, Box::new(killed::on_sqlite)));
    let two = || killed::two_on_postgresql();
    trials.push(trial("postgresql::two_servers_killed".to_owned(), policy.decide(&missing), Box::new(two)));
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn trial(name: String, decision: Decision, run: Run) -> Trial {
    Trial::ignorable_test(name, move || match decision {
        Decision::Run => run().map(|()| Completion::Completed),
        Decision::Ignore(reason) => Ok(Completion::ignored_with(reason)),
        Decision::Fail(reason) => Err(reason.into()),
    })
}

/// Two stores on one file, as two processes would have them.
fn on_sqlite(claim: contract::Claim) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("store.db");
    let open = || SqliteEngine::open(&path).map(Store::new);
    Ok(claim(&[open()?, open()?])?)
}

/// Two stores on one database, for each claim a new one.
fn on_postgresql(claims: &[(&str, contract::Claim)]) -> Result<(), Failed> {
    let server = Postgresql::start()?;
    for (number, (name, claim)) in claims.iter().enumerate() {
        let url = server.database(&format!("contract_{number}"))?;
        let open = || PostgresEngine::connect(&url).map(Store::new);
        claim(&[open()?, open()?]).map_err(|broken| format!("{name}: {broken}"))?;
    }
    Ok(())
}
