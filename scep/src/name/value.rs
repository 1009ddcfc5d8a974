//! Values of a name: from text to a string of the right type, and back to text that has one meaning.

use const_oid::ObjectIdentifier;

use super::attribute_type::AttributeType;
use super::{TypeAndValue, Wrong};
use crate::text::{StringType, Text};
use crate::tlv::{Source, Tlv};

/// Which string type a value gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Strings {
    /// DirectoryString as UTF8String, as RFC 5280 4.1.2.4 asks; types with a string type of their own in
    /// that one (country and serial number PrintableString, emailAddress and DC IA5String).
    #[default]
    Utf8,
    /// The same, but PrintableString where the characters allow it: what many devices send.
    Printable,
    /// Every value in this type, whatever its definition says.
    Forced(StringType),
}

impl Strings {
    /// The type for a value of an attribute.
    fn choose(self, oid: ObjectIdentifier, text: &str) -> StringType {
        let own = AttributeType::of(oid).and_then(|row| row.string);
        match (self, own) {
            (Self::Forced(kind), _) => kind,
            (_, Some(own)) => own,
            (Self::Printable, None) if Text::is_printable(text) => StringType::Printable,
            (Self::Printable | Self::Utf8, None) => StringType::Utf8,
        }
    }
}

/// One character of a value, and where it stood in the text of the name.
pub(super) type Located = (usize, char);

/// The pair of a type and a text. `at` is where the value begins.
pub(super) fn pair(
    oid: ObjectIdentifier,
    characters: &[Located],
    strings: Strings,
    at: usize,
) -> Result<TypeAndValue, Wrong> {
    let text: String = characters.iter().map(|(_, c)| *c).collect();
    let kind = strings.choose(oid, &text);
    if let Some((odd_at, odd)) = characters.iter().find(|(_, c)| !kind.holds(*c)) {
        let name = super::attribute_type::print(oid);
        return Err(Wrong::new(
            *odd_at,
            format!("{name} is a {kind}, which cannot hold `{}`", odd.escape_debug()),
        ));
    }
    let value = Text::new(kind, &text).map_err(|error| Wrong::new(at, error.to_string()))?.write();
    Ok(TypeAndValue { oid, value })
}

/// The element that hex digits spell; None when they spell none, or more than one.
pub(crate) fn element(digits: &str) -> Option<Vec<u8>> {
    let octets = digits.as_bytes().chunks(2).map(|pair| match pair {
        [high, low] => Some((hex_digit(*high)? << 4) | hex_digit(*low)?),
        _ => None,
    });
    let octets: Vec<u8> = octets.collect::<Option<_>>()?;
    Tlv::read(Source::message(&octets), 0).ok().filter(|tlv| tlv.bytes().len() == octets.len())?;
    Some(octets)
}

pub(super) fn hex_digit(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// `#` and the octets in hex.
pub(crate) fn hex(octets: &[u8]) -> String {
    format!("#{}", hex::encode_upper(octets))
}
