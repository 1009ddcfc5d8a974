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
    /// Requirements of the register that it touches; none when the register has none.
    pub requirements: Vec<&'static str>,
    /// Why it touches none, for a rule of the readers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_requirement: Option<&'static str>,
}

impl Departure {
    /// What a reader found; `attribute` is the SCEP attribute that it is about.
    pub(super) fn of_rule(rule: Rule, attribute: Option<&str>, at: Option<At>, detail: String) -> Self {
        let requirements = fitting(RULES, rule, attribute);
        let no_requirement = WITHOUT.iter().find(|row| row.0 == rule).map(|row| row.1);
        Self { rule: rule.id(), at, detail, source: rule.source(), requirements, no_requirement }
    }

    /// What `decode` found; `attribute` is the SCEP attribute that it is about.
    pub(super) fn of_check(check: Check, attribute: Option<&str>, at: Option<At>, detail: String) -> Self {
        let (id, source) = check.words();
        let requirements = fitting(CHECKS, check, attribute);
        Self { rule: id, at, detail, source, requirements, no_requirement: None }
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
    /// Length and chunks of an HTTP body.
    HttpFraming,
    /// An HTTP body that is text around the message.
    TextBody,
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
            Self::HttpFraming => ("http.framing", "RFC 9112 6 and 7.1"),
            Self::TextBody => ("http.text-body", "RFC 8894 4.2.1 and 4.3: the body is binary"),
            Self::Missing => ("attribute.missing", "RFC 8894 3.2.1"),
            Self::Undefined => ("attribute.undefined-value", "RFC 8894 3.2.1.2 to 3.2.1.4"),
            Self::NonceLength => ("attribute.nonce-length", "RFC 8894 3.2.1.5"),
        }
    }
}

/// Rule of a reader, the attribute that it is about (None: whichever), requirement. Every row that fits
/// counts; a rule without one is among [`WITHOUT`].
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
    (Rule::SerialNumber, None, "S-serial"),
    (Rule::SignerKeyUsage, None, "8894-2.1.2-ca-keyusage-digitalsignature"),
    (Rule::NextCaUncovered, None, "8894-4.7.1-content-degenerate"),
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
    (Check::TextBody, None, "8894-6-media-types-binary"),
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

/// Rules that touch no requirement of the register, each with the reason.
const WITHOUT: &[(Rule, &str)] = &[
    (Rule::TrailingBytes, "RFC 8894 says nothing of octets after a message"),
    (Rule::UnexpectedStructure, "RFC 5652 and RFC 2986; no statement of RFC 8894 is about it"),
    (Rule::NotStrictCms, "what the strict reader refuses is told by another rule as well, where it matters"),
    (Rule::NotStrictCertificate, "RFC 5280, for whoever issued it"),
    (Rule::NotStrictCrl, "RFC 5280, for whoever issued it"),
    (Rule::DuplicateAttribute, "RFC 5652 5.3; RFC 8894 takes it for granted"),
    (Rule::AttributeValueCount, "RFC 5652 and RFC 2985; RFC 8894 takes it for granted"),
    (Rule::NextCaContentType, "RFC 8894 4.7.1 names no eContentType; data and signedData both pass"),
    (Rule::SignatureDigest, "RFC 5652 5.3"),
];

/// The requirements of every row that fits.
fn fitting<T: PartialEq>(
    rows: &[(T, Option<&str>, &'static str)],
    what: T,
    attribute: Option<&str>,
) -> Vec<&'static str> {
    rows.iter()
        .filter(|row| row.0 == what && (row.1.is_none() || row.1 == attribute))
        .map(|row| row.2)
        .collect()
}

#[cfg(test)]
mod tests {
    use scep::Rule;

    use super::{CHECKS, RULES, WITHOUT};
    use crate::data::Suite;

    #[test]
    fn every_rule_has_its_requirement_or_a_reason_why_there_is_none() {
        let is_amiss = |rule: &&Rule| {
            let rows = RULES.iter().filter(|row| row.0 == **rule).count();
            let without = WITHOUT.iter().filter(|row| row.0 == **rule).count();
            (rows > 0) == (without > 0) || without > 1
        };
        let amiss: Vec<_> = Rule::ALL.iter().filter(is_amiss).collect();
        assert!(amiss.is_empty(), "give each one row in RULES or one in WITHOUT, not both: {amiss:?}");
        assert!(WITHOUT.iter().all(|(_, reason)| !reason.is_empty()));
    }

    #[test]
    fn every_requirement_named_here_is_in_the_register() {
        let suite = Suite::embedded().unwrap();
        let named = RULES.iter().map(|row| row.2).chain(CHECKS.iter().map(|row| row.2));
        for id in named {
            assert!(suite.register.requirement(id).is_some(), "{id}");
        }
    }
}
