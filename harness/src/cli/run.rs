//! `sceptic run`: against a server by URL, or against a client by peer file.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::options::{self, RunOptions};
use super::perform::{Part, Performance};
use super::{Failure, say};
use crate::data::peer::{OperatorHooks, Side};
use crate::data::{Declaration, Known, LEGACY, Peer, Role, Standing, Suite, did_you_mean};
use crate::exit::Exit;
use crate::expect::{Expectations, Policy, Strict};
use crate::plan::{Order, Plan, Pool};
use crate::results::{self, RunLine};
use crate::runner::client::ClientSubject;
use crate::runner::keys::Keys;
use crate::runner::operator::Operator;
use crate::runner::preflight::{self, Stop};
use crate::runner::session::{Session, Subject};
use crate::runner::spoken::Spoken;
use crate::runner::subject::ServerSubject;
use crate::runner::{Endpoint, Http};
use crate::selftest::own_folder;
use crate::transcript::Reply;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// URL of the server under test.
    #[arg(long, value_name = "URL", required_unless_present = "peer")]
    url: Option<String>,
    /// Peer file of the client or server under test, or the name of an embedded one.
    #[arg(long, value_name = "FILE")]
    peer: Option<String>,
    /// The right challengePassword of the server.
    #[arg(long, value_name = "TEXT", env = "SCEPTIC_CHALLENGE", hide_env_values = true)]
    challenge: Option<String>,
    /// An ability that the subject has, or with a leading `-` has not; see `sceptic explain ability`.
    #[arg(long = "ability", value_name = "ID", allow_hyphen_values = true)]
    abilities: Vec<String>,
    /// Verdicts that the subject is known to get.
    #[arg(long, value_name = "FILE")]
    expect: Option<PathBuf>,
    /// Version of the subject, compared with the one that expectations are pinned to.
    #[arg(long, value_name = "VERSION")]
    subject_version: Option<String>,
    /// Milliseconds for one exchange with a server.
    #[arg(long, default_value_t = 5000, value_parser = clap::value_parser!(u64).range(1..))]
    timeout: u64,
    #[command(flatten)]
    options: RunOptions,
}

pub(super) fn run(suite: Suite, args: &Args, program: &str) -> Result<u8, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(run_async(Arc::new(suite), args, program))
}

/// Who is judged, and what is known of it before anything is sent.
struct Target {
    role: Role,
    name: String,
    text: String,
    known: Known,
    notes: Vec<String>,
    version: Option<String>,
    peer: Option<Peer>,
    url: Option<String>,
    challenge: Option<String>,
}

async fn run_async(suite: Arc<Suite>, args: &Args, program: &str) -> Result<u8, Failure> {
    let target = target(&suite, args)?;
    let profile = profile(&suite, target.role)?;
    let pool = Pool::Profile(profile);
    let instances = options::select(&suite, pool, &args.options.filter)?;
    let now = options::now();
    let seed = args.options.seed()?;
    let id = options::run_id(&seed, now);
    // Before anything is sent: the subject is not asked to enrol for a run that cannot be kept.
    let folder = args.options.folder(&id)?;
    let expectations =
        Arc::new(options::expectations(&suite, args.expect.as_deref(), now, target.version.as_deref())?);
    let mut known = target.known.clone();
    let again = again(&target, args, program, &options::seed_text(&seed));
    let legacy = suite.abilities.get(LEGACY).is_some_and(|ability| known.about(ability) == Standing::Has);
    let mut notes = target.notes.clone();
    let (mut subject, keys) = match target.role {
        Role::Server => server(&target, args)?,
        Role::Client => client(&target, legacy)?,
    };
    match &mut subject {
        Subject::Server(subject) => {
            let found = preflight::discover(subject).await.map_err(stopped)?;
            if legacy {
                let keywords: Vec<&str> = found.keywords.iter().flatten().map(String::as_str).collect();
                let spoken = Spoken::with_an_old_server(&keywords);
                notes.push(spoken.note());
                Arc::make_mut(subject).spoken = Some(spoken);
            }
            known.probed.extend(found.shown);
            known.announced = found.keywords.map(|keywords| keywords.into_iter().collect());
        }
        Subject::Client(_) if legacy => {
            notes.push("declared old: our server takes single DES and MD5 from it".to_owned());
        }
        Subject::Client(_) => {}
    }
    let session = Session {
        suite: suite.clone(),
        subject,
        keys: Arc::new(keys),
        expectations: expectations.clone(),
        seed,
        now,
        jobs: args.options.jobs as usize,
        again,
        ahead: Arc::default(),
    };
    let plan = Plan::new(&suite, instances, &known, Order::ById);
    if target.role == Role::Server {
        control_enrolment(&suite, &session, &plan).await?;
    }
    let floor = if args.options.filter.is_empty() { profile.floor } else { 1 };
    let strict = if args.options.strict { Strict::Should } else { Strict::Must };
    let run = RunLine {
        schema: results::SCHEMA.to_owned(),
        id,
        started: options::rfc3339(now),
        suite: env!("CARGO_PKG_VERSION").to_owned(),
        seed: options::seed_text(&seed),
        subject: target.name,
        role: target.role.word().to_owned(),
        target: target.text,
        subject_version: target.version,
        profile: format!("{} {}", profile.name, profile.version),
        expectations: args.expect.as_ref().map(|path| path.display().to_string()),
        notes,
    };
    let performance = Performance {
        suite: &suite,
        run,
        parts: vec![Part { session, plan }],
        expectations: &expectations,
        policy: Policy { floor, strict, flaky_fails: true },
        folder: folder.make()?,
    };
    Ok(performance.perform().await?.code)
}

