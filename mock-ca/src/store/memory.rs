//! An engine that forgets everything at the end of the process.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Mutex, PoisonError};

use super::engine::{Act, Engine, Kind, Result, Tables};

type Documents = BTreeMap<(Kind, String), String>;

/// Keeps everything in a map.
#[derive(Debug, Default)]
pub struct MemoryEngine(Mutex<Documents>);

/// An act's changes, and how to undo them.
struct Changes<'a> {
    documents: &'a mut Documents,
    undo: Vec<((Kind, String), Option<String>)>,
}

impl Tables for Changes<'_> {
    fn document(&mut self, kind: Kind, key: &str) -> Result<Option<String>> {
        Ok(self.documents.get(&(kind, key.to_owned())).cloned())
    }

    fn put(&mut self, kind: Kind, key: &str, document: &str) -> Result<()> {
        let key = (kind, key.to_owned());
        let old = self.documents.insert(key.clone(), document.to_owned());
        self.undo.push((key, old));
        Ok(())
    }

    fn remove(&mut self, kind: Kind, key: &str) -> Result<()> {
        let key = (kind, key.to_owned());
        let old = self.documents.remove(&key);
        self.undo.push((key, old));
        Ok(())
    }

    fn range(&mut self, kind: Kind, prefix: &str, after: &str, limit: u32) -> Result<Vec<(String, String)>> {
        let start = if after < prefix {
            Bound::Included((kind, prefix.to_owned()))
        } else {
            Bound::Excluded((kind, after.to_owned()))
        };
        let of_prefix = self
            .documents
            .range((start, Bound::Unbounded))
            .take_while(|((of, key), _)| *of == kind && key.starts_with(prefix));
        Ok(of_prefix
            .take(usize::try_from(limit).unwrap_or(usize::MAX))
            .map(|((_, key), document)| (key.clone(), document.clone()))
            .collect())
    }
}

impl Engine for MemoryEngine {
    fn look(&self, act: Act<'_>) -> Result<()> {
        self.change(act)
    }

    fn change(&self, act: Act<'_>) -> Result<()> {
        // A panic inside an act would leave half of it done, and no act panics.
        let mut documents = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut changes = Changes { documents: &mut documents, undo: Vec::new() };
        let outcome = act(&mut changes);
        let undo = std::mem::take(&mut changes.undo);
        if outcome.is_err() {
            for (key, old) in undo.into_iter().rev() {
                match old {
                    Some(old) => documents.insert(key, old),
                    None => documents.remove(&key),
                };
            }
        }
        outcome
    }
}
