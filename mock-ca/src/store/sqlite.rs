//! An engine on one SQLite file: the default of a server that is to remember.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};

use super::engine::{Act, Engine, Kind, Result, StoreError, Tables};

/// How long an act waits for one of another process that has the file open.
const BUSY: Duration = Duration::from_secs(10);

/// `WITHOUT ROWID`: the table is its own index, in the order of the octets of its names.
const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS document (
    kind TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, key)
) WITHOUT ROWID";

/// Keeps everything in a file, written ahead and flushed to the disk before an act is over.
#[derive(Debug)]
pub struct SqliteEngine(Mutex<Connection>);

impl SqliteEngine {
    /// Opens the file, and makes it when there is none.
    ///
    /// # Errors
    /// When it cannot be opened, or is no database.
    pub fn open(path: &Path) -> Result<Self> {
        let set_up = || {
            let connection = Connection::open(path)?;
            connection.busy_timeout(BUSY)?;
            connection.pragma_update(None, "journal_mode", "WAL")?;
            connection.pragma_update(None, "synchronous", "FULL")?;
            connection.execute(SCHEMA, [])?;
            Ok(connection)
        };
        match set_up() {
            Ok(connection) => Ok(Self(Mutex::new(connection))),
            Err(error) => {
                let rusqlite::Error::SqliteFailure(..) = error else { return Err(failed(error)) };
                Err(StoreError::Engine {
                    engine: "sqlite",
                    detail: format!("open {}: {error}", path.display()),
                })
            }
        }
    }

    fn run(&self, behavior: TransactionBehavior, act: Act<'_>) -> Result<()> {
        let mut connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = connection.transaction_with_behavior(behavior).map_err(failed)?;
        let mut rows = Rows(transaction);
        // Dropped without a commit, it is rolled back.
        act(&mut rows)?;
        rows.0.commit().map_err(failed)
    }
}

impl Engine for SqliteEngine {
    fn look(&self, act: Act<'_>) -> Result<()> {
        self.run(TransactionBehavior::Deferred, act)
    }

    fn change(&self, act: Act<'_>) -> Result<()> {
        // Whoever starts as a reader and becomes a writer may be refused: writers say so at once.
        self.run(TransactionBehavior::Immediate, act)
    }
}

struct Rows<'c>(Transaction<'c>);

impl Tables for Rows<'_> {
    fn document(&mut self, kind: Kind, key: &str) -> Result<Option<String>> {
        let mut query = self
            .0
            .prepare_cached("SELECT body FROM document WHERE kind = ?1 AND key = ?2")
            .map_err(failed)?;
        query.query_row(params![kind.name(), key], |row| row.get(0)).optional().map_err(failed)
    }

    fn put(&mut self, kind: Kind, key: &str, document: &str) -> Result<()> {
        let mut insert = self
            .0
            .prepare_cached("INSERT OR REPLACE INTO document (kind, key, body) VALUES (?1, ?2, ?3)")
            .map_err(failed)?;
        insert.execute(params![kind.name(), key, document]).map(drop).map_err(failed)
    }

    fn remove(&mut self, kind: Kind, key: &str) -> Result<()> {
        let mut delete =
            self.0.prepare_cached("DELETE FROM document WHERE kind = ?1 AND key = ?2").map_err(failed)?;
        delete.execute(params![kind.name(), key]).map(drop).map_err(failed)
    }

    fn range(&mut self, kind: Kind, prefix: &str, after: &str, limit: u32) -> Result<Vec<(String, String)>> {
        let mut query = self
            .0
            .prepare_cached(
                "SELECT key, body FROM document WHERE kind = ?1 AND key >= ?2 AND key > ?3
                 AND substr(key, 1, length(?2)) = ?2 ORDER BY key LIMIT ?4",
            )
            .map_err(failed)?;
        let rows = query
            .query_map(params![kind.name(), prefix, after, limit], |row| Ok((row.get(0)?, row.get(1)?)))
            .map_err(failed)?;
        rows.collect::<rusqlite::Result<_>>().map_err(failed)
    }
}

fn failed(error: rusqlite::Error) -> StoreError {
    StoreError::Engine { engine: "sqlite", detail: error.to_string() }
}
