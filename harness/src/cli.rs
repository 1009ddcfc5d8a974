//! The command line: arguments to calls, results to exit codes. No logic of its own.

mod coverage;
mod decode;
mod explain;
mod judge;
mod lint;
mod list;
mod options;
mod perform;
mod run;
mod selftest;
mod show;
mod stand;
mod try_run;
mod vocabulary;

use std::io::Write as _;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::data::{BrokenData, Suite};
use crate::exit::Exit;

pub use vocabulary::vocabulary;

/// Interop test harness and conformance suite for SCEP (RFC 8894).
#[derive(Debug, Parser)]
#[command(name = "sceptic", version, max_term_width = 100, after_help = "Exit codes: sceptic explain exit")]
struct Cli {
    /// Take cases, bundles, register and peers from this folder instead of the embedded ones.
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run both suites against the embedded reference server and client, and open the report.
    Try(try_run::Args),
    /// Run the suite against a server by URL, or against a client by peer file.
    Run(Box<run::Args>),
    /// List the cases, one a line, id first.
    List(list::Args),
    /// Show a case: what is sent, what is judged, and what was exchanged in a run.
    Show(show::Args),
    /// Judge a run again from its evidence, offline.
    Judge(judge::Args),
    /// Check all data files.
    Lint,
    /// Prove that every check can fail: the kill matrix.
    Selftest(selftest::Args),
    /// Show which requirements of the register are judged by which checks.
    Coverage(coverage::Args),
    /// Show every layer of a message, certificate or request (DER, PEM, base64, hex, URL, HTTP), with findings.
    ///
    /// Exits with 0 whatever departs, with 2 when the input cannot be read or is no ASN.1 at all.
    Decode(decode::Args),
    /// Explain a word of the suite: an exit code, a fact, a verb, an ability, a fault or a requirement.
    Explain(explain::Args),
    /// The embedded reference client: `sceptic mock-client --help`.
    #[command(name = "mock-client", disable_help_flag = true)]
    MockClient {
        /// Its arguments.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// The embedded reference server: `sceptic mock-ca --help`.
    #[command(name = "mock-ca", disable_help_flag = true)]
    MockCa {
        /// Its arguments.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

/// Why a command ended without doing what it was asked.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    message: String,
    hint: Option<String>,
}

impl Failure {
    fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), hint: None }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Our own machine failed: a file, a port, a thread.
    fn internal(error: impl std::fmt::Display) -> Self {
        Self::new(Exit::Bug, error.to_string())
    }
}

impl From<BrokenData> for Failure {
    fn from(broken: BrokenData) -> Self {
        Self::new(Exit::Data, format!("read the data files:\n{broken}"))
    }
}

impl From<crate::runner::Error> for Failure {
    fn from(error: crate::runner::Error) -> Self {
        Self::internal(error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::internal(error)
    }
}

/// Runs the command line of this process; says the exit code.
#[must_use]
pub fn run() -> u8 {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // --help and --version are no errors.
            let code = if error.use_stderr() { Exit::Usage.code() } else { Exit::Satisfied.code() };
            let _ = error.print();
            return code;
        }
    };
    match dispatch(cli) {
        Ok(code) => code,
        Err(Failure { exit, message, hint }) => {
            let mut stderr = std::io::stderr();
            let _ = writeln!(stderr, "sceptic: failed to {message}");
            if let Some(hint) = hint {
                let _ = writeln!(stderr, "hint: {hint}");
            }
            let _ = writeln!(stderr, "exit {exit}");
            exit.code()
        }
    }
}

fn dispatch(cli: Cli) -> Result<u8, Failure> {
    let suite = || match &cli.data {
        Some(folder) => Suite::from_dir(folder),
        None => Suite::embedded(),
    };
    // How a command to repeat a case begins.
    let program = cli
        .data
        .as_ref()
        .map_or_else(|| "sceptic".to_owned(), |folder| format!("sceptic --data {}", folder.display()));
    match cli.command {
        Command::Try(args) => try_run::run(checked(suite()?)?, &args, &program),
        Command::Run(args) => run::run(checked(suite()?)?, &args, &program),
        Command::List(args) => list::run(&suite()?, &args),
        Command::Show(args) => show::run(&suite()?, &args),
        Command::Judge(args) => judge::run(checked(suite()?)?, &args),
        Command::Lint => lint::run(&suite()?),
        Command::Selftest(args) => selftest::run(checked(suite()?)?, &args),
        Command::Coverage(args) => coverage::run(&suite()?, &args),
        Command::Decode(args) => decode::run(&args),
        Command::Explain(args) => explain::run(&suite()?, &args),
        Command::MockClient { arguments } => {
            let mut io = mock_client::cli::Io {
                stdout: &mut std::io::stdout(),
                stderr: &mut std::io::stderr(),
                process: mock_client::cli::Process::Own,
            };
            Ok(mock_client::cli::run(arguments, &mut io))
        }
        Command::MockCa { arguments } => Ok(mock_ca::cli::run(arguments)),
    }
}

/// A suite that lint has nothing against: only such a one is run.
fn checked(suite: Suite) -> Result<Suite, Failure> {
    lint::check(&suite)?;
    Ok(suite)
}

/// An error with its causes, as far as its own text does not tell them already.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text.push_str(&format!(": {more}"));
        }
        cause = error.source();
    }
    text
}

/// Prints a line of the result. Nobody to read it is no reason to fail.
fn say(line: impl std::fmt::Display) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
