//! PKCS#10 certification requests (RFC 2986) with challengePassword and extensions.
//!
//! ```text
//! CertificationRequest ::= SEQUENCE { info, signatureAlgorithm, signature BIT STRING }
//! CertificationRequestInfo ::= SEQUENCE { version 0, subject, subjectPKInfo, attributes [0] SET OF }
//! ```

mod attributes;

pub use attributes::EXTENSION_REQUESTS;

use attributes::Attributes;
use const_oid::ObjectIdentifier;
use der::Decode;

use crate::alt_name::{self, GeneralName};
use crate::attribute::{AttributeParts, Text};
use crate::certificate::{Extension, KeyUsage, write_extensions};
use crate::error::{Error, Result};
use crate::extension::{CertificateTemplate, purposes};
use crate::fault::{Faults, Layer};
use crate::finding::{Finding, Rule};
use crate::key::{Password, PrivateKey, PublicKey};
use crate::suite::{Digest, SignatureAlgorithm};
use crate::tlv::{Source, Tlv, tag};
use crate::{Read, oid, pem, write};

/// A certification request as received.
#[derive(Clone, PartialEq, Eq)]
pub struct Csr {
    /// The whole request as received.
    pub der: Vec<u8>,
    /// subject, DER.
    pub subject: Vec<u8>,
    /// SubjectPublicKeyInfo as received.
    pub spki: Vec<u8>,
    /// Types of the attributes, in order.
    pub attributes: Vec<ObjectIdentifier>,
    /// The first challengePassword, with the string type it had.
    pub challenge: Option<Text>,
    /// Requested extensions of all attributes in [`EXTENSION_REQUESTS`], in order.
    pub extensions: Vec<Extension>,
    info: Vec<u8>,
    signature_algorithm: Option<SignatureAlgorithm>,
    signature: Vec<u8>,
}

/// Without challengePassword, and without the octets that hold it.
impl std::fmt::Debug for Csr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let subject = crate::name::print(&self.subject);
        f.debug_struct("Csr").field("subject", &subject).finish_non_exhaustive()
    }
}

impl Csr {
    /// Reads one request; odd encodings are findings.
    ///
    /// # Errors
    /// When a field is missing or has no meaning.
    pub fn read(source: Source<'_>) -> Result<Read<Self>> {
        const WHAT: &str = "CertificationRequest";
        let mut findings = Vec::new();
        let outer = Tlv::read_whole(source, &mut findings)?.expect(WHAT, tag::SEQUENCE)?;
        let [info, algorithm, signature] = outer.members()?[..] else {
            return Err(outer.malformed(WHAT, "expected certificationRequestInfo, algorithm and signature"));
        };
        let members = info.expect(WHAT, tag::SEQUENCE)?.members()?;
        let [version, subject, spki, rest @ ..] = members.as_slice() else {
            return Err(info.malformed(WHAT, "expected version, subject and subjectPKInfo"));
        };
        version.expect("CertificationRequest version", tag::INTEGER)?;
        subject.expect("CertificationRequest subject", tag::SEQUENCE)?;
        spki.expect("CertificationRequest subjectPKInfo", tag::SEQUENCE)?;
        let Attributes { types, challenge, extensions } = Attributes::read(rest, &mut findings)?;
        if let Err(error) = x509_cert::request::CertReq::from_der(outer.bytes()) {
            findings.push(Finding {
                rule: Rule::UnexpectedStructure,
                at: outer.place(),
                detail: format!("PKCS#10 refused by the strict reader: {error}"),
            });
        }
        let value = Self {
            der: outer.bytes().to_vec(),
            subject: subject.bytes().to_vec(),
            spki: spki.bytes().to_vec(),
            attributes: types,
            challenge,
            extensions,
            info: info.bytes().to_vec(),
            signature_algorithm: SignatureAlgorithm::read(&algorithm, None).ok(),
            signature: signature.bit_string(&mut findings)?,
        };
        Ok(Read { value, findings })
    }

    /// Reads the first request of a PEM text, findings dropped.
    ///
    /// # Errors
    /// When there is none, or as [`Csr::read`].
    pub fn from_pem(text: &[u8]) -> Result<Self> {
        const LABELS: &[&str] = &["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"];
        let der = pem::read(text, LABELS)?.into_iter().next().ok_or_else(|| Error::Misuse {
            what: "PKCS#10 file",
            detail: "expected a PEM certificate request, got none".to_owned(),
        })?;
        Self::read(Source::message(&der)).map(|read| read.value)
    }

    /// The key to be certified.
    ///
    /// # Errors
    /// When it is malformed or of an unsupported type.
    pub fn public_key(&self) -> Result<PublicKey> {
        PublicKey::from_spki(&self.spki)
    }

    /// certificationRequestInfo as received: all that is asked for, without the signature.
    #[must_use]
    pub fn info(&self) -> &[u8] {
        &self.info
    }

    /// True when the request is signed with the key that it asks to certify: proof of possession.
    #[must_use]
    pub fn proves_possession(&self) -> bool {
        let Some(algorithm) = self.signature_algorithm else { return false };
        self.public_key().is_ok_and(|key| key.verifies(algorithm, &self.info, &self.signature))
    }

