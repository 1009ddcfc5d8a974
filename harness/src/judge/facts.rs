//! The closed table of facts: everything that a check can name. One row each: path, type, parent, what it is,
//! and how it is found.
//!
//! A path whose own value is missing is *absent*; one whose parent is missing (no answer, no message, an
//! envelope that does not open) is *missing*, and the check unjudged.

mod ca;
mod http;
mod lookup;
mod message;
mod next_ca;
mod payload;
mod run;

use scep::{Part, Place};

use super::decoded::{Decoded, Side};
use super::view::View;
use crate::data::operator::Value;
use crate::transcript::{Exchange, File, Reply, Response};

/// What a reference finds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Fact {
    /// A value.
    Found {
        /// The value; octets as lower-case hex text.
        value: Value,
        /// Number of octets, where it is octets.
        octets: Option<usize>,
        /// Where it stands.
        place: Option<FactPlace>,
    },
    /// It is not there.
    Absent,
    /// Something that it is part of is not there, in these words.
    Missing(String),
}

/// Where a fact stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FactPlace {
    side: Which,
    place: Place,
}

/// Request or reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    Request,
    Reply,
}

/// Type of a fact's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text or a name.
    Text,
    /// A number.
    Number,
    /// `true` or `false`.
    Bool,
    /// Octets, compared as lower-case hex text; `length` counts octets.
    Octets,
    /// A list of texts.
    List,
}

/// One row of the table.
#[derive(Clone, Copy)]
pub struct Row {
    /// Path; for message rows without `request.` or `reply.`.
    pub path: &'static str,
    /// Type of the value.
    pub kind: Kind,
    /// What must be there for the fact to be asked, in words.
    pub parent: &'static str,
    /// What it is.
    pub doc: &'static str,
    find: Find,
}

impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Row").field("path", &self.path).field("kind", &self.kind).finish_non_exhaustive()
    }
}

