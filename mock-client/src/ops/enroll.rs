//! Enrolment from beginning to end: GetCACaps, GetCACert, trust, PKCSReq, CertPoll until it is over.

use std::collections::BTreeMap;

use rand_core::RngCore;
use scep::attribute::TransactionId;
use scep::ca_cert::CaCertificates;
use scep::caps::Capabilities;
use scep::certificate::{Certificate, Extension};
use scep::client::{Checks, Enrolment, Plan, PollPolicy, Recovery, RequestForm, Step, Suite, Trust, Verdict};
use scep::csr::CsrParts;
use scep::fault::{Faults, Script};
use scep::finding::Finding;
use scep::http::HttpResponse;
use scep::key::{Password, PrivateKey};
use scep::message::Sender;

use super::getca::{Remarks, getca};
use super::getcaps::getcaps;
use crate::challenge::Challenge;
use crate::clock::Clock;
use crate::conduct::Conduct;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::identity;
use crate::transport::Transport;

/// What to enrol and how. The server is the transport's affair.
#[derive(Debug, Clone)]
pub struct EnrolConfig {
    /// Key to be certified.
    pub key: PrivateKey,
    /// subject, DER: [`scep::name::parse`] makes it from text.
    pub subject: Vec<u8>,
    /// DNS names for the certificate.
    pub dns_names: Vec<String>,
    /// challengePassword, if the CA wants one.
    pub challenge: Option<Challenge>,
    /// How the CA is authenticated.
    pub trust: Trust,
    /// Polling while the request is pending.
    pub poll: PollPolicy,
    /// What is checked and done: right by default.
    pub conduct: Conduct,
    /// Which messages are written wrong.
    pub faults: Script,
}

/// What came of an enrolment.
#[derive(Debug)]
pub struct Enrolled {
    /// How the transaction ended, or why there was none.
    pub ended: Result<Verdict, Failure>,
    /// The certificate to install. Only a SUCCESS gives one, unless the conduct is lax.
    pub certificate: Option<Certificate>,
    /// Certificates of the CA that were used, once they were trusted.
    pub ca: Option<CaCertificates>,
    /// transactionID of the last message, once there was one.
    pub transaction_id: Option<TransactionId>,
    /// Polls sent.
    pub polls: u32,
    /// Departures in the answers that the readers stepped over.
    pub findings: Vec<Finding>,
    /// What the user should know.
    pub warnings: Vec<String>,
    /// How many messages each fault has changed.
    pub delivered: BTreeMap<String, u32>,
    /// Exit code of a program that does nothing else.
    pub exit: Exit,
}

/// Enrols. Every way to end is a value; nothing is written to files.
pub fn enroll(
    config: &EnrolConfig,
    transport: &mut dyn Transport,
    clock: &dyn Clock,
    rng: &mut dyn RngCore,
) -> Enrolled {
    let mut session = Session {
        config,
        transport,
        clock,
        rng,
        script: config.faults.clone(),
        remarks: Remarks::default(),
        ca: None,
        transaction: None,
    };
    let ended = session.run();
    session.report(ended)
}

/// One enrolment under way.
struct Session<'a> {
    config: &'a EnrolConfig,
    transport: &'a mut dyn Transport,
    clock: &'a dyn Clock,
    rng: &'a mut dyn RngCore,
    script: Script,
    remarks: Remarks,
    ca: Option<CaCertificates>,
    transaction: Option<Transaction>,
}

/// The part of a session that exists once a request is written.
struct Transaction {
    enrolment: Enrolment,
    signer: Certificate,
    /// The last answer, and the machine as it was before that answer.
    last: Option<(Enrolment, HttpResponse)>,
}

