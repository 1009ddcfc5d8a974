//! The SCEP attributes and their values, RFC 8894 3.2.1.

use std::fmt;

use const_oid::ObjectIdentifier;

use crate::error::{Error, Result};
use crate::finding::{Part, Place};
use crate::suite::Digest;
use crate::tlv::tag;
use crate::{limits, oid, write};

pub use crate::text::Text;

/// An attribute that is a decimal number as text: its variants, their numbers and their names.
macro_rules! numbered {
    ($(#[doc = $doc:literal])+ $kind:ident { $($(#[doc = $of:literal])+ $variant:ident = $number:literal, $name:literal;)+ }) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $kind {
            $($(#[doc = $of])+ $variant,)+
        }

        impl $kind {
            /// The value of an attribute's text; None for an undefined one.
            #[must_use]
            pub fn parse(text: &[u8]) -> Option<Self> {
                match text {
                    $(text if text == stringify!($number).as_bytes() => Some(Self::$variant),)+
                    _ => None,
                }
            }

            /// The value of the RFC's name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)+
                    _ => None,
                }
            }

            /// The number on the wire.
            #[must_use]
            pub fn number(self) -> u8 {
                match self {
                    $(Self::$variant => $number,)+
                }
            }

            /// The RFC's name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

numbered! {
    /// messageType, RFC 8894 3.2.1.2. An undefined one is an error.
    MessageType {
        /// The answer to every request.
        CertRep = 3, "CertRep";
        /// Renewal, signed with the existing certificate.
        RenewalReq = 17, "RenewalReq";
        /// First enrolment.
        PkcsReq = 19, "PKCSReq";
        /// Poll; GetCertInitial in older drafts.
        CertPoll = 20, "CertPoll";
        /// Certificate query.
        GetCert = 21, "GetCert";
        /// CRL query.
        GetCrl = 22, "GetCRL";
    }
}

numbered! {
    /// messageTypes that older drafts defined and RFC 8894 does not: to it they are undefined, hence an
    /// error (3.2.1.2). They are read, so that a refusal can call them by their name, and never written.
    HistoricType {
        /// Renewal in the drafts of 2015 to 2017: what is RenewalReq now, for a certificate with changes.
        UpdateReq = 18, "UpdateReq";
    }
}

/// What the messageType attribute of a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StatedType {
    /// A type of RFC 8894.
    Defined(MessageType),
    /// A type that only older drafts know.
    Historic(HistoricType),
    /// Anything else, as sent.
    Undefined(Text),
}

impl StatedType {
    /// Reads the attribute's text.
    #[must_use]
    pub fn read(text: Text) -> Self {
        match (MessageType::parse(&text.octets), HistoricType::parse(&text.octets)) {
            (Some(defined), _) => Self::Defined(defined),
            (None, Some(historic)) => Self::Historic(historic),
            (None, None) => Self::Undefined(text),
        }
    }

    /// The type, when RFC 8894 defines it.
    #[must_use]
    pub fn defined(&self) -> Option<MessageType> {
        match self {
            Self::Defined(defined) => Some(*defined),
            Self::Historic(_) | Self::Undefined(_) => None,
        }
    }
}

/// For people: `PKCSReq (19)`, `UpdateReq (18) of an older draft`, `undefined "4"`.
impl fmt::Display for StatedType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Defined(defined) => write!(f, "{} ({})", defined.name(), defined.number()),
            Self::Historic(historic) => {
                write!(f, "{} ({}) of an older draft", historic.name(), historic.number())
            }
            Self::Undefined(text) => write!(f, "undefined \"{}\"", text.lossy().escape_debug()),
        }
    }
}

numbered! {
    /// pkiStatus, RFC 8894 3.2.1.3. 1 is not defined.
    PkiStatus {
        /// Granted.
        Success = 0, "SUCCESS";
        /// Rejected.
        Failure = 2, "FAILURE";
        /// Waits for approval.
        Pending = 3, "PENDING";
    }
}

numbered! {
    /// failInfo, RFC 8894 3.2.1.4.
    FailInfo {
        /// Unknown or unsupported algorithm.
        BadAlg = 0, "badAlg";
        /// CMS signature does not verify.
        BadMessageCheck = 1, "badMessageCheck";
        /// Not permitted or not supported.
        BadRequest = 2, "badRequest";
        /// signingTime too far from the server's time.
        BadTime = 3, "badTime";
        /// No such certificate.
        BadCertId = 4, "badCertId";
    }
}

/// transactionID: 1 to [`limits::TRANSACTION_ID`] octets of PrintableString.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransactionId(Vec<u8>);

