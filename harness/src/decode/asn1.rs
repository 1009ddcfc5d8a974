//! Elements without a meaning known here: tag, value, place. What is shown of a structure that no reader
//! takes.

use scep::attribute::Text;
use scep::limits;
use scep::oid;
use scep::tlv::{Tlv, tag};

use super::tree::{Node, Reader, hex};

impl Reader<'_> {
    /// The element and everything in it.
    pub(super) fn element(&mut self, element: &Tlv<'_>) -> Node {
        let mut listing = Listing { reader: self, after_challenge: false };
        listing.node(element, 0)
    }
}

struct Listing<'r, 'k> {
    reader: &'r mut Reader<'k>,
    /// A challengePassword was named: what follows may hold it, wherever a broken request has it.
    after_challenge: bool,
}

impl Listing<'_, '_> {
    fn node(&mut self, element: &Tlv<'_>, depth: usize) -> Node {
        let node = Node::new(tag_name(element.tag)).at(element.place());
        self.reader.elements_left = self.reader.elements_left.saturating_sub(1);
        if !element.is_constructed() {
            return node.value(self.primitive(element));
        }
        if depth >= limits::DEPTH {
            return node.value(format!("nested over {} levels deep, not followed", limits::DEPTH));
        }
        let members = match element.members() {
            Ok(members) => members,
            Err(error) => return node.value(format!("not read: {error}")),
        };
        let mut children = Vec::new();
        for (index, member) in members.iter().enumerate() {
            if self.reader.elements_left == 0 {
                children.push(Node::new("…").value(format!("{} more elements", members.len() - index)));
                break;
            }
            children.push(self.node(member, depth + 1));
        }
        node.with(children)
    }

    fn primitive(&mut self, element: &Tlv<'_>) -> String {
        if element.tag == tag::OID {
            self.after_challenge |=
                oid::name_of_content(element.content()).as_deref() == Some("challengePassword");
        } else if self.after_challenge && !self.reader.show_secrets {
            return "redacted (--show-secrets)".to_owned();
        }
        primitive(element.tag, element.content())
    }
}

/// The value of a primitive element in words.
pub(super) fn primitive(kind: u8, content: &[u8]) -> String {
    match kind & !tag::CONSTRUCTED {
        tag::OID => oid::name_of_content(content).unwrap_or_else(|| hex(content)),
        tag::BOOLEAN => (content != [0]).to_string(),
        tag::INTEGER if matches!(content, [small] if *small < 0x80) => {
            content.first().map(u8::to_string).unwrap_or_default()
        }
        tag::NULL if content.is_empty() => String::new(),
        tag::UTF8_STRING
        | tag::PRINTABLE_STRING
        | tag::T61_STRING
        | tag::IA5_STRING
        | tag::BMP_STRING
        | tag::UTC_TIME
        | tag::GENERALIZED_TIME => Text { tag: kind & !tag::CONSTRUCTED, octets: content.to_vec() }.lossy(),
        _ => hex(content),
    }
}

/// The name of an identifier octet.
pub(super) fn tag_name(kind: u8) -> String {
    let name = match kind & !tag::CONSTRUCTED {
        tag::BOOLEAN => "BOOLEAN",
        tag::INTEGER => "INTEGER",
        tag::BIT_STRING => "BIT STRING",
        tag::OCTET_STRING => "OCTET STRING",
        tag::NULL => "NULL",
        tag::OID => "OBJECT IDENTIFIER",
        0x0a => "ENUMERATED",
        tag::UTF8_STRING => "UTF8String",
        tag::PRINTABLE_STRING => "PrintableString",
        tag::T61_STRING => "T61String",
        tag::IA5_STRING => "IA5String",
        tag::UTC_TIME => "UTCTime",
        tag::GENERALIZED_TIME => "GeneralizedTime",
        tag::BMP_STRING => "BMPString",
        0x10 => "SEQUENCE",
        0x11 => "SET",
        other if other & 0xc0 == 0x80 => return format!("[{}]", other & 0x1f),
        _ => return format!("tag 0x{kind:02x}"),
    };
    name.to_owned()
}
