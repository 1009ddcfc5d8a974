//! Algorithms as rows of tables: content ciphers and digests, with what is safe to negotiate.
//!
//! A new algorithm is one row here.

use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit, block_padding::Pkcs7};
use const_oid::ObjectIdentifier;
use openssl::hash::MessageDigest;
use openssl::symm;

use crate::error::{Error, Result};
use crate::oid;

/// A content cipher in CBC mode with PKCS#7 padding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cipher {
    /// Single DES: RFC 8894 2.9 forbids it; read because a suite must judge it, written only when asked.
    Des,
    /// Triple DES with three keys.
    Des3,
    /// AES-128, the one of RFC 8894 2.9.
    Aes128,
    /// AES-192.
    Aes192,
    /// AES-256.
    Aes256,
}

/// A message digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Digest {
    /// RFC 8894 2.9 forbids it.
    Md5,
    /// SHA-1, for old peers.
    Sha1,
    /// SHA-256, the one of RFC 8894 2.9.
    Sha256,
    /// SHA-384, not named by the RFC.
    Sha384,
    /// SHA-512.
    Sha512,
}

struct CipherRow {
    cipher: Cipher,
    name: &'static str,
    oid: ObjectIdentifier,
    key: usize,
    block: usize,
    insecure: bool,
}

struct DigestRow {
    digest: Digest,
    name: &'static str,
    oid: ObjectIdentifier,
    with_rsa: ObjectIdentifier,
    length: usize,
    insecure: bool,
}

const CIPHERS: &[CipherRow] = &[
    CipherRow { cipher: Cipher::Des, name: "des-cbc", oid: oid::DES_CBC, key: 8, block: 8, insecure: true },
    CipherRow {
        cipher: Cipher::Des3,
        name: "des3-cbc",
        oid: oid::DES_EDE3_CBC,
        key: 24,
        block: 8,
        insecure: false,
    },
    CipherRow {
        cipher: Cipher::Aes128,
        name: "aes128-cbc",
        oid: oid::AES128_CBC,
        key: 16,
        block: 16,
        insecure: false,
    },
    CipherRow {
        cipher: Cipher::Aes192,
        name: "aes192-cbc",
        oid: oid::AES192_CBC,
        key: 24,
        block: 16,
        insecure: false,
    },
    CipherRow {
        cipher: Cipher::Aes256,
        name: "aes256-cbc",
        oid: oid::AES256_CBC,
        key: 32,
        block: 16,
        insecure: false,
    },
];

const DIGESTS: &[DigestRow] = &[
    DigestRow {
        digest: Digest::Md5,
        name: "md5",
        oid: oid::MD5,
        with_rsa: oid::MD5_WITH_RSA,
        length: 16,
        insecure: true,
    },
    DigestRow {
        digest: Digest::Sha1,
        name: "sha-1",
        oid: oid::SHA1,
        with_rsa: oid::SHA1_WITH_RSA,
        length: 20,
        insecure: false,
    },
    DigestRow {
        digest: Digest::Sha256,
        name: "sha-256",
        oid: oid::SHA256,
        with_rsa: oid::SHA256_WITH_RSA,
        length: 32,
        insecure: false,
    },
    DigestRow {
        digest: Digest::Sha384,
        name: "sha-384",
        oid: oid::SHA384,
        with_rsa: oid::SHA384_WITH_RSA,
        length: 48,
        insecure: false,
    },
    DigestRow {
        digest: Digest::Sha512,
        name: "sha-512",
        oid: oid::SHA512,
        with_rsa: oid::SHA512_WITH_RSA,
        length: 64,
        insecure: false,
    },
];

impl Cipher {
    fn row(self) -> &'static CipherRow {
        // Every variant has its row, in the order of the variants.
        &CIPHERS[self as usize]
    }

    /// The cipher of an object identifier.
    #[must_use]
    pub fn from_oid(oid: ObjectIdentifier) -> Option<Self> {
        CIPHERS.iter().find(|row| row.oid == oid).map(|row| row.cipher)
    }

    /// The cipher of a name (`des-cbc`, `des3-cbc`, `aes128-cbc`, `aes192-cbc`, `aes256-cbc`).
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        CIPHERS.iter().find(|row| row.name == name).map(|row| row.cipher)
    }

    /// Object identifier of the AlgorithmIdentifier.
    #[must_use]
    pub fn oid(self) -> ObjectIdentifier {
        self.row().oid
    }

    /// Name as [`Cipher::parse`] takes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// True when it may be used only with an explicit permission (RFC 8894 2.9: single DES MUST NOT).
    #[must_use]
    pub fn is_insecure(self) -> bool {
        self.row().insecure
    }

    /// Key length in octets.
    #[must_use]
    pub fn key_length(self) -> usize {
        self.row().key
    }

    /// Block and initialisation vector length in octets.
    #[must_use]
    pub fn block_length(self) -> usize {
        self.row().block
    }

    fn openssl(self) -> Option<symm::Cipher> {
        match self {
            Self::Des => None,
            Self::Des3 => Some(symm::Cipher::des_ede3_cbc()),
            Self::Aes128 => Some(symm::Cipher::aes_128_cbc()),
            Self::Aes192 => Some(symm::Cipher::aes_192_cbc()),
            Self::Aes256 => Some(symm::Cipher::aes_256_cbc()),
        }
    }

    // The OpenSSL bindings assert on wrong lengths, so a message could panic us: check first.
    fn check_lengths(self, key: &[u8], iv: &[u8]) -> Result<()> {
        if key.len() == self.key_length() && iv.len() == self.block_length() {
            return Ok(());
        }
        Err(Error::Misbehaved {
            what: "content cipher parameters (RFC 5652 6.3)",
            expected: format!(
                "{}: key of {}, IV of {} octets",
                self.name(),
                self.key_length(),
                self.block_length()
            ),
            actual: format!("key of {}, IV of {} octets", key.len(), iv.len()),
        })
    }

    /// Encrypts with PKCS#7 padding.
    ///
    /// # Errors
    /// When key or IV have another length than the cipher.
    pub fn encrypt(self, key: &[u8], iv: &[u8], plain: &[u8]) -> Result<Vec<u8>> {
        self.check_lengths(key, iv)?;
        match self.openssl() {
            Some(cipher) => Ok(symm::encrypt(cipher, key, Some(iv), plain)?),
            None => cbc::Encryptor::<des::Des>::new_from_slices(key, iv)
                .map(|mode| mode.encrypt_padded_vec::<Pkcs7>(plain))
                .map_err(|e| Error::Crypto(e.to_string())),
        }
    }

    /// Decrypts and removes PKCS#7 padding.
    ///
    /// # Errors
    /// When key or IV have another length than the cipher, or the padding does not fit.
    pub fn decrypt(self, key: &[u8], iv: &[u8], encrypted: &[u8]) -> Result<Vec<u8>> {
        self.check_lengths(key, iv)?;
        let wrong = Error::WrongKey { what: "encryptedContent" };
        match self.openssl() {
            Some(cipher) => symm::decrypt(cipher, key, Some(iv), encrypted).map_err(|_| wrong),
            None => cbc::Decryptor::<des::Des>::new_from_slices(key, iv)
                .map_err(|e| Error::Crypto(e.to_string()))?
                .decrypt_padded_vec::<Pkcs7>(encrypted)
                .map_err(|_| wrong),
        }
    }
}

