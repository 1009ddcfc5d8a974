//! Enrolment and renewal from beginning to end: GetCACaps, GetCACert, trust, PKCSReq or RenewalReq, CertPoll
//! until it is over. An interrupted one goes on with a CertPoll.

use std::collections::BTreeMap;

use scep::UnixTime;
use scep::attribute::TransactionId;
use scep::ca_cert::CaCertificates;
use scep::certificate::{Certificate, Extension};
use scep::client::{
    Checks, Enrolment, Negotiated, Plan, PollPolicy, Recovery, RequestForm, Step, Suite, Verdict,
};
use scep::csr::{Csr, CsrParts};
use scep::fault::Faults;
use scep::finding::Finding;
use scep::http::HttpResponse;
use scep::key::{Password, PrivateKey};
use scep::message::Sender;
use scep::suite::Digest;
use scep::tlv::Source;

use super::journal::{Event, Journal, Progress};
use super::session::{Line, Session};
use crate::challenge::Challenge;
use crate::clock::Clock;
use crate::conduct::Conduct;
use crate::contact::Contact;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::identity;
use crate::transport::{TransportError, TransportErrorKind};

/// What to enrol and how. The server is the transport's affair.
#[derive(Debug, Clone)]
pub struct EnrolConfig {
    /// The server.
    pub contact: Contact,
    /// Key to be certified.
    pub key: PrivateKey,
    /// What the certificate is to say.
    pub wanted: Wanted,
    /// challengePassword, if the CA wants one.
    pub challenge: Option<Challenge>,
    /// Who signs the request.
    pub signer: Signer,
    /// Which message asks.
    pub form: Form,
    /// Under which transactionID.
    pub identifier: Identifier,
    /// Certificates of the CA that the caller trusts already; None asks the server.
    pub ca: Option<CaCertificates>,
    /// Polling while the request is pending.
    pub poll: PollPolicy,
    /// What is done when an answer is lost.
    pub recovery: Recovery,
}

/// What the certificate is to say.
#[derive(Clone, PartialEq, Eq)]
pub enum Wanted {
    /// This, in a PKCS#10 that is made for it.
    Parts {
        /// subject, DER: [`scep::name::parse`] makes it from text.
        subject: Vec<u8>,
        /// Requested extensions.
        extensions: Vec<Extension>,
    },
    /// What this PKCS#10 (DER) says: for the key, signed, with its own challengePassword.
    Csr(Vec<u8>),
}

/// Without a given PKCS#10, which may hold the challengePassword.
impl std::fmt::Debug for Wanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Parts { subject, .. } => write!(f, "Parts({})", scep::name::print(subject)),
            Self::Csr(_) => f.write_str("Csr(redacted)"),
        }
    }
}

/// Who signs the request, RFC 8894 2.3 and 2.4.
#[derive(Debug, Clone)]
pub enum Signer {
    /// A self-signed certificate that is made for it: a first enrolment.
    SelfSigned,
    /// This one: an issued certificate renews, one of the caller's own making enrols.
    Given(Box<Sender>),
}

/// Which message asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// PKCSReq for a first enrolment; for a renewal what the server announces: RenewalReq with the keyword
    /// Renewal, else a PKCSReq, which older drafts renew by.
    #[default]
    Negotiated,
    /// Always this one.
    Always(RequestForm),
}

/// Under which transactionID an enrolment goes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Identifier {
    /// A new random one.
    #[default]
    Random,
    /// The digest of the key, as in drafts before 2015: the same key finds its transaction again.
    OfKey(Digest),
    /// One that the caller chose.
    Given(TransactionId),
    /// That of an enrolment which was interrupted: it goes on with a CertPoll.
    Resumed {
        /// transactionID of the request.
        transaction_id: TransactionId,
        /// When it was sent.
        started: UnixTime,
    },
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
    /// Algorithms and transport, once they were chosen.
    pub suite: Option<Suite>,
    /// The message that asked, once it was chosen.
    pub form: Option<RequestForm>,
    /// transactionID of the last message, once there was one.
    pub transaction_id: Option<TransactionId>,
    /// Certificate that signed the requests.
    pub signer: Option<Certificate>,
    /// Polls sent.
    pub polls: u32,
    /// Departures in the answers that the readers stepped over.
    pub findings: Vec<Finding>,
    /// What the user should know.
    pub warnings: Vec<String>,
    /// Why the last answer was lost, when one was.
    pub lost: Option<TransportErrorKind>,
    /// Seconds for which the server wants to be left alone, by its last answer.
    pub retry_after: Option<u64>,
    /// How many messages each fault has changed.
    pub delivered: BTreeMap<String, u32>,
    /// Exit code of a program that does nothing else.
    pub exit: Exit,
}

