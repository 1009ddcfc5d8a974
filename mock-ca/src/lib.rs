//! mock-ca: the reference SCEP server of sceptic, as a library. **For tests only**: it listens on loopback
//! unless told otherwise, and can be told to do almost anything wrong.
//!
//! ```text
//!  http::scep_port -> service -> scep::server::receive -> ra::decide -> ca -> scep::server::answer -> faults
//!  http::admin     -> service          |                     |         |
//!                              strictness (laxities)       store     store         record sees all of it
//! ```
//!
//! What the server checks is `strictness`; a laxity switches one check off. What it writes is correct; a
//! fault of [`scep::fault`] makes it wrong. The two are the only ways in which it misbehaves.

pub mod authority;
pub mod ca;
pub mod cli;
pub mod clock;
pub mod config;
pub mod device;
pub mod hook;
mod http;
pub mod laxity;
mod metrics;
mod nearest;
pub mod persona;
pub mod preregistration;
pub mod ra;
pub mod record;
mod server;
pub mod service;
pub mod store;
pub mod strictness;
pub mod template;
pub mod transaction;

pub use clock::{Clock, ManualClock, SystemClock};
pub use config::{
    AdminToken, CaConfig, Config, ConfigError, Hierarchy, KeyPem, ReadyKeys, Registration, StoreConfig, Tls,
    TlsConfig,
};
pub use laxity::{LAXITIES, Laxity, UnknownLaxity};
pub use record::{Observer, Recorded};
pub use server::{GRACE, MockCa, Running, StartError};
pub use service::{OperatorError, PendingRequest};
