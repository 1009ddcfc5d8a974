//! Keys: RSA and elliptic curves. What a kind of key can do, and how its SubjectPublicKeyInfo is read, is a
//! row of a table; a new kind of key is one more row and one more variant.

mod ec;
mod kept;
mod padding;
mod password;
mod rsa;

pub use ec::{Curve, EcPrivateKey, EcPublicKey};
pub(crate) use kept::KeptKey;
pub use password::Password;
pub use rsa::{RsaPrivateKey, RsaPublicKey};

use std::fmt;

use const_oid::ObjectIdentifier;
use openssl::ec::EcKey;
use openssl::pkey::{Id, PKey, Private};
use openssl::rsa::Rsa;
use rand_core::RngCore;

use crate::error::{Error, Result};
use crate::finding::Part;
use crate::suite::{Digest, KeyTransport, Scheme, SignatureAlgorithm, read_with_parameters};
use crate::tlv::{Source, Tlv, tag};
use crate::{Place, oid};

/// A kind of key: its identifier in a SubjectPublicKeyInfo, whether it encrypts, and how it is read.
struct Row {
    oid: ObjectIdentifier,
    read: fn(Spki<'_>) -> Result<PublicKey>,
}

const KEY_TYPES: &[Row] = &[
    Row { oid: oid::RSA_ENCRYPTION, read: |spki| RsaPublicKey::read(spki, true).map(PublicKey::Rsa) },
    // RFC 4055 3.1: a key that may be used for PSS only, so not for key transport.
    Row { oid: oid::RSASSA_PSS, read: |spki| RsaPublicKey::read(spki, false).map(PublicKey::Rsa) },
    Row { oid: oid::EC_PUBLIC_KEY, read: |spki| EcPublicKey::read(spki).map(PublicKey::Ec) },
];

/// A SubjectPublicKeyInfo taken apart.
#[derive(Clone, Copy)]
struct Spki<'a> {
    whole: &'a [u8],
    parameters: Option<Tlv<'a>>,
    key: Tlv<'a>,
}

impl<'a> Spki<'a> {
    fn read(spki: &'a [u8]) -> Result<(ObjectIdentifier, Self)> {
        const WHAT: &str = "SubjectPublicKeyInfo";
        let outer = Tlv::read(Source::message(spki), 0)?.expect(WHAT, tag::SEQUENCE)?;
        let [algorithm, key] = outer.members()?[..] else {
            return Err(outer.malformed(WHAT, "expected algorithm and key"));
        };
        let (oid, parameters) = read_with_parameters(&algorithm)?;
        let key = key.expect("SubjectPublicKeyInfo key", tag::BIT_STRING)?;
        Ok((oid, Self { whole: spki, parameters, key }))
    }

    /// Content of the bit string: whole octets.
    fn bits(&self) -> &'a [u8] {
        self.key.content().get(1..).unwrap_or_default()
    }
}

/// A public key with the SubjectPublicKeyInfo that it came from.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PublicKey {
    /// RSA.
    Rsa(RsaPublicKey),
    /// A point on a curve.
    Ec(EcPublicKey),
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

/// Kind and size: `RSA 2048 bits`, `EC P-256`.
impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa(key) => write!(f, "RSA {} bits", key.bits()),
            Self::Ec(key) => write!(f, "EC {}", key.curve().name()),
        }
    }
}

impl PublicKey {
    /// Reads a SubjectPublicKeyInfo.
    ///
    /// # Errors
    /// When it is malformed, of an unsupported type or curve, or larger than
    /// [`RSA_BITS`](crate::limits::RSA_BITS).
    pub fn from_spki(spki: &[u8]) -> Result<Self> {
        let (oid, spki) = Spki::read(spki)?;
        let row = KEY_TYPES.iter().find(|row| row.oid == oid);
        row.map_or_else(
            || Err(Error::Unsupported { what: "key type", actual: oid::name(oid) }),
            |row| (row.read)(spki),
        )
    }

    /// SubjectPublicKeyInfo, DER.
    #[must_use]
    pub fn spki(&self) -> &[u8] {
        match self {
            Self::Rsa(key) => key.spki(),
            Self::Ec(key) => key.spki(),
        }
    }

    /// Length of the modulus, or of the curve's field, in bits.
    #[must_use]
    pub fn bits(&self) -> u32 {
        match self {
            Self::Rsa(key) => key.bits(),
            Self::Ec(key) => key.curve().bits(),
        }
    }

    /// True when a content key can be encrypted to it (key transport). RFC 8894 3.1: a key that cannot makes
    /// the envelope one for a password.
    #[must_use]
    pub fn can_encrypt(&self) -> bool {
        match self {
            Self::Rsa(key) => key.can_encrypt(),
            Self::Ec(_) => false,
        }
    }

