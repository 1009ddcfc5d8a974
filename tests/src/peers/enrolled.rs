//! What an enrolment left behind, whoever enrolled: a key and a certificate in a folder of their own.

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use super::process::run;
use super::{PeerError, openssl};

/// A device that holds a certificate; dropping it removes its files.
#[derive(Debug)]
pub struct Enrolled {
    folder: TempDir,
    /// All that the client printed.
    pub output: String,
}

impl Enrolled {
    /// Lets a client enrol in a fresh folder. `fill_in` adds the arguments, and is told where key and
    /// certificate belong.
    ///
    /// # Errors
    /// When the client says that it failed, or says otherwise and left no certificate.
    pub(super) fn by(
        mut client: Command,
        fill_in: impl FnOnce(&mut Command, &Self),
    ) -> Result<Self, PeerError> {
        let program = client.get_program().to_string_lossy().into_owned();
        let folder = tempfile::tempdir().map_err(PeerError::io(format!("folder for {program}")))?;
        let mut enrolled = Self { folder, output: String::new() };
        fill_in(&mut client, &enrolled);
        enrolled.output = run(client.current_dir(&enrolled.folder))?;
        if !enrolled.certificate().is_file() {
            return Err(PeerError::NoFile { program, path: enrolled.certificate(), output: enrolled.output });
        }
        Ok(enrolled)
    }

    /// The private key of the device, PEM.
    pub fn key(&self) -> PathBuf {
        self.folder.path().join("device.key")
    }

    /// The certificate that it was issued, PEM.
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("device.crt")
    }

    /// The certificates of the CA, PEM, where the client writes them.
    pub fn ca_certificates(&self) -> PathBuf {
        self.folder.path().join("ca.crt")
    }

    /// Whether openssl finds that this CA issued the certificate, and that it is for the device's own key.
    ///
    /// # Errors
    /// What openssl says.
    pub fn is_certified_by(&self, ca: &std::path::Path) -> Result<bool, PeerError> {
        openssl::verify(&self.certificate(), ca)?;
        Ok(openssl::certified_key(&self.certificate())? == openssl::public_key(&self.key())?)
    }
}
