//! Signature algorithms: RSASSA-PKCS1-v1_5, RSASSA-PSS (RFC 4056) and ECDSA (RFC 5754).
//!
//! ```text
//! RSASSA-PSS-params ::= SEQUENCE { hashAlgorithm [0] DEFAULT sha1, maskGenAlgorithm [1] DEFAULT mgf1SHA1,
//!   saltLength [2] INTEGER DEFAULT 20, trailerField [3] INTEGER DEFAULT 1 }
//! ```

use const_oid::ObjectIdentifier;

use super::key_transport::{read_digest, read_mgf, write_digest, write_mgf, write_unless_sha1};
use super::{Digest, read_with_parameters};
use crate::error::{Error, Result};
use crate::tlv::{Tlv, tag};
use crate::{oid, write};

/// A way to sign, without its digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    /// RSASSA-PKCS1-v1_5: what every SCEP peer has.
    Pkcs1,
    /// RSASSA-PSS.
    Pss,
    /// ECDSA.
    Ecdsa,
}

/// A signature algorithm with all its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignatureAlgorithm {
    /// The way to sign.
    pub scheme: Scheme,
    /// Digest of what is signed.
    pub digest: Digest,
    /// Of PSS only: digest of the mask generation function MGF1.
    pub mgf: Digest,
    /// Of PSS only: length of the salt in octets.
    pub salt_length: usize,
}

/// An identifier, its scheme, and the digest that it names; None: named elsewhere.
struct Row {
    oid: ObjectIdentifier,
    scheme: Scheme,
    digest: Option<Digest>,
}

const fn row(oid: ObjectIdentifier, scheme: Scheme, digest: Option<Digest>) -> Row {
    Row { oid, scheme, digest }
}

// Of rows with the same scheme and digest the first is written.
const SIGNATURES: &[Row] = &[
    row(oid::MD5_WITH_RSA, Scheme::Pkcs1, Some(Digest::Md5)),
    row(oid::SHA1_WITH_RSA, Scheme::Pkcs1, Some(Digest::Sha1)),
    row(oid::SHA224_WITH_RSA, Scheme::Pkcs1, Some(Digest::Sha224)),
    row(oid::SHA256_WITH_RSA, Scheme::Pkcs1, Some(Digest::Sha256)),
    row(oid::SHA384_WITH_RSA, Scheme::Pkcs1, Some(Digest::Sha384)),
    row(oid::SHA512_WITH_RSA, Scheme::Pkcs1, Some(Digest::Sha512)),
    // A SignerInfo may name the kind of key alone: the digest is digestAlgorithm (RFC 3370 3.2).
    row(oid::RSA_ENCRYPTION, Scheme::Pkcs1, None),
    row(oid::RSASSA_PSS, Scheme::Pss, None),
    row(oid::ECDSA_WITH_SHA1, Scheme::Ecdsa, Some(Digest::Sha1)),
    row(oid::ECDSA_WITH_SHA224, Scheme::Ecdsa, Some(Digest::Sha224)),
    row(oid::ECDSA_WITH_SHA256, Scheme::Ecdsa, Some(Digest::Sha256)),
    row(oid::ECDSA_WITH_SHA384, Scheme::Ecdsa, Some(Digest::Sha384)),
    row(oid::ECDSA_WITH_SHA512, Scheme::Ecdsa, Some(Digest::Sha512)),
    // Against RFC 5753 2.1.1, but with one meaning only.
    row(oid::EC_PUBLIC_KEY, Scheme::Ecdsa, None),
];

impl SignatureAlgorithm {
    /// PKCS#1 v1.5 or ECDSA with this digest; PSS with this digest in both places and a salt as long as it.
    #[must_use]
    pub fn new(scheme: Scheme, digest: Digest) -> Self {
        Self { scheme, digest, mgf: digest, salt_length: digest.length() }
    }

    /// Reads an AlgorithmIdentifier. `digest` is the one that counts when the identifier names none: the
    /// digestAlgorithm of a SignerInfo.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for an identifier without a row, or one that names no digest where none was
    /// given; [`Error::Malformed`] for parameters of PSS without a meaning.
    pub fn read(algorithm: &Tlv<'_>, digest: Option<Digest>) -> Result<Self> {
        let (oid, parameters) = read_with_parameters(algorithm)?;
        let unsupported = || Error::Unsupported { what: "signature algorithm", actual: oid::name(oid) };
        let row = SIGNATURES.iter().find(|row| row.oid == oid).ok_or_else(unsupported)?;
        if row.scheme == Scheme::Pss {
            return read_pss(algorithm, parameters);
        }
        let digest = row.digest.or(digest).ok_or_else(unsupported)?;
        Ok(Self::new(row.scheme, digest))
    }

