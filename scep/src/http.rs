//! HTTP as data: operations to requests and back, RFC 8894 4.1. Nothing here sends anything.

mod delivery;

pub use delivery::{Act, Delivery, Framing, Pace, RequestLine, Stop, acts};

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::error::{Error, Result};
use crate::finding::{Finding, Rule};
use crate::tlv::Source;

/// Content-Type of a single CA certificate, RFC 8894 4.2.1.1.
pub const CA_CERT: &str = "application/x-x509-ca-cert";
/// Content-Type of a CA certificate chain, RFC 8894 4.2.1.2.
pub const CA_RA_CERT: &str = "application/x-x509-ca-ra-cert";
/// Content-Type of the answer to GetCACertChain: only in drafts before 2011.
pub const CA_CERT_CHAIN: &str = "application/x-x509-ca-ra-cert-chain";
/// Content-Type of the next CA certificates, RFC 8894 4.7.1.
pub const NEXT_CA_CERT: &str = "application/x-x509-next-ca-cert";
/// Content-Type of a pkiMessage, RFC 8894 4.3.
pub const PKI_MESSAGE: &str = "application/x-pki-message";

/// The value of `operation`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// RFC 8894 3.5.1.
    GetCaCaps,
    /// RFC 8894 4.2.
    GetCaCert,
    /// Only in drafts before 2011: the chain, which GetCACert brings since then.
    GetCaCertChain,
    /// RFC 8894 4.7.
    GetNextCaCert,
    /// RFC 8894 4.3.
    PkiOperation,
}

impl Operation {
    const ROWS: &'static [(Self, &'static str)] = &[
        (Self::GetCaCaps, "GetCACaps"),
        (Self::GetCaCert, "GetCACert"),
        (Self::GetCaCertChain, "GetCACertChain"),
        (Self::GetNextCaCert, "GetNextCACert"),
        (Self::PkiOperation, "PKIOperation"),
    ];

    /// The operation of its name; letter case counts.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ROWS.iter().find(|row| row.1 == name).map(|row| row.0)
    }

    /// The name on the wire: the RFC's, or the draft's.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ROWS.iter().find(|row| row.0 == self).map_or("", |row| row.1)
    }
}

/// GET or POST; SCEP knows no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// GET.
    Get,
    /// POST.
    Post,
}

impl Method {
    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// A request, ready to be sent. The path comes from the URL of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// Method.
    pub method: Method,
    /// Query without the question mark.
    pub query: String,
    /// Content-Type, of a POST.
    pub content_type: Option<String>,
    /// Further header fields, names and values. None is needed.
    pub headers: Vec<(String, String)>,
    /// Body, of a POST.
    pub body: Vec<u8>,
    /// How it goes over the wire.
    pub delivery: Delivery,
}

/// An answer, received or ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpResponse {
    /// Status code.
    pub status: u16,
    /// Content-Type.
    pub content_type: Option<String>,
    /// Further header fields, names and values. None is needed.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
    /// How it goes over the wire.
    pub delivery: Delivery,
}

/// A request as received, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// Value of `operation`, as sent; None when it is missing.
    pub operation: Option<String>,
    /// The message: POST body, or the decoded `message` parameter; None when there is none.
    pub message: Option<Vec<u8>>,
    /// True for a POST.
    pub is_post: bool,
}

impl HttpRequest {
    /// GET without request data, as RFC 8894 4.1 has it for the CA queries.
    #[must_use]
    pub fn query(operation: Operation) -> Self {
        Self {
            method: Method::Get,
            query: format!("operation={}", operation.name()),
            content_type: None,
            headers: Vec::new(),
            body: Vec::new(),
            delivery: Delivery::default(),
        }
    }

    /// PKIOperation by POST: the message as it is.
    #[must_use]
    pub fn post(message: Vec<u8>) -> Self {
        Self {
            method: Method::Post,
            query: format!("operation={}", Operation::PkiOperation.name()),
            content_type: Some(PKI_MESSAGE.to_owned()),
            headers: Vec::new(),
            body: message,
            delivery: Delivery::default(),
        }
    }

    /// PKIOperation by GET: base64 with padding, everything reserved percent-escaped.
    #[must_use]
    pub fn get(message: &[u8]) -> Self {
        let escaped = utf8_percent_encode(&STANDARD.encode(message), ESCAPED).to_string();
        Self {
            method: Method::Get,
            query: format!("operation={}&message={escaped}", Operation::PkiOperation.name()),
            content_type: None,
            headers: Vec::new(),
            body: Vec::new(),
            delivery: Delivery::default(),
        }
    }

    /// The same message by the other method; false for a request without one.
    pub(crate) fn switch_method(&mut self) -> bool {
        let other = match self.method {
            Method::Post => Self::get(&self.body),
            Method::Get => {
                let incoming = Incoming::read(Method::Get, &self.query, &[], &mut Vec::new());
                match incoming.ok().and_then(|incoming| incoming.message) {
                    Some(message) => Self::post(message),
                    None => return false,
                }
            }
        };
        *self = other;
        true
    }
}

