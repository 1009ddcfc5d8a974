//! The arguments, parsed into types that cannot be wrong.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use scep::client::{BackOff, Fingerprint, PollPolicy, Trust};
use scep::fault::{Order, Script, When};

use crate::challenge::Challenge;
use crate::conduct::Conduct;
use crate::files;
use crate::transport::{HttpTransport, ServerUrl, TimeLimits};

use super::CommandError;

/// The reference SCEP client (RFC 8894): for tests, not for production.
#[derive(Debug, Parser)]
#[command(name = "mock-client", version)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Print the capabilities that the server announces.
    Getcaps(GetcapsArgs),
    /// Fetch the certificates of the CA and write them as PEM.
    Getca(GetcaArgs),
    /// Enrol: discover, trust, request, poll, and write the certificate as PEM.
    Enroll(Box<EnrollArgs>),
    /// Print the checks that can be skipped and the habits that can be had.
    Laxities,
}

/// What the client writes, by the names that faults are ordered for.
const MESSAGES: [&str; 4] = ["PKCSReq", "CertPoll", "GetCACaps", "GetCACert"];

/// What every operation needs.
#[derive(Debug, Args)]
pub(super) struct ServerArgs {
    /// URL of the SCEP server.
    #[arg(long, value_parser = ServerUrl::parse)]
    url: ServerUrl,
    /// Seconds that one request may take.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    timeout: u64,
    /// A check to skip or a habit to have; see `mock-client laxities`.
    #[arg(long = "laxity", value_name = "ID")]
    laxities: Vec<String>,
    /// A fault of the catalogue for what is sent; MESSAGE is PKCSReq, CertPoll, GetCACaps or GetCACert.
    #[arg(long = "fault", value_name = "ID[:MESSAGE[:NTH]]", value_parser = parse_order)]
    faults: Vec<Order>,
    /// Print the result as one JSON object.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct GetcapsArgs {
    #[command(flatten)]
    pub(super) server: ServerArgs,
}

/// How the CA is authenticated.
#[derive(Debug, Args)]
pub(super) struct TrustArgs {
    /// Fingerprint of the CA certificate: SHA-256, SHA-384, SHA-512 or SHA-1 in hex.
    #[arg(long, value_name = "HEX", value_parser = Fingerprint::parse, conflicts_with = "ca")]
    ca_fingerprint: Option<Fingerprint>,
    /// PEM file with the CA certificate to trust.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct GetcaArgs {
    #[command(flatten)]
    pub(super) server: ServerArgs,
    #[command(flatten)]
    pub(super) trust: TrustArgs,
    /// PEM file to write; several certificates go to FILE-0, FILE-1, ...
    #[arg(long, value_name = "FILE", default_value = "ca.crt")]
    pub(super) out: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct EnrollArgs {
    #[command(flatten)]
    pub(super) server: ServerArgs,
    #[command(flatten)]
    pub(super) trust: TrustArgs,
    /// Subject: RFC 4514 text, most specific part first, or `/O=lab/CN=dev1`, most general part first.
    #[arg(long, value_name = "NAME", value_parser = parse_subject)]
    pub(super) subject: Subject,
    /// A DNS name for the certificate.
    #[arg(long = "dns", value_name = "NAME")]
    pub(super) dns_names: Vec<String>,
    /// challengePassword.
    #[arg(long, value_name = "TEXT", env = "MOCK_CLIENT_CHALLENGE", hide_env_values = true)]
    pub(super) challenge: Option<Challenge>,
    /// PEM file with the key to certify.
    #[arg(long, value_name = "FILE", required_unless_present = "key_out")]
    pub(super) key: Option<PathBuf>,
    /// PEM file for a new key, which must not be there yet.
    #[arg(long, value_name = "FILE", conflicts_with = "key")]
    pub(super) key_out: Option<PathBuf>,
    /// Length of a new RSA key.
    #[arg(long, value_name = "BITS", default_value_t = 2048, value_parser = clap::value_parser!(u32).range(1024..=8192))]
    pub(super) key_bits: u32,
    /// PEM file for the certificate. Written only when one is issued.
    #[arg(long, value_name = "FILE")]
    pub(super) out: PathBuf,
    /// PEM file for the certificates of the CA. Written along with the certificate.
    #[arg(long, value_name = "FILE")]
    pub(super) ca_out: Option<PathBuf>,
    /// Seconds between two polls.
    #[arg(long, value_name = "SECONDS", default_value_t = 1)]
    poll_interval: u64,
    /// Most polls.
    #[arg(long, value_name = "NUMBER", default_value_t = 10)]
    max_polls: u32,
    /// Seconds after which a pending request is given up.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    max_seconds: u64,
    /// Up to 64 hex digits: makes nonces, identifiers and paddings repeatable, but not a new key.
    #[arg(long, value_name = "HEX", value_parser = parse_seed)]
    pub(super) seed: Option<[u8; 32]>,
}

/// A subject name, DER.
#[derive(Debug, Clone)]
pub(super) struct Subject(pub(super) Vec<u8>);

impl ServerArgs {
    pub(super) fn transport(&self) -> Result<HttpTransport, CommandError> {
        let limits = TimeLimits::within(Duration::from_secs(self.timeout));
        HttpTransport::new(self.url.clone(), limits)
            .map_err(|e| CommandError::Internal(format!("prepare the network: {e}")))
    }

