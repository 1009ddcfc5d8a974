//! One run of the client under test: its command filled in, run, and what it left.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use scep::UnixTime;
use scep::certificate::Certificate;
use scep::crl::Crl;
use scep::key::PrivateKey;
use scep::serial::SerialNumber;
use scep::suite::Digest;

use super::ClientSubject;
use super::process::{embedded, process};
use crate::data::peer::{ClientPeer, KeyFormat, KeyOrigin, Operation, Outcome, Ran, Side, Task};
use crate::data::{Name, Template};
use crate::runner::Error;
use crate::runner::keys::Keys;
use crate::transcript::{ClientRun, Exchange, Keys as OpeningKeys, Reply, Request, Response, Transcript};

/// A step of the case, its templates filled in.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) id: String,
    pub(super) task: Task,
    pub(super) parameters: toml::Table,
    /// It is the step that is tested, and not one that prepares.
    pub(super) tested: bool,
}

impl Told {
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.parameters.get(key)?.as_str()
    }
}

/// What an enrolment left, for the steps that go on from it.
#[derive(Debug)]
pub(super) struct Kept {
    dir: tempfile::TempDir,
    subject: String,
    certificate: Certificate,
    certificate_file: String,
    key_file: Option<String>,
}

/// What every run of one case shares.
pub(super) struct Scene<'a> {
    pub(super) subject: &'a ClientSubject,
    pub(super) server: &'a mock_ca::Running,
    pub(super) challenge: &'a str,
    pub(super) keys: &'a Keys,
}

/// Values of the names in a peer file's templates.
type Names = BTreeMap<&'static str, String>;

