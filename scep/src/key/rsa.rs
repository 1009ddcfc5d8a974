//! RSA keys: signing, verifying, key transport. Paddings with randomness take it from the generator passed
//! in, so that equal seeds give equal messages.

use const_oid::ObjectIdentifier;
use openssl::bn::BigNum;
use openssl::pkey::{PKey, Private};
use openssl::rsa::{Padding, Rsa};
use openssl::sign::{Signer, Verifier};
use rand_core::RngCore;

use crate::error::{Error, Result};
use crate::finding::Part;
use crate::suite::Digest;
use crate::tlv::{Source, Tlv, tag};
use crate::{Place, limits, oid, write};

/// A public key with the SubjectPublicKeyInfo that it came from.
#[derive(Clone)]
pub struct PublicKey {
    spki: Vec<u8>,
    rsa: Rsa<openssl::pkey::Public>,
}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PublicKey(RSA {})", self.bits())
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.spki == other.spki
    }
}

impl Eq for PublicKey {}

impl PublicKey {
    /// Reads a SubjectPublicKeyInfo.
    ///
    /// # Errors
    /// When it is malformed, no RSA key, or larger than [`limits::RSA_BITS`].
    pub fn from_spki(spki: &[u8]) -> Result<Self> {
        let source = Source::message(spki);
        let outer = Tlv::read(source, 0)?.expect("SubjectPublicKeyInfo", tag::SEQUENCE)?;
        let [algorithm, key] = outer.members()?[..] else {
            return Err(outer.malformed("SubjectPublicKeyInfo", "expected algorithm and key"));
        };
        let Some(first) = algorithm.members()?.first().copied() else {
            return Err(algorithm.malformed("SubjectPublicKeyInfo", "expected an algorithm identifier"));
        };
        let algorithm = ObjectIdentifier::from_bytes(first.content())
            .map_err(|e| first.malformed("SubjectPublicKeyInfo algorithm", e.to_string()))?;
        if algorithm != oid::RSA_ENCRYPTION {
            return Err(Error::Unsupported { what: "key type", actual: oid::name(algorithm) });
        }
        let pkcs1 =
            key.expect("SubjectPublicKeyInfo key", tag::BIT_STRING)?.content().get(1..).unwrap_or_default();
        // Not through OpenSSL 3's decoder: it costs 200 us a key, this 7.
        let rsa = Rsa::public_key_from_der_pkcs1(pkcs1)
            .map_err(|_| key.malformed("RSA public key", "not PKCS#1"))?;
        if rsa.n().num_bits() as u32 > limits::RSA_BITS || rsa.n().num_bits() < 512 {
            return Err(Error::Unsupported {
                what: "RSA key length",
                actual: rsa.n().num_bits().to_string(),
            });
        }
        Ok(Self { spki: spki.to_vec(), rsa })
    }

    /// SubjectPublicKeyInfo, DER.
    #[must_use]
    pub fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// Length of the modulus in bits.
    #[must_use]
    pub fn bits(&self) -> u32 {
        self.rsa.n().num_bits().unsigned_abs()
    }

    /// Key identifier of RFC 5280 4.2.1.2 (1): SHA-1 of the key's bit string.
    ///
    /// # Errors
    /// When the cryptographic library has no SHA-1.
    pub fn identifier(&self) -> Result<Vec<u8>> {
        Digest::Sha1.of(&self.rsa.public_key_to_der_pkcs1()?)
    }

    /// True when the PKCS#1 v1.5 signature over the octets verifies.
    #[must_use]
    pub fn verifies(&self, digest: Digest, octets: &[u8], signature: &[u8]) -> bool {
        let check = || -> std::result::Result<bool, openssl::error::ErrorStack> {
            let key = PKey::from_rsa(self.rsa.clone())?;
            Verifier::new(digest.openssl(), &key)?.verify_oneshot(signature, octets)
        };
        check().unwrap_or(false)
    }

    /// RSAES-PKCS1-v1_5 (RFC 8017 7.2.1), its padding from `rng`.
    ///
    /// # Errors
    /// When the message is too long for the key.
    pub fn encrypt(&self, message: &[u8], rng: &mut dyn RngCore) -> Result<Vec<u8>> {
        let length = self.rsa.size() as usize;
        let Some(padding) = length.checked_sub(message.len() + 3).filter(|p| *p >= 8) else {
            return Err(Error::Misuse {
                what: "RSA key transport",
                detail: format!("{} octets do not fit into a key of {length}", message.len()),
            });
        };
        let mut block = vec![0, 2];
        while block.len() < padding + 2 {
            let mut octet = [0];
            rng.fill_bytes(&mut octet);
            if octet != [0] {
                block.extend_from_slice(&octet);
            }
        }
        block.push(0);
        block.extend_from_slice(message);
        let mut encrypted = vec![0; length];
        self.rsa.public_encrypt(&block, &mut encrypted, Padding::NONE)?;
        Ok(encrypted)
    }
}

