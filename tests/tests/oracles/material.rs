//! Authorities, devices and their messages in every cipher, digest, kind of key and kind of recipient, from
//! public keys, a fixed time and seed.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Arc, LazyLock, Mutex};

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use scep::attribute::{FailInfo, MessageType, Nonce, TransactionId};
use scep::certificate::{Certificate, CertificateParts, Extension, KeyUsage};
use scep::cms::{Agreement, Derivation, Recipient, degenerate, degenerate_crl};
use scep::crl::CrlParts;
use scep::csr::CsrParts;
use scep::fault::{Faults, find};
use scep::key::{Password, PrivateKey};
use scep::message::{IssuerAndSerial, IssuerAndSubject, MessageParts, Outcome, Sender};
use scep::suite::{Cipher, Digest, KeyTransport, Oaep};
use scep::{UnixTime, name};

/// 2026-11-23T14:40:00Z.
pub(crate) const NOW: UnixTime = UnixTime(1_795_444_800);

/// challengePassword of every request, and what password recipients are for.
pub(crate) const CHALLENGE: &str = "hunter2";

/// A kind of message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    PkcsReq,
    RenewalReq,
    CertPoll,
    GetCert,
    GetCrl,
    Success,
    SuccessCrl,
    Failure,
    Pending,
}

/// All kinds, with the names that tests show.
pub(crate) const KINDS: [(Kind, &str); 9] = [
    (Kind::PkcsReq, "PKCSReq"),
    (Kind::RenewalReq, "RenewalReq"),
    (Kind::CertPoll, "CertPoll"),
    (Kind::GetCert, "GetCert"),
    (Kind::GetCrl, "GetCRL"),
    (Kind::Success, "CertRep-SUCCESS"),
    (Kind::SuccessCrl, "CertRep-SUCCESS-CRL"),
    (Kind::Failure, "CertRep-FAILURE"),
    (Kind::Pending, "CertRep-PENDING"),
];

/// A key of the public ones, and how it signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    /// Its name in `vectors/keys`.
    pub(crate) name: &'static str,
    /// Signs with PSS instead of PKCS#1 v1.5.
    pub(crate) pss: bool,
}

impl Key {
    /// One that signs as its kind does.
    pub(crate) const fn named(name: &'static str) -> Self {
        Self { name, pss: false }
    }

    pub(crate) fn is_on_a_curve(self) -> bool {
        self.name.contains("ec-p")
    }

    /// As tests show it.
    pub(crate) fn shown(self) -> String {
        format!("{}{}", self.name, if self.pss { "-pss" } else { "" })
    }

    fn load(self) -> Result<PrivateKey, Box<dyn Error>> {
        let pem = scep_vectors::keys::named(self.name).ok_or("no such key")?.pem;
        let key = PrivateKey::from_pem(pem.as_bytes())?;
        Ok(if self.pss { key.with_pss() } else { key })
    }
}

/// The key of most authorities here.
pub(crate) const CA_KEY: Key = Key::named("ca-rsa");

/// The key of most devices here.
pub(crate) const DEVICE_KEY: Key = Key::named("pool-00");

/// Every size of RSA key that is tried, and every curve.
pub(crate) const KEYS: [Key; 8] = [
    Key::named("rsa-1024"),
    Key::named("pool-01"),
    Key::named("rsa-3072"),
    Key::named("rsa-4096"),
    Key::named("rsa-8192"),
    Key::named("ec-p256"),
    Key::named("ec-p384"),
    Key::named("ec-p521"),
];

/// Every way to sign that is crossed with every digest. ECDSA with MD5 is defined nowhere.
pub(crate) const SIGNERS: [Key; 5] = [
    DEVICE_KEY,
    Key { name: "pool-00", pss: true },
    Key::named("ec-p256"),
    Key::named("ec-p384"),
    Key::named("ec-p521"),
];

/// A kind of recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Pkcs1,
    Oaep(Digest),
    Agreement(Digest),
    Password(Digest),
}

