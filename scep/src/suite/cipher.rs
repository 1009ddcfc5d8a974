//! Content ciphers: CBC with PKCS#7 padding (RFC 5652 6.3), and AES in GCM (RFC 5084).

use blowfish::Blowfish;
use cbc::cipher::{
    BlockModeDecrypt, BlockModeEncrypt, KeyIvInit,
    block_padding::{NoPadding, Pkcs7},
};
use const_oid::ObjectIdentifier;
use des::Des;
use openssl::symm::{self, Crypter, Mode};

use crate::error::{Error, Result};
use crate::oid;

/// A content cipher.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cipher {
    /// Single DES: RFC 8894 2.9 forbids it; read because a suite must judge it, written only when asked.
    Des,
    /// Blowfish with 128 bits, which some old devices were set to. Not in any edition of SCEP.
    Blowfish,
    /// Triple DES with three keys.
    Des3,
    /// AES-128 in CBC, the one of RFC 8894 2.9.
    Aes128,
    /// AES-192 in CBC.
    Aes192,
    /// AES-256 in CBC.
    Aes256,
    /// AES-128 in GCM: the envelope is an AuthEnvelopedData.
    Aes128Gcm,
    /// AES-192 in GCM.
    Aes192Gcm,
    /// AES-256 in GCM.
    Aes256Gcm,
}

enum Engine {
    Des,
    Blowfish,
    Cbc(fn() -> symm::Cipher),
    Gcm(fn() -> symm::Cipher),
}

struct CipherRow {
    cipher: Cipher,
    name: &'static str,
    oid: ObjectIdentifier,
    key: usize,
    block: usize,
    iv: usize,
    engine: Engine,
    insecure: bool,
}

const CIPHERS: &[CipherRow] = &[
    CipherRow {
        cipher: Cipher::Des,
        name: "des-cbc",
        oid: oid::DES_CBC,
        key: 8,
        block: 8,
        iv: 8,
        engine: Engine::Des,
        insecure: true,
    },
    CipherRow {
        cipher: Cipher::Blowfish,
        name: "blowfish-cbc",
        oid: oid::BLOWFISH_CBC,
        key: 16,
        block: 8,
        iv: 8,
        engine: Engine::Blowfish,
        insecure: true,
    },
    CipherRow {
        cipher: Cipher::Des3,
        name: "des3-cbc",
        oid: oid::DES_EDE3_CBC,
        key: 24,
        block: 8,
        iv: 8,
        engine: Engine::Cbc(symm::Cipher::des_ede3_cbc),
        insecure: false,
    },
    CipherRow {
        cipher: Cipher::Aes128,
        name: "aes128-cbc",
        oid: oid::AES128_CBC,
        key: 16,
        block: 16,
        iv: 16,
        engine: Engine::Cbc(symm::Cipher::aes_128_cbc),
        insecure: false,
    },
    CipherRow {
        cipher: Cipher::Aes192,
        name: "aes192-cbc",
        oid: oid::AES192_CBC,
        key: 24,
        block: 16,
        iv: 16,
        engine: Engine::Cbc(symm::Cipher::aes_192_cbc),
        insecure: false,
    },
    CipherRow {
        cipher: Cipher::Aes256,
        name: "aes256-cbc",
        oid: oid::AES256_CBC,
        key: 32,
        block: 16,
        iv: 16,
        engine: Engine::Cbc(symm::Cipher::aes_256_cbc),
        insecure: false,
    },
    CipherRow {
        cipher: Cipher::Aes128Gcm,
        name: "aes128-gcm",
        oid: oid::AES128_GCM,
        key: 16,
        block: 16,
        iv: 12,
        engine: Engine::Gcm(symm::Cipher::aes_128_gcm),
        insecure: false,
    },
    CipherRow {
        cipher: Cipher::Aes192Gcm,
        name: "aes192-gcm",
        oid: oid::AES192_GCM,
        key: 24,
        block: 16,
        iv: 12,
        engine: Engine::Gcm(symm::Cipher::aes_192_gcm),
        insecure: false,
    },
    CipherRow {
        cipher: Cipher::Aes256Gcm,
        name: "aes256-gcm",
        oid: oid::AES256_GCM,
        key: 32,
        block: 16,
        iv: 12,
        engine: Engine::Gcm(symm::Cipher::aes_256_gcm),
        insecure: false,
    },
];

