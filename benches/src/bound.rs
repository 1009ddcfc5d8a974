//! How many times longer one operation takes than another, measured so that a busy machine matters little.
//!
//! The two take turns in short rounds, and what counts is the processor time of the thread: neither waiting
//! nor a slower clock for a while falls on one side only. Of each side the fast half of the rounds is used.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// What was measured.
#[derive(Debug, Clone, Copy)]
pub struct Measured {
    /// Time of the operation.
    pub operation: Duration,
    /// Time of the bare operation.
    pub bare: Duration,
}

impl Measured {
    /// How many times longer the operation takes.
    pub fn ratio(&self) -> f64 {
        self.operation.as_secs_f64() / self.bare.as_secs_f64()
    }
}

/// Rounds of each side.
const ROUNDS: usize = 60;
/// A round is about that long: far above the resolution of the clock, far below a slice of the scheduler.
const ROUND: Duration = Duration::from_millis(2);

/// Measures both, in turns.
pub fn measure(mut operation: impl FnMut(), mut bare: impl FnMut()) -> Measured {
    let (operations, bares) = (calls_in_a_round(&mut operation), calls_in_a_round(&mut bare));
    let (mut slow, mut fast) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        slow.push(time_of(operations, &mut operation));
        fast.push(time_of(bares, &mut bare));
    }
    Measured { operation: typical(slow), bare: typical(fast) }
}

fn calls_in_a_round(operation: &mut impl FnMut()) -> u32 {
    let once = time_of(10, operation);
    u32::try_from(ROUND.as_nanos() / once.as_nanos().max(1)).unwrap_or(1).max(1)
}

fn time_of(calls: u32, operation: &mut impl FnMut()) -> Duration {
    let start = processor_time();
    for _ in 0..calls {
        operation();
    }
    (processor_time() - start) / calls
}

fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let part = |value: i64| u64::try_from(value).unwrap_or(0);
    Duration::from_secs(part(time.tv_sec)) + Duration::from_nanos(part(time.tv_nsec))
}

/// The first quartile, which is the median of the fast half.
fn typical(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 4]
}