/// A private key. Has no useful Debug: it is a secret.
#[derive(Clone)]
pub struct PrivateKey {
    key: PKey<Private>,
    public: PublicKey,
}

impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PrivateKey(RSA {}, redacted)", self.public.bits())
    }
}

impl PrivateKey {
    /// Takes an RSA key that the caller made or loaded.
    ///
    /// # Errors
    /// When the cryptographic library cannot use it.
    pub fn from_rsa(rsa: Rsa<Private>) -> Result<Self> {
        let bits = write::bit_string(&rsa.public_key_to_der_pkcs1()?);
        let spki = write::sequence(&[&write::algorithm(oid::RSA_ENCRYPTION, Some(&write::null())), &bits]);
        let public =
            PublicKey { spki, rsa: Rsa::from_public_components(rsa.n().to_owned()?, rsa.e().to_owned()?)? };
        Ok(Self { key: PKey::from_rsa(rsa)?, public })
    }

    /// Reads an unencrypted PEM key: PKCS#8 or traditional.
    ///
    /// # Errors
    /// When it is not PEM, or no RSA key.
    pub fn from_pem(pem: &[u8]) -> Result<Self> {
        let malformed = |detail: String| Error::Malformed {
            what: "PEM private key",
            detail,
            at: Place { part: Part::Message, start: 0, end: pem.len() },
        };
        // An empty passphrase, so that an encrypted key is an error and never a prompt.
        let key = PKey::private_key_from_pem_passphrase(pem, b"").map_err(|e| malformed(e.to_string()))?;
        let rsa = key.rsa().map_err(|_| malformed("expected an RSA key".to_owned()))?;
        Self::from_rsa(rsa)
    }

    /// PKCS#8 PEM, unencrypted.
    ///
    /// # Errors
    /// When the cryptographic library cannot write it.
    pub fn to_pem(&self) -> Result<String> {
        let pem = self.key.private_key_to_pem_pkcs8()?;
        Ok(String::from_utf8_lossy(&pem).into_owned())
    }

    /// Traditional PKCS#1 PEM, unencrypted: what some old clients insist on.
    ///
    /// # Errors
    /// When the cryptographic library cannot write it.
    pub fn to_traditional_pem(&self) -> Result<String> {
        let pem = self.key.rsa()?.private_key_to_pem()?;
        Ok(String::from_utf8_lossy(&pem).into_owned())
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// RSASSA-PKCS1-v1_5 signature over the octets.
    ///
    /// # Errors
    /// When the cryptographic library refuses digest or key.
    pub fn sign(&self, digest: Digest, octets: &[u8]) -> Result<Vec<u8>> {
        Ok(Signer::new(digest.openssl(), &self.key)?.sign_oneshot_to_vec(octets)?)
    }

    /// Opens RSAES-PKCS1-v1_5. The padding is looked at here, not in the library, whose answer to a bad
    /// block differs between versions.
    ///
    /// # Errors
    /// [`Error::WrongKey`] for every wrong block, without a reason.
    pub fn decrypt(&self, encrypted: &[u8]) -> Result<Vec<u8>> {
        let wrong = || Error::WrongKey { what: "encryptedKey" };
        let rsa = self.key.rsa()?;
        let length = rsa.size() as usize;
        // The raw operation asserts on lengths and fails on numbers beyond the modulus: check first.
        if encrypted.len() != length || BigNum::from_slice(encrypted)? >= rsa.n().to_owned()? {
            return Err(wrong());
        }
        let mut block = vec![0; length];
        rsa.private_decrypt(encrypted, &mut block, Padding::NONE).map_err(|_| wrong())?;
        let [0, 2, rest @ ..] = block.as_slice() else { return Err(wrong()) };
        match rest.iter().position(|b| *b == 0) {
            Some(padding) if padding >= 8 => Ok(rest.get(padding + 1..).unwrap_or_default().to_vec()),
            _ => Err(wrong()),
        }
    }
}
