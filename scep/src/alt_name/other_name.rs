//! otherName: an identifier and a value of any type, written `OID;TYPE:value` as OpenSSL spells it.
//!
//! ```text
//! AnotherName ::= SEQUENCE { type-id OBJECT IDENTIFIER, value [0] EXPLICIT ANY }
//! ```

use const_oid::ObjectIdentifier;

use super::GeneralName;
use crate::text::{StringType, Text};
use crate::tlv::{Source, Tlv, tag};
use crate::{oid, write};

/// Words of the string types: OpenSSL's short one first, which is printed.
const STRINGS: &[(StringType, &[&str])] = &[
    (StringType::Utf8, &["UTF8", "UTF8String"]),
    (StringType::Ia5, &["IA5", "IA5STRING"]),
    (StringType::Printable, &["PRINTABLE", "PRINTABLESTRING"]),
    (StringType::Visible, &["VISIBLE", "VISIBLESTRING"]),
    (StringType::Numeric, &["NUMERIC", "NUMERICSTRING"]),
    (StringType::T61, &["T61", "T61STRING", "TELETEXSTRING"]),
    (StringType::Bmp, &["BMP", "BMPSTRING"]),
    (StringType::Universal, &["UNIV", "UNIVERSALSTRING"]),
];

pub(super) fn parse(text: &str) -> Result<GeneralName, String> {
    let (id, typed) = text.split_once(';').ok_or("expected OID;TYPE:value, got no semicolon")?;
    let oid = oid::parse(id.trim()).ok_or_else(|| format!("`{}` is no object identifier", id.trim()))?;
    let (word, value) = typed.split_once(':').unwrap_or((typed, ""));
    Ok(GeneralName::OtherName { oid, value: element(word.trim(), value)? })
}

fn element(word: &str, value: &str) -> Result<Vec<u8>, String> {
    let is = |names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(word));
    if let Some((kind, _)) = STRINGS.iter().find(|(_, names)| is(names)) {
        return Text::new(*kind, value).map(|text| text.write()).map_err(|error| error.to_string());
    }
    if is(&["OCT", "OCTETSTRING"]) {
        return Ok(write::octet_string(value.as_bytes()));
    }
    if is(&["OID", "OBJECT"]) {
        return oid::parse(value).map(write::oid).ok_or_else(|| format!("`{value}` is no object identifier"));
    }
    if is(&["INT", "INTEGER"]) {
        let number: i64 = value.parse().map_err(|_| format!("`{value}` is no INTEGER of 64 bits"))?;
        return Ok(write::integer_bytes(shortest(&number.to_be_bytes())));
    }
    if is(&["BOOL", "BOOLEAN"]) {
        return match value.to_ascii_lowercase().as_str() {
            "true" => Ok(write::tlv(tag::BOOLEAN, &[0xff])),
            "false" => Ok(write::tlv(tag::BOOLEAN, &[0])),
            _ => Err(format!("expected true or false after `{word}:`, got `{value}`")),
        };
    }
    if is(&["NULL"]) && value.is_empty() {
        return Ok(write::null());
    }
    let words: Vec<&str> = STRINGS.iter().filter_map(|(_, names)| names.first().copied()).collect();
    Err(format!("`{word}` is no type of value: expected {}, OCT, OID, INT, BOOL or NULL", words.join(", ")))
}

/// Two's complement in as few octets as X.690 8.3.2 wants.
pub(super) fn shortest(octets: &[u8]) -> &[u8] {
    match octets {
        [0, next, ..] if *next < 0x80 => shortest(&octets[1..]),
        [0xff, next, ..] if *next >= 0x80 => shortest(&octets[1..]),
        _ => octets,
    }
}

pub(super) fn read(element: &Tlv<'_>) -> Option<GeneralName> {
    let members = element.members().ok()?;
    let [oid, wrapper] = members.as_slice() else { return None };
    let values = wrapper.members().ok()?;
    match values.as_slice() {
        [value] if oid.tag == tag::OID && wrapper.tag == tag::context(0) => Some(GeneralName::OtherName {
            oid: ObjectIdentifier::from_bytes(oid.content()).ok()?,
            value: value.bytes().to_vec(),
        }),
        _ => None,
    }
}

/// `TYPE:value` that reads back as the element; None when there is none.
pub(super) fn print(value: &[u8]) -> Option<String> {
    let tlv = Tlv::read(Source::message(value), 0).ok()?;
    let content = tlv.content();
    let is_shown = |text: &String| !text.chars().any(char::is_control);
    let text = match tlv.tag {
        tag::OCTET_STRING => {
            format!("OCT:{}", String::from_utf8(content.to_vec()).ok().filter(is_shown)?)
        }
        tag::OID => format!("OID:{}", oid::dotted(ObjectIdentifier::from_bytes(content).ok()?)),
        tag::INTEGER if matches!(content.len(), 1..=8) => {
            let sign = if content.first()? & 0x80 == 0 { 0 } else { -1_i64 };
            format!("INT:{}", content.iter().fold(sign, |n, octet| n << 8 | i64::from(*octet)))
        }
        tag::BOOLEAN => format!("BOOL:{}", content != [0]),
        tag::NULL => "NULL".to_owned(),
        tag => {
            let (kind, names) = STRINGS.iter().find(|(kind, _)| kind.tag() == tag)?;
            let text = Text { tag: kind.tag(), octets: content.to_vec() }.exact().filter(is_shown)?;
            format!("{}:{text}", names.first()?)
        }
    };
    // Whatever would come back as another element is not printed so.
    let (word, written) = text.split_once(':').unwrap_or((&text, ""));
    element(word, written).is_ok_and(|again| again == value).then_some(text)
}