#[derive(Clone, Copy)]
enum Find {
    /// From the whole view.
    View(fn(&View<'_>) -> Fact),
    /// From an exchange and its HTTP answer.
    Http(fn(&Exchange, &Response) -> Fact),
    /// From one pkiMessage; the same row serves `request.` and `reply.`.
    Message(fn(&Scene<'_>) -> Fact),
}

/// One pkiMessage and what surrounds it.
pub(super) struct Scene<'a> {
    which: Which,
    side: &'a Side,
    decoded: &'a Decoded,
    view: &'a View<'a>,
}

impl Fact {
    /// Where it stands.
    pub(super) fn place(&self) -> Option<FactPlace> {
        match self {
            Self::Found { place, .. } => *place,
            Self::Absent | Self::Missing(_) => None,
        }
    }

    fn text(text: impl Into<String>) -> Self {
        Self::Found { value: Value::Text(text.into()), octets: None, place: None }
    }

    fn number(number: impl TryInto<i64>) -> Self {
        Self::Found { value: Value::Int(number.try_into().unwrap_or(i64::MAX)), octets: None, place: None }
    }

    fn bool(yes: bool) -> Self {
        Self::Found { value: Value::Bool(yes), octets: None, place: None }
    }

    fn octets(octets: &[u8]) -> Self {
        Self::Found { value: Value::Text(hex::encode(octets)), octets: Some(octets.len()), place: None }
    }

    fn list<T: Into<String>>(items: impl IntoIterator<Item = T>) -> Self {
        let items = items.into_iter().map(|item| Value::Text(item.into())).collect();
        Self::Found { value: Value::List(items), octets: None, place: None }
    }

    fn missing(why: impl Into<String>) -> Self {
        Self::Missing(why.into())
    }

    fn at(self, side: Which, place: Place) -> Self {
        match self {
            Self::Found { value, octets, .. } => {
                Self::Found { value, octets, place: Some(FactPlace { side, place }) }
            }
            other => other,
        }
    }
}

impl<T: Into<Self>> From<Option<T>> for Fact {
    fn from(found: Option<T>) -> Self {
        found.map_or(Self::Absent, Into::into)
    }
}

impl FactPlace {
    /// File name in the evidence folder, and the octets in it.
    pub(super) fn in_evidence(self, view: &View<'_>) -> Option<(String, [usize; 2])> {
        let (index, exchange, _) = view.exchange?;
        let file = match (self.side, self.place.part) {
            // The evidence has the query and the header fields in the transcript.
            (_, Part::Query | Part::ContentType) => return None,
            (Which::Request, Part::Message | Part::Body) => File::Request,
            (Which::Request, Part::Content) => File::RequestContent,
            (Which::Request, Part::MessageData) => File::RequestData,
            (Which::Reply, Part::Message | Part::Body) => File::Reply,
            (Which::Reply, Part::Content) => File::ReplyContent,
            (Which::Reply, Part::MessageData) => File::ReplyData,
        };
        Some((file.name(index, &exchange.step), [self.place.start, self.place.end]))
    }
}

/// Every path with its type, parent and meaning, in the order of the table.
pub fn paths() -> impl Iterator<Item = (String, &'static Row)> {
    let plain = [http::ROWS, ca::ROWS, next_ca::ROWS, run::ROWS]
        .into_iter()
        .flatten()
        .map(|row| (row.path.to_owned(), row));
    let sides = ["request", "reply"].into_iter().flat_map(|side| {
        let rows = [message::ROWS, payload::ROWS, lookup::ROWS].into_iter().flatten();
        let attributes = message::ATTRIBUTES.iter().flat_map(|name| {
            message::ATTRIBUTE_ROWS.iter().map(move |row| (format!("{name}{}", row.path), row))
        });
        rows.map(|row| (row.path.to_owned(), row))
            .chain(attributes)
            .map(move |(path, row)| (format!("{side}.{path}"), row))
    });
    plain.chain(sides)
}

/// The row of a path.
#[must_use]
pub fn row(path: &str) -> Option<&'static Row> {
    paths().find(|(known, _)| known == path).map(|(_, row)| row)
}

/// Looks a path up.
pub(super) fn look_up(path: &str, view: &View<'_>) -> Fact {
    let Some(row) = row(path) else { return Fact::missing(format!("`{path}` is no path (lint refuses it)")) };
    match row.find {
        Find::View(find) => find(view),
        Find::Http(find) => match view.exchange.map(|(_, exchange, _)| exchange) {
            Some(exchange) => match &exchange.reply {
                Reply::Answered(response) => find(exchange, response),
                Reply::Failed { kind, detail } => Fact::missing(format!("no HTTP answer: {kind}, {detail}")),
                Reply::None => Fact::missing("the step asks nothing over HTTP"),
            },
            None => Fact::missing("the step exchanged nothing"),
        },
        Find::Message(find) => {
            let Some((_, exchange, decoded)) = view.exchange else {
                return Fact::missing("the step exchanged nothing");
            };
            let (which, side) = match path.split_once('.') {
                Some(("request", _)) => (Which::Request, &decoded.request),
                _ => (Which::Reply, &decoded.reply),
            };
            if let (Which::Reply, Reply::Failed { kind, detail }) = (which, &exchange.reply) {
                return Fact::missing(format!("no HTTP answer: {kind}, {detail}"));
            }
            let scene = Scene { which, side, decoded, view };
            match message::attribute_of(path) {
                Some(attribute) => message::attribute(attribute, row.path, &scene),
                None => find(&scene),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::paths;

    #[test]
    fn paths_are_unique_and_documented() {
        let all: Vec<_> = paths().collect();
        let unique: BTreeSet<_> = all.iter().map(|(path, _)| path.clone()).collect();
        assert_eq!(all.len(), unique.len());
        assert!(all.iter().all(|(_, row)| !row.doc.is_empty() && !row.parent.is_empty()));
    }
}