impl HttpResponse {
    /// 200 with a typed body.
    #[must_use]
    pub fn ok(content_type: &str, body: Vec<u8>) -> Self {
        Self {
            status: 200,
            content_type: Some(content_type.to_owned()),
            headers: Vec::new(),
            body,
            delivery: Delivery::default(),
        }
    }

    /// An error status with a line of text for people.
    #[must_use]
    pub fn error(status: u16, text: &str) -> Self {
        Self { status, ..Self::ok("text/plain", format!("{text}\n").into_bytes()) }
    }

    /// Media type without parameters, in lower case.
    #[must_use]
    pub fn media_type(&self) -> Option<String> {
        let value = self.content_type.as_ref()?;
        Some(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
    }
}

impl Incoming {
    /// Takes a request apart: base64 is read in every form that devices send (unescaped, url-safe, wrapped,
    /// without padding), each departure reported.
    ///
    /// # Errors
    /// When the `message` parameter is no base64 at all.
    pub fn read(method: Method, query: &str, body: &[u8], findings: &mut Vec<Finding>) -> Result<Self> {
        let source = Source::message(query.as_bytes());
        let (mut operation, mut message) = (None, None);
        let mut start = 0;
        for (index, pair) in query.split('&').enumerate() {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            match key {
                "operation" => {
                    operation = Some(percent_decode_str(value).decode_utf8_lossy().into_owned());
                    if index != 0 {
                        findings.push(Finding {
                            rule: Rule::QueryOrder,
                            at: source.place(start, start + pair.len()),
                            detail: "expected `operation` first".to_owned(),
                        });
                    }
                }
                "message" => message = Some((value, start + key.len() + 1)),
                _ => {}
            }
            start += pair.len() + 1;
        }
        let is_pki = operation.as_deref().is_none_or(|name| name == Operation::PkiOperation.name());
        let message = match (method, message) {
            (Method::Post, _) => Some(body.to_vec()),
            (Method::Get, Some((text, at))) if is_pki => Some(decode_message(text, source, at, findings)?),
            _ => None,
        };
        Ok(Self { operation, message, is_post: method == Method::Post })
    }
}

/// Everything but RFC 3986 unreserved characters is escaped.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Standard alphabet, padding taken or left.
const LOOSE: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

fn decode_message(text: &str, source: Source<'_>, at: usize, findings: &mut Vec<Finding>) -> Result<Vec<u8>> {
    // A plus stays a plus: SCEP queries are no HTML forms.
    let unescaped = percent_decode_str(text).decode_utf8_lossy().into_owned();
    if let Ok(octets) = STANDARD.decode(&unescaped) {
        if text.contains('+') || text.contains('/') || text.contains('=') {
            findings.push(Finding {
                rule: Rule::LooseBase64,
                at: source.place(at, at + text.len()),
                detail: "expected +, / and = percent-escaped".to_owned(),
            });
        }
        return Ok(octets);
    }
    let loose: String = unescaped
        .chars()
        .filter(|c| !c.is_ascii_whitespace())
        .map(|c| match c {
            '-' => '+',
            '_' => '/',
            other => other,
        })
        .collect();
    let octets = LOOSE.decode(&loose).map_err(|e| Error::Malformed {
        what: "message parameter (RFC 8894 4.1)",
        detail: format!("expected base64: {e}"),
        at: source.place(at, at + text.len()),
    })?;
    findings.push(Finding {
        rule: Rule::LooseBase64,
        at: source.place(at, at + text.len()),
        detail: "expected the standard alphabet with padding on one line".to_owned(),
    });
    Ok(octets)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{HttpRequest, Incoming, Method};

    const MESSAGE: &[u8] = &[0xfb, 0xff, 0xbe, 0x01];

    #[test]
    fn get_escapes_every_reserved_character_and_reads_back() {
        let request = HttpRequest::get(MESSAGE);
        assert_eq!(request.query, "operation=PKIOperation&message=%2B%2F%2B%2BAQ%3D%3D");
        let mut findings = Vec::new();
        let read = Incoming::read(Method::Get, &request.query, &[], &mut findings).unwrap();
        assert_eq!((read.message.as_deref(), findings.len()), (Some(MESSAGE), 0));
    }

    #[rstest]
    #[case::bare("operation=PKIOperation&message=+/++AQ==")]
    #[case::url_safe("operation=PKIOperation&message=-_--AQ")]
    #[case::wrapped("operation=PKIOperation&message=%2B%2F%2B%2B%0AAQ%3D%3D%0A")]
    fn loose_forms_are_read_and_reported(#[case] query: &str) {
        let mut findings = Vec::new();
        let read = Incoming::read(Method::Get, query, &[], &mut findings).unwrap();
        assert_eq!((read.message.as_deref(), findings.len()), (Some(MESSAGE), 1));
    }

    #[test]
    fn no_base64_at_all_is_an_error_with_its_place() {
        let error =
            Incoming::read(Method::Get, "operation=PKIOperation&message=%00%01!", &[], &mut Vec::new());
        assert!(error.unwrap_err().to_string().contains("bytes 31..38"));
    }
}
