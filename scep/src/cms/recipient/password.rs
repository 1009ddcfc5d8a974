//! PasswordRecipientInfo: the content key wrapped under a key derived from a password (RFC 3211).
//!
//! ```text
//! PasswordRecipientInfo ::= [3] SEQUENCE { version 0, keyDerivationAlgorithm [0] { PBKDF2, params },
//!   keyEncryptionAlgorithm { PWRI-KEK, { cipher, IV } }, encryptedKey OCTET STRING }
//! PBKDF2-params ::= SEQUENCE { salt OCTET STRING, iterationCount, keyLength OPTIONAL,
//!   prf DEFAULT hmacWithSHA1 }
//! ```

use openssl::pkcs5::pbkdf2_hmac;
use rand_core::RngCore;

use super::{Fields, RecipientForm, Way};
use crate::cms::Effort;
use crate::error::{Error, Result};
use crate::finding::Finding;
use crate::key::Password;
use crate::suite::{Cipher, Digest, read_with_parameters};
use crate::tlv::{Tlv, tag};
use crate::{oid, write};

/// How a password becomes the key that wraps the content key. RFC 8894 leaves it open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Derivation {
    /// Digest of the HMAC in PBKDF2. Old implementations have SHA-1 only.
    pub digest: Digest,
    /// Iterations of PBKDF2.
    pub iterations: u32,
    /// Cipher that wraps: one in CBC.
    pub cipher: Cipher,
}

impl Default for Derivation {
    /// HMAC-SHA256, the iterations that RFC 8018 4.2 thinks of for a server, AES-128 as RFC 8894 2.9 has it.
    fn default() -> Self {
        Self { digest: Digest::Sha256, iterations: 10_000, cipher: Cipher::Aes128 }
    }
}

const SALT: usize = 16;

impl Derivation {
    pub(super) fn seal(
        &self,
        password: &Password,
        content_key: &[u8],
        rng: &mut dyn RngCore,
    ) -> Result<(Vec<u8>, RecipientForm)> {
        let prf = self.digest.hmac_oid().ok_or_else(|| Error::Unsupported {
            what: "key derivation with",
            actual: self.digest.name().to_owned(),
        })?;
        let (mut salt, mut iv) = (vec![0; SALT], vec![0; self.cipher.iv_length()]);
        rng.fill_bytes(&mut salt);
        rng.fill_bytes(&mut iv);
        let kek = derive(self.digest, password, &salt, self.iterations, self.cipher.key_length())?;
        // A default is not written (X.690 11.5).
        let prf = if self.digest == Digest::Sha1 {
            Vec::new()
        } else {
            write::algorithm(prf, Some(&write::null()))
        };
        let parameters =
            write::sequence(&[&write::octet_string(&salt), &write::number(self.iterations), &prf]);
        let cipher = write::algorithm(self.cipher.oid(), Some(&write::octet_string(&iv)));
        let form = RecipientForm::Password {
            derivation: write::algorithm(oid::PBKDF2, Some(&parameters)),
            algorithm: write::algorithm(oid::PWRI_KEK, Some(&cipher)),
        };
        Ok((wrap(self.cipher, &kek, &iv, content_key, rng)?, form))
    }
}

fn derive(
    digest: Digest,
    password: &Password,
    salt: &[u8],
    iterations: u32,
    length: usize,
) -> Result<Vec<u8>> {
    let mut key = vec![0; length];
    pbkdf2_hmac(password.octets(), salt, iterations as usize, digest.openssl(), &mut key)?;
    Ok(key)
}

/// RFC 3211 2.3.1: length, check octets, key, random padding to whole blocks, two at least; encrypted twice.
fn wrap(cipher: Cipher, kek: &[u8], iv: &[u8], content_key: &[u8], rng: &mut dyn RngCore) -> Result<Vec<u8>> {
    let (Ok(length), [a, b, c, ..]) = (u8::try_from(content_key.len()), content_key) else {
        let detail = format!("a key of {} octets cannot be wrapped", content_key.len());
        return Err(Error::Misuse { what: "PWRI-KEK", detail });
    };
    let block = cipher.block_length();
    let mut plain = [&[length, !a, !b, !c], content_key].concat();
    let filled = plain.len();
    plain.resize(filled.next_multiple_of(block).max(2 * block), 0);
    rng.fill_bytes(plain.get_mut(filled..).unwrap_or_default());
    let inner = cipher.encrypt_blocks(kek, iv, &plain)?;
    let last = inner.len().checked_sub(block).and_then(|at| inner.get(at..)).unwrap_or_default();
    cipher.encrypt_blocks(kek, last, &inner)
}

