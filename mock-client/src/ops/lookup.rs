//! GetCert and GetCRL: a certificate that the CA issued, or the CRL on which it would be, RFC 8894 4.5, 4.6.

use scep::UnixTime;
use scep::ca_cert::CaCertificates;
use scep::certificate::Certificate;
use scep::client::{Found, Lookup, LookupPlan, LookupVerdict, Query, Step};
use scep::key::Password;
use scep::message::{IssuerAndSerial, Sender};
use scep::serial::SerialNumber;

use super::session::{Line, Remarks, Session};
use crate::challenge::Challenge;
use crate::contact::Contact;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::transport::TransportErrorKind;

/// What to look up, and as whom.
#[derive(Debug, Clone)]
pub struct LookupConfig {
    /// The server.
    pub contact: Contact,
    /// Who asks: an issued certificate and its key, which opens the answer.
    pub signer: Sender,
    /// challengePassword, for a key that cannot decrypt.
    pub challenge: Option<Challenge>,
    /// What is asked for.
    pub wanted: Looked,
    /// Certificates of the CA that the caller trusts already; None asks the server.
    pub ca: Option<CaCertificates>,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Looked {
    /// The certificate of that serial number, issued by the CA, by GetCert.
    Certificate(SerialNumber),
    /// The CRL on which this certificate would be, by GetCRL.
    CrlOf(Box<Certificate>),
    /// The CRL of the CA, named by the CA's own certificate: GetCRL of drafts before 2010.
    CrlOfCa,
}

/// What came of a lookup.
#[derive(Debug)]
pub struct LookedUp {
    /// How it ended, or why nothing was asked.
    pub ended: Result<LookupVerdict, Failure>,
    /// Certificates of the CA that were used.
    pub ca: Option<CaCertificates>,
    /// Why the answer was lost, when it was.
    pub lost: Option<TransportErrorKind>,
    /// Remarks along the way.
    pub remarks: Remarks,
    /// Exit code of a program that does nothing else.
    pub exit: Exit,
}

/// Looks it up. Every way to end is a value.
pub fn lookup(config: &LookupConfig, line: &mut Line<'_>) -> LookedUp {
    let mut session = Session::new(&config.contact, line);
    let mut ca = None;
    let ended = run(config, &mut session, &mut ca);
    let exit = match &ended {
        Ok(LookupVerdict::Found(_)) => Exit::Done,
        Ok(_) if !config.contact.conduct.reports_refusal => Exit::Done,
        Ok(LookupVerdict::Refused { .. }) => Exit::Refused,
        Ok(LookupVerdict::Rejected(_)) => Exit::Rejected,
        Ok(LookupVerdict::NoAnswer(_)) => Exit::Network,
        Err(failure) => failure.exit(),
    };
    let remarks = session.into_remarks();
    LookedUp { ended, ca, lost: remarks.lost, remarks, exit }
}

fn run(
    config: &LookupConfig,
    session: &mut Session<'_, '_>,
    used: &mut Option<CaCertificates>,
) -> Result<LookupVerdict, Failure> {
    let (capabilities, ca) = session.meet(config.ca.as_ref())?;
    *used = Some(ca.clone());
    let plan = LookupPlan {
        suite: config.contact.negotiate(&capabilities).suite,
        signer: config.signer.clone(),
        password: config.challenge.as_ref().map(|challenge| Password::from(challenge.reveal())),
        query: query(&config.wanted, &ca)?,
        checks: config.contact.checks(),
        ca,
    };
    let mut machine = Lookup::new(plan.clone(), session.line.rng);
    loop {
        let mut faults = session.faults(plan.query.message_type().name());
        match machine.poll(&mut faults, session.line.rng)? {
            Step::Send(request) => match session.send(&request, &faults) {
                Ok(response) => machine.handle(&response),
                Err(error) => machine.handle_no_answer(&error.to_string()),
            },
            Step::Wait(until) => session.line.clock.wait_until(until),
            Step::Done(verdict) => {
                session.remarks.findings.extend_from_slice(machine.findings());
                return Ok(current(*verdict, config, session.line));
            }
        }
    }
}

/// A CRL whose time is over says nothing about today (RFC 5280 6.3.3): it is no answer.
fn current(verdict: LookupVerdict, config: &LookupConfig, line: &Line<'_>) -> LookupVerdict {
    let now = line.clock.now();
    match &verdict {
        LookupVerdict::Found(Found::Crl(crl))
            if config.contact.conduct.crl_current && !crl.is_current_at(now) =>
        {
            let (this, next) = (crl.this_update, crl.next_update);
            let said = |at: Option<UnixTime>| at.map_or_else(|| "none".to_owned(), |at| at.to_string());
            LookupVerdict::Rejected(scep::Error::Misbehaved {
                what: "answer to GetCRL (RFC 5280 6.3.3)",
                expected: format!("a CRL that is current at {now}"),
                actual: format!("thisUpdate {}, nextUpdate {}", said(this), said(next)),
            })
        }
        _ => verdict,
    }
}

fn query(wanted: &Looked, ca: &CaCertificates) -> Result<Query, Failure> {
    let issuer = || {
        let none = || scep::Error::Misuse { what: "lookup", detail: "no certificate of the CA".to_owned() };
        ca.issuer().ok_or_else(none)
    };
    Ok(match wanted {
        Looked::Certificate(serial) => {
            Query::Certificate(IssuerAndSerial { issuer: issuer()?.subject.clone(), serial: serial.clone() })
        }
        Looked::CrlOf(certificate) => Query::Crl(IssuerAndSerial::of(certificate)),
        Looked::CrlOfCa => {
            let issuer = issuer()?;
            Query::Crl(IssuerAndSerial { issuer: issuer.subject.clone(), serial: SerialNumber::of(issuer) })
        }
    })
}
