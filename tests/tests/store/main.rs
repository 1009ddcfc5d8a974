//! The store of mock-ca on every engine: one contract, and what is left when its process is killed.
//!
//! `SCEPTIC_PEERS=auto|require|off` says what a missing PostgreSQL means: ignored, failed, or not looked for.

use std::process::ExitCode;

use libtest_mimic::Failed;
use mock_ca::store::{PostgresEngine, SqliteEngine, Store};
use tests::peers::{Postgresql, postgresql};
use tests::trials::{self, always};

mod clients;
mod contract;
mod device;
mod killed;
mod material;

fn main() -> ExitCode {
    trials::run(|asked| {
        let missing = asked.missing(postgresql::missing);
        let mut trials = Vec::new();
        let claims = [contract::CLAIMS, clients::CLAIMS].concat();
        for (name, claim) in claims.clone() {
            let in_memory = move || claim(&[Store::in_memory()]).map_err(Failed::from);
            trials.push(always(format!("memory::{name}"), Box::new(in_memory)));
            trials.push(always(format!("sqlite::{name}"), Box::new(move || on_sqlite(claim))));
        }
        trials.push(always("sqlite::killed", Box::new(killed::on_sqlite)));
        // One server for all claims: it takes longer to make than they do.
        let contract = move || on_postgresql(&claims);
        trials.push(asked.trial("postgresql::contract", &missing, Box::new(contract)));
        let two = killed::two_on_postgresql;
        trials.push(asked.trial("postgresql::two_servers_killed", &missing, Box::new(two)));
        trials
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