/// RFC 3211 2.3.2.
fn unwrap(cipher: Cipher, kek: &[u8], iv: &[u8], wrapped: &[u8]) -> Result<Vec<u8>> {
    let wrong = || Error::WrongKey { what: "encryptedKey" };
    let block = cipher.block_length();
    let last = wrapped.len().checked_sub(block).ok_or_else(wrong)?;
    let before = last.checked_sub(block).ok_or_else(wrong)?;
    let slice = |from: usize, to: usize| wrapped.get(from..to).unwrap_or_default();
    // The last block of the inner encryption is the vector of the outer one.
    let outer_iv = cipher.decrypt_blocks(kek, slice(before, last), slice(last, wrapped.len()))?;
    let inner = cipher.decrypt_blocks(kek, &outer_iv, wrapped)?;
    let plain = cipher.decrypt_blocks(kek, iv, &inner)?;
    let [length, x, y, z, key @ ..] = plain.as_slice() else { return Err(wrong()) };
    match key.get(..usize::from(*length)) {
        Some([a, b, c, rest @ ..]) if [!a, !b, !c] == [*x, *y, *z] => Ok([&[*a, *b, *c], rest].concat()),
        _ => Err(wrong()),
    }
}

/// What a received PasswordRecipientInfo says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Received {
    digest: Digest,
    salt: Vec<u8>,
    iterations: u32,
    cipher: Cipher,
    iv: Vec<u8>,
}

impl Received {
    pub(super) fn derivation(&self) -> Derivation {
        Derivation { digest: self.digest, iterations: self.iterations, cipher: self.cipher }
    }

    pub(super) fn open(
        &self,
        password: &Password,
        encrypted_key: &[u8],
        content_cipher: Cipher,
        effort: &mut Effort,
    ) -> Result<Vec<u8>> {
        effort.spend_iterations(self.iterations)?;
        let kek = derive(self.digest, password, &self.salt, self.iterations, self.cipher.key_length())?;
        let key = unwrap(self.cipher, &kek, &self.iv, encrypted_key)?;
        // One wrong password in 2^24 passes the check octets; the length is one more check.
        if key.len() == content_cipher.key_length() {
            return Ok(key);
        }
        Err(Error::WrongKey { what: "encryptedKey" })
    }
}

pub(super) fn read(element: &Tlv<'_>, findings: &mut Vec<Finding>) -> Result<Fields> {
    let members = element.members()?;
    let (derivation, fields): (Vec<&Tlv<'_>>, Vec<&Tlv<'_>>) =
        members.iter().partition(|member| member.tag == tag::context(0));
    let [_version, algorithm, encrypted_key, ..] = fields.as_slice() else {
        return Err(
            element.malformed("PasswordRecipientInfo", "expected version, algorithm and encryptedKey")
        );
    };
    let (oid, cipher) = read_with_parameters(algorithm)?;
    let way = (|| {
        if oid != oid::PWRI_KEK {
            return Err(Error::Unsupported { what: "key wrap of a password", actual: oid::name(oid) });
        }
        let cipher = cipher.ok_or_else(|| algorithm.malformed("PWRI-KEK", "expected a cipher"))?;
        let (oid, iv) = read_with_parameters(&cipher)?;
        let iv = iv.ok_or_else(|| cipher.malformed("PWRI-KEK", "expected an IV"))?;
        let derivation = derivation.first().ok_or_else(|| Error::Unsupported {
            what: "password recipient",
            actual: "without a derivation".to_owned(),
        })?;
        let kek = Cipher::from_oid(oid).filter(|cipher| !cipher.is_authenticated());
        let kek =
            kek.ok_or_else(|| Error::Unsupported { what: "cipher of PWRI-KEK", actual: oid::name(oid) })?;
        read_derivation(derivation, kek, iv.string(&mut Vec::new())?)
    })();
    Ok(Fields {
        rid: Vec::new(),
        algorithm: Some(oid),
        encrypted_key: encrypted_key.string(findings)?,
        way: Some(way.map(|received| Way::Password(Box::new(received)))),
    })
}

