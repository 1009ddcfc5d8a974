//! Peer files: how the harness starts and drives somebody else's server or client, without code.
//!
//! Commands are arrays, never a shell line; `{name}` in them is filled in by the runner from [`NAMES`].

mod file;
mod outcome;
mod task;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

use super::ability::Declaration;
use super::broken::BrokenData;
use super::case::Role;
use super::operator::Pattern;
use super::source::Source;
use super::template::Template;
use super::time_limit;

use file::{command, commands, some_command, some_template, template, templates};

pub use outcome::{Outcome, Outcomes, Ran, Rule};
pub use task::Task;

/// Every name that a peer file's templates may use, and what it stands for. `out.ROLE` is one more: the path
/// of that output of the operation.
pub const NAMES: [(&str, &str); 17] = [
    ("dir", "an empty directory of this run alone"),
    ("peer_dir", "the folder of the peer file"),
    ("bin_dir", "the folder that sceptic itself was started from"),
    ("url", "SCEP URL: of our server for a client; for a server where it is to listen"),
    ("port", "the TCP port in `url`"),
    ("challenge", "challengePassword"),
    ("subject", "subject name, RFC 4514 text"),
    ("common_name", "the value of CN in `subject`"),
    ("key", "PEM file of the client's private key; of a renewal, the key that is to be certified"),
    ("csr", "PEM file of the PKCS#10 request"),
    ("certificate", "PEM file of the issued certificate, by which a client renews and looks up"),
    ("certificate_key", "PEM file of the private key of `certificate`"),
    ("ca", "PEM file of the CA certificate to trust: the root's, where another CA issues"),
    ("ca_sha256", "SHA-256 of the CA certificate to trust, 64 lower-case hex digits"),
    ("ca_key", "PEM file of the CA's private key, for servers that are given one"),
    ("transaction_id", "transactionID, in operator commands"),
    ("serial", "serialNumber in hex, two digits an octet, in operator commands and for a client's look-up"),
];

/// One subject that the harness can start, or reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Name; in the data folder also the name of its folder.
    pub name: String,
    /// What it is, for reports.
    pub title: String,
    /// How to get it, for the message when it is not there.
    pub install: Option<String>,
    /// How to tell its version.
    pub version: Option<Version>,
    /// Legacy algorithms without which it cannot be run, and why that is accepted.
    pub allow_insecure: Option<AllowInsecure>,
    /// What it declares about its abilities.
    pub abilities: BTreeMap<String, Declaration>,
    /// What is particular to its side.
    pub side: Side,
    /// Path as the user can open it.
    pub file: String,
}

/// What is particular to servers and to clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Side {
    /// A server: where it is, how it is started, who operates it.
    Server(Box<ServerPeer>),
    /// A client: the commands for its operations.
    Client(Box<ClientPeer>),
}

/// A server that is a subject.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerPeer {
    /// Its SCEP URL.
    #[serde(deserialize_with = "template")]
    pub url: Template,
    /// The challengePassword that it accepts.
    #[serde(default, deserialize_with = "some_template")]
    pub challenge: Option<Template>,
    /// Commands that start it. Without them it is expected to run already.
    pub start: Option<Start>,
    /// Commands that stand for its operator.
    #[serde(default)]
    pub operator: OperatorHooks,
}

/// How a server is started.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// Commands that run to their end first.
    #[serde(default, deserialize_with = "commands")]
    pub prepare: Vec<Command>,
    /// The command that is the server; it is ended after the run.
    #[serde(rename = "cmd", deserialize_with = "command")]
    pub command: Command,
    /// Environment variables besides a minimal environment.
    #[serde(default, deserialize_with = "templates")]
    pub env: BTreeMap<String, Template>,
    /// How long it may take until it answers GetCACaps.
    #[serde(deserialize_with = "time_limit::deserialize")]
    pub timeout: Duration,
    /// Where it listens.
    #[serde(default)]
    pub listens: Listens,
}

/// Where a server that the harness starts listens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Listens {
    /// On loopback only.
    #[default]
    Loopback,
    /// On every address, and it cannot be told otherwise: needs a network of its own.
    Everywhere,
}

