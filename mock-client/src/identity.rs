//! Who enrols: a key of its own, and until a certificate is issued, a self-signed one to sign with.

use openssl::rsa::Rsa;
use rand_core::RngCore;
use scep::certificate::{Certificate, CertificateParts};
use scep::fault::Faults;
use scep::key::PrivateKey;
use scep::message::Sender;
use scep::suite::Digest;
use scep::{Error, UnixTime};

/// A new RSA key. Its randomness is OpenSSL's own: a seed does not make it repeatable.
///
/// # Errors
/// When the cryptographic library fails.
pub fn generate_key(bits: u32) -> Result<PrivateKey, Error> {
    PrivateKey::from_rsa(Rsa::generate(bits)?)
}

/// The signer of a first enrolment, RFC 8894 2.3: a self-signed certificate with the subject and the key of
/// the PKCS#10, changed by faults on certificates.
///
/// # Errors
/// When the cryptographic library fails, or a fault made it unreadable.
pub fn self_signed(
    subject: &[u8],
    key: &PrivateKey,
    digest: Digest,
    now: UnixTime,
    faults: &mut Faults,
    rng: &mut dyn RngCore,
) -> Result<Sender, Error> {
    let parts = CertificateParts {
        digest,
        ..CertificateParts::self_signed(subject, key.public(), random_serial(rng), now)
    };
    let certificate = Certificate::from_der(&parts.write(key, faults)?)?;
    Ok(Sender { certificate, key: key.clone() })
}

/// 16 octets of a positive INTEGER in its shortest form.
fn random_serial(rng: &mut dyn RngCore) -> Vec<u8> {
    let mut octets = vec![0; 16];
    rng.fill_bytes(&mut octets);
    if let Some(first) = octets.first_mut() {
        *first = *first & 0x7f | 0x40;
    }
    octets
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;
    use scep::certificate::KeyUsage;
    use scep::fault::Faults;
    use scep::key::PrivateKey;
    use scep::suite::Digest;
    use scep::{UnixTime, name};

    use super::{generate_key, self_signed};

    #[test]
    fn the_signer_has_the_subject_and_key_of_the_request_and_may_sign_and_decrypt() {
        let key = PrivateKey::from_pem(scep_vectors::keys::pool()[0].pem.as_bytes()).unwrap();
        let subject = name::parse("CN=dev1,O=lab").unwrap();
        let now = UnixTime(1_800_000_000);
        let mut rng = ChaCha20Rng::from_seed([7; 32]);
        let signer = self_signed(&subject, &key, Digest::Sha1, now, &mut Faults::none(), &mut rng).unwrap();
        let certificate = &signer.certificate;
        assert_eq!((&certificate.subject, &certificate.issuer), (&subject, &subject));
        assert_eq!(certificate.spki, key.public().spki());
        assert!(certificate.is_self_signed());
        let usage = KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_ENCIPHERMENT;
        assert!(certificate.key_usage().unwrap().has(usage));
        assert!(certificate.not_before.unwrap() < now && certificate.not_after.unwrap() > now);
    }

    #[test]
    fn a_new_key_has_the_length_asked_for() {
        assert_eq!(generate_key(1024).unwrap().public().bits(), 1024);
    }
}
