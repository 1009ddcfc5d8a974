//! Stage 3: the envelope, its content encrypted already.

use serde::Deserialize;

use super::octets::{append, cut, replace, unhex, xor_at};
use super::stranger;
use super::{Faults, Operator};
use crate::cms::{EnvelopeParts, Recipient};
use crate::tlv::tag;
use crate::{oid, write};

/// Operators on the envelope.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "op", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Envelope {
    /// messageData goes into eContent as it is, without an envelope.
    Bare {},
    /// Another identifier for the cipher; the octets stay.
    CipherOid {
        /// Identifier.
        oid: String,
    },
    /// contentType of the encrypted content.
    ContentType {
        /// Identifier.
        oid: String,
    },
    /// The recipient's serial number changes in its last octet.
    RecipientXor {
        /// Mask.
        xor: u8,
    },
    /// The recipient is named by issuer and serial number of somebody else.
    RecipientStranger {},
    /// The recipient is named by subjectKeyIdentifier.
    RecipientKeyId {},
    /// The RecipientInfo is written as often as this: not at all, or several times.
    RecipientCopies {
        /// How often.
        copies: usize,
    },
    /// A RecipientInfo for somebody else is there too. What it has for a key opens nothing.
    RecipientAdd {
        /// In front of the recipient's, or behind it.
        first: bool,
    },
    /// One octet of the encrypted key is changed.
    KeyXor {
        /// Which.
        at: i64,
        /// Mask.
        xor: u8,
    },
    /// The last octets of the encrypted key are cut off.
    KeyCut {
        /// How many.
        drop: usize,
    },
    /// The initialisation vector has other octets.
    Iv {
        /// The octets.
        hex: String,
    },
    /// One octet of the encrypted content is changed.
    EncryptedXor {
        /// Which.
        at: i64,
        /// Mask.
        xor: u8,
    },
    /// The last octets of the encrypted content are cut off.
    EncryptedCut {
        /// How many.
        drop: usize,
    },
    /// Octets after the encrypted content, in the same string.
    EncryptedAppend {
        /// The octets.
        hex: String,
    },
    /// The padding of the content is none: its last octet decrypts to a number over the block length. In CBC
    /// mode the block before it is lost with it.
    Padding {},
}

impl Faults {
    /// True when the content is not to be enveloped.
    pub(crate) fn envelope_is_bare(&mut self) -> bool {
        let mut is_bare = false;
        self.each(|operator| {
            let bare = *operator == Operator::Envelope(Envelope::Bare {});
            is_bare |= bare;
            bare
        });
        is_bare
    }

    /// How the recipient is named, for faults that must know its certificate.
    pub(crate) fn recipient(&mut self, parts: &mut EnvelopeParts, recipient: &Recipient) {
        self.each(|operator| match operator {
            Operator::Envelope(Envelope::RecipientKeyId {}) => {
                let key = recipient.certificate().and_then(|certificate| certificate.public_key().ok());
                let identifier = key.and_then(|key| key.identifier().ok());
                let rid = identifier.map(|identifier| write::tlv(tag::context_primitive(0), &identifier));
                replace(&mut parts.rid, rid)
            }
            _ => false,
        });
    }

    /// The envelope, its content encrypted already.
    pub(crate) fn envelope(&mut self, parts: &mut EnvelopeParts) {
        self.each(|operator| match operator {
            Operator::Envelope(operator) => operator.apply(parts),
            _ => false,
        });
    }
}

impl Envelope {
    fn apply(&self, parts: &mut EnvelopeParts) -> bool {
        match self {
            Self::Bare {} | Self::RecipientKeyId {} => false,
            Self::CipherOid { oid } => replace(&mut parts.cipher, oid::parse(oid)),
            Self::ContentType { oid } => replace(&mut parts.content_type, oid::parse(oid)),
            // The serial number is the last element of rid.
            Self::RecipientXor { xor } => xor_at(&mut parts.rid, -1, *xor),
            Self::RecipientStranger {} => {
                let stranger = stranger::certificate().ok();
                replace(&mut parts.rid, stranger.map(|stranger| stranger.issuer_and_serial()))
            }
            Self::RecipientCopies { copies } => replace(&mut parts.copies, Some(*copies)),
            Self::RecipientAdd { first } => {
                let Ok(stranger) = stranger::certificate() else { return false };
                let key: Vec<u8> = parts.encrypted_key.iter().rev().copied().collect();
                let other = parts.form.write(&stranger.issuer_and_serial(), &key);
                if *first {
                    parts.before.push(other)
                } else {
                    parts.after.push(other)
                }
                true
            }
            Self::KeyXor { at, xor } => xor_at(&mut parts.encrypted_key, *at, *xor),
            Self::KeyCut { drop } => cut(&mut parts.encrypted_key, *drop),
            Self::Iv { hex } => replace(&mut parts.iv, Some(unhex(hex))),
            Self::EncryptedXor { at, xor } => xor_at(&mut parts.encrypted, *at, *xor),
            Self::EncryptedCut { drop } => cut(&mut parts.encrypted, *drop),
            Self::EncryptedAppend { hex } => append(&mut parts.encrypted, hex),
            Self::Padding {} => {
                // The last octet of the block before the last one: its change shows in the padding's length.
                let at = i64::try_from(parts.iv.len()).unwrap_or(0).saturating_add(1);
                xor_at(&mut parts.encrypted, -at, 0xf0)
            }
        }
    }
}
