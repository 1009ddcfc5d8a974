//! Our own `mock-ca`, as a program: what a user starts, not the library.

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use super::process::Process;
use super::{PeerError, openssl};
use crate::binaries;

/// A running `mock-ca`; dropping it ends it.
#[derive(Debug)]
pub struct MockCa {
    process: Process, // ends before its folder goes
    folder: TempDir,
    url: String,
}

impl MockCa {
    /// The challengePassword that it asks for.
    pub const CHALLENGE: &'static str = "secret";

    /// Starts it on a free port, and returns when it has said where it listens. The checks named in
    /// `laxities` are skipped.
    ///
    /// # Errors
    /// When it does not build or does not come up; the error has what it printed.
    pub fn start(laxities: &[&str]) -> Result<Self, PeerError> {
        let options: Vec<&str> = laxities.iter().flat_map(|laxity| ["--laxity", laxity]).collect();
        Self::start_with(&options)
    }

    /// As [`MockCa::start`], with further options of the command line.
    ///
    /// # Errors
    /// As [`MockCa::start`].
    pub fn start_with(options: &[&str]) -> Result<Self, PeerError> {
        let program = binaries::path_of("mock-ca").map_err(PeerError::NotBuilt)?;
        let folder = tempfile::tempdir().map_err(PeerError::io("folder for mock-ca"))?;
        let mut command = Command::new(program);
        command.args(["serve", "--challenge", Self::CHALLENGE, "--ca-out"]).arg(folder.path().join("ca.pem"));
        command.args(options);
        let mut process = Process::start(&mut command, &folder.path().join("mock-ca.log"))?;
        let url = process.wait_for(|process| printed_url(&process.output()))?;
        Ok(Self { process, folder, url })
    }

    /// The URL to enrol at.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// URL of its admin port, without a path, and the token that it asks for.
    pub fn admin(&self) -> (String, String) {
        let output = self.output();
        let line = output.lines().find_map(|line| line.strip_prefix("admin ")).unwrap_or_default();
        let mut words = line.split_whitespace();
        let url = words.next().unwrap_or_default().to_owned();
        (url, words.nth(1).unwrap_or_default().to_owned())
    }

    /// The certificate of its CA, PEM.
    pub fn ca_certificate(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// SHA-256 of the certificate of its CA, hex.
    ///
    /// # Errors
    /// What openssl says.
    pub fn fingerprint(&self) -> Result<String, PeerError> {
        openssl::fingerprint(&self.ca_certificate())
    }

    /// All that it has printed.
    pub fn output(&self) -> String {
        self.process.output()
    }
}

/// The URL in the line `scep URL`, once that line is complete.
fn printed_url(output: &str) -> Option<String> {
    let complete = &output[..=output.rfind('\n')?];
    complete.lines().find_map(|line| line.strip_prefix("scep ")).map(|url| url.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::printed_url;

    #[test]
    fn the_url_is_taken_from_a_complete_line() {
        assert_eq!(
            printed_url("for tests\nscep   http://127.0.0.1:1/a\nadmin"),
            Some("http://127.0.0.1:1/a".to_owned())
        );
        assert_eq!(printed_url("for tests\nscep   http://127.0"), None);
        assert_eq!(printed_url(""), None);
    }
}
