//! Recipients: whom an envelope is for, and how its content key gets to them.
//!
//! ```text
//! RecipientInfo ::= CHOICE { ktri KeyTransRecipientInfo, kari [1] KeyAgreeRecipientInfo, kekri [2] …,
//!   pwri [3] PasswordRecipientInfo, ori [4] … }
//! ```
//!
//! RFC 8894 3.1 has two: key transport, and a password where the key cannot encrypt. Key agreement is what
//! the rest of CMS does with such keys. Each kind is a row of a table and a file beside this one.

mod key_agreement;
mod key_transport;
mod key_wrap;
mod password;

pub use key_agreement::Agreement;
pub use password::Derivation;

use const_oid::ObjectIdentifier;
use rand_core::RngCore;

use super::{Effort, Openers};
use crate::certificate::Certificate;
use crate::error::{Error, Result};
use crate::finding::{Finding, Place};
use crate::key::{Password, PublicKey};
use crate::suite::{Cipher, KeyTransport};
use crate::tlv::{Tlv, tag};

/// Whom an envelope is for. `Recipient::from(certificate)` is key transport by PKCS#1 v1.5.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Recipient {
    /// The RSA key of a certificate.
    KeyTransport {
        /// The certificate.
        certificate: Certificate,
        /// How the content key is encrypted to it.
        transport: KeyTransport,
    },
    /// The elliptic curve key of a certificate, by ECDH with a new key (RFC 5753 3.1.1).
    KeyAgreement {
        /// The certificate.
        certificate: Certificate,
        /// How the shared secret becomes a key.
        agreement: Agreement,
    },
    /// Who knows a password.
    Password {
        /// The password.
        password: Password,
        /// How it becomes a key.
        derivation: Derivation,
    },
}

impl From<Certificate> for Recipient {
    fn from(certificate: Certificate) -> Self {
        Self::KeyTransport { certificate, transport: KeyTransport::Pkcs1 }
    }
}

impl From<Password> for Recipient {
    fn from(password: Password) -> Self {
        Self::Password { password, derivation: Derivation::default() }
    }
}

impl Recipient {
    /// The recipient that RFC 8894 3.1 wants for a certificate: key transport if its key can encrypt, else
    /// the password, which is the challengePassword.
    ///
    /// # Errors
    /// When the key cannot be read, or cannot encrypt and there is no password.
    pub fn choose(certificate: &Certificate, password: Option<&Password>) -> Result<Self> {
        let key = certificate.public_key()?;
        if key.can_encrypt() {
            return Ok(certificate.clone().into());
        }
        password.cloned().map(Self::from).ok_or_else(|| Error::Unsupported {
            what: "envelope without a challengePassword (RFC 8894 3.1) for a key of type",
            actual: key.to_string(),
        })
    }

    /// The certificate; None of a password.
    #[must_use]
    pub fn certificate(&self) -> Option<&Certificate> {
        match self {
            Self::KeyTransport { certificate, .. } | Self::KeyAgreement { certificate, .. } => {
                Some(certificate)
            }
            Self::Password { .. } => None,
        }
    }

    /// Encrypts a content key: rid, encrypted key, and the rest of the RecipientInfo.
    pub(super) fn seal(
        &self,
        content_key: &[u8],
        rng: &mut dyn RngCore,
    ) -> Result<(Vec<u8>, Vec<u8>, RecipientForm)> {
        let identifier = self.certificate().map(Certificate::issuer_and_serial).unwrap_or_default();
        let (encrypted_key, form) = match self {
            Self::KeyTransport { certificate, transport } => {
                let encrypted = certificate.public_key()?.encrypt(transport, content_key, rng)?;
                (encrypted, RecipientForm::KeyTransport { algorithm: transport.write() })
            }
            Self::KeyAgreement { certificate, agreement } => match certificate.public_key()? {
                PublicKey::Ec(key) => agreement.seal(&key, content_key, rng)?,
                other => {
                    let actual = other.to_string();
                    return Err(Error::Unsupported { what: "key agreement with a key of type", actual });
                }
            },
            Self::Password { password, derivation } => derivation.seal(password, content_key, rng)?,
        };
        Ok((identifier, encrypted_key, form))
    }
}

/// What a RecipientInfo says besides rid and encryptedKey, for the writer: each field encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecipientForm {
    /// KeyTransRecipientInfo, RFC 5652 6.2.1.
    KeyTransport {
        /// keyEncryptionAlgorithm.
        algorithm: Vec<u8>,
    },
    /// KeyAgreeRecipientInfo, RFC 5652 6.2.2.
    KeyAgreement {
        /// originator, with the tag of its choice.
        originator: Vec<u8>,
        /// keyEncryptionAlgorithm.
        algorithm: Vec<u8>,
    },
    /// PasswordRecipientInfo, RFC 5652 6.2.4.
    Password {
        /// keyDerivationAlgorithm, with the tag of a SEQUENCE.
        derivation: Vec<u8>,
        /// keyEncryptionAlgorithm.
        algorithm: Vec<u8>,
    },
}

