//! ASN.1 strings: octets under one of the string types, and the text that they are. Names,
//! challengePassword, alternative names and failInfoText are made of these.

use std::fmt;

use crate::error::{Error, Result};
use crate::finding::Finding;
use crate::tlv::{Tlv, tag};
use crate::write;

/// A string type of X.680 that devices use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StringType {
    /// Digits and blanks.
    Numeric,
    /// Letters, digits, blank and `'()+,-./:=?`.
    Printable,
    /// T61String (TeletexString). What its upper half means depends on the sender.
    T61,
    /// US-ASCII.
    Ia5,
    /// US-ASCII without control characters.
    Visible,
    /// UTF-32, big-endian.
    Universal,
    /// UTF-16 without surrogates (UCS-2), big-endian.
    Bmp,
    /// UTF-8.
    Utf8,
}

impl StringType {
    /// Every type.
    pub const ALL: [Self; 8] = [
        Self::Numeric,
        Self::Printable,
        Self::T61,
        Self::Ia5,
        Self::Visible,
        Self::Universal,
        Self::Bmp,
        Self::Utf8,
    ];

    /// Identifier octet of the primitive form.
    #[must_use]
    pub const fn tag(self) -> u8 {
        match self {
            Self::Numeric => tag::NUMERIC_STRING,
            Self::Printable => tag::PRINTABLE_STRING,
            Self::T61 => tag::T61_STRING,
            Self::Ia5 => tag::IA5_STRING,
            Self::Visible => tag::VISIBLE_STRING,
            Self::Universal => tag::UNIVERSAL_STRING,
            Self::Bmp => tag::BMP_STRING,
            Self::Utf8 => tag::UTF8_STRING,
        }
    }

    /// The type of an identifier octet, whatever its constructed bit; None for another type.
    #[must_use]
    pub fn from_tag(tag: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.tag() == tag & !tag::CONSTRUCTED)
    }

    /// The name that X.680 gives it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Numeric => "NumericString",
            Self::Printable => "PrintableString",
            Self::T61 => "T61String",
            Self::Ia5 => "IA5String",
            Self::Visible => "VisibleString",
            Self::Universal => "UniversalString",
            Self::Bmp => "BMPString",
            Self::Utf8 => "UTF8String",
        }
    }

    /// True when the type can hold the character.
    #[must_use]
    pub fn holds(self, c: char) -> bool {
        match self {
            Self::Numeric => c.is_ascii_digit() || c == ' ',
            Self::Printable => c.is_ascii_alphanumeric() || " '()+,-./:=?".contains(c),
            // As the senders that still write it do: Latin-1.
            Self::T61 => u32::from(c) <= 0xff,
            Self::Ia5 => c.is_ascii(),
            Self::Visible => matches!(c, ' '..='~'),
            Self::Bmp => u32::from(c) <= 0xffff,
            Self::Universal | Self::Utf8 => true,
        }
    }

    /// Content octets of a text in this type.
    ///
    /// # Errors
    /// The first character that the type cannot hold, with its byte offset in the text.
    pub fn encode(self, text: &str) -> std::result::Result<Vec<u8>, (usize, char)> {
        if let Some(odd) = text.char_indices().find(|(_, c)| !self.holds(*c)) {
            return Err(odd);
        }
        Ok(match self {
            Self::T61 => text.chars().filter_map(|c| u8::try_from(u32::from(c)).ok()).collect(),
            Self::Bmp => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
            Self::Universal => text.chars().flat_map(|c| u32::from(c).to_be_bytes()).collect(),
            Self::Numeric | Self::Printable | Self::Ia5 | Self::Visible | Self::Utf8 => text.into(),
        })
    }
}

impl fmt::Display for StringType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A string as received: its ASN.1 type and its octets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// Identifier octet of the string type, without the constructed bit.
    pub tag: u8,
    /// Content octets.
    pub octets: Vec<u8>,
}

impl Text {
    /// A text in a string type.
    ///
    /// # Errors
    /// [`Error::Misuse`] when the type cannot hold one of the characters.
    pub fn new(kind: StringType, text: &str) -> Result<Self> {
        let octets = kind.encode(text).map_err(|(at, c)| Error::Misuse {
            what: "string",
            detail: format!("{kind} cannot hold `{}` at byte {at} of `{text}`", c.escape_debug()),
        })?;
        Ok(Self { tag: kind.tag(), octets })
    }

    /// Takes a received string, put together from chunks if need be (a finding).
    ///
    /// # Errors
    /// When a chunk is cut off, impossible, or nested too deep.
    pub fn read(value: &Tlv<'_>, findings: &mut Vec<Finding>) -> Result<Self> {
        Ok(Self { tag: value.tag & !tag::CONSTRUCTED, octets: value.string(findings)? })
    }

