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
    /// A request is signed with its own key.
    Possession,
    /// Length and chunks of an HTTP body.
    HttpFraming,
    /// The signature of a certificate or CRL, with the certificates of its issuer.
    Issuer,
}

impl Check {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Unreadable => ("decode.unreadable", "the reader of this structure"),
            Self::Digest => ("verify.message-digest", "RFC 5652 11.2"),
            Self::Signature => ("verify.signature", "RFC 5652 5.6"),
            Self::Possession => ("verify.possession", "RFC 2986 3"),
            Self::HttpFraming => ("http.framing", "RFC 9112 6 and 7.1"),
            Self::Issuer => ("verify.issuer", "RFC 5280 6.1.3 and 6.3.3"),
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
    (Rule::NoSignerCertificate, None, "8894-2.3-include-signing-cert"),
    (Rule::MissingAttribute, Some("contentType"), "8894-3.2.1-cms-contenttype-attr"),
    (Rule::MissingAttribute, Some("messageDigest"), "8894-3.2.1-cms-messagedigest-attr"),
    (Rule::MissingAttribute, Some("messageType"), "8894-3.2.1-messagetype-present"),
    (Rule::MissingAttribute, Some("transactionID"), "8894-3.2.1-transactionid-present"),
    (Rule::MissingAttribute, Some("senderNonce"), "8894-3.2.1-missing-sendernonce-rejected"),
    (Rule::MissingAttribute, Some("pkiStatus"), "8894-3.2.1-certrep-pkistatus"),
    (Rule::MissingAttribute, Some("failInfo"), "8894-3.3.2.2-failinfo-present"),
    (Rule::UndefinedValue, Some("messageType"), "8894-3.2.1.2-undefined-type-error"),
    (Rule::UndefinedValue, Some("pkiStatus"), "8894-3.2.1.3-undefined-status-error"),
    (Rule::UndefinedValue, Some("failInfo"), "8894-3.2.1.4-failinfo-defined-value"),
    (Rule::NonceLength, Some("senderNonce"), "8894-3.2.1-enc-sendernonce"),
    (Rule::NonceLength, Some("recipientNonce"), "8894-3.2.1-enc-recipientnonce"),
    (Rule::MissingAttribute, Some("recipientNonce"), "8894-3.2.1.5-copy-to-recipientnonce"),
    (Rule::NumberForm, Some("messageType"), "8894-3.2.1.2-undefined-type-error"),
    (Rule::NumberForm, Some("pkiStatus"), "8894-3.2.1.3-undefined-status-error"),
    (Rule::NumberForm, Some("failInfo"), "8894-3.2.1.4-failinfo-defined-value"),
    (Rule::StringCharacters, Some("transactionID"), "8894-3.2.1.1-printable-string"),
    (Rule::NoSigner, None, "8894-3-single-signerinfo"),
    (Rule::UnwantedContent, None, "8894-3-omit-envelope-without-data"),
    (Rule::UnexpectedMessage, None, "8894-4.2-no-request-data"),
    (Rule::OperationCase, None, "8894-4.1-get-request-line"),
    (Rule::ParameterCase, None, "8894-4.1-get-request-line"),
    (Rule::CapabilityPage, None, "8894-3.5.2-plain-text-list"),
    (Rule::TextBody, None, "8894-6-media-types-binary"),
    (Rule::RepeatedParameter, None, "8894-4.1-get-request-line"),
    (Rule::UnknownParameter, None, "8894-4.1-get-request-line"),
    (Rule::Fragment, None, "8894-4.1-get-request-line"),
    (Rule::UnexpectedMessage, None, "8894-3.5.1-request-format"),
    (Rule::ContentType, None, "8894-4.3-post-content-type"),
    (Rule::SeveralSigners, None, "8894-3-single-signerinfo"),
    (Rule::EmptyContent, None, "8894-3-omit-envelope-without-data"),
    (Rule::Unescaped, None, "8894-4.1-get-percent-escaped"),
    (Rule::SpaceForPlus, None, "8894-4.1-get-percent-escaped"),
    (Rule::EscapedTwice, None, "8894-4.1-get-percent-escaped"),
    (Rule::UrlSafeBase64, None, "8894-4.1-get-base64"),
    (Rule::WrappedBase64, None, "8894-4.1-get-base64"),
    (Rule::UnpaddedBase64, None, "8894-4.1-get-base64"),
    (Rule::QueryOrder, None, "8894-4.1-get-request-line"),
    (Rule::CapabilityLine, None, "8894-3.5.2-plain-text-list"),
    (Rule::CapabilityCase, None, "8894-3.5.2-exact-case"),
];

/// The same for the checks made here.
const CHECKS: &[(Check, Option<&str>, &str)] = &[
    (Check::Digest, None, "8894-3.2.1-cms-messagedigest-attr"),
    (Check::Signature, None, "8894-3.1-signed-by-sender-key"),
    (Check::Possession, None, "8894-7.9-pkcs10-own-signature"),
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
    (Rule::HighTagNumber, "X.690; RFC 8894 takes it for granted"),
    (Rule::CmsVersion, "RFC 5652 5.1 and 5.3"),
    (Rule::NoContentInfo, "RFC 5652 3; RFC 8894 3.4 takes it for granted"),
    (Rule::OtherCertificate, "RFC 5652 10.2.2 permits it"),
    (Rule::DuplicateCertificate, "RFC 5652 5.1; RFC 8894 takes it for granted"),
    (Rule::AlgorithmParameters, "RFC 3370 and RFC 5754"),
    (Rule::DigestNotAnnounced, "RFC 5652 5.1 only recommends it"),
    (Rule::SignerKeyIdentifier, "RFC 5652 5.3 permits it"),
    (Rule::TransactionIdLength, "RFC 8894 3.2.1.1 sets no bound; the reader's own"),
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
