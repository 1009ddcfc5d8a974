//! RSA keys: signing, verifying, key transport. The library does the raw operation; the paddings are ours,
//! so that equal seeds give equal messages and no version of the library decides what a bad block means.

use openssl::bn::BigNum;
use openssl::pkey::{Private, Public};
use openssl::rsa::{Padding, Rsa};
use rand_core::RngCore;

use super::{PublicKey, Spki, padding};
use crate::error::{Error, Result};
use crate::suite::{Digest, KeyTransport, Scheme, SignatureAlgorithm};
use crate::{limits, oid, write};

/// An RSA public key with the SubjectPublicKeyInfo that it came from.
#[derive(Clone)]
pub struct RsaPublicKey {
    spki: Vec<u8>,
    rsa: Rsa<Public>,
    encrypts: bool,
}

impl std::fmt::Debug for RsaPublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RsaPublicKey({})", self.bits())
    }
}

impl PartialEq for RsaPublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.spki == other.spki
    }
}

impl Eq for RsaPublicKey {}

impl RsaPublicKey {
    pub(super) fn read(spki: Spki<'_>, encrypts: bool) -> Result<Self> {
        // Not through OpenSSL 3's decoder: it costs 200 us a key, this 7.
        let rsa = Rsa::public_key_from_der_pkcs1(spki.bits())
            .map_err(|_| spki.key.malformed("RSA public key", "not PKCS#1"))?;
        let bits = rsa.n().num_bits();
        if bits.unsigned_abs() > limits::RSA_BITS || bits < 512 {
            return Err(Error::Unsupported {
                what: "RSA key length",
                actual: format!("{bits}, outside 512 to {} bits,", limits::RSA_BITS),
            });
        }
        Ok(Self { spki: spki.whole.to_vec(), rsa, encrypts })
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

    /// False for a key that its SubjectPublicKeyInfo restricts to PSS.
    pub(super) fn can_encrypt(&self) -> bool {
        self.encrypts
    }

    pub(super) fn verifies(&self, algorithm: SignatureAlgorithm, octets: &[u8], signature: &[u8]) -> bool {
        let verdict = match algorithm.scheme {
            Scheme::Pss => self.verifies_pss(algorithm, octets, signature),
            Scheme::Pkcs1 => self.verifies_pkcs1(algorithm.digest, octets, signature),
            Scheme::Ecdsa => Ok(false),
        };
        verdict.unwrap_or(false)
    }

    /// RFC 8017 8.2.2: the block that the signature opens to is the one that the digest makes, octet by octet.
    fn verifies_pkcs1(&self, digest: Digest, octets: &[u8], signature: &[u8]) -> Result<bool> {
        let expected = padding::pkcs1_sign_pad(digest, octets, self.rsa.size() as usize)?;
        Ok(expected.is_some() && self.opened(signature)? == expected)
    }

    fn verifies_pss(&self, algorithm: SignatureAlgorithm, octets: &[u8], signature: &[u8]) -> Result<bool> {
        match self.opened(signature)? {
            Some(block) => padding::pss_holds(algorithm, octets, &block, self.bits()),
            None => Ok(false),
        }
    }

    /// The block that a signature opens to; None when it is none of this key. The raw operation sets the key
    /// up once for whatever it is used: through an EVP_PKEY, OpenSSL 3 copies it first.
    fn opened(&self, signature: &[u8]) -> Result<Option<Vec<u8>>> {
        let length = self.rsa.size() as usize;
        // The raw operation asserts on lengths and fails on numbers beyond the modulus.
        if signature.len() != length || BigNum::from_slice(signature)?.as_ref() >= self.rsa.n() {
            return Ok(None);
        }
        let mut block = vec![0; length];
        self.rsa.public_decrypt(signature, &mut block, Padding::NONE)?;
        Ok(Some(block))
    }

    pub(super) fn encrypt(
        &self,
        transport: &KeyTransport,
        message: &[u8],
        rng: &mut dyn RngCore,
    ) -> Result<Vec<u8>> {
        let length = self.rsa.size() as usize;
        let block = match transport {
            KeyTransport::Pkcs1 => padding::pkcs1_pad(message, length, rng),
            KeyTransport::Oaep(oaep) => padding::oaep_pad(oaep, message, length, rng)?,
        };
        let Some(block) = block else {
            return Err(Error::Misuse {
                what: "RSA key transport",
                detail: format!("{} octets do not fit into a key of {length}", message.len()),
            });
        };
        let mut encrypted = vec![0; length];
        self.rsa.public_encrypt(&block, &mut encrypted, Padding::NONE)?;
        Ok(encrypted)
    }
}

/// An RSA private key.
#[derive(Clone)]
pub struct RsaPrivateKey {
    rsa: Rsa<Private>,
    public: PublicKey,
    scheme: Scheme,
}

impl std::fmt::Debug for RsaPrivateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RsaPrivateKey({}, redacted)", self.public.bits())
    }
}

