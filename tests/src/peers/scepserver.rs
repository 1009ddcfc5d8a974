//! Debian's `scepserver` (micromdm, Go), with a CA and a folder of its own.
//!
//! It has no bind option and listens on every address, so it is started inside a [`namespace`] only.

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use super::process::{Process, run};
use super::{PeerError, http, namespace};

/// A running `scepserver`; dropping it ends it and removes its folder.
#[derive(Debug)]
pub struct Scepserver {
    process: Process, // ends before its folder goes
    folder: TempDir,
    port: u16,
}

impl Scepserver {
    /// The challengePassword that it asks for.
    pub const CHALLENGE: &'static str = "secret";

    /// Makes a CA, starts the server, and returns when it answers GetCACaps.
    ///
    /// # Errors
    /// When it does not come up; the error has what it printed.
    pub fn start() -> Result<Self, PeerError> {
        let folder = tempfile::tempdir().map_err(PeerError::io("folder for scepserver"))?;
        let depot = folder.path().join("depot");
        let mut init = Command::new("scepserver");
        init.args(["ca", "-init", "-keySize", "2048", "-organization", "lab", "-country", "CH", "-depot"])
            .arg(&depot);
        run(init.current_dir(&folder))?;

        let port = namespace::next_port();
        let mut serve = Command::new("scepserver");
        serve.args(["-port", &port.to_string(), "-challenge", Self::CHALLENGE, "-allowrenew", "0", "-depot"]);
        serve.arg(&depot).current_dir(&folder);
        let process = Process::start(&mut serve, &folder.path().join("scepserver.log"))?;
        let mut server = Self { process, folder, port };
        // It logs that it listens just before it does, so only an answer counts.
        server.process.wait_for(|_| http::ask(port, "/scep?operation=GetCACaps").ok())?;
        Ok(server)
    }

    /// The version that the program says it is.
    ///
    /// # Errors
    /// When it does not say.
    pub fn version() -> Result<String, PeerError> {
        Ok(run(Command::new("scepserver").arg("-version"))?.trim().to_owned())
    }

    /// The URL to enrol at.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/scep", self.port)
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The certificate of its CA, PEM.
    pub fn ca_certificate(&self) -> PathBuf {
        self.folder.path().join("depot").join("ca.pem")
    }

    /// All that it has printed.
    pub fn output(&self) -> String {
        self.process.output()
    }
}
