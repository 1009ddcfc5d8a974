//! The SCEP protocol core (RFC 8894 and the drafts that devices still speak), without I/O.
//!
//! ```text
//!  bytes -> tlv (spans) -> cms -> message  =  value + findings
//!  parts (+ faults) -> message -> cms -> bytes (+ faults)
//!  client and server: what arrives goes in, what to send comes out; HTTP is plain structs
//! ```
//!
//! One reader and one writer. The reader takes what field devices send and returns the value *and* every
//! departure that it stepped over ([`Finding`]). The writer writes what it is told: a correct message is
//! plain parts with correct constructors, a wrong one is the same parts changed by a named [`fault`].
//!
//! Nothing here opens a socket or a file, reads a clock or rolls its own dice: `now` and the generator are
//! arguments, and the same bytes, time and seed give the same output.

pub mod alt_name;
pub mod attribute;
pub mod ca_cert;
pub mod caps;
pub mod certificate;
pub mod client;
pub mod cms;
pub mod crl;
pub mod csr;
pub mod error;
pub mod extension;
pub mod fault;
pub mod finding;
pub mod http;
pub mod key;
pub mod limits;
pub mod message;
pub mod name;
pub mod next_ca;
pub mod oid;
mod pem;
pub mod serial;
pub mod server;
pub mod suite;
pub mod text;
pub mod time;
pub mod tlv;
pub mod write;

pub use error::Error;
pub use finding::{Finding, Part, Place, Read, Rule};
pub use time::UnixTime;