impl Digest {
    fn row(self) -> &'static DigestRow {
        // Every variant has its row, in the order of the variants.
        &DIGESTS[self as usize]
    }

    /// The digest of an object identifier, also of one of an RSA signature with that digest.
    #[must_use]
    pub fn from_oid(oid: ObjectIdentifier) -> Option<Self> {
        DIGESTS.iter().find(|row| row.oid == oid || row.with_rsa == oid).map(|row| row.digest)
    }

    /// The digest of a name (`md5`, `sha-1`, `sha-256`, `sha-384`, `sha-512`).
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        DIGESTS.iter().find(|row| row.name == name).map(|row| row.digest)
    }

    /// Object identifier of the digest.
    #[must_use]
    pub fn oid(self) -> ObjectIdentifier {
        self.row().oid
    }

    /// Object identifier of the RSA PKCS#1 v1.5 signature with this digest.
    #[must_use]
    pub fn with_rsa(self) -> ObjectIdentifier {
        self.row().with_rsa
    }

    /// Name as [`Digest::parse`] takes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// True when it may be used only with an explicit permission (RFC 8894 2.9: MD5 MUST NOT).
    #[must_use]
    pub fn is_insecure(self) -> bool {
        self.row().insecure
    }

    /// Length of its output in octets.
    #[must_use]
    pub fn length(self) -> usize {
        self.row().length
    }

    pub(crate) fn openssl(self) -> MessageDigest {
        match self {
            Self::Md5 => MessageDigest::md5(),
            Self::Sha1 => MessageDigest::sha1(),
            Self::Sha256 => MessageDigest::sha256(),
            Self::Sha384 => MessageDigest::sha384(),
            Self::Sha512 => MessageDigest::sha512(),
        }
    }

    /// Digest of the octets.
    ///
    /// # Errors
    /// When the cryptographic library refuses the algorithm (a FIPS build and MD5).
    pub fn of(self, octets: &[u8]) -> Result<Vec<u8>> {
        Ok(openssl::hash::hash(self.openssl(), octets)?.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::{CIPHERS, Cipher, DIGESTS, Digest};

    #[test]
    fn rows_stand_in_the_order_of_the_variants() {
        assert!(CIPHERS.iter().enumerate().all(|(i, row)| row.cipher as usize == i));
        assert!(DIGESTS.iter().enumerate().all(|(i, row)| row.digest as usize == i));
    }

    #[test]
    fn every_cipher_opens_what_it_closed_and_checks_lengths_first() {
        for row in CIPHERS {
            let (key, iv) = (vec![7; row.key], vec![9; row.block]);
            let closed = row.cipher.encrypt(&key, &iv, b"SCEP").unwrap();
            assert_eq!(row.cipher.decrypt(&key, &iv, &closed).unwrap(), b"SCEP");
            assert!(row.cipher.encrypt(&key, &iv[1..], b"SCEP").is_err());
            assert!(row.cipher.decrypt(&key[1..], &iv, &closed).is_err());
        }
    }

    #[test]
    fn single_des_is_the_des_of_fips_46() {
        // NBS Special Publication 500-20: key 0x10..., zero block. First block of CBC with a zero IV is ECB.
        let key = [0x10, 0x31, 0x6e, 0x02, 0x8c, 0x8f, 0x3b, 0x4a];
        let closed = Cipher::Des.encrypt(&key, &[0; 8], &[0; 8]).unwrap();
        assert_eq!(closed[..8], [0x82, 0xdc, 0xba, 0xfb, 0xde, 0xab, 0x66, 0x02]);
    }

    #[test]
    fn digests_have_the_length_that_their_row_says() {
        for row in DIGESTS {
            assert_eq!(row.digest.of(b"").unwrap().len(), row.length);
            assert_eq!(Digest::parse(row.name), Some(row.digest));
        }
    }
}
