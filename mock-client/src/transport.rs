//! Carrying one request to the server and its answer back.

mod connect;
mod http;
mod raw;
mod url;

pub use connect::{Proxy, Tls};
pub use http::{BODY_LIMIT, HttpTransport, TimeLimits, Way};
pub use url::{BadUrl, Scheme, ServerUrl};

use scep::http::{HttpRequest, HttpResponse};

/// One server, as far as a client can see it.
pub trait Transport {
    /// Sends the request and returns the answer, whatever its status.
    ///
    /// # Errors
    /// When there is no answer in HTTP.
    fn send(&mut self, request: &HttpRequest) -> Result<HttpResponse, TransportError>;
}

/// There was no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {detail}", kind.meaning())]
pub struct TransportError {
    /// What kind of failure.
    pub kind: TransportErrorKind,
    /// In the words of the operating system or the HTTP library.
    pub detail: String,
}

/// Kinds of failure to get an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TransportErrorKind {
    /// Nothing listens there.
    Refused,
    /// No such host, or no way to it.
    Unreachable,
    /// The connection ended before the answer did.
    Closed,
    /// It took too long.
    Timeout,
    /// What came back is no HTTP.
    NotHttp,
    /// The answer is larger than [`BODY_LIMIT`].
    TooLarge,
    /// The server is not the one of its name, or speaks no TLS.
    Tls,
    /// The request cannot be written as HTTP: a fault made it so.
    Unsendable,
}

impl TransportErrorKind {
    /// In words.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Refused => "connection refused",
            Self::Unreachable => "host unreachable",
            Self::Closed => "connection closed before the answer",
            Self::Timeout => "no answer in time",
            Self::NotHttp => "the answer is no HTTP",
            Self::TooLarge => "the answer is too large",
            Self::Tls => "TLS failed",
            Self::Unsendable => "the request is no HTTP",
        }
    }
}

fn error(kind: TransportErrorKind, detail: impl Into<String>) -> TransportError {
    TransportError { kind, detail: detail.into() }
}