/// Every way that is crossed with every cipher and kind of message.
pub(crate) const WAYS: [Way; 4] =
    [Way::Pkcs1, Way::Oaep(Digest::Sha256), Way::Agreement(Digest::Sha256), Way::Password(Digest::Sha256)];

impl Way {
    /// As tests show it.
    pub(crate) fn shown(self) -> String {
        match self {
            Self::Pkcs1 => "pkcs1".to_owned(),
            Self::Oaep(digest) => format!("oaep-{}", digest.name()),
            Self::Agreement(digest) => format!("ecdh-{}", digest.name()),
            Self::Password(digest) => format!("password-{}", digest.name()),
        }
    }

    /// A recipient's key that fits.
    pub(crate) fn key(self) -> Key {
        match self {
            Self::Pkcs1 | Self::Oaep(_) => Key::named("ra-rsa"),
            Self::Agreement(_) | Self::Password(_) => Key::named("ca-ec-p256"),
        }
    }

    /// The way of a key: as SCEP has it for RSA, key agreement on a curve.
    pub(crate) fn of(key: Key) -> Self {
        if key.is_on_a_curve() { Self::Agreement(Digest::Sha256) } else { Self::Pkcs1 }
    }

    /// False for what cannot be: AES Key Wrap needs 16 octets of key, single DES has 8 (RFC 3394 2).
    pub(crate) fn fits(self, cipher: Cipher) -> bool {
        !(matches!(self, Self::Agreement(_)) && cipher == Cipher::Des)
    }

    fn recipient(self, certificate: &Certificate) -> Recipient {
        let certificate = certificate.clone();
        match self {
            Self::Pkcs1 => Recipient::from(certificate),
            Self::Oaep(digest) => {
                Recipient::KeyTransport { certificate, transport: KeyTransport::Oaep(Oaep::with(digest)) }
            }
            Self::Agreement(digest) => {
                Recipient::KeyAgreement { certificate, agreement: Agreement { digest } }
            }
            Self::Password(digest) => Recipient::Password {
                password: Password::from(CHALLENGE),
                derivation: Derivation { digest, ..Derivation::default() },
            },
        }
    }
}

/// What a test is made of.
#[derive(Debug)]
pub(crate) struct Lab {
    pub(crate) ca: Sender,
    pub(crate) device: Sender,
    pub(crate) issued: Certificate,
    pub(crate) csr: Vec<u8>,
    pub(crate) crl: Vec<u8>,
}

/// The one with RSA keys, made once.
pub(crate) static LAB: LazyLock<Lab> =
    LazyLock::new(|| Lab::new(CA_KEY, DEVICE_KEY).expect("keys and names are constants"));

impl Lab {
    /// An authority and a device with these keys.
    pub(crate) fn new(ca: Key, device: Key) -> Result<Self, Box<dyn Error>> {
        let (ca_key, device_key) = (ca.load()?, device.load()?);
        let ca_usage = usage(&ca_key) | KeyUsage::KEY_CERT_SIGN | KeyUsage::CRL_SIGN;
        let device_usage = usage(&device_key);
        let ca = self_signed(ca_key, "CN=CA,O=lab", 1, ca_usage)?;
        let device = self_signed(device_key, "CN=router-1,O=lab", 2, device_usage)?;
        let subject = &device.certificate.subject;
        let mut parts = CertificateParts::self_signed(subject, device.key.public(), vec![0x2a], NOW);
        parts.issuer.clone_from(&ca.certificate.subject);
        parts.extensions.push(Extension::authority_key_id(&ca.key.public().identifier()?));
        parts.extensions.push(Extension::dns_names(&["router-1.lab"]));
        let issued = Certificate::from_der(&parts.write(&ca.key, &mut Faults::none())?)?;
        let mut parts = CsrParts::new(subject, device.key.public(), Some(CHALLENGE));
        parts.extensions = vec![Extension::dns_names(&["router-1.lab"])];
        let csr = parts.write(&device.key, &mut Faults::none())?;
        let identifier = ca.key.public().identifier()?;
        let crl = CrlParts::new(&ca.certificate.subject, &identifier, 7, NOW, 3600).write(&ca.key)?.der;
        Ok(Self { ca, device, issued, csr, crl })
    }
}

