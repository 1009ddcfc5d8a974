//! The layout of a router that keeps every certificate under its serial number.
//!
//! ```text
//!  SERIAL.key, SERIAL.crt           each key with its certificate
//!  ca.crt-0, ca.crt-1, ...          certificates of the CA, one a file
//!  latest.key -> .latest/key        the newest: both links go over one,
//!  latest.crt -> .latest/crt        so that they are switched in one step
//!  .latest -> .SERIAL/              key -> ../SERIAL.key, crt -> ../SERIAL.crt
//!  .request.key, .request.crt       the key for which a certificate is asked
//! ```

use std::path::{Path, PathBuf};

use scep::certificate::Certificate;
use scep::message::Sender;

use super::directory::{put_request, read_all, remove_request};
use super::{Keystore, StoreError, key_pem, link, optional, read_pair, sweep};
use crate::files;

/// The layout of a router.
#[derive(Debug)]
pub struct RouterStore {
    folder: PathBuf,
}

/// The serial number as it stands in names of files: hex in capital letters.
#[must_use]
pub(crate) fn serial_name(certificate: &Certificate) -> String {
    certificate.serial_hex().to_uppercase()
}

impl RouterStore {
    /// Opens the folder, which is made if need be, for its owner only.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        files::private_folder(folder)?;
        Ok(Self { folder: folder.to_owned() })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn numbered(&self) -> impl Iterator<Item = PathBuf> {
        (0..).map(|index| self.path(&format!("ca.crt-{index}")))
    }
}

impl Keystore for RouterStore {
    fn tidy(&self) {
        sweep(&self.folder);
    }

    fn ca(&self) -> Result<Vec<Certificate>, StoreError> {
        let mut all = Vec::new();
        for path in self.numbered().take_while(|path| path.exists()) {
            all.extend(read_all(&path)?);
        }
        Ok(all)
    }

    fn put_ca(&mut self, certificates: &[Certificate]) -> Result<(), StoreError> {
        // Superfluous ones go first, the last one first: a gap would hide those behind it.
        let old: Vec<PathBuf> = self.numbered().take_while(|path| path.exists()).collect();
        for path in old.iter().skip(certificates.len()).rev() {
            files::remove(path)?;
        }
        for (path, certificate) in self.numbered().zip(certificates) {
            files::write_public(&path, &certificate.to_pem())?;
        }
        Ok(())
    }

    fn request(&self) -> Result<Option<Sender>, StoreError> {
        optional(read_pair(&self.path(".request.key"), &self.path(".request.crt")))
    }

    fn put_request(&mut self, sender: &Sender) -> Result<(), StoreError> {
        put_request(&self.path(".request.key"), &self.path(".request.crt"), sender)
    }

    fn current(&self) -> Result<Option<Sender>, StoreError> {
        optional(read_pair(&self.path("latest.key"), &self.path("latest.crt")))
    }

    fn install(&mut self, sender: &Sender, _others: &[Certificate]) -> Result<(), StoreError> {
        let serial = serial_name(&sender.certificate);
        let key = self.path(&format!("{serial}.key"));
        files::write_secret(&key, key_pem(&key, sender)?.as_bytes())?;
        files::write_public(&self.path(&format!("{serial}.crt")), &sender.certificate.to_pem())?;
        let pair = self.path(&format!(".{serial}"));
        files::private_folder(&pair)?;
        for suffix in ["key", "crt"] {
            link::switch(&pair.join(suffix), &Path::new("..").join(format!("{serial}.{suffix}")))?;
        }
        // Where the links are not there yet they lead nowhere until the switch.
        for suffix in ["key", "crt"] {
            link::switch(&self.path(&format!("latest.{suffix}")), &Path::new(".latest").join(suffix))?;
        }
        link::switch(&self.path(".latest"), Path::new(&format!(".{serial}")))?;
        remove_request(&self.path(".request.key"), &self.path(".request.crt"))?;
        Ok(())
    }
}
