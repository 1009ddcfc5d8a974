//! The service: an HTTP request as data goes in, its answer comes out. Knows no socket.
//!
//! ```text
//!  HttpRequest -> operation -> receive -> ra::decide -> ca::certificate_for -> answer -> HttpResponse
//!                                             |                |                 |           |
//!                                           store            store          faults      faults
//! ```

mod answer;
mod certificates;
mod claims;
mod enrol;
mod lookup;
mod operator;
mod pki_operation;
mod registrar;
mod rollover;

pub use certificates::{GenerationSummary, IssuedCertificate};
use operator::SHOWN;
pub use operator::{OperatorError, PendingRequest, Verdict};
pub use registrar::RegistrarError;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore as _, SeedableRng as _};
use scep::attribute::{MessageType, PkiStatus};
use scep::ca_cert::CaCertificates;
use scep::caps::Capabilities;
use scep::cms::Effort;
use scep::fault::{Faults, Order, Script, When};
use scep::http::{HttpRequest, HttpResponse, Incoming, Operation};
use scep::key::PrivateKey;
use scep::message::Outcome;
use scep::next_ca::NextCa;
use scep::suite::Digest;

use crate::authority::{self, Authorities, Authority, Conduct};
use crate::clock::Clock;
use crate::config::{CaConfig, Config};
use crate::hook::Hook;
use crate::laxity::UnknownLaxity;
use crate::ra::Policy;
use crate::store::{Store, StoreError};
use crate::strictness::Strictness;
use crate::template::{Template, TemplateError, Templates};

/// Largest body that is read: no larger message would be understood.
pub const BODY_LIMIT: usize = scep::limits::MESSAGE;

/// The server without its sockets. Shared by all connections.
pub struct Service {
    path: Option<String>,
    post_only: bool,
    authentication_failed: Option<u16>,
    capabilities: Capabilities,
    policy: Policy,
    certificate_days: u32,
    templates: Templates,
    /// The one for whom nothing says otherwise.
    template: Template,
    hook: Option<Hook>,
    ca: CaConfig,
    store: Store,
    /// The store's generations as they were last read.
    authorities: RwLock<Arc<Authorities>>,
    clock: Arc<dyn Clock>,
    memory: Mutex<Memory>,
}

/// What changes from request to request.
struct Memory {
    script: Script,
    orders: Vec<Order>,
    strictness: Strictness,
    laxities: Vec<String>,
    rng: ChaCha20Rng,
    /// Set by the laxity `liveness` only.
    is_down: bool,
}

/// An answer, and what is to be said about it.
#[derive(Debug, Clone)]
pub struct Answer {
    /// What goes out.
    pub response: HttpResponse,
    /// `GetCACaps`, `GetCACert`, `GetNextCACert`, `CertRep`, `CRL` or `Error`.
    pub message: &'static str,
    /// pkiStatus of a CertRep, before faults.
    pub pki_status: Option<&'static str>,
    /// Faults that changed it.
    pub faults: Vec<String>,
    /// What opening the envelope of the request took.
    pub effort: Effort,
    /// What was decided, and why. For the operator, never for the client.
    pub note: String,
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service")
            .field("policy", &self.policy)
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}

impl Service {
    /// A service with the faults and laxities of the configuration, on what the store remembers: a store
    /// that knows no authority is given one. `rng` is the source of every serial number, nonce and content
    /// key.
    ///
    /// # Errors
    /// When a fault or a laxity is unknown, the CA cannot be set up, or the store fails.
    pub fn new(
        config: &Config,
        store: Store,
        clock: Arc<dyn Clock>,
        mut rng: ChaCha20Rng,
    ) -> Result<Self, SetUpError> {
        let keywords: Vec<&str> = config.capabilities.iter().map(String::as_str).collect();
        let authorities = found(&config.ca, &store, clock.as_ref(), &mut rng)?;
        Ok(Self {
            path: config.path.clone(),
            post_only: config.post_only,
            authentication_failed: config.authentication_failed,
            capabilities: Capabilities::new(&keywords),
            policy: config.policy.clone(),
            certificate_days: config.certificate_days,
            template: config.template.find(&config.templates)?.clone(),
            templates: config.templates.clone(),
            hook: config.hook.clone(),
            ca: config.ca.clone(),
            store,
            authorities: RwLock::new(Arc::new(authorities)),
            clock,
            memory: Mutex::new(Memory {
                script: script(&config.faults)?,
                orders: config.faults.clone(),
                strictness: Strictness::without(&config.laxities)?,
                laxities: config.laxities.clone(),
                rng,
                is_down: false,
            }),
        })
    }