fn stopped(stop: Stop) -> Failure {
    Failure::new(stop.exit, stop.message).hint(stop.hint)
}

/// The profile of a role.
pub(super) fn profile(suite: &Suite, role: Role) -> Result<&crate::data::Profile, Failure> {
    suite
        .profiles
        .values()
        .find(|profile| profile.role == role)
        .ok_or_else(|| Failure::new(Exit::Data, format!("find a profile for {}s", role.word())))
}

fn target(suite: &Suite, args: &Args) -> Result<Target, Failure> {
    let peer = args.peer.as_deref().map(|name| peer(suite, name)).transpose()?;
    let mut known = Known::default();
    let mut notes = Vec::new();
    if let Some(peer) = &peer {
        known.declared.clone_from(&peer.abilities);
        if let Some(insecure) = &peer.allow_insecure {
            let algorithms: Vec<&str> = insecure.algorithms.iter().map(|one| one.word()).collect();
            notes.push(format!(
                "insecure algorithms allowed ({}): {}",
                algorithms.join(", "),
                insecure.because
            ));
        }
    }
    for word in &args.abilities {
        let (id, has) = word.strip_prefix('-').map_or((word.as_str(), true), |id| (id, false));
        if !suite.abilities.contains_key(id) {
            return Err(Failure::new(
                Exit::Usage,
                format!(
                    "declare ability `{id}`: there is no such ability{}",
                    did_you_mean(id, suite.abilities.keys().map(String::as_str))
                ),
            )
            .hint("sceptic explain ability lists them"));
        }
        known.declared.insert(
            id.to_owned(),
            Declaration { has, because: Some("declared on the command line".to_owned()) },
        );
    }
    let role = peer.as_ref().map_or(Role::Server, Peer::role);
    if role == Role::Client && args.url.is_some() {
        return Err(Failure::new(Exit::Usage, "run a client against --url: the harness plays its server")
            .hint("leave --url out, or give the peer file of a server"));
    }
    let mut url = args.url.clone();
    let mut challenge = args.challenge.clone();
    if let Some(Side::Server(server)) = peer.as_ref().map(|peer| &peer.side) {
        let none = |_: &crate::data::Name| None;
        url = url.or_else(|| server.url.fill(&none).ok());
        challenge =
            challenge.or_else(|| server.challenge.as_ref().and_then(|template| template.fill(&none).ok()));
        if url.is_none() {
            return Err(Failure::new(
                Exit::Usage,
                "reach the server: its peer file's URL has names to be filled in",
            )
            .hint("start the server and give --url"));
        }
    }
    if challenge.is_none() && role == Role::Server && !known.declared.contains_key("auth.challenge") {
        known.declared.insert(
            "auth.challenge".to_owned(),
            Declaration { has: false, because: Some("no --challenge is given".to_owned()) },
        );
    }
    let name = match (&peer, &url) {
        (Some(peer), _) => peer.name.clone(),
        (None, Some(url)) => {
            Endpoint::parse(url).map(|endpoint| endpoint.authority()).unwrap_or_else(|_| url.clone())
        }
        (None, None) => String::new(),
    };
    let text = url.clone().or_else(|| peer.as_ref().map(|peer| peer.file.clone())).unwrap_or_default();
    let version = args.subject_version.clone().or_else(|| told_version(peer.as_ref()?, &mut notes));
    Ok(Target { role, name, text, known, notes, version, peer, url, challenge })
}

fn peer(suite: &Suite, name: &str) -> Result<Peer, Failure> {
    if let Some(peer) = suite.peers.get(name) {
        return Ok(peer.clone());
    }
    let path = PathBuf::from(name);
    if !path.exists() {
        let known: Vec<&str> = suite.peers.keys().map(String::as_str).collect();
        let near = did_you_mean(name, known.iter().copied());
        return Err(Failure::new(
            Exit::Usage,
            format!("find the peer `{name}`: it is no file and no embedded peer{near}"),
        )
        .hint(format!("embedded peers: {}", known.join(", "))));
    }
    Ok(Peer::load(&path)?)
}

