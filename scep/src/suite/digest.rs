//! Message digests.

use const_oid::ObjectIdentifier;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Signer;

use crate::error::Result;
use crate::oid;

/// A message digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Digest {
    /// RFC 8894 2.9 forbids it.
    Md5,
    /// SHA-1, for old peers.
    Sha1,
    /// SHA-224, not named by the RFC.
    Sha224,
    /// SHA-256, the one of RFC 8894 2.9.
    Sha256,
    /// SHA-384, not named by the RFC.
    Sha384,
    /// SHA-512.
    Sha512,
}

struct Row {
    digest: Digest,
    name: &'static str,
    oid: ObjectIdentifier,
    /// HMAC with it, RFC 8018 B.1.
    hmac: Option<ObjectIdentifier>,
    length: usize,
    insecure: bool,
    openssl: fn() -> MessageDigest,
}

const DIGESTS: &[Row] = &[
    Row {
        digest: Digest::Md5,
        name: "md5",
        oid: oid::MD5,
        hmac: None,
        length: 16,
        insecure: true,
        openssl: MessageDigest::md5,
    },
    Row {
        digest: Digest::Sha1,
        name: "sha-1",
        oid: oid::SHA1,
        hmac: Some(oid::HMAC_SHA1),
        length: 20,
        insecure: false,
        openssl: MessageDigest::sha1,
    },
    Row {
        digest: Digest::Sha224,
        name: "sha-224",
        oid: oid::SHA224,
        hmac: Some(oid::HMAC_SHA224),
        length: 28,
        insecure: false,
        openssl: MessageDigest::sha224,
    },
    Row {
        digest: Digest::Sha256,
        name: "sha-256",
        oid: oid::SHA256,
        hmac: Some(oid::HMAC_SHA256),
        length: 32,
        insecure: false,
        openssl: MessageDigest::sha256,
    },
    Row {
        digest: Digest::Sha384,
        name: "sha-384",
        oid: oid::SHA384,
        hmac: Some(oid::HMAC_SHA384),
        length: 48,
        insecure: false,
        openssl: MessageDigest::sha384,
    },
    Row {
        digest: Digest::Sha512,
        name: "sha-512",
        oid: oid::SHA512,
        hmac: Some(oid::HMAC_SHA512),
        length: 64,
        insecure: false,
        openssl: MessageDigest::sha512,
    },
];

impl Digest {
    /// All of them, the weakest first.
    pub const ALL: &'static [Self] =
        &[Self::Md5, Self::Sha1, Self::Sha224, Self::Sha256, Self::Sha384, Self::Sha512];

    fn row(self) -> &'static Row {
        // Every variant has its row, in the order of the variants.
        &DIGESTS[self as usize]
    }

    /// The digest of an object identifier.
    #[must_use]
    pub fn from_oid(oid: ObjectIdentifier) -> Option<Self> {
        DIGESTS.iter().find(|row| row.oid == oid).map(|row| row.digest)
    }

    /// The digest of an HMAC's object identifier.
    #[must_use]
    pub fn from_hmac_oid(oid: ObjectIdentifier) -> Option<Self> {
        DIGESTS.iter().find(|row| row.hmac == Some(oid)).map(|row| row.digest)
    }

    /// The digest of a name (`md5`, `sha-1`, `sha-224`, `sha-256`, `sha-384`, `sha-512`).
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        DIGESTS.iter().find(|row| row.name == name).map(|row| row.digest)
    }

    /// Object identifier of the digest.
    #[must_use]
    pub fn oid(self) -> ObjectIdentifier {
        self.row().oid
    }

    /// Object identifier of HMAC with this digest (RFC 8018 B.1); None for MD5, which nobody derives with.
    #[must_use]
    pub fn hmac_oid(self) -> Option<ObjectIdentifier> {
        self.row().hmac
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
        (self.row().openssl)()
    }

    /// Digest of the octets.
    ///
    /// # Errors
    /// When the cryptographic library refuses the algorithm (a FIPS build and MD5).
    pub fn of(self, octets: &[u8]) -> Result<Vec<u8>> {
        Ok(openssl::hash::hash(self.openssl(), octets)?.to_vec())
    }

    /// HMAC of the octets with a key.
    ///
    /// # Errors
    /// As [`Digest::of`].
    pub(crate) fn hmac(self, key: &[u8], octets: &[u8]) -> Result<Vec<u8>> {
        let key = PKey::hmac(key)?;
        Ok(Signer::new(self.openssl(), &key)?.sign_oneshot_to_vec(octets)?)
    }
}

#[cfg(test)]
mod tests {
    use super::{DIGESTS, Digest};

    #[test]
    fn rows_stand_in_the_order_of_the_variants() {
        assert!(DIGESTS.iter().enumerate().all(|(i, row)| row.digest as usize == i));
        assert!(Digest::ALL.iter().enumerate().all(|(i, digest)| *digest as usize == i));
        assert_eq!(Digest::ALL.len(), DIGESTS.len());
    }

    #[test]
    fn digests_have_the_length_that_their_row_says() {
        for row in DIGESTS {
            assert_eq!(row.digest.of(b"").unwrap().len(), row.length);
            assert_eq!(Digest::parse(row.name), Some(row.digest));
            assert_eq!(Digest::from_oid(row.oid), Some(row.digest));
        }
    }
}