    /// Answers a request. `path` is as sent.
    pub fn handle(&self, path: &str, request: &HttpRequest) -> Answer {
        let strictness = {
            let memory = self.memory();
            if memory.is_down {
                drop(memory);
                return self.error(
                    500,
                    "out of order",
                    "out of order since a message that could not be read",
                );
            }
            memory.strictness
        };
        if let Some(generation) = lookup::crl_path(path).filter(|_| request.query.is_empty()) {
            return self.crl_file(generation);
        }
        if self.path.as_deref().is_some_and(|served| served != path) {
            return self.error(404, "nothing is here", format!("path {path} is not served"));
        }
        let incoming = match Incoming::read(request.method, &request.query, &request.body, &mut Vec::new()) {
            Ok(incoming) => incoming,
            Err(error) => {
                let status = if strictness.http.base64 { 400 } else { 500 };
                return self.error(status, "expected the message in base64", error.to_string());
            }
        };
        match operation(&incoming) {
            Some(Operation::GetCaCaps) => self.ca_caps(),
            Some(Operation::GetCaCert) => self.ca_cert(),
            Some(Operation::PkiOperation) if self.post_only && !incoming.is_post => {
                self.error(400, "expected PKIOperation by POST", "PKIOperation by GET")
            }
            Some(Operation::PkiOperation) => {
                self.pki_operation(incoming.message.as_deref().unwrap_or_default(), &strictness)
            }
            Some(Operation::GetNextCaCert) if strictness.http.operation => self.next_ca_cert(),
            // The chain is in the answer to GetCACert.
            None | Some(Operation::GetCaCertChain | Operation::GetNextCaCert)
                if !strictness.http.operation =>
            {
                self.ca_caps()
            }
            None | Some(Operation::GetCaCertChain | Operation::GetNextCaCert) => {
                let actual = incoming.operation.as_deref().unwrap_or("none");
                self.error(
                    400,
                    "expected operation GetCACaps, GetCACert, GetNextCACert or PKIOperation",
                    format!("operation {actual}"),
                )
            }
        }
    }

    /// The answer to what is no SCEP request at all.
    pub fn error(&self, status: u16, text: &str, note: impl Into<String>) -> Answer {
        let faults = self.memory().script.next("Error", None);
        self.finish(HttpResponse::error(status, text), "Error", None, faults, note.into())
    }

    /// Largest body that the server reads; None when a laxity takes the limit away.
    pub fn body_limit(&self) -> Option<usize> {
        self.memory().strictness.http.body_limit.then_some(BODY_LIMIT)
    }

    /// The generation of the authority that issues; the last one that was read when the store fails.
    pub fn authority(&self) -> Arc<Authority> {
        self.authorities().unwrap_or_else(|_| self.known_authorities()).current().clone()
    }

    /// What the server remembers.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The clock that certificates are dated by.
    pub fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    /// Commits these faults from now on, and counts anew.
    ///
    /// # Errors
    /// When one is not in the catalogue, or for answers that there are not; nothing changes then.
    pub fn set_faults(&self, orders: &[Order]) -> scep::error::Result<()> {
        let script = script(orders)?;
        let mut memory = self.memory();
        (memory.script, memory.orders) = (script, orders.to_vec());
        Ok(())
    }

    /// The faults that are committed now.
    pub fn faults(&self) -> Vec<Order> {
        self.memory().orders.clone()
    }

    /// How many answers each fault has changed since it was set.
    pub fn delivered(&self) -> BTreeMap<String, u32> {
        self.memory().script.delivered().clone()
    }

    /// Skips these checks from now on, and makes all others.
    ///
    /// # Errors
    /// When one is unknown; nothing changes then.
    pub fn set_laxities(&self, laxities: &[String]) -> Result<(), UnknownLaxity> {
        let strictness = Strictness::without(laxities)?;
        let mut memory = self.memory();
        (memory.strictness, memory.laxities, memory.is_down) = (strictness, laxities.to_vec(), false);
        Ok(())
    }

