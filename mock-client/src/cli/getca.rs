//! `mock-client getca` and `getnextca`: the certificates of the CA, as files.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use scep::certificate::Certificate;

use super::args::{GetcaArgs, GetnextcaArgs, ServerArgs, TrustArgs};
use super::report::{CertificateReport, remark};
use super::{CommandError, Io, generator};
use crate::clock::SystemClock;
use crate::exit::Exit;
use crate::files;
use crate::ops::{Generations, Line, Remarks, getca, getnextca};

pub(super) fn current(args: &GetcaArgs, io: &mut Io<'_>) -> Result<Exit, CommandError> {
    with_line(&args.server, &args.trust, |contact, line| {
        let (ca, remarks) = getca(contact, line);
        let reports = write(&args.out, &ca?.certificates)?;
        say(&args.server, &reports, &remarks, io);
        Ok(Exit::Done)
    })
}

/// That there is no next CA is no error: most of the time there is none.
pub(super) fn next(args: &GetnextcaArgs, io: &mut Io<'_>) -> Result<Exit, CommandError> {
    with_line(&args.server, &args.trust, |contact, line| {
        let (generations, remarks) = getnextca(contact, line);
        let Generations { current, next } = match generations {
            Err(failure) if !contact.conduct.reports_refusal => {
                io.remark(format!("failed to {failure}"));
                return Ok(Exit::Done);
            }
            generations => generations?,
        };
        let next = next.or_else(|| (!contact.conduct.next_ca_is_another).then_some(current));
        let reports = match &next {
            Some(next) => write(&args.out, &next.certificates)?,
            None => Vec::new(),
        };
        say(&args.server, &reports, &remarks, io);
        if next.is_none() {
            io.remark("there is no next CA certificate");
        }
        Ok(Exit::Done)
    })
}

fn with_line(
    server: &ServerArgs,
    trust: &TrustArgs,
    run: impl FnOnce(&crate::Contact, &mut Line<'_>) -> Result<Exit, CommandError>,
) -> Result<Exit, CommandError> {
    let contact = server.contact(trust.trust()?)?;
    let (mut transport, mut rng) = (server.transport()?, generator(server.seed)?);
    run(&contact, &mut Line { transport: &mut transport, clock: &SystemClock, rng: &mut rng })
}

fn write(out: &Path, certificates: &[Certificate]) -> Result<Vec<CertificateReport>, CommandError> {
    let named = name(out, certificates);
    for (path, certificate) in &named {
        files::write_public(path, &certificate.to_pem())?;
    }
    Ok(named.iter().map(|(path, certificate)| CertificateReport::new(certificate, path)).collect())
}

fn say(server: &ServerArgs, reports: &[CertificateReport], remarks: &Remarks, io: &mut Io<'_>) {
    if server.json {
        io.say(serde_json::json!({ "certificates": reports, "warnings": remarks.warnings }).to_string());
    } else {
        reports.iter().for_each(|report| report.say(io));
    }
    remark(remarks, io);
}

/// A single certificate goes to the file itself, several to files with a number at the end.
fn name<'a>(out: &Path, certificates: &'a [Certificate]) -> Vec<(PathBuf, &'a Certificate)> {
    if let [single] = certificates {
        return vec![(out.to_owned(), single)];
    }
    let numbered = |index: usize| {
        let mut path = OsString::from(out);
        path.push(format!("-{index}"));
        PathBuf::from(path)
    };
    certificates.iter().enumerate().map(|(index, certificate)| (numbered(index), certificate)).collect()
}