    /// The AlgorithmIdentifier of certificates and requests, DER.
    ///
    /// # Errors
    /// [`Error::Unsupported`] when no identifier is defined: ECDSA with MD5.
    pub fn write(&self) -> Result<Vec<u8>> {
        if self.scheme == Scheme::Pss {
            return Ok(write::algorithm(oid::RSASSA_PSS, Some(&self.write_pss())));
        }
        let row = SIGNATURES.iter().find(|row| row.scheme == self.scheme && row.digest == Some(self.digest));
        let row = row.ok_or_else(|| Error::Unsupported {
            what: "digest of an ECDSA signature",
            actual: self.digest.name().to_owned(),
        })?;
        // RFC 3279 2.2.1: NULL with RSA; 2.2.3: nothing with ECDSA.
        let null = write::null();
        Ok(write::algorithm(row.oid, (self.scheme == Scheme::Pkcs1).then_some(null.as_slice())))
    }

    /// The AlgorithmIdentifier of a SignerInfo, DER: as [`SignatureAlgorithm::write`], but rsaEncryption for
    /// PKCS#1 v1.5, which the oldest peers know too (RFC 3370 3.2).
    ///
    /// # Errors
    /// As [`SignatureAlgorithm::write`].
    pub fn write_for_signer(&self) -> Result<Vec<u8>> {
        match self.scheme {
            Scheme::Pkcs1 => Ok(write::algorithm(oid::RSA_ENCRYPTION, Some(&write::null()))),
            Scheme::Pss | Scheme::Ecdsa => self.write(),
        }
    }

    fn write_pss(&self) -> Vec<u8> {
        let digest = write_unless_sha1(0, self.digest, write_digest(self.digest));
        let mgf = write_unless_sha1(1, self.mgf, write_mgf(self.mgf));
        let salt = match u8::try_from(self.salt_length) {
            Ok(PSS_DEFAULT_SALT) => Vec::new(),
            Ok(length) => write::tlv(tag::context(2), &write::integer(length)),
            // No digest is so long.
            Err(_) => Vec::new(),
        };
        write::sequence(&[&digest, &mgf, &salt])
    }
}

const PSS_DEFAULT_SALT: u8 = 20;

fn read_pss(algorithm: &Tlv<'_>, parameters: Option<Tlv<'_>>) -> Result<SignatureAlgorithm> {
    const WHAT: &str = "RSASSA-PSS-params";
    let mut value = SignatureAlgorithm::new(Scheme::Pss, Digest::Sha1);
    // RFC 4056 3: a signature always has them.
    let parameters = parameters.ok_or_else(|| algorithm.malformed(WHAT, "missing"))?;
    for field in parameters.expect(WHAT, tag::SEQUENCE)?.members()? {
        let Some(content) = field.members()?.first().copied() else {
            return Err(field.malformed(WHAT, "empty field"));
        };
        match field.tag {
            0xa0 => value.digest = read_digest(&content)?,
            0xa1 => value.mgf = read_mgf(&content)?,
            0xa2 => {
                let length = content.expect(WHAT, tag::INTEGER)?.small_number();
                value.salt_length = length
                    .and_then(|length| usize::try_from(length).ok())
                    .ok_or_else(|| content.malformed(WHAT, "saltLength out of range"))?;
            }
            0xa3 if content.content() == [1] => {}
            0xa3 => return Err(content.malformed(WHAT, "expected trailerField 1")),
            other => return Err(field.malformed(WHAT, format!("tag 0x{other:02x}"))),
        }
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::{Scheme, SignatureAlgorithm};
    use crate::suite::Digest;
    use crate::tlv::{Source, Tlv};
    use crate::write;

    fn read(der: &[u8], digest: Option<Digest>) -> Option<SignatureAlgorithm> {
        SignatureAlgorithm::read(&Tlv::read(Source::message(der), 0).unwrap(), digest).ok()
    }

    #[test]
    fn every_algorithm_reads_back_as_it_was_written() {
        for scheme in [Scheme::Pkcs1, Scheme::Pss, Scheme::Ecdsa] {
            for digest in Digest::ALL {
                let algorithm = SignatureAlgorithm::new(scheme, *digest);
                let Ok(der) = algorithm.write() else {
                    assert_eq!((scheme, *digest), (Scheme::Ecdsa, Digest::Md5));
                    continue;
                };
                assert_eq!(read(&der, None), Some(algorithm));
                assert_eq!(read(&algorithm.write_for_signer().unwrap(), Some(*digest)), Some(algorithm));
            }
        }
    }

    #[test]
    fn an_identifier_that_names_no_digest_takes_the_one_of_the_signer() {
        let der = write::algorithm(crate::oid::EC_PUBLIC_KEY, None);
        assert_eq!(read(&der, None), None);
        let expected = SignatureAlgorithm::new(Scheme::Ecdsa, Digest::Sha384);
        assert_eq!(read(&der, Some(Digest::Sha384)), Some(expected));
    }

    #[test]
    fn pss_without_parameters_is_refused() {
        assert_eq!(read(&write::algorithm(crate::oid::RSASSA_PSS, None), Some(Digest::Sha256)), None);
    }
}