/// Enrols, or renews. Every way to end is a value; nothing is written to files but what the journal writes.
pub fn enroll(config: &EnrolConfig, journal: &mut dyn Journal, line: &mut Line<'_>) -> Enrolled {
    let clock = line.clock;
    let mut run = Run {
        config,
        journal,
        session: Session::new(&config.contact, line),
        ca: None,
        chosen: None,
        transaction: None,
    };
    let ended = run.run();
    run.report(ended, clock)
}

/// One enrolment under way.
struct Run<'a, 'b> {
    config: &'a EnrolConfig,
    journal: &'a mut dyn Journal,
    session: Session<'a, 'b>,
    ca: Option<CaCertificates>,
    chosen: Option<(Suite, RequestForm)>,
    transaction: Option<Transaction>,
}

/// What is asked for.
struct Request {
    /// PKCS#10, DER.
    csr: Vec<u8>,
    subject: Vec<u8>,
    /// What an envelope may be for whose reader cannot decrypt.
    password: Option<Password>,
}

/// The part that exists once a request is written.
struct Transaction {
    enrolment: Enrolment,
    signer: Certificate,
    csr: Vec<u8>,
    started: UnixTime,
    /// The last answer, and the machine as it was before that answer.
    last: Option<(Enrolment, HttpResponse)>,
}

impl Run<'_, '_> {
    fn run(&mut self) -> Result<Verdict, Failure> {
        let config = self.config;
        let (capabilities, ca) = self.session.meet(config.ca.as_ref())?;
        self.ca = Some(ca.clone());
        let Negotiated { suite, renewal, .. } = config.contact.negotiate(&capabilities);
        let form = match (config.form, &config.signer) {
            (Form::Always(form), _) => form,
            (Form::Negotiated, Signer::SelfSigned) => RequestForm::PkcsReq,
            (Form::Negotiated, Signer::Given(sender)) if sender.certificate.is_self_signed() => {
                RequestForm::PkcsReq
            }
            (Form::Negotiated, Signer::Given(_)) => renewal,
        };
        self.chosen = Some((suite, form));
        // Signer certificate, PKCS#10 and message are one thing to a fault: all belong to the request.
        let now = self.session.line.clock.now();
        let mut faults = self.session.faults(form.message_type().name());
        let Request { csr, subject, password } = self.request(suite, &mut faults)?;
        let signer = self.signer(&subject, suite, now, &mut faults)?;
        let plan = Plan {
            ca,
            suite,
            signer: signer.clone(),
            csr: csr.clone(),
            subject,
            spki: config.key.public().spki().to_vec(),
            request: form,
            password,
            poll: config.contact.conduct.poll_policy(config.poll),
            recovery: config.recovery,
            checks: config.contact.checks(),
            continuity: config.contact.conduct.continuity,
        };
        let rng = &mut *self.session.line.rng;
        let mut started = now;
        let enrolment = match &config.identifier {
            Identifier::Random => Enrolment::new(plan, now, rng),
            Identifier::OfKey(digest) => {
                let id = TransactionId::of_key(config.key.public().spki(), *digest)?;
                Enrolment::with_transaction_id(plan, id, now)
            }
            Identifier::Given(id) => Enrolment::with_transaction_id(plan, id.clone(), now),
            Identifier::Resumed { transaction_id, started: then } => {
                started = *then;
                Enrolment::resume(plan, transaction_id.clone(), *then, now)
            }
        };
        let first = match config.identifier {
            Identifier::Resumed { .. } => None,
            Identifier::Random | Identifier::OfKey(_) | Identifier::Given(_) => Some(faults),
        };
        let signer = signer.certificate;
        self.transaction = Some(Transaction { enrolment, signer, csr, started, last: None });
        self.transact(form, first)
    }

    fn request(&self, suite: Suite, faults: &mut Faults) -> Result<Request, Failure> {
        let EnrolConfig { key, wanted, challenge, .. } = self.config;
        let password = challenge.as_ref().map(|challenge| Password::from(challenge.reveal()));
        match wanted {
            Wanted::Csr(der) => {
                let csr = Csr::read(Source::message(der))?.value;
                if csr.spki != key.public().spki() {
                    let detail = "the PKCS#10 is for another key".to_owned();
                    return Err(scep::Error::Misuse { what: "certificate request", detail }.into());
                }
                let own = csr.password();
                Ok(Request { csr: der.clone(), subject: csr.subject, password: own.or(password) })
            }
            Wanted::Parts { subject, extensions } => {
                let text = challenge.as_ref().map(Challenge::reveal);
                let mut parts = CsrParts::new(subject, key.public(), text);
                parts.digest = suite.digest;
                parts.extensions.clone_from(extensions);
                parts.extension_request =
                    self.config.contact.extension_request.unwrap_or(parts.extension_request);
                Ok(Request { csr: parts.write(key, faults)?, subject: subject.clone(), password })
            }
        }
    }

