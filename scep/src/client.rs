//! The client's half of the protocol: which algorithms to use, and the enrolment machine.

mod enrolment;
mod negotiate;
mod plan;

pub use enrolment::{Enrolment, Step, Verdict};
pub use negotiate::Suite;
pub use plan::{Checks, Continuity, Plan, PollPolicy};
