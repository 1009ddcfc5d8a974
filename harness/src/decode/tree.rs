//! The tree: nodes with name, value and place, and the reader that recognises a structure by its shape.

use std::fmt;

use scep::caps::{Capabilities, KEYWORDS};
use scep::certificate::Certificate;
use scep::error::Result;
use scep::finding::Part;
use scep::key::{Password, PrivateKey};
use scep::tlv::{Source, Tlv, tag};
use scep::{Finding, Place, Rule};
use serde::Serialize;

use super::certificate::issuer_and_serial;
use super::findings::{Check, Departure};
use super::{Form, Options, form};

/// A range of octets of one part of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct At {
    /// What the offset counts in: `message` (the octets of the item), `eContent` (put together from
    /// chunks), `messageData` (decrypted), `input` (the text itself).
    pub part: &'static str,
    /// First octet.
    pub offset: usize,
    /// How many.
    pub length: usize,
}

impl From<Place> for At {
    fn from(place: Place) -> Self {
        Self { part: place.part.name(), offset: place.start, length: place.end.saturating_sub(place.start) }
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = if self.part == Part::Message.name() { "" } else { self.part };
        write!(f, "{part}@{}+{}", self.offset, self.length)
    }
}

/// One line of the tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Node {
    /// The RFC's name of the field.
    pub name: String,
    /// Its value in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<At>,
    /// What is in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Self>,
}

impl Node {
    pub(super) fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), value: None, at: None, children: Vec::new() }
    }

    pub(super) fn value(self, value: impl Into<String>) -> Self {
        Self { value: Some(value.into()), ..self }
    }

    pub(super) fn at(self, place: impl Into<Option<Place>>) -> Self {
        Self { at: place.into().map(At::from), ..self }
    }

    pub(super) fn with(mut self, children: impl IntoIterator<Item = Self>) -> Self {
        self.children.extend(children);
        self
    }
}

/// Reads one item: what it met on the way is kept here.
#[derive(Debug)]
pub(super) struct Reader<'k> {
    pub(super) keys: &'k [PrivateKey],
    pub(super) passwords: &'k [Password],
    /// Certificates of CAs that were given.
    pub(super) cas: &'k [Certificate],
    /// Certificates of the messages around what is read.
    pub(super) met: Vec<Certificate>,
    pub(super) show_secrets: bool,
    pub(super) departures: Vec<Departure>,
    /// Elements that may still be listed without a name: an input of empty elements must not become a
    /// tree of a million lines.
    pub(super) elements_left: usize,
    /// CMS layers still followed into each other.
    layers_left: usize,
}

/// Three times the elements of a CertRep with a chain of ten certificates.
const ELEMENTS: usize = 3000;

/// pkiMessage, envelope and content are three.
const LAYERS: usize = 8;

impl<'k> Reader<'k> {
    pub(super) fn new(options: Options<'k>) -> Self {
        Self {
            keys: options.keys,
            passwords: options.passwords,
            cas: options.cas,
            met: Vec::new(),
            show_secrets: options.show_secrets,
            departures: Vec::new(),
            elements_left: ELEMENTS,
            layers_left: LAYERS,
        }
    }

    /// Reads the octets of an item.
    pub(super) fn item(&mut self, octets: &[u8], label: Option<&str>) -> Result<Node> {
        if form::is_capabilities(octets) {
            return Ok(self.capabilities(octets));
        }
        if is_private_key(octets, label) {
            return Ok(Node::new("private key").value("not shown"));
        }
        self.structure(Source::message(octets))
    }

    /// An HTTP body that is no ASN.1: text around a message, or something else altogether.
    pub(super) fn other_body(&mut self, octets: &[u8], stop: &scep::Error) -> Node {
        const SHOWN: usize = 200;
        let form = form::detect(octets);
        if matches!(form, Form::Pem | Form::Base64 | Form::Hex)
            && let Ok((_, items)) = form::read(octets, Some(form))
            && let Some(inner) = items.first()
            && let Ok(tree) = self.item(&inner.octets, inner.label.as_deref())
        {
            let at = At { part: "body", offset: 0, length: octets.len() };
            let detail = format!("expected the octets themselves, got {form} around them");
            self.departures.push(Departure::of_rule(Rule::TextBody, None, Some(at), detail));
            return Node::new("body").value(format!("{form} of {} octets", octets.len())).with([tree]);
        }
        let text: String = String::from_utf8_lossy(octets).chars().take(SHOWN).collect();
        let cut = if octets.len() > SHOWN { "…" } else { "" };
        Node::new("body").value(format!("{} octets, no ASN.1 ({stop}): {text}{cut}", octets.len()))
    }

