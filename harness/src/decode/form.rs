//! The form in which octets come: binary, PEM, base64, hex, a GET URL, an HTTP message. Input to octets, the first stage.

use std::fmt;
use std::str::FromStr;

use scep::caps;
use scep::http::{Incoming, Method};
use serde::{Serialize, Serializer};

use super::Error;
use super::findings::Departure;
use super::http::{self, Head};
use super::tree::At;

/// The form of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The octets themselves: DER or BER.
    Der,
    /// Blocks between `-----BEGIN X-----` and `-----END X-----`.
    Pem,
    /// base64 text, standard or url-safe, wrapped or not.
    Base64,
    /// Hex text, with or without colons and blanks.
    Hex,
    /// A GET URL, its query, or the request line around it.
    Url,
    /// HTTP messages with their heads: a request and its body, or an answer.
    Http,
    /// The keywords of a GetCACaps answer.
    Text,
}

impl Form {
    /// Every form.
    pub const ALL: [Self; 7] =
        [Self::Der, Self::Pem, Self::Base64, Self::Hex, Self::Url, Self::Http, Self::Text];

    /// The word of the `--form` option.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Der => "der",
            Self::Pem => "pem",
            Self::Base64 => "base64",
            Self::Hex => "hex",
            Self::Url => "url",
            Self::Http => "http",
            Self::Text => "text",
        }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Der => "DER",
            Self::Pem => "PEM",
            Self::Base64 => "base64",
            Self::Hex => "hex",
            Self::Url => "URL",
            Self::Http => "HTTP",
            Self::Text => "text",
        })
    }
}

impl FromStr for Form {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|form| form.word() == word)
            .ok_or_else(|| format!("expected {}", Self::ALL.map(Self::word).join(", ")))
    }
}

