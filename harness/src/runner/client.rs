//! One client case: the client under test against our own server, with the case's fault; then, for cases
//! with a fault, once more without it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rand_chacha::ChaCha20Rng;
use rand_core::RngCore as _;
use scep::certificate::Certificate;
use scep::fault::{Order, When};
use scep::suite::Digest;
use tokio::io::AsyncReadExt as _;

use super::Error;
use super::keys::Keys;
use crate::data::peer::{ClientPeer, KeyFormat, KeyOrigin, Outcome, Ran as PeerRan, Side};
use crate::data::{Case, Instance, Name, Peer, Served, Template};
use crate::transcript::{
    self, ClientRun, Exchange, Keys as OpeningKeys, Reply, Request, Response, Transcript,
};

/// A client under test.
#[derive(Debug, Clone)]
pub struct ClientSubject {
    /// How it is driven.
    pub peer: Peer,
    /// The reference client inside this process instead of a child process.
    pub embedded: bool,
    /// Further arguments of every command: laxities and faults of a mutant.
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

/// Longest standard output or error that is kept, in octets.
const OUTPUT: usize = 64 << 10;

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
    match play(case, subject, keys, &mut rng, &mut transcript).await {
        Ok(missed) => undelivered = missed,
        Err(error) => transcript.harness_error = Some(error.to_string()),
    }
    transcript.ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ran { transcript, undelivered }
}

async fn play(
    case: &Case,
    subject: &ClientSubject,
    keys: &Keys,
    rng: &mut ChaCha20Rng,
    transcript: &mut Transcript,
) -> Result<Vec<String>, Error> {
    let started = |detail: String| Error::Start { what: "the embedded server".to_owned(), detail };
    let challenge = word(rng, 12);
    let mut seed = [0; 32];
    rng.fill_bytes(&mut seed);
    let ca_key = keys.next().and_then(|key| key.to_pem()).map_err(|e| started(e.to_string()))?;
    let mut config = mock_ca::Config::for_tests(&challenge, Some(ca_key));
    if subject.legacy {
        config.laxities.extend(LEGACY_LAXITIES.map(str::to_owned));
    }
    let server = mock_ca::MockCa::start(config, Arc::new(mock_ca::SystemClock), seed)
        .await
        .map_err(|e| started(e.to_string()))?;
    server.set_faults(&orders(&case.serves)).map_err(|e| started(e.to_string()))?;
    let scene = Scene { subject, server: &server, challenge: &challenge, keys };
    for step in &case.steps {
        let subject_name = match step.parameters.get("subject").and_then(toml::Value::as_str) {
            Some(text) => text.to_owned(),
            None => format!("CN=sceptic-{},O=sceptic", word(rng, 6)),
        };
        scene.play(&step.id, &subject_name, transcript).await?;
    }
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
        scene.play("again", &format!("CN=sceptic-{},O=sceptic", word(rng, 6)), transcript).await?;
    }
    server.stop().await;
    Ok(missed)
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

/// What every run of one case shares.
struct Scene<'a> {
    subject: &'a ClientSubject,
    server: &'a mock_ca::Running,
    challenge: &'a str,
    keys: &'a Keys,
}

