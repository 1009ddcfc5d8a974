//! Stage 5: signed attributes, before they are signed.

use const_oid::ObjectIdentifier;
use rand_core::RngCore;
use serde::Deserialize;

use super::octets::{replace, unhex, xor_at};
use super::{Faults, Operator};
use crate::attribute::{ATTRIBUTES, AttributeParts};
use crate::tlv::{Source, Tlv, tag};
use crate::{oid, write};

/// Operators on attributes; `attr` is the RFC's name of one. The message is signed over the changed ones.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "op", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Attribute {
    /// The attribute is left out.
    Remove {
        /// Which.
        attr: String,
    },
    /// Another text or octet string; the ASN.1 type stays. Added when it was not there.
    Text {
        /// Which.
        attr: String,
        /// Content.
        text: String,
    },
    /// Another content; the ASN.1 type stays. Added as OCTET STRING when it was not there.
    Hex {
        /// Which.
        attr: String,
        /// Content octets.
        hex: String,
    },
    /// Random content of some length, from the message's generator; the ASN.1 type stays.
    Random {
        /// Which.
        attr: String,
        /// Octets.
        length: usize,
    },
    /// One octet of the content is changed.
    Xor {
        /// Which.
        attr: String,
        /// Which octet.
        at: i64,
        /// Mask.
        xor: u8,
    },
    /// Content is cut or filled up with zero octets.
    Resize {
        /// Which.
        attr: String,
        /// New length.
        length: usize,
    },
    /// Text after the content.
    Append {
        /// Which.
        attr: String,
        /// The text.
        text: String,
    },
    /// Content is filled up with one character.
    Fill {
        /// Which.
        attr: String,
        /// The character, ASCII.
        with: char,
        /// New length.
        length: usize,
    },
    /// ASCII letters change case.
    Case {
        /// Which.
        attr: String,
    },
    /// Another ASN.1 type, same content.
    Tag {
        /// Which.
        attr: String,
        /// Identifier octet.
        tag: u8,
    },
    /// A second attribute of the same type with the same value.
    Duplicate {
        /// Which.
        attr: String,
    },
    /// A second value in the same attribute.
    SecondValue {
        /// Which.
        attr: String,
    },
    /// The attribute has no value at all.
    NoValue {
        /// Which.
        attr: String,
    },
    /// A copy of another attribute's value.
    Copy {
        /// The one that is changed.
        attr: String,
        /// The one that is copied.
        from: String,
    },
    /// Moved to the unsigned attributes.
    Unsigned {
        /// Which.
        attr: String,
    },
    /// An attribute of another type is added.
    Add {
        /// Identifier.
        oid: String,
        /// Identifier octet of the value.
        tag: u8,
        /// Content octets of the value.
        hex: String,
    },
    /// The attributes are written, and signed, in reverse of DER order.
    Unsorted {},
}

impl Faults {
    /// The attributes, before they are signed.
    pub(crate) fn attributes(
        &mut self,
        all: &mut Vec<AttributeParts>,
        unsigned: &mut Vec<AttributeParts>,
        rng: &mut dyn RngCore,
    ) {
        self.signing_time(all);
        let unsorted = self.attributes_stay_unsorted();
        self.each(|operator| match operator {
            Operator::Attribute(operator) => operator.apply(all, unsigned, rng),
            _ => false,
        });
        if unsorted {
            all.sort_by_key(|attribute| std::cmp::Reverse(attribute.write()));
        }
    }

    pub(crate) fn attributes_stay_unsorted(&self) -> bool {
        self.list.iter().any(|fault| fault.operator == Operator::Attribute(Attribute::Unsorted {}))
    }
}

