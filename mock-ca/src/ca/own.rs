//! The parts of the authority's own certificates.

use scep::UnixTime;
use scep::certificate::{CertificateParts, Extension, KeyUsage};
use scep::error::Result;
use scep::key::PublicKey;
use scep::suite::Digest;

const DAY: u64 = 86_400;

/// What a key of the authority is certified for (keyUsage, RFC 8894 2.1.2 and 3.5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A CA that also signs CertReps and takes enveloped requests, as far as its key can.
    Everything,
    /// A CA, beside which others speak SCEP.
    Issue,
    /// A registration authority that signs CertReps and takes enveloped requests.
    Register,
    /// A registration authority that signs CertReps.
    Sign,
    /// A registration authority that takes enveloped requests.
    Open,
}

impl Purpose {
    fn usage(self, key: &PublicKey) -> u16 {
        const ISSUES: u16 = KeyUsage::KEY_CERT_SIGN | KeyUsage::CRL_SIGN;
        match self {
            Self::Everything => KeyUsage::of_requester(key).0 | ISSUES,
            Self::Issue => KeyUsage::DIGITAL_SIGNATURE | ISSUES,
            Self::Register => KeyUsage::of_requester(key).0,
            Self::Sign => KeyUsage::DIGITAL_SIGNATURE,
            Self::Open => KeyUsage::KEY_ENCIPHERMENT,
        }
    }

    fn is_ca(self) -> bool {
        matches!(self, Self::Everything | Self::Issue)
    }
}

/// A certificate of the authority itself.
#[derive(Debug, Clone)]
pub struct Own<'a> {
    /// subject, DER.
    pub subject: &'a [u8],
    /// Its key.
    pub key: &'a PublicKey,
    /// What it is for.
    pub purpose: Purpose,
    /// serialNumber, content octets.
    pub serial: Vec<u8>,
    /// notBefore.
    pub from: UnixTime,
    /// Days until notAfter.
    pub days: u32,
}

impl Own<'_> {
    /// Signed with its own key.
    ///
    /// # Errors
    /// When the cryptographic library has no SHA-1, which names keys.
    pub fn root(self) -> Result<CertificateParts> {
        let identifier = self.key.identifier()?;
        let subject = self.subject;
        self.issued_by(subject, &identifier)
    }

    /// Issued by a CA of this name and key identifier.
    ///
    /// # Errors
    /// When the cryptographic library has no SHA-1, which names keys.
    pub fn issued_by(self, issuer: &[u8], key_identifier: &[u8]) -> Result<CertificateParts> {
        let own_identifier = self.key.identifier()?;
        let mut extensions = vec![
            Extension::basic_constraints(self.purpose.is_ca()),
            Extension::key_usage(self.purpose.usage(self.key)),
            Extension::subject_key_id(&own_identifier),
        ];
        if own_identifier != key_identifier {
            extensions.push(Extension::authority_key_id(key_identifier));
        }
        Ok(CertificateParts {
            serial: self.serial,
            issuer: issuer.to_vec(),
            subject: self.subject.to_vec(),
            not_before: self.from,
            not_after: self.from.plus(u64::from(self.days) * DAY),
            spki: self.key.spki().to_vec(),
            extensions,
            digest: Digest::Sha256,
        })
    }
}
