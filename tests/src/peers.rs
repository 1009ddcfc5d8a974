//! Other people's SCEP programs: whether a test may use them, and how they are started and ended.
//!
//! A peer is used only inside a network namespace that has nothing but `lo` ([`namespace`]), because some
//! of them cannot be told where to listen. `SCEPTIC_PEERS` says what happens where that, or a program, is
//! missing: [`Policy`].

use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

pub mod browser;
mod enrolled;
pub mod http;
pub mod mock_ca;
pub mod mock_client;
pub mod namespace;
pub mod openssl;
pub mod policy;
pub mod postgresql;
pub mod process;
pub mod scepclient;
pub mod scepserver;
pub mod sceptic;

pub use enrolled::Enrolled;
pub use mock_ca::MockCa;
pub use policy::{Decision, Policy};
pub use postgresql::Postgresql;
pub use process::Process;
pub use scepserver::Scepserver;

/// Why a peer did not do what it was started for.
#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    /// A file, a folder or a program that could not be used.
    #[error("{what}: {source}")]
    Io {
        /// What was to be done, and with what.
        what: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A program of our own that could not be built.
    #[error("{0}")]
    NotBuilt(String),
    /// It ended, and not with success.
    #[error("{program} ended with {status}; its output:\n{output}")]
    Ended {
        /// The program.
        program: String,
        /// How it ended.
        status: ExitStatus,
        /// All that it printed.
        output: String,
    },
    /// It did not end, or was not ready, in time.
    #[error("{program} was not {wanted} within {} s; its output:\n{output}", .limit.as_secs())]
    Late {
        /// The program.
        program: String,
        /// What was waited for.
        wanted: &'static str,
        /// How long.
        limit: Duration,
        /// All that it printed.
        output: String,
    },
    /// It ended with success and did not leave the file that it should have made.
    #[error("{program} left no file {path}; its output:\n{output}")]
    NoFile {
        /// The program.
        program: String,
        /// The file.
        path: PathBuf,
        /// All that it printed.
        output: String,
    },
}

impl PeerError {
    /// An error of the system, with what was to be done.
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        |source| Self::Io { what, source }
    }
}
