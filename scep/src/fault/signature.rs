//! Stages 4 and 6 to 8: eContent, the signature over it, and the SignedData around both.

use rand_core::RngCore;
use serde::Deserialize;

use super::octets::{cut, replace, unhex, xor_at};
use super::stranger::{self, Key};
use super::{Faults, Layer, Operator};
use crate::certificate::Certificate;
use crate::cms::{SignedDataParts, SignerInfoParts};
use crate::key::PrivateKey;
use crate::tlv::tag;
use crate::{oid, write};

/// Operators on eContent and its type.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "op", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Content {
    /// eContent becomes these octets before the digest is made.
    Set {
        /// The octets.
        hex: String,
    },
    /// eContent is left out before the digest is made.
    Remove {},
    /// One octet of eContent is changed after signing.
    Xor {
        /// Which.
        at: i64,
        /// Mask.
        xor: u8,
    },
    /// Another eContentType.
    Type {
        /// Identifier.
        oid: String,
    },
}

/// Operators on the SignerInfo.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "op", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Signer {
    /// One octet of the signature is changed.
    SignatureXor {
        /// Which.
        at: i64,
        /// Mask.
        xor: u8,
    },
    /// The last octets of the signature are cut off; all of them when there are fewer.
    SignatureCut {
        /// How many.
        drop: usize,
    },
    /// The signature is random octets of the same length, from the message's generator.
    SignatureRandom {},
    /// Somebody else's key signs.
    OtherKey {},
    /// Another signatureAlgorithm; the signature stays.
    SignatureAlgorithm {
        /// Identifier.
        oid: String,
    },
    /// Another digestAlgorithm in the SignerInfo; digest and signature stay.
    DigestAlgorithm {
        /// Identifier.
        oid: String,
    },
    /// Other digestAlgorithms in front of the content.
    DigestAlgorithms {
        /// Identifiers; none for an empty SET.
        oids: Vec<String>,
    },
    /// Another version.
    Version {
        /// The version.
        version: u8,
    },
    /// sid has another serial number: its last octet changes.
    SidXor {
        /// Mask.
        xor: u8,
    },
    /// sid names somebody else's certificate.
    SidStranger {},
    /// sid names the certificate by its subjectKeyIdentifier, which a self-signed one then has.
    SidKeyId {},
    /// There is no SignerInfo.
    Remove {},
    /// The SignerInfo is written twice.
    Duplicate {},
    /// The signed attributes are left out.
    NoAttributes {},
}

/// Operators on the certificates field of the outer layer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "op", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Certificates {
    /// The field is left out.
    Remove {},
    /// Somebody else's certificate stands in place of the signer's.
    Other {},
    /// Somebody else's certificate is added.
    Stranger {
        /// In front of the others.
        first: bool,
    },
    /// The certificates are written twice.
    Duplicate {},
    /// The certificates come in reverse order.
    Reverse {},
    /// A member that is no certificate, or none that can be read, is added.
    Add {
        /// The member, encoded.
        hex: String,
        /// In front of the others.
        first: bool,
    },
}

impl Faults {
    /// eContent, before the digest is made.
    pub(crate) fn content(&mut self, content: &mut Option<Vec<u8>>, rng: &mut dyn RngCore) {
        self.each(|operator| match operator {
            Operator::Content(Content::Set { hex }) => replace(content, Some(Some(unhex(hex)))),
            Operator::Content(Content::Remove {}) => content.take().is_some(),
            _ => false,
        });
        if let Some(content) = content {
            self.layer(Layer::Content, content, Some(rng));
        }
    }

    /// The key that signs instead of the sender's.
    pub(crate) fn signing_key(&mut self) -> Option<PrivateKey> {
        let mut other = None;
        self.each(|operator| match operator {
            Operator::Signer(Signer::OtherKey {}) => {
                other = stranger::key(Key::Stranger).ok();
                other.is_some()
            }
            _ => false,
        });
        other
    }

    /// The signature.
    pub(crate) fn signature(&mut self, signature: &mut Vec<u8>, rng: &mut dyn RngCore) {
        self.each(|operator| match operator {
            Operator::Signer(Signer::SignatureXor { at, xor }) => xor_at(signature, *at, *xor),
            Operator::Signer(Signer::SignatureCut { drop }) => cut(signature, *drop),
            Operator::Signer(Signer::SignatureRandom {}) => {
                rng.fill_bytes(signature);
                !signature.is_empty()
            }
            _ => false,
        });
    }

