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

/// Habits of the authority that clients rely on. All of them, unless a laxity takes one away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conduct {
    /// GetCACert hands the certificates of the registration authority out (RFC 8894 4.2.1.2).
    pub shows_registration: bool,
    /// It hands out what is above the issuing CA (2.2).
    pub shows_chain: bool,
    /// It hands the root out too (2.2).
    pub shows_root: bool,
    /// The key that is there for signing signs CertReps (2.1.2).
    pub signs_with_signer: bool,
}

impl Default for Conduct {
    fn default() -> Self {
        Self { shows_registration: true, shows_chain: true, shows_root: true, signs_with_signer: true }
    }
}

/// One generation of the authority.
#[derive(Debug, Clone)]
pub struct Authority {
    number: u32,
    standing: Standing,
    issuing: Sender,
    signing: Option<Sender>,
    opening: Option<Sender>,
    root: Option<Sender>,
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
            root: of(Role::Root)?,
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

    /// Who signs CertReps in fact.
    #[must_use]
    pub fn answering(&self, conduct: Conduct) -> &Sender {
        if conduct.signs_with_signer { self.sender() } else { self.opener() }
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
    /// authority, the issuing CA's, and its chain. With faults on certificates all but the chain are signed
    /// again.
    ///
    /// # Errors
    /// When the cryptographic library fails.
    pub fn served(&self, conduct: Conduct, faults: &mut Faults) -> Result<Vec<Vec<u8>>> {
        let mut served: Vec<Vec<u8>> = Vec::new();
        let registration = [&self.signing, &self.opening].into_iter().flatten();
        for sender in registration.filter(|_| conduct.shows_registration) {
            let parts = parts(&sender.certificate)?;
            let der = written(&sender.certificate, parts, &self.issuing.key, faults)?;
            if !served.contains(&der) {
                served.push(der);
            }
        }
        // Without the key of whoever issued it, it is signed with its own.
        let issuer = self.root.as_ref().unwrap_or(&self.issuing);
        served.push(written(&self.issuing.certificate, self.parts.clone(), &issuer.key, faults)?);
        let is_shown = |above: &&Certificate| conduct.shows_root || !above.is_self_signed();
        let chain = self.chain.iter().filter(|_| conduct.shows_chain).filter(is_shown);
        served.extend(chain.map(|above| above.der.clone()));
        Ok(served)
    }
}

/// A certificate, signed again with this key when faults change it.
fn written(
    certificate: &Certificate,
    parts: CertificateParts,
    key: &PrivateKey,
    faults: &mut Faults,
) -> Result<Vec<u8>> {
    let written = parts.write(key, faults)?;
    // A loaded certificate is not ours to write again.
    let as_it_is = faults.applied().is_empty();
    Ok(if as_it_is { certificate.der.clone() } else { written })
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
