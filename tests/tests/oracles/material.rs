//! A CA, a device and their messages in every cipher and digest, from public keys, a fixed time and seed.

use std::error::Error;
use std::sync::LazyLock;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use scep::attribute::{FailInfo, MessageType, Nonce, TransactionId};
use scep::certificate::{Certificate, CertificateParts, Extension, KeyUsage};
use scep::cms::degenerate;
use scep::csr::CsrParts;
use scep::fault::{Faults, find};
use scep::key::PrivateKey;
use scep::message::{IssuerAndSubject, MessageParts, Outcome, Sender};
use scep::suite::{Cipher, Digest};
use scep::{UnixTime, name};

/// 2026-11-23T14:40:00Z.
pub(crate) const NOW: UnixTime = UnixTime(1_795_444_800);

/// Ciphers that are tried; the first needs OpenSSL's legacy provider.
pub(crate) const CIPHERS: [Cipher; 5] =
    [Cipher::Des, Cipher::Des3, Cipher::Aes128, Cipher::Aes192, Cipher::Aes256];

/// Digests that are tried.
pub(crate) const DIGESTS: [Digest; 4] = [Digest::Sha1, Digest::Sha256, Digest::Sha512, Digest::Md5];

/// A kind of message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    PkcsReq,
    CertPoll,
    Success,
    Failure,
    Pending,
}

/// All kinds, with the names that tests show.
pub(crate) const KINDS: [(Kind, &str); 5] = [
    (Kind::PkcsReq, "PKCSReq"),
    (Kind::CertPoll, "CertPoll"),
    (Kind::Success, "CertRep-SUCCESS"),
    (Kind::Failure, "CertRep-FAILURE"),
    (Kind::Pending, "CertRep-PENDING"),
];

/// What a test is made of.
#[derive(Debug)]
pub(crate) struct Lab {
    pub(crate) ca: Sender,
    pub(crate) device: Sender,
    pub(crate) issued: Certificate,
    pub(crate) csr: Vec<u8>,
}

/// Made once.
pub(crate) static LAB: LazyLock<Lab> = LazyLock::new(|| Lab::new().expect("keys and names are constants"));

impl Lab {
    fn new() -> Result<Self, Box<dyn Error>> {
        let usage = KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_ENCIPHERMENT;
        let ca = self_signed("ca-rsa", "CN=CA,O=lab", 1, |key| {
            let ca_usage = usage | KeyUsage::KEY_CERT_SIGN | KeyUsage::CRL_SIGN;
            Ok(vec![
                Extension::basic_constraints(true),
                Extension::key_usage(ca_usage),
                Extension::subject_key_id(&key.public().identifier()?),
            ])
        })?;
        let device = self_signed("pool-00", "CN=router-1,O=lab", 2, |key| {
            Ok(vec![Extension::key_usage(usage), Extension::subject_key_id(&key.public().identifier()?)])
        })?;
        let subject = &device.certificate.subject;
        let mut parts = CertificateParts::self_signed(subject, device.key.public(), vec![0x2a], NOW);
        parts.issuer.clone_from(&ca.certificate.subject);
        parts.extensions.push(Extension::authority_key_id(&ca.key.public().identifier()?));
        parts.extensions.push(Extension::dns_names(&["router-1.lab"]));
        let issued = Certificate::from_der(&parts.write(&ca.key, &mut Faults::none())?)?;
        let mut parts = CsrParts::new(subject, device.key.public(), Some("hunter2"));
        parts.extensions = vec![Extension::dns_names(&["router-1.lab"])];
        let csr = parts.write(&device.key, &mut Faults::none())?;
        Ok(Self { ca, device, issued, csr })
    }
}

/// A CA of that public test key.
pub(crate) fn authority(key: &str) -> Result<Sender, Box<dyn Error>> {
    self_signed(key, "CN=CA,O=lab", 3, |key| {
        let usage = KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_CERT_SIGN | KeyUsage::CRL_SIGN;
        Ok(vec![
            Extension::basic_constraints(true),
            Extension::key_usage(usage),
            Extension::subject_key_id(&key.public().identifier()?),
        ])
    })
}

fn self_signed(
    key: &str,
    subject: &str,
    serial: u8,
    extensions: impl Fn(&PrivateKey) -> scep::error::Result<Vec<Extension>>,
) -> Result<Sender, Box<dyn Error>> {
    let pem = scep_vectors::keys::named(key).ok_or("no such key")?.pem;
    let (subject, key) = (name::parse(subject)?, PrivateKey::from_pem(pem.as_bytes())?);
    let mut parts = CertificateParts::self_signed(&subject, key.public(), vec![serial], NOW);
    parts.extensions = extensions(&key)?;
    let certificate = Certificate::from_der(&parts.write(&key, &mut Faults::none())?)?;
    Ok(Sender { certificate, key })
}

impl Kind {
    fn is_request(self) -> bool {
        matches!(self, Self::PkcsReq | Self::CertPoll)
    }

    /// Who signs it.
    pub(crate) fn sender(self) -> &'static Sender {
        if self.is_request() { &LAB.device } else { &LAB.ca }
    }

    /// Whom its envelope is for.
    pub(crate) fn recipient(self) -> &'static Sender {
        if self.is_request() { &LAB.ca } else { &LAB.device }
    }

    /// The plain messageData; None for a message without an envelope.
    pub(crate) fn message_data(self) -> Option<Vec<u8>> {
        match self {
            Self::PkcsReq => Some(LAB.csr.clone()),
            Self::CertPoll => Some(
                IssuerAndSubject {
                    issuer: LAB.ca.certificate.subject.clone(),
                    subject: LAB.device.certificate.subject.clone(),
                }
                .write(),
            ),
            Self::Success => {
                Some(degenerate(&[LAB.issued.der.clone(), LAB.ca.certificate.der.clone()]).write())
            }
            Self::Failure | Self::Pending => None,
        }
    }

    /// What it is to say.
    pub(crate) fn parts(self, cipher: Cipher, digest: Digest) -> MessageParts {
        MessageParts {
            message_type: match self {
                Self::PkcsReq => MessageType::PkcsReq,
                Self::CertPoll => MessageType::CertPoll,
                Self::Success | Self::Failure | Self::Pending => MessageType::CertRep,
            },
            transaction_id: TransactionId::parse(b"TX-router-1").expect("a constant"),
            sender_nonce: Some(Nonce((0..16).collect())),
            recipient_nonce: (!self.is_request()).then(|| Nonce((16..32).collect())),
            outcome: match self {
                Self::PkcsReq | Self::CertPoll => None,
                Self::Success => Some(Outcome::Success),
                Self::Failure => {
                    Some(Outcome::Failure(FailInfo::BadMessageCheck, Some("no such d\u{e9}vice".to_owned())))
                }
                Self::Pending => Some(Outcome::Pending),
            },
            message_data: self.message_data(),
            recipient: Some(self.recipient().certificate.clone().into()),
            cipher,
            digest,
            certificates: vec![self.sender().certificate.der.clone()],
        }
    }

    /// The message, written with a fault of the catalogue, or none.
    pub(crate) fn write(
        self,
        cipher: Cipher,
        digest: Digest,
        fault: Option<&str>,
    ) -> scep::error::Result<Vec<u8>> {
        let fault = fault.map(find).transpose()?;
        let mut faults = Faults::new(fault.into_iter().collect());
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        self.parts(cipher, digest).write(self.sender(), &mut faults, &mut rng)
    }
}
