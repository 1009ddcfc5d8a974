//! GetNextCACert: the certificates that the CA will use next, signed with the key that it uses now, RFC 8894
//! 4.7.
//!
//! ```text
//!  SignedData, signer = the current CA        verified with the certificate that is trusted already
//!    eContent = certificates-only SignedData  the next CA's certificates
//! ```
//!
//! The RFC names no eContentType. id-data is what a certificates-only message has in a CertRep; id-signedData
//! is taken as well, and reported. Drafts before 2011 put the certificates beside the content instead of into
//! it: there the signature covers none of them, and only who asks for it gets them.

use rand_core::RngCore;

use crate::attribute::AttributeParts;
use crate::ca_cert::{CaCertificates, read_certificates_only};
use crate::certificate::Certificate;
use crate::cms::{SignedData, SignedDataParts, SignerInfo, SignerInfoParts, degenerate};
use crate::error::{Error, Result};
use crate::fault::Faults;
use crate::finding::{Finding, Rule};
use crate::http::{CA_RA_CERT, NEXT_CA_CERT};
use crate::key::PublicKey;
use crate::message::{PkiMessage, Sender, SignatureCheck, Verification};
use crate::suite::Digest;
use crate::tlv::Source;
use crate::{Read, limits, oid, write};

/// The answer to GetNextCACert, read and not yet trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextCa {
    /// The layer that the current CA signed.
    pub signed: SignedData,
    /// Where the certificates are.
    pub form: Form,
    certificates: CaCertificates,
}

/// Where the certificates of the next CA are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// In the signed content, RFC 8894 4.7.1.
    Wrapped,
    /// Beside the content, in drafts before 2011: no signature covers them.
    Beside,
}

impl NextCa {
    /// Reads the body. What the signature is worth, [`NextCa::authenticate`] says.
    ///
    /// # Errors
    /// When it is no SignedData, holds no certificate, or is larger than [`limits::MESSAGE`].
    pub fn read(body: &[u8]) -> Result<Read<Self>> {
        const WHAT: &str = "GetNextCACert answer";
        let source = Source::message(body);
        let whole = source.place(0, body.len());
        if body.len() > limits::MESSAGE {
            let detail = format!("expected at most {} bytes, got {}", limits::MESSAGE, body.len());
            return Err(Error::Malformed { what: WHAT, detail, at: whole });
        }
        let mut findings = Vec::new();
        let signed = SignedData::read_bare(source, &mut findings)?;
        if ![oid::DATA, oid::SIGNED_DATA].contains(&signed.content_type) {
            let detail = format!("expected data or signedData, got {}", oid::name(signed.content_type));
            return Err(Error::Malformed { what: WHAT, detail, at: signed.content_type_place });
        }
        if signed.content_type == oid::SIGNED_DATA {
            findings.push(Finding {
                rule: Rule::NextCaContentType,
                at: signed.content_type_place,
                detail: "expected data, got signedData".to_owned(),
            });
        }
        let (form, raw) = match signed.content.as_ref().filter(|content| !content.bytes.is_empty()) {
            Some(content) => {
                let inner = read_certificates_only(content.source(), &mut findings)?;
                (Form::Wrapped, inner.certificates)
            }
            None => {
                findings.push(Finding {
                    rule: Rule::NextCaUncovered,
                    at: signed.place,
                    detail: "expected the certificates inside the signed content, got them beside it"
                        .to_owned(),
                });
                (Form::Beside, signed.certificates.clone())
            }
        };
        let mut certificates = raw.iter().map(|raw| raw.read()).collect::<Result<Vec<_>>>()?;
        if form == Form::Beside {
            // The current CA's certificate is there to verify with, not to be the next.
            certificates.retain(|one| !signed.signers.iter().any(|signer| signer.names(one)));
        }
        if certificates.is_empty() {
            return Err(Error::Malformed {
                what: WHAT,
                detail: "expected certificates of the next CA, got none".to_owned(),
                at: signed.content.as_ref().map_or(signed.place, |content| content.place),
            });
        }
        let certificates = CaCertificates { certificates, is_chain: true };
        Ok(Read { value: Self { signed, form, certificates }, findings })
    }

