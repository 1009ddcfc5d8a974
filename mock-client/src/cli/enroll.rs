//! `mock-client enroll`, `renew` and `poll`: an enrolment with files around it.
//!
//! The key is written before anything is sent, so that no certificate is issued for a key that is lost. The
//! certificate is written last: where it is, the rest is.

use std::path::{Path, PathBuf};

use scep::certificate::{Certificate, Extension};
use scep::client::RequestForm;
use scep::csr::Csr;
use scep::key::PrivateKey;
use scep::message::Sender;
use scep::oid;

use super::args::{EnrollArgs, FormArg, OutputArgs, PollCommandArgs, RenewArgs, ServerArgs};
use super::report::{EnrolmentReport, say_enrolled};
use super::{CommandError, Io, Process, generator};
use crate::clock::SystemClock;
use crate::conduct::{Conduct, OnRefusal};
use crate::contact::Contact;
use crate::exit::Exit;
use crate::files::{self, FileError};
use crate::identity::{self, KeyKind};
use crate::interrupted::{FileJournal, Interrupted};
use crate::ops::{EnrolConfig, Enrolled, Form, Identifier, Journal, Line, NoJournal, Signer, Wanted, enroll};

pub(super) fn first(args: &EnrollArgs, io: &mut Io<'_>) -> Result<Exit, CommandError> {
    let contact = contact(&args.server, args.trust.trust()?, io)?;
    args.output.expect_folders()?;
    let wanted = match (&args.csr, &args.subject) {
        (Some(path), _) => {
            let csr = Csr::from_pem(&files::read(path)?);
            Wanted::Csr(csr.map_err(|error| bad_file(path, &error))?.der)
        }
        (None, Some(subject)) => {
            Wanted::Parts { subject: subject.0.clone(), extensions: args.request.extensions()? }
        }
        (None, None) => return Err(CommandError::Usage("expected --subject or --csr".to_owned())),
    };
    let signer = match (&args.signer, &args.signer_key) {
        (Some(certificate), Some(key)) => Signer::Given(Box::new(sender(certificate, key)?)),
        _ => Signer::SelfSigned,
    };
    let (key_file, key) = key(args.key.key.as_deref(), args.key.key_out.as_deref(), args.key.key_bits)?;
    let signer_key = args.signer_key.clone().unwrap_or_else(|| key_file.clone());
    let config = EnrolConfig {
        contact,
        key,
        wanted,
        challenge: args.request.challenge.clone(),
        form: match (&signer, args.form) {
            (Signer::SelfSigned, FormArg::Auto) => Form::Negotiated,
            (Signer::Given(_), FormArg::Auto) => args.server.renewal(),
            (_, form) => form.into(),
        },
        signer,
        identifier: args.server.identifier(),
        ca: None,
        poll: args.poll.policy(),
        recovery: args.poll.recovery(),
    };
    run(&config, &args.server, &args.output, (&key_file, &signer_key), io)
}

pub(super) fn renew(args: &RenewArgs, io: &mut Io<'_>) -> Result<Exit, CommandError> {
    let contact = contact(&args.server, args.trust.trust()?, io)?;
    args.output.expect_folders()?;
    let old = sender(&args.cert, &args.cert_key)?;
    let mut extensions = args.request.extensions()?;
    if extensions.is_empty() {
        // The same names again: a renewal is for the same device (RFC 8894 3.3.1.2).
        let is_name = |one: &&Extension| one.oid == oid::SUBJECT_ALT_NAME;
        extensions.extend(old.certificate.extensions.iter().filter(is_name).cloned());
    }
    let subject = args.subject.as_ref().map_or_else(|| old.certificate.subject.clone(), |s| s.0.clone());
    let conduct = &contact.conduct;
    let (by_certificate, as_announced) = (conduct.renews_by_certificate, conduct.renews_as_announced);
    let (key_file, key) = if args.same_key || !conduct.renews_with_new_key {
        (absolute(&args.cert_key), old.key.clone())
    } else {
        key(args.key.as_deref(), args.key_out.as_deref(), args.key_bits)?
    };
    let config = EnrolConfig {
        contact,
        key,
        wanted: Wanted::Parts { subject, extensions },
        challenge: args.request.challenge.clone(),
        signer: if by_certificate { Signer::Given(Box::new(old)) } else { Signer::SelfSigned },
        form: match args.form {
            FormArg::Auto if by_certificate && !as_announced => Form::Always(RequestForm::RenewalReq),
            FormArg::Auto => args.server.renewal(),
            form => form.into(),
        },
        identifier: args.server.identifier(),
        ca: None,
        poll: args.poll.policy(),
        recovery: args.poll.recovery(),
    };
    run(&config, &args.server, &args.output, (&key_file, &absolute(&args.cert_key)), io)
}

pub(super) fn poll(args: &PollCommandArgs, io: &mut Io<'_>) -> Result<Exit, CommandError> {
    let contact = contact(&args.server, args.trust.trust()?, io)?;
    let output =
        OutputArgs { out: args.out.clone(), ca_out: args.ca_out.clone(), state: Some(args.state.clone()) };
    output.expect_folders()?;
    let interrupted = Interrupted::read(&files::read(&args.state)?)
        .map_err(|error| CommandError::Usage(format!("{}: {error}", args.state.display())))?;
    let Interrupted { progress, key: key_file, signer_key } = interrupted;
    let config = EnrolConfig {
        contact,
        key: read_key(&key_file)?,
        wanted: Wanted::Csr(progress.csr),
        challenge: args.challenge.clone(),
        signer: Signer::Given(Box::new(Sender { certificate: progress.signer, key: read_key(&signer_key)? })),
        form: Form::Always(progress.form),
        identifier: Identifier::Resumed {
            transaction_id: progress.transaction_id,
            started: progress.started,
        },
        ca: None,
        poll: args.poll.policy(),
        recovery: args.poll.recovery(),
    };
    run(&config, &args.server, &output, (&key_file, &signer_key), io)
}

