//! The server's half of the protocol: a message comes in, is checked and opened; an answer goes out.
//!
//! Who may enrol is not decided here.

mod answer;
mod receive;

pub use answer::answer;
pub use receive::{Checks, Content, Refusal, ReplyTo, Request, receive};
