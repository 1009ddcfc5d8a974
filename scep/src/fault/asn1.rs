//! Encoded octets of any layer: another form of the same value, or no value at all.
//!
//! An operator acts on one element, which `layer` and `at` name. What stands around it keeps its octets, but for
//! the lengths of the elements that it is in. The layers, in the order of writing:
//!
//! | layer | octets |
//! |---|---|
//! | `csr-info` | CertificationRequestInfo, before it is signed |
//! | `tbs` | TBSCertificate, before it is signed |
//! | `data` | plain messageData |
//! | `content` | eContent, before its digest is made |
//! | `attributes` | one signed attribute, before signing; `at` begins with its name |
//! | `message` | the whole pkiMessage |
//! | `ca-certificates` | the body of a GetCACert answer with several certificates |
//!
//! `at` is a path of members from the outermost element of the layer, which is the empty path: numbers from 0,
//! from the end when negative; the name of an object identifier for the member SEQUENCE that begins with it; and,
//! in front, one of the names of [`PLACES`]. `eContent`, `signerInfo.3` and `3.challengePassword.1` are paths.

mod edit;
mod place;

pub use place::{Layer, PLACES};

use rand_core::RngCore;
use serde::Deserialize;

use super::octets::{append, replace, truncate, unhex};
use super::{Faults, Operator};
use edit::Edit;

/// One operator and the element that it acts on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asn1 {
    /// Which octets.
    pub layer: Layer,
    /// Which element of them.
    pub at: String,
    /// What is done to it.
    pub form: Form,
}

/// Operators on encoded octets.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "op", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Form {
    /// The element and the constructed ones inside it, so many levels, get an indefinite length.
    Indefinite {
        /// Levels; 1 for the element itself.
        levels: usize,
    },
    /// A string comes in chunks under a constructed tag.
    Chunks {
        /// Octets of each chunk but the last.
        size: usize,
        /// The constructed string has an indefinite length.
        #[serde(default)]
        indefinite: bool,
    },
    /// The length is written in so many octets after the first.
    LongLength {
        /// Octets.
        octets: usize,
    },
    /// The length says more or less than there is; nothing else changes.
    Length {
        /// By how much.
        add: i64,
    },
    /// The members come in reverse order.
    Reverse {},
    /// The element is left out.
    Remove {},
    /// The element is written twice.
    Duplicate {},
    /// Another element, or none that can be read, stands there.
    Replace {
        /// Its octets.
        hex: String,
    },
    /// Other content, and the same tag.
    Content {
        /// The octets.
        hex: String,
    },
    /// Octets after the element.
    Append {
        /// The octets.
        hex: String,
    },
    /// Another tag, and the same content.
    Tag {
        /// Identifier octet.
        tag: u8,
    },
    /// The element is wrapped in so many elements of a tag.
    Nest {
        /// How many.
        levels: usize,
        /// Identifier octet.
        tag: u8,
    },
    /// The layer ends inside the element; lengths stay as they were.
    Truncate {
        /// Octets of the element that remain, in a thousand.
        permille: usize,
    },
    /// Bits of the element change, chosen by the message's generator. Not in layers that are signed before the
    /// message is.
    Random {
        /// How many octets change.
        octets: usize,
    },
}

/// As it stands in a file: `layer` and `at` beside the operator's own parameters.
impl<'de> Deserialize<'de> for Asn1 {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        let mut table = toml::Table::deserialize(deserializer)?;
        let layer = table.remove("layer").ok_or_else(|| D::Error::missing_field("layer"))?;
        let layer: Layer = layer.try_into().map_err(|e: toml::de::Error| D::Error::custom(e.message()))?;
        let at = match table.remove("at") {
            None => String::new(),
            Some(toml::Value::String(at)) => at,
            Some(other) => return Err(D::Error::custom(format!("`at` is a path, got {other}"))),
        };
        place::check(layer, &at).map_err(D::Error::custom)?;
        let form = table.try_into().map_err(|e: toml::de::Error| D::Error::custom(e.message()))?;
        Ok(Self { layer, at, form })
    }
}

impl Faults {
    /// The octets of a layer.
    pub(crate) fn layer(&mut self, layer: Layer, octets: &mut Vec<u8>, rng: Option<&mut dyn RngCore>) {
        let mut rng = rng;
        self.each(|operator| match operator {
            Operator::Asn1(operator) if operator.layer == layer => {
                let rng = rng.as_mut().map(|rng| &mut **rng as &mut dyn RngCore);
                operator.apply(&operator.at, octets, rng)
            }
            _ => false,
        });
    }

    /// The encoded message.
    pub(crate) fn bytes(&mut self, bytes: &mut Vec<u8>, rng: &mut dyn RngCore) {
        self.layer(Layer::Message, bytes, Some(rng));
    }

    /// One encoded attribute, before it is signed.
    pub(crate) fn encoded_attribute(&mut self, octets: &mut Vec<u8>, rng: &mut dyn RngCore) {
        self.each(|operator| match operator {
            Operator::Asn1(operator) if operator.layer == Layer::Attributes => {
                let (name, at) = operator.at.split_once('.').unwrap_or((&operator.at, ""));
                place::is_attribute(octets, name) && operator.apply(at, octets, Some(&mut *rng))
            }
            _ => false,
        });
    }
}

impl Asn1 {
    fn apply(&self, at: &str, octets: &mut Vec<u8>, rng: Option<&mut dyn RngCore>) -> bool {
        let path = place::path(self.layer, at);
        match &self.form {
            Form::Truncate { permille } if path.is_empty() => truncate(octets, *permille),
            Form::Truncate { permille } => match place::locate(octets, &path) {
                Some(range) => {
                    let before = octets.len();
                    octets.truncate(range.start + (range.end - range.start).saturating_mul(*permille) / 1000);
                    octets.len() < before
                }
                None => false,
            },
            // Where the layer is no element at all, these still have something to do.
            Form::Append { hex } if path.is_empty() => append(octets, hex),
            Form::Replace { hex } if path.is_empty() => replace(octets, Some(unhex(hex))),
            form => {
                let mut edit = Edit { form, rng };
                let changed = place::edit(octets, &path, &mut |element| edit.element(element));
                replace(octets, changed)
            }
        }
    }
}
