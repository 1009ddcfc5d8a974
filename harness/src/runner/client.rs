//! One client case: the client under test against our own server, with the case's fault; then, for cases
//! with a fault, once more without it.
//!
//! The last step is the one that is tested. Steps before it prepare (an enrolment whose certificate is then
//! renewed): they meet no fault, and a mutant of the reference client is itself only from the last step on.

mod process;
mod scene;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use rand_chacha::ChaCha20Rng;
use rand_core::RngCore as _;
use scep::fault::{Order, When};

use super::Error;
use super::keys::Keys;
use crate::data::peer::Task;
use crate::data::{Case, Instance, Peer, Served};
use crate::transcript::{self, Transcript};
use scene::{Kept, Scene, Told};

/// A client under test.
#[derive(Debug, Clone)]
pub struct ClientSubject {
    /// How it is driven.
    pub peer: Peer,
    /// The reference client inside this process instead of a child process.
    pub embedded: bool,
    /// Tested commands get a child process all the same: a laxity may crash or hang them.
    pub isolated: bool,
    /// Further arguments of every tested command: laxities and faults of a mutant.
    pub arguments: Vec<String>,
    /// It is declared to be an old one: our server then takes single DES and MD5 from it.
    pub legacy: bool,
    /// Folder of the running program, `{bin_dir}` in commands.
    pub bin_dir: PathBuf,
}

/// What a run of a case left.
#[derive(Debug)]
pub struct Ran {
    /// The recorded exchanges and runs.
    pub transcript: Transcript,
    /// Faults that no message was changed by: the case then proves nothing.
    pub undelivered: Vec<String>,
}

/// What our server then does not refuse.
const LEGACY_LAXITIES: [&str; 2] = ["single-des", "md5"];

/// Runs one instance of a case against the client.
pub async fn run(
    case: &Case,
    instance: &Instance,
    subject: &ClientSubject,
    keys: &Keys,
    mut rng: ChaCha20Rng,
) -> Ran {
    let start = Instant::now();
    let mut transcript = Transcript {
        schema: transcript::SCHEMA.to_owned(),
        case: case.id.clone(),
        instance: instance.id.clone(),
        exchanges: Vec::new(),
        runs: BTreeMap::new(),
        delivered: BTreeMap::new(),
        harness_error: None,
        notes: Vec::new(),
        ms: 0,
    };
    let mut undelivered = Vec::new();
    let keys = &keys.of_one_case();
    match play(case, instance, subject, keys, &mut rng, &mut transcript).await {
        Ok(missed) => undelivered = missed,
        Err(error) => transcript.harness_error = Some(error.to_string()),
    }
    transcript.ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ran { transcript, undelivered }
}

async fn play(
    case: &Case,
    instance: &Instance,
    subject: &ClientSubject,
    keys: &Keys,
    rng: &mut ChaCha20Rng,
    transcript: &mut Transcript,
) -> Result<Vec<String>, Error> {
    let started = |detail: String| Error::Start { what: "the embedded server".to_owned(), detail };
    let mut steps = Vec::new();
    for step in &case.steps {
        let parameters = case.parameters(step, instance, &|_| None);
        let parameters = parameters.map_err(|missing| started(missing.to_string()))?;
        let task = Task::of_verb(&step.verb).ok_or_else(|| started(format!("no verb `{}`", step.verb)))?;
        steps.push(Told { id: step.id.clone(), task, parameters, tested: false });
    }
    let challenge = word(rng, 12);
    let mut seed = [0; 32];
    rng.fill_bytes(&mut seed);
    let server = start(&steps, &challenge, subject, keys, seed).await?;
    let scene = Scene { subject, server: &server, challenge: &challenge, keys };
    let mut kept: BTreeMap<String, Kept> = BTreeMap::new();
    let Some(mut tested) = steps.pop() else { return Ok(Vec::new()) };
    tested.tested = true;
    for told in &steps {
        scene.play(told, &subject_name(told, rng), &mut kept, transcript).await?;
    }
    server.set_faults(&orders(&case.serves)).map_err(|e| started(e.to_string()))?;
    if tested.text("next") == Some("prepared") {
        server.service().prepare_next().map_err(|e| started(e.to_string()))?;
    }
    scene.play(&tested, &subject_name(&tested, rng), &mut kept, transcript).await?;
    let mut missed = Vec::new();
    for (fault, count) in server.delivered() {
        transcript.delivered.insert(fault, count);
    }
    for served in &case.serves {
        if !transcript.delivered.contains_key(&served.fault) {
            missed.push(served.fault.clone());
        }
    }
    if case.base.is_some() {
        server.set_faults(&[]).map_err(|e| started(e.to_string()))?;
        tested.id = "again".to_owned();
        scene.play(&tested, &subject_name(&tested, rng), &mut kept, transcript).await?;
    }
    server.stop().await;
    Ok(missed)
}

/// Our server, with the CA that the steps ask for.
async fn start(
    steps: &[Told],
    challenge: &str,
    subject: &ClientSubject,
    keys: &Keys,
    seed: [u8; 32],
) -> Result<mock_ca::Running, Error> {
    let started = |detail: String| Error::Start { what: "the embedded server".to_owned(), detail };
    let key = || keys.next().and_then(|key| key.to_pem()).map_err(|e| started(e.to_string()));
    let mut config = mock_ca::Config::for_tests(challenge, Some(key()?));
    let ready = |pem: String| Some(mock_ca::KeyPem::new(pem));
    config.ca.ready.next = ready(key()?);
    match steps.iter().find_map(|told| told.text("ca")) {
        None | Some("root") => {}
        Some("intermediate") => {
            config.ca.hierarchy = mock_ca::Hierarchy::Intermediate;
            config.ca.ready.root = ready(key()?);
        }
        Some("ra") => {
            config.ca.registration = mock_ca::Registration::Split;
            config.ca.ready.signing = ready(key()?);
            config.ca.ready.opening = ready(key()?);
        }
        Some("ec") => {
            (config.ca.key, config.ca.key_kind) = (None, mock_ca::authority::KeyKind::P256);
        }
        Some(other) => return Err(started(format!("no kind of CA is called `{other}`"))),
    }
    if subject.legacy {
        config.laxities.extend(LEGACY_LAXITIES.map(str::to_owned));
    }
    mock_ca::MockCa::start(config, Arc::new(mock_ca::SystemClock), seed)
        .await
        .map_err(|e| started(e.to_string()))
}

fn subject_name(told: &Told, rng: &mut ChaCha20Rng) -> String {
    match told.text("subject") {
        Some(text) => text.to_owned(),
        None => format!("CN=sceptic-{},O=sceptic", word(rng, 6)),
    }
}

fn orders(served: &[Served]) -> Vec<Order> {
    served
        .iter()
        .map(|served| Order {
            fault: served.fault.clone(),
            when: When {
                message: served.to.message.clone().or_else(|| served.to.operation.clone()),
                status: served.to.status.clone(),
                to: served.to.to.clone(),
                nth: served.to.nth,
                ..When::default()
            },
        })
        .collect()
}

fn word(rng: &mut ChaCha20Rng, octets: usize) -> String {
    let mut bytes = vec![0; octets];
    rng.fill_bytes(&mut bytes);
    hex::encode(bytes)
}
