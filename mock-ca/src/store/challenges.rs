//! One-time challenges in the store: each authorises one transaction.

use scep::attribute::TransactionId;

use super::Store;
use super::document::{self};
use super::engine::{Kind, Result, Tables};
use crate::ra::{Credential, OneTime};

impl Store {
    /// Remembers a one-time challenge.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn add_one_time(&self, challenge: &OneTime) -> Result<()> {
        self.change(|tables| document::write(tables, Kind::Challenge, &challenge.digest, challenge))
    }

    /// The one-time challenge of that digest.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn one_time(&self, digest: &str) -> Result<Option<OneTime>> {
        self.look(|tables| document::read(tables, Kind::Challenge, digest))
    }
}

/// Spends what a transaction is authorised by; false when another transaction was faster.
pub(super) fn spend(tables: &mut dyn Tables, credential: &Credential, id: &TransactionId) -> Result<bool> {
    let Credential::OneTime { digest } = credential else { return Ok(true) };
    let Some(mut challenge) = document::read::<OneTime>(tables, Kind::Challenge, digest)? else {
        return Ok(false);
    };
    let id = hex::encode(id.octets());
    match &challenge.spent {
        Some(spent) => Ok(*spent == id),
        None => {
            challenge.spent = Some(id);
            document::write(tables, Kind::Challenge, digest, &challenge)?;
            Ok(true)
        }
    }
}
