//! What a pkiMessage can be read in spite of: attributes of another type, form or length than RFC 8894
//! 3.2.1 gives them, attributes that are not there, content where none belongs. Findings only.

use const_oid::ObjectIdentifier;

use super::PkiMessage;
use crate::attribute::{FailInfo, MessageType, PkiStatus, Text};
use crate::cms::{AttributeValue, SignerInfo};
use crate::finding::{Finding, Place, Rule};
use crate::tlv::tag;
use crate::{limits, oid};

/// Octets of a nonce, RFC 8894 3.2.1.5.
const NONCE: usize = 16;

/// What the value of a SCEP attribute is.
#[derive(Debug, Clone, Copy)]
enum Kind {
    /// A decimal number as text; the function names those that have a meaning.
    Number(fn(&[u8]) -> Option<&'static str>),
    /// 16 octets.
    Nonce,
    /// The name of the transaction.
    TransactionId,
    /// Text for people.
    Text,
}

/// RFC 8894 3.2.1 Table 1: name, identifier, ASN.1 type, meaning.
const TABLE: &[(&str, ObjectIdentifier, u8, Kind)] = &[
    ("messageType", oid::MESSAGE_TYPE, tag::PRINTABLE_STRING, Kind::Number(message_type)),
    ("pkiStatus", oid::PKI_STATUS, tag::PRINTABLE_STRING, Kind::Number(pki_status)),
    ("failInfo", oid::FAIL_INFO, tag::PRINTABLE_STRING, Kind::Number(fail_info)),
    ("failInfoText", oid::FAIL_INFO_TEXT, tag::UTF8_STRING, Kind::Text),
    ("senderNonce", oid::SENDER_NONCE, tag::OCTET_STRING, Kind::Nonce),
    ("recipientNonce", oid::RECIPIENT_NONCE, tag::OCTET_STRING, Kind::Nonce),
    ("transactionID", oid::TRANSACTION_ID, tag::PRINTABLE_STRING, Kind::TransactionId),
];

fn message_type(text: &[u8]) -> Option<&'static str> {
    MessageType::parse(text).map(MessageType::name)
}

fn pki_status(text: &[u8]) -> Option<&'static str> {
    PkiStatus::parse(text).map(PkiStatus::name)
}

fn fail_info(text: &[u8]) -> Option<&'static str> {
    FailInfo::parse(text).map(FailInfo::name)
}

impl PkiMessage {
    /// Adds a finding for every departure of the attributes and the content from RFC 8894 section 3.
    pub(super) fn report(&self, findings: &mut Vec<Finding>) {
        let content = self.signed.content.as_ref().filter(|content| !content.bytes.is_empty());
        let Some(signer) = self.signer() else {
            if content.is_some() {
                report(
                    findings,
                    Rule::NoSigner,
                    self.signed.place,
                    "expected one SignerInfo, got none".into(),
                );
            }
            return;
        };
        for (name, oid, expected, kind) in TABLE {
            for value in signer.attributes(*oid).flat_map(|attribute| &attribute.values) {
                report_value(name, value, *expected, *kind, findings);
            }
            for attribute in signer.unsigned_attributes.iter().filter(|attribute| attribute.oid == *oid) {
                let detail = format!("{name} among the unsigned attributes");
                report(findings, Rule::UnsignedAttribute, attribute.place, detail);
            }
        }
        self.report_missing(signer, findings);
        if let (Some(PkiStatus::Failure | PkiStatus::Pending), Some(content)) = (self.pki_status(), content) {
            let detail = format!("expected no eContent, got {} octets", content.bytes.len());
            report(findings, Rule::UnwantedContent, content.place, detail);
        }
    }

    /// What has no attribute of SCEP at all is another kind of SignedData: nothing is missing there.
    fn report_missing(&self, signer: &SignerInfo, findings: &mut Vec<Finding>) {
        let has = |oid| signer.attributes(oid).next().is_some();
        if !TABLE.iter().any(|row| has(row.1)) {
            return;
        }
        let is_reply = self.message_type() == Some(MessageType::CertRep);
        let is_failure = self.pki_status() == Some(PkiStatus::Failure);
        let mandatory = [
            (oid::CONTENT_TYPE, true),
            (oid::MESSAGE_DIGEST, true),
            (oid::MESSAGE_TYPE, true),
            (oid::TRANSACTION_ID, true),
            (oid::SENDER_NONCE, true),
            (oid::RECIPIENT_NONCE, is_reply),
            (oid::PKI_STATUS, is_reply),
            (oid::FAIL_INFO, is_failure),
        ];
        for (oid, _) in mandatory.into_iter().filter(|(oid, wanted)| *wanted && !has(*oid)) {
            let detail = format!("{}: expected among the signed attributes, it is not there", oid::name(oid));
            report(findings, Rule::MissingAttribute, signer.place, detail);
        }
        if self.signer_certificate().is_none() {
            let detail = "no certificate in the message is the one that sid names".to_owned();
            report(findings, Rule::NoSignerCertificate, signer.place, detail);
        }
    }
}

