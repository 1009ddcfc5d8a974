//! Wrong tries in the store, by the name of the client that makes them.

use scep::UnixTime;
use serde::{Deserialize, Serialize};

use super::engine::{Kind, Result, Tables};
use super::{Store, document};

/// How often a client was wrong, and since when it is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Attempts {
    wrong: u32,
    since: u64,
}

impl Store {
    /// Counts a wrong try, and begins to count anew `window` seconds after the first. Returns how many there
    /// are.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn count_wrong_try(&self, client: &str, now: UnixTime, window: u64) -> Result<u32> {
        self.change(|tables| {
            let wrong = count(tables, client, now, window)?.saturating_add(1);
            let known = document::read::<Attempts>(tables, Kind::Attempts, client)?;
            let since = known.filter(|_| wrong > 1).map_or(now.0, |known| known.since);
            document::write(tables, Kind::Attempts, client, &Attempts { wrong, since })?;
            Ok(wrong)
        })
    }

    /// Forgets the wrong tries of a client.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn forget_wrong_tries(&self, client: &str) -> Result<()> {
        self.change(|tables| tables.remove(Kind::Attempts, client))
    }
}

/// Wrong tries of a client within `window` seconds.
pub(super) fn count(tables: &mut dyn Tables, client: &str, now: UnixTime, window: u64) -> Result<u32> {
    let known = document::read::<Attempts>(tables, Kind::Attempts, client)?;
    Ok(known.filter(|known| now.0 <= known.since.saturating_add(window)).map_or(0, |known| known.wrong))
}
