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
    /// The query of the request, without the question mark, as sent.
    Query,
    /// The value of the Content-Type field.
    ContentType,
    /// The HTTP body as received, where it is a text around the message: what is inside is counted as
    /// [`Part::Message`], after decoding.
    Body,
}

impl Part {
    /// Short name, also used in names of evidence files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Content => "eContent",
            Self::MessageData => "messageData",
            Self::Query => "query",
            Self::ContentType => "Content-Type",
            Self::Body => "body",
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

            /// What departs from it, a sentence.
            #[must_use]
            pub fn description(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),+).trim_ascii(),)+ }
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
    /// An element whose tag number is over 30: nothing in SCEP has one.
    HighTagNumber = "ber.high-tag-number", "X.690 8.1.2.4; RFC 5652 has no such tag";
    /// Octets after the end of the message.
    TrailingBytes = "framing.trailing-bytes", "X.690 8.1; some servers add a line end";
    /// The body is base64 or PEM text where it should be the octets.
    TextBody = "framing.text-body", "RFC 8894 4.1 and 4.2.1: the body is binary";
    /// SET OF members not in DER order.
    UnsortedSet = "der.unsorted-set", "RFC 5652 5.4: signedAttrs are DER";
    /// Structure read, but not in the form its definition gives.
    UnexpectedStructure = "cms.unexpected-structure", "RFC 5652";
    /// A version number other than the contents ask for.
    CmsVersion = "cms.version", "RFC 5652 5.1 and 5.3";
    /// SignedData or EnvelopedData without the ContentInfo around it.
    NoContentInfo = "cms.no-content-info", "RFC 5652 3; xipki commit a243b5d6, jscep commit 77d4a9c9";
    /// The strict second reader refuses the message.
    NotStrictCms = "cms.not-strict", "RFC 5652, typed decoding";
    /// The strict second reader refuses a certificate.
    NotStrictCertificate = "certificate.not-strict", "RFC 5280, typed decoding";
    /// The strict second reader refuses a CRL.
    NotStrictCrl = "crl.not-strict", "RFC 5280 5.1, typed decoding";
    /// A serial number that is not positive, too long, or not in the shortest form.
    SerialNumber = "serial-number", "RFC 5280 4.1.2.2; X.690 8.3.2";
    /// A member of the certificates field that is no X.509 certificate.
    OtherCertificate = "certificates.other-choice", "RFC 5652 10.2.2: SCEP knows X.509 certificates only";
    /// The same certificate twice.
    DuplicateCertificate = "certificates.duplicate", "RFC 5652 5.1: a SET";
    /// The certificate of the signer is not in the message.
    NoSignerCertificate = "certificates.no-signer", "RFC 8894 2.3; optional in a CertRep (3.3.2)";
    /// Parameters of an algorithm absent where they are NULL, or another way round.
    AlgorithmParameters = "algorithm.parameters", "RFC 3370 3.2, RFC 4055 5, RFC 5754 2";
    /// digestAlgorithms does not have the digest of the signer.
    DigestNotAnnounced = "digest.not-announced", "RFC 5652 5.1";
    /// A mandatory attribute is not among the signed ones.
    MissingAttribute = "attribute.missing", "RFC 8894 3.2.1; RFC 5652 5.3";
    /// An attribute occurs more than once.
    DuplicateAttribute = "attribute.duplicate", "RFC 5652 5.3: one instance of an attribute type";
    /// An attribute has no value, or several.
    AttributeValueCount = "attribute.value-count", "RFC 8894 3.2.1, Table 1: single values";
    /// An attribute value has another ASN.1 type than the RFC gives it.
    AttributeType = "attribute.type", "RFC 8894 3.2.1, Table 1";
    /// A number that stands for a value, but is not written as the RFC writes it.
    NumberForm = "attribute.number-form", "RFC 8894 3.2.1.2 to 3.2.1.4: decimal text";
    /// A number that the RFC gives no meaning.
    UndefinedValue = "attribute.undefined-value", "RFC 8894 3.2.1.2 to 3.2.1.4";
    /// A nonce of another length than 16 octets.
    NonceLength = "attribute.nonce-length", "RFC 8894 3.2.1.5";
    /// A transactionID that is empty, or longer than the reader keeps.
    TransactionIdLength = "attribute.transaction-id-length", "RFC 8894 3.2.1.1: it names the transaction";
    /// Octets that the declared string type cannot hold.
    StringCharacters = "attribute.characters", "RFC 8894 3.2.1.1; X.680 41.4: PrintableString";
    /// A SCEP attribute among the unsigned attributes.
    UnsignedAttribute = "attribute.unsigned", "RFC 8894 3.2.1";
    /// The signature verifies over the attributes in DER order only, not as sent.
    SignedSortedForm = "signature.over-sorted-attributes", "RFC 5652 5.4";
    /// The signature algorithm names another digest than digestAlgorithm.
    SignatureDigest = "signature.digest-mismatch", "RFC 5652 5.3";
    /// No SignerInfo at all.
    NoSigner = "signer.none", "RFC 8894 3 and 3.1";
    /// More than one SignerInfo.
    SeveralSigners = "signer.several", "RFC 8894 figure 6 shows one";
    /// The key that signed a CertRep may not sign by the keyUsage of its certificate.
    SignerKeyUsage = "signer.key-usage", "RFC 8894 2.1.2";
    /// GetNextCACert with eContentType signedData.
    NextCaContentType = "next-ca.content-type", "RFC 8894 4.7.1 names none; 3.4 has data";
    /// GetNextCACert with the certificates beside the signed content.
    NextCaUncovered = "next-ca.uncovered", "RFC 8894 4.7.1; drafts before 2011";
    /// The signer is named by its key identifier.
    SignerKeyIdentifier = "signer.key-identifier", "RFC 8894 3 names issuer and serial; RFC 5652 5.3 permits it";
    /// eContent is present with no octets where it is to be omitted.
    EmptyContent = "content.empty", "RFC 8894 3.3.2.2, 3.3.2.3 and 3.4";
    /// eContent has octets where it is to be omitted.
    UnwantedContent = "content.unwanted", "RFC 8894 3.3.2.2, 3.3.2.3; sscep issue 59: one zero octet";
    /// Reserved characters of the base64 are not percent-escaped.
    Unescaped = "http.unescaped", "RFC 8894 4.1; smallstep/certificates issue 1570";
    /// A space where the base64 has a plus sign.
    SpaceForPlus = "http.space-for-plus", "RFC 8894 4.1; jscep commit fee2a569";
    /// The url-safe alphabet of base64.
    UrlSafeBase64 = "http.url-safe-base64", "RFC 4648 section 4; micromdm/scep issue 249";
    /// Line ends inside the base64.
    WrappedBase64 = "http.wrapped-base64", "RFC 4648 3.1; openxpki commit d5a47be4";
    /// base64 without its padding.
    UnpaddedBase64 = "http.unpadded-base64", "RFC 4648 3.2";
    /// Percent-escaped twice.
    EscapedTwice = "http.escaped-twice", "RFC 8894 4.1, RFC 3986 2.4";
    /// A query that is not `operation` first and `message` second.
    QueryOrder = "http.query-order", "RFC 8894 4.1";
    /// The name of a parameter in another letter case.
    ParameterCase = "http.parameter-case", "RFC 8894 4.1";
    /// The operation in another letter case.
    OperationCase = "http.operation-case", "RFC 8894 4.1";
    /// A parameter that SCEP does not have, or an empty one.
    UnknownParameter = "http.unknown-parameter", "RFC 8894 4.1; openxpki commit b959efa4";
    /// A parameter again.
    RepeatedParameter = "http.repeated-parameter", "RFC 8894 4.1";
    /// A `message` where there is none: a CA identifier of older drafts, or beside the body of a POST.
    UnexpectedMessage = "http.unexpected-message", "RFC 8894 3.5.1, 4.1 and 4.2; certnanny/sscep issue 160";
    /// A fragment, which is not for the server.
    Fragment = "http.fragment", "RFC 3986 3.5, RFC 9112 3.2";
    /// Another Content-Type than the RFC gives the message, or none.
    ContentType = "http.content-type", "RFC 8894 3.5.1, 4.1, 4.2.1 and 4.3; micromdm/scep issue 225";
    /// Keyword line ended or padded in another way than CRLF or LF.
    CapabilityLine = "caps.line", "RFC 8894 3.5.2";
    /// Keyword in another letter case than Table 7 has it.
    CapabilityCase = "caps.case", "RFC 8894 3.5.2";
    /// A page for people in place of the list.
    CapabilityPage = "caps.page", "RFC 8894 3.5.2; jscep commit 5462d992";
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
