//! HTTP messages in a file: what `curl -i`, a proxy or a packet capture saved. Head and body are taken
//! apart; the body is the message that is decoded, and its places count in the body.

use std::ops::Range;

use super::Error;
use super::findings::{Check, Departure};
use super::form::{self, Form, Raw};
use super::tree::{At, Node, hex};

/// Most header fields that are read: hyper's own bound for a request.
const FIELDS: usize = 100;

/// Most messages that are read from one file.
const MESSAGES: usize = 64;

/// True for a status line, or for a request line with something after it: alone, it is a URL.
pub(super) fn is_message(input: &[u8]) -> bool {
    StartLine::read(input, 0)
        .is_some_and(|(line, end)| line.is_response || end < input.trim_ascii_end().len())
}

/// The first line, taken apart.
struct StartLine {
    is_response: bool,
    /// Method or version.
    first: String,
    /// Target or status.
    second: String,
    /// Where `second` stands.
    second_at: usize,
    text: String,
}

impl StartLine {
    /// Reads the line that begins at `at`; with it, where the next one begins.
    fn read(input: &[u8], at: usize) -> Option<(Self, usize)> {
        let rest = input.get(at..)?;
        let length = rest.iter().position(|b| *b == b'\n');
        let line = rest.get(..length.unwrap_or(rest.len()))?;
        let end = at + length.map_or(rest.len(), |length| length + 1);
        let text = std::str::from_utf8(line).ok()?.trim_end_matches('\r');
        let (first, tail) = text.split_once(' ')?;
        let is_version = |word: &str| {
            word.strip_prefix("HTTP/")
                .is_some_and(|version| version.starts_with(|c: char| c.is_ascii_digit()))
        };
        let second = tail.split(' ').next()?;
        let is_request = first.bytes().all(|b| b.is_ascii_uppercase())
            && tail.rsplit(' ').next().is_some_and(is_version)
            && second.starts_with(['/', 'h', '?', '*']);
        let line = Self {
            is_response: is_version(first),
            first: first.to_owned(),
            second: second.to_owned(),
            second_at: at + first.len() + 1,
            text: text.to_owned(),
        };
        (line.is_response || is_request).then_some((line, end))
    }
}

/// A head as it is shown, in front of what is in the body.
pub(super) struct Head {
    name: &'static str,
    line: String,
    at: At,
    fields: Vec<Node>,
}

impl Head {
    /// The message as a node, with its content.
    pub(super) fn around(self, content: Node) -> Node {
        let mut node = Node::new(self.name).value(self.line).with(self.fields).with([content]);
        node.at = Some(self.at);
        node
    }
}

fn in_input(range: Range<usize>) -> At {
    At { part: "input", offset: range.start, length: range.end.saturating_sub(range.start) }
}

/// Reads every message of the file.
pub(super) fn read(input: &[u8]) -> Result<Vec<Raw>, Error> {
    let mut messages = Vec::new();
    let mut at = 0;
    while messages.len() < MESSAGES {
        // A line end between two messages of a saved file is nobody's.
        at += input.get(at..).unwrap_or_default().iter().take_while(|b| b.is_ascii_whitespace()).count();
        if at >= input.len() && !messages.is_empty() {
            break;
        }
        let Some((line, head_end)) = StartLine::read(input, at) else {
            if let Some(last) = messages.last_mut() {
                let Raw { findings, .. } = last;
                let detail = format!("{} octets after the end of the HTTP message", input.len() - at);
                findings.push(Departure::of_check(
                    Check::HttpFraming,
                    None,
                    Some(in_input(at..input.len())),
                    detail,
                ));
                break;
            }
            return Err(form::broken(Form::Http, "expected a request line or a status line", at));
        };
        let (message, end) = message(input, at, &line, head_end)?;
        messages.push(message);
        at = end;
    }
    Ok(messages)
}

