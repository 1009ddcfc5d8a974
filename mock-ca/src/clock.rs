//! Time, as the server sees it: certificates are dated by it, and nothing else waits for it.

use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use scep::UnixTime;

/// Tells the time.
pub trait Clock: Debug + Send + Sync {
    /// The time now.
    fn now(&self) -> UnixTime;
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixTime {
        // A clock before 1970 is as good as one in 1970: no certificate is valid then.
        UnixTime(SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_secs())
    }
}

/// A clock that stands still until it is told to move.
#[derive(Debug, Default)]
pub struct ManualClock(AtomicU64);

impl ManualClock {
    /// A clock that shows this time.
    #[must_use]
    pub fn at(now: UnixTime) -> Self {
        Self(AtomicU64::new(now.0))
    }

    /// Moves it forward.
    pub fn advance(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> UnixTime {
        UnixTime(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use scep::UnixTime;

    use super::{Clock, ManualClock, SystemClock};

    #[test]
    fn a_manual_clock_moves_only_when_it_is_told_to() {
        let clock = ManualClock::at(UnixTime(100));
        clock.advance(60);
        assert_eq!((clock.now(), clock.now()), (UnixTime(160), UnixTime(160)));
    }

    #[test]
    fn the_system_clock_shows_a_time_after_this_was_written() {
        assert!(SystemClock.now() > UnixTime(1_700_000_000));
    }
}
