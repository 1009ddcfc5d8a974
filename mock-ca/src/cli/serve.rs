//! `mock-ca serve`: a configuration from file and flags, a server until a signal.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use scep::fault::{Order, When};
use scep::suite::Digest;

use super::log::{Format, Log};
use super::{Exit, say};
use crate::clock::SystemClock;
use crate::config::{AdminToken, CaConfig, Config, ConfigError, Tls, TlsConfig};
use crate::laxity::UnknownLaxity;
use crate::persona::{Persona, UnknownPersona};
use crate::ra::{Challenge, Mode, Way, WithoutChallenge};
use crate::server::{MockCa, Running, StartError};
use crate::service;
use crate::strictness::Strictness;

/// What `serve` takes. A flag wins over the file.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Configuration file; `mock-ca config` prints one
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A known server to stand in for, when there is no configuration file; `mock-ca personas` lists them
    #[arg(long, value_name = "NAME", conflicts_with = "config", value_parser = persona)]
    persona: Option<Persona>,
    /// Address and port of SCEP; port 0 lets the operating system choose
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Address and port of the administration
    #[arg(long, value_name = "ADDRESS")]
    admin: Option<SocketAddr>,
    /// What the administration asks for; without one anywhere, one is drawn and printed
    #[arg(long, value_name = "TEXT", env = "MOCK_CA_ADMIN_TOKEN", hide_env_values = true, value_parser = admin_token)]
    admin_token: Option<AdminToken>,
    /// Also listen on addresses that other machines reach
    #[arg(long)]
    allow_remote: bool,
    /// The right challengePassword; without one anywhere, one is made and printed
    #[arg(long, value_name = "TEXT", env = "MOCK_CA_CHALLENGE", hide_env_values = true, value_parser = challenge)]
    challenge: Option<Challenge>,
    /// What happens to a request without challengePassword
    #[arg(long, value_enum)]
    without_challenge: Option<WithoutChallenge>,
    /// Whether every request waits for the operator
    #[arg(long, value_enum)]
    mode: Option<Mode>,
    /// A departure to commit, for some messages only if wanted; `mock-ca faults` lists them
    #[arg(long = "fault", value_name = "ID[:MESSAGE[:STATUS]]", value_parser = order)]
    faults: Vec<Order>,
    /// A check to skip; `mock-ca laxities` lists them
    #[arg(long = "laxity", value_name = "ID", value_parser = laxity)]
    laxities: Vec<String>,
    /// Private key of the CA, PEM; without it one is made
    #[arg(long, value_name = "FILE")]
    ca_key: Option<PathBuf>,
    /// Certificate of that key, PEM; without it one is made
    #[arg(long, value_name = "FILE", requires = "ca_key")]
    ca_cert: Option<PathBuf>,
    /// Certificate that both ports show in TLS, PEM, perhaps with those above it behind
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Private key of that certificate, PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// How the log on standard error looks
    #[arg(long, value_enum, default_value_t)]
    log: Format,
    /// Where to write the CA certificate, PEM
    #[arg(long, value_name = "FILE")]
    ca_out: Option<PathBuf>,
}

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("{}", chain(.0))]
    Config(#[from] ConfigError),
    #[error("{}", chain(.0))]
    Start(#[from] StartError),
    #[error("write {path}: {source}")]
    Write { path: PathBuf, source: std::io::Error },
    #[error("start: {0}")]
    Runtime(#[from] std::io::Error),
    #[error("start: {0}")]
    Library(#[from] scep::Error),
}

impl Failure {
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Start(StartError::Remote(_) | StartError::Listen { .. }) => Exit::Listen,
            Self::Config(_)
            | Self::Write { .. }
            | Self::Start(StartError::Store(_) | StartError::SetUp(_)) => Exit::Files,
            Self::Runtime(_) | Self::Library(_) | Self::Start(StartError::Broken(_)) => Exit::Internal,
        }
    }
}

/// An error and its causes, those left out that the error has in its own words.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let detail = error.to_string();
        if !text.contains(&detail) {
            let _ = write!(text, ": {detail}");
        }
        cause = error.source();
    }
    text
}

pub(super) fn run(arguments: Arguments) -> Result<(), Failure> {
    let (ca_out, log) = (arguments.ca_out.clone(), Log(arguments.log));
    let mut config = arguments.into_config()?;
    let mut seed = [0; 32];
    random(&mut seed)?;
    let made = offer_challenge(&mut config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        // Before the first line of output: who reads it may send a signal at once.
        let signal = signal()?;
        let server = MockCa::start_observed(config, Arc::new(SystemClock), seed, vec![Arc::new(log)]).await?;
        if let Some(path) = ca_out {
            std::fs::write(&path, server.ca_certificate().to_pem())
                .map_err(|source| Failure::Write { path, source })?;
        }
        announce(&server, made.as_deref())?;
        signal.await;
        server.stop().await;
        Ok(())
    })
}

