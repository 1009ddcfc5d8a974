//! The runner: the only place with sockets and processes. It makes transcripts; it judges nothing.
//!
//! `server` runs a case against a server under test, `client` a client under test against our own server,
//! `evidence` writes and reads the folder, `session` runs a whole plan.

pub mod client;
pub mod endpoint;
pub mod evidence;
mod http;
pub mod keys;
pub mod operator;
pub mod preflight;
mod raw;
pub mod server;
pub mod session;
pub mod shown;
pub mod spoken;
pub mod subject;

pub use endpoint::Endpoint;
pub use http::Http;

/// A failure of ours: it makes a case an error, never a verdict about the subject.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The protocol core could not write what a step asks for.
    #[error("write the request of step {step}: {source}")]
    Write {
        /// Step id.
        step: String,
        /// Why.
        source: scep::Error,
    },
    /// A step's parameter has no meaning. Lint refuses most of these.
    #[error("step {step}: {detail}")]
    Step {
        /// Step id.
        step: String,
        /// Parameter, expected and actual.
        detail: String,
    },
    /// Our own server or client could not be started.
    #[error("start {what}: {detail}")]
    Start {
        /// What.
        what: String,
        /// Why.
        detail: String,
    },
    /// A file of the run folder.
    #[error("{path}: {source}")]
    File {
        /// Path.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// A file of the run folder is not what it should be.
    #[error("{path}: {detail}")]
    Broken {
        /// Path.
        path: String,
        /// Why.
        detail: String,
    },
}
