//! An enrolment that was interrupted, as a file: all that is needed to go on, but the keys, which have files
//! of their own. The PKCS#10 in it may hold the challengePassword, so it is for its owner only.

use std::path::{Path, PathBuf};

use scep::UnixTime;
use scep::attribute::TransactionId;
use scep::certificate::{Certificate, pem};
use scep::client::RequestForm;
use scep::csr::Csr;
use serde::{Deserialize, Serialize};

use crate::files;
use crate::ops::{Journal, Progress};

/// The file's content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Record {
    schema: u32,
    #[serde(rename = "transactionID")]
    transaction_id: String,
    started: u64,
    form: String,
    is_pending: bool,
    key: PathBuf,
    signer_key: PathBuf,
    csr: String,
    signer: String,
}

/// An interrupted enrolment.
#[derive(Debug, Clone, PartialEq)]
pub struct Interrupted {
    /// Where it stood.
    pub progress: Progress,
    /// File of the key to be certified.
    pub key: PathBuf,
    /// File of the key that signs.
    pub signer_key: PathBuf,
}

impl Interrupted {
    /// The text of the file.
    ///
    /// # Errors
    /// When a path is no text.
    pub fn write(&self) -> Result<String, serde_json::Error> {
        let Progress { transaction_id, started, form, csr, signer, is_pending } = &self.progress;
        let record = Record {
            schema: 1,
            transaction_id: transaction_id.to_string(),
            started: started.0,
            form: form.message_type().name().to_owned(),
            is_pending: *is_pending,
            key: self.key.clone(),
            signer_key: self.signer_key.clone(),
            csr: pem("CERTIFICATE REQUEST", csr),
            signer: signer.to_pem(),
        };
        serde_json::to_string_pretty(&record)
    }

    /// Reads the text of the file.
    ///
    /// # Errors
    /// In words, when it is no such text.
    pub fn read(text: &[u8]) -> Result<Self, String> {
        let record: Record = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        if record.schema != 1 {
            return Err(format!("expected schema 1, got {}", record.schema));
        }
        let form = [RequestForm::PkcsReq, RequestForm::RenewalReq]
            .into_iter()
            .find(|form| form.message_type().name() == record.form)
            .ok_or_else(|| format!("expected PKCSReq or RenewalReq, got `{}`", record.form))?;
        let words = |error: scep::Error| error.to_string();
        Ok(Self {
            progress: Progress {
                transaction_id: TransactionId::parse(record.transaction_id.as_bytes()).map_err(words)?,
                started: UnixTime(record.started),
                form,
                csr: Csr::from_pem(record.csr.as_bytes()).map_err(words)?.der,
                signer: Certificate::from_pem(record.signer.as_bytes()).map_err(words)?,
                is_pending: record.is_pending,
            },
            key: record.key,
            signer_key: record.signer_key,
        })
    }
}

/// Keeps the progress of an enrolment in a file.
#[derive(Debug)]
pub struct FileJournal<'a> {
    /// The file.
    pub path: &'a Path,
    /// File of the key to be certified.
    pub key: PathBuf,
    /// File of the key that signs.
    pub signer_key: PathBuf,
}

impl Journal for FileJournal<'_> {
    fn note(&mut self, progress: &Progress) -> Result<(), String> {
        let interrupted = Interrupted {
            progress: progress.clone(),
            key: self.key.clone(),
            signer_key: self.signer_key.clone(),
        };
        let text = interrupted.write().map_err(|error| format!("write {}: {error}", self.path.display()))?;
        files::write_secret(self.path, text.as_bytes()).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng as _;
    use scep::UnixTime;
    use scep::attribute::TransactionId;
    use scep::client::RequestForm;
    use scep::csr::CsrParts;
    use scep::fault::Faults;
    use scep::key::PrivateKey;
    use scep::suite::Digest;

    use super::Interrupted;
    use crate::identity::self_signed;
    use crate::ops::Progress;

    fn interrupted() -> Interrupted {
        let key = PrivateKey::from_pem(scep_vectors::keys::pool()[0].pem.as_bytes()).unwrap();
        let subject = scep::name::parse("CN=dev1").unwrap();
        let mut rng = ChaCha20Rng::from_seed([7; 32]);
        let now = UnixTime(1_800_000_000);
        let none = &mut Faults::none();
        let signer = self_signed(&subject, &key, Digest::Sha256, now, none, &mut rng).unwrap().certificate;
        let progress = Progress {
            transaction_id: TransactionId::random(&mut rng),
            started: now,
            form: RequestForm::RenewalReq,
            csr: CsrParts::new(&subject, key.public(), Some("secret")).write(&key, none).unwrap(),
            signer,
            is_pending: true,
        };
        Interrupted { progress, key: "new.key".into(), signer_key: "old.key".into() }
    }

    #[test]
    fn what_was_written_is_read_again() {
        let one = interrupted();
        assert_eq!(Interrupted::read(one.write().unwrap().as_bytes()), Ok(one));
    }

    #[test]
    fn what_is_no_such_file_is_named() {
        let text = interrupted().write().unwrap();
        for (from, to, says) in [
            ("\"schema\": 1", "\"schema\": 2", "expected schema 1, got 2"),
            ("RenewalReq", "UpdateReq", "got `UpdateReq`"),
            ("started", "begun", "begun"),
            ("-----BEGIN CERTIFICATE REQUEST", "-----BEGIN OTHER", "PKCS#10"),
        ] {
            let error = Interrupted::read(text.replace(from, to).as_bytes()).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }
}
