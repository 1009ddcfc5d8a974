//! Preregistration records in the store: one to a Requestor.

use super::document;
use super::engine::{Kind, Result, Tables};
use super::{Page, Store};
use crate::preregistration::{ClientName, Record, Requestor};

impl Store {
    /// Puts records in, all or none. Returns the Requestors for which there is a record already; when there
    /// are any, nothing changed.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn preregister(&self, records: &[Record]) -> Result<Vec<Requestor>> {
        self.change(|tables| {
            let mut taken = Vec::new();
            for record in records {
                if tables.document(Kind::Preregistration, record.requestor.text())?.is_some() {
                    taken.push(record.requestor.clone());
                }
            }
            if taken.is_empty() {
                for record in records {
                    document::write(tables, Kind::Preregistration, record.requestor.text(), record)?;
                }
            }
            Ok(taken)
        })
    }

    /// The record of a Requestor.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn preregistration(&self, requestor: &Requestor) -> Result<Option<Record>> {
        self.look(|tables| document::read(tables, Kind::Preregistration, requestor.text()))
    }

    /// Records in the order of their Requestors, those whose Requestor contains the page's text, whatever
    /// its letter case.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn preregistrations(&self, page: &Page<'_>) -> Result<Vec<Record>> {
        let text = ClientName::new(page.contains);
        self.look(|tables| {
            super::search(tables, Kind::Preregistration, page, |key, _: &Record| key.contains(text.text()))
        })
    }

    /// Takes a record out; false when there is none.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn remove_preregistration(&self, requestor: &Requestor) -> Result<bool> {
        self.change(|tables| remove(tables, Kind::Preregistration, requestor.text()))
    }
}

/// Takes a document out; false when there is none.
pub(super) fn remove(tables: &mut dyn Tables, kind: Kind, key: &str) -> Result<bool> {
    let is_there = tables.document(kind, key)?.is_some();
    tables.remove(kind, key)?;
    Ok(is_there)
}
