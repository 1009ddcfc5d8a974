//! What the agent remembers from one check to the next, as a file. The keystore has the keys and
//! certificates; this has the rest. For its owner only: a PKCS#10 may hold the challengePassword.

use std::path::{Path, PathBuf};

use scep::UnixTime;
use serde::{Deserialize, Serialize};

use crate::files;
use crate::interrupted::Interrupted;
use crate::keystore::StoreError;

/// What the agent remembers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct State {
    /// Settings of the last bootstrap.
    pub bootstrapped: Option<String>,
    /// Settings under which the current certificate was issued.
    pub enrolled: Option<String>,
    /// Settings under which the interrupted request was made.
    pub pending: Option<String>,
    /// The interrupted request, in the form of [`Interrupted`]; its keys are named by their place.
    pub interrupted: Option<String>,
    /// What goes on: `enrolment` or `re-enrolment`; None when nothing does.
    pub activity: Option<Activity>,
    /// Failures in a row.
    pub failures: u32,
    /// When the last one was.
    pub failed_at: Option<u64>,
    /// Before then the server does not want to be asked again.
    pub not_before: Option<u64>,
    /// Why.
    pub last_error: Option<String>,
    /// When the next CA was asked for.
    pub next_ca_asked: Option<u64>,
    /// When a certificate was issued.
    pub issued_at: Option<u64>,
    /// The server refused RenewalReq: the old form is tried next.
    pub old_form: bool,
    /// A script that has not ended yet.
    pub script: Option<Outcome>,
}

/// What goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Activity {
    /// A first enrolment.
    Enrolment,
    /// A renewal.
    ReEnrolment,
}

/// How an attempt ended, for scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// A certificate was installed.
    Success,
    /// None was.
    Failure,
}

impl State {
    /// Reads the file; one that is not there is a device that has done nothing yet.
    ///
    /// # Errors
    /// When it cannot be read, or is no such file.
    pub fn read(path: &Path) -> Result<Self, StoreError> {
        let text = match files::read(path) {
            Ok(text) => text,
            Err(error) if error.source.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error.into()),
        };
        serde_json::from_slice(&text)
            .map_err(|error| StoreError::Content { path: path.to_owned(), detail: error.to_string() })
    }

    /// Writes the file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), StoreError> {
        let bad = |error: serde_json::Error| StoreError::Content {
            path: path.to_owned(),
            detail: error.to_string(),
        };
        let text = serde_json::to_string_pretty(self).map_err(bad)?;
        Ok(files::write_secret(path, text.as_bytes())?)
    }

    /// The interrupted request; None when there is none, or it cannot be read any more.
    #[must_use]
    pub fn request(&self) -> Option<Interrupted> {
        Interrupted::read(self.interrupted.as_ref()?.as_bytes()).ok()
    }

    pub(super) fn at(seconds: Option<u64>) -> Option<UnixTime> {
        seconds.map(UnixTime)
    }
}

/// Where the key of a request is: the store's request or its current certificate. Stands where
/// [`Interrupted`] has the name of a file.
pub(super) fn place(is_current: bool) -> PathBuf {
    PathBuf::from(if is_current { "current" } else { "request" })
}

#[cfg(test)]
mod tests {
    use super::{Activity, State};

    #[test]
    fn what_was_written_is_read_again_and_nothing_is_a_fresh_device() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("agent.json");
        assert_eq!(State::read(&path).unwrap(), State::default());
        let state = State { failures: 3, activity: Some(Activity::ReEnrolment), ..State::default() };
        state.write(&path).unwrap();
        assert_eq!(State::read(&path).unwrap(), state);
        std::fs::write(&path, "{").unwrap();
        assert!(State::read(&path).unwrap_err().to_string().starts_with("use "));
    }
}