impl Session<'_> {
    fn run(&mut self) -> Result<Verdict, Failure> {
        let config = self.config;
        let suite = config.conduct.suite(&self.discover());
        let now = self.clock.now();
        let ca =
            getca(&config.trust, &config.conduct, now, self.transport, &mut self.script, &mut self.remarks)?;
        self.ca = Some(ca.clone());
        if let Err(error) = ca.recipient() {
            self.remarks.warnings.push(format!("keyUsage of the CA is overlooked: {error}"));
        }

        // Signer certificate, PKCS#10 and message are one thing to a fault: all belong to the PKCSReq.
        let mut faults = self.script.next("PKCSReq", None).at(now);
        // Short, since only its being another counts: a long one takes seconds on a busy machine, and whoever
        // watches this client would take it for hanging.
        let other_key =
            (!config.conduct.signs_with_requested_key).then(|| identity::generate_key(1024)).transpose()?;
        let key = other_key.as_ref().unwrap_or(&config.key);
        let signer = identity::self_signed(&config.subject, key, suite.digest, now, &mut faults, self.rng)?;
        let plan = Plan {
            ca,
            suite,
            signer: signer.clone(),
            csr: self.csr(suite, &mut faults)?,
            subject: config.subject.clone(),
            spki: config.key.public().spki().to_vec(),
            request: RequestForm::PkcsReq,
            password: config.challenge.as_ref().map(|challenge| Password::from(challenge.reveal())),
            poll: config.conduct.poll_policy(config.poll),
            recovery: Recovery::End,
            checks: config.conduct.checks,
            continuity: config.conduct.continuity,
        };
        let enrolment = Enrolment::new(plan, now, self.rng);
        self.transact(enrolment, signer, faults)
    }

    /// An HTTP error, a closed connection or an empty answer mean the same: no capability (RFC 8894 3.5.2).
    fn discover(&mut self) -> Capabilities {
        match getcaps(self.transport, &mut self.script, &mut self.remarks.findings) {
            Ok(capabilities) => capabilities,
            Err(failure) => {
                self.remarks
                    .warnings
                    .push(format!("the server is taken to have no capability: failed to {failure}"));
                Capabilities::default()
            }
        }
    }

    fn csr(&self, suite: Suite, faults: &mut Faults) -> Result<Vec<u8>, Failure> {
        let EnrolConfig { key, subject, dns_names, challenge, .. } = self.config;
        let mut parts = CsrParts::new(subject, key.public(), challenge.as_ref().map(Challenge::reveal));
        parts.digest = suite.digest;
        if !dns_names.is_empty() {
            let names: Vec<&str> = dns_names.iter().map(String::as_str).collect();
            parts.extensions.push(Extension::dns_names(&names));
        }
        Ok(parts.write(key, faults)?)
    }

    fn transact(&mut self, enrolment: Enrolment, signer: Sender, first: Faults) -> Result<Verdict, Failure> {
        let transaction =
            self.transaction.insert(Transaction { enrolment, signer: signer.certificate, last: None });
        let mut faults_of_next = Some(first);
        loop {
            let enrolment = &mut transaction.enrolment;
            let message = enrolment.next_message().name();
            let mut faults =
                faults_of_next.take().unwrap_or_else(|| self.script.next(message, None)).at(self.clock.now());
            match enrolment.poll(self.clock.now(), &mut faults, self.rng)? {
                Step::Send(request) => {
                    self.script.record(&faults);
                    match self.transport.send(&request) {
                        Ok(response) => {
                            let before = enrolment.clone();
                            enrolment.handle(&response, self.clock.now());
                            transaction.last = Some((before, response));
                        }
                        Err(error) => enrolment.handle_no_answer(&error.to_string(), self.clock.now()),
                    }
                }
                Step::Wait(until) => {
                    faults_of_next = Some(faults);
                    self.clock.wait_until(until);
                }
                Step::Done(verdict) => return Ok(*verdict),
            }
        }
    }

    fn report(self, ended: Result<Verdict, Failure>) -> Enrolled {
        let mut findings = self.remarks.findings;
        let (mut transaction_id, mut polls) = (None, 0);
        if let Some(transaction) = &self.transaction {
            findings.extend_from_slice(transaction.enrolment.findings());
            transaction_id = Some(transaction.enrolment.transaction_id().clone());
            polls = transaction.enrolment.polls();
        }
        let conduct = &self.config.conduct;
        Enrolled {
            certificate: to_install(&ended, conduct, self.transaction.as_ref(), self.ca.as_ref(), self.clock),
            exit: exit(&ended, conduct),
            ended,
            ca: self.ca,
            transaction_id,
            polls,
            findings,
            warnings: self.remarks.warnings,
            delivered: self.script.delivered().clone(),
        }
    }
}

fn to_install(
    ended: &Result<Verdict, Failure>,
    conduct: &Conduct,
    transaction: Option<&Transaction>,
    ca: Option<&CaCertificates>,
    clock: &dyn Clock,
) -> Option<Certificate> {
    match ended.as_ref().ok()? {
        Verdict::Issued { .. } if !conduct.installs_own => ca?.issuer().cloned(),
        Verdict::Issued { certificate, .. } => conduct.installs_issued.then(|| certificate.as_ref().clone()),
        Verdict::Refused { .. } if !conduct.discards_on_failure => Some(transaction?.signer.clone()),
        Verdict::Rejected(_) | Verdict::NoAnswer(_) if !conduct.discards_own => {
            Some(transaction?.signer.clone())
        }
        Verdict::Rejected(_) if !conduct.discards_rejected => {
            let (before, response) = transaction?.last.clone()?;
            take_unchecked(before, &response, clock)
        }
        Verdict::Refused { .. }
        | Verdict::Rejected(_)
        | Verdict::NoAnswer(_)
        | Verdict::StillPending { .. } => None,
    }
}

/// The certificate that a client without any check would take from the answer.
fn take_unchecked(before: Enrolment, response: &HttpResponse, clock: &dyn Clock) -> Option<Certificate> {
    let mut unchecked = before.with_checks(Checks::NONE);
    unchecked.handle(response, clock.now());
    match unchecked.verdict()? {
        Verdict::Issued { certificate, .. } => Some(certificate.as_ref().clone()),
        _ => None,
    }
}

fn exit(ended: &Result<Verdict, Failure>, conduct: &Conduct) -> Exit {
    match ended {
        Ok(Verdict::Issued { .. }) if !conduct.reports_issued => Exit::Internal,
        Ok(Verdict::Issued { .. }) => Exit::Done,
        Ok(Verdict::Refused { .. } | Verdict::Rejected(_) | Verdict::NoAnswer(_))
            if !conduct.reports_refusal =>
        {
            Exit::Done
        }
        Ok(Verdict::Refused { .. }) => Exit::Refused,
        Ok(Verdict::Rejected(_)) => Exit::Rejected,
        Ok(Verdict::NoAnswer(_)) => Exit::Network,
        Ok(Verdict::StillPending { .. }) => Exit::Pending,
        Err(failure) => failure.exit(),
    }
}
