//! HTTP as data: operations to requests and back, RFC 8894 4.1. Nothing here sends anything.

mod body;
mod delivery;
mod incoming;
mod later;

pub use delivery::{Act, Delivery, Framing, Pace, RequestLine, Stop, acts};

pub use incoming::Incoming;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

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

    /// The operation that a name means, whatever its letter case: for servers that serve it all the same.
    #[must_use]
    pub fn parse_any_case(name: &str) -> Option<Self> {
        Self::ROWS.iter().find(|row| row.1.eq_ignore_ascii_case(name)).map(|row| row.0)
    }

    /// Media types that the answer may have.
    #[must_use]
    pub fn answer_types(self) -> &'static [&'static str] {
        match self {
            Self::GetCaCaps => &["text/plain"],        // RFC 8894 3.5.2
            Self::GetCaCert => &[CA_CERT, CA_RA_CERT], // RFC 8894 4.2.1
            Self::GetCaCertChain => &[CA_CERT_CHAIN],
            Self::GetNextCaCert => &[NEXT_CA_CERT], // RFC 8894 4.7.1
            Self::PkiOperation => &[PKI_MESSAGE],   // RFC 8894 4.3.1
        }
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

/// Everything but RFC 3986 unreserved characters is escaped.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
