//! CRLs, before they are signed.

use serde::Deserialize;

use super::octets::{replace, xor_at};
use super::stranger;
use super::time::moved;
use super::{Faults, Operator};
use crate::cms::SignedDataParts;
use crate::crl::CrlParts;
use crate::error::Result;
use crate::name;
use crate::suite::Digest;

/// Operators on a CRL.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "op", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Crl {
    /// It has another issuer.
    Issuer {
        /// RFC 4514 text.
        name: String,
    },
    /// thisUpdate and nextUpdate move.
    Update {
        /// How far, in seconds: into the future, or when negative into the past.
        seconds: i64,
    },
    /// nextUpdate is left out.
    NextUpdateRemove {},
    /// What is revoked is left out.
    RevokedRemove {},
    /// It is signed with another digest.
    Digest {
        /// `md5`, `sha-1`, …
        digest: String,
    },
    /// It is not in the answer to GetCRL.
    Remove {},
    /// It is in the answer twice.
    Duplicate {},
    /// The answer has a certificate beside it, of somebody who has nothing to do with it.
    Join {},
    /// One octet of its signature is changed.
    SignatureXor {
        /// Which.
        at: i64,
        /// Mask.
        xor: u8,
    },
}

impl Faults {
    /// True when one of them changes CRLs: a CRL that is there already is then to be written anew.
    #[must_use]
    pub fn is_for_crl(&self) -> bool {
        self.list.iter().any(|fault| matches!(fault.operator, Operator::Crl(_)))
    }

    /// The parts of a CRL, before it is signed.
    pub(crate) fn crl(&mut self, parts: &mut CrlParts) -> Result<()> {
        let mut outcome = Ok(());
        self.each(|operator| match operator {
            Operator::Crl(operator) => operator.apply(parts).unwrap_or_else(|error| {
                outcome = Err(error);
                false
            }),
            _ => false,
        });
        outcome
    }

    /// The certificates-only SignedData that carries a CRL, before it is encoded.
    pub(crate) fn crl_payload(&mut self, parts: &mut SignedDataParts) {
        self.each(|operator| match operator {
            Operator::Crl(Crl::Remove {}) => !std::mem::take(&mut parts.crls).is_empty(),
            Operator::Crl(Crl::Duplicate {}) => {
                let again = parts.crls.clone();
                parts.crls.extend(again);
                !parts.crls.is_empty()
            }
            Operator::Crl(Crl::Join {}) => stranger::join(&mut parts.certificates, false),
            _ => false,
        });
    }

    /// The signature of a CRL.
    pub(crate) fn crl_signature(&mut self, signature: &mut [u8]) {
        self.each(|operator| match operator {
            Operator::Crl(Crl::SignatureXor { at, xor }) => xor_at(signature, *at, *xor),
            _ => false,
        });
    }
}

impl Crl {
    fn apply(&self, parts: &mut CrlParts) -> Result<bool> {
        Ok(match self {
            Self::Issuer { name } => replace(&mut parts.issuer, Some(name::parse(name)?)),
            Self::Update { seconds } => {
                let next = parts.next_update.map(|next| moved(next, *seconds));
                let this = moved(parts.this_update, *seconds);
                let is_other = replace(&mut parts.next_update, Some(next));
                replace(&mut parts.this_update, Some(this)) || is_other
            }
            Self::NextUpdateRemove {} => replace(&mut parts.next_update, Some(None)),
            Self::RevokedRemove {} => replace(&mut parts.revoked, Some(Vec::new())),
            Self::Digest { digest } => replace(&mut parts.digest, Digest::parse(digest)),
            Self::SignatureXor { .. } | Self::Remove {} | Self::Duplicate {} | Self::Join {} => false,
        })
    }
}
