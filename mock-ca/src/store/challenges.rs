//! One-time challenges in the store: each authorises one transaction.

use scep::UnixTime;
use scep::attribute::TransactionId;
use serde::{Deserialize, Serialize};

use super::Store;
use super::document::{self, hex};
use super::engine::{Kind, Result, Tables};
use crate::ra::Credential;

/// A challengePassword for one transaction. The store never has the word itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OneTime {
    /// Digest of the word; its name in the store.
    pub digest: String,
    /// The only subject that it is right for, RFC 4514; None for any.
    pub subject: Option<String>,
    /// When it ceases to be right.
    pub expires: Option<u64>,
    /// transactionID that it was spent on, hexadecimal.
    pub spent: Option<String>,
}

impl OneTime {
    /// True when it may authorise this transaction now: not spent, or spent on this very one, whose
    /// request may come twice.
    #[must_use]
    pub fn is_good(&self, id: &TransactionId, now: UnixTime) -> bool {
        match &self.spent {
            Some(spent) => *spent == hex(id.octets()),
            None => self.expires.is_none_or(|expires| now.0 <= expires),
        }
    }
}

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
    let id = hex(id.octets());
    match &challenge.spent {
        Some(spent) => Ok(*spent == id),
        None => {
            challenge.spent = Some(id);
            document::write(tables, Kind::Challenge, digest, &challenge)?;
            Ok(true)
        }
    }
}
