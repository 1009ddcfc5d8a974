//! Alternative names: a list as text, e.g. `DNS:r1.lab,IP:10.0.0.1`, to GeneralNames and back.
//!
//! ```text
//! GeneralName ::= CHOICE { otherName [0], rfc822Name [1], dNSName [2], x400Address [3], directoryName [4],
//!   ediPartyName [5], uniformResourceIdentifier [6], iPAddress [7], registeredID [8] }     RFC 5280 4.2.1.6
//! ```
//!
//! The words are those of OpenSSL and of client configurations: `email: URI: DNS: RID: IP: dirName:
//! otherName:`. A comma inside a value is written `\,`, a backslash `\\`, a blank at an end `\ `; before
//! any other character a backslash stands for itself, so a name in `dirName:` keeps its own escapes.

mod other_name;
mod print;

// Not `std::net`, which has sockets too.
use core::net::IpAddr;

use const_oid::ObjectIdentifier;

use crate::error::{Error, Result};
use crate::name;
use crate::text::StringType;
use crate::tlv::{Source, Tlv, tag};
use crate::{limits, oid, write};

/// One alternative name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GeneralName {
    /// otherName: a type and its value, a whole element.
    OtherName {
        /// type-id.
        oid: ObjectIdentifier,
        /// value, inside its `[0]`.
        value: Vec<u8>,
    },
    /// rfc822Name, printable US-ASCII.
    Email(String),
    /// dNSName, printable US-ASCII.
    Dns(String),
    /// uniformResourceIdentifier, printable US-ASCII.
    Uri(String),
    /// directoryName: a Name, DER.
    Directory(Vec<u8>),
    /// iPAddress of 4 or 16 octets.
    Ip(IpAddr),
    /// registeredID.
    RegisteredId(ObjectIdentifier),
    /// Anything else, as a whole element: x400Address, ediPartyName, an address of another length, a
    /// name with octets that are no printable US-ASCII.
    Other(Vec<u8>),
}

impl GeneralName {
    /// Reads one name. What has no form of its own is [`GeneralName::Other`].
    ///
    /// # Errors
    /// When the element is not one of the nine choices.
    pub fn read(element: &Tlv<'_>) -> Result<Self> {
        const WHAT: &str = "GeneralName";
        let number = element.tag & 0x1f;
        if element.tag & 0xc0 != 0x80 || number > 8 {
            return Err(
                element.malformed(WHAT, format!("expected [0] to [8], got tag 0x{:02x}", element.tag))
            );
        }
        let text = || {
            let octets = element.string(&mut Vec::new()).ok()?;
            String::from_utf8(octets).ok().filter(|text| text.chars().all(|c| matches!(c, ' '..='~')))
        };
        let read = match number {
            0 => other_name::read(element),
            1 => text().map(Self::Email),
            2 => text().map(Self::Dns),
            4 => element.members().ok().and_then(|members| match members.as_slice() {
                [name] if name.tag == tag::SEQUENCE => Some(Self::Directory(name.bytes().to_vec())),
                _ => None,
            }),
            6 => text().map(Self::Uri),
            7 => address(element.content()).map(Self::Ip),
            8 => ObjectIdentifier::from_bytes(element.content()).ok().map(Self::RegisteredId),
            _ => None,
        };
        Ok(read.unwrap_or_else(|| Self::Other(element.bytes().to_vec())))
    }

    /// The element, DER.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        let text = |number, text: &str| write::tlv(tag::context_primitive(number), text.as_bytes());
        match self {
            Self::OtherName { oid, value } => {
                let value = write::tlv(tag::context(0), value);
                write::tlv(tag::context(0), &[write::oid(*oid), value].concat())
            }
            Self::Email(address) => text(1, address),
            Self::Dns(name) => text(2, name),
            Self::Directory(name) => write::tlv(tag::context(4), name),
            Self::Uri(uri) => text(6, uri),
            Self::Ip(IpAddr::V4(address)) => write::tlv(tag::context_primitive(7), &address.octets()),
            Self::Ip(IpAddr::V6(address)) => write::tlv(tag::context_primitive(7), &address.octets()),
            Self::RegisteredId(oid) => write::tlv(tag::context_primitive(8), oid.as_bytes()),
            Self::Other(element) => element.clone(),
        }
    }

    /// A name from its word and value, e.g. `DNS` and `r1.lab`.
    fn of(word: &str, value: &str) -> std::result::Result<Self, String> {
        let ia5 = || match value.char_indices().find(|(_, c)| !StringType::Visible.holds(*c)) {
            Some((_, odd)) => Err(format!("expected printable US-ASCII, got `{}`", odd.escape_debug())),
            None => Ok(value.to_owned()),
        };
        let oid = || oid::parse(value).ok_or_else(|| format!("`{value}` is no object identifier"));
        let is = |names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(word));
        if value.is_empty() {
            return Err(format!("expected a value after `{word}:`, got nothing"));
        }
        if is(&["email", "rfc822Name"]) {
            if matches!(value, "copy" | "move") {
                return Err(format!("`email:{value}` needs the subject, which is not known here"));
            }
            return ia5().map(Self::Email);
        }
        if is(&["DNS", "dNSName"]) {
            return ia5().map(Self::Dns);
        }
        if is(&["URI", "URL"]) {
            return ia5().map(Self::Uri);
        }
        if is(&["IP", "IP Address", "iPAddress"]) {
            return value
                .parse()
                .map(Self::Ip)
                .map_err(|_| format!("`{value}` is neither an IPv4 nor an IPv6 address"));
        }
        if is(&["RID", "Registered ID", "registeredID"]) {
            return oid().map(Self::RegisteredId);
        }
        if is(&["dirName", "directoryName"]) {
            return name::parse(value).map(Self::Directory).map_err(|error| error.to_string());
        }
        if is(&["otherName"]) {
            return other_name::parse(value);
        }
        if is(&["raw"]) {
            let element =
                name::element_of_hex(value).filter(|octets| octets.first().is_some_and(|t| t >> 6 == 2));
            return element
                .map(Self::Other)
                .ok_or_else(|| "expected the hex of one element with a context tag after `raw:`".to_owned());
        }
        Err(format!("`{word}` is no kind of name: expected email, URI, DNS, RID, IP, dirName or otherName"))
    }
}