    pub(super) fn conduct(&self) -> Result<Conduct, CommandError> {
        Conduct::with_laxities(&self.laxities).map_err(|unknown| CommandError::Usage(unknown.to_string()))
    }

    pub(super) fn script(&self) -> Result<Script, CommandError> {
        Script::new(&self.faults).map_err(|unknown| CommandError::Usage(unknown.to_string()))
    }
}

impl TrustArgs {
    pub(super) fn trust(&self) -> Result<Trust, CommandError> {
        match (&self.ca_fingerprint, &self.ca) {
            (Some(fingerprint), _) => Ok(Trust::Fingerprint(fingerprint.clone())),
            (None, Some(path)) => Trust::from_pem(&files::read(path)?)
                .map_err(|error| CommandError::Usage(format!("{}: {error}", path.display()))),
            (None, None) => Ok(Trust::Anything),
        }
    }
}

impl EnrollArgs {
    pub(super) fn poll_policy(&self) -> PollPolicy {
        PollPolicy {
            interval: self.poll_interval,
            max_polls: self.max_polls,
            max_seconds: self.max_seconds,
            back_off: BackOff::NONE,
        }
    }
}

fn parse_subject(text: &str) -> Result<Subject, scep::Error> {
    scep::name::parse(text).map(Subject)
}

fn parse_order(text: &str) -> Result<Order, String> {
    let mut words = text.splitn(3, ':');
    let fault = words.next().unwrap_or_default().to_owned();
    let message = words.next().map(str::to_owned);
    if let Some(other) = message.as_ref().filter(|message| !MESSAGES.contains(&message.as_str())) {
        return Err(format!("expected {} after the first colon, got `{other}`", MESSAGES.join(", ")));
    }
    let nth = match words.next().map(str::parse) {
        None => None,
        Some(Ok(nth)) if nth > 0 => Some(nth),
        Some(_) => return Err("expected a number from 1 on after the second colon".to_owned()),
    };
    Ok(Order { fault, when: When { message, status: None, nth } })
}

fn parse_seed(text: &str) -> Result<[u8; 32], String> {
    let mut seed = [0; 32];
    if text.is_empty() || text.len() > 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err("expected 1 to 64 hex digits".to_owned());
    }
    for (index, digit) in text.chars().enumerate() {
        let half = digit.to_digit(16).unwrap_or_default() as u8;
        if let Some(octet) = seed.get_mut(index / 2) {
            *octet |= if index % 2 == 0 { half << 4 } else { half };
        }
    }
    Ok(seed)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use scep::fault::{Order, When};

    use super::{parse_order, parse_seed};

    #[rstest]
    #[case::always("a.b", None, None)]
    #[case::message("a.b:PKCSReq", Some("PKCSReq"), None)]
    #[case::nth("a.b:CertPoll:2", Some("CertPoll"), Some(2))]
    fn a_fault_names_its_messages(
        #[case] text: &str,
        #[case] message: Option<&str>,
        #[case] nth: Option<u32>,
    ) {
        let when = When { message: message.map(str::to_owned), status: None, nth };
        assert_eq!(parse_order(text), Ok(Order { fault: "a.b".to_owned(), when }));
    }

    #[test]
    fn what_is_never_written_has_no_fault() {
        assert!(parse_order("a.b:CertRep").unwrap_err().contains("got `CertRep`"));
        assert!(parse_order("a.b:CertPoll:0").is_err() && parse_order("a.b:CertPoll:x").is_err());
    }

    #[test]
    fn a_short_seed_is_filled_up_with_zeros() {
        let seed = parse_seed("0a1").unwrap();
        assert_eq!((seed[0], seed[1], seed[2]), (0x0a, 0x10, 0));
        assert!(parse_seed("").is_err() && parse_seed("xy").is_err() && parse_seed(&"0".repeat(65)).is_err());
    }
}
