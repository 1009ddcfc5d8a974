//! The oracles as commands, in a folder of files of their own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use libtest_mimic::Failed;
use scep::message::Sender;
use tempfile::TempDir;
use tests::peers::PeerError;
use tests::peers::process::run;

use crate::material::NOW;

/// A folder for the files of one test.
#[derive(Debug)]
pub(crate) struct Folder(TempDir);

impl Folder {
    /// An empty one.
    pub(crate) fn new() -> Result<Self, Failed> {
        Ok(Self(tempfile::tempdir()?))
    }

    /// Path of a file in it, whether it is there or not.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> Result<PathBuf, Failed> {
        fs::write(self.path(name), content)?;
        Ok(self.path(name))
    }

    /// Reads a file.
    pub(crate) fn read(&self, name: &str) -> Result<Vec<u8>, Failed> {
        Ok(fs::read(self.path(name))?)
    }

    /// Writes `NAME.pem` and `NAME.key`.
    pub(crate) fn write_sender(&self, name: &str, sender: &Sender) -> Result<(), Failed> {
        self.write(&format!("{name}.pem"), sender.certificate.to_pem())?;
        self.write(&format!("{name}.key"), sender.key.to_pem()?)?;
        Ok(())
    }

    /// Runs `openssl` with these words in the folder. It must succeed; the answer is what it printed.
    pub(crate) fn openssl(&self, words: &str) -> Result<String, PeerError> {
        let mut command = Command::new("openssl");
        // Certificates here are dated around a fixed point in time.
        let words = words.replace("AT_NOW", &format!("-attime {}", NOW.0));
        run(command.args(words.split_whitespace()).current_dir(self.0.path()))
    }
}

/// Missing for single DES.
pub(crate) fn missing_legacy() -> Vec<String> {
    let listed = Command::new("openssl")
        .args(["list", "-providers", "-provider", "legacy"])
        .stdin(Stdio::null())
        .output()
        .is_ok_and(|output| output.status.success());
    if listed { Vec::new() } else { vec!["openssl has no legacy provider".to_owned()] }
}

/// The first Python that has both modules. Debian's modules belong to its own interpreter.
pub(crate) fn python() -> Option<&'static str> {
    ["/usr/bin/python3", "python3"].into_iter().find(|python| {
        Command::new(python)
            .args(["-c", "import asn1crypto, cryptography"])
            .stdin(Stdio::null())
            .output()
            .is_ok_and(|output| output.status.success())
    })
}

/// Missing for the Python oracles.
pub(crate) fn missing_python() -> Vec<String> {
    let missing = "no python3 with asn1crypto and cryptography \
                   (Debian packages python3-asn1crypto, python3-cryptography)";
    if python().is_some() { Vec::new() } else { vec![missing.to_owned()] }
}

/// Path of an oracle's script.
pub(crate) fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("oracles").join(name)
}