    /// The certificates of the next CA, when one of the trusted certificates signed them; `also_beside`
    /// takes the form of old drafts too, in which the signature says nothing about the certificates.
    ///
    /// # Errors
    /// When digest or signature do not hold, none of the trusted certificates signed, or the certificates
    /// are not covered and that was not asked for.
    pub fn authenticate(
        &self,
        trusted: &[Certificate],
        also_beside: bool,
        findings: &mut Vec<Finding>,
    ) -> Result<&CaCertificates> {
        const WHAT: &str = "GetNextCACert answer (RFC 8894 4.7.1)";
        let misbehaved = |expected: &str, actual: String| {
            Err(Error::Misbehaved { what: WHAT, expected: expected.to_owned(), actual })
        };
        if self.form == Form::Beside && !also_beside {
            return misbehaved(
                "certificates in the signed content",
                "certificates beside it, which no signature covers".to_owned(),
            );
        }
        let message = PkiMessage { signed: self.signed.clone() };
        let Some(signer) = message.signer() else {
            return misbehaved("a signer", "a SignedData without one".to_owned());
        };
        if signer.digest().is_none() {
            let actual = oid::name(signer.digest_algorithm);
            return Err(Error::Unsupported { what: "digest", actual });
        }
        let mut is_digest_wrong = false;
        for key in trusted.iter().filter_map(|one| one.public_key().ok()) {
            let verification = verify(&message, signer, &key);
            if verification.holds() {
                message.report_signature(verification.signature, findings);
                return Ok(&self.certificates);
            }
            is_digest_wrong |= verification.signature != SignatureCheck::Fails;
        }
        if is_digest_wrong {
            return misbehaved("messageDigest of the content", "another value".to_owned());
        }
        let names: Vec<String> = trusted.iter().map(Certificate::subject_text).collect();
        misbehaved("a signature by the current CA", format!("none by {}", names.join("; ")))
    }

    /// The certificates as they came, whoever signed them: for a judge, not for a client.
    #[must_use]
    pub fn unverified(&self) -> &CaCertificates {
        &self.certificates
    }

    /// Content-Type and body of the answer: the certificates of the next CA, signed by the current one.
    ///
    /// # Errors
    /// When the cryptographic library fails.
    pub fn write(next: &[Vec<u8>], current: &Sender, digest: Digest) -> Result<(&'static str, Vec<u8>)> {
        let parts = NextCaParts::new(next, digest);
        Ok((NEXT_CA_CERT, parts.write(current)?))
    }

    /// The same with faults: those of certificates-only messages change what is signed, those of messages the
    /// rest. The generator serves faults alone.
    ///
    /// # Errors
    /// When the cryptographic library fails.
    pub fn write_with(
        next: &[Vec<u8>],
        current: &Sender,
        digest: Digest,
        faults: &mut Faults,
        rng: &mut dyn RngCore,
    ) -> Result<(&'static str, Vec<u8>)> {
        let mut content = degenerate(next);
        faults.degenerate(&mut content);
        let parts = NextCaParts { content: Some(content.write()), ..NextCaParts::new(next, digest) };
        Ok((NEXT_CA_CERT, parts.write_with(current, faults, rng)?))
    }

    /// Content-Type and body as drafts before 2011 had them: signed, with the certificates beside it.
    ///
    /// # Errors
    /// When the cryptographic library fails.
    pub fn write_beside(
        next: &[Vec<u8>],
        current: &Sender,
        digest: Digest,
    ) -> Result<(&'static str, Vec<u8>)> {
        let parts = NextCaParts {
            content: None,
            certificates: [next, std::slice::from_ref(&current.certificate.der)].concat(),
            ..NextCaParts::new(next, digest)
        };
        Ok((CA_RA_CERT, parts.write(current)?))
    }
}

