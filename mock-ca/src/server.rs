//! A running server: two listening ports around one service, and the handle by which a program drives it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use scep::certificate::Certificate;
use scep::fault::Order;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::clock::Clock;
use crate::config::{Config, StoreConfig, Tls, TlsConfig};
use crate::http::admin::{AdminPort, Token};
use crate::http::listener::serve;
use crate::http::scep_port::ScepPort;
use crate::laxity::UnknownLaxity;
use crate::metrics::Metrics;
use crate::record::{Observer, Recorded, Recorder};
use crate::service::{OperatorError, PendingRequest, Service, SetUpError, Verdict};
use crate::store::{PostgresEngine, SqliteEngine, Store, StoreError};

/// Time that requests under way have to end when the server stops.
pub const GRACE: Duration = Duration::from_secs(5);

/// The reference SCEP server. For tests only.
#[derive(Debug, Clone, Copy)]
pub struct MockCa;

/// Why the server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An address that other machines reach, without permission.
    #[error("listen on {0}: this server is for tests; expected a loopback address, or allow_remote")]
    Remote(SocketAddr),
    /// The operating system refuses the address.
    #[error("listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The store cannot be opened.
    #[error("open the store: {0}")]
    Store(#[from] StoreError),
    /// The CA, faults or laxities.
    #[error("set up the server: {0}")]
    SetUp(#[from] SetUpError),
    /// The set-up ended in a panic.
    #[error("set up the server: {0}")]
    Broken(String),
}

impl MockCa {
    /// Starts a server in the current tokio runtime. The same seed gives the same serial numbers, nonces,
    /// content keys and token; a CA key that is not configured is made by the cryptographic library.
    ///
    /// # Errors
    /// When the configuration cannot be used, or an address is taken.
    pub async fn start(config: Config, clock: Arc<dyn Clock>, seed: [u8; 32]) -> Result<Running, StartError> {
        Self::start_observed(config, clock, seed, Vec::new()).await
    }

    /// Starts a server whose exchanges are shown to these observers too.
    ///
    /// # Errors
    /// As [`MockCa::start`].
    pub async fn start_observed(
        config: Config,
        clock: Arc<dyn Clock>,
        seed: [u8; 32],
        observers: Vec<Arc<dyn Observer>>,
    ) -> Result<Running, StartError> {
        for address in [config.listen, config.admin] {
            if !address.ip().is_loopback() && !config.allow_remote {
                return Err(StartError::Remote(address));
            }
        }
        let mut rng = ChaCha20Rng::from_seed(seed);
        let drawn = Token::random(&mut rng);
        let token = config.admin_token.as_ref().map_or(drawn, |chosen| Token::chosen(chosen.text()));
        // A store may wait for a disk or another machine, keys for the processor: nothing for this thread.
        let set_up = config.clone();
        let made = tokio::task::spawn_blocking(move || {
            let store = open(&set_up.store)?;
            Ok::<_, StartError>(Service::new(&set_up, store, clock, rng)?)
        });
        let service = Arc::new(made.await.map_err(|error| StartError::Broken(error.to_string()))??);
        let recorder = Arc::new(Recorder::default());
        let metrics = Arc::new(Metrics::default());

        let (scep_listener, scep_address) = bind(config.listen).await?;
        let (admin_listener, admin_address) = bind(config.admin).await?;
        let (stop, stopped) = watch::channel(false);
        let mut all: Vec<Arc<dyn Observer>> = vec![recorder.clone(), metrics.clone()];
        all.extend(observers);
        let scep_port = ScepPort { service: service.clone(), observers: all };
        let admin_port = AdminPort {
            service: service.clone(),
            recorder: recorder.clone(),
            metrics,
            token: token.clone(),
            is_secure: config.tls.admin.is_some(),
        };
        let tasks = [
            tokio::spawn(serve(scep_listener, config.tls.scep.clone(), Arc::new(scep_port), stopped.clone())),
            tokio::spawn(serve(admin_listener, config.tls.admin.clone(), Arc::new(admin_port), stopped)),
        ];
        // An RFC 8894 4.1 path; this server takes any other as well, unless it is configured not to.
        let path = config.path.unwrap_or_else(|| "/scep".to_owned());
        let tls = config.tls;
        Ok(Running { service, recorder, token, scep_address, admin_address, path, tls, stop, tasks })
    }
}

fn open(config: &StoreConfig) -> Result<Store, StoreError> {
    Ok(match config {
        StoreConfig::Memory => Store::in_memory(),
        StoreConfig::Sqlite(path) => Store::new(SqliteEngine::open(path)?),
        StoreConfig::Postgres(url) => Store::new(PostgresEngine::connect(url)?),
    })
}

fn scheme(tls: Option<&Tls>) -> &'static str {
    if tls.is_some() { "https" } else { "http" }
}