/// Commands that stand for a server's operator. What is not given is an ability that the subject lacks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperatorHooks {
    /// Approves the pending request `{transaction_id}`.
    #[serde(default, deserialize_with = "some_command")]
    pub approve: Option<Command>,
    /// Rejects it.
    #[serde(default, deserialize_with = "some_command")]
    pub reject: Option<Command>,
    /// Revokes the certificate `{serial}`, for keyCompromise.
    #[serde(default, deserialize_with = "some_command")]
    pub revoke: Option<Command>,
}

/// A client that is a subject.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientPeer {
    /// Who makes the key pair and the PKCS#10 request.
    pub key_origin: KeyOrigin,
    /// PEM form of the key that the harness supplies.
    #[serde(default)]
    pub key_format: KeyFormat,
    /// Enrols.
    pub enrol: Operation,
    /// Fetches the CA certificate.
    pub get_ca: Option<Operation>,
    /// Renews.
    pub renew: Option<Operation>,
    /// Looks up a certificate.
    pub getcert: Option<Operation>,
    /// Fetches a CRL.
    pub getcrl: Option<Operation>,
    /// Fetches the next CA certificate.
    pub getnextca: Option<Operation>,
}

/// Who makes the client's key pair and request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyOrigin {
    /// The harness, both: `{key}` and `{csr}` are there.
    Harness,
    /// The harness makes the key, the client the request: `{key}` is there.
    HarnessKey,
    /// The client, both.
    Client,
}

/// PEM form of a private key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyFormat {
    /// `BEGIN PRIVATE KEY`.
    #[default]
    Pkcs8,
    /// `BEGIN RSA PRIVATE KEY`.
    Pkcs1,
}

/// One operation of a client.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operation {
    /// Commands that run to their end first and must succeed.
    #[serde(default, deserialize_with = "commands")]
    pub prepare: Vec<Command>,
    /// The command.
    #[serde(rename = "cmd", deserialize_with = "command")]
    pub command: Command,
    /// Environment variables besides a minimal environment.
    #[serde(default, deserialize_with = "templates")]
    pub env: BTreeMap<String, Template>,
    /// When it is ended by force.
    #[serde(deserialize_with = "time_limit::deserialize")]
    pub timeout: Duration,
    /// Files it writes, by role (`certificate`, `crl`, `ca`, `key`).
    #[serde(default, deserialize_with = "templates")]
    pub outputs: BTreeMap<String, Template>,
    /// What its end means.
    pub outcome: Outcomes,
}

/// A program and its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command(pub Vec<Template>);

/// How to tell a peer's version.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Version {
    /// Command that prints it, on either stream.
    #[serde(rename = "cmd", deserialize_with = "command")]
    pub command: Command,
    /// Where in the output it is: the first group, or all that fits.
    #[serde(rename = "match")]
    pub pattern: Pattern,
    /// The version this file was written for; another one is said in the report.
    pub pin: Option<String>,
    /// The command may fail.
    #[serde(default)]
    pub any_exit: bool,
}

/// Legacy algorithms without which a peer cannot be run, and why that is accepted.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AllowInsecure {
    /// The algorithms.
    pub algorithms: Vec<InsecureAlgorithm>,
    /// Why; printed with every run.
    pub because: String,
}

/// Algorithms that nothing of ours speaks unless it is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InsecureAlgorithm {
    /// Single DES as content cipher.
    DesCbc,
}

impl InsecureAlgorithm {
    /// The word of peer files and notes.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::DesCbc => "des-cbc",
        }
    }
}

impl Peer {
    /// Which side the peer is on.
    #[must_use]
    pub fn role(&self) -> Role {
        match self.side {
            Side::Server(_) => Role::Server,
            Side::Client(_) => Role::Client,
        }
    }

    /// Reads a peer file that is not part of the data folder.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or departs from the schema.
    pub fn load(path: &Path) -> Result<Self, BrokenData> {
        let source = Source::load(path).map_err(|broken| BrokenData(vec![broken]))?;
        Self::read(&source).map_err(BrokenData)
    }
}

impl Command {
    /// The program, not yet filled in.
    pub fn program(&self) -> Option<&Template> {
        self.0.first()
    }
}
