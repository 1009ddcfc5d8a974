//! The authority: its keys and certificates, one set for each generation of it.
//!
//! ```text
//!  configuration -> found: a first Generation --store--> Authorities: current, next, retired
//!                                                  \--> prepare: the next one, switch: it is current
//! ```

mod found;
mod generations;
mod key_kind;

pub use found::{first, next};
pub use generations::Authorities;
pub use key_kind::KeyKind;

use scep::certificate::{Certificate, CertificateParts};
use scep::error::{Error, Result};
use scep::fault::Faults;
use scep::key::PrivateKey;
use scep::message::Sender;
use scep::oid;
use scep::suite::Digest;

use crate::ca::Issuer;
use crate::store::{Credentials, Generation, Role, Standing};

/// One generation of the authority.
#[derive(Debug, Clone)]
pub struct Authority {
    number: u32,
    standing: Standing,
    issuing: Sender,
    signing: Option<Sender>,
    opening: Option<Sender>,
    chain: Vec<Certificate>,
    parts: CertificateParts,
    key_identifier: Vec<u8>,
}

impl Authority {
    /// Takes a generation out of its stored form.
    ///
    /// # Errors
    /// When a PEM text does not parse, a certificate is for another key, or the issuing key is missing.
    pub fn new(generation: &Generation) -> Result<Self> {
        let of = |role: Role| {
            let found = generation.keys.iter().find(|credentials| credentials.role == role);
            found.map(loaded).transpose()
        };
        let issuing = of(Role::Issue)?.ok_or_else(|| misuse("expected a key that issues"))?;
        let chain = generation.chain.iter().map(|pem| Certificate::from_pem(pem.as_bytes()));
        let key_identifier = identifier(&issuing.certificate)?;
        Ok(Self {
            number: generation.number,
            standing: generation.standing,
            parts: parts(&issuing.certificate)?,
            key_identifier,
            issuing,
            signing: of(Role::Sign)?,
            opening: of(Role::Open)?,
            chain: chain.collect::<Result<_>>()?,
        })
    }

    /// Its number; the first is 1.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// What it is there for now.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// Who signs CertReps: the CA, or its registration authority.
    #[must_use]
    pub fn sender(&self) -> &Sender {
        self.signing.as_ref().unwrap_or(&self.issuing)
    }

    /// Who opens requests: the CA, or its registration authority.
    #[must_use]
    pub fn opener(&self) -> &Sender {
        // A registration authority with one key has it in both roles.
        self.opening.as_ref().unwrap_or(&self.issuing)
    }

    /// Who signs certificates and CRLs.
    #[must_use]
    pub fn issuing(&self) -> &Sender {
        &self.issuing
    }

    /// Certificates above the issuing one, the lowest first.
    #[must_use]
    pub fn chain(&self) -> &[Certificate] {
        &self.chain
    }

    /// What an issued certificate takes from the CA's.
    #[must_use]
    pub fn issuer(&self) -> Issuer<'_> {
        Issuer {
            subject: &self.issuing.certificate.subject,
            key_identifier: &self.key_identifier,
            generation: self.number,
            not_after: self.parts.not_after,
        }
    }

    /// The certificates as GetCACert and GetNextCACert hand them out, DER: those of the registration
    /// authority, the issuing CA's, and its chain. With faults on certificates the issuing CA's is signed
    /// again.
    ///
    /// # Errors
    /// When the cryptographic library fails.
    pub fn served(&self, faults: &mut Faults) -> Result<Vec<Vec<u8>>> {
        let mut served: Vec<Vec<u8>> = Vec::new();
        for registration in [&self.signing, &self.opening].into_iter().flatten() {
            let der = &registration.certificate.der;
            if !served.contains(der) {
                served.push(der.clone());
            }
        }
        let written = self.parts.clone().write(&self.issuing.key, faults)?;
        // A loaded certificate is not ours to write again.
        let as_it_is = faults.applied().is_empty();
        served.push(if as_it_is { self.issuing.certificate.der.clone() } else { written });
        served.extend(self.chain.iter().map(|certificate| certificate.der.clone()));
        Ok(served)
    }
}

fn misuse(detail: &str) -> Error {
    Error::Misuse { what: "CA certificate", detail: detail.to_owned() }
}

fn loaded(credentials: &Credentials) -> Result<Sender> {
    let key = PrivateKey::from_pem(credentials.key.as_bytes())?;
    let certificate = Certificate::from_pem(credentials.certificate.as_bytes())?;
    if certificate.public_key()? != *key.public() {
        return Err(misuse("expected the certificate of the CA key, got one for another key"));
    }
    Ok(Sender { certificate, key })
}

/// The subjectKeyIdentifier of a certificate, or what it would be.
fn identifier(certificate: &Certificate) -> Result<Vec<u8>> {
    let stated = certificate.extensions.iter().find(|extension| extension.oid == oid::SUBJECT_KEY_ID);
    // The extension's value is an OCTET STRING of 20 octets or so: its header is two octets.
    match stated.and_then(|extension| extension.value.get(2..)) {
        Some(stated) => Ok(stated.to_vec()),
        None => certificate.public_key()?.identifier(),
    }
}

/// What a certificate was written from.
fn parts(certificate: &Certificate) -> Result<CertificateParts> {
    let (Some(not_before), Some(not_after)) = (certificate.not_before, certificate.not_after) else {
        return Err(misuse("expected a validity in the form of RFC 5280 4.1.2.5"));
    };
    Ok(CertificateParts {
        serial: certificate.serial.clone(),
        issuer: certificate.issuer.clone(),
        subject: certificate.subject.clone(),
        not_before,
        not_after,
        spki: certificate.spki.clone(),
        extensions: certificate.extensions.clone(),
        digest: Digest::Sha256,
    })
}

#[cfg(test)]
mod tests;
