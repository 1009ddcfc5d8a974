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
    /// Key to be certified; None for the one that signs.
    pub(crate) new_key: Option<PrivateKey>,
    /// Certificate that is looked up; None for the CA's.
    pub(crate) looks_up: Option<Certificate>,
    /// To whom requests are enveloped; None for the CA.
    pub(crate) recipient: Option<Certificate>,
    pub(crate) rng: ChaCha20Rng,
}

/// An answer, read.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) http: Reply,
    pub(crate) message: Option<PkiMessage>,
    pub(crate) nonce: Nonce,
    pub(crate) certificates: Vec<Certificate>,
    pub(crate) crls: Vec<Vec<u8>>,
}

/// One of the public test keys.
pub(crate) fn key(name: &str) -> PrivateKey {
    PrivateKey::from_pem(scep_vectors::keys::named(name).unwrap().pem.as_bytes()).unwrap()
}

impl Device {
    /// `key` is a name of the public test keys, and names the device too.
    pub(crate) fn new(key: &str) -> Self {
        let mut rng = ChaCha20Rng::from_seed([9; 32]);
        let private = self::key(key);
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
            new_key: None,
            looks_up: None,
            recipient: None,
            rng,
        }
    }

    pub(crate) fn without_challenge(key: &str) -> Self {
        Self { challenge: None, ..Self::new(key) }
    }

    /// The device with its new certificate, about to replace it: no challenge, another transaction.
    pub(crate) fn renewing(mut self, certificate: &Certificate, new_key: &str) -> Self {
        self.signer.certificate = certificate.clone();
        self.id = TransactionId::random(&mut self.rng);
        self.challenge = None;
        self.new_key = Some(key(new_key));
        self
    }

    /// Asks for the certificate or the CRL of this one.
    pub(crate) fn look_up(&mut self, server: &Server, by: MessageType, certificate: &Certificate) -> Answer {
        self.id = TransactionId::random(&mut self.rng);
        self.looks_up = Some(certificate.clone());
        self.send(server, by, &[])
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
        // Asked for when it is needed only: the server reads its generations anew for that.
        let ca = self.recipient.clone().unwrap_or_else(|| server.ca_certificate());
        let (message, nonce) = self.message(&ca, message_type, faults);
        let request = match self.method {
            Method::Post => HttpRequest::post(message),
            Method::Get => HttpRequest::get(&message),
        };
        let url = server.url();
        let path = url.splitn(4, '/').nth(3).unwrap();
        let target = format!("/{path}?{}", request.query);
        let content_type =
            request.content_type.map(|value| format!("Content-Type: {value}\r\n")).unwrap_or_default();
        let http = Connection::open(&url).ask(request.method.name(), &target, &content_type, &request.body);
        self.open(http, nonce)
    }

    pub(crate) fn message(
        &mut self,
        ca: &Certificate,
        message_type: MessageType,
        faults: &[&str],
    ) -> (Vec<u8>, Nonce) {
        let faults = Faults::new(faults.iter().map(|id| find(id).unwrap()).collect());
        self.faulty(ca, message_type, faults)
    }

    /// A message with these faults, and its senderNonce.
    pub(crate) fn faulty(
        &mut self,
        ca: &Certificate,
        message_type: MessageType,
        mut faults: Faults,
    ) -> (Vec<u8>, Nonce) {
        let nonce = Nonce::random(&mut self.rng);
        let content = match message_type {
            MessageType::PkcsReq | MessageType::RenewalReq | MessageType::CertRep => {
                let key = self.new_key.as_ref().unwrap_or(&self.signer.key);
                let mut parts = CsrParts::new(&self.subject, key.public(), self.challenge);
                parts.extensions = vec![Extension::dns_names(&["device.example.org"])];
                parts.write(key, &mut faults).unwrap()
            }
            MessageType::CertPoll => {
                IssuerAndSubject { issuer: ca.subject.clone(), subject: self.subject.clone() }.write()
            }
            MessageType::GetCert | MessageType::GetCrl => {
                self.looks_up.as_ref().unwrap_or(ca).issuer_and_serial()
            }
        };
        let parts = MessageParts {
            message_type,
            transaction_id: self.id.clone(),
            sender_nonce: Some(nonce.clone()),
            recipient_nonce: None,
            outcome: None,
            message_data: Some(content),
            recipient: Some(self.recipient.as_ref().unwrap_or(ca).clone().into()),
            cipher: self.cipher,
            digest: self.digest,
            certificates: vec![self.signer.certificate.der.clone()],
        };
        (parts.write(&self.signer, &mut faults, &mut self.rng).unwrap(), nonce)
    }

    /// An answer to whatever was sent.
    pub(crate) fn read(&self, http: Reply) -> Answer {
        self.open(http, Nonce(Vec::new()))
    }

    pub(crate) fn open(&self, http: Reply, nonce: Nonce) -> Answer {
        let message = PkiMessage::read(&http.body).ok().map(|read| read.value);
        let envelope = message.as_ref().and_then(|message| message.envelope(&mut Vec::new()).ok().flatten());
        let signed = envelope.map(|envelope| {
            let plain = envelope.open(&self.signer.key).unwrap();
            read_certificates_only(Source::message_data(&plain), &mut Vec::new()).unwrap()
        });
        let (mut certificates, mut crls) = (Vec::new(), Vec::new());
        if let Some(signed) = signed {
            certificates.extend(signed.certificates.iter().map(|raw| raw.read().unwrap()));
            crls.extend(signed.crls.iter().map(|crl| crl.to_vec()));
        }
        Answer { http, message, nonce, certificates, crls }
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
