//! PKCS#10 certification requests (RFC 2986) with challengePassword and extensions.
//!
//! ```text
//! CertificationRequest ::= SEQUENCE { info, signatureAlgorithm, signature BIT STRING }
//! CertificationRequestInfo ::= SEQUENCE { version 0, subject, subjectPKInfo, attributes [0] SET OF }
//! ```

use const_oid::ObjectIdentifier;
use der::Decode;

use crate::attribute::Text;
use crate::certificate::{Extension, read_extensions, write_extensions};
use crate::error::Result;
use crate::fault::Faults;
use crate::finding::{Finding, Rule};
use crate::key::{Password, PrivateKey, PublicKey};
use crate::suite::{Digest, SignatureAlgorithm};
use crate::tlv::{Source, Tlv, tag};
use crate::{Read, oid, write};

/// A certification request as received.
#[derive(Clone, PartialEq, Eq)]
pub struct Csr {
    /// The whole request as received.
    pub der: Vec<u8>,
    /// subject, DER.
    pub subject: Vec<u8>,
    /// SubjectPublicKeyInfo as received.
    pub spki: Vec<u8>,
    /// challengePassword, with the string type it had.
    pub challenge: Option<Text>,
    /// Requested extensions, in order.
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
        let (mut challenge, mut extensions) = (None, Vec::new());
        for attribute in rest
            .iter()
            .filter(|m| m.tag == tag::context(0))
            .map(Tlv::members)
            .collect::<Result<Vec<_>>>()?
            .concat()
        {
            let members = attribute.expect("PKCS#10 attribute", tag::SEQUENCE)?.members()?;
            let [id, values] = members.as_slice() else {
                return Err(attribute.malformed("PKCS#10 attribute", "expected type and values"));
            };
            let id = ObjectIdentifier::from_bytes(id.content())
                .map_err(|e| attribute.malformed("PKCS#10 attribute", e.to_string()))?;
            if id == oid::CHALLENGE_PASSWORD {
                challenge =
                    values.members()?.first().map(|value| Text::read(value, &mut findings)).transpose()?;
            } else if id == oid::EXTENSION_REQUEST {
                extensions = read_extensions(values)?;
            }
        }
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
            challenge,
            extensions,
            info: info.bytes().to_vec(),
            signature_algorithm: SignatureAlgorithm::read(&algorithm, None).ok(),
            signature: signature.content().get(1..).unwrap_or_default().to_vec(),
        };
        Ok(Read { value, findings })
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

    /// challengePassword as what an envelope may be for (RFC 8894 3.1).
    #[must_use]
    pub fn password(&self) -> Option<Password> {
        self.challenge.as_ref().map(|text| Password::new(text.octets.clone()))
    }

    /// Requested DNS names.
    #[must_use]
    pub fn dns_names(&self) -> Vec<String> {
        self.extensions
            .iter()
            .filter(|extension| extension.oid == oid::SUBJECT_ALT_NAME)
            .filter_map(|extension| Tlv::read(Source::message(&extension.value), 0).ok()?.members().ok())
            .flatten()
            .filter(|name| name.tag == tag::context_primitive(2))
            .map(|name| String::from_utf8_lossy(name.content()).into_owned())
            .collect()
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
    /// Requested extensions.
    pub extensions: Vec<Extension>,
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
            digest: Digest::Sha256,
        }
    }

    /// Signs the parts, changed by faults on requests.
    ///
    /// # Errors
    /// When the cryptographic library fails.
    pub fn write(mut self, key: &PrivateKey, faults: &mut Faults) -> Result<Vec<u8>> {
        faults.csr(&mut self);
        let attribute = |id: ObjectIdentifier, value: Vec<u8>| {
            write::sequence(&[&write::oid(id), &write::set_as_given(&[value])])
        };
        let mut attributes = Vec::new();
        if let Some((tag, text)) = &self.challenge {
            attributes.push(attribute(oid::CHALLENGE_PASSWORD, write::tlv(*tag, text)));
        }
        if !self.extensions.is_empty() {
            attributes.push(attribute(oid::EXTENSION_REQUEST, write_extensions(&self.extensions)));
        }
        attributes.sort();
        let info = write::sequence(&[
            &write::integer(0),
            &self.subject,
            &self.spki,
            &write::tlv(tag::context(0), &attributes.concat()),
        ]);
        let mut signature = key.sign(self.digest, &info)?;
        faults.csr_signature(&mut signature);
        let algorithm = key.signature_algorithm(self.digest).write()?;
        Ok(write::sequence(&[&info, &algorithm, &write::bit_string(&signature)]))
    }
}

#[cfg(test)]
mod tests {
    use super::{Csr, CsrParts};
    use crate::fault::Faults;
    use crate::key::PrivateKey;
    use crate::tlv::Source;

    #[test]
    fn debug_shows_no_challenge() {
        let key = PrivateKey::from_pem(scep_vectors::keys::pool()[0].pem.as_bytes()).unwrap();
        let parts = CsrParts::new(&crate::name::parse("CN=device").unwrap(), key.public(), Some("hush-hush"));
        let hex: String = b"hush-hush".iter().map(|octet| format!("{octet}, ")).collect();
        let shown = format!("{parts:?}");
        let csr = Csr::read(Source::message(&parts.write(&key, &mut Faults::none()).unwrap())).unwrap();
        let shown = shown + &format!("{:?}", csr.value);
        assert!(
            shown.contains("CN=device")
                && !shown.contains("hush")
                && !shown.contains(hex.trim_end_matches(", "))
        );
    }
}
