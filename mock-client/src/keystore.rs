//! Where a device keeps its keys and certificates. Three layouts, one behaviour: after a crash at any point
//! the store is as before or as after, a key is on the disk before anybody is asked to certify it, and key
//! and certificate change together.
//!
//! ```text
//!  put_request: a key and a certificate of its own making        before the request is sent
//!  install:     the key with the certificate that was issued     one switch: a link or a file
//!  put_ca:      the certificates of the CA that are trusted
//! ```

mod directory;
mod link;
mod pkcs12;
mod router;

pub use directory::DirectoryStore;
pub use pkcs12::Pkcs12Store;
pub use router::RouterStore;
pub(crate) use router::serial_name;

use std::path::{Path, PathBuf};

use scep::certificate::Certificate;
use scep::message::Sender;

use crate::files::FileError;

/// Keys and certificates of one device.
pub trait Keystore {
    /// Removes what an earlier run left when it was killed while it wrote. Only for whoever has the store to
    /// itself: what another process is writing looks just so.
    fn tidy(&self);

    /// The certificates of the CA that are trusted; empty before they were put there.
    ///
    /// # Errors
    /// When they cannot be read.
    fn ca(&self) -> Result<Vec<Certificate>, StoreError>;

    /// Replaces the certificates of the CA.
    ///
    /// # Errors
    /// When they cannot be written.
    fn put_ca(&mut self, certificates: &[Certificate]) -> Result<(), StoreError>;

    /// The key for which a certificate is or was asked, with the certificate of the device's own making.
    ///
    /// # Errors
    /// When it cannot be read.
    fn request(&self) -> Result<Option<Sender>, StoreError>;

    /// Keeps a key before a certificate is asked for it. Safe on the disk when this returns.
    ///
    /// # Errors
    /// When it cannot be written.
    fn put_request(&mut self, sender: &Sender) -> Result<(), StoreError>;

    /// The newest issued certificate and its key.
    ///
    /// # Errors
    /// When they cannot be read.
    fn current(&self) -> Result<Option<Sender>, StoreError>;

    /// Makes this the newest: key and certificate at once, or neither.
    ///
    /// # Errors
    /// When it cannot be written.
    fn install(&mut self, sender: &Sender, others: &[Certificate]) -> Result<(), StoreError>;
}

/// A store could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A file.
    #[error("{0}")]
    File(#[from] FileError),
    /// What is in a file.
    #[error("use {}: {detail}", path.display())]
    Content {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
}

impl StoreError {
    fn content(path: &Path, detail: impl ToString) -> Self {
        Self::Content { path: path.to_owned(), detail: detail.to_string() }
    }
}

/// `reads` gives None for a file that is not there.
fn optional<T>(read: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(StoreError::File(error)) if error.source.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// A key and its certificate from two files.
fn read_pair(key: &Path, certificate: &Path) -> Result<Sender, StoreError> {
    let read_key = || {
        scep::key::PrivateKey::from_pem(&crate::files::read(key)?).map_err(|e| StoreError::content(key, e))
    };
    let read_certificate = || {
        Certificate::from_pem(&crate::files::read(certificate)?)
            .map_err(|e| StoreError::content(certificate, e))
    };
    let sender = Sender { key: read_key()?, certificate: read_certificate()? };
    if sender.certificate.spki != sender.key.public().spki() {
        return Err(StoreError::content(certificate, format!("it is not for the key in {}", key.display())));
    }
    Ok(sender)
}

fn key_pem(path: &Path, sender: &Sender) -> Result<String, StoreError> {
    sender.key.to_pem().map_err(|error| StoreError::content(path, error))
}

/// Removes unfinished files: never complete, never used.
fn sweep(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(crate::files::UNFINISHED) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}
