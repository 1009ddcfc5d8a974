//! Why an operation came to no result, told apart by whose fault it is.

use scep::client::Untrusted;

use crate::exit::Exit;
use crate::transport::TransportError;

/// Why an operation came to no result. Prints as what reads after "failed to ".
#[derive(Debug, Clone, thiserror::Error)]
pub enum Failure {
    /// No answer.
    #[error("reach the server: {0}")]
    Network(#[from] TransportError),
    /// An answer to a CA query that cannot be used.
    #[error("use the answer to {operation}: {error}")]
    Answer {
        /// The operation's name.
        operation: &'static str,
        /// What is wrong with it.
        error: scep::Error,
    },
    /// The CA could not be authenticated.
    #[error("trust the CA: {0}")]
    Untrusted(#[from] Untrusted),
    /// What has to survive an interruption could not be kept, so nothing was sent.
    #[error("{0}")]
    Journal(String),
    /// A request could not be written.
    #[error("write the request: {0}")]
    Request(#[from] scep::Error),
}

impl Failure {
    /// The exit code that goes with it.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Network(_) => Exit::Network,
            Self::Answer { .. } => Exit::Rejected,
            Self::Untrusted(_) => Exit::Untrusted,
            Self::Journal(_) => Exit::Files,
            Self::Request(error) => match error {
                // The CA's certificate has no key that a request can be encrypted to.
                scep::Error::Malformed { .. }
                | scep::Error::Misbehaved { .. }
                | scep::Error::Unsupported { .. } => Exit::Rejected,
                _ => Exit::Internal,
            },
        }
    }
}