impl Arguments {
    fn into_config(self) -> Result<Config, ConfigError> {
        let of_persona = || self.persona.as_ref().map_or_else(Config::default, Persona::config);
        let mut config = self.config.as_deref().map(Config::read).transpose()?.unwrap_or_else(of_persona);
        config.listen = self.listen.unwrap_or(config.listen);
        config.admin = self.admin.unwrap_or(config.admin);
        config.admin_token = self.admin_token.or(config.admin_token);
        config.allow_remote |= self.allow_remote;
        config.policy.challenge = self.challenge.or(config.policy.challenge);
        config.policy.without_challenge = self.without_challenge.unwrap_or(config.policy.without_challenge);
        config.policy.mode = self.mode.unwrap_or(config.policy.mode);
        config.faults.extend(self.faults);
        config.laxities.extend(self.laxities);
        if let Some(path) = &self.ca_key {
            config.ca.key = Some(CaConfig::read_key(path)?);
            // The certificate in the file belongs to the key in the file.
            config.ca.certificate = self.ca_cert.as_deref().map(CaConfig::read_certificate).transpose()?;
        }
        if let (Some(certificate), Some(key)) = (&self.tls_cert, &self.tls_key) {
            config.tls = TlsConfig::both(Tls::read(certificate, key, "")?);
        }
        Ok(config)
    }
}

/// A server that refuses everybody is of no use: makes a challengePassword when there is no way in.
fn offer_challenge(config: &mut Config) -> Result<Option<String>, Failure> {
    let is_way = config.policy.ways.contains(&Way::Challenge);
    if !is_way
        || config.policy.challenge.is_some()
        || config.policy.without_challenge != WithoutChallenge::Reject
    {
        return Ok(None);
    }
    let mut octets = [0; 12];
    random(&mut octets)?;
    let text = hex::encode(octets);
    config.policy.challenge = Challenge::new(&text);
    Ok(Some(text))
}

fn announce(server: &Running, challenge: Option<&str>) -> Result<(), Failure> {
    let ca = server.ca_certificate();
    let fingerprint = hex::encode(ca.fingerprint(Digest::Sha256)?);
    say(&format!("scep   {}", server.url()));
    say(&format!("admin  {}  token {}", server.admin_url(), server.admin_token()));
    say(&format!("ca     {}  sha-256 {fingerprint}", ca.subject_text()));
    if let Some(challenge) = challenge {
        say(&format!("challenge  {challenge}"));
    }
    say("mock-ca is for tests only: nobody should trust what it issues");
    Ok(())
}

fn random(octets: &mut [u8]) -> Result<(), Failure> {
    Ok(openssl::rand::rand_bytes(octets).map_err(scep::Error::from)?)
}

/// Listens for SIGINT and SIGTERM from now on; what it returns ends with the first of them.
#[cfg(unix)]
fn signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn signal() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        // Without a handler the system ends the process itself.
        let _ = tokio::signal::ctrl_c().await;
    })
}

fn persona(name: &str) -> Result<Persona, UnknownPersona> {
    Persona::named(name)
}

fn admin_token(text: &str) -> Result<AdminToken, String> {
    AdminToken::try_from(text.to_owned())
}

fn challenge(text: &str) -> Result<Challenge, &'static str> {
    Challenge::try_from(text.to_owned())
}

fn laxity(id: &str) -> Result<String, UnknownLaxity> {
    Strictness::without(&[id]).map(|_| id.to_owned())
}

fn order(text: &str) -> Result<Order, String> {
    let mut words = text.split(':').map(str::to_owned);
    let id = words.next().unwrap_or_default();
    let (message, status) = (words.next(), words.next());
    if words.next().is_some() {
        return Err(format!("expected ID[:MESSAGE[:STATUS]], got `{text}`"));
    }
    let order = Order { fault: id, when: When { message, status, ..When::default() } };
    service::script(std::slice::from_ref(&order)).map_err(|e| e.to_string())?;
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::order;

    #[test]
    fn a_fault_is_narrowed_down_by_message_and_status() {
        let order = order("http.status-500:CertRep:SUCCESS").unwrap();
        assert_eq!(order.fault, "http.status-500");
        assert_eq!(
            (order.when.message.as_deref(), order.when.status.as_deref()),
            (Some("CertRep"), Some("SUCCESS"))
        );
    }
}
