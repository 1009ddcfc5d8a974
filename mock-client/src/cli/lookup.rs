//! `mock-client getcert`, `getcrl` and `revoked`.

use std::path::Path;

use scep::client::{Found, LookupVerdict};
use scep::crl::Crl;
use scep::http::{HttpRequest, HttpResponse, Operation};
use serde_json::json;

use super::args::{GetcertArgs, GetcrlArgs, QuestionArgs, RevokedArgs};
use super::enroll::{read_certificate, sender};
use super::report::{CertificateReport, remark, text_of_refusal};
use super::{CommandError, Io, generator};
use crate::clock::{Clock as _, SystemClock};
use crate::exit::Exit;
use crate::files;
use crate::ops::{Line, Looked, LookedUp, LookupConfig, getca, lookup};
use crate::revocation::{self, CrlSource, Fetch, Revocation};
use crate::transport::{HttpTransport, ServerUrl, Transport as _, TransportError, TransportErrorKind, Way};

pub(super) fn certificate(args: &GetcertArgs, io: &mut Io<'_>) -> Result<Exit, CommandError> {
    files::expect_folder_of(&args.out)?;
    let wanted = Looked::Certificate(args.serial.clone());
    let looked = ask(&args.question, wanted)?;
    if let Ok(LookupVerdict::Found(Found::Certificate { certificate, .. })) = &looked.ended {
        let installs_own = args.question.server.contact(args.question.trust.trust()?)?.conduct.installs_own;
        let of_ca = looked.ca.as_ref().and_then(|ca| ca.issuer()).filter(|_| !installs_own);
        let certificate = of_ca.unwrap_or(certificate);
        files::write_public(&args.out, &certificate.to_pem())?;
        let report = CertificateReport::new(certificate, &args.out);
        if args.question.server.json {
            io.say(json!({ "certificate": report, "warnings": looked.remarks.warnings }).to_string());
        } else {
            report.say(io);
        }
    }
    Ok(conclude(&looked, args.question.server.json, io))
}

pub(super) fn crl(args: &GetcrlArgs, io: &mut Io<'_>) -> Result<Exit, CommandError> {
    files::expect_folder_of(&args.out)?;
    let of = args.of.as_deref().unwrap_or(&args.question.asker.cert);
    let wanted = if args.of_ca { Looked::CrlOfCa } else { Looked::CrlOf(Box::new(read_certificate(of)?)) };
    let looked = ask(&args.question, wanted)?;
    if let Ok(LookupVerdict::Found(Found::Crl(crl))) = &looked.ended {
        files::write_public(&args.out, &crl.to_pem())?;
        say_crl(crl, &args.out, &looked, args.question.server.json, io);
    }
    Ok(conclude(&looked, args.question.server.json, io))
}

pub(super) fn revoked(args: &RevokedArgs, io: &mut Io<'_>) -> Result<Exit, CommandError> {
    let of = read_certificate(args.of.as_deref().unwrap_or(&args.question.asker.cert))?;
    let contact = args.question.server.contact(args.question.trust.trust()?)?;
    let (mut transport, mut rng) = (args.question.server.transport()?, generator(args.question.server.seed)?);
    let line = &mut Line { transport: &mut transport, clock: &SystemClock, rng: &mut rng };
    let (ca, mut remarks) = getca(&contact, line);
    let ca = ca?;
    let config = LookupConfig {
        contact,
        signer: sender(&args.question.asker.cert, &args.question.asker.key)?,
        challenge: args.question.asker.challenge.clone(),
        wanted: Looked::CrlOf(Box::new(of.clone())),
        ca: Some(ca.clone()),
    };
    let mut pointed = of;
    if args.no_distribution_point {
        pointed.extensions.clear();
    }
    let mut fetcher = Fetcher(args.question.server.way()?);
    let mut query = || lookup(&config, line);
    let warnings = &mut remarks.warnings;
    let found = revocation::check(&pointed, &ca, &SystemClock, &mut fetcher, &mut query, warnings);
    let source = |source: &CrlSource| match source {
        CrlSource::DistributionPoint(url) => url.clone(),
        CrlSource::Query => "GetCRL".to_owned(),
    };
    let (word, from, at, reason, exit) = match &found {
        Revocation::Good { source: from, .. } => ("good", Some(source(from)), None, None, Exit::Done),
        Revocation::Revoked { at, reason, source: from } => {
            ("revoked", Some(source(from)), at.map(|at| at.to_string()), *reason, Exit::Revoked)
        }
        Revocation::Unknown => ("unknown", None, None, None, Exit::Rejected),
    };
    if args.question.server.json {
        let report = json!({
            "status": word, "source": from, "at": at, "reason": reason, "exit": exit.code(),
            "warnings": remarks.warnings,
        });
        io.say(report.to_string());
    } else {
        io.say(format!("status     {word}"));
        from.iter().for_each(|from| io.say(format!("source     {from}")));
        at.iter().for_each(|at| io.say(format!("revoked    {at}")));
        reason.iter().for_each(|reason| io.say(format!("reason     {reason}")));
    }
    remark(&remarks, io);
    Ok(exit)
}