fn contact(server: &ServerArgs, trust: scep::client::Trust, io: &Io<'_>) -> Result<Contact, CommandError> {
    let contact = server.contact(trust)?;
    if contact.conduct.on_refusal != OnRefusal::End && io.process == Process::Shared {
        let detail = "a laxity that crashes or hangs needs a process of its own";
        return Err(CommandError::Usage(detail.to_owned()));
    }
    Ok(contact)
}

/// `keys`: files of the key to be certified and of the key that signs.
fn run(
    config: &EnrolConfig,
    server: &ServerArgs,
    output: &OutputArgs,
    keys: (&Path, &Path),
    io: &mut Io<'_>,
) -> Result<Exit, CommandError> {
    let (mut transport, mut rng) = (server.transport()?, generator(server.seed)?);
    let line = &mut Line { transport: &mut transport, clock: &SystemClock, rng: &mut rng };
    let mut file_journal = output.state.as_deref().map(|path| FileJournal {
        path,
        key: keys.0.to_owned(),
        signer_key: keys.1.to_owned(),
    });
    let journal: &mut dyn Journal = match &mut file_journal {
        Some(journal) => journal,
        None => &mut NoJournal,
    };
    let enrolled = enroll(config, journal, line);
    let written = write(output, &enrolled);
    let exit = if written.is_ok() { enrolled.exit } else { Exit::Files };
    if server.json {
        let report = EnrolmentReport::new(&enrolled, exit, &output.out);
        let json =
            serde_json::to_string(&report).map_err(|e| CommandError::Internal(format!("print JSON: {e}")))?;
        io.say(json);
    } else {
        say_enrolled(&enrolled, &output.out, io);
    }
    written?;
    after_refusal(&config.contact.conduct, &enrolled, io);
    Ok(exit)
}

impl OutputArgs {
    fn expect_folders(&self) -> Result<(), FileError> {
        let all = [Some(&self.out), self.ca_out.as_ref(), self.state.as_ref()];
        all.into_iter().flatten().try_for_each(|path| files::expect_folder_of(path))
    }
}

/// The key of the file, or a new one that is safe in its file when this returns; and the file.
fn key(
    given: Option<&Path>,
    new: Option<&Path>,
    kind: KeyKind,
) -> Result<(PathBuf, PrivateKey), CommandError> {
    let path = match (given, new) {
        (Some(path), _) => return Ok((absolute(path), read_key(path)?)),
        (None, Some(path)) => path,
        (None, None) => return Err(CommandError::Usage("expected --key or --key-out".to_owned())),
    };
    files::expect_folder_of(path)?;
    let failed = |error| CommandError::Internal(format!("make a key: {error}"));
    let key = identity::generate_key(kind).map_err(failed)?;
    files::write_new_secret(path, &key.to_pem().map_err(failed)?)?;
    Ok((absolute(path), key))
}

fn read_key(path: &Path) -> Result<PrivateKey, CommandError> {
    PrivateKey::from_pem(&files::read(path)?).map_err(|error| bad_file(path, &error))
}

pub(super) fn read_certificate(path: &Path) -> Result<Certificate, CommandError> {
    Certificate::from_pem(&files::read(path)?).map_err(|error| bad_file(path, &error))
}

/// A certificate and its key, each from its file.
pub(super) fn sender(certificate: &Path, key: &Path) -> Result<Sender, CommandError> {
    let sender = Sender { certificate: read_certificate(certificate)?, key: read_key(key)? };
    if sender.certificate.spki != sender.key.public().spki() {
        let (certificate, key) = (certificate.display(), key.display());
        return Err(CommandError::Usage(format!("the key of {certificate} is not the one in {key}")));
    }
    Ok(sender)
}

fn bad_file(path: &Path, error: &scep::Error) -> CommandError {
    CommandError::Usage(format!("{}: {error}", path.display()))
}

/// Whoever goes on may be in another folder.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn write(output: &OutputArgs, enrolled: &Enrolled) -> Result<(), FileError> {
    use scep::client::Verdict::{Issued, Refused};
    if let Some(certificate) = &enrolled.certificate {
        if let (Some(path), Some(ca)) = (&output.ca_out, &enrolled.ca) {
            let pem: String = ca.certificates.iter().map(Certificate::to_pem).collect();
            files::write_public(path, &pem)?;
        }
        files::write_public(&output.out, &certificate.to_pem())?;
    }
    // Only what is decided is over: an answer that was rejected may have been somebody else's.
    match (&output.state, &enrolled.ended) {
        (Some(path), Ok(Issued { .. } | Refused { .. })) => files::remove(path),
        _ => Ok(()),
    }
}

/// The habits that no client should have, once everything is reported.
fn after_refusal(conduct: &Conduct, enrolled: &Enrolled, io: &mut Io<'_>) {
    use scep::client::Verdict::{NoAnswer, Refused, Rejected};
    if !matches!(enrolled.ended, Ok(Refused { .. } | Rejected(_) | NoAnswer(_))) {
        return;
    }
    io.flush();
    match conduct.on_refusal {
        OnRefusal::End => {}
        OnRefusal::Crash => std::process::abort(),
        OnRefusal::Hang => loop {
            std::thread::park();
        },
    }
}