    /// Key identifier of RFC 5280 4.2.1.2 (1): SHA-1 of the key's bit string.
    ///
    /// # Errors
    /// When the cryptographic library has no SHA-1.
    pub fn identifier(&self) -> Result<Vec<u8>> {
        Digest::Sha1.of(Spki::read(self.spki())?.1.bits())
    }

    /// True when the signature over the octets verifies; false too when the algorithm is for another kind
    /// of key.
    #[must_use]
    pub fn verifies(&self, algorithm: SignatureAlgorithm, octets: &[u8], signature: &[u8]) -> bool {
        match (self, algorithm.scheme) {
            (Self::Rsa(key), Scheme::Pkcs1 | Scheme::Pss) => key.verifies(algorithm, octets, signature),
            (Self::Ec(key), Scheme::Ecdsa) => key.verifies(algorithm.digest, octets, signature),
            (Self::Rsa(_), Scheme::Ecdsa) | (Self::Ec(_), Scheme::Pkcs1 | Scheme::Pss) => false,
        }
    }

    /// Encrypts a content key to it, randomness from `rng`.
    ///
    /// # Errors
    /// When the message is too long for the key, or the key is of a kind that cannot encrypt.
    pub fn encrypt(
        &self,
        transport: &KeyTransport,
        message: &[u8],
        rng: &mut dyn RngCore,
    ) -> Result<Vec<u8>> {
        match self {
            Self::Rsa(key) if key.can_encrypt() => key.encrypt(transport, message, rng),
            Self::Rsa(_) | Self::Ec(_) => {
                Err(Error::Unsupported { what: "key transport to a key of type", actual: self.to_string() })
            }
        }
    }
}

/// A private key. Has no useful Debug: it is a secret.
#[derive(Clone)]
#[non_exhaustive]
pub enum PrivateKey {
    /// RSA.
    Rsa(RsaPrivateKey),
    /// A multiplier on a curve.
    Ec(EcPrivateKey),
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({}, redacted)", self.public())
    }
}

impl PrivateKey {
    /// Takes an RSA key that the caller made or loaded. It signs with PKCS#1 v1.5.
    ///
    /// # Errors
    /// When the cryptographic library cannot use it.
    pub fn from_rsa(rsa: Rsa<Private>) -> Result<Self> {
        RsaPrivateKey::new(rsa).map(Self::Rsa)
    }

    /// Takes a key on one of the curves here that the caller made or loaded.
    ///
    /// # Errors
    /// When the curve is another one, or the cryptographic library cannot use the key.
    pub fn from_ec(key: EcKey<Private>) -> Result<Self> {
        EcPrivateKey::new(key).map(Self::Ec)
    }

    /// Reads an unencrypted PEM key: PKCS#8 or traditional.
    ///
    /// # Errors
    /// When it is not PEM, or a key of an unsupported type.
    pub fn from_pem(pem: &[u8]) -> Result<Self> {
        let malformed = |detail: String| Error::Malformed {
            what: "PEM private key",
            detail,
            at: Place { part: Part::Message, start: 0, end: pem.len() },
        };
        // An empty passphrase, so that an encrypted key is an error and never a prompt.
        let key = PKey::private_key_from_pem_passphrase(pem, b"").map_err(|e| malformed(e.to_string()))?;
        match key.id() {
            Id::RSA => Self::from_rsa(key.rsa()?),
            Id::EC => Self::from_ec(key.ec_key()?),
            _ => Err(malformed("expected an RSA key or one on an elliptic curve".to_owned())),
        }
    }

    /// The same key, signing with PSS where it signed with PKCS#1 v1.5; of no effect on other kinds.
    #[must_use]
    pub fn with_pss(self) -> Self {
        match self {
            Self::Rsa(key) => Self::Rsa(key.with_pss()),
            Self::Ec(key) => Self::Ec(key),
        }
    }

    fn pkey(&self) -> Result<PKey<Private>> {
        match self {
            Self::Rsa(key) => Ok(PKey::from_rsa(key.inner().clone())?),
            Self::Ec(key) => Ok(PKey::from_ec_key(key.inner().clone())?),
        }
    }

    /// PKCS#8 PEM, unencrypted.
    ///
    /// # Errors
    /// When the cryptographic library cannot write it.
    pub fn to_pem(&self) -> Result<String> {
        let pem = self.pkey()?.private_key_to_pem_pkcs8()?;
        Ok(String::from_utf8_lossy(&pem).into_owned())
    }

    /// Traditional PEM, unencrypted, PKCS#1 or SEC 1: what some old clients insist on.
    ///
    /// # Errors
    /// When the cryptographic library cannot write it.
    pub fn to_traditional_pem(&self) -> Result<String> {
        let pem = match self {
            Self::Rsa(key) => key.inner().private_key_to_pem()?,
            Self::Ec(key) => key.inner().private_key_to_pem()?,
        };
        Ok(String::from_utf8_lossy(&pem).into_owned())
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        match self {
            Self::Rsa(key) => key.public(),
            Self::Ec(key) => key.public(),
        }
    }

