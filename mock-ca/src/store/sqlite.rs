//! An engine on one SQLite file: the default of a server that is to remember.
//!
//! ```text
//!  look   -> a connection of its own                                     -> what is committed
//!  change -> the one that writes: BEGIN, act, act, ... the last of the queue COMMITs -> flushed, for all
//! ```
//!
//! Flushing takes longer than an act, and it is the same work for one act as for ten: those that wait for
//! each other share one.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::engine::{Act, Engine, Kind, Result, StoreError, Tables};

/// How long an act waits for one of another process that has the file open.
const BUSY: Duration = Duration::from_secs(10);

/// Acts that are committed together at most: the first of them waits for the last.
const TOGETHER: usize = 64;

/// Pages that are written ahead before they are put in their places: names are random, so the same pages change
/// again and again, and what is put in place seldom is written once.
const PAGES: u32 = 8000;

/// Connections for looking that are kept open: opening one takes longer than any look.
const READERS: usize = 64;

/// What SQLite takes for a database of one connection alone.
const NO_FILES: [&str; 2] = ["", ":memory:"];

/// `WITHOUT ROWID`: the table is its own index, in the order of the octets of its names.
const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS document (
    kind TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, key)
) WITHOUT ROWID";

/// Keeps everything in a file, written ahead and flushed to the disk before an act is over.
#[derive(Debug)]
pub struct SqliteEngine {
    path: PathBuf,
    writer: Mutex<Writer>,
    /// Acts that wait for the writer.
    queue: AtomicUsize,
    readers: Mutex<Vec<Connection>>,
}

/// The connection that changes documents, and what it has not committed yet.
#[derive(Debug)]
struct Writer {
    connection: Connection,
    open: Option<Batch>,
}

/// Acts that are committed together.
#[derive(Debug, Default)]
struct Batch {
    acts: usize,
    commit: Arc<Commit>,
}

/// How the commit of a batch went: known once it is over.
type Commit = OnceLock<std::result::Result<(), String>>;

impl SqliteEngine {
    /// Opens the file, and makes it when there is none.
    ///
    /// # Errors
    /// When it cannot be opened, or is no database.
    pub fn open(path: &Path) -> Result<Self> {
        if NO_FILES.iter().any(|name| path == Path::new(name)) {
            return Err(failed_with(&format!("expected the name of a file, got `{}`", path.display())));
        }
        let set_up = || {
            let connection = connect(path)?;
            connection.pragma_update(None, "journal_mode", "WAL")?;
            connection.pragma_update(None, "wal_autocheckpoint", PAGES)?;
            connection.execute(SCHEMA, [])?;
            Ok(connection)
        };
        match set_up() {
            Ok(connection) => Ok(Self {
                path: path.to_owned(),
                writer: Mutex::new(Writer { connection, open: None }),
                queue: AtomicUsize::new(0),
                readers: Mutex::new(Vec::new()),
            }),
            Err(error) => {
                let rusqlite::Error::SqliteFailure(..) = error else { return Err(failed(error)) };
                Err(StoreError::Engine {
                    engine: "sqlite",
                    detail: format!("open {}: {error}", path.display()),
                })
            }
        }
    }

    fn readers(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine for SqliteEngine {
    fn look(&self, act: Act<'_>) -> Result<()> {
        let kept = self.readers().pop();
        let connection = kept.map_or_else(|| connect(&self.path), Ok).map_err(failed)?;
        // When something fails here, the connection is closed, and what it has begun ends with it.
        execute(&connection, "BEGIN")?;
        act(&mut Rows(&connection))?;
        execute(&connection, "COMMIT")?;
        let mut readers = self.readers();
        if readers.len() < READERS {
            readers.push(connection);
        }
        Ok(())
    }

    fn change(&self, act: Act<'_>) -> Result<()> {
        let mut turn = Turn::take(self);
        let commit = turn.join()?;
        let outcome = turn.run(act);
        // The last of the queue commits for all of them.
        drop(turn);
        outcome?;
        match commit.wait() {
            Ok(()) => Ok(()),
            Err(detail) => Err(failed_with(detail)),
        }
    }
}

/// One act's turn with the writer. However it ends, a batch that nobody would go on with is committed.
struct Turn<'e> {
    queue: &'e AtomicUsize,
    writer: MutexGuard<'e, Writer>,
}

impl<'e> Turn<'e> {
    fn take(engine: &'e SqliteEngine) -> Self {
        engine.queue.fetch_add(1, Ordering::SeqCst);
        let writer = engine.writer.lock().unwrap_or_else(PoisonError::into_inner);
        engine.queue.fetch_sub(1, Ordering::SeqCst);
        Self { queue: &engine.queue, writer }
    }

