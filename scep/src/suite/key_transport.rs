//! How a content key is encrypted to an RSA key: RSAES-PKCS1-v1_5 or RSAES-OAEP (RFC 3560, RFC 8017).
//!
//! ```text
//! RSAES-OAEP-params ::= SEQUENCE { hashAlgorithm [0] DEFAULT sha1, maskGenAlgorithm [1] DEFAULT mgf1SHA1,
//!   pSourceAlgorithm [2] DEFAULT pSpecifiedEmpty }
//! ```

use const_oid::ObjectIdentifier;

use super::{Digest, read_with_parameters};
use crate::error::{Error, Result};
use crate::tlv::{Tlv, tag};
use crate::{oid, write};

/// An RSA encryption scheme, with its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyTransport {
    /// RSAES-PKCS1-v1_5: what every SCEP peer has.
    Pkcs1,
    /// RSAES-OAEP.
    Oaep(Oaep),
}

/// Parameters of RSAES-OAEP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Oaep {
    /// Digest of the label.
    pub digest: Digest,
    /// Digest of the mask generation function MGF1.
    pub mgf: Digest,
    /// The label; empty in practice.
    pub label: Vec<u8>,
}

impl Oaep {
    /// One digest for both, no label.
    #[must_use]
    pub fn with(digest: Digest) -> Self {
        Self { digest, mgf: digest, label: Vec::new() }
    }
}

struct Row {
    oid: ObjectIdentifier,
    read: fn(Option<Tlv<'_>>) -> Result<KeyTransport>,
}

const SCHEMES: &[Row] = &[
    Row { oid: oid::RSA_ENCRYPTION, read: |_| Ok(KeyTransport::Pkcs1) },
    Row { oid: oid::RSAES_OAEP, read: |parameters| read_oaep(parameters).map(KeyTransport::Oaep) },
];

impl KeyTransport {
    /// Reads the keyEncryptionAlgorithm of a KeyTransRecipientInfo.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for another algorithm, or parameters with another digest, mask or source.
    pub fn read(algorithm: &Tlv<'_>) -> Result<Self> {
        let (oid, parameters) = read_with_parameters(algorithm)?;
        let row = SCHEMES
            .iter()
            .find(|row| row.oid == oid)
            .ok_or_else(|| Error::Unsupported { what: "key transport", actual: oid::name(oid) })?;
        (row.read)(parameters)
    }

    /// The AlgorithmIdentifier, DER. Parameters of OAEP that are the defaults are left out (X.690 11.5).
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        match self {
            Self::Pkcs1 => write::algorithm(oid::RSA_ENCRYPTION, Some(&write::null())),
            Self::Oaep(oaep) => write::algorithm(oid::RSAES_OAEP, Some(&write_oaep(oaep))),
        }
    }
}

fn read_oaep(parameters: Option<Tlv<'_>>) -> Result<Oaep> {
    let mut oaep = Oaep::with(Digest::Sha1);
    // RFC 3560 3 demands parameters; without them the defaults are the only reading.
    let Some(parameters) = parameters else { return Ok(oaep) };
    for field in parameters.expect("RSAES-OAEP-params", tag::SEQUENCE)?.members()? {
        let Some(value) = field.members()?.first().copied() else {
            return Err(field.malformed("RSAES-OAEP-params", "empty field"));
        };
        match field.tag {
            0xa0 => oaep.digest = read_digest(&value)?,
            0xa1 => oaep.mgf = read_mgf(&value)?,
            0xa2 => oaep.label = read_label(&value)?,
            other => return Err(field.malformed("RSAES-OAEP-params", format!("tag 0x{other:02x}"))),
        }
    }
    Ok(oaep)
}

fn write_oaep(oaep: &Oaep) -> Vec<u8> {
    let digest = write_unless_sha1(0, oaep.digest, write_digest(oaep.digest));
    let mgf = write_unless_sha1(1, oaep.mgf, write_mgf(oaep.mgf));
    let label = if oaep.label.is_empty() {
        Vec::new()
    } else {
        let source = write::algorithm(oid::P_SPECIFIED, Some(&write::octet_string(&oaep.label)));
        write::tlv(tag::context(2), &source)
    };
    write::sequence(&[&digest, &mgf, &label])
}

fn read_label(source: &Tlv<'_>) -> Result<Vec<u8>> {
    let (oid, label) = read_with_parameters(source)?;
    if oid != oid::P_SPECIFIED {
        return Err(Error::Unsupported { what: "source of the OAEP label", actual: oid::name(oid) });
    }
    label.map_or_else(|| Ok(Vec::new()), |label| label.string(&mut Vec::new()))
}

/// AlgorithmIdentifier of a digest, with NULL.
pub(super) fn write_digest(digest: Digest) -> Vec<u8> {
    write::algorithm(digest.oid(), Some(&write::null()))
}

/// AlgorithmIdentifier of MGF1 with a digest.
pub(super) fn write_mgf(digest: Digest) -> Vec<u8> {
    write::algorithm(oid::MGF1, Some(&write_digest(digest)))
}

/// An explicitly tagged field, left out when it says SHA-1, the default of OAEP and PSS.
pub(super) fn write_unless_sha1(field: u8, digest: Digest, encoded: Vec<u8>) -> Vec<u8> {
    if digest == Digest::Sha1 { Vec::new() } else { write::tlv(tag::context(field), &encoded) }
}

/// The digest that an AlgorithmIdentifier names.
pub(super) fn read_digest(algorithm: &Tlv<'_>) -> Result<Digest> {
    let (oid, _) = read_with_parameters(algorithm)?;
    Digest::from_oid(oid).ok_or_else(|| Error::Unsupported { what: "digest", actual: oid::name(oid) })
}

/// The digest of a mask generation function, which is MGF1.
pub(super) fn read_mgf(algorithm: &Tlv<'_>) -> Result<Digest> {
    let (oid, digest) = read_with_parameters(algorithm)?;
    if oid != oid::MGF1 {
        return Err(Error::Unsupported { what: "mask generation function", actual: oid::name(oid) });
    }
    digest.map_or(Ok(Digest::Sha1), |digest| read_digest(&digest))
}

#[cfg(test)]
mod tests {
    use super::{KeyTransport, Oaep};
    use crate::suite::Digest;
    use crate::tlv::{Source, Tlv};

    fn read(der: &[u8]) -> KeyTransport {
        KeyTransport::read(&Tlv::read(Source::message(der), 0).unwrap()).unwrap()
    }

    #[test]
    fn parameters_read_back_as_they_were_written() {
        let labelled = Oaep { digest: Digest::Sha256, mgf: Digest::Sha1, label: b"label".to_vec() };
        let oaep = Digest::ALL.iter().map(|digest| Oaep::with(*digest)).chain([labelled]);
        for transport in oaep.map(KeyTransport::Oaep).chain([KeyTransport::Pkcs1]) {
            assert_eq!(read(&transport.write()), transport);
        }
    }

    #[test]
    fn oaep_with_sha1_leaves_every_default_out() {
        let der = KeyTransport::Oaep(Oaep::with(Digest::Sha1)).write();
        assert_eq!(der[der.len() - 2..], [0x30, 0x00]);
    }
}
