//! Cryptographic Message Syntax (RFC 5652), the part that SCEP uses: reading with places and findings,
//! writing from parts.
//!
//! The outer layers are read by our own TLV reader, because a SCEP signature may cover octets that a typed
//! decoder would sort or normalise away. The typed `cms` crate is the strict second reader: what it refuses
//! is a finding.

pub mod effort;
mod enveloped_data;
mod openers;
mod recipient;
pub mod signed_data;
mod structure;

pub use effort::Effort;
pub use enveloped_data::{Authentication, EnvelopeParts, EnvelopedData, Opened};
pub use openers::Openers;
pub use recipient::{Agreement, Derivation, Recipient, RecipientForm, RecipientInfo};
pub use signed_data::{
    Attribute, AttributeValue, Octets, RawCertificate, SignedData, SignedDataParts, SignerInfo,
    SignerInfoParts,
};

use const_oid::ObjectIdentifier;

use crate::error::Result;
use crate::tlv::{Source, Tlv, tag};
use crate::{oid, write};

/// Reads a ContentInfo: its type, and the element inside `[0]` when there is one.
pub(crate) fn read_content_info<'a>(outer: &Tlv<'a>) -> Result<(ObjectIdentifier, Option<Tlv<'a>>)> {
    const WHAT: &str = "ContentInfo";
    let members = outer.expect(WHAT, tag::SEQUENCE)?.members()?;
    let kind = members.first().ok_or_else(|| outer.malformed(WHAT, "empty"))?;
    let kind = read_oid(kind, WHAT)?;
    let content = match members.get(1).filter(|member| member.tag == tag::context(0)) {
        Some(wrapper) => wrapper.members()?.first().copied(),
        None => None,
    };
    Ok((kind, content))
}

/// Identifier octet of the first member of a SEQUENCE: an OBJECT IDENTIFIER in a ContentInfo, an INTEGER in a
/// bare SignedData, a SEQUENCE in a certificate.
pub(crate) fn first_tag(source: Source<'_>) -> Option<u8> {
    let outer = Tlv::read(source, 0).ok().filter(|outer| outer.tag == tag::SEQUENCE)?;
    Tlv::read(outer.content_source(), 0).ok().map(|first| first.tag)
}

pub(crate) fn read_oid(element: &Tlv<'_>, what: &'static str) -> Result<ObjectIdentifier> {
    ObjectIdentifier::from_bytes(element.expect(what, tag::OID)?.content())
        .map_err(|e| element.malformed(what, e.to_string()))
}

/// ContentInfo around an encoded content.
#[must_use]
pub fn content_info(kind: ObjectIdentifier, content: &[u8]) -> Vec<u8> {
    write::sequence(&[&write::oid(kind), &write::tlv(tag::context(0), content)])
}

/// A certificates-only (degenerate) SignedData, RFC 8894 3.4: no signers, content omitted.
#[must_use]
pub fn degenerate(certificates: &[Vec<u8>]) -> SignedDataParts {
    SignedDataParts {
        version: 1,
        digest_algorithms: Vec::new(),
        content_type: oid::DATA,
        content: None,
        certificates: certificates.to_vec(),
        crls: Vec::new(),
        signers: Vec::new(),
    }
}

/// A degenerate SignedData that carries a CRL and no certificate: what a GetCRL brings, RFC 8894 4.6.1.
#[must_use]
pub fn degenerate_crl(crl: &[u8]) -> SignedDataParts {
    SignedDataParts { crls: vec![crl.to_vec()], ..degenerate(&[]) }
}