    /// The algorithm of its signatures with a digest.
    #[must_use]
    pub fn signature_algorithm(&self, digest: Digest) -> SignatureAlgorithm {
        match self {
            Self::Rsa(key) => key.signature_algorithm(digest),
            Self::Ec(_) => SignatureAlgorithm::new(Scheme::Ecdsa, digest),
        }
    }

    /// Signature over the octets, by [`PrivateKey::signature_algorithm`]. The same octets give the same
    /// signature with RSA, but not with ECDSA, whose randomness is the library's own.
    ///
    /// # Errors
    /// When the cryptographic library refuses digest or key, or the key is too short for the digest.
    pub fn sign(&self, digest: Digest, octets: &[u8]) -> Result<Vec<u8>> {
        match self {
            Self::Rsa(key) => key.sign(digest, octets),
            Self::Ec(key) => key.sign(digest, octets),
        }
    }

    /// Opens what was encrypted to it by key transport.
    ///
    /// # Errors
    /// [`Error::WrongKey`] for every wrong block, without a reason, and for a key that cannot decrypt.
    pub fn decrypt(&self, transport: &KeyTransport, encrypted: &[u8]) -> Result<Vec<u8>> {
        match self {
            Self::Rsa(key) => key.decrypt(transport, encrypted),
            Self::Ec(_) => Err(Error::WrongKey { what: "encryptedKey" }),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{PrivateKey, PublicKey};
    use crate::suite::{Digest, Scheme, SignatureAlgorithm};
    use crate::{oid, write};

    fn key(name: &str) -> PrivateKey {
        PrivateKey::from_pem(scep_vectors::keys::named(name).unwrap().pem.as_bytes()).unwrap()
    }

    #[rstest]
    #[case::rsa("rsa-1024", "RSA 1024 bits")]
    #[case::p256("ec-p256", "EC P-256")]
    #[case::p384("ec-p384", "EC P-384")]
    #[case::p521("ec-p521", "EC P-521")]
    fn a_key_is_the_same_after_pem_and_spki(#[case] name: &str, #[case] shown: &str) {
        let key = key(name);
        assert_eq!(key.public().to_string(), shown);
        assert_eq!(PublicKey::from_spki(key.public().spki()).as_ref(), Ok(key.public()));
        for pem in [key.to_pem().unwrap(), key.to_traditional_pem().unwrap()] {
            assert_eq!(PrivateKey::from_pem(pem.as_bytes()).unwrap().public(), key.public());
        }
    }

    #[rstest]
    #[case::pkcs1(key("rsa-1024"))]
    #[case::pss(key("rsa-1024").with_pss())]
    #[case::p256(key("ec-p256"))]
    #[case::p384(key("ec-p384"))]
    #[case::p521(key("ec-p521"))]
    fn only_the_own_key_algorithm_and_octets_verify(#[case] signer: PrivateKey) {
        for digest in Digest::ALL {
            let algorithm = signer.signature_algorithm(*digest);
            let signature = signer.sign(*digest, b"octets").unwrap();
            let verifies =
                |key: &PrivateKey, algorithm, octets| key.public().verifies(algorithm, octets, &signature);
            assert!(verifies(&signer, algorithm, b"octets"), "{algorithm:?}");
            assert!(!verifies(&signer, algorithm, b"Octets"));
            for other in ["pool-00", "ca-ec-p256", "ca-ec-p384", "ca-ec-p521"].map(key) {
                assert!(!verifies(&other, algorithm, b"octets"));
            }
            for scheme in
                [Scheme::Pkcs1, Scheme::Pss, Scheme::Ecdsa].iter().filter(|s| **s != algorithm.scheme)
            {
                assert!(!verifies(&signer, SignatureAlgorithm::new(*scheme, *digest), b"octets"));
            }
            assert!(!signer.public().verifies(algorithm, b"octets", &signature[1..]));
            assert!(!signer.public().verifies(algorithm, b"octets", b""));
        }
    }

    #[test]
    fn a_key_for_pss_only_encrypts_nothing() {
        let bits = super::Spki::read(key("rsa-1024").public().spki()).unwrap().1.bits().to_vec();
        let spki = write::sequence(&[&write::algorithm(oid::RSASSA_PSS, None), &write::bit_string(&bits)]);
        let key = PublicKey::from_spki(&spki).unwrap();
        assert!(!key.can_encrypt());
        assert_eq!(key.bits(), 1024);
    }

    #[test]
    fn an_unknown_curve_is_named() {
        let curve = const_oid::ObjectIdentifier::new_unwrap("1.3.132.0.10");
        let algorithm = write::algorithm(oid::EC_PUBLIC_KEY, Some(&write::oid(curve)));
        let spki = write::sequence(&[&algorithm, &write::bit_string(&[4; 65])]);
        let error = PublicKey::from_spki(&spki).unwrap_err().to_string();
        assert!(error.contains("1.3.132.0.10"), "{error}");
    }
}
