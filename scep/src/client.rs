//! The client's half of the protocol: machines without I/O. The caller sends what a machine says, gives it
//! the answer or the reason why there is none, and tells it the time.
//!
//! ```text
//!  Discovery: GetCACaps, GetCACert, GetNextCACert -> capabilities, authenticated certificates of the CA
//!  Suite:     capabilities -> algorithms, POST or GET
//!  Enrolment: PKCSReq or RenewalReq, CertPoll until it is over -> certificate
//!  Lookup:    GetCert -> certificate, GetCRL -> CRL
//! ```

mod asking;
mod checks;
mod discovery;
mod enrolment;
mod lookup;
mod negotiate;
mod payload;
mod plan;
mod step;
mod trust;

pub use checks::Checks;
pub use discovery::{Discovered, Discovery, DiscoveryPlan, DiscoveryVerdict};
pub use enrolment::{Enrolment, Verdict};
pub use lookup::{Found, Lookup, LookupPlan, LookupVerdict, Query};
pub use negotiate::{Edition, Negotiated, Suite};
pub use plan::{BackOff, Continuity, Plan, PollPolicy, Recovery, RequestForm, Retry};
pub use step::Step;
pub use trust::{Fingerprint, Trust, Untrusted};
