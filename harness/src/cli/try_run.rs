//! `sceptic try`: both suites against the embedded reference server and client, and the report.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::Failure;
use super::options::{self, RunOptions};
use super::perform::{Part, Performance};
use super::run::{no_expectations, profile};
use crate::data::{Declaration, Known, Peer, Role, Suite};
use crate::exit::Exit;
use crate::expect::{Policy, Strict};
use crate::plan::{Order, Plan, Pool};
use crate::results::{self, RunLine};
use crate::runner::client::ClientSubject;
use crate::runner::keys::Keys;
use crate::runner::operator::Operator;
use crate::runner::session::{Session, Subject};
use crate::runner::subject::ServerSubject;
use crate::runner::{Endpoint, Http};

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
    let server = reference_server(seed).await?;
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
    for role in [Role::Server, Role::Client] {
        let mine: Vec<_> = instances
            .iter()
            .filter(|instance| suite.case(&instance.case).is_some_and(|case| case.role == role))
            .cloned()
            .collect();
        if mine.is_empty() {
            continue;
        }
        floor += profile(&suite, role)?.floor;
        let (subject, known) = match role {
            Role::Server => reference_subject(&server)?,
            Role::Client => reference_client(&suite)?,
        };
        let plan = Plan::new(&suite, mine, &known, Order::ById);
        parts.push(Part { session: session(subject)?, plan });
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

/// The challengePassword of the embedded server.
const CHALLENGE: &str = "try-sceptic";

/// Starts the reference server on a loopback port of its own, with a public test key.
pub(super) async fn reference_server(seed: [u8; 32]) -> Result<Arc<mock_ca::Running>, Failure> {
    let key = scep_vectors::keys::named("ca-rsa").map(|key| key.pem.to_owned());
    let config = mock_ca::Config::for_tests(CHALLENGE, key);
    let server = mock_ca::MockCa::start(config, Arc::new(mock_ca::SystemClock), seed).await;
    let server = server.map_err(|e| Failure::internal(format!("start the embedded server: {e}")))?;
    // So that there is something to tell of: nobody is issued under it who does not ask for it.
    let prepared = server.service().prepare_next();
    prepared.map_err(|e| Failure::internal(format!("prepare the next CA of the embedded server: {e}")))?;
    Ok(Arc::new(server))
}

/// The reference server as a subject, with what it can do.
pub(super) fn reference_subject(server: &Arc<mock_ca::Running>) -> Result<(Subject, Known), Failure> {
    let endpoint = Endpoint::parse(&server.url()).map_err(Failure::internal)?;
    let subject = ServerSubject {
        name: "mock-ca".to_owned(),
        http: Http::new(endpoint, Duration::from_secs(5)),
        challenge: Some(CHALLENGE.to_owned()),
        operator: Operator::Embedded(server.clone()),
        spoken: None,
    };
    let has = |id: &str| (id.to_owned(), Declaration { has: true, because: None });
    let declared = REFERENCE_SERVER.iter().map(|id| has(id)).collect();
    Ok((Subject::Server(Arc::new(subject)), Known { declared, ..Known::default() }))
}

/// What the reference server declares.
const REFERENCE_SERVER: &[&str] = &[
    "op.getcacaps",
    "op.getcacert",
    "op.pkcsreq",
    "op.certpoll",
    "op.renewal",
    "op.getcert",
    "op.getcrl",
    "op.getnextca",
    "transport.get",
    "transport.post",
    "alg.aes128-cbc",
    "alg.des3",
    "alg.sha-1",
    "alg.sha-256",
    "alg.sha-512",
    "auth.challenge",
    "flow.manual-approval",
    "operator.approve",
    "operator.reject",
    "operator.revoke",
    "policy.early-renewal",
    "ca.next",
];

/// The reference client as a subject inside this process.
pub(super) fn reference_client(suite: &Suite) -> Result<(Subject, Known), Failure> {
    let peer = reference_peer(suite)?;
    let known = Known { declared: peer.abilities.clone(), ..Known::default() };
    let subject = ClientSubject {
        peer,
        embedded: true,
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