impl RsaPrivateKey {
    pub(super) fn new(rsa: Rsa<Private>) -> Result<Self> {
        let bits = write::bit_string(&rsa.public_key_to_der_pkcs1()?);
        let spki = write::sequence(&[&write::algorithm(oid::RSA_ENCRYPTION, Some(&write::null())), &bits]);
        let public = Rsa::from_public_components(rsa.n().to_owned()?, rsa.e().to_owned()?)?;
        let public = PublicKey::Rsa(RsaPublicKey { spki, rsa: public, encrypts: true });
        Ok(Self { rsa, public, scheme: Scheme::Pkcs1 })
    }

    pub(super) fn with_pss(self) -> Self {
        Self { scheme: Scheme::Pss, ..self }
    }

    pub(super) fn inner(&self) -> &Rsa<Private> {
        &self.rsa
    }

    pub(super) fn public(&self) -> &PublicKey {
        &self.public
    }

    pub(super) fn signature_algorithm(&self, digest: Digest) -> SignatureAlgorithm {
        let algorithm = SignatureAlgorithm::new(self.scheme, digest);
        if self.scheme != Scheme::Pss {
            return algorithm;
        }
        // A short key has no room for a salt as long as the digest (RFC 8017 9.1.1): RSA-1024, SHA-512.
        let room = padding::pss_salt_room(digest, self.public.bits());
        SignatureAlgorithm { salt_length: algorithm.salt_length.min(room), ..algorithm }
    }

    pub(super) fn sign(&self, digest: Digest, octets: &[u8]) -> Result<Vec<u8>> {
        let misfit = |what: &'static str| {
            let detail = format!("{} does not fit into a key of {} bits", digest.name(), self.public.bits());
            Error::Misuse { what, detail }
        };
        if self.scheme != Scheme::Pss {
            let block = padding::pkcs1_sign_pad(digest, octets, self.rsa.size() as usize)?;
            return self.signed(&block.ok_or_else(|| misfit("RSASSA-PKCS1-v1_5"))?);
        }
        let algorithm = self.signature_algorithm(digest);
        // The salt need not be random, only hard to guess and different for each message (RFC 8017 8.1):
        // from the key and the message it makes equal messages sign equally, without a generator.
        let salt = self.secret_octets(b"PSS salt", octets, algorithm.salt_length)?;
        let block = padding::pss_pad(algorithm, octets, &salt, self.public.bits())?;
        self.signed(&block.ok_or_else(|| misfit("RSASSA-PSS"))?)
    }

    fn signed(&self, block: &[u8]) -> Result<Vec<u8>> {
        let mut signature = vec![0; self.rsa.size() as usize];
        self.rsa.private_encrypt(block, &mut signature, Padding::NONE)?;
        Ok(signature)
    }

    /// Octets that only who has the key can tell, the same each time.
    fn secret_octets(&self, purpose: &[u8], octets: &[u8], length: usize) -> Result<Vec<u8>> {
        let secret = self.rsa.d().to_vec();
        let mut out = Digest::Sha512.hmac(&secret, &[purpose, octets].concat())?;
        out.truncate(length);
        Ok(out)
    }

    pub(super) fn decrypt(&self, transport: &KeyTransport, encrypted: &[u8]) -> Result<Vec<u8>> {
        let wrong = || Error::WrongKey { what: "encryptedKey" };
        let length = self.rsa.size() as usize;
        // The raw operation asserts on lengths and fails on numbers beyond the modulus: check first.
        if encrypted.len() != length || BigNum::from_slice(encrypted)?.as_ref() >= self.rsa.n() {
            return Err(wrong());
        }
        let mut block = vec![0; length];
        self.rsa.private_decrypt(encrypted, &mut block, Padding::NONE).map_err(|_| wrong())?;
        let message = match transport {
            KeyTransport::Pkcs1 => padding::pkcs1_unpad(&block),
            KeyTransport::Oaep(oaep) => padding::oaep_unpad(oaep, &block)?,
        };
        message.ok_or_else(wrong)
    }
}