/// Unlike a pkiMessage, this one may come without signed attributes (RFC 5652 5.4): then the signature is over
/// the content itself.
fn verify(message: &PkiMessage, signer: &SignerInfo, key: &PublicKey) -> Verification {
    if signer.signed_attributes.is_some() {
        return message.verify(key);
    }
    let content = message.signed.content.as_ref().map(|content| content.bytes.as_slice()).unwrap_or_default();
    let algorithm = signer.algorithm.as_ref();
    let holds = algorithm.is_ok_and(|algorithm| key.verifies(*algorithm, content, &signer.signature));
    let signature = if holds { SignatureCheck::AsReceived } else { SignatureCheck::Fails };
    Verification { digest: holds, signature }
}

/// A generator that is never asked: without faults nothing here is random.
struct Unused;

impl RngCore for Unused {
    fn next_u32(&mut self) -> u32 {
        0
    }

    fn next_u64(&mut self) -> u64 {
        0
    }

    fn fill_bytes(&mut self, octets: &mut [u8]) {
        octets.fill(0);
    }
}

/// What goes into the answer. Change a field to make a wrong one.
#[derive(Debug, Clone)]
pub struct NextCaParts {
    /// eContentType, and the value of the contentType attribute.
    pub content_type: const_oid::ObjectIdentifier,
    /// eContent: an encoded certificates-only message; None leaves it out.
    pub content: Option<Vec<u8>>,
    /// Certificates beside the content, DER.
    pub certificates: Vec<Vec<u8>>,
    /// Digest of messageDigest and signature.
    pub digest: Digest,
}

impl NextCaParts {
    /// The certificates of the next CA in the content, and none beside it: who verifies has the current
    /// CA's certificate.
    #[must_use]
    pub fn new(next: &[Vec<u8>], digest: Digest) -> Self {
        let content = Some(degenerate(next).write());
        Self { content_type: oid::DATA, content, certificates: Vec::new(), digest }
    }

    /// Signs and encodes.
    ///
    /// # Errors
    /// When the cryptographic library fails.
    pub fn write(self, current: &Sender) -> Result<Vec<u8>> {
        // The generator serves faults only.
        self.write_with(current, &mut Faults::none(), &mut Unused)
    }

    /// Signs and encodes, changed by faults on content, signature, certificates and encoded octets.
    ///
    /// # Errors
    /// As [`NextCaParts::write`].
    pub fn write_with(
        mut self,
        current: &Sender,
        faults: &mut Faults,
        rng: &mut dyn RngCore,
    ) -> Result<Vec<u8>> {
        faults.content(&mut self.content, rng);
        let digest = self.digest.of(self.content.as_deref().unwrap_or_default())?;
        let mut attributes = [
            AttributeParts { oid: oid::CONTENT_TYPE, values: vec![write::oid(self.content_type)] }.write(),
            AttributeParts::octets(oid::MESSAGE_DIGEST, &digest).write(),
        ];
        attributes.sort();
        let other_key = faults.signing_key();
        let key = other_key.as_ref().unwrap_or(&current.key);
        let mut signature = key.sign(self.digest, &write::set_as_given(&attributes))?;
        faults.signature(&mut signature, rng);
        faults.content_after_signing(&mut self.content);
        let digest_algorithm = write::algorithm(self.digest.oid(), Some(&write::null()));
        let signer = SignerInfoParts {
            version: 1,
            sid: current.certificate.issuer_and_serial(),
            digest_algorithm: digest_algorithm.clone(),
            signed_attributes: Some(attributes.to_vec()),
            signature_algorithm: key.signature_algorithm(self.digest).write_for_signer()?,
            signature,
            unsigned_attributes: Vec::new(),
        };
        let mut parts = SignedDataParts {
            // RFC 5652 5.1: 3 when the content is not data.
            version: if self.content_type == oid::DATA { 1 } else { 3 },
            digest_algorithms: vec![digest_algorithm],
            content_type: self.content_type,
            content: self.content,
            certificates: self.certificates,
            crls: Vec::new(),
            signers: vec![signer],
        };
        faults.signed_data(&mut parts);
        let mut bytes = parts.write();
        faults.bytes(&mut bytes, rng);
        Ok(bytes)
    }
}
