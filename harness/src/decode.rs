//! `sceptic decode`: from what somebody pasted or captured to a tree of every layer, with its findings.
//!
//! ```text
//! input -> form (PEM, base64, hex, URL, HTTP …) -> octets -> tree (scep's readers) -> text or JSON
//! ```
//!
//! Nothing here judges a subject or knows a case: whatever departs from the RFC is shown where it stands,
//! and named once more at the end. No bytes make it panic; only what has no framing at all is an error.

mod asn1;
mod certificate;
mod crl;
mod envelope;
mod findings;
mod form;
mod http;
mod issuer;
mod print;
mod request;
mod signed;
mod tree;

pub use findings::Departure;
pub use form::Form;
pub use tree::{At, Node};

use scep::certificate::Certificate;
use scep::key::{Password, PrivateKey};
use serde::Serialize;

/// Schema of the JSON output.
pub const SCHEMA: &str = "sceptic/decode/2";

/// How to decode. The default detects the form, opens no envelope and shows no secret.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options<'a> {
    /// Take the input in this form, whatever it looks like.
    pub form: Option<Form>,
    /// Open envelopes.
    pub keys: &'a [PrivateKey],
    /// Open envelopes that are for a password.
    pub passwords: &'a [Password],
    /// Certificates of CAs that are known: certificates and CRLs are verified with them.
    pub cas: &'a [Certificate],
    /// Show the challengePassword.
    pub show_secrets: bool,
}

/// The whole input, decoded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decoded {
    /// Schema of the JSON output.
    pub schema: &'static str,
    /// The form in which the octets came.
    pub form: Form,
    /// Octets in all items together.
    pub octets: usize,
    /// What was in it: one thing, but for a PEM file with several blocks or a file of several HTTP messages.
    pub items: Vec<Item>,
}

/// One message, certificate, request or answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Item {
    /// Label of the PEM block, or `operation` of the query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Its layers.
    pub tree: Node,
    /// Every departure, in the order in which it was met.
    pub findings: Vec<Departure>,
}

/// Why there is nothing to show.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No octets at all.
    #[error("decode the input: it is empty")]
    Empty,
    /// The text is not of the form that it was taken for.
    #[error("read the input as {form}: {detail} at byte {at} of the input")]
    Form {
        /// The form.
        form: Form,
        /// Expected and actual.
        detail: String,
        /// Where it stops making sense, in the input.
        at: usize,
    },
    /// The octets have no ASN.1 framing.
    #[error("decode {form} of {octets} bytes, it is no ASN.1: {stop}")]
    NotAsn1 {
        /// The form that the octets came in.
        form: Form,
        /// How many there are.
        octets: usize,
        /// Where it stops making sense.
        stop: scep::Error,
    },
}

/// Decodes an input.
///
/// # Errors
/// When the input is empty, not of the form asked for, or no ASN.1 at all.
pub fn decode(input: &[u8], options: Options<'_>) -> Result<Decoded, Error> {
    let (form, raw) = form::read(input, options.form)?;
    let octets = raw.iter().map(|item| item.octets.len()).sum();
    let mut items = Vec::with_capacity(raw.len());
    for item in raw {
        let mut reader = tree::Reader::new(options);
        reader.departures = item.findings;
        let content = match &item.octets[..] {
            [] => Node::new("nothing").value("no message in it"),
            octets if form == Form::Text => reader.capabilities(octets),
            octets => match reader.item(octets, item.label.as_deref()) {
                Ok(tree) => tree,
                // A body may be a page for people: then the head is what there is to see.
                Err(stop) if item.head.is_some() => reader.other_body(octets, &stop),
                Err(stop) => return Err(Error::NotAsn1 { form, octets: octets.len(), stop }),
            },
        };
        let tree = match item.head {
            Some(head) => head.around(content),
            None => content,
        };
        items.push(Item { label: item.label, tree, findings: reader.departures });
    }
    Ok(Decoded { schema: SCHEMA, form, octets, items })
}

#[cfg(test)]
mod tests;
