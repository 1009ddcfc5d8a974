//! The reference SCEP client: it talks to a server over a [`Transport`], waits by a [`Clock`] and does what
//! [`scep::client`] decides.
//!
//! ```text
//!  cli -> ops -> scep::client over a transport and a clock -> files
//! ```
//!
//! Everything blocks; the runtime underneath [`HttpTransport`] is its own. A test tells the client what to
//! do wrong: faults change what it writes ([`scep::fault`]), laxities what it checks and how it behaves
//! ([`laxity::LAXITIES`]).

pub mod agent;
pub mod challenge;
pub mod cli;
pub mod clock;
pub mod conduct;
pub mod contact;
pub mod exit;
pub mod failure;
pub mod files;
pub mod identity;
pub mod interrupted;
pub mod keystore;
pub mod laxity;
pub mod ops;
pub mod persona;
pub mod replace_pem;
pub mod request;
pub mod revocation;
pub mod sscep;
pub mod subject;
pub mod transport;

pub use challenge::Challenge;
pub use clock::{Clock, ManualClock, SystemClock};
pub use conduct::{Conduct, OnRefusal};
pub use contact::{CaIdentifier, Choice, Contact};
pub use exit::Exit;
pub use failure::Failure;
pub use identity::KeyKind;
pub use ops::{
    EnrolConfig, Enrolled, Event, Form, Generations, Identifier, Journal, Line, Looked, LookedUp,
    LookupConfig, NoJournal, Progress, Remarks, Signer, Wanted, enroll, getca, getcaps, getnextca, lookup,
};
pub use scep::client::{Fingerprint, Trust, Untrusted};
pub use transport::{
    HttpTransport, Proxy, ServerUrl, TimeLimits, Tls, Transport, TransportError, TransportErrorKind, Way,
};