    /// The checks that are skipped now.
    pub fn laxities(&self) -> Vec<String> {
        self.memory().laxities.clone()
    }

    fn ca_caps(&self) -> Answer {
        let faults = self.memory().script.next("GetCACaps", None);
        let has_next = match self.authorities() {
            Ok(authorities) => authorities.next().is_some(),
            Err(error) => return self.internal_error(&error),
        };
        let mut capabilities = self.capabilities.clone();
        if has_next {
            capabilities.announce("GetNextCACert");
        }
        let response = HttpResponse::ok("text/plain", capabilities.write());
        self.finish(response, "GetCACaps", None, faults, "capabilities".to_owned())
    }

    fn ca_cert(&self) -> Answer {
        let (mut faults, conduct) = {
            let mut memory = self.memory();
            (memory.script.next("GetCACert", None), memory.strictness.authority)
        };
        let served = self.authorities().and_then(|all| Ok(all.current().served(conduct, &mut faults)?));
        match served {
            Ok(certificates) => {
                let (content_type, body) = CaCertificates::write(&certificates, &mut faults);
                let response = HttpResponse::ok(content_type, body);
                self.finish(response, "GetCACert", None, faults, "CA certificate".to_owned())
            }
            Err(error) => self.internal_error(&error),
        }
    }

    fn next_ca_cert(&self) -> Answer {
        let authorities = match self.authorities() {
            Ok(authorities) => authorities,
            Err(error) => return self.internal_error(&error),
        };
        let Some(next) = authorities.next() else {
            return self.error(404, "there is no next CA yet", "no next CA is prepared");
        };
        let mut faults = self.memory().script.next("GetNextCACert", None);
        // RFC 8894 4.7.1: signed by the CA itself, also where a registration authority signs CertReps.
        let mut rng = self.memory().fork_rng();
        let current = authorities.current().issuing();
        let written = next
            .served(Conduct::default(), &mut faults)
            .and_then(|served| NextCa::write_with(&served, current, Digest::Sha256, &mut faults, &mut rng));
        match written {
            Ok((content_type, body)) => {
                let response = HttpResponse::ok(content_type, body);
                self.finish(response, "GetNextCACert", None, faults, "next CA certificate".to_owned())
            }
            Err(error) => self.internal_error(&error.into()),
        }
    }

    fn internal_error(&self, error: &Trouble) -> Answer {
        self.error(500, "internal error", format!("failed to answer: {error}"))
    }

    /// The generations of the authority, read again when another process, or this one, changed them.
    fn authorities(&self) -> Result<Arc<Authorities>, Trouble> {
        let known = self.known_authorities();
        if self.store.generations_version()? == known.version {
            return Ok(known);
        }
        let (version, generations) = self.store.generations()?;
        let read = Arc::new(Authorities::new(version, &generations)?);
        *self.authorities.write().unwrap_or_else(PoisonError::into_inner) = read.clone();
        Ok(read)
    }

