//! KeyTransRecipientInfo: the content key encrypted to an RSA key.
//!
//! ```text
//! KeyTransRecipientInfo ::= SEQUENCE { version, rid, keyEncryptionAlgorithm, encryptedKey OCTET STRING }
//! ```

use super::{Fields, Way};
use crate::certificate::read_algorithm;
use crate::error::Result;
use crate::finding::Finding;
use crate::suite::KeyTransport;
use crate::tlv::{Tlv, tag};
use crate::write;

pub(super) fn read(element: &Tlv<'_>, findings: &mut Vec<Finding>) -> Result<Fields> {
    let members = element.members()?;
    let [_version, rid, algorithm, encrypted_key, ..] = members.as_slice() else {
        return Err(element.malformed("KeyTransRecipientInfo", "expected four members"));
    };
    Ok(Fields {
        rid: rid.bytes().to_vec(),
        algorithm: Some(read_algorithm(algorithm)?),
        encrypted_key: encrypted_key.string(findings)?,
        way: Some(KeyTransport::read(algorithm).map(Way::KeyTransport)),
    })
}

pub(super) fn write(rid: &[u8], algorithm: &[u8], encrypted_key: &[u8]) -> Vec<u8> {
    // RFC 5652 6.2.1: 2 with a subjectKeyIdentifier.
    let version = if rid.first() == Some(&tag::context_primitive(0)) { 2 } else { 0 };
    write::sequence(&[&write::integer(version), rid, algorithm, &write::octet_string(encrypted_key)])
}
