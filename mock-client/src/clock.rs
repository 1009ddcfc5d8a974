//! Time, as the operations see it: what it is now, and waiting until later.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use scep::UnixTime;

/// Tells the time and lets it pass.
pub trait Clock {
    /// The time now.
    fn now(&self) -> UnixTime;

    /// Returns when that time has come; at once when it has passed.
    fn wait_until(&self, at: UnixTime);
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixTime {
        // A clock before 1970 is as good as one in 1970: no certificate is valid then.
        UnixTime(SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_secs())
    }

    fn wait_until(&self, at: UnixTime) {
        let target = SystemTime::UNIX_EPOCH + Duration::from_secs(at.0);
        if let Ok(rest) = target.duration_since(SystemTime::now()) {
            std::thread::sleep(rest);
        }
    }
}

/// A clock that stands still until somebody waits: a poll after an hour takes no time.
#[derive(Debug, Default)]
pub struct ManualClock(AtomicU64);

impl ManualClock {
    /// A clock that shows this time.
    #[must_use]
    pub fn at(now: UnixTime) -> Self {
        Self(AtomicU64::new(now.0))
    }
}

impl Clock for ManualClock {
    fn now(&self) -> UnixTime {
        UnixTime(self.0.load(Ordering::SeqCst))
    }

    fn wait_until(&self, at: UnixTime) {
        self.0.fetch_max(at.0, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use scep::UnixTime;

    use super::{Clock, ManualClock, SystemClock};

    #[test]
    fn a_manual_clock_moves_only_forward_and_only_when_waited_for() {
        let clock = ManualClock::at(UnixTime(100));
        clock.wait_until(UnixTime(160));
        clock.wait_until(UnixTime(120));
        assert_eq!(clock.now(), UnixTime(160));
    }

    #[test]
    fn the_system_clock_does_not_wait_for_the_past() {
        SystemClock.wait_until(UnixTime(0));
        assert!(SystemClock.now() > UnixTime(1_700_000_000));
    }
}
