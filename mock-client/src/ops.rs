//! The operations, each over a [`Line`]: CA queries, enrolment and renewal, lookups.

pub mod enroll;
pub mod getca;
pub mod getcaps;
pub mod journal;
pub mod lookup;
mod session;

pub use enroll::{EnrolConfig, Enrolled, Form, Identifier, Signer, Wanted, enroll};
pub use getca::{Generations, getca, getnextca};
pub use getcaps::getcaps;
pub use journal::{Event, Journal, NoJournal, Progress};
pub use lookup::{Looked, LookedUp, LookupConfig, lookup};
pub use session::{Line, Remarks};
