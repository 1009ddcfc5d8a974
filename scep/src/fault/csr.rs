//! Certification requests, before and after they are signed.

use serde::Deserialize;

use super::octets::{replace, unhex, xor_at};
use super::stranger::{self, Key};
use super::{Faults, Operator};
use crate::csr::CsrParts;
use crate::key::PrivateKey;
use crate::tlv::tag;
use crate::{name, write};

/// Operators on a certification request.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "op", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Csr {
    /// Another subject.
    Subject {
        /// RFC 4514 text; empty for a name without any part.
        name: String,
    },
    /// Another key is to be certified, and signs the request.
    Key {
        /// Which.
        key: Key,
    },
    /// challengePassword is left out.
    ChallengeRemove {},
    /// Another challengePassword; its string type stays.
    Challenge {
        /// The text.
        text: String,
    },
    /// challengePassword has other octets; its string type stays.
    ChallengeHex {
        /// The octets.
        hex: String,
    },
    /// challengePassword has another ASN.1 type, and the same octets.
    ChallengeTag {
        /// Identifier octet.
        tag: u8,
    },
    /// challengePassword is a BMPString of the same text.
    ChallengeBmp {},
    /// One octet of the signature is changed.
    SignatureXor {
        /// Which.
        at: i64,
        /// Mask.
        xor: u8,
    },
}

impl Faults {
    /// The parts of a certification request, before it is signed.
    pub(crate) fn csr(&mut self, parts: &mut CsrParts) {
        self.each(|operator| match operator {
            Operator::Csr(operator) => operator.apply(parts),
            _ => false,
        });
    }

    /// The key that signs a certification request instead of the requester's.
    pub(crate) fn csr_key(&self) -> Option<PrivateKey> {
        self.list.iter().find_map(|fault| match &fault.operator {
            Operator::Csr(Csr::Key { key }) => stranger::key(*key).ok(),
            _ => None,
        })
    }

    /// The signature of a certification request.
    pub(crate) fn csr_signature(&mut self, signature: &mut [u8]) {
        self.each(|operator| match operator {
            Operator::Csr(Csr::SignatureXor { at, xor }) => xor_at(signature, *at, *xor),
            _ => false,
        });
    }
}

impl Csr {
    fn apply(&self, parts: &mut CsrParts) -> bool {
        match self {
            Self::Subject { name } if name.is_empty() => {
                replace(&mut parts.subject, Some(write::sequence(&[])))
            }
            Self::Subject { name } => replace(&mut parts.subject, name::parse(name).ok()),
            Self::Key { key } => match stranger::key(*key) {
                Ok(key) => replace(&mut parts.spki, Some(key.public().spki().to_vec())),
                Err(_) => false,
            },
            Self::ChallengeRemove {} => parts.challenge.take().is_some(),
            Self::Challenge { text } => match &mut parts.challenge {
                Some((_, challenge)) => replace(challenge, Some(text.clone().into_bytes())),
                absent => replace(absent, Some(Some((tag::UTF8_STRING, text.clone().into_bytes())))),
            },
            Self::ChallengeHex { hex } => match &mut parts.challenge {
                Some((_, challenge)) => replace(challenge, Some(unhex(hex))),
                None => false,
            },
            Self::ChallengeTag { tag } => match &mut parts.challenge {
                Some((old, _)) => replace(old, Some(*tag)),
                None => false,
            },
            Self::ChallengeBmp {} => {
                let wide = |octets: &[u8]| -> Vec<u8> {
                    String::from_utf8_lossy(octets).encode_utf16().flat_map(u16::to_be_bytes).collect()
                };
                let wanted =
                    parts.challenge.as_ref().map(|(_, octets)| Some((tag::BMP_STRING, wide(octets))));
                replace(&mut parts.challenge, wanted)
            }
            Self::SignatureXor { .. } => false,
        }
    }
}