impl Scene<'_> {
    /// Runs the client once and adds the run and its exchanges to the transcript.
    pub(super) async fn play(
        &self,
        told: &Told,
        subject: &str,
        kept: &mut BTreeMap<String, Kept>,
        transcript: &mut Transcript,
    ) -> Result<(), Error> {
        let Side::Client(client) = &self.subject.peer.side else {
            return Err(started(format!("peer {} is no client", self.subject.peer.name)));
        };
        let table = told.task.table();
        let operation = client
            .operation(told.task)
            .ok_or_else(|| started(format!("peer {} has no [{table}]", self.subject.peer.name)))?;
        let before = match told.text("of") {
            None => None,
            Some(of) => match kept.get(of) {
                Some(before) => Some(before),
                None => {
                    let note = format!("{} was not run: {of} left no certificate", told.id);
                    transcript.notes.push(note);
                    return Ok(());
                }
            },
        };
        let own = match before {
            Some(_) => None,
            None => Some(tempfile::tempdir().map_err(|e| started(e.to_string()))?),
        };
        let dir = before.map(|before| &before.dir).or(own.as_ref());
        let dir = dir.map(|dir| dir.path().to_owned()).unwrap_or_default();
        let subject = before.map_or(subject, |before| &before.subject);
        let names = self.names(client, told, &dir, subject, before)?;
        let run = self.run(told, operation, &dir, &names, before).await?;

        let certificate = run.certificate.as_deref().and_then(|der| Certificate::from_der(der).ok());
        let outputs = fill_all(&operation.outputs, &names)?;
        if let (Some(dir), Some(certificate), Some(file)) = (own, certificate, outputs.get("certificate")) {
            let key_file = names.get("key").or_else(|| outputs.get("key")).cloned();
            let (subject, certificate_file) = (subject.to_owned(), file.clone());
            kept.insert(told.id.clone(), Kept { dir, subject, certificate, certificate_file, key_file });
        }
        transcript.runs.insert(told.id.clone(), run);
        self.record(&told.id, transcript)
    }

    async fn run(
        &self,
        told: &Told,
        operation: &Operation,
        dir: &Path,
        names: &Names,
        before: Option<&Kept>,
    ) -> Result<ClientRun, Error> {
        let outputs = fill_all(&operation.outputs, names)?;
        let look_up = |name: &Name| {
            if name.scope == "out" {
                outputs.get(&name.field).cloned()
            } else {
                names.get(name.field.as_str()).cloned()
            }
        };
        // What an earlier run left says nothing of this one. A client that renews in place keeps its file.
        for file in outputs.values().filter(|file| !names.values().any(|name| name == *file)) {
            match std::fs::remove_file(file) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Error::File { path: file.clone(), source: error });
                }
                _ => {}
            }
        }
        for command in &operation.prepare {
            let words = fill(&command.0, &look_up)?;
            let ended = process(&words, &BTreeMap::new(), dir, operation.timeout).await?;
            if ended.exit != Some(0) {
                let (words, stderr) = (words.join(" "), ended.stderr.trim());
                return Err(started(format!("{words} ended with {:?}: {stderr}", ended.exit)));
            }
        }
        let mut words = fill(&operation.command.0, &look_up)?;
        if told.tested {
            words.extend(self.subject.arguments.iter().cloned());
        }
        let env = operation.env.iter().map(|(key, value)| Ok((key.clone(), fill_one(value, &look_up)?)));
        let env = env.collect::<Result<BTreeMap<_, _>, Error>>()?;
        let ended = if self.subject.embedded && !(told.tested && self.subject.isolated) {
            embedded(words.get(2..).unwrap_or_default().to_vec()).await?
        } else {
            process(&words, &env, dir, operation.timeout).await?
        };

        let brought = outputs.get(told.task.brings()).and_then(|path| std::fs::read(path).ok());
        let (mut certificate, mut crl) = (None, None);
        if let Some(octets) = brought {
            match told.task {
                Task::GetCrl => crl = read_crl(&octets),
                _ => certificate = read_certificate(&octets),
            }
        }
        if told.task == Task::Renew
            && before.is_some_and(|before| Some(&before.certificate) == certificate.as_ref())
        {
            certificate = None;
        }
        let there = outputs.iter().filter(|(_, path)| Path::new(path).exists());
        let there: Vec<&str> = there.map(|(role, _)| role.as_str()).collect();
        let outcome = match ended.timed_out {
            true => Outcome::Unclear,
            false => operation.outcome.of(&Ran {
                exit: ended.exit,
                files: &there,
                stdout: &ended.stdout,
                stderr: &ended.stderr,
            }),
        };
        Ok(ClientRun {
            outcome: outcome.word().to_owned(),
            installed: certificate.is_some() || crl.is_some(),
            exit: ended.exit,
            signal: ended.signal,
            timed_out: ended.timed_out,
            command: words,
            stdout: ended.stdout,
            stderr: ended.stderr,
            files: BTreeMap::new(),
            certificate: certificate.map(|certificate| certificate.der),
            crl: crl.map(|crl| crl.der),
            challenge: self.challenge.to_owned(),
        })
    }

    /// What our server saw since it was asked last.
    fn record(&self, step: &str, transcript: &mut Transcript) -> Result<(), Error> {
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
        told: &Told,
        dir: &Path,
        subject: &str,
        before: Option<&Kept>,
    ) -> Result<Names, Error> {
        let files = Files { dir: dir.to_owned(), prefix: if before.is_some() { "next-" } else { "" } };
        let url = self.server.url();
        let port =
            url.rsplit(':').next().and_then(|rest| rest.split('/').next()).unwrap_or_default().to_owned();
        let common_name =
            subject.split(',').find_map(|part| part.strip_prefix("CN=")).unwrap_or(subject).to_owned();
        let peer_dir = Path::new(&self.subject.peer.file).parent().unwrap_or_else(|| Path::new("."));
        let (ca, ca_sha256) = self.trusted(told)?;
        let mut names = Names::from([
            ("dir", dir.display().to_string()),
            ("peer_dir", peer_dir.display().to_string()),
            ("bin_dir", self.subject.bin_dir.display().to_string()),
            ("url", url),
            ("port", port),
            ("challenge", self.challenge.to_owned()),
            ("subject", subject.to_owned()),
            ("common_name", common_name),
            ("ca", files.write("ca.pem", &ca)?),
            ("ca_sha256", ca_sha256),
        ]);
        if let Some(before) = before {
            let serial = SerialNumber::of(&before.certificate);
            names.insert("certificate", before.certificate_file.clone());
            names.insert("serial", hex::encode(serial.octets()));
            before.key_file.iter().for_each(|file| drop(names.insert("certificate_key", file.clone())));
        }
        if client.key_origin == KeyOrigin::Client {
            return Ok(names);
        }
        let is_kept = !matches!(told.task, Task::Enrol | Task::Renew) || told.text("key") == Some("same");
        if let (Some(before), true) = (before, is_kept) {
            before.key_file.iter().for_each(|file| drop(names.insert("key", file.clone())));
            return Ok(names);
        }
        let failed = |error: scep::Error| started(error.to_string());
        let key = match told.text("key") {
            Some("ec") => Keys::ec(),
            _ => self.keys.next(),
        };
        let key = key.map_err(failed)?;
        names.insert("key", files.write("key.pem", &pem_of(&key, client.key_format).map_err(failed)?)?);
        if client.key_origin == KeyOrigin::Harness {
            let name = scep::name::parse(subject).map_err(failed)?;
            let parts = scep::csr::CsrParts::new(&name, key.public(), Some(self.challenge));
            let csr = parts.write(&key, &mut scep::fault::Faults::none()).map_err(failed)?;
            names
                .insert("csr", files.write("csr.pem", &scep::certificate::pem("CERTIFICATE REQUEST", &csr))?);
        }
        Ok(names)
    }

    /// PEM and SHA-256 of the CA certificate that the client is told to trust.
    fn trusted(&self, told: &Told) -> Result<(String, String), Error> {
        let failed = |error: scep::Error| started(error.to_string());
        let authority = self.server.service().authority();
        let ca = authority.chain().last().unwrap_or_else(|| &authority.issuing().certificate);
        let digest = |octets: &[u8]| Digest::Sha256.of(octets).map(hex::encode).map_err(failed);
        Ok(match told.text("pin") {
            None | Some("ca") => (ca.to_pem(), digest(&ca.der)?),
            Some("key") => (ca.to_pem(), digest(&ca.spki)?),
            Some("other") => {
                let now = self.server.service().clock().now();
                let other = stranger(self.keys, now).map_err(failed)?;
                (other.to_pem(), digest(&other.der)?)
            }
            Some(unknown) => return Err(started(format!("`pin` is `{unknown}`, which is unknown"))),
        })
    }
}