    /// eContent, after it was signed.
    pub(crate) fn content_after_signing(&mut self, content: &mut Option<Vec<u8>>) {
        self.each(|operator| match (operator, &mut *content) {
            (Operator::Content(Content::Xor { at, xor }), Some(content)) => xor_at(content, *at, *xor),
            // Without content there is no octet to change: one appears.
            (Operator::Content(Content::Xor { xor, .. }), absent) => replace(absent, Some(Some(vec![*xor]))),
            _ => false,
        });
    }

    /// The SignedData around it all.
    pub(crate) fn signed_data(&mut self, parts: &mut SignedDataParts) {
        self.each(|operator| match operator {
            Operator::Content(Content::Type { oid }) => replace(&mut parts.content_type, oid::parse(oid)),
            Operator::Signer(operator) => operator.apply(parts),
            Operator::Certificates(operator) => operator.apply(parts),
            _ => false,
        });
    }
}

impl Signer {
    fn apply(&self, parts: &mut SignedDataParts) -> bool {
        match self {
            Self::SignatureXor { .. }
            | Self::SignatureCut { .. }
            | Self::SignatureRandom {}
            | Self::OtherKey {} => false,
            Self::DigestAlgorithms { oids } => {
                let known = oids.iter().filter_map(|oid| oid::parse(oid));
                let wanted = known.map(|oid| write::algorithm(oid, Some(&write::null()))).collect();
                replace(&mut parts.digest_algorithms, Some(wanted))
            }
            Self::Remove {} => !std::mem::take(&mut parts.signers).is_empty(),
            Self::Duplicate {} => {
                let again = parts.signers.clone();
                parts.signers.extend(again);
                !parts.signers.is_empty()
            }
            Self::SignatureAlgorithm { .. }
            | Self::DigestAlgorithm { .. }
            | Self::Version { .. }
            | Self::SidXor { .. }
            | Self::SidStranger {}
            | Self::SidKeyId {}
            | Self::NoAttributes {} => {
                let SignedDataParts { signers, certificates, .. } = parts;
                let mut changed = false;
                for signer in signers {
                    changed |= self.apply_to(signer, certificates);
                }
                changed
            }
        }
    }

    fn apply_to(&self, signer: &mut SignerInfoParts, certificates: &[Vec<u8>]) -> bool {
        let algorithm = |oid: &str| oid::parse(oid).map(|oid| write::algorithm(oid, Some(&write::null())));
        match self {
            Self::SignatureAlgorithm { oid } => replace(&mut signer.signature_algorithm, algorithm(oid)),
            Self::DigestAlgorithm { oid } => replace(&mut signer.digest_algorithm, algorithm(oid)),
            Self::Version { version } => replace(&mut signer.version, Some(*version)),
            // The serial number is the last element of sid.
            Self::SidXor { xor } => xor_at(&mut signer.sid, -1, *xor),
            Self::SidStranger {} => {
                let stranger = stranger::certificate().ok();
                replace(&mut signer.sid, stranger.map(|stranger| stranger.issuer_and_serial()))
            }
            Self::SidKeyId {} => {
                let own = certificates.iter().filter_map(|der| Certificate::from_der(der).ok());
                let own = own.into_iter().find(|certificate| certificate.is_named_by(&signer.sid));
                let identifier = own.and_then(|own| own.public_key().ok()?.identifier().ok());
                // RFC 5652 5.3: version 3 goes with this form.
                let sid = identifier.map(|identifier| write::tlv(tag::context_primitive(0), &identifier));
                replace(&mut signer.sid, sid) && replace(&mut signer.version, Some(3))
            }
            Self::NoAttributes {} => signer.signed_attributes.take().is_some(),
            _ => false,
        }
    }
}

impl Certificates {
    fn apply(&self, parts: &mut SignedDataParts) -> bool {
        let SignedDataParts { signers, certificates, .. } = parts;
        match self {
            Self::Remove {} => !std::mem::take(certificates).is_empty(),
            Self::Other {} => {
                let is_signers = |der: &Vec<u8>| {
                    let Ok(certificate) = Certificate::from_der(der) else { return false };
                    signers.iter().any(|signer| certificate.is_named_by(&signer.sid))
                };
                let stranger = stranger::certificate().ok().map(|stranger| stranger.der);
                match certificates.iter_mut().find(|der| is_signers(der)) {
                    Some(own) => replace(own, stranger),
                    None => false,
                }
            }
            Self::Stranger { first } => stranger::join(certificates, *first),
            Self::Duplicate {} => {
                let again = certificates.clone();
                certificates.extend(again);
                !certificates.is_empty()
            }
            Self::Reverse {} => {
                let reversed = certificates.iter().rev().cloned().collect();
                replace(certificates, Some(reversed))
            }
            Self::Add { hex, first } => {
                certificates.insert(if *first { 0 } else { certificates.len() }, unhex(hex));
                true
            }
        }
    }
}