impl Attribute {
    fn apply(
        &self,
        all: &mut Vec<AttributeParts>,
        unsigned: &mut Vec<AttributeParts>,
        rng: &mut dyn RngCore,
    ) -> bool {
        match self {
            Self::Remove { attr } => {
                let before = all.len();
                all.retain(|a| Some(a.oid) != oid_of(attr));
                all.len() < before
            }
            Self::Text { attr, text } => set_content(all, attr, tag::PRINTABLE_STRING, text.as_bytes()),
            Self::Hex { attr, hex } => set_content(all, attr, tag::OCTET_STRING, &unhex(hex)),
            Self::Random { attr, length } => edit(all, attr, |_, content| {
                content.resize(*length, 0);
                rng.fill_bytes(content);
            }),
            Self::Xor { attr, at, xor } => edit(all, attr, |_, content| {
                xor_at(content, *at, *xor);
            }),
            Self::Resize { attr, length } => edit(all, attr, |_, content| content.resize(*length, 0)),
            Self::Append { attr, text } => {
                edit(all, attr, |_, content| content.extend_from_slice(text.as_bytes()))
            }
            Self::Fill { attr, with, length } => edit(all, attr, |_, content| {
                content.resize(*length, u8::try_from(*with).unwrap_or(b'?'));
            }),
            Self::Case { attr } => edit(all, attr, |_, content| {
                for octet in content {
                    *octet = if octet.is_ascii_lowercase() {
                        octet.to_ascii_uppercase()
                    } else {
                        octet.to_ascii_lowercase()
                    };
                }
            }),
            Self::Tag { attr, tag } => edit(all, attr, |old, _| *old = *tag),
            Self::Duplicate { attr } => {
                let copy = found(all, attr).cloned();
                let is_there = copy.is_some();
                all.extend(copy);
                is_there
            }
            Self::SecondValue { attr } => match found(all, attr) {
                Some(found) => {
                    found.values.extend(found.values.first().cloned());
                    true
                }
                None => false,
            },
            Self::NoValue { attr } => match found(all, attr) {
                Some(found) => !std::mem::take(&mut found.values).is_empty(),
                None => false,
            },
            Self::Copy { attr, from } => {
                let values = found(all, from).map(|from| from.values.clone());
                found(all, attr).is_some_and(|found| replace(&mut found.values, values))
            }
            Self::Unsigned { attr } => {
                let (moved, kept) =
                    std::mem::take(all).into_iter().partition(|a| Some(a.oid) == oid_of(attr));
                *all = kept;
                let before = unsigned.len();
                unsigned.extend::<Vec<_>>(moved);
                unsigned.len() > before
            }
            Self::Add { oid, tag, hex } => {
                let Some(oid) = oid::parse(oid) else { return false };
                all.push(AttributeParts { oid, values: vec![write::tlv(*tag, &unhex(hex))] });
                true
            }
            Self::Unsorted {} => true,
        }
    }
}

fn oid_of(name: &str) -> Option<ObjectIdentifier> {
    ATTRIBUTES.iter().find(|(known, _)| *known == name).map(|(_, oid)| *oid)
}

fn found<'a>(all: &'a mut [AttributeParts], attr: &str) -> Option<&'a mut AttributeParts> {
    all.iter_mut().find(|attribute| Some(attribute.oid) == oid_of(attr))
}

/// Decodes the first value of an attribute, lets `act` change tag and content, and encodes it again.
/// True when that changed it.
fn edit(all: &mut [AttributeParts], attr: &str, act: impl FnOnce(&mut u8, &mut Vec<u8>)) -> bool {
    let Some(value) = found(all, attr).and_then(|found| found.values.first_mut()) else { return false };
    let Ok(read) = Tlv::read(Source::message(value), 0) else { return false };
    let (mut tag, mut content) = (read.tag, read.content().to_vec());
    act(&mut tag, &mut content);
    replace(value, Some(write::tlv(tag, &content)))
}

fn set_content(all: &mut Vec<AttributeParts>, attr: &str, tag: u8, content: &[u8]) -> bool {
    let Some(oid) = oid_of(attr) else { return false };
    if all.iter().any(|a| a.oid == oid) {
        return edit(all, attr, |_, old| *old = content.to_vec());
    }
    all.push(AttributeParts { oid, values: vec![write::tlv(tag, content)] });
    true
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::SeedableRng;

    use crate::attribute::AttributeParts;
    use crate::fault::{Faults, find};
    use crate::oid;

    #[test]
    fn two_attributes_move_to_the_unsigned_ones_and_none_is_lost() {
        let mut signed = vec![
            AttributeParts::printable(oid::MESSAGE_TYPE, b"19"),
            AttributeParts::printable(oid::TRANSACTION_ID, b"1"),
            AttributeParts::octets(oid::SENDER_NONCE, b"n"),
        ];
        let ids = ["attr.messageType.unsigned", "attr.transactionID.unsigned", "attr.failInfo.unsigned"];
        let mut faults = Faults::new(ids.iter().map(|id| find(id).unwrap()).collect());
        let mut unsigned = Vec::new();
        faults.attributes(&mut signed, &mut unsigned, &mut ChaCha20Rng::seed_from_u64(1));
        let types = |all: &[AttributeParts]| all.iter().map(|a| a.oid).collect::<Vec<_>>();
        assert_eq!(types(&unsigned), [oid::MESSAGE_TYPE, oid::TRANSACTION_ID]);
        assert_eq!(types(&signed), [oid::SENDER_NONCE]);
        assert_eq!(faults.applied(), &ids[..2]);
    }
}
