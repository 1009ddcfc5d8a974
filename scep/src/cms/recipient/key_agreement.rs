//! KeyAgreeRecipientInfo: the content key wrapped under a secret shared by ECDH with a new key (RFC 5753).
//!
//! ```text
//! KeyAgreeRecipientInfo ::= [1] SEQUENCE { version 3, originator [0], ukm [1] OPTIONAL,
//!   keyEncryptionAlgorithm { scheme, KeyWrapAlgorithm }, SEQUENCE OF { rid, encryptedKey } }
//! ECC-CMS-SharedInfo ::= SEQUENCE { keyInfo AlgorithmIdentifier, entityUInfo [0] OCTET STRING OPTIONAL,
//!   suppPubInfo [2] OCTET STRING }
//! ```

use const_oid::ObjectIdentifier;
use rand_core::RngCore;

use super::key_wrap::KeyWrap;
use super::{Fields, RecipientForm, Way};
use crate::error::{Error, Result};
use crate::finding::Finding;
use crate::key::{EcPublicKey, PrivateKey};
use crate::suite::{Digest, read_with_parameters};
use crate::tlv::{Tlv, tag};
use crate::{oid, write};

/// How a shared secret becomes the key that wraps the content key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agreement {
    /// Digest of the key derivation (ANSI X9.63). SHA-1 is what the oldest implementations have.
    pub digest: Digest,
}

impl Default for Agreement {
    fn default() -> Self {
        Self { digest: Digest::Sha256 }
    }
}

/// A key agreement scheme of RFC 5753 7.1.4, and the digest of its key derivation.
struct Row {
    oid: ObjectIdentifier,
    digest: Digest,
}

// Of rows with the same digest the first is written. The cofactor of every curve here is 1, so that both
// families are the same computation.
const SCHEMES: &[Row] = &[
    Row { oid: oid::STD_DH_SHA1_KDF, digest: Digest::Sha1 },
    Row { oid: oid::STD_DH_SHA224_KDF, digest: Digest::Sha224 },
    Row { oid: oid::STD_DH_SHA256_KDF, digest: Digest::Sha256 },
    Row { oid: oid::STD_DH_SHA384_KDF, digest: Digest::Sha384 },
    Row { oid: oid::STD_DH_SHA512_KDF, digest: Digest::Sha512 },
    Row { oid: oid::COFACTOR_DH_SHA1_KDF, digest: Digest::Sha1 },
    Row { oid: oid::COFACTOR_DH_SHA224_KDF, digest: Digest::Sha224 },
    Row { oid: oid::COFACTOR_DH_SHA256_KDF, digest: Digest::Sha256 },
    Row { oid: oid::COFACTOR_DH_SHA384_KDF, digest: Digest::Sha384 },
    Row { oid: oid::COFACTOR_DH_SHA512_KDF, digest: Digest::Sha512 },
];

impl Agreement {
    pub(super) fn seal(
        &self,
        key: &EcPublicKey,
        content_key: &[u8],
        rng: &mut dyn RngCore,
    ) -> Result<(Vec<u8>, RecipientForm)> {
        let scheme = SCHEMES.iter().find(|row| row.digest == self.digest).ok_or_else(|| {
            Error::Unsupported { what: "key derivation with", actual: self.digest.name().to_owned() }
        })?;
        let wrap = KeyWrap::for_key(content_key)?;
        let wrap_algorithm = wrap.write();
        let (point, secret) = key.agree(rng)?;
        let kek = derive(self.digest, &secret, &wrap_algorithm, None, wrap.key_length())?;
        let form = RecipientForm::KeyAgreement {
            // originatorKey: parameters are absent, the curve is the recipient's (RFC 5753 3.1.1).
            originator: write::constructed(
                tag::context(1),
                &[&write::algorithm(oid::EC_PUBLIC_KEY, None), &write::bit_string(&point)],
            ),
            algorithm: write::algorithm(scheme.oid, Some(&wrap_algorithm)),
        };
        Ok((wrap.wrap(&kek, content_key, rng)?, form))
    }
}

/// The key derivation of ANSI X9.63 over ECC-CMS-SharedInfo, RFC 5753 7.2.
fn derive(
    digest: Digest,
    secret: &[u8],
    wrap_algorithm: &[u8],
    ukm: Option<&[u8]>,
    length: usize,
) -> Result<Vec<u8>> {
    let entity = ukm.map(|ukm| write::tlv(tag::context(0), &write::octet_string(ukm))).unwrap_or_default();
    // Its length in bits, as a number of 32 bits. No key is so long.
    let bits = u32::try_from(length * 8).unwrap_or_default().to_be_bytes();
    let supplement = write::tlv(tag::context(2), &write::octet_string(&bits));
    let shared_info = write::sequence(&[wrap_algorithm, &entity, &supplement]);
    let mut key = Vec::new();
    let mut counter = 1_u32;
    while key.len() < length {
        key.extend(digest.of(&[secret, &counter.to_be_bytes(), shared_info.as_slice()].concat())?);
        counter += 1;
    }
    key.truncate(length);
    Ok(key)
}

/// What a received KeyAgreeRecipientInfo says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Received {
    digest: Digest,
    wrap: KeyWrap,
    /// As it goes into the key derivation.
    wrap_algorithm: Vec<u8>,
    ukm: Option<Vec<u8>>,
    /// The originator's point, on the curve of the recipient.
    point: Vec<u8>,
    pub(super) identifiers: Vec<Vec<u8>>,
    encrypted_keys: Vec<Vec<u8>>,
}

