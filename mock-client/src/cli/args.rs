//! The arguments, parsed into types that cannot be wrong.

pub(super) mod parse;
mod request;
mod server;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use scep::serial::SerialNumber;

use crate::challenge::Challenge;
pub(super) use parse::Subject;
pub(super) use request::{FormArg, KeyArgs, PollArgs, RequestArgs};
pub(super) use server::{ServerArgs, TrustArgs};

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
    /// Fetch the certificates of the next CA and write them as PEM.
    Getnextca(GetnextcaArgs),
    /// Enrol: discover, trust, request, poll, and write the certificate as PEM.
    Enroll(Box<EnrollArgs>),
    /// Renew a certificate, with a new key or the same.
    Renew(Box<RenewArgs>),
    /// Go on with an interrupted enrolment: poll for its certificate.
    Poll(Box<PollCommandArgs>),
    /// Fetch a certificate by its serial number.
    Getcert(Box<GetcertArgs>),
    /// Fetch the CRL on which a certificate would be.
    Getcrl(Box<GetcrlArgs>),
    /// Ask whether a certificate is revoked: by its CRL distribution point, else by GetCRL.
    Revoked(Box<RevokedArgs>),
    /// Keep a device enrolled, as its settings file says.
    Agent(AgentArgs),
    /// Put key and certificate into named parameters of a settings file.
    ReplacePem(ReplacePemArgs),
    /// Take the command line of sscep: `mock-client sscep OPERATION [OPTIONS]`.
    #[command(disable_help_flag = true)]
    Sscep,
    /// Print the checks that can be skipped and the habits that can be had.
    Laxities,
    /// Print the products whose habits can be had, and who says that they have them.
    Personas,
    /// Print completions for a shell.
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Print the manual page.
    Man,
}

