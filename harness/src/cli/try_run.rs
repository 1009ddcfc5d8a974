//! `sceptic try`: both suites against the embedded reference server and client, and the report.

use std::path::PathBuf;
use std::sync::Arc;

use super::Failure;
use super::options::{self, RunOptions};
use super::perform::{Part, Performance};
use super::run::{no_expectations, profile};
use super::stand::stands;
use crate::data::{Instance, Known, Peer, Role, Suite};
use crate::exit::Exit;
use crate::expect::{Policy, Strict};
use crate::plan::{Order, Plan, Pool};
use crate::results::{self, RunLine};
use crate::runner::client::ClientSubject;
use crate::runner::keys::Keys;
use crate::runner::session::{Session, Subject};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Do not open the report in a browser.
    #[arg(long)]
    no_open: bool,
    #[command(flatten)]
    options: RunOptions,
}

pub(super) fn run(suite: Suite, args: &Args, program: &str) -> Result<u8, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(run_async(Arc::new(suite), args, program))
}

async fn run_async(suite: Arc<Suite>, args: &Args, program: &str) -> Result<u8, Failure> {
    let instances = options::select(&suite, Pool::All, &args.options.filter)?;
    let now = options::now();
    let seed = args.options.seed()?;
    let session = |subject: Subject| -> Result<Session, Failure> {
        Ok(Session {
            suite: suite.clone(),
            subject,
            keys: Arc::new(Keys::public_pool().map_err(Failure::internal)?),
            expectations: no_expectations(),
            seed,
            now,
            jobs: args.options.jobs as usize,
            again: format!("{program} try --no-open --seed {} '{{case}}'", options::seed_text(&seed)),
            ahead: Arc::default(),
        })
    };
    let mut parts = Vec::new();
    let mut floor = 0;
    // They run as long as their parts.
    let stands = stands(&suite, &instances, seed).await?;
    if !stands.is_empty() {
        floor += profile(&suite, Role::Server)?.floor;
    }
    for stand in &stands {
        let plan = Plan::new(&suite, stand.instances.clone(), &stand.known, Order::ById);
        parts.push(Part { session: session(stand.subject.clone())?, plan });
    }
    let is_of_clients =
        |instance: &Instance| suite.case(&instance.case).is_some_and(|case| case.role == Role::Client);
    let of_clients: Vec<_> = instances.into_iter().filter(is_of_clients).collect();
    if !of_clients.is_empty() {
        floor += profile(&suite, Role::Client)?.floor;
        let (subject, known) = reference_client(&suite)?;
        parts.push(Part {
            session: session(subject)?,
            plan: Plan::new(&suite, of_clients, &known, Order::ById),
        });
    }
    let id = options::run_id(&seed, now);
    let folder = args.options.folder(&id)?.make()?;
    let run = RunLine {
        schema: results::SCHEMA.to_owned(),
        id,
        started: options::rfc3339(now),
        suite: env!("CARGO_PKG_VERSION").to_owned(),
        seed: options::seed_text(&seed),
        subject: "the reference pair".to_owned(),
        role: "pair".to_owned(),
        target: "embedded mock-ca and mock-client".to_owned(),
        subject_version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        profile: "everything".to_owned(),
        expectations: None,
        notes: Vec::new(),
    };
    let strict = if args.options.strict { Strict::Should } else { Strict::Must };
    let performance = Performance {
        suite: &suite,
        run,
        parts,
        expectations: &no_expectations(),
        policy: Policy {
            floor: if args.options.filter.is_empty() { floor } else { 1 },
            strict,
            flaky_fails: true,
        },
        folder,
    };
    let ended = performance.perform().await?;
    if !args.no_open
        && let Some(report) =
            ended.reports.iter().find(|path| path.extension().is_some_and(|ext| ext == "html"))
    {
        open(report.clone());
    }
    Ok(ended.code)
}

/// The reference client as a subject inside this process.
pub(super) fn reference_client(suite: &Suite) -> Result<(Subject, Known), Failure> {
    let peer = reference_peer(suite)?;
    let known = Known { declared: peer.abilities.clone(), ..Known::default() };
    let subject = ClientSubject {
        peer,
        embedded: true,
        isolated: false,
        arguments: Vec::new(),
        legacy: false,
        bin_dir: PathBuf::from("embedded"),
    };
    Ok((Subject::Client(Arc::new(subject)), known))
}

/// The peer file of the reference client.
pub(super) fn reference_peer(suite: &Suite) -> Result<Peer, Failure> {
    suite
        .peers
        .get("mock-client")
        .cloned()
        .ok_or_else(|| Failure::new(Exit::Data, "find the peer file of mock-client"))
}

/// Opens the report where there is a desktop; nobody is told when there is none.
fn open(report: PathBuf) {
    if std::env::var_os("DISPLAY").is_none()
        && std::env::var_os("WAYLAND_DISPLAY").is_none()
        && !cfg!(target_os = "macos")
    {
        return;
    }
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let _ = std::process::Command::new(program).arg(report).spawn();
}
