//! A folder of PEM files.
//!
//! ```text
//!  ca.pem               certificates of the CA
//!  request.key/.pem     the key for which a certificate is asked, and a self-signed certificate
//!  SERIAL/key.pem       one folder for each issued certificate
//!  SERIAL/cert.pem
//!  SERIAL/chain.pem     what came along
//!  current -> SERIAL    the newest
//! ```

use std::path::{Path, PathBuf};

use scep::certificate::Certificate;
use scep::message::Sender;

use super::{Keystore, StoreError, key_pem, link, optional, read_pair, sweep};
use crate::files::{self, FileError};

/// A folder of PEM files.
#[derive(Debug)]
pub struct DirectoryStore {
    folder: PathBuf,
}

impl DirectoryStore {
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
}

impl Keystore for DirectoryStore {
    fn tidy(&self) {
        sweep(&self.folder);
    }

    fn ca(&self) -> Result<Vec<Certificate>, StoreError> {
        read_all(&self.path("ca.pem"))
    }

    fn put_ca(&mut self, certificates: &[Certificate]) -> Result<(), StoreError> {
        Ok(files::write_public(&self.path("ca.pem"), &to_pem(certificates))?)
    }

    fn request(&self) -> Result<Option<Sender>, StoreError> {
        // The certificate is written first: a key that has none yet was never used.
        optional(read_pair(&self.path("request.key"), &self.path("request.pem")))
    }

    fn put_request(&mut self, sender: &Sender) -> Result<(), StoreError> {
        put_request(&self.path("request.key"), &self.path("request.pem"), sender)
    }

    fn current(&self) -> Result<Option<Sender>, StoreError> {
        let current = self.path("current");
        optional(read_pair(&current.join("key.pem"), &current.join("cert.pem")))
    }

    fn install(&mut self, sender: &Sender, others: &[Certificate]) -> Result<(), StoreError> {
        let serial = sender.certificate.serial_hex();
        let folder = self.path(&serial);
        files::private_folder(&folder)?;
        let key = folder.join("key.pem");
        files::write_secret(&key, key_pem(&key, sender)?.as_bytes())?;
        files::write_public(&folder.join("chain.pem"), &to_pem(others))?;
        files::write_public(&folder.join("cert.pem"), &sender.certificate.to_pem())?;
        link::switch(&self.path("current"), Path::new(&serial))?;
        remove_request(&self.path("request.key"), &self.path("request.pem"))?;
        Ok(())
    }
}

/// The certificate goes first and the key last, over what was there: a reader that finds them not belonging
/// together finds nothing.
pub(super) fn put_request(key: &Path, certificate: &Path, sender: &Sender) -> Result<(), StoreError> {
    remove_request(key, certificate)?;
    files::write_public(certificate, &sender.certificate.to_pem())?;
    files::write_secret(key, key_pem(key, sender)?.as_bytes())?;
    Ok(())
}

/// The key goes first: a certificate alone is no request.
pub(super) fn remove_request(key: &Path, certificate: &Path) -> Result<(), FileError> {
    files::remove(key)?;
    files::remove(certificate)
}

pub(super) fn to_pem(certificates: &[Certificate]) -> String {
    certificates.iter().map(Certificate::to_pem).collect()
}

pub(super) fn read_all(path: &Path) -> Result<Vec<Certificate>, StoreError> {
    let Some(text) = optional(files::read(path).map_err(StoreError::from))? else { return Ok(Vec::new()) };
    if text.is_empty() {
        return Ok(Vec::new());
    }
    match scep::client::Trust::from_pem(&text) {
        Ok(scep::client::Trust::Certificates(all)) => Ok(all),
        Ok(_) => Ok(Vec::new()),
        Err(error) => Err(StoreError::content(path, error)),
    }
}