    /// Digest by which the request is signed; None when the algorithm is unknown.
    #[must_use]
    pub fn digest(&self) -> Option<Digest> {
        self.signature_algorithm.map(|algorithm| algorithm.digest)
    }

    /// challengePassword as what an envelope may be for (RFC 8894 3.1).
    #[must_use]
    pub fn password(&self) -> Option<Password> {
        self.challenge.as_ref().map(|text| Password::new(text.octets.clone()))
    }

    fn requested(&self, oid: ObjectIdentifier) -> impl Iterator<Item = &Extension> {
        self.extensions.iter().filter(move |extension| extension.oid == oid)
    }

    /// Requested alternative names; what is no list of names is left out.
    #[must_use]
    pub fn alt_names(&self) -> Vec<GeneralName> {
        self.requested(oid::SUBJECT_ALT_NAME)
            .filter_map(|extension| alt_name::from_der(&extension.value))
            .flatten()
            .collect()
    }

    /// Requested DNS names.
    #[must_use]
    pub fn dns_names(&self) -> Vec<String> {
        let dns = |name| match name {
            GeneralName::Dns(name) => Some(name),
            _ => None,
        };
        self.alt_names().into_iter().filter_map(dns).collect()
    }

    /// Requested keyUsage; None when none is asked for, or its value is no BIT STRING.
    #[must_use]
    pub fn key_usage(&self) -> Option<KeyUsage> {
        KeyUsage::read(&self.requested(oid::KEY_USAGE).next()?.value)
    }

    /// Requested purposes; None when none are asked for, or the value is no list of identifiers.
    #[must_use]
    pub fn ext_key_usage(&self) -> Option<Vec<ObjectIdentifier>> {
        purposes(&self.requested(oid::EXT_KEY_USAGE).next()?.value)
    }

    /// Requested certificate templates of Microsoft's CA; what is malformed is left out.
    #[must_use]
    pub fn templates(&self) -> Vec<CertificateTemplate> {
        let read = |extension| CertificateTemplate::read(extension).ok().flatten();
        self.extensions.iter().filter_map(read).collect()
    }
}

/// What goes into a request. Change a field to make a wrong one.
#[derive(Clone)]
pub struct CsrParts {
    /// subject, DER.
    pub subject: Vec<u8>,
    /// SubjectPublicKeyInfo, DER.
    pub spki: Vec<u8>,
    /// challengePassword with its string tag; None leaves the attribute out.
    pub challenge: Option<(u8, Vec<u8>)>,
    /// Requested extensions, in one attribute of type [`CsrParts::extension_request`].
    pub extensions: Vec<Extension>,
    /// Type of the attribute that holds the extensions: PKCS#9's.
    pub extension_request: ObjectIdentifier,
    /// Further attributes, as told.
    pub attributes: Vec<AttributeParts>,
    /// Digest of the signature.
    pub digest: Digest,
}

/// Without challengePassword.
impl std::fmt::Debug for CsrParts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let subject = crate::name::print(&self.subject);
        f.debug_struct("CsrParts").field("subject", &subject).finish_non_exhaustive()
    }
}

impl CsrParts {
    /// A correct request for the key: challengePassword as PrintableString where its characters allow,
    /// else UTF8String (RFC 2985 5.4.1).
    #[must_use]
    pub fn new(subject: &[u8], key: &PublicKey, challenge: Option<&str>) -> Self {
        Self {
            subject: subject.to_vec(),
            spki: key.spki().to_vec(),
            challenge: challenge.map(|text| {
                let tag = if Text::is_printable(text) { tag::PRINTABLE_STRING } else { tag::UTF8_STRING };
                (tag, text.as_bytes().to_vec())
            }),
            extensions: Vec::new(),
            extension_request: oid::EXTENSION_REQUEST,
            attributes: Vec::new(),
            digest: Digest::Sha256,
        }
    }

    /// Signs the parts, changed by faults on requests.
    ///
    /// # Errors
    /// When the cryptographic library fails.
    pub fn write(mut self, key: &PrivateKey, faults: &mut Faults) -> Result<Vec<u8>> {
        faults.csr(&mut self);
        let attribute = |oid, value| AttributeParts { oid, values: vec![value] }.write();
        let mut attributes: Vec<Vec<u8>> = self.attributes.iter().map(AttributeParts::write).collect();
        if let Some((tag, text)) = &self.challenge {
            attributes.push(attribute(oid::CHALLENGE_PASSWORD, write::tlv(*tag, text)));
        }
        if !self.extensions.is_empty() {
            attributes.push(attribute(self.extension_request, write_extensions(&self.extensions)));
        }
        attributes.sort();
        let mut info = write::sequence(&[
            &write::integer(0),
            &self.subject,
            &self.spki,
            &write::tlv(tag::context(0), &attributes.concat()),
        ]);
        faults.layer(Layer::CsrInfo, &mut info, None);
        let other_key = faults.csr_key();
        let key = other_key.as_ref().unwrap_or(key);
        let mut signature = key.sign(self.digest, &info)?;
        faults.csr_signature(&mut signature);
        let algorithm = key.signature_algorithm(self.digest).write()?;
        Ok(write::sequence(&[&info, &algorithm, &write::bit_string(&signature)]))
    }
}

#[cfg(test)]
mod tests;
