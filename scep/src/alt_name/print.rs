//! Alternative names as text.

use std::fmt;

use super::{GeneralName, other_name};
use crate::{name, oid};

/// As an item of a list, but with nothing escaped.
impl fmt::Display for GeneralName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherName { oid, value } => match other_name::print(value) {
                Some(value) => write!(f, "otherName:{};{value}", oid::dotted(*oid)),
                None => raw(self, f),
            },
            // A word without a value reads as a mistake.
            Self::Email(text) | Self::Dns(text) | Self::Uri(text) if text.is_empty() => raw(self, f),
            Self::Email(address) => write!(f, "email:{address}"),
            Self::Dns(name) => write!(f, "DNS:{name}"),
            Self::Uri(uri) => write!(f, "URI:{uri}"),
            Self::Directory(der) => match name::Name::from_der(der) {
                // What is read back is the name with DirectoryStrings in UTF8String.
                Some(read) if read.rdns.is_empty() => f.write_str("dirName:/"),
                Some(read) => write!(f, "dirName:{}", read.rfc4514()),
                None => raw(self, f),
            },
            Self::Ip(address) => write!(f, "IP:{address}"),
            Self::RegisteredId(oid) => write!(f, "RID:{}", oid::dotted(*oid)),
            Self::Other(_) => raw(self, f),
        }
    }
}

fn raw(name: &GeneralName, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "raw:{}", name::hex_of(&name.write()).trim_start_matches('#'))
}

/// As an item of a list: commas, backslashes and blanks at the ends escaped.
pub(super) fn in_list(name: &GeneralName) -> String {
    let text = name.to_string();
    let value_at = text.find(':').map_or(0, |colon| colon + 1);
    let mut escaped = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        let at_end = at == value_at || at + c.len_utf8() == text.len();
        if matches!(c, ',' | '\\') || (c == ' ' && at_end) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}
