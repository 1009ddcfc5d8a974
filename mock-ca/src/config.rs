//! Configuration: a value with defaults, and its TOML file, whose every key `mock-ca config` explains.

mod file;

pub use file::{ConfigError, DEFAULT_FILE};

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};

use scep::fault::Order;

use crate::ra::{Challenge, Policy};

/// How a server is set up.
#[derive(Debug, Clone)]
pub struct Config {
    /// Address of the SCEP port; with port 0 the operating system chooses.
    pub listen: SocketAddr,
    /// Address of the admin port.
    pub admin: SocketAddr,
    /// Addresses that are not loopback are allowed.
    pub allow_remote: bool,
    /// The only path that is served; None for all (RFC 8894 4.1 lets a server ignore it).
    pub path: Option<String>,
    /// Keywords of GetCACaps.
    pub capabilities: Vec<String>,
    /// Who may enrol.
    pub policy: Policy,
    /// The CA's identity.
    pub ca: CaConfig,
    /// Days until an issued certificate expires.
    pub certificate_days: u32,
    /// Departures from the start on.
    pub faults: Vec<Order>,
    /// Skipped checks from the start on.
    pub laxities: Vec<String>,
}

/// Where the CA's key and certificate come from.
#[derive(Debug, Clone)]
pub struct CaConfig {
    /// Subject of a certificate that is made, RFC 4514.
    pub name: String,
    /// Days until it expires.
    pub days: u32,
    /// Private key; None makes one.
    pub key: Option<KeyPem>,
    /// Certificate of the key, PEM; None makes a self-signed one.
    pub certificate: Option<String>,
}

/// An unencrypted private key as PEM. A secret: it prints as nothing.
#[derive(Clone)]
pub struct KeyPem(String);

impl KeyPem {
    /// Takes the text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for KeyPem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyPem(redacted)")
    }
}

/// The keywords that are announced when nothing else is configured: what this server does.
const CAPABILITIES: &[&str] =
    &["AES", "DES3", "POSTPKIOperation", "SHA-1", "SHA-256", "SHA-512", "SCEPStandard"];

impl Default for Config {
    fn default() -> Self {
        let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            listen: loopback,
            admin: loopback,
            allow_remote: false,
            path: None,
            capabilities: CAPABILITIES.iter().map(|keyword| (*keyword).to_owned()).collect(),
            policy: Policy::default(),
            ca: CaConfig::default(),
            certificate_days: 90,
            faults: Vec::new(),
            laxities: Vec::new(),
        }
    }
}

impl Default for CaConfig {
    fn default() -> Self {
        Self { name: "CN=mock-ca root,O=for tests only".to_owned(), days: 3650, key: None, certificate: None }
    }
}

impl Config {
    /// What a test wants: the right challenge is granted at once, none at all waits for the operator, and
    /// the CA key costs no time to make.
    #[must_use]
    pub fn for_tests(challenge: &str, ca_key_pem: Option<String>) -> Self {
        Self {
            policy: Policy {
                challenge: Challenge::new(challenge),
                without_challenge: crate::ra::WithoutChallenge::Pending,
                ..Policy::default()
            },
            ca: CaConfig { key: ca_key_pem.map(KeyPem::new), ..CaConfig::default() },
            ..Self::default()
        }
    }
}