impl RecipientForm {
    pub(crate) fn write(&self, rid: &[u8], encrypted_key: &[u8]) -> Vec<u8> {
        match self {
            Self::KeyTransport { algorithm } => key_transport::write(rid, algorithm, encrypted_key),
            Self::KeyAgreement { originator, algorithm } => {
                key_agreement::write(originator, algorithm, rid, encrypted_key)
            }
            Self::Password { derivation, algorithm } => password::write(derivation, algorithm, encrypted_key),
        }
    }

    /// version of an EnvelopedData that holds it, RFC 5652 6.1.
    pub(super) fn envelope_version(&self) -> u8 {
        match self {
            Self::KeyTransport { .. } => 0,
            Self::KeyAgreement { .. } => 2,
            Self::Password { .. } => 3,
        }
    }
}

/// A kind of RecipientInfo: its identifier octet, its name in RFC 5652, and how it is read.
struct Row {
    tag: u8,
    name: &'static str,
    read: fn(&Tlv<'_>, &mut Vec<Finding>) -> Result<Fields>,
}

const KINDS: &[Row] = &[
    Row { tag: tag::SEQUENCE, name: "ktri", read: key_transport::read },
    Row { tag: tag::context(1), name: "kari", read: key_agreement::read },
    Row { tag: tag::context(2), name: "kekri", read: nothing },
    Row { tag: tag::context(3), name: "pwri", read: password::read },
];

fn nothing(_: &Tlv<'_>, _: &mut Vec<Finding>) -> Result<Fields> {
    Ok(Fields::default())
}

/// What the reader of a kind finds.
#[derive(Default)]
struct Fields {
    rid: Vec<u8>,
    algorithm: Option<ObjectIdentifier>,
    encrypted_key: Vec<u8>,
    way: Option<Result<Way>>,
}

/// How the content key is got at.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Way {
    KeyTransport(KeyTransport),
    KeyAgreement(Box<key_agreement::Received>),
    Password(Box<password::Received>),
}

/// A content key or the reason why there is none, and the password when it was one.
type Attempt<'a> = (Result<Vec<u8>>, Option<&'a Password>);

/// One RecipientInfo as received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecipientInfo {
    /// `ktri`, `kari`, `kekri`, `pwri` or `ori`.
    pub kind: &'static str,
    /// rid of a ktri, or of the first key of a kari: IssuerAndSerialNumber as received, or `[0]` subject key
    /// identifier.
    pub rid: Vec<u8>,
    /// keyEncryptionAlgorithm.
    pub algorithm: Option<ObjectIdentifier>,
    /// encryptedKey, of a kari the first.
    pub encrypted_key: Vec<u8>,
    /// Where it stands.
    pub place: Place,
    /// None for a kind that is not opened here, an error for an algorithm that is not.
    way: Option<Result<Way>>,
}

impl RecipientInfo {
    pub(super) fn read(element: &Tlv<'_>, findings: &mut Vec<Finding>) -> Result<Self> {
        let row = KINDS.iter().find(|row| row.tag == element.tag);
        let fields = row.map_or_else(|| Ok(Fields::default()), |row| (row.read)(element, findings))?;
        Ok(Self {
            kind: row.map_or("ori", |row| row.name),
            rid: fields.rid,
            algorithm: fields.algorithm,
            encrypted_key: fields.encrypted_key,
            place: element.place(),
            way: fields.way,
        })
    }

    /// How the password of a pwri becomes a key; None of another kind, or for an algorithm not known here.
    #[must_use]
    pub fn derivation(&self) -> Option<Derivation> {
        match &self.way {
            Some(Ok(Way::Password(received))) => Some(received.derivation()),
            _ => None,
        }
    }

    /// True when rid names the certificate.
    #[must_use]
    pub fn names(&self, certificate: &Certificate) -> bool {
        let identifiers: &[Vec<u8>] = match &self.way {
            Some(Ok(Way::KeyAgreement(received))) => &received.identifiers,
            _ => std::slice::from_ref(&self.rid),
        };
        identifiers.iter().any(|rid| certificate.is_named_by(rid))
    }

    /// What each opener makes of it: a content key, or the reason why not.
    pub(super) fn content_keys<'a>(
        &self,
        openers: &Openers<'a>,
        cipher: Cipher,
        effort: &mut Effort,
    ) -> Vec<Attempt<'a>> {
        let way = match &self.way {
            Some(Ok(way)) => way,
            Some(Err(error)) => return vec![(Err(error.clone()), None)],
            None => return Vec::new(),
        };
        match way {
            Way::KeyTransport(transport) => {
                let keys = openers.keys().take_while(|_| effort.spend_operation());
                keys.map(|key| (key.decrypt(transport, &self.encrypted_key), None)).collect()
            }
            Way::KeyAgreement(received) => {
                let keys = openers.keys().take_while(|_| effort.spend_operation());
                keys.flat_map(|key| received.open(key)).map(|content_key| (content_key, None)).collect()
            }
            Way::Password(received) => {
                let passwords = openers.passwords();
                let mut open = |password| received.open(password, &self.encrypted_key, cipher, effort);
                passwords.map(|password| (open(password), Some(password))).collect()
            }
        }
    }
}
