//! Configuration: a value with defaults, and its TOML file, whose every key `mock-ca config` explains.

mod ca_files;
mod file;
mod tls;

pub use file::{ConfigError, DEFAULT_FILE};
pub use tls::{Tls, TlsConfig};

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::ValueEnum;
use scep::fault::Order;
use serde::Deserialize;

use crate::authority::KeyKind;
use crate::hook::Hook;
use crate::ra::{Challenge, Policy};
use crate::template::{Choice, Templates};

/// How a server is set up.
#[derive(Debug, Clone)]
pub struct Config {
    /// Address of the SCEP port; with port 0 the operating system chooses.
    pub listen: SocketAddr,
    /// Address of the admin port.
    pub admin: SocketAddr,
    /// What the admin port asks for; None draws it at start.
    pub admin_token: Option<AdminToken>,
    /// Addresses that are not loopback are allowed.
    pub allow_remote: bool,
    /// Ports in TLS.
    pub tls: TlsConfig,
    /// The only path that is served; None for all (RFC 8894 4.1 lets a server ignore it).
    pub path: Option<String>,
    /// A message by GET is refused as not supported.
    pub post_only: bool,
    /// HTTP status of the CertRep for a client that did not authenticate; None for 200, as for any CertRep.
    pub authentication_failed: Option<u16>,
    /// Keywords of GetCACaps.
    pub capabilities: Vec<String>,
    /// Who may enrol.
    pub policy: Policy,
    /// The CA's identity.
    pub ca: CaConfig,
    /// Where the server keeps what it remembers.
    pub store: StoreConfig,
    /// Days until an issued certificate expires, when its template does not say.
    pub certificate_days: u32,
    /// Templates that there are.
    pub templates: Templates,
    /// The template for whom nothing says otherwise.
    pub template: Choice,
    /// Program that is asked who may enrol, when that way is on.
    pub hook: Option<Hook>,
    /// Departures from the start on.
    pub faults: Vec<Order>,
    /// Skipped checks from the start on.
    pub laxities: Vec<String>,
}

/// Where the server keeps what it remembers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum StoreConfig {
    /// Nowhere: it forgets everything when it ends.
    #[default]
    Memory,
    /// In a SQLite file, which is made when there is none.
    Sqlite(PathBuf),
    /// In a PostgreSQL database, by its connection URL. A secret, since a password may be in it.
    Postgres(String),
}

/// What issues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Hierarchy {
    /// The root itself.
    #[default]
    Root,
    /// A CA under a root.
    Intermediate,
}

/// Who speaks SCEP for the CA.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Registration {
    /// The CA itself.
    #[default]
    None,
    /// A registration authority with one certificate.
    Single,
    /// A registration authority with a certificate for signing and one for encryption.
    Split,
}

/// Where the CA's key and certificate come from.
#[derive(Debug, Clone)]
pub struct CaConfig {
    /// Subject of a certificate that is made, RFC 4514.
    pub name: String,
    /// Kind of the keys that are made.
    pub key_kind: KeyKind,
    /// What issues.
    pub hierarchy: Hierarchy,
    /// Who speaks SCEP for the CA.
    pub registration: Registration,
    /// Kind of the keys of the registration authority.
    pub registration_key_kind: KeyKind,
    /// Certificates above a loaded one, PEM, the lowest first.
    pub chain: Vec<String>,
    /// serialNumber of the next CA's certificate, content octets; None draws one.
    pub next_serial: Option<Vec<u8>>,
    /// Days for which a CRL is good.
    pub crl_days: u32,
    /// Days until it expires.
    pub days: u32,
    /// Private key; None makes one.
    pub key: Option<KeyPem>,
    /// Certificate of the key, PEM; None makes a self-signed one.
    pub certificate: Option<String>,
    /// Keys that are there already, beside the first one that issues.
    pub ready: ReadyKeys,
}

/// Keys for what is made beside the first issuing certificate. A key that is not given is made, which takes
/// longer than all else that a server does at its start.
#[derive(Debug, Clone, Default)]
pub struct ReadyKeys {
    /// The root above an intermediate CA.
    pub root: Option<KeyPem>,
    /// The next CA.
    pub next: Option<KeyPem>,
    /// The registration authority: its only key, or the one that signs.
    pub signing: Option<KeyPem>,
    /// The registration authority's key that opens, where it has two.
    pub opening: Option<KeyPem>,
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

/// What the admin port asks for. A secret: it prints as nothing.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct AdminToken(String);

impl AdminToken {
    /// Least length in characters: the port can make certificates.
    const LEAST: usize = 12;

    pub(crate) fn text(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for AdminToken {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let is_word = text.chars().all(|c| c.is_ascii_graphic());
        if text.len() < Self::LEAST || !is_word {
            let least = Self::LEAST;
            return Err(format!(
                "expected a token of at least {least} characters of printable US-ASCII, no blanks"
            ));
        }
        Ok(Self(text))
    }
}

impl fmt::Debug for AdminToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdminToken(redacted)")
    }
}

/// The keywords that are announced when nothing else is configured: what this server does.
const CAPABILITIES: &[&str] =
    &["AES", "DES3", "POSTPKIOperation", "Renewal", "SHA-1", "SHA-256", "SHA-512", "SCEPStandard"];

impl Default for Config {
    fn default() -> Self {
        let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            listen: loopback,
            admin: loopback,
            admin_token: None,
            allow_remote: false,
            tls: TlsConfig::default(),
            path: None,
            post_only: false,
            authentication_failed: None,
            capabilities: CAPABILITIES.iter().map(|keyword| (*keyword).to_owned()).collect(),
            policy: Policy::default(),
            ca: CaConfig::default(),
            store: StoreConfig::default(),
            certificate_days: 90,
            // They are read by a test; without them the server does not start.
            templates: Templates::built_in().unwrap_or_default(),
            template: Choice::default(),
            hook: None,
            faults: Vec::new(),
            laxities: Vec::new(),
        }
    }
}

impl Default for CaConfig {
    fn default() -> Self {
        Self {
            name: "CN=mock-ca root,O=for tests only".to_owned(),
            key_kind: KeyKind::default(),
            hierarchy: Hierarchy::default(),
            registration: Registration::default(),
            registration_key_kind: KeyKind::default(),
            chain: Vec::new(),
            next_serial: None,
            crl_days: 7,
            days: 3650,
            key: None,
            certificate: None,
            ready: ReadyKeys::default(),
        }
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