impl Received {
    /// One answer for each encrypted key.
    pub(super) fn open(&self, key: &PrivateKey) -> Vec<Result<Vec<u8>>> {
        let kek = match self.key_encryption_key(key) {
            Ok(kek) => kek,
            Err(error) => return vec![Err(error)],
        };
        self.encrypted_keys.iter().map(|encrypted| self.wrap.unwrap(&kek, encrypted)).collect()
    }

    fn key_encryption_key(&self, key: &PrivateKey) -> Result<Vec<u8>> {
        let PrivateKey::Ec(key) = key else { return Err(Error::WrongKey { what: "key agreement" }) };
        let originator = EcPublicKey::from_point(key.curve(), &self.point)
            .map_err(|_| Error::WrongKey { what: "key agreement" })?;
        let secret = key.agree(&originator)?;
        derive(self.digest, &secret, &self.wrap_algorithm, self.ukm.as_deref(), self.wrap.key_length())
    }
}

pub(super) fn read(element: &Tlv<'_>, findings: &mut Vec<Finding>) -> Result<Fields> {
    const WHAT: &str = "KeyAgreeRecipientInfo";
    let members = element.members()?;
    let (ukm, fields): (Vec<&Tlv<'_>>, Vec<&Tlv<'_>>) =
        members.iter().partition(|member| member.tag == tag::context(1));
    let [_version, originator, algorithm, keys, ..] = fields.as_slice() else {
        return Err(element.malformed(WHAT, "expected version, originator, algorithm and keys"));
    };
    let (mut identifiers, mut encrypted_keys) = (Vec::new(), Vec::new());
    for key in (*keys).expect("RecipientEncryptedKeys", tag::SEQUENCE)?.members()? {
        let [rid, encrypted_key] = key.expect("RecipientEncryptedKey", tag::SEQUENCE)?.members()?[..] else {
            return Err(key.malformed("RecipientEncryptedKey", "expected rid and encryptedKey"));
        };
        identifiers.push(read_identifier(&rid)?);
        encrypted_keys.push(encrypted_key.string(findings)?);
    }
    let ukm = match ukm.first() {
        Some(wrapper) => wrapper.members()?.first().map(|string| string.string(findings)).transpose()?,
        None => None,
    };
    let (oid, wrap_algorithm) = read_with_parameters(algorithm)?;
    let way = (|| {
        let unsupported = || Error::Unsupported { what: "key agreement", actual: oid::name(oid) };
        let row = SCHEMES.iter().find(|row| row.oid == oid).ok_or_else(unsupported)?;
        let wrap_algorithm = wrap_algorithm.ok_or_else(unsupported)?;
        Ok(Way::KeyAgreement(Box::new(Received {
            digest: row.digest,
            wrap: KeyWrap::read(&wrap_algorithm)?,
            wrap_algorithm: wrap_algorithm.der(),
            ukm,
            point: read_originator(originator)?,
            identifiers: identifiers.clone(),
            encrypted_keys: encrypted_keys.clone(),
        })))
    })();
    Ok(Fields {
        rid: identifiers.first().cloned().unwrap_or_default(),
        algorithm: Some(oid),
        encrypted_key: encrypted_keys.first().cloned().unwrap_or_default(),
        way: Some(way),
    })
}

/// The point of `originatorKey [1]`. An originator with a certificate would be a key that is used again,
/// which RFC 5753 has no use for outside S/MIME.
fn read_originator(wrapper: &Tlv<'_>) -> Result<Vec<u8>> {
    const WHAT: &str = "KeyAgreeRecipientInfo originator";
    let unsupported = || Error::Unsupported { what: WHAT, actual: "without a key of its own".to_owned() };
    let originator = wrapper.members()?.first().copied().filter(|choice| choice.tag == tag::context(1));
    let originator = originator.ok_or_else(unsupported)?;
    let [algorithm, point] = originator.members()?[..] else {
        return Err(originator.malformed(WHAT, "expected algorithm and key"));
    };
    let (oid, _) = read_with_parameters(&algorithm)?;
    if oid != oid::EC_PUBLIC_KEY {
        return Err(Error::Unsupported { what: WHAT, actual: oid::name(oid) });
    }
    let point = point.expect(WHAT, tag::BIT_STRING)?;
    Ok(point.content().get(1..).unwrap_or_default().to_vec())
}

/// IssuerAndSerialNumber as received, or the subject key identifier of a RecipientKeyIdentifier in the form
/// that it has elsewhere: `[0]` octets.
fn read_identifier(rid: &Tlv<'_>) -> Result<Vec<u8>> {
    if rid.tag != tag::context(0) {
        return Ok(rid.bytes().to_vec());
    }
    let identifier = rid.members()?.first().copied();
    let octets = identifier.ok_or_else(|| rid.malformed("RecipientKeyIdentifier", "empty"))?;
    Ok(write::tlv(tag::context_primitive(0), octets.content()))
}

pub(super) fn write(originator: &[u8], algorithm: &[u8], rid: &[u8], encrypted_key: &[u8]) -> Vec<u8> {
    let key = write::sequence(&[rid, &write::octet_string(encrypted_key)]);
    write::constructed(
        tag::context(1),
        &[&write::integer(3), &write::tlv(tag::context(0), originator), algorithm, &write::sequence(&[&key])],
    )
}