/// Fetches CRLs on the same way as everything else.
struct Fetcher(Way);

impl Fetch for Fetcher {
    fn fetch(&mut self, url: &str) -> Result<HttpResponse, TransportError> {
        let unsendable = |detail: String| TransportError { kind: TransportErrorKind::Unsendable, detail };
        let url = ServerUrl::parse(url).map_err(|error| unsendable(error.to_string()))?;
        let mut transport =
            HttpTransport::by(url, self.0.clone()).map_err(|error| unsendable(error.to_string()))?;
        transport.send(&HttpRequest { query: String::new(), ..HttpRequest::query(Operation::GetCaCert) })
    }
}

fn ask(question: &QuestionArgs, wanted: Looked) -> Result<LookedUp, CommandError> {
    let QuestionArgs { server, trust, asker } = question;
    let config = LookupConfig {
        contact: server.contact(trust.trust()?)?,
        signer: sender(&asker.cert, &asker.key)?,
        challenge: asker.challenge.clone(),
        wanted,
        ca: None,
    };
    let (mut transport, mut rng) = (server.transport()?, generator(server.seed)?);
    let line = &mut Line { transport: &mut transport, clock: &SystemClock, rng: &mut rng };
    Ok(lookup(&config, line))
}

fn say_crl(crl: &Crl, out: &Path, looked: &LookedUp, as_json: bool, io: &mut Io<'_>) {
    let (issuer, revoked) = (scep::name::print(&crl.issuer), crl.revoked.len());
    let next = crl.next_update.map(|at| at.to_string());
    let is_current = crl.is_current_at(SystemClock.now());
    if as_json {
        let report = json!({
            "crl": {
                "issuer": issuer, "revoked": revoked, "nextUpdate": next, "isCurrent": is_current,
                "file": out.display().to_string(),
            },
            "warnings": looked.remarks.warnings,
        });
        io.say(report.to_string());
        return;
    }
    io.say(format!("issuer      {issuer}"));
    io.say(format!("revoked     {revoked}"));
    next.iter().for_each(|at| io.say(format!("next update {at}")));
    io.say(format!("file        {}", out.display()));
    if !is_current {
        io.remark("warning: the CRL is not current");
    }
}

fn conclude(looked: &LookedUp, as_json: bool, io: &mut Io<'_>) -> Exit {
    remark(&looked.remarks, io);
    let reason = match &looked.ended {
        Ok(LookupVerdict::Found(_)) => None,
        Ok(LookupVerdict::Refused { fail_info, text }) => Some(text_of_refusal(*fail_info, text.as_deref())),
        Ok(LookupVerdict::Rejected(error)) => Some(format!("failed to accept the answer: {error}")),
        Ok(LookupVerdict::NoAnswer(why)) => Some(format!("failed to reach the server: {why}")),
        Err(failure) => Some(format!("failed to {failure}")),
    };
    if let Some(reason) = reason {
        if as_json {
            let fail_info = match &looked.ended {
                Ok(LookupVerdict::Refused { fail_info, .. }) => fail_info.map(|info| info.name()),
                _ => None,
            };
            let report = json!({
                "outcome": looked.exit.word(), "exit": looked.exit.code(), "failInfo": fail_info,
                "reason": reason, "warnings": looked.remarks.warnings,
            });
            io.say(report.to_string());
        }
        io.remark(reason);
    }
    looked.exit
}
