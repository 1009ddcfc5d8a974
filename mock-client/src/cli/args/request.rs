//! Arguments about what is asked for, and how long one waits for it.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use scep::alt_name::{self, GeneralName};
use scep::certificate::Extension;
use scep::client::{BackOff, PollPolicy, Recovery, RequestForm, Retry};

use crate::challenge::Challenge;
use crate::cli::CommandError;
use crate::identity::KeyKind;
use crate::ops::Form;
use crate::request::{self, Usages};

/// Requested extensions and the challengePassword.
#[derive(Debug, Args)]
pub(in crate::cli) struct RequestArgs {
    /// A DNS name for the certificate.
    #[arg(long = "dns", value_name = "NAME")]
    dns_names: Vec<String>,
    /// Alternative names: email:, URI:, DNS:, RID:, IP:, dirName:, otherName:, separated by commas.
    #[arg(long, value_name = "NAMES", value_parser = alt_names)]
    alt_names: Option<AltNames>,
    /// Certificate template of Microsoft's CA, by name.
    #[arg(long, value_name = "NAME")]
    template: Option<String>,
    /// A use of the key to ask for.
    #[arg(long = "usage", value_name = "USAGE")]
    usages: Vec<UsageArg>,
    /// challengePassword.
    #[arg(long, value_name = "TEXT", env = "MOCK_CLIENT_CHALLENGE", hide_env_values = true)]
    pub(in crate::cli) challenge: Option<Challenge>,
}

/// Parsed alternative names.
#[derive(Debug, Clone)]
struct AltNames(Vec<GeneralName>);

fn alt_names(text: &str) -> Result<AltNames, scep::Error> {
    alt_name::parse(text).map(AltNames)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum UsageArg {
    DigitalSignature,
    KeyEncipherment,
    ServerAuth,
    ClientAuth,
}

impl RequestArgs {
    /// The extensions to ask for.
    pub(in crate::cli) fn extensions(&self) -> Result<Vec<Extension>, CommandError> {
        let mut names: Vec<GeneralName> = self.dns_names.iter().cloned().map(GeneralName::Dns).collect();
        names.extend(self.alt_names.iter().flat_map(|names| names.0.clone()));
        let has = |usage| self.usages.contains(&usage);
        let usages = Usages {
            digital_signature: has(UsageArg::DigitalSignature),
            key_encipherment: has(UsageArg::KeyEncipherment),
            server_auth: has(UsageArg::ServerAuth),
            client_auth: has(UsageArg::ClientAuth),
        };
        request::extensions(&names, self.template.as_deref(), usages)
            .map_err(|error| CommandError::Usage(error.to_string()))
    }
}

/// The key to be certified.
#[derive(Debug, Args)]
pub(in crate::cli) struct KeyArgs {
    /// PEM file with the key to certify.
    #[arg(long, value_name = "FILE", required_unless_present = "key_out")]
    pub(in crate::cli) key: Option<PathBuf>,
    /// PEM file for a new key, which must not be there yet.
    #[arg(long, value_name = "FILE", conflicts_with = "key")]
    pub(in crate::cli) key_out: Option<PathBuf>,
    /// Kind of a new key: a number of RSA bits, p-256, p-384 or p-521.
    #[arg(long, alias = "key-type", value_name = "KIND", default_value = "2048", value_parser = KeyKind::parse)]
    pub(in crate::cli) key_bits: KeyKind,
}

/// Polling and recovery.
#[derive(Debug, Args)]
pub(in crate::cli) struct PollArgs {
    /// Seconds between two polls.
    #[arg(long, value_name = "SECONDS", default_value_t = 1)]
    poll_interval: u64,
    /// The next interval in per cent of the last.
    #[arg(long, value_name = "PERCENT", default_value_t = 100)]
    poll_growth: u32,
    /// Longest interval.
    #[arg(long, value_name = "SECONDS", default_value_t = 86_400)]
    longest_interval: u64,
    /// Most polls.
    #[arg(long, value_name = "NUMBER", default_value_t = 10)]
    max_polls: u32,
    /// Seconds after which a pending request is given up.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    max_seconds: u64,
    /// How often a lost answer leads to a new transaction.
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    retries: u32,
    /// Seconds to wait after a lost answer.
    #[arg(long, value_name = "SECONDS", default_value_t = 1)]
    retry_wait: u64,
}

impl PollArgs {
    pub(in crate::cli) fn policy(&self) -> PollPolicy {
        PollPolicy {
            interval: self.poll_interval,
            max_polls: self.max_polls,
            max_seconds: self.max_seconds,
            back_off: BackOff { percent: self.poll_growth, longest: self.longest_interval },
        }
    }

    pub(in crate::cli) fn recovery(&self) -> Recovery {
        match self.retries {
            0 => Recovery::End,
            times => Recovery::NewTransaction(Retry { times, wait: self.retry_wait }),
        }
    }
}

/// Which message renews.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(in crate::cli) enum FormArg {
    /// What the server announces.
    #[default]
    Auto,
    /// RenewalReq.
    Renewalreq,
    /// PKCSReq signed with the old certificate.
    Pkcsreq,
}

impl From<FormArg> for Form {
    fn from(arg: FormArg) -> Self {
        match arg {
            FormArg::Auto => Self::Negotiated,
            FormArg::Renewalreq => Self::Always(RequestForm::RenewalReq),
            FormArg::Pkcsreq => Self::Always(RequestForm::PkcsReq),
        }
    }
}