fn server(target: &Target, args: &Args) -> Result<(Subject, Keys), Failure> {
    let url = target.url.as_deref().unwrap_or_default();
    let endpoint =
        Endpoint::parse(url).map_err(|why| Failure::new(Exit::Usage, format!("read the URL: {why}")))?;
    let keys =
        if endpoint.is_loopback() { Keys::public_pool().map_err(Failure::internal)? } else { Keys::fresh() };
    let operator = match target.peer.as_ref().map(|peer| &peer.side) {
        Some(Side::Server(server)) if server.operator != OperatorHooks::default() => Operator::Commands {
            approve: server.operator.approve.clone(),
            reject: server.operator.reject.clone(),
            revoke: server.operator.revoke.clone(),
        },
        _ => Operator::None,
    };
    let subject = ServerSubject {
        name: target.name.clone(),
        http: Http::new(endpoint, Duration::from_millis(args.timeout)),
        challenge: target.challenge.clone(),
        operator,
        spoken: None,
    };
    Ok((Subject::Server(Arc::new(subject)), keys))
}

fn client(target: &Target, legacy: bool) -> Result<(Subject, Keys), Failure> {
    let peer =
        target.peer.clone().ok_or_else(|| Failure::new(Exit::Usage, "run a client without a peer file"))?;
    let keys = Keys::public_pool().map_err(Failure::internal)?;
    let subject = ClientSubject {
        peer,
        embedded: false,
        isolated: true,
        arguments: Vec::new(),
        legacy,
        bin_dir: own_folder(),
    };
    Ok((Subject::Client(Arc::new(subject)), keys))
}

/// The version that the peer's own command tells; a version that cannot be told, or is not the pinned one, is
/// a note.
fn told_version(peer: &Peer, notes: &mut Vec<String>) -> Option<String> {
    let version = peer.version.as_ref()?;
    let words =
        version.command.0.iter().map(|word| word.fill(&|_| None)).collect::<Result<Vec<_>, _>>().ok()?;
    let (program, arguments) = words.split_first()?;
    let told = match std::process::Command::new(program).args(arguments).output() {
        Ok(output) if output.status.success() || version.any_exit => {
            let text = [output.stdout, output.stderr].concat();
            version.pattern.first_group(&String::from_utf8_lossy(&text)).map(str::to_owned)
        }
        Ok(_) | Err(_) => None,
    };
    match (&told, &version.pin) {
        (None, _) => notes.push(format!(
            "the version of {} is not known: `{}` does not tell it",
            peer.name,
            words.join(" ")
        )),
        (Some(told), Some(pin)) if told != pin => {
            notes.push(format!("{} has version {told}; its peer file was written for {pin}", peer.name));
        }
        (Some(_), _) => {}
    }
    told
}

/// The command that runs one case of this run again.
fn again(target: &Target, args: &Args, program: &str, seed: &str) -> String {
    let mut words = vec![format!("{program} run")];
    if let Some(url) = &args.url {
        words.push(format!("--url {url}"));
    }
    if let Some(peer) = &args.peer {
        words.push(format!("--peer {peer}"));
    }
    if target.challenge.is_some() && args.challenge.is_some() {
        words.push("--challenge …".to_owned());
    }
    words.extend(args.abilities.iter().map(|word| format!("--ability={word}")));
    words.push(format!("--seed {seed} '{{case}}'"));
    words.join(" ")
}

/// The third part of preflight: a refused control enrolment is a wrong setting until shown otherwise.
async fn control_enrolment(suite: &Suite, session: &Session, plan: &Plan) -> Result<(), Failure> {
    const CONTROL: &str = "srv.enrol.granted";
    let planned = plan.entries.iter().find(|planned| planned.instance.id == CONTROL);
    let (Some(planned), Some(case)) = (planned, suite.case(CONTROL)) else { return Ok(()) };
    if planned.unsupported().is_some() {
        say(format!("note: {CONTROL} is not run: {}", planned.unsupported().unwrap_or_default()));
        return Ok(());
    }
    // The case's own run, made ahead: a challenge may be good for one time.
    let transcript = session.run_ahead(case, &planned.instance).await;
    let answer = transcript.exchanges.iter().find(|exchange| exchange.step == "enrol");
    let Some(Reply::Answered(response)) = answer.map(|exchange| &exchange.reply) else { return Ok(()) };
    let Ok(read) = scep::message::PkiMessage::read(&response.body) else { return Ok(()) };
    let message = read.value;
    if message.fail_info() == Some(scep::attribute::FailInfo::BadRequest) {
        let text = message.fail_info_text().map(|text| format!(", \"{}\"", text.lossy())).unwrap_or_default();
        return Err(Failure::new(
            Exit::Config,
            format!(
                "enrol once with the given challengePassword: the server answered FAILURE badRequest{text}"
            ),
        )
        .hint("is --challenge right, and not used up? This is configuration, nothing was judged"));
    }
    Ok(())
}

/// No expectations, for runs that have none.
pub(super) fn no_expectations() -> Arc<Expectations> {
    Arc::new(Expectations::none())
}
