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
use scep::crl::{Crl, CrlParts, Revoked};
use scep::csr::Csr;
use scep::fault::{Faults, Order, Script, When};
use scep::http::{HttpRequest, HttpResponse, Incoming, Method, PKI_MESSAGE};
use scep::key::{Password, PrivateKey};
use scep::message::{Outcome, PkiMessage, Sender};
use scep::next_ca::NextCa;
use scep::serial::SerialNumber;
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
    /// Name of the content cipher.
    pub(crate) cipher: Option<String>,
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
    /// Query of each request, as it came.
    pub(crate) queries: Vec<String>,
    pub(crate) waiting: BTreeMap<Vec<u8>, Csr>,
    /// What it granted, by transactionID: polls and repeated requests get the same again.
    pub(crate) granted: BTreeMap<Vec<u8>, Certificate>,
    /// Every certificate that it issued, in order.
    pub(crate) issued: Vec<Certificate>,
    /// Serial numbers that are on its CRL.
    pub(crate) revoked: Vec<Vec<u8>>,
    /// Seconds before now from which a certificate is valid.
    pub(crate) age: u64,
    /// Seconds that a certificate is valid.
    pub(crate) validity: u64,
    /// CAs that it was before: what they issued renews too.
    pub(crate) former: Vec<Certificate>,
    /// The CA that comes after it, once there is one.
    pub(crate) next_ca: Option<Sender>,
    /// Answers queries with another certificate than the one that is meant, and a CRL that a stranger signed.
    pub(crate) mixes_up: bool,
    /// A renewal by the old form only.
    pub(crate) refuses_renewal_req: bool,
    /// URL of the CRL in its certificates.
    pub(crate) crl_url: Option<String>,
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
            queries: Vec::new(),
            waiting: BTreeMap::new(),
            granted: BTreeMap::new(),
            issued: Vec::new(),
            revoked: Vec::new(),
            age: 60,
            validity: 86_400,
            former: Vec::new(),
            next_ca: None,
            mixes_up: false,
            refuses_renewal_req: false,
            crl_url: None,
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

    /// Issues and answers with this CA from now on.
    pub(crate) fn use_ca(&mut self, ca: Sender) {
        self.announced = vec![ca.certificate.clone()];
        (self.agent, self.ca) = (ca.clone(), ca);
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
        self.queries.push(request.query.clone());
        let read = incoming.message.as_deref().and_then(|message| PkiMessage::read(message).ok());
        let message = read.map(|read| SeenMessage {
            message_type: read.value.message_type(),
            transaction_id: read.value.transaction_id(),
            sender_nonce: read.value.sender_nonce(),
            digest: read.value.signer().and_then(|signer| signer.digest()),
            cipher: read
                .value
                .envelope(&mut Vec::new())
                .ok()
                .flatten()
                .map(|one| scep::oid::name(one.cipher)),
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
            ("GetNextCACert", _) => match &self.next_ca {
                Some(next) => {
                    let next = [next.certificate.der.clone()];
                    let (content_type, body) = NextCa::write(&next, &self.ca, Digest::Sha256).unwrap();
                    self.finish("GetNextCACert", HttpResponse::ok(content_type, body))
                }
                None => HttpResponse::error(404, "no next CA"),
            },
            ("PKIOperation", Some(message)) => self.pki_operation(&message),
            ("", None) => HttpResponse::ok("application/pkix-crl", self.crl().der),
            _ => HttpResponse::error(400, "no such operation"),
        }
    }

    fn finish(&mut self, message: &str, mut response: HttpResponse) -> HttpResponse {
        self.script.next(message, None).response(&mut response);
        response
    }

    pub(crate) fn crl(&self) -> Crl {
        let key = self.ca.certificate.public_key().unwrap().identifier().unwrap();
        let mut parts = CrlParts::new(&self.ca.certificate.subject, &key, 1, self.now, 86_400);
        parts.revoked = self
            .revoked
            .iter()
            .map(|serial| Revoked { serial: SerialNumber::new(serial), at: Some(self.now), reason: Some(1) })
            .collect();
        if self.mixes_up { parts.write(&self::key("pool-08")) } else { parts.write(&self.ca.key) }.unwrap()
    }

    fn pki_operation(&mut self, message: &[u8]) -> HttpResponse {
        let checks = Checks { md5: !self.legacy, single_des: !self.legacy, ..Checks::default() };
        let passwords = [Password::from(CHALLENGE)];
        let (reply_to, outcome, content) = match receive(message, &[&self.agent], &passwords, &checks) {
            Err((refusal, Some(reply_to))) => {
                let outcome = Outcome::Failure(refusal.fail_info(), Some(refusal.to_string()));
                (*reply_to, outcome, Answer::Nothing)
            }
            Err((refusal, None)) => return HttpResponse::error(400, &refusal.to_string()),
            Ok(request) => {
                let id = request.reply_to.transaction_id.octets().to_vec();
                let authorities = std::iter::once(&self.ca.certificate).chain(&self.former);
                let renews = authorities.into_iter().any(|ca| request.signer.is_issued_by(ca));
                let (outcome, content) = match &request.content {
                    Content::Enrol(csr) => {
                        self.waiting.insert(id, (**csr).clone());
                        self.decide(Some(csr), request.message_type, renews)
                    }
                    Content::Poll(_) => {
                        let csr = self.waiting.get(&id).cloned();
                        self.decide(csr.as_ref(), request.message_type, renews)
                    }
                    Content::Lookup(_) if !renews => {
                        (Outcome::Failure(FailInfo::BadRequest, None), Answer::Nothing)
                    }
                    Content::Lookup(_) if request.message_type == MessageType::GetCrl => {
                        (Outcome::Success, Answer::Crl)
                    }
                    Content::Lookup(named) => {
                        match self.issued.iter().find(|one| named.names(one) != self.mixes_up).cloned() {
                            Some(found) => (Outcome::Success, Answer::Certificate(Box::new(found))),
                            None => (Outcome::Failure(FailInfo::BadCertId, None), Answer::Nothing),
                        }
                    }
                };
                let mut reply_to = request.reply_to;
                reply_to.password = reply_to.password.or_else(|| Some(Password::from(CHALLENGE)));
                (reply_to, outcome, content)
            }
        };
        let mut faults = self.script.next("CertRep", Some(outcome.status().name()));
        let (mut certificates, mut crl) = (Vec::new(), None);
        match content {
            Answer::Nothing => {}
            Answer::Crl => crl = Some(self.crl()),
            Answer::Certificate(found) => certificates.push(*found),
            Answer::Issue(spki, subject) => {
                let id = reply_to.transaction_id.octets().to_vec();
                let known = self.granted.get(&id).filter(|known| known.spki == spki).cloned();
                certificates.push(known.unwrap_or_else(|| {
                    let new = self.issue(spki, subject, &mut faults);
                    self.granted.insert(id, new.clone());
                    self.issued.push(new.clone());
                    new
                }));
            }
        }
        let reply = crl.as_ref().map_or_else(|| Reply::new(outcome, &certificates), Reply::Crl);
        let body = answer(&reply_to, &reply, &self.agent, &mut faults, &mut self.rng).unwrap();
        let mut response = HttpResponse::ok(PKI_MESSAGE, body);
        faults.response(&mut response);
        response
    }

    fn decide(&mut self, csr: Option<&Csr>, message: MessageType, renews: bool) -> (Outcome, Answer) {
        let no = |info, text: &str| (Outcome::Failure(info, Some(text.to_owned())), Answer::Nothing);
        let Some(csr) = csr else {
            return (Outcome::Failure(FailInfo::BadCertId, None), Answer::Nothing);
        };
        if message == MessageType::RenewalReq && self.refuses_renewal_req {
            return no(FailInfo::BadRequest, "no RenewalReq here");
        }
        if !renews && csr.challenge.as_ref().map(scep::attribute::Text::lossy).as_deref() != Some(CHALLENGE) {
            return no(FailInfo::BadRequest, "wrong\u{7} challengePassword");
        }
        if self.pending > 0 {
            self.pending -= 1;
            return (Outcome::Pending, Answer::Nothing);
        }
        if self.refuses {
            return no(FailInfo::BadRequest, "not today");
        }
        (Outcome::Success, Answer::Issue(csr.spki.clone(), csr.subject.clone()))
    }

    fn issue(&self, spki: Vec<u8>, subject: Vec<u8>, faults: &mut Faults) -> Certificate {
        let serial = u16::try_from(0x2a + self.issued.len()).unwrap().to_be_bytes();
        let serial = [&[0], &serial[..]].concat();
        let parts = CertificateParts {
            serial: SerialNumber::new(&serial).shortest().to_vec(),
            issuer: self.ca.certificate.subject.clone(),
            subject,
            not_before: self.now.minus(self.age),
            not_after: self.now.plus(self.validity),
            spki,
            extensions: self.crl_url.iter().map(|url| distribution_point(url)).collect(),
            digest: Digest::Sha256,
        };
        Certificate::from_der(&parts.write(&self.ca.key, faults).unwrap()).unwrap()
    }
}

/// What an answer holds.
enum Answer {
    Nothing,
    Crl,
    Certificate(Box<Certificate>),
    Issue(Vec<u8>, Vec<u8>),
}

/// cRLDistributionPoints with one URL.
pub(crate) fn distribution_point(url: &str) -> Extension {
    use scep::tlv::tag;
    use scep::write::{sequence, tlv};
    let uri = tlv(tag::context_primitive(6), url.as_bytes());
    let full = tlv(tag::context(0), &uri);
    let point = sequence(&[&tlv(tag::context(0), &full)]);
    Extension { oid: "2.5.29.31".parse().unwrap(), critical: false, value: sequence(&[&point]) }
}

impl Transport for Service {
    fn send(&mut self, request: &HttpRequest) -> Result<HttpResponse, TransportError> {
        Ok(self.answer(request))
    }
}

/// A CA, an RA or anybody else with a certificate, by the name of its key.
pub(crate) fn issuer(
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