#[derive(Debug, Args)]
pub(super) struct GetcapsArgs {
    #[command(flatten)]
    pub(super) server: ServerArgs,
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
pub(super) struct GetnextcaArgs {
    #[command(flatten)]
    pub(super) server: ServerArgs,
    #[command(flatten)]
    pub(super) trust: TrustArgs,
    /// PEM file to write; several certificates go to FILE-0, FILE-1, ...
    #[arg(long, value_name = "FILE", default_value = "next-ca.crt")]
    pub(super) out: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct EnrollArgs {
    #[command(flatten)]
    pub(super) server: ServerArgs,
    #[command(flatten)]
    pub(super) trust: TrustArgs,
    /// Subject: RFC 4514 text, most specific part first, or `/O=lab/CN=dev1`, most general part first.
    #[arg(long, value_name = "NAME", value_parser = parse::subject, required_unless_present = "csr")]
    pub(super) subject: Option<Subject>,
    /// PEM file with the PKCS#10 to send as it is, for the key of --key.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["subject", "key_out"])]
    pub(super) csr: Option<PathBuf>,
    #[command(flatten)]
    pub(super) request: RequestArgs,
    #[command(flatten)]
    pub(super) key: KeyArgs,
    /// PEM file with the certificate that signs the request, instead of a self-signed one that is made.
    #[arg(long, value_name = "FILE", requires = "signer_key")]
    pub(super) signer: Option<PathBuf>,
    /// PEM file with the key of --signer.
    #[arg(long, value_name = "FILE", requires = "signer")]
    pub(super) signer_key: Option<PathBuf>,
    /// Which message asks when --signer is an issued certificate.
    #[arg(long, value_name = "FORM", default_value = "auto")]
    pub(super) form: FormArg,
    #[command(flatten)]
    pub(super) poll: PollArgs,
    #[command(flatten)]
    pub(super) output: OutputArgs,
}

/// Files that an enrolment writes.
#[derive(Debug, Args)]
pub(super) struct OutputArgs {
    /// PEM file for the certificate. Written only when one is issued.
    #[arg(long, value_name = "FILE")]
    pub(super) out: PathBuf,
    /// PEM file for the certificates of the CA. Written along with the certificate.
    #[arg(long, value_name = "FILE")]
    pub(super) ca_out: Option<PathBuf>,
    /// File that lets `poll` go on when the enrolment is interrupted; removed when it is over.
    #[arg(long, value_name = "FILE")]
    pub(super) state: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct RenewArgs {
    #[command(flatten)]
    pub(super) server: ServerArgs,
    #[command(flatten)]
    pub(super) trust: TrustArgs,
    /// PEM file with the certificate to renew.
    #[arg(long, value_name = "FILE")]
    pub(super) cert: PathBuf,
    /// PEM file with its key, which signs the request.
    #[arg(long, value_name = "FILE")]
    pub(super) cert_key: PathBuf,
    /// Subject, if it is to be another one than that of the certificate.
    #[arg(long, value_name = "NAME", value_parser = parse::subject)]
    pub(super) subject: Option<Subject>,
    #[command(flatten)]
    pub(super) request: RequestArgs,
    /// Certify the same key again.
    #[arg(long, conflicts_with_all = ["key", "key_out"])]
    pub(super) same_key: bool,
    /// PEM file with the key to certify.
    #[arg(long, value_name = "FILE", required_unless_present_any = ["key_out", "same_key"])]
    pub(super) key: Option<PathBuf>,
    /// PEM file for a new key, which must not be there yet.
    #[arg(long, value_name = "FILE", conflicts_with = "key")]
    pub(super) key_out: Option<PathBuf>,
    /// Kind of a new key: a number of RSA bits, p-256, p-384 or p-521.
    #[arg(long, alias = "key-type", value_name = "KIND", default_value = "2048", value_parser = crate::identity::KeyKind::parse)]
    pub(super) key_bits: crate::identity::KeyKind,
    /// Which message renews.
    #[arg(long, value_name = "FORM", default_value = "auto")]
    pub(super) form: FormArg,
    #[command(flatten)]
    pub(super) poll: PollArgs,
    #[command(flatten)]
    pub(super) output: OutputArgs,
}

#[derive(Debug, Args)]
pub(super) struct PollCommandArgs {
    #[command(flatten)]
    pub(super) server: ServerArgs,
    #[command(flatten)]
    pub(super) trust: TrustArgs,
    /// challengePassword, for a key that cannot decrypt.
    #[arg(long, value_name = "TEXT", env = "MOCK_CLIENT_CHALLENGE", hide_env_values = true)]
    pub(super) challenge: Option<Challenge>,
    #[command(flatten)]
    pub(super) poll: PollArgs,
    /// File that the interrupted enrolment left.
    #[arg(long, value_name = "FILE")]
    pub(super) state: PathBuf,
    /// PEM file for the certificate.
    #[arg(long, value_name = "FILE")]
    pub(super) out: PathBuf,
    /// PEM file for the certificates of the CA.
    #[arg(long, value_name = "FILE")]
    pub(super) ca_out: Option<PathBuf>,
}

/// Who asks.
#[derive(Debug, Args)]
pub(super) struct AskerArgs {
    /// PEM file with an issued certificate, which signs the question.
    #[arg(long, value_name = "FILE")]
    pub(super) cert: PathBuf,
    /// PEM file with its key, which opens the answer.
    #[arg(long, value_name = "FILE")]
    pub(super) key: PathBuf,
    /// challengePassword, for a key that cannot decrypt.
    #[arg(long, value_name = "TEXT", env = "MOCK_CLIENT_CHALLENGE", hide_env_values = true)]
    pub(super) challenge: Option<Challenge>,
}

/// Who is asked, why it is believed, and who asks.
#[derive(Debug, Args)]
pub(super) struct QuestionArgs {
    #[command(flatten)]
    pub(super) server: ServerArgs,
    #[command(flatten)]
    pub(super) trust: TrustArgs,
    #[command(flatten)]
    pub(super) asker: AskerArgs,
}

#[derive(Debug, Args)]
pub(super) struct GetcertArgs {
    #[command(flatten)]
    pub(super) question: QuestionArgs,
    /// Serial number: decimal, or hex after `0x` or with colons.
    #[arg(long, value_name = "NUMBER", value_parser = parse::serial)]
    pub(super) serial: SerialNumber,
    /// PEM file for the certificate.
    #[arg(long, value_name = "FILE")]
    pub(super) out: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct GetcrlArgs {
    #[command(flatten)]
    pub(super) question: QuestionArgs,
    /// PEM file with the certificate that is looked for, if it is not the asker's.
    #[arg(long, value_name = "FILE")]
    pub(super) of: Option<PathBuf>,
    /// Name the CA's own certificate, as drafts before 2010 do.
    #[arg(long, conflicts_with = "of")]
    pub(super) of_ca: bool,
    /// PEM file for the CRL.
    #[arg(long, value_name = "FILE")]
    pub(super) out: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct RevokedArgs {
    #[command(flatten)]
    pub(super) question: QuestionArgs,
    /// PEM file with the certificate to check, if it is not the asker's.
    #[arg(long, value_name = "FILE")]
    pub(super) of: Option<PathBuf>,
    /// Ask by GetCRL only.
    #[arg(long)]
    pub(super) no_distribution_point: bool,
}

#[derive(Debug, Args)]
pub(super) struct AgentArgs {
    /// Run for ever, check once (for cron), or print the status.
    #[arg(value_name = "ACTION", default_value = "run")]
    pub(super) action: AgentAction,
    /// Settings file.
    #[arg(long, value_name = "FILE")]
    pub(super) config: PathBuf,
    /// Print the result of a check as one JSON object.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum AgentAction {
    /// Check whenever something is due.
    Run,
    /// Check once.
    Check,
    /// Print the status.
    Status,
}

#[derive(Debug, Args)]
pub(super) struct ReplacePemArgs {
    /// PEM file with the private key.
    #[arg(long, value_name = "FILE", default_value = "/var/data/scepClient/latest.key")]
    pub(super) key: PathBuf,
    /// PEM file with the certificate.
    #[arg(long, value_name = "FILE", default_value = "/var/data/scepClient/latest.crt")]
    pub(super) cert: PathBuf,
    /// Settings file to change.
    #[arg(value_name = "SETTINGS")]
    pub(super) settings: PathBuf,
    /// Pairs of a parameter's name and `pkey` or `cert`.
    #[arg(value_names = ["NAME", "pkey|cert"], required = true, num_args = 2..)]
    pub(super) pairs: Vec<String>,
}
