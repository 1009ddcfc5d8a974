//! A SCEP server of a few lines that does what a test says. It is a transport itself: no socket needed.

use std::collections::BTreeMap;

use mock_client::{Transport, TransportError};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use scep::UnixTime;
use scep::attribute::{FailInfo, MessageType, Nonce, TransactionId};
use scep::ca_cert::CaCertificates;
use scep::caps::Capabilities;
use scep::certificate::{Certificate, CertificateParts, Extension, KeyUsage};
use scep::csr::Csr;
use scep::fault::{Faults, Order, Script, When};
use scep::http::{HttpRequest, HttpResponse, Incoming, Method, PKI_MESSAGE};
use scep::key::PrivateKey;
use scep::message::{Outcome, PkiMessage, Sender};
use scep::server::{Checks, Content, Reply, answer, receive};
use scep::suite::Digest;

/// The time on every clock of these tests.
pub(crate) const NOW: UnixTime = UnixTime(1_800_000_000);
/// The challengePassword that the server accepts.
pub(crate) const CHALLENGE: &str = "open-sesame";

/// A key of the public pool.
pub(crate) fn key(name: &str) -> PrivateKey {
    PrivateKey::from_pem(scep_vectors::keys::named(name).unwrap().pem.as_bytes()).unwrap()
}

/// Faults of the catalogue for a kind of message.
pub(crate) fn script(fault: &str, message: &str) -> Script {
    let when = When { message: Some(message.to_owned()), ..When::default() };
    Script::new(&[Order { fault: fault.to_owned(), when }]).unwrap()
}

/// What the server saw of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) method: Method,
    pub(crate) operation: String,
    /// Of a PKIOperation that could be read.
    pub(crate) message: Option<SeenMessage>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SeenMessage {
    pub(crate) message_type: Option<MessageType>,
    pub(crate) transaction_id: Option<TransactionId>,
    pub(crate) sender_nonce: Option<Nonce>,
    pub(crate) digest: Option<Digest>,
}

/// The server.
pub(crate) struct Service {
    pub(crate) ca: Sender,
    /// Signs and opens messages; the CA itself, or an RA.
    pub(crate) agent: Sender,
    /// What GetCACert answers.
    pub(crate) announced: Vec<Certificate>,
    pub(crate) capabilities: Vec<&'static str>,
    /// PENDING that many times, then decide.
    pub(crate) pending: u32,
    /// Refuses whatever it decides about.
    pub(crate) refuses: bool,
    /// Takes requests in single DES.
    pub(crate) legacy: bool,
    /// Faults of the answers: `CertRep`, `GetCACaps`, `GetCACert`.
    pub(crate) script: Script,
    pub(crate) seen: Vec<Seen>,
    pub(crate) waiting: BTreeMap<Vec<u8>, Csr>,
    pub(crate) now: UnixTime,
    pub(crate) rng: ChaCha20Rng,
}

impl Service {
    pub(crate) fn new() -> Self {
        Self::at(NOW)
    }

    pub(crate) fn at(now: UnixTime) -> Self {
        let usage = KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_ENCIPHERMENT | KeyUsage::KEY_CERT_SIGN;
        let ca = issuer("CN=CA", "ca-rsa", "CN=CA", "ca-rsa", true, usage, now);
        Self {
            agent: ca.clone(),
            announced: vec![ca.certificate.clone()],
            ca,
            capabilities: vec!["AES", "POSTPKIOperation", "SCEPStandard", "SHA-256"],
            pending: 0,
            refuses: false,
            legacy: false,
            script: Script::default(),
            seen: Vec::new(),
            waiting: BTreeMap::new(),
            now,
            rng: ChaCha20Rng::from_seed([9; 32]),
        }
    }

    /// Puts an RA before the CA, certified with that key.
    pub(crate) fn with_ra(mut self, certified_with: &str) -> Self {
        let usage = KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_ENCIPHERMENT;
        self.agent = issuer("CN=RA", "ra-rsa", "CN=CA", certified_with, false, usage, self.now);
        self.announced = vec![self.agent.certificate.clone(), self.ca.certificate.clone()];
        self
    }

    pub(crate) fn with_faults(mut self, fault: &str, message: &str) -> Self {
        self.script = script(fault, message);
        self
    }

    /// Names of what was asked, in order: operations, and messageTypes of messages.
    pub(crate) fn log(&self) -> Vec<String> {
        let name = |seen: &Seen| match seen.message.as_ref().and_then(|message| message.message_type) {
            Some(message_type) => message_type.name().to_owned(),
            None => seen.operation.clone(),
        };
        self.seen.iter().map(name).collect()
    }

    pub(crate) fn messages(&self) -> Vec<SeenMessage> {
        self.seen.iter().filter_map(|seen| seen.message.clone()).collect()
    }