impl TransactionId {
    /// Takes the octets as they are: what a peer sends is echoed, not judged here.
    ///
    /// # Errors
    /// When it is empty or longer than the limit.
    pub fn parse(octets: &[u8]) -> Result<Self> {
        if octets.is_empty() || octets.len() > limits::TRANSACTION_ID {
            return Err(Error::Malformed {
                what: "transactionID (RFC 8894 3.2.1.1)",
                detail: format!("expected 1 to {} octets, got {}", limits::TRANSACTION_ID, octets.len()),
                at: Place { part: Part::Message, start: 0, end: octets.len() },
            });
        }
        Ok(Self(octets.to_vec()))
    }

    /// A new one from 20 random octets, as hex text.
    #[must_use]
    pub fn random(rng: &mut dyn rand_core::RngCore) -> Self {
        let mut octets = [0; 20];
        rng.fill_bytes(&mut octets);
        Self(hex::encode_upper(octets).into_bytes())
    }

    /// The digest of a SubjectPublicKeyInfo as hex text: what drafts before 2015 made it of, so that the same
    /// key finds its transaction again.
    ///
    /// # Errors
    /// When the cryptographic library refuses the digest.
    pub fn of_key(spki: &[u8], digest: Digest) -> Result<Self> {
        Ok(Self(hex::encode_upper(digest.of(spki)?).into_bytes()))
    }

    /// Its octets.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

/// senderNonce or recipientNonce: 16 octets from us, any number from others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nonce(pub Vec<u8>);

impl Nonce {
    /// 16 random octets, RFC 8894 3.2.1.5.
    #[must_use]
    pub fn random(rng: &mut dyn rand_core::RngCore) -> Self {
        let mut octets = vec![0; 16];
        rng.fill_bytes(&mut octets);
        Self(octets)
    }
}

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

/// The attributes that a fault, a case or a fact can name.
pub const ATTRIBUTES: &[(&str, ObjectIdentifier)] = &[
    ("contentType", oid::CONTENT_TYPE),
    ("messageDigest", oid::MESSAGE_DIGEST),
    ("signingTime", oid::SIGNING_TIME),
    ("messageType", oid::MESSAGE_TYPE),
    ("pkiStatus", oid::PKI_STATUS),
    ("failInfo", oid::FAIL_INFO),
    ("failInfoText", oid::FAIL_INFO_TEXT),
    ("senderNonce", oid::SENDER_NONCE),
    ("recipientNonce", oid::RECIPIENT_NONCE),
    ("transactionID", oid::TRANSACTION_ID),
];

/// One attribute to be written. Change a field to make a wrong one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributeParts {
    /// attrType.
    pub oid: ObjectIdentifier,
    /// attrValues, each a whole element.
    pub values: Vec<Vec<u8>>,
}

impl AttributeParts {
    /// An attribute with one PrintableString.
    #[must_use]
    pub fn printable(oid: ObjectIdentifier, text: &[u8]) -> Self {
        Self { oid, values: vec![write::tlv(tag::PRINTABLE_STRING, text)] }
    }

    /// An attribute with one OCTET STRING.
    #[must_use]
    pub fn octets(oid: ObjectIdentifier, octets: &[u8]) -> Self {
        Self { oid, values: vec![write::octet_string(octets)] }
    }

    /// The attribute, encoded.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        write::sequence(&[&write::oid(self.oid), &write::set_as_given(&self.values)])
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{FailInfo, MessageType, PkiStatus, StatedType, Text};
    use crate::tlv::tag;

    #[rstest]
    #[case(b"19", Some(MessageType::PkcsReq))]
    #[case(b"3", Some(MessageType::CertRep))]
    #[case(b"019", None)]
    #[case(b"18", None)]
    #[case(b"19 ", None)]
    #[case(b"", None)]
    fn only_the_exact_text_of_a_defined_number_is_a_type(
        #[case] text: &[u8],
        #[case] kind: Option<MessageType>,
    ) {
        assert_eq!(MessageType::parse(text), kind);
    }

    #[rstest]
    #[case(b"17", Some(MessageType::RenewalReq), "RenewalReq (17)")]
    #[case(b"18", None, "UpdateReq (18) of an older draft")]
    #[case(b"1\x07", None, r#"undefined "1\u{7}""#)]
    fn a_historic_type_has_a_name_and_is_not_defined(
        #[case] text: &[u8],
        #[case] defined: Option<MessageType>,
        #[case] shown: &str,
    ) {
        let stated = StatedType::read(Text { tag: tag::PRINTABLE_STRING, octets: text.to_vec() });
        assert_eq!((stated.defined(), stated.to_string()), (defined, shown.to_owned()));
    }

    #[test]
    fn names_and_numbers_are_the_rfcs() {
        assert_eq!((MessageType::GetCrl.number(), MessageType::GetCrl.name()), (22, "GetCRL"));
        assert_eq!(
            (PkiStatus::from_name("PENDING"), PkiStatus::parse(b"1")),
            (Some(PkiStatus::Pending), None)
        );
        assert_eq!(
            (FailInfo::parse(b"4"), FailInfo::from_name("badTime").map(FailInfo::number)),
            (Some(FailInfo::BadCertId), Some(3))
        );
    }
}
