//! A device: makes requests as a client would, or with a fault, and opens the answers.

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use scep::attribute::{FailInfo, MessageType, Nonce, TransactionId};
use scep::ca_cert::read_certificates_only;
use scep::certificate::{Certificate, CertificateParts, Extension};
use scep::csr::CsrParts;
use scep::fault::{Faults, find};
use scep::http::{HttpRequest, Method};
use scep::key::PrivateKey;
use scep::message::{IssuerAndSubject, MessageParts, PkiMessage, Sender};
use scep::name;
use scep::suite::{Cipher, Digest};
use scep::tlv::Source;

use crate::server::{CHALLENGE, NOW, Server};
use crate::wire::{Connection, Reply};

pub(crate) struct Device {
    pub(crate) signer: Sender,
    pub(crate) id: TransactionId,
    pub(crate) challenge: Option<&'static str>,
    pub(crate) cipher: Cipher,
    pub(crate) digest: Digest,
    pub(crate) method: Method,
    pub(crate) subject: Vec<u8>,
    pub(crate) rng: ChaCha20Rng,
}

/// An answer, read.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) http: Reply,
    pub(crate) message: Option<PkiMessage>,
    pub(crate) nonce: Nonce,
    pub(crate) certificates: Vec<Certificate>,
}

impl Device {
    /// `key` is a name of the public test keys, and names the device too.
    pub(crate) fn new(key: &str) -> Self {
        let mut rng = ChaCha20Rng::from_seed([9; 32]);
        let private = PrivateKey::from_pem(scep_vectors::keys::named(key).unwrap().pem.as_bytes()).unwrap();
        let subject = name::parse(&format!("CN={key},O=lab")).unwrap();
        let parts = CertificateParts::self_signed(&subject, private.public(), vec![1], NOW);
        let certificate =
            Certificate::from_der(&parts.write(&private, &mut Faults::none()).unwrap()).unwrap();
        Self {
            id: TransactionId::parse(format!("{key}-{}", TransactionId::random(&mut rng)).as_bytes())
                .unwrap(),
            signer: Sender { certificate, key: private },
            challenge: Some(CHALLENGE),
            cipher: Cipher::Aes128,
            digest: Digest::Sha256,
            method: Method::Post,
            subject,
            rng,
        }
    }

    pub(crate) fn without_challenge(key: &str) -> Self {
        Self { challenge: None, ..Self::new(key) }
    }

    pub(crate) fn enrol(&mut self, server: &Server) -> Answer {
        self.send(server, MessageType::PkcsReq, &[])
    }

    pub(crate) fn enrol_with(&mut self, server: &Server, fault: &str) -> Answer {
        self.send(server, MessageType::PkcsReq, &[fault])
    }

    pub(crate) fn poll(&mut self, server: &Server) -> Answer {
        self.send(server, MessageType::CertPoll, &[])
    }

    pub(crate) fn send(&mut self, server: &Server, message_type: MessageType, faults: &[&str]) -> Answer {
        let (message, nonce) = self.message(&server.ca_certificate(), message_type, faults);
        let request = match self.method {
            Method::Post => HttpRequest::post(message),
            Method::Get => HttpRequest::get(&message),
        };
        let target = format!("/scep?{}", request.query);
        let content_type =
            request.content_type.map(|value| format!("Content-Type: {value}\r\n")).unwrap_or_default();
        let http =
            Connection::open(&server.url()).ask(request.method.name(), &target, &content_type, &request.body);
        self.open(http, nonce)
    }

    pub(crate) fn message(
        &mut self,
        ca: &Certificate,
        message_type: MessageType,
        faults: &[&str],
    ) -> (Vec<u8>, Nonce) {
        let mut faults = Faults::new(faults.iter().map(|id| find(id).unwrap()).collect());
        let nonce = Nonce::random(&mut self.rng);
        let content = match message_type {
            MessageType::PkcsReq | MessageType::RenewalReq | MessageType::CertRep => {
                let mut parts = CsrParts::new(&self.subject, self.signer.key.public(), self.challenge);
                parts.extensions = vec![Extension::dns_names(&["device.example.org"])];
                parts.write(&self.signer.key, &mut faults).unwrap()
            }
            MessageType::CertPoll => {
                IssuerAndSubject { issuer: ca.subject.clone(), subject: self.subject.clone() }.write()
            }
            MessageType::GetCert | MessageType::GetCrl => ca.issuer_and_serial(),
        };
        let parts = MessageParts {
            message_type,
            transaction_id: self.id.clone(),
            sender_nonce: Some(nonce.clone()),
            recipient_nonce: None,
            outcome: None,
            message_data: Some(content),
            recipient: Some(ca.clone().into()),
            cipher: self.cipher,
            digest: self.digest,
            certificates: vec![self.signer.certificate.der.clone()],
        };
        (parts.write(&self.signer, &mut faults, &mut self.rng).unwrap(), nonce)
    }

    fn open(&self, http: Reply, nonce: Nonce) -> Answer {
        let message = PkiMessage::read(&http.body).ok().map(|read| read.value);
        let envelope = message.as_ref().and_then(|message| message.envelope(&mut Vec::new()).unwrap());
        let certificates = envelope.map(|envelope| {
            let plain = envelope.open(&self.signer.key).unwrap();
            let signed = read_certificates_only(Source::message_data(&plain), &mut Vec::new()).unwrap();
            signed.certificates.iter().map(|raw| raw.read().unwrap()).collect()
        });
        Answer { http, message, nonce, certificates: certificates.unwrap_or_default() }
    }
}

impl Answer {
    /// pkiStatus with failInfo; without a CertRep the HTTP status and Content-Type.
    pub(crate) fn word(&self) -> String {
        let Some(message) = &self.message else { return word(&self.http) };
        let status = message.pki_status().map_or("no pkiStatus", |status| status.name());
        match message.fail_info().map(FailInfo::name) {
            Some(reason) => format!("{status} {reason}"),
            None => status.to_owned(),
        }
    }

    /// The answer's CertRep.
    pub(crate) fn message(&self) -> &PkiMessage {
        self.message.as_ref().unwrap()
    }

    /// The certificate of a SUCCESS.
    pub(crate) fn certificate(&self) -> &Certificate {
        assert_eq!(self.word(), "SUCCESS");
        &self.certificates[0]
    }
}

/// HTTP status, and for 200 the Content-Type.
pub(crate) fn word(reply: &Reply) -> String {
    match reply.header("content-type") {
        Some(value) if reply.status == 200 => format!("200 {value}"),
        _ => reply.status.to_string(),
    }
}
