//! What the server remembers: its own generations of keys, transactions, certificates, and who may enrol.
//!
//! ```text
//!  service, operator -> Store: what may happen once, by file      -> Engine: tables, all or nothing
//!                       transactions certificates authorities ...    memory | sqlite | postgres
//! ```
//!
//! Each method is one act: it happens as a whole or not at all, and two of them, in one process or in two,
//! as if one had come after the other.

mod attempts;
mod audit;
mod authorities;
mod certificates;
mod challenges;
mod crls;
mod devices;
mod document;
mod engine;
mod facts;
mod memory;
mod postgres;
mod preregistrations;
mod sqlite;
mod transactions;

pub use audit::AuditEvent;
pub(crate) use authorities::Changed;
pub use authorities::{Credentials, Generation, Role, Standing};
pub use certificates::{CertificateRecord, Revocation, Revoked};
pub use crls::{CrlRecord, Fresh};
pub use engine::{Act, Engine, Kind, Result, StoreError, Tables};
pub use facts::{Facts, Offered};
pub use memory::MemoryEngine;
pub use postgres::PostgresEngine;
pub use sqlite::SqliteEngine;
pub(crate) use transactions::Decided;
pub use transactions::{Settled, Settlement};

use std::sync::Arc;

/// Everything that the server remembers.
#[derive(Debug, Clone)]
pub struct Store {
    engine: Arc<dyn Engine>,
}

impl Store {
    /// A store in this engine.
    #[must_use]
    pub fn new(engine: impl Engine + 'static) -> Self {
        Self { engine: Arc::new(engine) }
    }

    /// A store that forgets everything at the end of the process.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::new(MemoryEngine::default())
    }

    /// Runs an act that looks, and hands out what it found.
    fn look<T: Send>(&self, mut act: impl FnMut(&mut dyn Tables) -> Result<T> + Send) -> Result<T> {
        outcome(|keep| self.engine.look(&mut |tables| act(tables).map(&mut *keep)))
    }

    /// Runs an act that changes documents, and hands out what it says.
    fn change<T: Send>(&self, mut act: impl FnMut(&mut dyn Tables) -> Result<T> + Send) -> Result<T> {
        outcome(|keep| self.engine.change(&mut |tables| act(tables).map(&mut *keep)))
    }
}

/// Which part of a list is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page<'a> {
    /// Text that is in what is listed; empty for all.
    pub contains: &'a str,
    /// Only what comes after this name; empty for the beginning.
    pub after: &'a str,
    /// At most so many.
    pub limit: u32,
}

/// Documents that are read at once while searching.
const STRIDE: u32 = 500;

/// The documents of a page, of those that are wanted by name and content.
fn search<T: serde::de::DeserializeOwned>(
    tables: &mut dyn Tables,
    kind: Kind,
    page: &Page<'_>,
    is_wanted: impl Fn(&str, &T) -> bool,
) -> Result<Vec<T>> {
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let (mut found, mut after) = (Vec::new(), page.after.to_owned());
    while found.len() < limit {
        let some = tables.range(kind, "", &after, STRIDE)?;
        let Some((last, _)) = some.last() else { break };
        after.clone_from(last);
        for (key, text) in &some {
            let value = document::parse(kind, key, text)?;
            if is_wanted(key, &value) && found.len() < limit {
                found.push(value);
            }
        }
    }
    Ok(found)
}

/// Gets a value out of an act of an engine, which knows nothing of values.
fn outcome<T: Send>(run: impl FnOnce(&mut (dyn FnMut(T) + Send)) -> Result<()>) -> Result<T> {
    let mut found = None;
    run(&mut |value| found = Some(value))?;
    found.ok_or_else(|| StoreError::Engine { engine: "store", detail: "the act was not run".to_owned() })
}

#[cfg(test)]
mod tests;