impl Scene<'_> {
    /// Runs the client once and adds the run and its exchanges to the transcript.
    async fn play(&self, step: &str, subject: &str, transcript: &mut Transcript) -> Result<(), Error> {
        let started = |detail: String| Error::Start { what: "the client".to_owned(), detail };
        let Side::Client(client) = &self.subject.peer.side else {
            return Err(started(format!("peer {} is no client", self.subject.peer.name)));
        };
        let dir = tempfile::tempdir().map_err(|e| started(e.to_string()))?;
        let names = self.names(client, dir.path(), subject).map_err(|e| started(e.to_string()))?;
        let outputs = fill_all(&client.enrol.outputs, &names)?;
        let look_up = |name: &Name| {
            if name.scope == "out" {
                outputs.get(&name.field).cloned()
            } else {
                names.get(name.field.as_str()).cloned()
            }
        };
        for command in &client.enrol.prepare {
            let words = fill(&command.0, &look_up)?;
            let ended = process(&words, &BTreeMap::new(), dir.path(), client.enrol.timeout).await?;
            if ended.exit != Some(0) {
                return Err(started(format!(
                    "{} ended with {:?}: {}",
                    words.join(" "),
                    ended.exit,
                    ended.stderr.trim()
                )));
            }
        }
        let mut words = fill(&client.enrol.command.0, &look_up)?;
        words.extend(self.subject.arguments.iter().cloned());
        let env = client.enrol.env.iter().map(|(key, value)| Ok((key.clone(), fill_one(value, &look_up)?)));
        let env = env.collect::<Result<BTreeMap<_, _>, Error>>()?;
        let ended = if self.subject.embedded {
            embedded(words.get(2..).unwrap_or_default().to_vec()).await?
        } else {
            process(&words, &env, dir.path(), client.enrol.timeout).await?
        };

        let certificate = outputs
            .get("certificate")
            .and_then(|path| std::fs::read(path).ok())
            .and_then(|pem| Certificate::from_pem(&pem).ok().or_else(|| Certificate::from_der(&pem).ok()));
        let there: Vec<&str> = outputs
            .iter()
            .filter(|(_, path)| Path::new(path).exists())
            .map(|(role, _)| role.as_str())
            .collect();
        let outcome = if ended.timed_out {
            Outcome::Unclear
        } else {
            client.enrol.outcome.of(&PeerRan {
                exit: ended.exit,
                files: &there,
                stdout: &ended.stdout,
                stderr: &ended.stderr,
            })
        };
        let run = ClientRun {
            outcome: outcome.word().to_owned(),
            installed: certificate.is_some(),
            exit: ended.exit,
            signal: ended.signal,
            timed_out: ended.timed_out,
            command: words,
            stdout: ended.stdout,
            stderr: ended.stderr,
            files: BTreeMap::new(),
            certificate: certificate.map(|certificate| certificate.der),
            challenge: self.challenge.to_owned(),
        };
        transcript.runs.insert(step.to_owned(), run);
        let key = self.server.ca_key_pem().map_err(|e| started(e.to_string()))?;
        transcript.exchanges.extend(self.server.take_record().into_iter().map(|seen| Exchange {
            step: step.to_owned(),
            request: Request {
                method: seen.method,
                target: seen.target,
                headers: seen.headers,
                body: seen.body,
            },
            reply: if seen.is_answered {
                Reply::Answered(Response {
                    status: seen.status,
                    headers: seen.response_headers,
                    body: seen.response_body,
                })
            } else {
                Reply::Failed { kind: "closed".to_owned(), detail: "our server gave no answer".to_owned() }
            },
            keys: OpeningKeys { request: Some(key.clone()), reply: None },
            message_data: None,
            ms: 0,
        }));
        Ok(())
    }

    /// Values of the names in a peer file's templates; files that they name are written.
    fn names(
        &self,
        client: &ClientPeer,
        dir: &Path,
        subject: &str,
    ) -> Result<BTreeMap<&'static str, String>, Error> {
        let started = |detail: String| Error::Start { what: "the client".to_owned(), detail };
        let path = |name: &str| dir.join(name).display().to_string();
        let write = |name: &str, text: &str| {
            std::fs::write(dir.join(name), text)
                .map(|()| path(name))
                .map_err(|source| Error::File { path: path(name), source })
        };
        let ca = self.server.ca_certificate();
        let sha256 = ca.fingerprint(Digest::Sha256).map_err(|e| started(e.to_string()))?;
        let url = self.server.url();
        let port =
            url.rsplit(':').next().and_then(|rest| rest.split('/').next()).unwrap_or_default().to_owned();
        let common_name =
            subject.split(',').find_map(|part| part.strip_prefix("CN=")).unwrap_or(subject).to_owned();
        let mut names = BTreeMap::from([
            ("dir", dir.display().to_string()),
            (
                "peer_dir",
                Path::new(&self.subject.peer.file)
                    .parent()
                    .unwrap_or_else(|| Path::new("."))
                    .display()
                    .to_string(),
            ),
            ("bin_dir", self.subject.bin_dir.display().to_string()),
            ("url", url),
            ("port", port),
            ("challenge", self.challenge.to_owned()),
            ("subject", subject.to_owned()),
            ("common_name", common_name),
            ("ca", write("ca.pem", &ca.to_pem())?),
            ("ca_sha256", hex::encode(sha256)),
        ]);
        if client.key_origin != KeyOrigin::Client {
            let key = self.keys.next().map_err(|e| started(e.to_string()))?;
            let pem = match client.key_format {
                KeyFormat::Pkcs8 => key.to_pem(),
                KeyFormat::Pkcs1 => key.to_traditional_pem(),
            };
            names.insert("key", write("key.pem", &pem.map_err(|e| started(e.to_string()))?)?);
            if client.key_origin == KeyOrigin::Harness {
                let name = scep::name::parse(subject).map_err(|e| started(e.to_string()))?;
                let parts = scep::csr::CsrParts::new(&name, key.public(), Some(self.challenge));
                let csr = parts
                    .write(&key, &mut scep::fault::Faults::none())
                    .map_err(|e| started(e.to_string()))?;
                names.insert("csr", write("csr.pem", &scep::certificate::pem("CERTIFICATE REQUEST", &csr))?);
            }
        }
        Ok(names)
    }
}