/// A CA of that public test key.
pub(crate) fn authority(key: &'static str) -> Result<Sender, Box<dyn Error>> {
    let usage = KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_CERT_SIGN | KeyUsage::CRL_SIGN;
    self_signed(Key::named(key).load()?, "CN=CA,O=lab", 3, usage)
}

/// What the key of a party may do: sign, and be encrypted to or agreed with.
fn usage(key: &PrivateKey) -> u16 {
    let agrees = if key.public().can_encrypt() { 0 } else { KeyUsage::KEY_AGREEMENT };
    KeyUsage::of_requester(key.public()).0 | agrees
}

fn self_signed(key: PrivateKey, subject: &str, serial: u8, usage: u16) -> Result<Sender, Box<dyn Error>> {
    let mut parts = CertificateParts::self_signed(&name::parse(subject)?, key.public(), vec![serial], NOW);
    parts.extensions = vec![
        Extension::basic_constraints(usage & KeyUsage::KEY_CERT_SIGN != 0),
        Extension::key_usage(usage),
        Extension::subject_key_id(&key.public().identifier()?),
    ];
    let certificate = Certificate::from_der(&parts.write(&key, &mut Faults::none())?)?;
    Ok(Sender { certificate, key })
}

impl Kind {
    pub(crate) fn is_request(self) -> bool {
        matches!(self, Self::PkcsReq | Self::RenewalReq | Self::CertPoll | Self::GetCert | Self::GetCrl)
    }

    /// False for a message without an envelope.
    pub(crate) fn is_enveloped(self) -> bool {
        !matches!(self, Self::Failure | Self::Pending)
    }

    /// Who signs it.
    pub(crate) fn sender(self, lab: &Lab) -> Sender {
        match self {
            Self::RenewalReq => Sender { certificate: lab.issued.clone(), key: lab.device.key.clone() },
            _ if self.is_request() => lab.device.clone(),
            _ => lab.ca.clone(),
        }
    }

    /// Whom its envelope is for.
    pub(crate) fn recipient(self, lab: &Lab) -> &Sender {
        if self.is_request() { &lab.ca } else { &lab.device }
    }

    /// The plain messageData; None for a message without an envelope.
    pub(crate) fn message_data(self, lab: &Lab) -> Option<Vec<u8>> {
        match self {
            Self::PkcsReq | Self::RenewalReq => Some(lab.csr.clone()),
            Self::CertPoll => Some(
                IssuerAndSubject {
                    issuer: lab.ca.certificate.subject.clone(),
                    subject: lab.device.certificate.subject.clone(),
                }
                .write(),
            ),
            Self::GetCert | Self::GetCrl => Some(IssuerAndSerial::of(&lab.issued).write()),
            Self::Success => {
                Some(degenerate(&[lab.issued.der.clone(), lab.ca.certificate.der.clone()]).write())
            }
            Self::SuccessCrl => Some(degenerate_crl(&lab.crl).write()),
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
            Self::Success | Self::SuccessCrl => Some(Outcome::Success),
            Self::Failure => {
                Some(Outcome::Failure(FailInfo::BadMessageCheck, Some("no such d\u{e9}vice".to_owned())))
            }
            Self::Pending => Some(Outcome::Pending),
            _ => None,
        }
    }
}

/// A message in all its dimensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Form {
    pub(crate) kind: Kind,
    pub(crate) cipher: Cipher,
    pub(crate) digest: Digest,
    pub(crate) signer: Key,
    pub(crate) recipient: Key,
    pub(crate) way: Way,
}

impl Form {
    /// AES-128, SHA-256, RSA-2048 and PKCS#1 v1.5.
    pub(crate) fn of(kind: Kind) -> Self {
        let (cipher, digest) = (Cipher::Aes128, Digest::Sha256);
        Self { kind, cipher, digest, signer: DEVICE_KEY, recipient: CA_KEY, way: Way::Pkcs1 }
    }