impl Cipher {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Des,
        Self::Blowfish,
        Self::Des3,
        Self::Aes128,
        Self::Aes192,
        Self::Aes256,
        Self::Aes128Gcm,
        Self::Aes192Gcm,
        Self::Aes256Gcm,
    ];

    fn row(self) -> &'static CipherRow {
        // Every variant has its row, in the order of the variants.
        &CIPHERS[self as usize]
    }

    /// The cipher of an object identifier.
    #[must_use]
    pub fn from_oid(oid: ObjectIdentifier) -> Option<Self> {
        CIPHERS.iter().find(|row| row.oid == oid).map(|row| row.cipher)
    }

    /// The cipher of a name (`des-cbc`, `blowfish-cbc`, `des3-cbc`, `aes128-cbc`, … `aes256-gcm`).
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

    /// True when it may be used only with an explicit permission: single DES (RFC 8894 2.9: MUST NOT) and
    /// Blowfish, which no edition of the protocol names.
    #[must_use]
    pub fn is_insecure(self) -> bool {
        self.row().insecure
    }

    /// True when it authenticates what it encrypts: then the envelope is an AuthEnvelopedData (RFC 5083).
    #[must_use]
    pub fn is_authenticated(self) -> bool {
        matches!(self.row().engine, Engine::Gcm(_))
    }

    /// Key length in octets.
    #[must_use]
    pub fn key_length(self) -> usize {
        self.row().key
    }

    /// Block length in octets.
    #[must_use]
    pub fn block_length(self) -> usize {
        self.row().block
    }

    /// Length of the initialisation vector or nonce that we write, in octets.
    #[must_use]
    pub fn iv_length(self) -> usize {
        self.row().iv
    }

    // The OpenSSL bindings assert on wrong lengths, so a message could panic us: check first.
    fn check_lengths(self, key: &[u8], iv: &[u8]) -> Result<()> {
        // A GCM nonce may have any length, 12 is only the best (RFC 5084 3.2).
        let iv_fits = if self.is_authenticated() {
            (1..=128).contains(&iv.len())
        } else {
            iv.len() == self.iv_length()
        };
        if key.len() == self.key_length() && iv_fits {
            return Ok(());
        }
        Err(Error::Misbehaved {
            what: "content cipher parameters (RFC 5652 6.3)",
            expected: format!(
                "{}: key of {}, IV of {} octets",
                self.name(),
                self.key_length(),
                self.iv_length()
            ),
            actual: format!("key of {}, IV of {} octets", key.len(), iv.len()),
        })
    }

    fn wrong_mode(self) -> Error {
        Error::Misuse { what: "content cipher", detail: format!("{} has another mode", self.name()) }
    }

    /// Encrypts in CBC with PKCS#7 padding.
    ///
    /// # Errors
    /// When key or IV have another length than the cipher, or its mode is GCM.
    pub fn encrypt(self, key: &[u8], iv: &[u8], plain: &[u8]) -> Result<Vec<u8>> {
        self.check_lengths(key, iv)?;
        match self.row().engine {
            Engine::Cbc(cipher) => Ok(symm::encrypt(cipher(), key, Some(iv), plain)?),
            Engine::Des => Ok(keyed::<cbc::Encryptor<Des>>(key, iv)?.encrypt_padded_vec::<Pkcs7>(plain)),
            Engine::Blowfish => {
                Ok(keyed::<cbc::Encryptor<Blowfish>>(key, iv)?.encrypt_padded_vec::<Pkcs7>(plain))
            }
            Engine::Gcm(_) => Err(self.wrong_mode()),
        }
    }

    /// Decrypts in CBC and removes PKCS#7 padding.
    ///
    /// # Errors
    /// When key or IV have another length than the cipher, the padding does not fit, or the mode is GCM.
    pub fn decrypt(self, key: &[u8], iv: &[u8], encrypted: &[u8]) -> Result<Vec<u8>> {
        self.check_lengths(key, iv)?;
        let wrong = Error::WrongKey { what: "encryptedContent" };
        match self.row().engine {
            Engine::Cbc(cipher) => symm::decrypt(cipher(), key, Some(iv), encrypted).map_err(|_| wrong),
            Engine::Des => keyed::<cbc::Decryptor<Des>>(key, iv)?
                .decrypt_padded_vec::<Pkcs7>(encrypted)
                .map_err(|_| wrong),
            Engine::Blowfish => keyed::<cbc::Decryptor<Blowfish>>(key, iv)?
                .decrypt_padded_vec::<Pkcs7>(encrypted)
                .map_err(|_| wrong),
            Engine::Gcm(_) => Err(self.wrong_mode()),
        }
    }

    /// Encrypts in GCM; the answer is the encrypted octets and a tag of `tag_length` octets.
    ///
    /// # Errors
    /// When the key has another length than the cipher, the nonce is empty, or the mode is CBC.
    pub fn seal(
        self,
        key: &[u8],
        nonce: &[u8],
        authenticated: &[u8],
        plain: &[u8],
        tag_length: usize,
    ) -> Result<(Vec<u8>, Vec<u8>)> {
        self.check_lengths(key, nonce)?;
        let Engine::Gcm(cipher) = self.row().engine else { return Err(self.wrong_mode()) };
        let mut tag = vec![0; tag_length];
        let encrypted = symm::encrypt_aead(cipher(), key, Some(nonce), authenticated, plain, &mut tag)?;
        Ok((encrypted, tag))
    }

    /// Decrypts in GCM and checks the tag.
    ///
    /// # Errors
    /// When the key has another length than the cipher, the nonce is empty, the tag does not hold or is no
    /// tag (RFC 5084 3.2: 12 to 16 octets), or the mode is CBC.
    pub fn unseal(
        self,
        key: &[u8],
        nonce: &[u8],
        authenticated: &[u8],
        encrypted: &[u8],
        tag: &[u8],
    ) -> Result<Vec<u8>> {
        self.check_lengths(key, nonce)?;
        let Engine::Gcm(cipher) = self.row().engine else { return Err(self.wrong_mode()) };
        let wrong = Error::WrongKey { what: "authEncryptedContent" };
        // A shorter tag would be easier to guess: OpenSSL checks as many octets as it is given.
        if !(12..=16).contains(&tag.len()) {
            return Err(wrong);
        }
        symm::decrypt_aead(cipher(), key, Some(nonce), authenticated, encrypted, tag).map_err(|_| wrong)
    }

    /// Encrypts whole blocks in CBC, without padding: what key wrapping is made of.
    ///
    /// # Errors
    /// As [`Cipher::encrypt`], and when the octets are not whole blocks.
    pub(crate) fn encrypt_blocks(self, key: &[u8], iv: &[u8], blocks: &[u8]) -> Result<Vec<u8>> {
        self.check_blocks(key, iv, blocks)?;
        match self.row().engine {
            Engine::Cbc(cipher) => unpadded(cipher(), Mode::Encrypt, key, iv, blocks),
            Engine::Des => Ok(keyed::<cbc::Encryptor<Des>>(key, iv)?.encrypt_padded_vec::<NoPadding>(blocks)),
            Engine::Blowfish => {
                Ok(keyed::<cbc::Encryptor<Blowfish>>(key, iv)?.encrypt_padded_vec::<NoPadding>(blocks))
            }
            Engine::Gcm(_) => Err(self.wrong_mode()),
        }
    }

    /// Decrypts whole blocks in CBC, without padding.
    ///
    /// # Errors
    /// As [`Cipher::encrypt_blocks`].
    pub(crate) fn decrypt_blocks(self, key: &[u8], iv: &[u8], blocks: &[u8]) -> Result<Vec<u8>> {
        self.check_blocks(key, iv, blocks)?;
        let failed = |_| Error::WrongKey { what: "wrapped key" };
        match self.row().engine {
            Engine::Cbc(cipher) => unpadded(cipher(), Mode::Decrypt, key, iv, blocks),
            Engine::Des => {
                keyed::<cbc::Decryptor<Des>>(key, iv)?.decrypt_padded_vec::<NoPadding>(blocks).map_err(failed)
            }
            Engine::Blowfish => keyed::<cbc::Decryptor<Blowfish>>(key, iv)?
                .decrypt_padded_vec::<NoPadding>(blocks)
                .map_err(failed),
            Engine::Gcm(_) => Err(self.wrong_mode()),
        }
    }

    fn check_blocks(self, key: &[u8], iv: &[u8], blocks: &[u8]) -> Result<()> {
        self.check_lengths(key, iv)?;
        if blocks.len().is_multiple_of(self.block_length()) {
            return Ok(());
        }
        Err(Error::WrongKey { what: "wrapped key" })
    }
}