fn fill_one(template: &Template, look_up: &dyn Fn(&Name) -> Option<String>) -> Result<String, Error> {
    template
        .fill(look_up)
        .map_err(|missing| Error::Start { what: "the client".to_owned(), detail: missing.to_string() })
}

fn fill(templates: &[Template], look_up: &dyn Fn(&Name) -> Option<String>) -> Result<Vec<String>, Error> {
    templates.iter().map(|template| fill_one(template, look_up)).collect()
}

fn fill_all(
    templates: &BTreeMap<String, Template>,
    names: &BTreeMap<&'static str, String>,
) -> Result<BTreeMap<String, String>, Error> {
    let look_up = |name: &Name| names.get(name.field.as_str()).cloned();
    templates.iter().map(|(key, template)| Ok((key.clone(), fill_one(template, &look_up)?))).collect()
}

/// How a command ended.
#[derive(Debug, Default)]
struct Ended {
    exit: Option<i32>,
    signal: Option<i32>,
    timed_out: bool,
    stdout: String,
    stderr: String,
}

/// The reference client in this process. Laxities that end or stop a process are refused by it.
async fn embedded(arguments: Vec<String>) -> Result<Ended, Error> {
    let run = tokio::task::spawn_blocking(move || {
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let mut io = mock_client::cli::Io {
            stdout: &mut stdout,
            stderr: &mut stderr,
            process: mock_client::cli::Process::Shared,
        };
        let exit = mock_client::cli::run(arguments, &mut io);
        (exit, stdout, stderr)
    });
    let (exit, stdout, stderr) = run
        .await
        .map_err(|e| Error::Start { what: "the embedded client".to_owned(), detail: e.to_string() })?;
    Ok(Ended {
        exit: Some(i32::from(exit)),
        stdout: text(&stdout),
        stderr: text(&stderr),
        ..Ended::default()
    })
}

async fn process(
    words: &[String],
    env: &BTreeMap<String, String>,
    dir: &Path,
    limit: Duration,
) -> Result<Ended, Error> {
    let [program, arguments @ ..] = words else {
        return Err(Error::Start {
            what: "the client".to_owned(),
            detail: "the command is empty".to_owned(),
        });
    };
    let started = |error: std::io::Error| Error::Start { what: program.clone(), detail: error.to_string() };
    let mut child = tokio::process::Command::new(program)
        .args(arguments)
        .envs(env)
        .current_dir(dir)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(started)?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let read = async { tokio::join!(collect(stdout), collect(stderr), child.wait()) };
    let ended = tokio::time::timeout(limit, read).await;
    match ended {
        Ok((stdout, stderr, status)) => {
            let status = status.map_err(started)?;
            let signal = std::os::unix::process::ExitStatusExt::signal(&status);
            Ok(Ended {
                exit: status.code(),
                signal,
                timed_out: false,
                stdout: text(&stdout),
                stderr: text(&stderr),
            })
        }
        Err(_) => {
            // What it said until then is not worth more waiting: the verdict is that it hung.
            let _ = child.kill().await;
            Ok(Ended { timed_out: true, ..Ended::default() })
        }
    }
}

async fn collect(stream: Option<impl tokio::io::AsyncRead + Unpin>) -> Vec<u8> {
    let mut octets = Vec::new();
    if let Some(stream) = stream {
        let mut kept = stream.take(OUTPUT as u64);
        // A stream that breaks gives what it gave.
        let _ = kept.read_to_end(&mut octets).await;
        // The rest is read too: a client must not end by a closed pipe because it talks much.
        let _ = tokio::io::copy(&mut kept.into_inner(), &mut tokio::io::sink()).await;
    }
    octets
}

fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets.get(..octets.len().min(OUTPUT)).unwrap_or_default()).into_owned()
}