fn read_derivation(derivation: &Tlv<'_>, cipher: Cipher, iv: Vec<u8>) -> Result<Received> {
    const WHAT: &str = "PBKDF2-params";
    let members = derivation.members()?;
    let [algorithm, parameters, ..] = members.as_slice() else {
        return Err(derivation.malformed("keyDerivationAlgorithm", "expected algorithm and parameters"));
    };
    let algorithm = super::super::read_oid(algorithm, "keyDerivationAlgorithm")?;
    if algorithm != oid::PBKDF2 {
        return Err(Error::Unsupported { what: "key derivation", actual: oid::name(algorithm) });
    }
    let fields = parameters.expect(WHAT, tag::SEQUENCE)?.members()?;
    let [salt, iterations, rest @ ..] = fields.as_slice() else {
        return Err(parameters.malformed(WHAT, "expected salt and iterationCount"));
    };
    if salt.tag & !tag::CONSTRUCTED != tag::OCTET_STRING {
        return Err(Error::Unsupported { what: WHAT, actual: "with a salt from elsewhere".to_owned() });
    }
    let count = iterations.expect(WHAT, tag::INTEGER)?.small_number().filter(|count| *count > 0);
    let count = count.ok_or_else(|| iterations.malformed(WHAT, "iterationCount out of range"))?;
    let mut digest = Digest::Sha1;
    for field in rest {
        match field.tag {
            tag::INTEGER if field.small_number().is_none_or(|n| n as usize != cipher.key_length()) => {
                return Err(field.malformed(WHAT, "keyLength is not that of the cipher"));
            }
            tag::INTEGER => {}
            _ => {
                let (prf, _) = read_with_parameters(field)?;
                digest = Digest::from_hmac_oid(prf)
                    .ok_or_else(|| Error::Unsupported { what: "prf of PBKDF2", actual: oid::name(prf) })?;
            }
        }
    }
    Ok(Received { digest, salt: salt.string(&mut Vec::new())?, iterations: count, cipher, iv })
}

pub(super) fn write(derivation: &[u8], algorithm: &[u8], encrypted_key: &[u8]) -> Vec<u8> {
    // [0] IMPLICIT: the members of the SEQUENCE under another tag.
    let inner = Tlv::read(crate::tlv::Source::message(derivation), 0).map(|tlv| tlv.content().to_vec());
    write::constructed(
        tag::context(3),
        &[
            &write::integer(0),
            &write::tlv(tag::context(0), &inner.unwrap_or_default()),
            algorithm,
            &write::octet_string(encrypted_key),
        ],
    )
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::{unwrap, wrap};
    use crate::suite::Cipher;

    #[test]
    fn every_cipher_wraps_every_length_of_key_and_no_change_survives() {
        for cipher in Cipher::ALL.iter().filter(|cipher| !cipher.is_authenticated()) {
            let (kek, iv) = (vec![7; cipher.key_length()], vec![9; cipher.iv_length()]);
            for length in [8, 16, 24, 32] {
                let key: Vec<u8> = (0..length).collect();
                let wrapped = wrap(*cipher, &kek, &iv, &key, &mut ChaCha20Rng::seed_from_u64(1)).unwrap();
                assert_eq!(unwrap(*cipher, &kek, &iv, &wrapped), Ok(key.clone()));
                for at in 0..wrapped.len() {
                    let mut changed = wrapped.clone();
                    changed[at] ^= 1;
                    assert_ne!(unwrap(*cipher, &kek, &iv, &changed), Ok(key.clone()), "{cipher:?} {at}");
                    assert!(unwrap(*cipher, &kek, &iv, &wrapped[..at]) != Ok(key.clone()));
                }
            }
        }
    }

    #[test]
    fn des_wraps_as_rfc_3211_shows() {
        // RFC 3211 3, with the derived key that it gives.
        let kek = [0xd1, 0xda, 0xa7, 0x86, 0x15, 0xf2, 0x87, 0xe6];
        let iv = [0xef, 0xe5, 0x98, 0xef, 0x21, 0xb3, 0x3d, 0x6d];
        let wrapped =
            [0xb8, 0x1b, 0x25, 0x65, 0xee, 0x37, 0x3c, 0xa6, 0xde, 0xdc, 0xa2, 0x6a, 0x17, 0x8b, 0x0c, 0x10];
        let key = [0x8c, 0x62, 0x7c, 0x89, 0x73, 0x23, 0xa2, 0xf8];
        assert_eq!(unwrap(Cipher::Des, &kek, &iv, &wrapped), Ok(key.to_vec()));
    }
}
