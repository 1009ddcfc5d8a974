//! The certification authority: what goes into a certificate. Pure: nothing here decides who gets one,
//! and nothing signs.

mod issue;
mod serial;

pub use issue::{Issuer, certificate_for, root};
pub use serial::unused_serial;