fn keyed<M: KeyIvInit>(key: &[u8], iv: &[u8]) -> Result<M> {
    M::new_from_slices(key, iv).map_err(|e| Error::Crypto(e.to_string()))
}

fn unpadded(cipher: symm::Cipher, mode: Mode, key: &[u8], iv: &[u8], blocks: &[u8]) -> Result<Vec<u8>> {
    let mut crypter = Crypter::new(cipher, mode, key, Some(iv))?;
    crypter.pad(false);
    let mut out = vec![0; blocks.len() + cipher.block_size()];
    let mut length = crypter.update(blocks, &mut out)?;
    length += crypter.finalize(out.get_mut(length..).unwrap_or_default())?;
    out.truncate(length);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::{CIPHERS, Cipher};

    #[test]
    fn rows_stand_in_the_order_of_the_variants() {
        assert!(CIPHERS.iter().enumerate().all(|(i, row)| row.cipher as usize == i));
        assert!(Cipher::ALL.iter().enumerate().all(|(i, cipher)| *cipher as usize == i));
        assert_eq!(Cipher::ALL.len(), CIPHERS.len());
    }

    #[test]
    fn every_cipher_opens_what_it_closed_and_checks_lengths_first() {
        for row in CIPHERS {
            let (key, iv) = (vec![7; row.key], vec![9; row.iv]);
            let (short, cipher) = (&key[1..], row.cipher);
            if cipher.is_authenticated() {
                let (closed, tag) = cipher.seal(&key, &iv, b"with", b"SCEP", 16).unwrap();
                assert_eq!(cipher.unseal(&key, &iv, b"with", &closed, &tag).unwrap(), b"SCEP");
                assert!(cipher.unseal(&key, &iv, b"without", &closed, &tag).is_err());
                assert!(cipher.unseal(&key, &iv, b"with", &closed, &tag[..4]).is_err());
                assert!(cipher.unseal(short, &iv, b"with", &closed, &tag).is_err());
                assert!(cipher.encrypt(&key, &iv, b"SCEP").is_err());
            } else {
                let closed = cipher.encrypt(&key, &iv, b"SCEP").unwrap();
                assert_eq!(cipher.decrypt(&key, &iv, &closed).unwrap(), b"SCEP");
                assert!(cipher.decrypt(&key, &iv[1..], &closed).is_err());
                assert!(cipher.decrypt(short, &iv, &closed).is_err());
                let blocks = vec![3; 4 * row.block];
                let closed = cipher.encrypt_blocks(&key, &iv, &blocks).unwrap();
                assert_eq!(closed.len(), blocks.len());
                assert_eq!(cipher.decrypt_blocks(&key, &iv, &closed).unwrap(), blocks);
                assert!(cipher.decrypt_blocks(&key, &iv, &closed[1..]).is_err());
            }
            assert_eq!(Cipher::parse(row.name), Some(cipher));
        }
    }

    #[test]
    fn single_des_is_the_des_of_fips_46() {
        // NBS Special Publication 500-20: key 0x10..., zero block. First block of CBC with a zero IV is ECB.
        let key = [0x10, 0x31, 0x6e, 0x02, 0x8c, 0x8f, 0x3b, 0x4a];
        let closed = Cipher::Des.encrypt(&key, &[0; 8], &[0; 8]).unwrap();
        assert_eq!(closed[..8], [0x82, 0xdc, 0xba, 0xfb, 0xde, 0xab, 0x66, 0x02]);
    }
}
