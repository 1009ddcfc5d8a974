//! Distinguished names: text in either of two forms to DER and back, and whether two names are the same.
//!
//! ```text
//! Name ::= SEQUENCE OF RelativeDistinguishedName    RelativeDistinguishedName ::= SET OF { type, value }
//!
//! /C=DE/O=lab/CN=router-1    the order of the encoding; what device command lines and openssl take
//! CN=router-1,O=lab,C=DE     RFC 4514: the most specific first; what people and directories write
//! ```
//!
//! A text names a DirectoryString only, never its string type: [`Strings`] chooses that. What has no text
//! without doubt (octets that are no UTF-8, the upper half of T61String, values that are no string) is
//! printed as `#` and the hex of its element, which both forms read back.

mod attribute_type;
mod compare;
mod rfc4514;
mod slash;
mod value;

pub use attribute_type::{AttributeType, TYPES};
pub use compare::{canonical, same};
pub use value::Strings;
pub(crate) use value::{element as element_of_hex, hex as hex_of};

use const_oid::ObjectIdentifier;

use crate::cms::read_oid;
use crate::error::{Error, Result};
use crate::text::Text;
use crate::tlv::{Source, Tlv, tag};
use crate::{limits, write};

/// A name as data. Change it to make a wrong one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Name {
    /// RelativeDistinguishedNames in the order of the encoding: the most general first.
    pub rdns: Vec<Vec<TypeAndValue>>,
}

/// AttributeTypeAndValue, RFC 5280 4.1.2.4.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TypeAndValue {
    /// Attribute type.
    pub oid: ObjectIdentifier,
    /// The whole element of the value.
    pub value: Vec<u8>,
}

impl Name {
    /// A name from text: in slash form when it begins with `/`, else in the form of RFC 4514. No attribute
    /// type begins with a slash, so there is no doubt.
    ///
    /// # Errors
    /// [`Error::Misuse`] that quotes the piece that is wrong, with its byte offset in the text.
    pub fn parse(text: &str, strings: Strings) -> Result<Self> {
        let parsed =
            if text.starts_with('/') { slash::parse(text, strings) } else { rfc4514::parse(text, strings) };
        parsed.map_err(|Wrong { at, detail }| Error::Misuse {
            what: "distinguished name",
            detail: format!("{detail} at byte {at} of `{}`", text.escape_debug()),
        })
    }

    /// Reads a Name; the values stay as received.
    ///
    /// # Errors
    /// When it is no SEQUENCE of SETs of one pair or more, or holds more than [`limits::NAME_ATTRIBUTES`].
    pub fn read(element: &Tlv<'_>) -> Result<Self> {
        const WHAT: &str = "Name";
        let mut count = 0;
        let rdn = |rdn: Tlv<'_>| {
            let pairs = rdn.expect(WHAT, tag::SET)?.members()?;
            if pairs.is_empty() {
                return Err(rdn.malformed(WHAT, "expected an RDN of one member or more, got none"));
            }
            count += pairs.len();
            limits::at_most(limits::NAME_ATTRIBUTES, "attributes", count, element, WHAT)?;
            pairs.into_iter().map(|pair| TypeAndValue::read(&pair)).collect()
        };
        let rdns = element.expect(WHAT, tag::SEQUENCE)?.members()?.into_iter().map(rdn);
        Ok(Self { rdns: rdns.collect::<Result<_>>()? })
    }

    /// Reads a Name from DER; None when it is none.
    #[must_use]
    pub fn from_der(der: &[u8]) -> Option<Self> {
        Self::read(&Tlv::read(Source::message(der), 0).ok()?).ok()
    }

    /// DER: the members of an RDN in order.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        let rdns = self.rdns.iter().map(|rdn| {
            write::set_sorted(
                rdn.iter().map(|pair| write::sequence(&[&write::oid(pair.oid), &pair.value])).collect(),
            )
        });
        write::tlv(tag::SEQUENCE, &rdns.collect::<Vec<_>>().concat())
    }

    /// RFC 4514 text, e.g. `CN=router-1,O=lab`.
    #[must_use]
    pub fn rfc4514(&self) -> String {
        rfc4514::print(self)
    }

    /// Text in slash form, e.g. `/O=lab/CN=router-1`; `/` for the empty name.
    #[must_use]
    pub fn slash(&self) -> String {
        slash::print(self)
    }

    /// True when both are the same name by the rules of RFC 5280 7.1: whatever their string types, letter
    /// case and repeated blanks.
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        compare::names(self, other)
    }
}

impl TypeAndValue {
    fn read(pair: &Tlv<'_>) -> Result<Self> {
        const WHAT: &str = "AttributeTypeAndValue";
        match pair.expect(WHAT, tag::SEQUENCE)?.members()?.as_slice() {
            [oid, value] => Ok(Self { oid: read_oid(oid, WHAT)?, value: value.bytes().to_vec() }),
            members => {
                Err(pair.malformed(WHAT, format!("expected type and value, got {} members", members.len())))
            }
        }
    }

    /// The value as a string; None when it is an element of another type, or not one element.
    #[must_use]
    pub fn text(&self) -> Option<Text> {
        let value = Tlv::read(Source::message(&self.value), 0).ok()?;
        let text = Text::read(&value, &mut Vec::new()).ok()?;
        (text.kind().is_some() && value.bytes().len() == self.value.len()).then_some(text)
    }
}

/// DER of a name given as text in either form, DirectoryStrings as UTF8String (RFC 5280 4.1.2.4).
///
/// # Errors
/// As [`Name::parse`].
pub fn parse(text: &str) -> Result<Vec<u8>> {
    Name::parse(text, Strings::default()).map(|name| name.write())
}

/// RFC 4514 text of a DER name; `#` and its hex octets when it is none.
#[must_use]
pub fn print(der: &[u8]) -> String {
    Name::from_der(der).map_or_else(|| value::hex(der), |name| name.rfc4514())
}

/// Slash form of a DER name; `#` and its hex octets when it is none.
#[must_use]
pub fn print_slash(der: &[u8]) -> String {
    Name::from_der(der).map_or_else(|| value::hex(der), |name| name.slash())
}

/// What is wrong with a text, and where.
#[derive(Debug)]
struct Wrong {
    at: usize,
    detail: String,
}

impl Wrong {
    fn new(at: usize, detail: impl Into<String>) -> Self {
        Self { at, detail: detail.into() }
    }
}

#[cfg(test)]
mod tests;