    /// As tests show it, without the kind.
    pub(crate) fn shown(&self) -> String {
        let signed = format!("{}::{}", self.signer.shown(), self.digest.name());
        if self.kind.is_enveloped() {
            format!("{}::{}::{}::{signed}", self.recipient.shown(), self.way.shown(), self.cipher.name())
        } else {
            signed
        }
    }

    /// Every message that is worth a test of its own: cipher, way and kind crossed; digest, way to sign and
    /// kind crossed; cipher and key of the recipient crossed; kind and every key on either side crossed.
    pub(crate) fn all(kind: Kind) -> Vec<Self> {
        let base = Self::of(kind);
        let mut forms = Vec::new();
        let enveloped = |forms: &mut Vec<Self>, form: Self| {
            if kind.is_enveloped() && form.way.fits(form.cipher) && !forms.contains(&form) {
                forms.push(form);
            }
        };
        for cipher in Cipher::ALL.iter().copied() {
            for way in WAYS {
                enveloped(&mut forms, Self { cipher, way, recipient: way.key(), ..base });
            }
            if kind == Kind::PkcsReq {
                for recipient in KEYS {
                    enveloped(&mut forms, Self { cipher, way: Way::of(recipient), recipient, ..base });
                }
            }
        }
        for recipient in KEYS {
            enveloped(&mut forms, Self { way: Way::of(recipient), recipient, ..base });
        }
        for digest in Digest::ALL.iter().copied() {
            for signer in SIGNERS {
                if !(signer.is_on_a_curve() && digest == Digest::Md5) {
                    forms.push(Self { digest, signer, ..base });
                }
            }
            if digest != Digest::Md5 {
                for way in [Way::Oaep(digest), Way::Agreement(digest), Way::Password(digest)] {
                    let form = Self { way, recipient: way.key(), ..base };
                    if kind == Kind::PkcsReq {
                        enveloped(&mut forms, form);
                    }
                }
            }
        }
        forms.extend(KEYS.map(|signer| Self { signer, ..base }));
        // A key that is too short for the salt that others have.
        let short = Key { name: "rsa-1024", pss: true };
        forms.push(Self { digest: Digest::Sha512, signer: short, ..base });
        forms
    }

    /// The authority and the device of it, made once for each pair of keys.
    pub(crate) fn lab(&self) -> Result<Arc<Lab>, Box<dyn Error>> {
        static LABS: Mutex<BTreeMap<(Key, Key), Arc<Lab>>> = Mutex::new(BTreeMap::new());
        let (signer, recipient) = (self.signer, self.recipient);
        let keys = if self.kind.is_request() { (recipient, signer) } else { (signer, recipient) };
        let mut labs = LABS.lock().map_err(|_| "a test panicked while it made a lab")?;
        if let Some(lab) = labs.get(&keys) {
            return Ok(Arc::clone(lab));
        }
        let lab = Arc::new(Lab::new(keys.0, keys.1)?);
        labs.insert(keys, Arc::clone(&lab));
        Ok(lab)
    }

    /// What it is to say.
    pub(crate) fn parts(&self, lab: &Lab) -> MessageParts {
        let kind = self.kind;
        let message_data = kind.message_data(lab);
        MessageParts {
            message_type: kind.message_type(),
            transaction_id: TransactionId::parse(b"TX-router-1").expect("a constant"),
            sender_nonce: Some(Nonce((0..16).collect())),
            recipient_nonce: (!kind.is_request()).then(|| Nonce((16..32).collect())),
            outcome: kind.outcome(),
            recipient: message_data.is_some().then(|| self.way.recipient(&kind.recipient(lab).certificate)),
            message_data,
            cipher: self.cipher,
            digest: self.digest,
            certificates: vec![kind.sender(lab).certificate.der],
        }
    }

    /// The message, written with a fault of the catalogue, or none.
    pub(crate) fn write(&self, lab: &Lab, fault: Option<&str>) -> scep::error::Result<Vec<u8>> {
        let fault = fault.map(find).transpose()?;
        let mut faults = Faults::new(fault.into_iter().collect());
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        self.parts(lab).write(&self.kind.sender(lab), &mut faults, &mut rng)
    }
}