    /// The generations as they were last read, for whoever sees in another look that they are not current.
    fn known_authorities(&self) -> Arc<Authorities> {
        self.authorities.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Faults on HTTP, and the accounts of all faults.
    fn finish(
        &self,
        mut response: HttpResponse,
        message: &'static str,
        outcome: Option<&Outcome>,
        mut faults: Faults,
        note: String,
    ) -> Answer {
        faults.response(&mut response);
        self.memory().script.record(&faults);
        let pki_status = outcome.map(|outcome| outcome.status().name());
        Answer {
            response,
            message,
            pki_status,
            faults: faults.applied().to_vec(),
            effort: Effort::default(),
            note,
        }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        // Nothing is left half changed where a panic could strike.
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    /// A generator for one answer, so that answers are written outside the lock.
    fn fork_rng(&mut self) -> ChaCha20Rng {
        let mut seed = [0; 32];
        self.rng.fill_bytes(&mut seed);
        ChaCha20Rng::from_seed(seed)
    }
}

/// The operation of a request. RFC 8894 4.3: by POST there is only PKIOperation, and many servers do not
/// look whether the client says so.
fn operation(incoming: &Incoming) -> Option<Operation> {
    match incoming.operation.as_deref() {
        None => incoming.is_post.then_some(Operation::PkiOperation),
        Some(name) => Operation::parse(name)
            .filter(|operation| !incoming.is_post || *operation == Operation::PkiOperation),
    }
}

/// The authority that the store knows, else a new one. A CA that the configuration names has to be the one
/// that the store began with: what it issued would be lost otherwise.
fn found(
    config: &CaConfig,
    store: &Store,
    clock: &dyn Clock,
    rng: &mut ChaCha20Rng,
) -> Result<Authorities, SetUpError> {
    if store.generations()?.1.is_empty() {
        store.found(&authority::first(config, clock.now(), rng).map_err(SetUpError::Authority)?)?;
    }
    let (version, generations) = store.generations()?;
    if let (Some(configured), Some(first)) = (&config.key, generations.first()) {
        let configured = PrivateKey::from_pem(configured.text().as_bytes()).map_err(SetUpError::Authority)?;
        let known = Authority::new(first).map_err(SetUpError::Authority)?;
        if configured.public() != known.issuing().key.public() {
            return Err(SetUpError::OtherCa(known.issuing().certificate.subject_text()));
        }
    }
    Authorities::new(version, &generations).map_err(SetUpError::Authority)
}

/// Why a request cannot be answered, and nobody but the server is at fault.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Protocol(#[from] scep::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The generations of the authority changed meanwhile: the answer has to begin anew.
    #[error("the generations of the authority changed")]
    Stale,
}

/// Whether the generations that an answer is made with are those of the store, by the store's version.
fn current(authorities: &Authorities, version: u64) -> Result<(), Trouble> {
    if authorities.version == version { Ok(()) } else { Err(Trouble::Stale) }
}

/// Names of answers, as [`Answer::message`] has them.
pub(crate) const MESSAGES: &[&str] = &["GetCACaps", "GetCACert", "GetNextCACert", "CertRep", "CRL", "Error"];

/// What is answered by a CertRep: `to` of a fault names one of them.
pub(crate) const REQUESTS: &[MessageType] = &[
    MessageType::PkcsReq,
    MessageType::RenewalReq,
    MessageType::CertPoll,
    MessageType::GetCert,
    MessageType::GetCrl,
];

/// Faults for answers that there are: others would never be committed, and nobody would notice.
pub(crate) fn script(orders: &[Order]) -> scep::error::Result<Script> {
    for order in orders {
        let When { message, status, to, .. } = &order.when;
        let misuse = |detail| Err(scep::Error::Misuse { what: "fault", detail });
        if let Some(message) = message.as_deref().filter(|message| !MESSAGES.contains(message)) {
            return misuse(format!(
                "{}: expected one of {}, got `{message}`",
                order.fault,
                MESSAGES.join(", ")
            ));
        }
        if let Some(status) = status.as_deref().filter(|status| PkiStatus::from_name(status).is_none()) {
            return misuse(format!("{}: expected SUCCESS, FAILURE or PENDING, got `{status}`", order.fault));
        }
        let is_request = |to: &str| REQUESTS.iter().any(|request| request.name() == to);
        if let Some(to) = to.as_deref().filter(|to| !is_request(to)) {
            let known: Vec<&str> = REQUESTS.iter().map(|request| request.name()).collect();
            return misuse(format!("{}: expected to = one of {}, got `{to}`", order.fault, known.join(", ")));
        }
        if let (Some(_), Some(message)) = (to, message.as_deref().filter(|message| *message != "CertRep")) {
            return misuse(format!("{}: `to` narrows CertRep down, and message is {message}", order.fault));
        }
    }
    Script::new(orders)
}

/// Why faults and laxities cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetUpError {
    /// A fault is not in the catalogue.
    #[error(transparent)]
    Fault(#[from] scep::Error),
    /// A laxity is unknown.
    #[error(transparent)]
    Laxity(#[from] UnknownLaxity),
    /// The template that is configured is not there.
    #[error("find {0}")]
    Template(#[from] TemplateError),
    /// Key, certificate or name of the CA.
    #[error("set up the CA: {0}")]
    Authority(#[source] scep::Error),
    /// What the server remembers cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store is another CA's.
    #[error("open the store: it is that of {0}, whose key is not the one that is configured")]
    OtherCa(String),
}
