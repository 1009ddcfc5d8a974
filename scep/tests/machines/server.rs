//! A server of a few lines: `receive`, `transaction`, a little policy, `answer`.

use std::collections::BTreeMap;

use rand_chacha::ChaCha20Rng;
use scep::UnixTime;
use scep::attribute::{FailInfo, MessageType, TransactionId};
use scep::ca_cert::CaCertificates;
use scep::caps::Capabilities;
use scep::certificate::Certificate;
use scep::crl::{Crl, CrlParts, Revoked};
use scep::csr::Csr;
use scep::fault::Faults;
use scep::http::{HttpRequest, HttpResponse, Incoming, Operation, PKI_MESSAGE};
use scep::key::Password;
use scep::message::{IssuerAndSerial, Sender};
use scep::next_ca::NextCa;
use scep::serial::SerialNumber;
use scep::server::renewal::{Standing, Validity};
use scep::server::transaction::{Arrival, Due, Identity, Stage};
use scep::server::{Checks, Content, Reply, Request, answer, receive};
use scep::suite::Digest;

use crate::lab::{CHALLENGE, ca, issue, next_ca, rng};

/// What the operator says to everything that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    /// Nobody waits: whoever may enrol gets his certificate at once.
    Automatic,
    /// From then on everything is approved.
    ApprovesAt(UnixTime),
    /// From then on everything is rejected.
    RejectsAt(UnixTime),
    /// Everything waits for ever.
    Absent,
}

/// One transaction as the server remembers it.
#[derive(Debug)]
struct Entry {
    identity: Identity,
    csr: Csr,
    stage: Stage,
    certificate: Option<Certificate>,
}

/// The server.
#[derive(Debug)]
pub(crate) struct Server {
    ca: Sender,
    operator: Operator,
    /// Refuses a second valid certificate of a subject, as in resync case 3 of RFC 8894 5.2.
    pub(crate) unique_subjects: bool,
    /// What GetCACaps says; None answers with an HTTP error.
    pub(crate) capabilities: Option<Vec<&'static str>>,
    /// Certificates of the answers to GetCACert and GetCACertChain.
    pub(crate) announced: Vec<Certificate>,
    pub(crate) chain: Option<Vec<Certificate>>,
    /// The next CA, and who signs the answer about it.
    pub(crate) next: Option<Sender>,
    entries: BTreeMap<TransactionId, Entry>,
    /// Every certificate that was made, by transaction.
    pub(crate) issued: Vec<(TransactionId, Certificate)>,
    /// messageTypes in order of arrival.
    pub(crate) arrived: Vec<MessageType>,
    rng: ChaCha20Rng,
}

impl Server {
    pub(crate) fn new(operator: Operator) -> Self {
        Self {
            ca: ca(),
            operator,
            unique_subjects: false,
            capabilities: Some(vec!["SCEPStandard", "Renewal", "GetNextCACert"]),
            announced: vec![ca().certificate],
            chain: None,
            next: Some(ca()),
            entries: BTreeMap::new(),
            issued: Vec::new(),
            arrived: Vec::new(),
            rng: rng(1),
        }
    }

    /// Transactions that it knows.
    pub(crate) fn transactions(&self) -> usize {
        self.entries.len()
    }

    /// Most certificates of one transaction.
    pub(crate) fn most_certificates(&self) -> usize {
        let count = |id: &TransactionId| self.issued.iter().filter(|(of, _)| of == id).count();
        self.entries.keys().map(count).max().unwrap_or_default()
    }

    /// Answers a request that arrives now.
    pub(crate) fn answer(&mut self, request: &HttpRequest, now: UnixTime) -> HttpResponse {
        let incoming =
            Incoming::read(request.method, &request.query, &request.body, &mut Vec::new()).unwrap();
        let none = || HttpResponse::error(404, "there is none");
        match incoming.operation.as_deref().and_then(Operation::parse).unwrap() {
            Operation::GetCaCaps => self.capabilities.as_ref().map_or_else(none, |keywords| {
                HttpResponse::ok("text/plain", Capabilities::new(keywords).write())
            }),
            Operation::GetCaCert => {
                let (kind, body) = CaCertificates::write(&der(&self.announced), &mut Faults::none());
                HttpResponse::ok(kind, body)
            }
            Operation::GetCaCertChain => self.chain.as_ref().map_or_else(none, |chain| {
                let (kind, body) = CaCertificates::write_chain(&der(chain));
                HttpResponse::ok(kind, body)
            }),
            Operation::GetNextCaCert => self.next.as_ref().map_or_else(none, |signer| {
                let next = [next_ca().certificate];
                let (kind, body) = NextCa::write(&der(&next), signer, Digest::Sha256).unwrap();
                HttpResponse::ok(kind, body)
            }),
            Operation::PkiOperation => self.pki_operation(&incoming.message.unwrap(), now),
        }
    }

