//! The server's half of the protocol: a message comes in, is checked and opened; an answer goes out.
//!
//! ```text
//!  bytes -> receive -> Request -> transaction: New, Retransmission, Conflict, Poll -> due
//!                              -> renewal: who signed it                            -> the authority decides
//!  Reply -> answer -> bytes
//! ```
//!
//! Who may enrol is not decided here.

mod answer;
mod fail_info;
mod receive;
pub mod renewal;
pub mod transaction;

pub use answer::{Reply, answer};
pub use receive::{Checks, Content, Refusal, ReplyTo, Request, receive};
