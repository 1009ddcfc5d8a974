//! `mock-client enroll`: an enrolment with files around it.
//!
//! The key is written before anything is sent, so that no certificate is issued for a key that is lost. The
//! certificate is written last: where it is, the rest is.

use scep::key::PrivateKey;

use super::args::EnrollArgs;
use super::report::{EnrolmentReport, say_enrolled};
use super::{CommandError, Io, Process, generator};
use crate::clock::SystemClock;
use crate::conduct::{Conduct, OnRefusal};
use crate::exit::Exit;
use crate::files::{self, FileError};
use crate::identity;
use crate::ops::{EnrolConfig, Enrolled, enroll};

pub(super) fn run(args: &EnrollArgs, io: &mut Io<'_>) -> Result<Exit, CommandError> {
    let conduct = args.server.conduct()?;
    if conduct.on_refusal != OnRefusal::End && io.process == Process::Shared {
        let detail = "a laxity that crashes or hangs needs a process of its own";
        return Err(CommandError::Usage(detail.to_owned()));
    }
    let (trust, faults) = (args.trust.trust()?, args.server.script()?);
    let (mut transport, mut rng) = (args.server.transport()?, generator(args.seed)?);
    for path in [Some(&args.out), args.ca_out.as_ref()].into_iter().flatten() {
        files::expect_folder_of(path)?;
    }
    let config = EnrolConfig {
        key: key(args)?,
        subject: args.subject.0.clone(),
        dns_names: args.dns_names.clone(),
        challenge: args.challenge.clone(),
        trust,
        poll: args.poll_policy(),
        conduct,
        faults,
    };
    let enrolled = enroll(&config, &mut transport, &SystemClock, &mut rng);
    let written = write(args, &enrolled);
    let exit = if written.is_ok() { enrolled.exit } else { Exit::Files };
    if args.server.json {
        let report = EnrolmentReport::new(&enrolled, exit, &args.out);
        let json =
            serde_json::to_string(&report).map_err(|e| CommandError::Internal(format!("print JSON: {e}")))?;
        io.say(json);
    } else {
        say_enrolled(&enrolled, &args.out, io);
    }
    written?;
    after_refusal(&config.conduct, &enrolled, io);
    Ok(exit)
}

/// The key of the file, or a new one that is safe in its file when this returns.
fn key(args: &EnrollArgs) -> Result<PrivateKey, CommandError> {
    let path = match (&args.key, &args.key_out) {
        (Some(path), _) => {
            return PrivateKey::from_pem(&files::read(path)?)
                .map_err(|error| CommandError::Usage(format!("{}: {error}", path.display())));
        }
        (None, Some(path)) => path,
        (None, None) => return Err(CommandError::Usage("expected --key or --key-out".to_owned())),
    };
    files::expect_folder_of(path)?;
    let failed = |error| CommandError::Internal(format!("make a key: {error}"));
    let key = identity::generate_key(args.key_bits).map_err(failed)?;
    files::write_new_secret(path, &key.to_pem().map_err(failed)?)?;
    Ok(key)
}

fn write(args: &EnrollArgs, enrolled: &Enrolled) -> Result<(), FileError> {
    let Some(certificate) = &enrolled.certificate else { return Ok(()) };
    if let (Some(path), Some(ca)) = (&args.ca_out, &enrolled.ca) {
        let pem: String = ca.certificates.iter().map(scep::certificate::Certificate::to_pem).collect();
        files::write_public(path, &pem)?;
    }
    files::write_public(&args.out, &certificate.to_pem())
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
