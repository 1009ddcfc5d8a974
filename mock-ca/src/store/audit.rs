//! Audit events in the store: who did what, and when. They are added and never changed.

use scep::UnixTime;
use serde::{Deserialize, Serialize};

use super::document::{self, moment};
use super::engine::{Kind, Result};
use super::{Page, Store};

/// Something that an administrator, or a client through the server, did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEvent {
    /// When, in seconds since 1970.
    pub at: u64,
    /// What, in a word, e.g. `preregister`.
    pub event: String,
    /// To whom or what.
    pub object: String,
    /// More about it, for people. No secrets.
    pub detail: String,
}

impl Store {
    /// Adds an event.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn audit(&self, event: &AuditEvent) -> Result<()> {
        self.change(|tables| {
            let number = document::read::<u64>(tables, Kind::Counter, COUNTER)?.unwrap_or(0) + 1;
            document::write(tables, Kind::Counter, COUNTER, &number)?;
            let key = format!("{}/{number:012}", moment(UnixTime(event.at)));
            document::write(tables, Kind::Audit, &key, event)
        })
    }

    /// Events, the oldest first, those that have the page's text in them.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn audit_events(&self, page: &Page<'_>) -> Result<Vec<AuditEvent>> {
        let text = page.contains;
        let is_wanted = |_: &str, event: &AuditEvent| {
            event.event.contains(text) || event.object.contains(text) || event.detail.contains(text)
        };
        self.look(|tables| super::search(tables, Kind::Audit, page, is_wanted))
    }
}

/// Name of the counter that tells events of one second apart.
const COUNTER: &str = "audit";