    pub(crate) fn answer(&mut self, request: &HttpRequest) -> HttpResponse {
        let incoming =
            Incoming::read(request.method, &request.query, &request.body, &mut Vec::new()).unwrap();
        let operation = incoming.operation.clone().unwrap_or_default();
        let read = incoming.message.as_deref().and_then(|message| PkiMessage::read(message).ok());
        let message = read.map(|read| SeenMessage {
            message_type: read.value.message_type(),
            transaction_id: read.value.transaction_id(),
            sender_nonce: read.value.sender_nonce(),
            digest: read.value.signer().and_then(|signer| signer.digest()),
        });
        self.seen.push(Seen { method: request.method, operation: operation.clone(), message });
        match (operation.as_str(), incoming.message) {
            ("GetCACaps", _) => {
                let body = Capabilities::new(&self.capabilities).write();
                self.finish("GetCACaps", HttpResponse::ok("text/plain", body))
            }
            ("GetCACert", _) => {
                let all: Vec<Vec<u8>> = self.announced.iter().map(|one| one.der.clone()).collect();
                let (content_type, body) = CaCertificates::write(&all, &mut Faults::none());
                self.finish("GetCACert", HttpResponse::ok(content_type, body))
            }
            ("PKIOperation", Some(message)) => self.pki_operation(&message),
            _ => HttpResponse::error(400, "no such operation"),
        }
    }

    fn finish(&mut self, message: &str, mut response: HttpResponse) -> HttpResponse {
        self.script.next(message, None).response(&mut response);
        response
    }

    fn pki_operation(&mut self, message: &[u8]) -> HttpResponse {
        let checks = Checks { md5: !self.legacy, single_des: !self.legacy, ..Checks::default() };
        let (reply_to, outcome, spki, subject) = match receive(message, &[&self.agent], &[], &checks) {
            Err((refusal, Some(reply_to))) => {
                (*reply_to, Outcome::Failure(refusal.fail_info(), Some(refusal.to_string())), None, None)
            }
            Err((refusal, None)) => return HttpResponse::error(400, &refusal.to_string()),
            Ok(request) => {
                let id = request.reply_to.transaction_id.octets().to_vec();
                let csr = match request.content {
                    Content::Enrol(csr) => {
                        self.waiting.insert(id, (*csr).clone());
                        Some(*csr)
                    }
                    Content::Poll(_) | Content::Lookup(_) => self.waiting.get(&id).cloned(),
                };
                let outcome = self.decide(csr.as_ref());
                (
                    request.reply_to,
                    outcome,
                    csr.as_ref().map(|csr| csr.spki.clone()),
                    csr.map(|csr| csr.subject),
                )
            }
        };
        let mut faults = self.script.next("CertRep", Some(outcome.status().name()));
        let mut issued = Vec::new();
        if let (Outcome::Success, Some(spki), Some(subject)) = (&outcome, spki, subject) {
            issued.push(issue(&self.ca, spki, subject, self.now, &mut faults));
        }
        let reply = Reply::new(outcome, &issued);
        let body = answer(&reply_to, &reply, &self.agent, &mut faults, &mut self.rng).unwrap();
        let mut response = HttpResponse::ok(PKI_MESSAGE, body);
        faults.response(&mut response);
        response
    }

    fn decide(&mut self, csr: Option<&Csr>) -> Outcome {
        let Some(csr) = csr else { return Outcome::Failure(FailInfo::BadCertId, None) };
        if csr.challenge.as_ref().map(scep::attribute::Text::lossy).as_deref() != Some(CHALLENGE) {
            return Outcome::Failure(FailInfo::BadRequest, Some("wrong\u{7} challengePassword".to_owned()));
        }
        if self.pending > 0 {
            self.pending -= 1;
            return Outcome::Pending;
        }
        if self.refuses {
            return Outcome::Failure(FailInfo::BadRequest, Some("not today".to_owned()));
        }
        Outcome::Success
    }
}

impl Transport for Service {
    fn send(&mut self, request: &HttpRequest) -> Result<HttpResponse, TransportError> {
        Ok(self.answer(request))
    }
}

fn issuer(
    subject: &str,
    own: &str,
    issuer: &str,
    signed_with: &str,
    is_ca: bool,
    usage: u16,
    now: UnixTime,
) -> Sender {
    let own = key(own);
    let mut parts =
        CertificateParts::self_signed(&scep::name::parse(subject).unwrap(), own.public(), vec![1], now);
    parts.issuer = scep::name::parse(issuer).unwrap();
    parts.extensions = vec![Extension::basic_constraints(is_ca), Extension::key_usage(usage)];
    let der = parts.write(&key(signed_with), &mut Faults::none()).unwrap();
    Sender { certificate: Certificate::from_der(&der).unwrap(), key: own }
}

fn issue(ca: &Sender, spki: Vec<u8>, subject: Vec<u8>, now: UnixTime, faults: &mut Faults) -> Certificate {
    let parts = CertificateParts {
        serial: vec![0x2a],
        issuer: ca.certificate.subject.clone(),
        subject,
        not_before: now.minus(60),
        not_after: now.plus(86_400),
        spki,
        extensions: Vec::new(),
        digest: Digest::Sha256,
    };
    Certificate::from_der(&parts.write(&ca.key, faults).unwrap()).unwrap()
}