    fn pki_operation(&mut self, message: &[u8], now: UnixTime) -> HttpResponse {
        self.operate(now);
        let password = Password::new(CHALLENGE);
        let mut request = match receive(message, &[&self.ca], &[password], &Checks::default()) {
            Ok(request) => request,
            Err((refusal, None)) => return HttpResponse::error(400, &refusal.to_string()),
            Err((refusal, Some(to))) => {
                let reply = Reply::Failure(refusal.fail_info(), Some(refusal.to_string()));
                let body = answer(&to, &reply, &self.ca, &mut Faults::none(), &mut self.rng).unwrap();
                return HttpResponse::ok(PKI_MESSAGE, body);
            }
        };
        self.arrived.push(request.message_type);
        // A poll does not hold the challengePassword that its answer may have to be for: the request did.
        let id = &request.reply_to.transaction_id;
        let of_request = self.entries.get(id).and_then(|entry| entry.csr.password());
        request.reply_to.password = request.reply_to.password.or(of_request);
        let (certificates, crl);
        let reply = match self.judge(&request, now) {
            Ok(Given::Certificate(one)) => {
                // The wanted one last, so that its position tells nothing.
                certificates = [self.ca.certificate.clone(), one];
                Reply::Certificates(&certificates)
            }
            Ok(Given::Crl(list)) => {
                crl = list;
                Reply::Crl(&crl)
            }
            Ok(Given::Nothing) => Reply::Pending,
            Err(reason) => Reply::Failure(reason, None),
        };
        let to = &request.reply_to;
        let body = answer(to, &reply, &self.ca, &mut Faults::none(), &mut self.rng).unwrap();
        HttpResponse::ok(PKI_MESSAGE, body)
    }

    /// The operator looks at what waits.
    fn operate(&mut self, now: UnixTime) {
        let stage = match self.operator {
            Operator::ApprovesAt(at) if at <= now => Stage::Approved,
            Operator::RejectsAt(at) if at <= now => Stage::Rejected,
            _ => return,
        };
        for entry in self.entries.values_mut().filter(|entry| entry.stage == Stage::Waiting) {
            entry.stage = stage;
        }
    }

    fn judge(&mut self, request: &Request, now: UnixTime) -> Result<Given, FailInfo> {
        let id = &request.reply_to.transaction_id;
        let known = self.entries.get(id);
        let arrival = Arrival::of(request, known.map(|entry| &entry.identity)).unwrap();
        match arrival.due(known.map(|entry| entry.stage)) {
            Due::Decision => {
                let Content::Enrol(csr) = &request.content else { panic!("only requests are new") };
                self.decide(request, csr, now)?;
                let identity = Identity::of(request).unwrap().unwrap();
                let entry =
                    Entry { identity, csr: csr.as_ref().clone(), stage: Stage::Waiting, certificate: None };
                self.entries.insert(id.clone(), entry);
                if self.operator == Operator::Automatic { self.issue(id, now) } else { Ok(Given::Nothing) }
            }
            Due::Pending => Ok(Given::Nothing),
            Due::Certificate => self.issue(id, now),
            Due::SameCertificate => Ok(Given::Certificate(self.entries[id].certificate.clone().unwrap())),
            Due::Refusal(denial) => Err(denial.fail_info()),
            Due::Lookup => self.look_up(request, now),
        }
    }

    /// Who may have a certificate.
    fn decide(&self, request: &Request, csr: &Csr, now: UnixTime) -> Result<(), FailInfo> {
        let is_authorised = match request.standing(std::slice::from_ref(&self.ca.certificate), now) {
            Standing::Issued(validity) => validity == Validity::Valid,
            Standing::SelfSigned if request.message_type == MessageType::PkcsReq => {
                csr.challenge.as_ref().is_some_and(|challenge| challenge.lossy() == CHALLENGE)
            }
            Standing::SelfSigned | Standing::Stranger => false,
        };
        let is_taken = self.unique_subjects && self.issued.iter().any(|(_, one)| one.subject == csr.subject);
        if is_authorised && !is_taken { Ok(()) } else { Err(FailInfo::BadRequest) }
    }

    fn issue(&mut self, id: &TransactionId, now: UnixTime) -> Result<Given, FailInfo> {
        let serial = [0x40, u8::try_from(self.issued.len()).unwrap()];
        let entry = self.entries.get_mut(id).unwrap();
        let certificate = issue(&entry.csr.subject, &entry.csr.spki, &serial, now);
        entry.stage = Stage::Issued;
        entry.certificate = Some(certificate.clone());
        self.issued.push((id.clone(), certificate.clone()));
        Ok(Given::Certificate(certificate))
    }

    fn look_up(&self, request: &Request, now: UnixTime) -> Result<Given, FailInfo> {
        let Content::Lookup(named) = &request.content else { panic!("only lookups are one-shot") };
        match request.message_type {
            MessageType::GetCrl if named.issuer == self.ca.certificate.subject => {
                Ok(Given::Crl(self.crl(now)))
            }
            MessageType::GetCert => self.find(named).map(Given::Certificate),
            _ => Err(FailInfo::BadCertId),
        }
    }

    fn find(&self, named: &IssuerAndSerial) -> Result<Certificate, FailInfo> {
        let found = self.issued.iter().find(|(_, one)| named.names(one));
        found.map(|(_, one)| one.clone()).ok_or(FailInfo::BadCertId)
    }

    /// Everything with an even serial number is revoked.
    fn crl(&self, now: UnixTime) -> Crl {
        let mut parts = CrlParts::new(&self.ca.certificate.subject, &[1, 2, 3], 1, now, 3600);
        let even = self.issued.iter().filter(|(_, one)| one.serial.last().is_some_and(|last| last % 2 == 0));
        parts.revoked = even
            .map(|(_, one)| Revoked { serial: SerialNumber::of(one), at: Some(now), reason: Some(4) })
            .collect();
        parts.write(&self.ca.key).unwrap()
    }
}

/// What the wanted one gets.
#[derive(Debug)]
enum Given {
    Certificate(Certificate),
    Crl(Crl),
    Nothing,
}

fn der(certificates: &[Certificate]) -> Vec<Vec<u8>> {
    certificates.iter().map(|one| one.der.clone()).collect()
}
