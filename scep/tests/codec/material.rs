//! A CA, a device and the messages between them, from public keys, a fixed time and a seed.

use std::sync::LazyLock;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use scep::attribute::{FailInfo, MessageType, Nonce, TransactionId};
use scep::certificate::{Certificate, CertificateParts, Extension, KeyUsage};
use scep::crl::{Crl, CrlParts, Revoked};
use scep::csr::CsrParts;
use scep::fault::Faults;
use scep::key::PrivateKey;
use scep::message::{IssuerAndSerial, IssuerAndSubject, MessageParts, Outcome, Sender};
use scep::serial::SerialNumber;
use scep::server::{Reply, ReplyTo, answer};
use scep::suite::{Cipher, Digest};
use scep::{UnixTime, name};

/// 2026-11-23T14:40:00Z.
pub(crate) const NOW: UnixTime = UnixTime(1_795_444_800);

/// A generator with a seed.
pub(crate) fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// A public test key.
pub(crate) fn key(name: &str) -> PrivateKey {
    PrivateKey::from_pem(scep_vectors::keys::named(name).unwrap().pem.as_bytes()).unwrap()
}

static CA: LazyLock<Sender> = LazyLock::new(|| {
    let (subject, key) = (name::parse("CN=CA,O=lab").unwrap(), key("ca-rsa"));
    let mut parts = CertificateParts::self_signed(&subject, key.public(), vec![1], NOW);
    let usage = KeyUsage::DIGITAL_SIGNATURE
        | KeyUsage::KEY_ENCIPHERMENT
        | KeyUsage::KEY_CERT_SIGN
        | KeyUsage::CRL_SIGN;
    parts.extensions = vec![Extension::basic_constraints(true), Extension::key_usage(usage)];
    sender(parts, key)
});

static DEVICE: LazyLock<Sender> = LazyLock::new(|| {
    let (subject, key) = (name::parse("CN=router-1,O=lab").unwrap(), key("pool-00"));
    sender(CertificateParts::self_signed(&subject, key.public(), vec![2], NOW), key)
});

/// A certification authority with every bit of keyUsage that it needs.
pub(crate) fn ca() -> Sender {
    CA.clone()
}

/// A device with a certificate that it signed itself.
pub(crate) fn device() -> Sender {
    DEVICE.clone()
}

fn sender(parts: CertificateParts, key: PrivateKey) -> Sender {
    let der = parts.write(&key, &mut Faults::none()).unwrap();
    Sender { certificate: Certificate::from_der(&der).unwrap(), key }
}

/// The certificate that the CA issues to the device.
pub(crate) fn issued(faults: &mut Faults) -> Certificate {
    let (ca, device) = (ca(), device());
    let subject = &device.certificate.subject;
    let mut parts = CertificateParts::self_signed(subject, device.key.public(), vec![0x2a], NOW);
    parts.issuer.clone_from(&ca.certificate.subject);
    Certificate::from_der(&parts.write(&ca.key, faults).unwrap()).unwrap()
}

/// The device's certification request.
pub(crate) fn csr(faults: &mut Faults) -> Vec<u8> {
    let device = device();
    let mut parts = CsrParts::new(&device.certificate.subject, device.key.public(), Some("hunter2"));
    parts.extensions = vec![Extension::dns_names(&["router-1.lab"])];
    parts.write(&device.key, faults).unwrap()
}

/// A kind of message, correct unless a fault says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Request, by the device.
    PkcsReq,
    /// Request, signed by the device with the certificate that it has.
    RenewalReq,
    /// Poll, by the device.
    CertPoll,
    /// Certificate query, by the device.
    GetCert,
    /// CRL query, by the device.
    GetCrl,
    /// Answer with a certificate.
    Success,
    /// Answer with a CRL.
    SuccessCrl,
    /// Answer with a reason and a text.
    Failure,
    /// Answer without either.
    Pending,
}

impl Kind {
    /// All of them.
    pub(crate) const ALL: [Self; 9] = [
        Self::PkcsReq,
        Self::RenewalReq,
        Self::CertPoll,
        Self::GetCert,
        Self::GetCrl,
        Self::Success,
        Self::SuccessCrl,
        Self::Failure,
        Self::Pending,
    ];

    fn is_request(self) -> bool {
        self.outcome().is_none()
    }

    /// Who signs it.
    pub(crate) fn sender(self) -> Sender {
        match self {
            Self::RenewalReq => renewing(),
            _ if self.is_request() => device(),
            _ => ca(),
        }
    }

    /// Whom its envelope is for.
    pub(crate) fn recipient(self) -> Sender {
        if self.is_request() { ca() } else { device() }
    }