async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |source| StartError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

/// A server that runs until it is stopped or dropped.
#[derive(Debug)]
pub struct Running {
    service: Arc<Service>,
    recorder: Arc<Recorder>,
    token: Token,
    scep_address: SocketAddr,
    admin_address: SocketAddr,
    path: String,
    tls: TlsConfig,
    stop: watch::Sender<bool>,
    tasks: [JoinHandle<()>; 2],
}

impl Running {
    /// URL for SCEP clients.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://{}{}", scheme(self.tls.scep.as_ref()), self.scep_address, self.path)
    }

    /// URL of the admin port, without a path.
    #[must_use]
    pub fn admin_url(&self) -> String {
        format!("{}://{}", scheme(self.tls.admin.as_ref()), self.admin_address)
    }

    /// What the admin port asks for, as `Authorization: Bearer TOKEN`. A secret.
    #[must_use]
    pub fn admin_token(&self) -> &str {
        self.token.text()
    }

    /// The CA's certificate; GetCACert may serve another one when a fault is on it.
    #[must_use]
    pub fn ca_certificate(&self) -> Certificate {
        self.service.authority().issuing().certificate.clone()
    }

    /// The private key that opens the requests of the record, PKCS#8 PEM: the CA's, or its registration
    /// authority's. A secret.
    ///
    /// # Errors
    /// When the cryptographic library cannot write it.
    pub fn ca_key_pem(&self) -> scep::error::Result<String> {
        self.service.authority().opener().key.to_pem()
    }

    /// What the server does, for a program that is its operator.
    #[must_use]
    pub fn service(&self) -> &Service {
        &self.service
    }

    /// Requests that wait for the operator, the oldest first.
    ///
    /// # Errors
    /// When the store fails.
    pub fn pending(&self) -> Result<Vec<PendingRequest>, OperatorError> {
        self.service.pending()
    }

    /// Lets the next message of a pending transaction have the certificate.
    ///
    /// # Errors
    /// When no such request is pending.
    pub fn approve(&self, transaction_id: &str) -> Result<(), OperatorError> {
        self.service.decide_pending(transaction_id.as_bytes(), Verdict::Approve)
    }

    /// Lets the next message of a pending transaction have a FAILURE.
    ///
    /// # Errors
    /// When no such request is pending.
    pub fn reject(&self, transaction_id: &str) -> Result<(), OperatorError> {
        self.service.decide_pending(transaction_id.as_bytes(), Verdict::Reject)
    }

    /// Commits these faults from now on, and counts anew what is delivered.
    ///
    /// # Errors
    /// When one is not in the catalogue; nothing changes then.
    pub fn set_faults(&self, faults: &[Order]) -> scep::error::Result<()> {
        self.service.set_faults(faults)
    }

    /// Skips these checks from now on, and makes all others.
    ///
    /// # Errors
    /// When one is unknown; nothing changes then.
    pub fn set_laxities(&self, laxities: &[String]) -> Result<(), UnknownLaxity> {
        self.service.set_laxities(laxities)
    }

    /// How many answers each fault has changed since it was set.
    #[must_use]
    pub fn delivered(&self) -> BTreeMap<String, u32> {
        self.service.delivered()
    }

    /// Takes the recorded exchanges of the SCEP port out, in order.
    #[must_use]
    pub fn take_record(&self) -> Vec<Recorded> {
        self.recorder.take()
    }

    /// Accepts nothing more, lets the requests under way end, and returns when all is closed: after
    /// [`GRACE`] at the latest.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        let ended = async {
            for task in &mut self.tasks {
                // A task that panicked is over too.
                let _ = task.await;
            }
        };
        // Whoever is late is cut off by Drop.
        let _ = tokio::time::timeout(GRACE, ended).await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Connections live in their listener's task and end with it.
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}
