//! Faults: named departures as pure data, and the operators that apply them.
//!
//! The catalogue is `scep/faults/*.toml`, embedded. A fault is one operator; an operator acts at one stage
//! of writing, so that everything after that stage is correct again: a message with a flipped nonce is signed
//! over the flipped nonce. The stages are the modules here, each with its operators and what they do:
//!
//! ```text
//!  message -> csr, certificate, crl, payload -> envelope -> signature (eContent) -> attributes -> signature
//!          -> asn1 (octets of any layer) -> http (the message, and how it is delivered)          time: where it stands
//! ```

pub mod asn1;
pub mod attributes;
pub mod certificate;
pub mod crl;
pub mod csr;
pub mod envelope;
pub mod http;
pub mod message;
mod octets;
mod operator;
pub mod payload;
mod script;
pub mod signature;
pub mod stranger;
pub mod time;

pub use asn1::Layer;
pub use operator::Operator;
pub use script::{About, Order, Script, When};

use std::sync::LazyLock;

use serde::Deserialize;

use crate::UnixTime;
use crate::error::{Error, Result};

/// A named departure.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Stable name, e.g. `attr.recipientNonce.flip`.
    pub id: String,
    /// What it does, in words.
    pub title: String,
    /// Requirements that it violates.
    pub breaks: Vec<String>,
    /// What is done.
    #[serde(rename = "do")]
    pub operator: Operator,
}

/// Schema name of the catalogue's files.
const SCHEMA: &str = "sceptic/faults/1";

/// The catalogue's files, embedded.
const FILES: &[(&str, &str)] = &[
    ("faults/attributes.toml", include_str!("../faults/attributes.toml")),
    ("faults/signed.toml", include_str!("../faults/signed.toml")),
    ("faults/envelope.toml", include_str!("../faults/envelope.toml")),
    ("faults/payload.toml", include_str!("../faults/payload.toml")),
    ("faults/asn1.toml", include_str!("../faults/asn1.toml")),
    ("faults/http.toml", include_str!("../faults/http.toml")),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema: String,
    fault: Vec<Fault>,
}

/// All faults of the catalogue, in the order of its files. They are read once.
///
/// # Errors
/// When a file does not parse: the build's own tests read them all, so this is a defect of the build.
pub fn catalogue() -> Result<&'static [Fault]> {
    static ALL: LazyLock<Result<Vec<Fault>>> = LazyLock::new(|| {
        let files = FILES.iter().map(|(name, text)| read(name, text));
        Ok(files.collect::<Result<Vec<_>>>()?.concat())
    });
    ALL.as_deref().map_err(Clone::clone)
}

/// Reads faults from the text of one file; `name` is for messages.
///
/// # Errors
/// When it is no fault file, with line and column.
pub fn read(name: &str, text: &str) -> Result<Vec<Fault>> {
    let broken = |detail: String| Error::Misuse { what: "fault file", detail: format!("{name}: {detail}") };
    let file: File = toml::from_str(text).map_err(|e| broken(e.to_string()))?;
    if file.schema != SCHEMA {
        return Err(broken(format!("expected schema `{SCHEMA}`, got `{}`", file.schema)));
    }
    Ok(file.fault)
}

/// The fault of a name in the catalogue.
///
/// # Errors
/// When there is none.
pub fn find(id: &str) -> Result<Fault> {
    catalogue()?
        .iter()
        .find(|fault| fault.id == id)
        .cloned()
        .ok_or_else(|| Error::Misuse { what: "fault", detail: format!("`{id}` is not in the catalogue") })
}

/// The faults that one message is written with, and which of them changed something.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    list: Vec<Fault>,
    applied: Vec<String>,
    now: Option<UnixTime>,
}

impl Faults {
    /// No fault: a correct message.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// These faults.
    #[must_use]
    pub fn new(list: Vec<Fault>) -> Self {
        Self { list, applied: Vec::new(), now: None }
    }

    /// The same faults, for a message that is written at that time: those of signingTime need to know.
    #[must_use]
    pub fn at(mut self, now: UnixTime) -> Self {
        self.now = Some(now);
        self
    }

    /// Ids of the faults that found what they change and changed it.
    #[must_use]
    pub fn applied(&self) -> &[String] {
        &self.applied
    }

    /// Runs `act` for every fault; one that says true is noted as applied.
    fn each(&mut self, mut act: impl FnMut(&Operator) -> bool) {
        for fault in &self.list {
            if act(&fault.operator) && !self.applied.contains(&fault.id) {
                self.applied.push(fault.id.clone());
            }
        }
    }
}
