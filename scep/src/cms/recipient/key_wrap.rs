//! Wrapping of a content key under an agreed key: AES Key Wrap (RFC 3394) and triple DES (RFC 3217).

use const_oid::ObjectIdentifier;
use openssl::aes::{AesKey, unwrap_key, wrap_key};
use rand_core::RngCore;

use crate::error::{Error, Result};
use crate::suite::{Cipher, Digest, read_with_parameters};
use crate::tlv::Tlv;
use crate::{oid, write};

/// A way to wrap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyWrap {
    Aes128,
    Aes192,
    Aes256,
    /// What OpenSSL takes when the content cipher is triple DES.
    Des3,
}

struct Row {
    wrap: KeyWrap,
    oid: ObjectIdentifier,
    key: usize,
}

const WRAPS: &[Row] = &[
    Row { wrap: KeyWrap::Aes128, oid: oid::AES128_WRAP, key: 16 },
    Row { wrap: KeyWrap::Aes192, oid: oid::AES192_WRAP, key: 24 },
    Row { wrap: KeyWrap::Aes256, oid: oid::AES256_WRAP, key: 32 },
    Row { wrap: KeyWrap::Des3, oid: oid::DES3_WRAP, key: 24 },
];

/// Initialisation vector of the outer encryption, RFC 3217 3.1 step 6.
const DES3_IV: [u8; 8] = [0x4a, 0xdd, 0xa2, 0x2c, 0x79, 0xe8, 0x21, 0x05];

impl KeyWrap {
    fn row(self) -> &'static Row {
        // Every variant has its row, in the order of the variants.
        &WRAPS[self as usize]
    }

    /// AES with a key as long as the content key.
    pub(super) fn for_key(content_key: &[u8]) -> Result<Self> {
        match content_key.len() {
            16 => Ok(Self::Aes128),
            24 => Ok(Self::Aes192),
            32 => Ok(Self::Aes256),
            // RFC 3394 2: two blocks at least, so a key of single DES is too short.
            length => Err(Error::Unsupported {
                what: "wrapping of a content key of so many octets:",
                actual: length.to_string(),
            }),
        }
    }

    pub(super) fn read(algorithm: &Tlv<'_>) -> Result<Self> {
        let (oid, _) = read_with_parameters(algorithm)?;
        let row = WRAPS.iter().find(|row| row.oid == oid);
        row.map(|row| row.wrap)
            .ok_or_else(|| Error::Unsupported { what: "key wrap algorithm", actual: oid::name(oid) })
    }

    /// The AlgorithmIdentifier: parameters are absent with AES (RFC 3565 2.3.2), NULL with triple DES (RFC
    /// 3370 4.3.1).
    pub(super) fn write(self) -> Vec<u8> {
        let null = write::null();
        write::algorithm(self.row().oid, (self == Self::Des3).then_some(null.as_slice()))
    }

    pub(super) fn key_length(self) -> usize {
        self.row().key
    }

    pub(super) fn wrap(self, kek: &[u8], content_key: &[u8], rng: &mut dyn RngCore) -> Result<Vec<u8>> {
        let failed = |_| Error::Crypto("key wrap failed".to_owned());
        if self != Self::Des3 {
            let key = AesKey::new_encrypt(kek).map_err(|_| Error::Crypto("AES key refused".to_owned()))?;
            let mut wrapped = vec![0; content_key.len() + 8];
            let length = wrap_key(&key, None, &mut wrapped, content_key).map_err(failed)?;
            wrapped.truncate(length);
            return Ok(wrapped);
        }
        let mut iv = [0; 8];
        rng.fill_bytes(&mut iv);
        let checked = [content_key, &des3_checksum(content_key)?].concat();
        let inner = Cipher::Des3.encrypt_blocks(kek, &iv, &checked)?;
        let mut reversed = [iv.as_slice(), &inner].concat();
        reversed.reverse();
        Cipher::Des3.encrypt_blocks(kek, &DES3_IV, &reversed)
    }

    pub(super) fn unwrap(self, kek: &[u8], wrapped: &[u8]) -> Result<Vec<u8>> {
        let wrong = || Error::WrongKey { what: "encryptedKey" };
        if self != Self::Des3 {
            // The library wants whole blocks, three of them at least.
            let Some(length) = wrapped.len().checked_sub(8).filter(|n| *n >= 16 && n.is_multiple_of(8))
            else {
                return Err(wrong());
            };
            let key = AesKey::new_decrypt(kek).map_err(|_| Error::Crypto("AES key refused".to_owned()))?;
            let mut content_key = vec![0; length];
            unwrap_key(&key, None, &mut content_key, wrapped).map_err(|_| wrong())?;
            return Ok(content_key);
        }
        let mut reversed = Cipher::Des3.decrypt_blocks(kek, &DES3_IV, wrapped)?;
        reversed.reverse();
        let (iv, inner) = reversed.split_at_checked(8).ok_or_else(wrong)?;
        let checked = Cipher::Des3.decrypt_blocks(kek, iv, inner)?;
        let split = checked.len().checked_sub(8).ok_or_else(wrong)?;
        let (content_key, checksum) = checked.split_at(split);
        if des3_checksum(content_key)? != checksum {
            return Err(wrong());
        }
        Ok(content_key.to_vec())
    }
}

/// RFC 3217 2: the first octets of SHA-1.
fn des3_checksum(content_key: &[u8]) -> Result<Vec<u8>> {
    let mut digest = Digest::Sha1.of(content_key)?;
    digest.truncate(8);
    Ok(digest)
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::{KeyWrap, WRAPS};

    #[test]
    fn every_wrap_opens_to_what_it_was_made_of_and_no_change_survives() {
        for (i, row) in WRAPS.iter().enumerate() {
            assert_eq!(row.wrap as usize, i);
            let (kek, content_key) = (vec![7; row.key], vec![9; 24]);
            let mut rng = ChaCha20Rng::seed_from_u64(1);
            let wrapped = row.wrap.wrap(&kek, &content_key, &mut rng).unwrap();
            assert_eq!(row.wrap.unwrap(&kek, &wrapped), Ok(content_key));
            for at in 0..wrapped.len() {
                let mut changed = wrapped.clone();
                changed[at] ^= 1;
                assert!(row.wrap.unwrap(&kek, &changed).is_err(), "{:?} {at}", row.wrap);
                assert!(row.wrap.unwrap(&kek, &wrapped[..at]).is_err(), "{:?} {at}", row.wrap);
            }
        }
    }

    #[test]
    fn aes_128_wraps_as_rfc_3394_shows() {
        // RFC 3394 4.1.
        let kek: Vec<u8> = (0..16).collect();
        let key: Vec<u8> = (0..16).map(|n| n * 0x11).collect();
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let wrapped = KeyWrap::Aes128.wrap(&kek, &key, &mut rng).unwrap();
        assert_eq!(wrapped[..8], [0x1f, 0xa6, 0x8b, 0x0a, 0x81, 0x12, 0xb4, 0x47]);
    }
}