/// One message, and where it ends.
fn message(input: &[u8], start: usize, line: &StartLine, head_end: usize) -> Result<(Raw, usize), Error> {
    let rest = input.get(head_end..).unwrap_or_default();
    // A file may end with the head; the parser wants the empty line.
    let padded = [rest, b"\r\n\r\n"].concat();
    let mut fields = [httparse::EMPTY_HEADER; FIELDS];
    let (length, fields) = match httparse::parse_headers(&padded, &mut fields) {
        Ok(httparse::Status::Complete(complete)) => complete,
        Ok(httparse::Status::Partial) => {
            return Err(form::broken(
                Form::Http,
                "expected header fields, got the end of the file",
                input.len(),
            ));
        }
        Err(error) => return Err(form::broken(Form::Http, format!("no header fields: {error}"), head_end)),
    };
    let body_at = (head_end + length).min(input.len());
    let field = |name: &str| {
        let found = fields.iter().find(|field| field.name.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(found.value).ok().map(str::trim)
    };
    let mut findings = Vec::new();
    let left = input.get(body_at..).unwrap_or_default();
    let (body, end) = if field("transfer-encoding")
        .is_some_and(|coding| coding.to_ascii_lowercase().ends_with("chunked"))
    {
        chunked(left, body_at, &mut findings)
    } else if let Some(length) = field("content-length").and_then(|length| length.parse::<usize>().ok()) {
        let body = left.get(..length).unwrap_or(left);
        if body.len() < length {
            let detail = format!("Content-Length says {length} octets, {} are left", body.len());
            findings.push(framing(body_at..input.len(), detail));
        }
        (body.to_vec(), body_at + body.len())
    } else if line.is_response || line.first == "POST" {
        (left.to_vec(), input.len())
    } else {
        (Vec::new(), body_at)
    };
    let nodes = fields
        .iter()
        .map(|field| Node::new(field.name).value(String::from_utf8_lossy(field.value).into_owned()))
        .collect();
    let head = Head {
        name: if line.is_response { "HTTP response" } else { "HTTP request" },
        line: line.text.clone(),
        at: in_input(start..end),
        fields: nodes,
    };
    let mut raw = if line.is_response {
        Raw::bare(body)
    } else {
        let query = form::url(&line.second, line.second_at)?;
        let octets = if line.first == "POST" { body } else { query.octets };
        Raw { octets, ..query }
    };
    raw.findings.extend(findings);
    raw.head = Some(head);
    Ok((raw, end))
}

fn framing(range: Range<usize>, detail: String) -> Departure {
    Departure::of_check(Check::HttpFraming, None, Some(in_input(range)), detail)
}

/// The octets of a chunked body, and where it ends. What is broken ends it, with a finding.
fn chunked(left: &[u8], body_at: usize, findings: &mut Vec<Departure>) -> (Vec<u8>, usize) {
    let mut body = Vec::new();
    let mut at = 0;
    loop {
        let rest = left.get(at..).unwrap_or_default();
        let Ok(httparse::Status::Complete((start, size))) = httparse::parse_chunk_size(rest) else {
            let shown = hex(rest.get(..8).unwrap_or(rest));
            let detail = format!("expected the length of a chunk, got `{shown}`");
            findings.push(framing(body_at + at..body_at + left.len(), detail));
            return (body, body_at + left.len());
        };
        at += start;
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        if size == 0 {
            // Trailer fields, if any, end with an empty line as a head does.
            let trailer = left.get(at..).unwrap_or_default();
            let mut fields = [httparse::EMPTY_HEADER; FIELDS];
            let length = match httparse::parse_headers(trailer, &mut fields) {
                Ok(httparse::Status::Complete((length, _))) => length,
                _ => trailer.len(),
            };
            return (body, body_at + at + length);
        }
        let rest = left.get(at..).unwrap_or_default();
        let chunk = rest.get(..size).unwrap_or(rest);
        body.extend_from_slice(chunk);
        at += chunk.len();
        if chunk.len() < size {
            let detail = format!("a chunk says {size} octets, {} are left", chunk.len());
            findings.push(framing(body_at + at - chunk.len()..body_at + left.len(), detail));
            return (body, body_at + left.len());
        }
        let rest = left.get(at..).unwrap_or_default();
        at += if rest.starts_with(b"\r\n") { 2 } else { usize::from(rest.starts_with(b"\n")) };
    }
}
