//! Stage 2: what the envelope will hold, but for certification requests and certificates themselves: the
//! names of a CertPoll, and the certificates-only SignedData of an answer.

use rand_core::RngCore;
use serde::Deserialize;

use super::octets::{replace, unhex};
use super::{Faults, Layer, Operator};
use crate::cms::{SignedDataParts, SignerInfoParts};
use crate::message::IssuerAndSubject;
use crate::{name, oid, write};

/// Operators on the names of a CertPoll.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "op", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Poll {
    /// Another issuer.
    Issuer {
        /// RFC 4514 text.
        name: String,
    },
    /// Another subject.
    Subject {
        /// RFC 4514 text.
        name: String,
    },
}

/// Operators on a certificates-only (degenerate) SignedData.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "op", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Degenerate {
    /// It has content.
    Content {
        /// Its octets.
        hex: String,
    },
    /// It has no certificates.
    Empty {},
    /// It carries its first certificate twice.
    Duplicate {},
    /// Its certificates come in reverse order.
    Reverse {},
    /// It carries a certificate that has nothing to do with the others.
    Stranger {
        /// In front of the others.
        first: bool,
        /// The others are not there.
        #[serde(default)]
        alone: bool,
    },
    /// It has a member in its certificates field that is no certificate.
    Other {
        /// The member, encoded.
        hex: String,
    },
    /// It has a SignerInfo, its signature without meaning.
    Signer {},
}

impl Faults {
    /// The plain messageData.
    pub(crate) fn message_data(&mut self, data: &mut Option<Vec<u8>>, rng: &mut dyn RngCore) {
        let Some(data) = data else { return };
        self.each(|operator| match operator {
            Operator::Poll(operator) => operator.apply(data),
            _ => false,
        });
        self.layer(Layer::Data, data, Some(rng));
    }

    /// A certificates-only SignedData, before it is encoded.
    pub fn degenerate(&mut self, parts: &mut SignedDataParts) {
        self.each(|operator| match operator {
            Operator::Degenerate(operator) => operator.apply(parts),
            _ => false,
        });
    }
}

impl Poll {
    /// False when the data is no IssuerAndSubject, or the text no name.
    fn apply(&self, data: &mut Vec<u8>) -> bool {
        let (Self::Issuer { name } | Self::Subject { name }) = self;
        let (Ok(mut poll), Ok(name)) = (IssuerAndSubject::read(data), name::parse(name)) else {
            return false;
        };
        match self {
            Self::Issuer { .. } => poll.issuer = name,
            Self::Subject { .. } => poll.subject = name,
        }
        replace(data, Some(poll.write()))
    }
}

impl Degenerate {
    fn apply(&self, parts: &mut SignedDataParts) -> bool {
        match self {
            Self::Content { hex } => replace(&mut parts.content, Some(Some(unhex(hex)))),
            Self::Empty {} => !std::mem::take(&mut parts.certificates).is_empty(),
            Self::Duplicate {} => {
                let first = parts.certificates.first().cloned();
                parts.certificates.extend(first);
                !parts.certificates.is_empty()
            }
            Self::Reverse {} => {
                let reversed = parts.certificates.iter().rev().cloned().collect();
                replace(&mut parts.certificates, Some(reversed))
            }
            Self::Stranger { first, alone } => {
                if *alone {
                    parts.certificates.clear();
                }
                super::stranger::join(&mut parts.certificates, *first)
            }
            Self::Other { hex } => {
                parts.certificates.push(unhex(hex));
                true
            }
            Self::Signer {} => {
                let digest_algorithm = write::algorithm(oid::SHA256, Some(&write::null()));
                parts.signers.push(SignerInfoParts {
                    version: 1,
                    sid: write::sequence(&[&write::sequence(&[]), &write::integer(1)]),
                    digest_algorithm,
                    signed_attributes: None,
                    signature_algorithm: write::algorithm(oid::RSA_ENCRYPTION, Some(&write::null())),
                    signature: vec![0; 256],
                    unsigned_attributes: Vec::new(),
                });
                true
            }
        }
    }
}