    /// Joins the batch that is open, or opens one.
    fn join(&mut self) -> Result<Arc<Commit>> {
        let Writer { connection, open } = &mut *self.writer;
        if open.is_none() {
            // Whoever starts as a reader and becomes a writer may be refused: writers say so at once.
            execute(connection, "BEGIN IMMEDIATE")?;
        }
        let batch = open.get_or_insert_default();
        batch.acts += 1;
        Ok(batch.commit.clone())
    }

    /// Runs the act; when it fails, or panics, the others of the batch go on without it.
    fn run(&mut self, act: Act<'_>) -> Result<()> {
        let connection = &mut self.writer.connection;
        if connection.is_autocommit() {
            // As SQLite does when the disk is full. The commit will say so to the others.
            return Err(failed_with("an act before this one undid the transaction"));
        }
        let savepoint = connection.savepoint().map_err(failed)?;
        act(&mut Rows(&savepoint))?;
        savepoint.commit().map_err(failed)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let Writer { connection, open } = &mut *self.writer;
        let is_last = self.queue.load(Ordering::SeqCst) == 0;
        if let Some(batch) = open.take_if(|batch| is_last || batch.acts >= TOGETHER) {
            let outcome = execute(connection, "COMMIT").map_err(|error| error.to_string());
            if outcome.is_err() && !connection.is_autocommit() {
                // The connection is to be of use to those who come next.
                let _ = execute(connection, "ROLLBACK");
            }
            // Nobody else has taken this batch out.
            let _ = batch.commit.set(outcome);
        }
    }
}

struct Rows<'c>(&'c Connection);

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

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    Ok(connection)
}

fn execute(connection: &Connection, statement: &str) -> Result<()> {
    let mut prepared = connection.prepare_cached(statement).map_err(failed)?;
    prepared.execute([]).map(drop).map_err(failed)
}

fn failed(error: rusqlite::Error) -> StoreError {
    failed_with(&error.to_string())
}

fn failed_with(detail: &str) -> StoreError {
    StoreError::Engine { engine: "sqlite", detail: detail.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use super::{Engine as _, Kind, SqliteEngine, failed_with};

    fn document(engine: &SqliteEngine, key: &str) -> Option<String> {
        let mut found = None;
        engine
            .look(&mut |tables| {
                found = tables.document(Kind::Counter, key)?;
                Ok(())
            })
            .unwrap();
        found
    }

    #[test]
    fn acts_that_wait_for_each_other_are_committed_together_and_fail_apart() {
        let folder = tempfile::tempdir().unwrap();
        let engine = SqliteEngine::open(&folder.path().join("store.db")).unwrap();
        let (run, has_begun) = (AtomicUsize::new(0), Barrier::new(3));
        thread::scope(|scope| {
            scope.spawn(|| {
                let outcome = engine.change(&mut |tables| {
                    has_begun.wait();
                    while engine.queue.load(Ordering::SeqCst) < 2 {
                        thread::yield_now();
                    }
                    run.fetch_add(1, Ordering::SeqCst);
                    tables.put(Kind::Counter, "first", "1")
                });
                outcome.unwrap();
                assert_eq!(
                    run.load(Ordering::SeqCst),
                    3,
                    "it was over before the others of its batch had run"
                );
            });
            scope.spawn(|| {
                has_begun.wait();
                let outcome = engine.change(&mut |tables| {
                    run.fetch_add(1, Ordering::SeqCst);
                    tables.put(Kind::Counter, "failed", "1")?;
                    Err(failed_with("on purpose"))
                });
                outcome.unwrap_err();
            });
            scope.spawn(|| {
                has_begun.wait();
                let outcome = engine.change(&mut |tables| {
                    run.fetch_add(1, Ordering::SeqCst);
                    assert_eq!(document(&engine, "first"), None, "it is seen before it is committed");
                    assert_eq!(tables.document(Kind::Counter, "failed")?, None);
                    tables.put(Kind::Counter, "last", "1")
                });
                outcome.unwrap();
            });
        });
        assert_eq!(document(&engine, "first").as_deref(), Some("1"));
        assert_eq!(document(&engine, "last").as_deref(), Some("1"));
        assert_eq!(document(&engine, "failed"), None);
    }

    #[test]
    fn an_act_that_panics_leaves_nothing_and_the_store_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let engine = SqliteEngine::open(&folder.path().join("store.db")).unwrap();
        let panics = || {
            engine.change(&mut |tables| {
                tables.put(Kind::Counter, "half", "1")?;
                panic!("on purpose")
            })
        };
        catch_unwind(AssertUnwindSafe(panics)).unwrap_err();
        engine.change(&mut |tables| tables.put(Kind::Counter, "next", "1")).unwrap();
        assert_eq!(document(&engine, "half"), None);
        assert_eq!(document(&engine, "next").as_deref(), Some("1"));
    }
}
