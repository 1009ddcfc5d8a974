//! What the reader stepped over: rule, place, detail. Data, never an error.

use std::fmt;

/// Which octets an offset counts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The message as received: the POST body, the decoded `message` parameter, the reply body.
    Message,
    /// The eContent of the message, put together from several chunks (only then: one chunk is still
    /// counted in the message).
    Content,
    /// The decrypted messageData.
    MessageData,
}

impl Part {
    /// Short name, also used in names of evidence files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Content => "eContent",
            Self::MessageData => "messageData",
        }
    }
}

/// A range of octets in one part of what was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Which octets are counted.
    pub part: Part,
    /// First octet.
    pub start: usize,
    /// The octet after the last.
    pub end: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes {}..{}", self.part.name(), self.start, self.end)
    }
}

/// A value and every departure from its format that the reader stepped over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read<T> {
    /// What was read.
    pub value: T,
    /// Departures, in the order in which they were met.
    pub findings: Vec<Finding>,
}

/// One departure that the reader stepped over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which rule.
    pub rule: Rule,
    /// Where.
    pub at: Place,
    /// Expected and actual, for people.
    pub detail: String,
}

macro_rules! rules {
    ($($(#[doc = $doc:literal])+ $variant:ident = $id:literal, $source:literal;)+) => {
        /// A rule that a finding reports. The id is stable; the source says where the rule comes from.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Rule {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Rule {
            /// All rules.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Stable name.
            #[must_use]
            pub fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)+ }
            }

            /// Where the rule comes from.
            #[must_use]
            pub fn source(self) -> &'static str {
                match self { $(Self::$variant => $source,)+ }
            }
        }
    };
}

rules! {
    /// A constructed value of indefinite length, ended by two zero octets.
    IndefiniteLength = "ber.indefinite-length", "X.690 10.1; RFC 8894 4.3 shows it";
    /// A length in more octets than needed.
    LongLength = "ber.long-length", "X.690 10.1";
    /// A string in several chunks under a constructed tag.
    ConstructedString = "ber.constructed-string", "X.690 10.2";
    /// Octets after the end of the message.
    TrailingBytes = "framing.trailing-bytes", "X.690 8.1; some servers add a line end";
    /// SET OF members not in DER order.
    UnsortedSet = "der.unsorted-set", "RFC 5652 5.4: signedAttrs are DER";
    /// Structure read, but not in the form its definition gives.
    UnexpectedStructure = "cms.unexpected-structure", "RFC 5652";
    /// The strict second reader refuses the message.
    NotStrictCms = "cms.not-strict", "RFC 5652, typed decoding";
    /// The strict second reader refuses a certificate.
    NotStrictCertificate = "certificate.not-strict", "RFC 5280, typed decoding";
    /// The strict second reader refuses a CRL.
    NotStrictCrl = "crl.not-strict", "RFC 5280 5.1, typed decoding";
    /// A serial number that is not positive, too long, or not in the shortest form.
    SerialNumber = "serial-number", "RFC 5280 4.1.2.2; X.690 8.3.2";
    /// An attribute occurs more than once.
    DuplicateAttribute = "attribute.duplicate", "RFC 5652 5.3: one instance of an attribute type";
    /// An attribute has no value, or several.
    AttributeValueCount = "attribute.value-count", "RFC 8894 3.2.1, Table 1: single values";
    /// An attribute value has another ASN.1 type than the RFC gives it.
    AttributeType = "attribute.type", "RFC 8894 3.2.1, Table 1";
    /// A SCEP attribute among the unsigned attributes.
    UnsignedAttribute = "attribute.unsigned", "RFC 8894 3.2.1";
    /// The signature verifies over the attributes in DER order only, not as sent.
    SignedSortedForm = "signature.over-sorted-attributes", "RFC 5652 5.4";
    /// The signature algorithm names another digest than digestAlgorithm.
    SignatureDigest = "signature.digest-mismatch", "RFC 5652 5.3";
    /// More than one SignerInfo.
    SeveralSigners = "signer.several", "RFC 8894 figure 6 shows one";
    /// The key that signed a CertRep may not sign by the keyUsage of its certificate.
    SignerKeyUsage = "signer.key-usage", "RFC 8894 2.1.2";
    /// GetNextCACert with eContentType signedData.
    NextCaContentType = "next-ca.content-type", "RFC 8894 4.7.1 names none; 3.4 has data";
    /// GetNextCACert with the certificates beside the signed content.
    NextCaUncovered = "next-ca.uncovered", "RFC 8894 4.7.1; drafts before 2011";
    /// eContent is present with no octets where it is to be omitted.
    EmptyContent = "content.empty", "RFC 8894 3.3.2.2 and 3.3.2.3";
    /// base64 that is not the standard alphabet with padding, or is wrapped.
    LooseBase64 = "http.loose-base64", "RFC 8894 4.1, RFC 4648 section 4";
    /// A query that is not `operation` first and `message` second.
    QueryOrder = "http.query-order", "RFC 8894 4.1";
    /// Keyword line ended or padded in another way than CRLF or LF.
    CapabilityLine = "caps.line", "RFC 8894 3.5.2";
    /// Keyword in another letter case than Table 7 has it.
    CapabilityCase = "caps.case", "RFC 8894 3.5.2";
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} at {}", self.rule.id(), self.detail, self.at)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Rule;

    #[test]
    fn rule_ids_are_unique() {
        let ids: BTreeSet<_> = Rule::ALL.iter().map(|r| r.id()).collect();
        assert_eq!(ids.len(), Rule::ALL.len());
    }
}