    fn signer(
        &mut self,
        subject: &[u8],
        suite: Suite,
        now: UnixTime,
        faults: &mut Faults,
    ) -> Result<Sender, Failure> {
        if let Signer::Given(sender) = &self.config.signer {
            return Ok(sender.as_ref().clone());
        }
        // Short, since only its being another counts: a long one takes seconds on a busy machine, and whoever
        // watches this client would take it for hanging.
        let other_key = (!self.config.contact.conduct.signs_with_requested_key)
            .then(|| identity::generate_key(identity::KeyKind::Rsa(1024)))
            .transpose()?;
        let key = other_key.as_ref().unwrap_or(&self.config.key);
        Ok(identity::self_signed(subject, key, suite.digest, now, faults, self.session.line.rng)?)
    }

    fn note(&mut self, form: RequestForm, is_pending: bool) -> Result<(), Failure> {
        let Some(transaction) = &self.transaction else { return Ok(()) };
        let progress = Progress {
            transaction_id: transaction.enrolment.transaction_id().clone(),
            started: transaction.started,
            form,
            csr: transaction.csr.clone(),
            signer: transaction.signer.clone(),
            is_pending,
        };
        self.journal.note(&progress).map_err(Failure::Journal)
    }

    fn transact(&mut self, form: RequestForm, first: Option<Faults>) -> Result<Verdict, Failure> {
        let mut faults_of_next = first;
        while let Some(transaction) = &mut self.transaction {
            let message_type = transaction.enrolment.next_message();
            let faults = faults_of_next.take();
            let mut faults = faults.unwrap_or_else(|| self.session.faults(message_type.name()));
            let now = self.session.line.clock.now();
            match transaction.enrolment.poll(now, &mut faults, self.session.line.rng)? {
                Step::Send(request) => {
                    // After poll: a new transaction after a loss has its identifier only now.
                    if message_type == form.message_type() {
                        self.note(form, false)?;
                    }
                    self.journal.watch(Event::Sending(message_type));
                    let answer = self.session.send(&request, &faults);
                    if let Ok(response) = &answer {
                        self.journal.watch(Event::Answered(response));
                    }
                    if self.take(answer) {
                        self.note(form, true)?;
                        self.journal.watch(Event::Pending);
                    }
                }
                Step::Wait(until) => {
                    faults_of_next = Some(faults);
                    self.session.line.clock.wait_until(until);
                }
                Step::Done(verdict) => {
                    self.journal.watch(Event::Over(&verdict));
                    return Ok(*verdict);
                }
            }
        }
        let detail = "no transaction".to_owned();
        Err(scep::Error::Misuse { what: "enrolment", detail }.into())
    }

    /// Gives the answer to the machine. True when it was PENDING, and is polled for.
    fn take(&mut self, answer: Result<HttpResponse, TransportError>) -> bool {
        let now = self.session.line.clock.now();
        let Some(transaction) = &mut self.transaction else { return false };
        match answer {
            Ok(response) => {
                let before = transaction.enrolment.clone();
                transaction.enrolment.handle(&response, now);
                transaction.last = Some((before, response));
                transaction.enrolment.verdict().is_none()
            }
            Err(error) => {
                transaction.enrolment.handle_no_answer(&error.to_string(), now);
                false
            }
        }
    }

    fn report(self, ended: Result<Verdict, Failure>, clock: &dyn Clock) -> Enrolled {
        let remarks = self.session.into_remarks();
        let mut findings = remarks.findings;
        let (mut transaction_id, mut signer, mut polls) = (None, None, 0);
        if let Some(transaction) = &self.transaction {
            findings.extend_from_slice(transaction.enrolment.findings());
            transaction_id = Some(transaction.enrolment.transaction_id().clone());
            signer = Some(transaction.signer.clone());
            polls = transaction.enrolment.polls();
        }
        let conduct = &self.config.contact.conduct;
        Enrolled {
            certificate: to_install(&ended, conduct, self.transaction.as_ref(), self.ca.as_ref(), clock),
            exit: exit(&ended, conduct),
            ended,
            ca: self.ca,
            suite: self.chosen.map(|(suite, _)| suite),
            form: self.chosen.map(|(_, form)| form),
            transaction_id,
            signer,
            polls,
            findings,
            warnings: remarks.warnings,
            lost: remarks.lost,
            retry_after: remarks.retry_after,
            delivered: remarks.delivered,
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
        Ok(Verdict::StillPending { .. }) if !conduct.reports_pending => Exit::Done,
        Ok(Verdict::StillPending { .. }) => Exit::Pending,
        // What is ours is said whatever the conduct.
        Err(Failure::Untrusted(_) | Failure::Answer { .. } | Failure::Network(_))
            if !conduct.reports_refusal =>
        {
            Exit::Done
        }
        Err(failure) => failure.exit(),
    }
}
