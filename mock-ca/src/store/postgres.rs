//! An engine on PostgreSQL: for several servers behind a balancer that share what they remember.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use postgres::error::SqlState;
use postgres::{Client, IsolationLevel, NoTls, Transaction};

use super::engine::{Act, Engine, Kind, Result, StoreError, Tables};

/// How often an act is run again that got into another's way. Each time one of them goes on, so that this
/// many servers would have to compete for the same document.
const TRIES: u32 = 64;

/// The order of names is that of their octets, whatever the database's locale is.
const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS document (
    kind TEXT COLLATE \"C\" NOT NULL, key TEXT COLLATE \"C\" NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, key)
)";

/// Held while the table is made: two servers that start at once would both find it missing.
const SCHEMA_LOCK: i64 = 0x5CE9_0001;

/// Keeps everything in a database. Its connections are made when they are needed, and made again when they
/// break.
pub struct PostgresEngine {
    config: postgres::Config,
    idle: Mutex<Vec<Client>>,
}

/// Without the password.
impl fmt::Debug for PostgresEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresEngine").field("database", &self.config.get_dbname()).finish_non_exhaustive()
    }
}

impl PostgresEngine {
    /// Connects, and makes the table when there is none. `url` is a libpq connection URL or its key=value
    /// form.
    ///
    /// # Errors
    /// When the URL does not parse, or the database cannot be reached.
    pub fn connect(url: &str) -> Result<Self> {
        let config: postgres::Config = url.parse().map_err(|error| failed(&error))?;
        let engine = Self { config, idle: Mutex::default() };
        aside(|| engine.set_up())?;
        Ok(engine)
    }

    fn set_up(&self) -> Result<()> {
        let mut client = self.client()?;
        let made = (|| {
            let mut transaction = client.transaction()?;
            transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&SCHEMA_LOCK])?;
            transaction.batch_execute(SCHEMA)?;
            transaction.commit()
        })();
        made.map_err(|error| failed(&error))?;
        self.give_back(client);
        Ok(())
    }

    fn client(&self) -> Result<Client> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match idle.filter(|client| !client.is_closed()) {
            Some(client) => Ok(client),
            None => self.config.connect(NoTls).map_err(|error| failed(&error)),
        }
    }

    fn give_back(&self, client: Client) {
        if !client.is_closed() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(client);
        }
    }

    fn run(&self, only_looks: bool, act: Act<'_>) -> Result<()> {
        let mut client = self.client()?;
        let mut tries = 0;
        loop {
            tries += 1;
            match attempt(&mut client, only_looks, act) {
                Ok(()) => break,
                Err(Attempt::InTheWay) if tries < TRIES => {}
                Err(Attempt::InTheWay) => {
                    let detail = format!("given up after {TRIES} tries: others change the same documents");
                    return Err(StoreError::Engine { engine: ENGINE, detail });
                }
                // The connection is dropped: in what state it is nobody knows.
                Err(Attempt::Failed(error)) => return Err(error),
            }
        }
        self.give_back(client);
        Ok(())
    }
}

impl Engine for PostgresEngine {
    fn look(&self, act: Act<'_>) -> Result<()> {
        aside(|| self.run(true, act))
    }

    fn change(&self, act: Act<'_>) -> Result<()> {
        aside(|| self.run(false, act))
    }
}

impl Drop for PostgresEngine {
    fn drop(&mut self) {
        let idle = std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner));
        // Each says goodbye to the server.
        let _ = aside(|| {
            drop(idle);
            Ok(())
        });
    }
}

/// Does it in a thread of its own. The library waits in a runtime, which it cannot in a thread that drives
/// one already, and who calls the store may be in such a thread. Beside a round trip to a database a thread
/// costs nothing.
fn aside<T: Send>(act: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    let ended = std::thread::scope(|scope| scope.spawn(act).join());
    ended.unwrap_or_else(|_| Err(StoreError::Engine { engine: ENGINE, detail: "an act panicked".to_owned() }))
}

/// Why an attempt did not come to its end.
enum Attempt {
    /// Another act changed what this one had looked at.
    InTheWay,
    Failed(StoreError),
}

fn attempt(client: &mut Client, only_looks: bool, act: Act<'_>) -> std::result::Result<(), Attempt> {
    let transaction = client
        .build_transaction()
        .isolation_level(IsolationLevel::Serializable)
        .read_only(only_looks)
        .start()
        .map_err(|error| Attempt::Failed(failed(&error)))?;
    let mut rows = Rows { transaction, in_the_way: false };
    let outcome = act(&mut rows);
    if rows.in_the_way {
        return Err(Attempt::InTheWay);
    }
    outcome.map_err(Attempt::Failed)?;
    rows.transaction.commit().map_err(|error| {
        if is_in_the_way(&error) { Attempt::InTheWay } else { Attempt::Failed(failed(&error)) }
    })
}

struct Rows<'c> {
    transaction: Transaction<'c>,
    in_the_way: bool,
}

impl Rows<'_> {
    fn failed(&mut self, error: &postgres::Error) -> StoreError {
        self.in_the_way |= is_in_the_way(error);
        failed(error)
    }
}

impl Tables for Rows<'_> {
    fn document(&mut self, kind: Kind, key: &str) -> Result<Option<String>> {
        let found = self
            .transaction
            .query_opt("SELECT body FROM document WHERE kind = $1 AND key = $2", &[&kind.name(), &key]);
        match found {
            Ok(row) => Ok(row.map(|row| row.get(0))),
            Err(error) => Err(self.failed(&error)),
        }
    }

    fn put(&mut self, kind: Kind, key: &str, document: &str) -> Result<()> {
        let put = self.transaction.execute(
            "INSERT INTO document (kind, key, body) VALUES ($1, $2, $3)
             ON CONFLICT (kind, key) DO UPDATE SET body = EXCLUDED.body",
            &[&kind.name(), &key, &document],
        );
        put.map(drop).map_err(|error| self.failed(&error))
    }

    fn remove(&mut self, kind: Kind, key: &str) -> Result<()> {
        let removed = self
            .transaction
            .execute("DELETE FROM document WHERE kind = $1 AND key = $2", &[&kind.name(), &key]);
        removed.map(drop).map_err(|error| self.failed(&error))
    }

    fn range(&mut self, kind: Kind, prefix: &str, after: &str, limit: u32) -> Result<Vec<(String, String)>> {
        let rows = self.transaction.query(
            "SELECT key, body FROM document WHERE kind = $1 AND key >= $2 AND key > $3
             AND starts_with(key, $2) ORDER BY key LIMIT $4",
            &[&kind.name(), &prefix, &after, &i64::from(limit)],
        );
        match rows {
            Ok(rows) => Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect()),
            Err(error) => Err(self.failed(&error)),
        }
    }
}

const ENGINE: &str = "postgresql";

fn is_in_the_way(error: &postgres::Error) -> bool {
    let code = error.code();
    code == Some(&SqlState::T_R_SERIALIZATION_FAILURE) || code == Some(&SqlState::T_R_DEADLOCK_DETECTED)
}

fn failed(error: &postgres::Error) -> StoreError {
    // The library's own text leaves the database's words out.
    let said = error.as_db_error().map(|said| format!(": {}", said.message())).unwrap_or_default();
    StoreError::Engine { engine: ENGINE, detail: format!("{error}{said}") }
}
