//! What can go wrong in the core, told apart by whose fault it is.

use crate::finding::Place;

/// An error of the protocol core. Every variant prints as a lower-case fragment that reads after "failed
/// to …", with the expected and the actual side where there are two.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The input is not what its framing promises: the sender's fault.
    #[error("{what}: {detail} at {at}")]
    Malformed {
        /// The structure being read.
        what: &'static str,
        /// Expected and actual.
        detail: String,
        /// Where in the input.
        at: Place,
    },
    /// Well-formed, but against the protocol: the peer's fault.
    #[error("{what}: expected {expected}, got {actual}")]
    Misbehaved {
        /// The rule, with its RFC section.
        what: &'static str,
        /// What the protocol demands.
        expected: String,
        /// What the peer did.
        actual: String,
    },
    /// Lawful perhaps, but nothing here can process it.
    #[error("{what} {actual} is not supported")]
    Unsupported {
        /// Kind of thing.
        what: &'static str,
        /// Its name or OID.
        actual: String,
    },
    /// A secret or a key does not fit: says no more, so that it can be shown to a peer.
    #[error("{what} does not open with this key")]
    WrongKey {
        /// What was to be opened.
        what: &'static str,
    },
    /// The caller passed something impossible.
    #[error("{what}: {detail}")]
    Misuse {
        /// The argument.
        what: &'static str,
        /// Why it cannot be.
        detail: String,
    },
    /// The cryptographic library failed on input that should be fine: our machine's fault.
    #[error("cryptographic library: {0}")]
    Crypto(String),
}

impl From<openssl::error::ErrorStack> for Error {
    fn from(stack: openssl::error::ErrorStack) -> Self {
        Self::Crypto(stack.to_string())
    }
}

/// Result of the protocol core.
pub type Result<T, E = Error> = std::result::Result<T, E>;