    /// Reads what the octets are, told by their shape.
    pub(super) fn structure(&mut self, source: Source<'_>) -> Result<Node> {
        let mut trailing = Vec::new();
        let outer = Tlv::read_whole(source, &mut trailing)?;
        if outer.tag != tag::SEQUENCE && outer.is_constructed() {
            // Any text begins with some tag and length; what is in it tells.
            outer.members()?;
        }
        let members = outer.members().unwrap_or_default();
        let tags: Vec<u8> = members.iter().map(|member| member.tag).collect();
        if outer.tag != tag::SEQUENCE || self.layers_left == 0 {
            self.found(trailing);
            return Ok(self.element(&outer));
        }
        self.layers_left -= 1;
        let node = match tags.as_slice() {
            [tag::OID] | [tag::OID, 0xa0, ..] => self.content_info(source, &outer),
            [tag::SEQUENCE, tag::SEQUENCE, tag::BIT_STRING] => self.signed_structure(source, &outer),
            // The readers above report what follows the end; nobody does for these.
            other => {
                self.found(trailing);
                match other {
                    [tag::SEQUENCE, tag::SEQUENCE] => self.issuer_and_subject(source, &outer),
                    [tag::SEQUENCE, tag::INTEGER] => issuer_and_serial("IssuerAndSerialNumber", source, None),
                    _ => self.element(&outer),
                }
            }
        };
        self.layers_left += 1;
        Ok(node)
    }

    /// A layer that its reader refuses: the reason, and its elements as they stand.
    pub(super) fn unreadable(&mut self, name: &str, outer: &Tlv<'_>, error: &scep::Error) -> Node {
        let at = match error {
            scep::Error::Malformed { at, .. } => At::from(*at),
            _ => At::from(outer.place()),
        };
        self.check(Check::Unreadable, None, Some(at), format!("{name}: {error}"));
        let elements = self.element(outer);
        Node::new(name).value(format!("not read: {error}")).at(outer.place()).with([elements])
    }

    /// Takes over what a reader found.
    pub(super) fn found(&mut self, findings: Vec<Finding>) {
        for finding in findings {
            let at = Some(At::from(finding.at));
            self.departures.push(Departure::of_rule(finding.rule, None, at, finding.detail));
        }
    }

    /// Notes a departure that is found here.
    pub(super) fn check(&mut self, check: Check, attribute: Option<&str>, at: Option<At>, detail: String) {
        self.departures.push(Departure::of_check(check, attribute, at, detail));
    }

    /// Reads the body of a GetCACaps answer.
    pub(super) fn capabilities(&mut self, body: &[u8]) -> Node {
        let mut findings = Vec::new();
        let capabilities = Capabilities::read(body, &mut findings);
        self.found(findings);
        let keywords = capabilities.keywords().iter().map(|keyword| {
            let known = KEYWORDS.iter().any(|known| known.eq_ignore_ascii_case(keyword));
            Node::new(keyword).value(if known { "RFC 8894 Table 7" } else { "not in RFC 8894 Table 7" })
        });
        let implied = KEYWORDS.iter().filter(|keyword| {
            capabilities.has(keyword)
                && !capabilities.keywords().iter().any(|listed| listed.eq_ignore_ascii_case(keyword))
        });
        let implied = implied.map(|keyword| Node::new(*keyword).value("implied by SCEPStandard"));
        Node::new("GetCACaps answer")
            .value(format!("{} keywords", capabilities.keywords().len()))
            .at(Source::message(body).place(0, body.len()))
            .with(keywords.chain(implied))
    }
}

/// True for a PKCS#8, PKCS#1 or SEC 1 private key: all begin with a version.
fn is_private_key(octets: &[u8], label: Option<&str>) -> bool {
    let versioned = Tlv::read(Source::message(octets), 0)
        .and_then(|outer| outer.members())
        .is_ok_and(|members| members.first().is_some_and(|first| first.tag == tag::INTEGER));
    label.is_some_and(|label| label.contains("PRIVATE KEY"))
        || versioned && openssl::pkey::PKey::private_key_from_der(octets).is_ok()
}

/// The elements from `within` down to the one at `place`, which is the last; none when it is not there.
pub(super) fn path_to<'a>(within: &Tlv<'a>, place: Place) -> Vec<Tlv<'a>> {
    let mut path = vec![*within];
    let mut here = *within;
    while here.place() != place {
        let holds =
            |outer: Place| outer.part == place.part && outer.start <= place.start && place.end <= outer.end;
        let next = here.members().unwrap_or_default().into_iter().find(|member| holds(member.place()));
        let Some(next) = next else { return Vec::new() };
        path.push(next);
        here = next;
    }
    path
}

/// The members of the element at `place`.
pub(super) fn members_at<'a>(within: &Tlv<'a>, place: Place) -> Vec<Tlv<'a>> {
    path_to(within, place).last().and_then(|element| element.members().ok()).unwrap_or_default()
}

/// Where the first element that consists of these octets stands.
pub(super) fn place_of(elements: &[Tlv<'_>], octets: &[u8]) -> Option<Place> {
    elements.iter().find(|element| element.bytes() == octets).map(Tlv::place)
}

/// Octets in hex, with a count where they are cut.
pub(super) fn hex(octets: &[u8]) -> String {
    const SHOWN: usize = 32;
    let text = hex::encode(octets.get(..SHOWN).unwrap_or(octets));
    if octets.len() > SHOWN { format!("{text}… ({} octets)", octets.len()) } else { text }
}