#[cfg(test)]
mod tests {
    use openssl::pkey::PKey;
    use openssl::rsa::Padding;
    use openssl::sign::{Signer, Verifier};
    use rstest::rstest;

    use super::RsaPrivateKey;
    use crate::key::{PrivateKey, PublicKey, padding};
    use crate::oid;
    use crate::suite::{Digest, Scheme, SignatureAlgorithm};
    use crate::write;

    const OCTETS: &[u8] = b"octets";

    fn key(name: &str) -> RsaPrivateKey {
        let pem = scep_vectors::keys::named(name).unwrap().pem;
        let PrivateKey::Rsa(key) = PrivateKey::from_pem(pem.as_bytes()).unwrap() else {
            panic!("{name} is no RSA key")
        };
        key
    }

    /// Our verdict, which has to be OpenSSL's.
    fn verifies(key: &RsaPrivateKey, digest: Digest, signature: &[u8]) -> bool {
        let PublicKey::Rsa(public) = key.public() else { panic!("an RSA key") };
        let ours = public.verifies(SignatureAlgorithm::new(Scheme::Pkcs1, digest), OCTETS, signature);
        let pkey = PKey::from_rsa(key.rsa.clone()).unwrap();
        let theirs = Verifier::new(digest.openssl(), &pkey).unwrap().verify_oneshot(signature, OCTETS);
        assert_eq!(ours, theirs.unwrap_or(false));
        ours
    }

    #[rstest]
    fn pkcs1_signatures_are_those_of_openssl(
        #[values("pool-00", "rsa-1024", "rsa-4096")] name: &str,
        #[values(Digest::Md5, Digest::Sha1, Digest::Sha256, Digest::Sha384, Digest::Sha512)] digest: Digest,
    ) {
        let key = key(name);
        let pkey = PKey::from_rsa(key.rsa.clone()).unwrap();
        let theirs = Signer::new(digest.openssl(), &pkey).unwrap().sign_oneshot_to_vec(OCTETS).unwrap();
        assert_eq!(key.sign(digest, OCTETS).unwrap(), theirs);
        assert!(verifies(&key, digest, &theirs));
        assert!(!verifies(&key, digest, &theirs[1..]) && !verifies(&key, digest, &vec![0xff; theirs.len()]));
    }

    /// Blocks that a verifier which looks for the digest, instead of making the block again, lets through.
    #[test]
    fn a_block_of_another_make_is_refused() {
        let (key, digest) = (key("rsa-1024"), Digest::Sha256);
        let block = padding::pkcs1_sign_pad(digest, OCTETS, 128).unwrap().unwrap();
        let hash = digest.of(OCTETS).unwrap();
        let info = block[block.len() - 51..].to_vec();
        let without_null =
            write::sequence(&[&write::algorithm(oid::SHA256, None), &write::octet_string(&hash)]);
        let padded = |start: &[u8], info: &[u8]| {
            [start, &vec![0xff; 128 - start.len() - 1 - info.len()], &[0], info].concat()
        };
        let accepts = |block: &[u8]| {
            let mut signature = vec![0; 128];
            key.rsa.private_encrypt(block, &mut signature, Padding::NONE).unwrap();
            verifies(&key, digest, &signature)
        };
        assert!(accepts(&padded(&[0, 1], &info)));
        assert!(!accepts(&padded(&[0, 1], &without_null)));
        assert!(!accepts(&padded(&[0, 2], &info)));
        assert!(!accepts(&padded(&[0, 1, 0], &info)));
        // Eight octets of padding, the digest, and what makes the number a cube.
        assert!(!accepts(&[&[0, 1], &[0xff; 8][..], &[0], &info, &[7; 66]].concat()));
    }
}