impl Serialize for Form {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

/// Octets of one thing to be decoded.
pub(super) struct Raw {
    pub(super) label: Option<String>,
    /// The HTTP head around it.
    pub(super) head: Option<Head>,
    pub(super) octets: Vec<u8>,
    pub(super) findings: Vec<Departure>,
}

impl Raw {
    pub(super) fn bare(octets: Vec<u8>) -> Self {
        Self { label: None, head: None, octets, findings: Vec::new() }
    }
}

/// Takes the input apart, in the form asked for or the one that it shows.
pub(super) fn read(input: &[u8], form: Option<Form>) -> Result<(Form, Vec<Raw>), Error> {
    if input.iter().all(u8::is_ascii_whitespace) {
        return Err(Error::Empty);
    }
    let form = form.unwrap_or_else(|| detect(input));
    // Only octets may be no text; what is no UTF-8 then shows as a character that no form has.
    let text = String::from_utf8_lossy(input);
    let items = match form {
        Form::Der | Form::Text => vec![Raw::bare(input.to_vec())],
        Form::Pem => pem(&text)?,
        Form::Base64 => vec![Raw::bare(base64(&text, form, 0)?)],
        Form::Hex => vec![Raw::bare(hex(&text)?)],
        Form::Url => vec![url(&text, 0)?],
        Form::Http => http::read(input)?,
    };
    Ok((form, items))
}

pub(super) fn detect(input: &[u8]) -> Form {
    // Before everything else: what is in the body may be of any form.
    if http::is_message(input) {
        return Form::Http;
    }
    let Ok(text) = std::str::from_utf8(input) else { return Form::Der };
    if text.chars().any(|c| c.is_control() && !c.is_ascii_whitespace()) {
        return Form::Der;
    }
    if text.contains(BEGIN) {
        return Form::Pem;
    }
    // Before base64: the keywords are letters, digits and hyphens, and so is url-safe base64.
    if is_capabilities(input) {
        return Form::Text;
    }
    if text.contains("operation=") || text.contains("message=") {
        return Form::Url;
    }
    let text = text.trim();
    if hex(text).is_ok() {
        return Form::Hex;
    }
    if text.bytes().all(is_base64) { Form::Base64 } else { Form::Der }
}

/// True for text with at least one keyword of GetCACaps.
pub(super) fn is_capabilities(octets: &[u8]) -> bool {
    std::str::from_utf8(octets).is_ok_and(|text| {
        text.split(|c: char| c.is_whitespace() || c == ',')
            .any(|word| caps::KEYWORDS.iter().any(|keyword| keyword.eq_ignore_ascii_case(word)))
    })
}

const BEGIN: &str = "-----BEGIN ";

fn pem(text: &str) -> Result<Vec<Raw>, Error> {
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some(begin) = rest.find(BEGIN) {
        let at = text.len() - rest.len() + begin;
        let after = &rest[begin + BEGIN.len()..];
        let Some((label, body)) = after.split_once("-----") else {
            return Err(broken(Form::Pem, "expected five hyphens after the label", at));
        };
        let end = body.find("-----").unwrap_or(body.len());
        let (body, next) = body.split_at(end);
        let body_at = text.len() - next.len() - body.len();
        // RFC 1421 headers end with an empty line.
        let headers = if body.contains(": ") { blank_line(body) } else { 0 };
        let octets = base64(&body[headers..], Form::Pem, body_at + headers)?;
        blocks.push(Raw { label: Some(label.to_owned()), ..Raw::bare(octets) });
        rest = next.strip_prefix("-----END ").unwrap_or(next);
    }
    if blocks.is_empty() {
        return Err(broken(Form::Pem, "expected `-----BEGIN `", 0));
    }
    Ok(blocks)
}

fn blank_line(body: &str) -> usize {
    ["\r\n\r\n", "\n\n"].iter().find_map(|end| body.find(end).map(|at| at + end.len())).unwrap_or(0)
}

fn base64(text: &str, form: Form, offset: usize) -> Result<Vec<u8>, Error> {
    if let Some(at) = text.bytes().position(|b| !is_base64(b)) {
        let odd = text.get(at..).and_then(|rest| rest.chars().next()).unwrap_or(char::REPLACEMENT_CHARACTER);
        return Err(broken(form, format!("`{}` is no character of base64", odd.escape_debug()), offset + at));
    }
    // The reader of the `message` parameter takes every form that devices send. That a file is wrapped is
    // no departure, so what it finds is dropped here.
    let incoming = Incoming::read(Method::Get, &format!("message={text}"), &[], &mut Vec::new());
    incoming
        .map_err(|_| broken(form, "padding or length that no base64 has", offset + text.len()))
        .map(|incoming| incoming.message.unwrap_or_default())
}

fn is_base64(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"+/-_=%".contains(&b) || b.is_ascii_whitespace()
}

fn hex(text: &str) -> Result<Vec<u8>, Error> {
    let mut octets = Vec::with_capacity(text.len() / 2);
    let mut half = None;
    let skip = text.len() - text.trim_start().len();
    let digits = text.trim_start();
    let skip = skip + if digits.starts_with("0x") || digits.starts_with("0X") { 2 } else { 0 };
    for (at, c) in text.char_indices().skip_while(|(at, _)| *at < skip) {
        match (c.to_digit(16), half.take()) {
            (Some(low), Some(high)) => octets.push((high << 4 | low) as u8),
            (Some(high), None) => half = Some(high),
            (None, None) if c == ':' || c.is_ascii_whitespace() => {}
            (None, Some(_)) => return Err(broken(Form::Hex, "expected a second digit", at)),
            (None, None) => {
                let detail = format!("`{}` is no hex digit", c.escape_debug());
                return Err(broken(Form::Hex, detail, at));
            }
        }
    }
    match half {
        Some(_) => Err(broken(Form::Hex, "expected a second digit", text.len())),
        None => Ok(octets),
    }
}

/// What a URL, a query or a request line asks for; `offset` is where the text begins in the input.
pub(super) fn url(text: &str, offset: usize) -> Result<Raw, Error> {
    let query = match text.split_once('?') {
        Some((_, query)) => query,
        None => text.trim_start(),
    };
    let start = offset + text.len() - query.len();
    let query = query.split(" HTTP/").next().unwrap_or_default().trim_end();
    let query = query.split('#').next().unwrap_or_default();
    let mut findings = Vec::new();
    let incoming = Incoming::read(Method::Get, query, &[], &mut findings).map_err(|error| {
        let at = match &error {
            scep::Error::Malformed { at, .. } => start + at.start,
            _ => start,
        };
        broken(Form::Url, error.to_string(), at)
    })?;
    let findings = findings
        .into_iter()
        .map(|finding| {
            let at = At {
                part: "input",
                offset: start + finding.at.start,
                length: finding.at.end.saturating_sub(finding.at.start),
            };
            Departure::of_rule(finding.rule, None, Some(at), finding.detail)
        })
        .collect();
    Ok(Raw {
        label: incoming.operation.map(|operation| format!("operation={operation}")),
        head: None,
        octets: incoming.message.unwrap_or_default(),
        findings,
    })
}

pub(super) fn broken(form: Form, detail: impl Into<String>, at: usize) -> Error {
    Error::Form { form, detail: detail.into(), at }
}
