//! The CA's identity: its key and certificate, made at start or loaded.

use openssl::rsa::Rsa;
use rand_core::RngCore;
use scep::certificate::{Certificate, CertificateParts};
use scep::error::{Error, Result};
use scep::fault::Faults;
use scep::key::PrivateKey;
use scep::message::Sender;
use scep::suite::Digest;
use scep::{UnixTime, name, oid};

use crate::ca::{self, Issuer};
use crate::config::CaConfig;

/// Length of a key that is made at start: the least that is still respectable, since it is made on every
/// start and thrown away.
const KEY_BITS: u32 = 2048;

/// Key and certificate of the CA. One key does everything: it issues, signs CertReps and opens requests.
#[derive(Debug, Clone)]
pub struct Authority {
    sender: Sender,
    parts: CertificateParts,
    key_identifier: Vec<u8>,
}

impl Authority {
    /// Loads what the configuration names and makes the rest.
    ///
    /// # Errors
    /// When the PEM texts do not parse or do not belong together, or the name is no RFC 4514 name.
    pub fn new(config: &CaConfig, now: UnixTime, rng: &mut dyn RngCore) -> Result<Self> {
        let key = match &config.key {
            Some(pem) => PrivateKey::from_pem(pem.text().as_bytes())?,
            None => PrivateKey::from_rsa(Rsa::generate(KEY_BITS)?)?,
        };
        let (certificate, parts) = match &config.certificate {
            Some(pem) => loaded(Certificate::from_pem(pem.as_bytes())?, &key, config.key.is_some())?,
            None => {
                let subject = name::parse(&config.name)?;
                let serial = ca::unused_serial(rng, |_| false);
                let parts = ca::root(&subject, key.public(), serial, now, config.days)?;
                let der = parts.clone().write(&key, &mut Faults::none())?;
                (Certificate::from_der(&der)?, parts)
            }
        };
        let stated = certificate.extensions.iter().find(|extension| extension.oid == oid::SUBJECT_KEY_ID);
        // The extension's value is an OCTET STRING of 20 octets or so: its header is two octets.
        let key_identifier = match stated.and_then(|extension| extension.value.get(2..)) {
            Some(stated) => stated.to_vec(),
            None => key.public().identifier()?,
        };
        Ok(Self { sender: Sender { certificate, key }, parts, key_identifier })
    }

    /// Who signs CertReps, and opens requests.
    #[must_use]
    pub fn sender(&self) -> &Sender {
        &self.sender
    }

    /// What an issued certificate takes from the CA's.
    #[must_use]
    pub fn issuer(&self) -> Issuer<'_> {
        Issuer {
            subject: &self.sender.certificate.subject,
            key_identifier: &self.key_identifier,
            not_after: self.parts.not_after,
        }
    }

    /// The CA's certificate as GetCACert hands it out: as it is, or signed again with faults on
    /// certificates.
    ///
    /// # Errors
    /// When the cryptographic library fails.
    pub fn served(&self, faults: &mut Faults) -> Result<Vec<u8>> {
        let written = self.parts.clone().write(&self.sender.key, faults)?;
        // A loaded certificate is not ours to write again.
        Ok(if faults.applied().is_empty() { self.sender.certificate.der.clone() } else { written })
    }
}

fn loaded(
    certificate: Certificate,
    key: &PrivateKey,
    has_key: bool,
) -> Result<(Certificate, CertificateParts)> {
    let misuse = |detail: &str| Error::Misuse { what: "CA certificate", detail: detail.to_owned() };
    if !has_key {
        return Err(misuse("expected its private key too"));
    }
    if certificate.public_key()? != *key.public() {
        return Err(misuse("expected the certificate of the CA key, got one for another key"));
    }
    let (Some(not_before), Some(not_after)) = (certificate.not_before, certificate.not_after) else {
        return Err(misuse("expected a validity in the form of RFC 5280 4.1.2.5"));
    };
    let parts = CertificateParts {
        serial: certificate.serial.clone(),
        issuer: certificate.issuer.clone(),
        subject: certificate.subject.clone(),
        not_before,
        not_after,
        spki: certificate.spki.clone(),
        extensions: certificate.extensions.clone(),
        digest: Digest::Sha256,
    };
    Ok((certificate, parts))
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng as _;
    use scep::UnixTime;
    use scep::certificate::{Certificate, KeyUsage};
    use scep::fault::{Faults, find};

    use super::Authority;
    use crate::config::{CaConfig, KeyPem};

    const NOW: UnixTime = UnixTime(1_795_219_200);

    fn pem(name: &str) -> String {
        scep_vectors::keys::named(name).unwrap().pem.to_owned()
    }

    fn authority(config: &CaConfig) -> scep::error::Result<Authority> {
        Authority::new(config, NOW, &mut ChaCha20Rng::from_seed([3; 32]))
    }

    fn config(key: &str) -> CaConfig {
        CaConfig { key: Some(KeyPem::new(pem(key))), ..CaConfig::default() }
    }

    #[test]
    fn the_root_may_do_all_that_a_scep_ca_does() {
        let root = authority(&config("ca-rsa")).unwrap().sender().certificate.clone();
        let usage = KeyUsage::DIGITAL_SIGNATURE
            | KeyUsage::KEY_ENCIPHERMENT
            | KeyUsage::KEY_CERT_SIGN
            | KeyUsage::CRL_SIGN;
        assert!(root.is_self_signed() && root.is_ca() && root.key_usage() == Some(KeyUsage(usage)));
    }

    #[test]
    fn a_fault_on_the_served_certificate_leaves_the_signer_as_it_is() {
        let authority = authority(&config("ca-rsa")).unwrap();
        let mut faults = Faults::new(vec![find("certificate.key-usage.no-signature").unwrap()]);
        let served = Certificate::from_der(&authority.served(&mut faults).unwrap()).unwrap();
        assert_eq!(served.key_usage(), Some(KeyUsage(100)));
        assert!(served.is_self_signed(), "signed again");
        assert_eq!(authority.served(&mut Faults::none()).unwrap(), authority.sender().certificate.der);
    }

    #[test]
    fn a_loaded_certificate_is_served_as_it_is_and_must_fit_the_key() {
        let first = authority(&config("ca-rsa")).unwrap().sender().certificate.clone();
        let with_certificate = CaConfig { certificate: Some(first.to_pem()), ..config("ca-rsa") };
        let again = authority(&with_certificate).unwrap();
        assert_eq!(again.served(&mut Faults::none()).unwrap(), first.der);

        let other = CaConfig { key: Some(KeyPem::new(pem("ra-rsa"))), ..with_certificate.clone() };
        assert!(authority(&other).unwrap_err().to_string().contains("another key"));
        let keyless = CaConfig { key: None, ..with_certificate };
        assert!(authority(&keyless).unwrap_err().to_string().contains("private key"));
    }

    #[test]
    fn a_key_is_made_when_none_is_given() {
        assert!(authority(&CaConfig::default()).unwrap().sender().certificate.is_self_signed());
    }
}
