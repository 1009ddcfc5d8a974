//! A PKCS#12 file under the aliases that Eclipse Kura's SCEP enrolment service gives: `scep-cacerts_*`,
//! `sce-request-key-pair`, `scep-enrolled-key-pair`. The file is replaced as a whole.

use std::path::{Path, PathBuf};

use openssl::pkey::PKey;
use p12_keystore::{Certificate as P12Certificate, KeyStore, KeyStoreEntry, PrivateKeyChain};
use scep::certificate::Certificate;
use scep::key::PrivateKey;
use scep::message::Sender;

use super::{Keystore, StoreError, optional, sweep};
use crate::challenge::Challenge;
use crate::files;

/// What stands before the number of a certificate of the CA.
const CA: &str = "scep-cacerts_";
/// The key for which a certificate is asked. It stays when the certificate is there.
const REQUEST: &str = "sce-request-key-pair";
/// The key with the issued certificate.
const ENROLLED: &str = "scep-enrolled-key-pair";

/// A PKCS#12 file.
#[derive(Debug)]
pub struct Pkcs12Store {
    path: PathBuf,
    password: Challenge,
}

impl Pkcs12Store {
    /// Opens a file, which need not be there yet.
    ///
    /// # Errors
    /// When the folder is not there, or the file does not open with the password.
    pub fn open(path: &Path, password: Challenge) -> Result<Self, StoreError> {
        files::expect_folder_of(path)?;
        let store = Self { path: path.to_owned(), password };
        store.read()?;
        Ok(store)
    }

    fn read(&self) -> Result<KeyStore, StoreError> {
        let Some(octets) = optional(files::read(&self.path).map_err(StoreError::from))? else {
            return Ok(KeyStore::new());
        };
        KeyStore::from_pkcs12(&octets, self.password.reveal())
            .map_err(|error| StoreError::content(&self.path, error))
    }

    fn change(&self, change: impl FnOnce(&mut KeyStore) -> Result<(), StoreError>) -> Result<(), StoreError> {
        let mut store = self.read()?;
        change(&mut store)?;
        let octets =
            store.writer(self.password.reveal()).write().map_err(|e| StoreError::content(&self.path, e))?;
        Ok(files::write_secret(&self.path, &octets)?)
    }

    fn pair(&self, alias: &str) -> Result<Option<Sender>, StoreError> {
        let store = self.read()?;
        let Some(KeyStoreEntry::PrivateKeyChain(chain)) = store.entry(alias) else { return Ok(None) };
        let bad = |detail: String| StoreError::content(&self.path, format!("{alias}: {detail}"));
        let certificate = chain.chain().first().ok_or_else(|| bad("no certificate".to_owned()))?;
        let pem = PKey::private_key_from_der(chain.key())
            .and_then(|key| key.private_key_to_pem_pkcs8())
            .map_err(|error| bad(error.to_string()))?;
        Ok(Some(Sender {
            key: PrivateKey::from_pem(&pem).map_err(|error| bad(error.to_string()))?,
            certificate: Certificate::from_der(certificate.as_der())
                .map_err(|error| bad(error.to_string()))?,
        }))
    }

    fn entry(&self, sender: &Sender, others: &[Certificate]) -> Result<KeyStoreEntry, StoreError> {
        let bad = |detail: String| StoreError::content(&self.path, detail);
        let pem = sender.key.to_pem().map_err(|error| bad(error.to_string()))?;
        let key = PKey::private_key_from_pem(pem.as_bytes())
            .and_then(|key| key.private_key_to_pkcs8())
            .map_err(|error| bad(error.to_string()))?;
        let chain = std::iter::once(&sender.certificate).chain(others);
        let chain = chain.map(|one| self.certificate(one)).collect::<Result<Vec<_>, _>>()?;
        // What ties key and certificate together: it has to be another one for each.
        let id = sender.certificate.fingerprint(scep::suite::Digest::Sha256);
        let id = id.map_err(|error| bad(error.to_string()))?;
        Ok(KeyStoreEntry::PrivateKeyChain(PrivateKeyChain::new(key, id, chain)))
    }

    fn certificate(&self, certificate: &Certificate) -> Result<P12Certificate, StoreError> {
        P12Certificate::from_der(&certificate.der).map_err(|error| StoreError::content(&self.path, error))
    }
}

impl Keystore for Pkcs12Store {
    fn tidy(&self) {
        sweep(files::folder_of(&self.path));
    }

    fn ca(&self) -> Result<Vec<Certificate>, StoreError> {
        let store = self.read()?;
        let aliases = (0..).map(|index| format!("{CA}{index}"));
        let entries = aliases.map_while(|alias| match store.entry(&alias) {
            Some(KeyStoreEntry::Certificate(certificate)) => Some(certificate.as_der().to_vec()),
            _ => None,
        });
        entries
            .map(|der| Certificate::from_der(&der).map_err(|error| StoreError::content(&self.path, error)))
            .collect()
    }

    fn put_ca(&mut self, certificates: &[Certificate]) -> Result<(), StoreError> {
        self.change(|store| {
            let old: Vec<String> = store
                .entries()
                .map(|(alias, _)| alias.clone())
                .filter(|alias| alias.starts_with(CA))
                .collect();
            old.iter().for_each(|alias| {
                store.delete_entry(alias);
            });
            for (index, certificate) in certificates.iter().enumerate() {
                let entry = KeyStoreEntry::Certificate(self.certificate(certificate)?);
                store.add_entry(&format!("{CA}{index}"), entry);
            }
            Ok(())
        })
    }

    fn request(&self) -> Result<Option<Sender>, StoreError> {
        self.pair(REQUEST)
    }

    fn put_request(&mut self, sender: &Sender) -> Result<(), StoreError> {
        self.change(|store| {
            store.add_entry(REQUEST, self.entry(sender, &[])?);
            Ok(())
        })
    }

    fn current(&self) -> Result<Option<Sender>, StoreError> {
        self.pair(ENROLLED)
    }

    fn install(&mut self, sender: &Sender, others: &[Certificate]) -> Result<(), StoreError> {
        self.change(|store| {
            store.add_entry(ENROLLED, self.entry(sender, others)?);
            Ok(())
        })
    }
}