/// A CA certificate of somebody else.
fn stranger(keys: &Keys, now: UnixTime) -> scep::error::Result<Certificate> {
    let name = scep::name::parse("CN=another root,O=sceptic")?;
    let key = keys.next()?;
    let parts = scep::certificate::CertificateParts::self_signed(&name, key.public(), vec![1], now);
    Certificate::from_der(&parts.write(&key, &mut scep::fault::Faults::none())?)
}

struct Files {
    dir: PathBuf,
    prefix: &'static str,
}

impl Files {
    fn write(&self, name: &str, text: &str) -> Result<String, Error> {
        let path = self.dir.join(format!("{}{name}", self.prefix));
        let shown = path.display().to_string();
        match std::fs::write(&path, text) {
            Ok(()) => Ok(shown),
            Err(source) => Err(Error::File { path: shown, source }),
        }
    }
}

fn pem_of(key: &PrivateKey, format: KeyFormat) -> scep::error::Result<String> {
    match format {
        KeyFormat::Pkcs8 => key.to_pem(),
        KeyFormat::Pkcs1 => key.to_traditional_pem(),
    }
}

fn read_certificate(octets: &[u8]) -> Option<Certificate> {
    Certificate::from_pem(octets).or_else(|_| Certificate::from_der(octets)).ok()
}

fn read_crl(octets: &[u8]) -> Option<Crl> {
    Crl::from_pem(octets).or_else(|_| Crl::from_der(octets)).ok()
}

fn started(detail: String) -> Error {
    Error::Start { what: "the client".to_owned(), detail }
}

fn fill_one(template: &Template, look_up: &dyn Fn(&Name) -> Option<String>) -> Result<String, Error> {
    template.fill(look_up).map_err(|missing| started(missing.to_string()))
}

fn fill(templates: &[Template], look_up: &dyn Fn(&Name) -> Option<String>) -> Result<Vec<String>, Error> {
    templates.iter().map(|template| fill_one(template, look_up)).collect()
}

fn fill_all(
    templates: &BTreeMap<String, Template>,
    names: &Names,
) -> Result<BTreeMap<String, String>, Error> {
    let look_up = |name: &Name| names.get(name.field.as_str()).cloned();
    templates.iter().map(|(key, template)| Ok((key.clone(), fill_one(template, &look_up)?))).collect()
}