    /// The element, DER.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        write::tlv(self.tag, &self.octets)
    }

    /// The string type; None for a value of another type.
    #[must_use]
    pub fn kind(&self) -> Option<StringType> {
        StringType::from_tag(self.tag)
    }

    /// Name of the string type, or the identifier octet of another one, e.g. `tag 0x04`.
    #[must_use]
    pub fn type_name(&self) -> String {
        self.kind().map_or_else(|| format!("tag 0x{:02x}", self.tag), |kind| kind.name().to_owned())
    }

    /// True when the text fits into PrintableString.
    #[must_use]
    pub fn is_printable(text: &str) -> bool {
        text.chars().all(|c| StringType::Printable.holds(c))
    }

    /// The text, where there can be no doubt about it; None for octets that the type does not allow, and
    /// for the upper half of T61String. Characters of US-ASCII are taken in every one-octet type: devices
    /// write `_` and `@` into PrintableString.
    #[must_use]
    pub fn exact(&self) -> Option<String> {
        match self.kind()? {
            StringType::Utf8 => String::from_utf8(self.octets.clone()).ok(),
            StringType::Bmp => {
                let text = char::decode_utf16(self.units(2).map(|unit| unit as u16));
                text.collect::<std::result::Result<String, _>>()
                    .ok()
                    .filter(|_| self.octets.len().is_multiple_of(2))
            }
            StringType::Universal => {
                let text = self.units(4).map(char::from_u32);
                text.collect::<Option<String>>().filter(|_| self.octets.len().is_multiple_of(4))
            }
            StringType::Numeric
            | StringType::Printable
            | StringType::T61
            | StringType::Ia5
            | StringType::Visible => {
                String::from_utf8(self.octets.clone()).ok().filter(|text| text.is_ascii())
            }
        }
    }

    /// The text as well as it can be told, for people and for comparing secrets: what is not [`exact`] is
    /// read as UTF-8, T61String that is no UTF-8 as Latin-1, and what is left becomes U+FFFD.
    ///
    /// [`exact`]: Text::exact
    #[must_use]
    pub fn lossy(&self) -> String {
        if let Some(text) = self.exact() {
            return text;
        }
        match self.kind() {
            Some(StringType::Bmp) => char::decode_utf16(self.units(2).map(|unit| unit as u16))
                .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
                .collect(),
            Some(StringType::Universal) => self
                .units(4)
                .map(|unit| char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER))
                .collect(),
            Some(StringType::T61) => match std::str::from_utf8(&self.octets) {
                Ok(text) => text.to_owned(),
                Err(_) => self.octets.iter().copied().map(char::from).collect(),
            },
            _ => String::from_utf8_lossy(&self.octets).into_owned(),
        }
    }

    /// The octets as big-endian numbers of `size` octets; a short last one is taken as it is.
    fn units(&self, size: usize) -> impl Iterator<Item = u32> {
        self.octets.chunks(size).map(|unit| unit.iter().fold(0, |n, octet| n << 8 | u32::from(*octet)))
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lossy())
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{StringType, Text};
    use crate::tlv::tag;

    #[rstest]
    #[case::printable(StringType::Printable, "Router-1", b"Router-1")]
    #[case::latin_1(StringType::T61, "\u{e9}", &[0xe9])]
    #[case::bmp(StringType::Bmp, "a\u{e9}", &[0, b'a', 0, 0xe9])]
    #[case::universal(StringType::Universal, "\u{1f512}", &[0, 1, 0xf5, 0x12])]
    #[case::utf8(StringType::Utf8, "\u{e9}", &[0xc3, 0xa9])]
    fn a_text_has_the_octets_of_its_type(
        #[case] kind: StringType,
        #[case] text: &str,
        #[case] octets: &[u8],
    ) {
        let value = Text::new(kind, text).unwrap();
        assert_eq!((value.octets.as_slice(), value.lossy().as_str()), (octets, text));
    }

    #[rstest]
    #[case(StringType::Printable, "a_b", "PrintableString cannot hold `_` at byte 1 of `a_b`")]
    #[case(StringType::Ia5, "\u{e9}", "IA5String cannot hold `\u{e9}` at byte 0")]
    #[case(StringType::Bmp, "x\u{1f512}", "BMPString cannot hold `\u{1f512}` at byte 1")]
    #[case(StringType::Numeric, "1-", "NumericString cannot hold `-` at byte 1")]
    fn what_a_type_cannot_hold_is_named(#[case] kind: StringType, #[case] text: &str, #[case] words: &str) {
        let error = Text::new(kind, text).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }

    #[rstest]
    #[case::utf8(tag::UTF8_STRING, &[0xff], "\u{fffd}")]
    #[case::odd_bmp(tag::BMP_STRING, &[0, b'a', 0], "a\0")]
    #[case::surrogate(tag::BMP_STRING, &[0xd8, 0], "\u{fffd}")]
    #[case::universal(tag::UNIVERSAL_STRING, &[0xff; 4], "\u{fffd}")]
    #[case::t61(tag::T61_STRING, &[b'M', 0xfc], "M\u{fc}")]
    #[case::t61_with_utf8(tag::T61_STRING, "\u{e9}".as_bytes(), "\u{e9}")]
    #[case::printable(tag::PRINTABLE_STRING, "\u{e9}".as_bytes(), "\u{e9}")]
    #[case::no_string(tag::OCTET_STRING, b"ab", "ab")]
    fn octets_of_doubtful_meaning_are_shown_but_are_no_exact_text(
        #[case] tag: u8,
        #[case] octets: &[u8],
        #[case] shown: &str,
    ) {
        let text = Text { tag, octets: octets.to_vec() };
        assert_eq!((text.exact(), text.lossy().as_str()), (None, shown));
    }

    #[test]
    fn types_have_the_names_of_x680() {
        let names: Vec<String> =
            [0x13, 0x14, 0x1c, 0x04].map(|tag| Text { tag, octets: Vec::new() }.type_name()).into();
        assert_eq!(names, ["PrintableString", "T61String", "UniversalString", "tag 0x04"]);
    }
}