    /// The plain messageData; None for a message without an envelope.
    pub(crate) fn message_data(self) -> Option<Vec<u8>> {
        match self {
            Self::PkcsReq | Self::RenewalReq => Some(csr(&mut Faults::none())),
            Self::CertPoll => Some(poll().write()),
            Self::GetCert | Self::GetCrl => Some(query().write()),
            Self::Success => {
                let certificates = [issued(&mut Faults::none()).der, ca().certificate.der];
                Some(scep::cms::degenerate(&certificates).write())
            }
            Self::SuccessCrl => Some(scep::cms::degenerate_crl(&crl().der).write()),
            Self::Failure | Self::Pending => None,
        }
    }

    fn message_type(self) -> MessageType {
        match self {
            Self::PkcsReq => MessageType::PkcsReq,
            Self::RenewalReq => MessageType::RenewalReq,
            Self::CertPoll => MessageType::CertPoll,
            Self::GetCert => MessageType::GetCert,
            Self::GetCrl => MessageType::GetCrl,
            Self::Success | Self::SuccessCrl | Self::Failure | Self::Pending => MessageType::CertRep,
        }
    }

    fn outcome(self) -> Option<Outcome> {
        match self {
            Self::PkcsReq | Self::RenewalReq | Self::CertPoll | Self::GetCert | Self::GetCrl => None,
            Self::Success | Self::SuccessCrl => Some(Outcome::Success),
            Self::Failure => {
                Some(Outcome::Failure(FailInfo::BadMessageCheck, Some("no such device".to_owned())))
            }
            Self::Pending => Some(Outcome::Pending),
        }
    }

    /// Its parts: AES-128, SHA-256, and what the names below say.
    pub(crate) fn parts(self) -> MessageParts {
        MessageParts {
            message_type: self.message_type(),
            transaction_id: transaction_id(),
            sender_nonce: Some(Nonce((0..16).collect())),
            recipient_nonce: (!self.is_request()).then(|| Nonce((16..32).collect())),
            outcome: self.outcome(),
            message_data: self.message_data(),
            recipient: Some(self.recipient().certificate.into()),
            cipher: Cipher::Aes128,
            digest: Digest::Sha256,
            certificates: vec![self.sender().certificate.der],
        }
    }

    /// The message, written with these faults.
    pub(crate) fn write(self, faults: &mut Faults) -> Vec<u8> {
        if matches!(self, Self::Success | Self::SuccessCrl) {
            // As a server does it, so that faults of certificates and of the payload have their turn.
            let parts = self.parts();
            let to = ReplyTo {
                message_type: Some(MessageType::PkcsReq),
                transaction_id: parts.transaction_id,
                sender_nonce: parts.recipient_nonce,
                digest: parts.digest,
                cipher: parts.cipher,
                signer: Some(self.recipient().certificate),
                password: None,
                effort: scep::cms::Effort::default(),
            };
            if self == Self::SuccessCrl {
                let crl = crl_with(faults);
                return answer(&to, &Reply::Crl(&crl), &self.sender(), faults, &mut rng(1)).unwrap();
            }
            let reply = [issued(faults), ca().certificate];
            let reply = Reply::Certificates(&reply);
            return answer(&to, &reply, &self.sender(), faults, &mut rng(1)).unwrap();
        }
        let mut parts = self.parts();
        if matches!(self, Self::PkcsReq | Self::RenewalReq) {
            parts.message_data = Some(csr(faults));
        }
        parts.write(&self.sender(), faults, &mut rng(1)).unwrap()
    }
}

/// The device with the certificate that the CA issued to it.
fn renewing() -> Sender {
    Sender { certificate: issued(&mut Faults::none()), key: device().key }
}

/// What the device looks up.
pub(crate) fn query() -> IssuerAndSerial {
    let serial = SerialNumber::new(&[0x5a, 0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01]);
    IssuerAndSerial { issuer: ca().certificate.subject, serial }
}

/// The CRL of the CA, with one certificate on it.
pub(crate) fn crl() -> Crl {
    crl_with(&mut Faults::none())
}

/// The same, written with faults.
fn crl_with(faults: &mut Faults) -> Crl {
    let ca = ca();
    let identifier = ca.key.public().identifier().unwrap();
    let mut parts = CrlParts::new(&ca.certificate.subject, &identifier, 7, NOW, 86_400);
    parts.revoked = vec![Revoked { serial: query().serial, at: Some(NOW.minus(60)), reason: Some(1) }];
    parts.write_with(&ca.key, faults).unwrap()
}

/// transactionID of all messages here.
pub(crate) fn transaction_id() -> TransactionId {
    TransactionId::parse(b"TX-router-1").unwrap()
}

/// What the device polls for.
pub(crate) fn poll() -> IssuerAndSubject {
    IssuerAndSubject { issuer: ca().certificate.subject, subject: device().certificate.subject }
}