fn address(octets: &[u8]) -> Option<IpAddr> {
    <[u8; 4]>::try_from(octets)
        .map(IpAddr::from)
        .or_else(|_| <[u8; 16]>::try_from(octets).map(IpAddr::from))
        .ok()
}

/// Names from a comma separated list.
///
/// # Errors
/// [`Error::Misuse`] that quotes the name that is wrong, with its byte offset in the list.
pub fn parse(text: &str) -> Result<Vec<GeneralName>> {
    items(text).into_iter().map(|item| item.parse(text)).collect()
}

/// The list that reads back as these names.
#[must_use]
pub fn print(names: &[GeneralName]) -> String {
    names.iter().map(print::in_list).collect::<Vec<_>>().join(",")
}

/// Reads GeneralNames, the value of subjectAltName.
///
/// # Errors
/// When it is no SEQUENCE of names, or holds more than [`limits::ALT_NAMES`].
pub fn read(element: &Tlv<'_>) -> Result<Vec<GeneralName>> {
    const WHAT: &str = "GeneralNames";
    let members = element.expect(WHAT, tag::SEQUENCE)?.members()?;
    limits::at_most(limits::ALT_NAMES, "alternative names", members.len(), element, WHAT)?;
    members.iter().map(GeneralName::read).collect()
}

/// Reads GeneralNames from DER; none when they are none.
#[must_use]
pub fn from_der(der: &[u8]) -> Option<Vec<GeneralName>> {
    read(&Tlv::read(Source::message(der), 0).ok()?).ok()
}

/// GeneralNames, DER.
#[must_use]
pub fn write(names: &[GeneralName]) -> Vec<u8> {
    write::tlv(tag::SEQUENCE, &names.iter().map(GeneralName::write).collect::<Vec<_>>().concat())
}

/// One name of a list, its escapes resolved.
struct Item {
    at: usize,
    end: usize,
    /// Characters, and whether a backslash stood before them.
    characters: Vec<(char, bool)>,
}

fn items(text: &str) -> Vec<Item> {
    let mut items = Vec::new();
    let mut item = Item { at: 0, end: text.len(), characters: Vec::new() };
    let mut rest = text.char_indices().peekable();
    while let Some((at, c)) = rest.next() {
        match c {
            ',' => {
                item.end = at;
                items.push(item);
                item = Item { at: at + 1, end: text.len(), characters: Vec::new() };
            }
            '\\' => match rest.next_if(|(_, next)| matches!(next, ',' | '\\' | ' ')) {
                Some((_, escaped)) => item.characters.push((escaped, true)),
                None => item.characters.push(('\\', false)),
            },
            c => item.characters.push((c, false)),
        }
    }
    items.push(item);
    items
}

impl Item {
    fn parse(&self, list: &str) -> Result<GeneralName> {
        let trim = |characters: &[(char, bool)]| {
            let is_blank = |character: &(char, bool)| *character == (' ', false);
            let start = characters.iter().position(|c| !is_blank(c)).unwrap_or(characters.len());
            let end = characters.iter().rposition(|c| !is_blank(c)).map_or(start, |last| last + 1);
            characters.get(start..end).unwrap_or_default().iter().map(|(c, _)| *c).collect::<String>()
        };
        let colon = self.characters.iter().position(|(c, _)| *c == ':');
        let parsed = match colon.map(|colon| self.characters.split_at(colon)) {
            Some((word, value)) => GeneralName::of(&trim(word), &trim(value.get(1..).unwrap_or_default())),
            None => Err("expected KIND:value, got no colon".to_owned()),
        };
        parsed.map_err(|detail| {
            let written = list.get(self.at..self.end).unwrap_or_default();
            Error::Misuse {
                what: "alternative name",
                detail: format!("{detail}, in `{}` at byte {}", written.trim().escape_debug(), self.at),
            }
        })
    }
}

#[cfg(test)]
mod tests;
