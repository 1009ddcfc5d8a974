//! The certification authority: what goes into a certificate. Pure: nothing here decides who gets one,
//! and nothing signs.

mod issue;
mod own;
mod serial;

pub use issue::{Issuer, certificate_for};
pub use own::{Own, Purpose};
pub use serial::serial;
