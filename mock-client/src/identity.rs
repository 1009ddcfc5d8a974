//! Who enrols: a key of its own, and until a certificate is issued, a self-signed one to sign with.

use openssl::ec::{EcGroup, EcKey};
use openssl::nid::Nid;
use openssl::rsa::Rsa;
use rand_core::RngCore;
use scep::certificate::{Certificate, CertificateParts};
use scep::fault::Faults;
use scep::key::{Curve, PrivateKey};
use scep::message::Sender;
use scep::suite::Digest;
use scep::{Error, UnixTime};

/// A kind of key to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// RSA with a modulus of that many bits.
    Rsa(u32),
    /// A multiplier on a curve.
    Ec(Curve),
}

/// Lengths of RSA keys that are made: what is shorter is broken, what is longer takes minutes.
const RSA_BITS: std::ops::RangeInclusive<u32> = 1024..=8192;

impl KeyKind {
    /// Reads `rsa:BITS`, `BITS`, `p-256`, `p-384` or `p-521`.
    ///
    /// # Errors
    /// When it is none of them, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let bits = text.strip_prefix("rsa:").unwrap_or(text);
        match text.to_ascii_lowercase().as_str() {
            "p-256" => return Ok(Self::Ec(Curve::P256)),
            "p-384" => return Ok(Self::Ec(Curve::P384)),
            "p-521" => return Ok(Self::Ec(Curve::P521)),
            _ => {}
        }
        match bits.parse() {
            Ok(bits) if RSA_BITS.contains(&bits) => Ok(Self::Rsa(bits)),
            _ => Err(format!("expected 1024 to 8192 bits, p-256, p-384 or p-521, got `{text}`")),
        }
    }
}

/// A new key. Its randomness is OpenSSL's own: a seed does not make it repeatable.
///
/// # Errors
/// When the cryptographic library fails.
pub fn generate_key(kind: KeyKind) -> Result<PrivateKey, Error> {
    match kind {
        KeyKind::Rsa(bits) => PrivateKey::from_rsa(Rsa::generate(bits)?),
        KeyKind::Ec(curve) => {
            let nid = match curve {
                Curve::P256 => Nid::X9_62_PRIME256V1,
                Curve::P384 => Nid::SECP384R1,
                Curve::P521 => Nid::SECP521R1,
            };
            PrivateKey::from_ec(EcKey::generate(EcGroup::from_curve_name(nid)?.as_ref())?)
        }
    }
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
    use rstest::rstest;
    use scep::certificate::KeyUsage;
    use scep::fault::Faults;
    use scep::key::PrivateKey;
    use scep::suite::Digest;
    use scep::{UnixTime, name};

    use super::{KeyKind, generate_key, self_signed};

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

    #[rstest]
    #[case::rsa("1024", "RSA 1024 bits")]
    #[case::rsa_named("rsa:1536", "RSA 1536 bits")]
    #[case::p256("p-256", "EC P-256")]
    #[case::p384("P-384", "EC P-384")]
    #[case::p521("p-521", "EC P-521")]
    fn a_new_key_is_what_was_asked_for(#[case] text: &str, #[case] shown: &str) {
        let key = generate_key(KeyKind::parse(text).unwrap()).unwrap();
        assert_eq!(key.public().to_string(), shown);
    }

    #[rstest]
    #[case::short("512")]
    #[case::long("16384")]
    #[case::curve("p-192")]
    #[case::nothing("")]
    fn what_is_no_kind_of_key_is_named(#[case] text: &str) {
        assert!(KeyKind::parse(text).unwrap_err().ends_with(&format!("got `{text}`")));
    }
}
