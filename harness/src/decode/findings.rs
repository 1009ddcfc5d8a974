//! Departures: the readers' findings and what `decode` itself checks, each with the requirement that it
//! touches.

use scep::Rule;
use serde::Serialize;

use super::tree::At;

/// One departure, as it is printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Departure {
    /// Stable id of the rule.
    pub rule: &'static str,
    /// Where; None when the thing is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<At>,
    /// Expected and actual.
    pub detail: String,
    /// Where the rule comes from.
    pub source: &'static str,
    /// Requirement of the register that it touches; None when the register has none.
    pub requirement: Option<&'static str>,
}

impl Departure {
    /// What a reader found; `attribute` is the SCEP attribute that it is about.
    pub(super) fn of_rule(rule: Rule, attribute: Option<&str>, at: Option<At>, detail: String) -> Self {
        Self { rule: rule.id(), at, detail, source: rule.source(), requirement: of_rule(rule, attribute) }
    }

    /// What `decode` found; `attribute` is the SCEP attribute that it is about.
    pub(super) fn of_check(check: Check, attribute: Option<&str>, at: Option<At>, detail: String) -> Self {
        let row = CHECKS.iter().find(|row| row.0 == check && (row.1.is_none() || row.1 == attribute));
        let (id, source) = check.words();
        Self { rule: id, at, detail, source, requirement: row.map(|row| row.2) }
    }
}

/// What `decode` checks itself, beside the readers' rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Check {
    /// A reader refuses a layer.
    Unreadable,
    /// messageDigest against the content.
    Digest,
    /// The signature of a SignerInfo.
    Signature,
    /// The signer's certificate is in the message.
    SignerCertificate,
    /// A request is signed with its own key.
    Possession,
    /// A mandatory attribute is there.
    Missing,
    /// A value is one that the RFC defines.
    Undefined,
    /// The length of a nonce.
    NonceLength,
}

impl Check {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Unreadable => ("decode.unreadable", "the reader of this structure"),
            Self::Digest => ("verify.message-digest", "RFC 5652 11.2"),
            Self::Signature => ("verify.signature", "RFC 5652 5.6"),
            Self::SignerCertificate => ("verify.signer-certificate", "RFC 8894 2.3"),
            Self::Possession => ("verify.possession", "RFC 2986 3"),
            Self::Missing => ("attribute.missing", "RFC 8894 3.2.1"),
            Self::Undefined => ("attribute.undefined-value", "RFC 8894 3.2.1.2 to 3.2.1.4"),
            Self::NonceLength => ("attribute.nonce-length", "RFC 8894 3.2.1.5"),
        }
    }
}

/// Rule of a reader, the attribute that it is about (None: whichever), requirement. The first row that
/// fits; a rule without a row touches no requirement of the register.
const RULES: &[(Rule, Option<&str>, &str)] = &[
    (Rule::IndefiniteLength, None, "8894-4.3-ber-accepted"),
    (Rule::LongLength, None, "8894-4.3-ber-accepted"),
    (Rule::ConstructedString, None, "8894-4.3-ber-accepted"),
    (Rule::UnsortedSet, None, "S-signed-attrs-der"),
    (Rule::SignedSortedForm, None, "S-signed-attrs-der"),
    (Rule::UnsignedAttribute, None, "8894-3.2.1-attributes-are-signed"),
    (Rule::AttributeType, Some("messageType"), "8894-3.2.1-enc-messagetype"),
    (Rule::AttributeType, Some("pkiStatus"), "8894-3.2.1-enc-pkistatus"),
    (Rule::AttributeType, Some("failInfo"), "8894-3.2.1-enc-failinfo"),
    (Rule::AttributeType, Some("failInfoText"), "8894-3.2.1-enc-failinfotext"),
    (Rule::AttributeType, Some("senderNonce"), "8894-3.2.1-enc-sendernonce"),
    (Rule::AttributeType, Some("recipientNonce"), "8894-3.2.1-enc-recipientnonce"),
    (Rule::AttributeType, Some("transactionID"), "8894-3.2.1.1-printable-string"),
    (Rule::SeveralSigners, None, "8894-3-single-signerinfo"),
    (Rule::EmptyContent, None, "8894-3-omit-envelope-without-data"),
    (Rule::LooseBase64, None, "8894-4.1-get-base64"),
    (Rule::QueryOrder, None, "8894-4.1-get-request-line"),
    (Rule::CapabilityLine, None, "8894-3.5.2-plain-text-list"),
    (Rule::CapabilityCase, None, "8894-3.5.2-exact-case"),
];

/// The same for the checks made here.
const CHECKS: &[(Check, Option<&str>, &str)] = &[
    (Check::Digest, None, "8894-3.2.1-cms-messagedigest-attr"),
    (Check::Signature, None, "8894-3.1-signed-by-sender-key"),
    (Check::SignerCertificate, None, "8894-2.3-include-signing-cert"),
    (Check::Possession, None, "8894-7.9-pkcs10-own-signature"),
    (Check::Missing, Some("contentType"), "8894-3.2.1-cms-contenttype-attr"),
    (Check::Missing, Some("messageDigest"), "8894-3.2.1-cms-messagedigest-attr"),
    (Check::Missing, Some("messageType"), "8894-3.2.1-messagetype-present"),
    (Check::Missing, Some("transactionID"), "8894-3.2.1-transactionid-present"),
    (Check::Missing, Some("senderNonce"), "8894-3.2.1-missing-sendernonce-rejected"),
    (Check::Missing, Some("pkiStatus"), "8894-3.2.1-certrep-pkistatus"),
    (Check::Missing, Some("failInfo"), "8894-3.3.2.2-failinfo-present"),
    (Check::Undefined, Some("messageType"), "8894-3.2.1.2-undefined-type-error"),
    (Check::Undefined, Some("pkiStatus"), "8894-3.2.1.3-undefined-status-error"),
    (Check::Undefined, Some("failInfo"), "8894-3.2.1.4-failinfo-defined-value"),
    (Check::NonceLength, Some("senderNonce"), "8894-3.2.1-enc-sendernonce"),
    (Check::NonceLength, Some("recipientNonce"), "8894-3.2.1-enc-recipientnonce"),
];

fn of_rule(rule: Rule, attribute: Option<&str>) -> Option<&'static str> {
    RULES.iter().find(|row| row.0 == rule && (row.1.is_none() || row.1 == attribute)).map(|row| row.2)
}

#[cfg(test)]
mod tests {
    use super::{CHECKS, RULES};
    use crate::data::Suite;

    #[test]
    fn every_requirement_named_here_is_in_the_register() {
        let suite = Suite::embedded().unwrap();
        let named = RULES.iter().map(|row| row.2).chain(CHECKS.iter().map(|row| row.2));
        for id in named {
            assert!(suite.register.requirement(id).is_some(), "{id}");
        }
    }
}