fn report_value(name: &str, value: &AttributeValue, expected: u8, kind: Kind, findings: &mut Vec<Finding>) {
    let mut report = |rule, detail: String| report(findings, rule, value.place, format!("{name}: {detail}"));
    let actual = value.tag & !tag::CONSTRUCTED;
    if actual != expected {
        report(Rule::AttributeType, format!("expected tag 0x{expected:02x}, got 0x{:02x}", value.tag));
    }
    if !holds(actual, &value.content) {
        let shown = text(value).escape_debug().to_string();
        report(Rule::StringCharacters, format!("`{shown}` does not fit into its string type"));
    }
    let length = value.content.len();
    match kind {
        Kind::Number(meaning) => report_number(&number_text(value).octets, meaning, report),
        Kind::Nonce if length != NONCE => {
            report(Rule::NonceLength, format!("expected {NONCE} octets, got {length}"));
        }
        Kind::TransactionId if length == 0 || length > limits::TRANSACTION_ID => {
            let most = limits::TRANSACTION_ID;
            report(Rule::TransactionIdLength, format!("expected 1 to {most} octets, got {length}"));
        }
        Kind::Nonce | Kind::TransactionId | Kind::Text => {}
    }
}

/// A number with blanks or zeros in front, or blanks or a zero octet behind, is told apart from one without
/// meaning; both are undefined to RFC 8894.
fn report_number(
    text: &[u8],
    meaning: fn(&[u8]) -> Option<&'static str>,
    mut report: impl FnMut(Rule, String),
) {
    if meaning(text).is_some() {
        return;
    }
    let shown = String::from_utf8_lossy(text).escape_debug().to_string();
    let blank = |octet: &u8| matches!(octet, 0 | b' ' | b'\t' | b'\r' | b'\n');
    let start = text.iter().position(|octet| !blank(octet) && *octet != b'0').unwrap_or(text.len());
    let end = text.iter().rposition(|octet| !blank(octet)).map_or(0, |last| last + 1);
    // A zero has no other digit to begin with.
    let digits = text.get(start..end).filter(|digits| !digits.is_empty()).unwrap_or(b"0");
    let has_digit = text.iter().any(u8::is_ascii_digit);
    match meaning(digits).filter(|_| has_digit) {
        Some(meant) => {
            report(Rule::NumberForm, format!("`{shown}` stands for {meant}, but is not written so"))
        }
        None => report(Rule::UndefinedValue, format!("`{shown}` is not defined")),
    }
}

/// A number as text, whatever string type it has; an INTEGER becomes its decimal text.
pub(super) fn number_text(value: &AttributeValue) -> Text {
    let octets = match (value.tag & !tag::CONSTRUCTED, value.content.as_slice()) {
        (tag::BMP_STRING | UNIVERSAL_STRING, _) => text(value).into_bytes(),
        (tag::INTEGER, [small @ 0..=0x7f]) => small.to_string().into_bytes(),
        (other, content) => return Text { tag: other, octets: content.to_vec() },
    };
    Text { tag: tag::UTF8_STRING, octets }
}

/// UniversalString.
const UNIVERSAL_STRING: u8 = 0x1c;

fn text(value: &AttributeValue) -> String {
    if value.tag & !tag::CONSTRUCTED == UNIVERSAL_STRING {
        let units = value.content.chunks(4).map(|unit| unit.iter().fold(0, |n, o| n << 8 | u32::from(*o)));
        return units.map(|unit| char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    }
    Text { tag: value.tag & !tag::CONSTRUCTED, octets: value.content.clone() }.lossy()
}

/// True when the octets are a string of that type.
fn holds(tag: u8, octets: &[u8]) -> bool {
    match tag {
        tag::PRINTABLE_STRING => std::str::from_utf8(octets).is_ok_and(Text::is_printable),
        tag::UTF8_STRING => std::str::from_utf8(octets).is_ok(),
        tag::IA5_STRING => octets.is_ascii(),
        tag::BMP_STRING => octets.len().is_multiple_of(2),
        UNIVERSAL_STRING => octets.len().is_multiple_of(4),
        _ => true,
    }
}

fn report(findings: &mut Vec<Finding>, rule: Rule, at: Place, detail: String) {
    findings.push(Finding { rule, at, detail });
}
