//! The command line: arguments in, exit code and text out. A library call, so that a test can treat a
//! client in its own process exactly as a child process.

mod agent;
mod args;
mod enroll;
mod extras;
mod getca;
mod getcaps;
mod laxities;
mod lookup;
mod replace_pem;
mod report;

use std::ffi::OsString;
use std::io::Write;

use clap::{CommandFactory as _, FromArgMatches as _};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::files::FileError;
use crate::sscep;
pub(crate) use args::parse::{
    cipher as cipher_named, digest as digest_named, fingerprint as fingerprint_named, serial as serial_named,
};
use args::{Cli, Command};

/// Where output goes, and whose process it is.
pub struct Io<'a> {
    /// Results.
    pub stdout: &'a mut dyn Write,
    /// Warnings and errors.
    pub stderr: &'a mut dyn Write,
    /// Whether the client may end, or stop, the process.
    pub process: Process,
}

impl std::fmt::Debug for Io<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Io({:?})", self.process)
    }
}

/// Whose process the client runs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Process {
    /// Its own: the laxities that crash or hang may.
    Own,
    /// Somebody else's: they are refused.
    Shared,
}

impl Io<'_> {
    /// A line of the result. Nobody to read it is no reason to fail.
    fn say(&mut self, line: impl AsRef<str>) {
        let _ = writeln!(self.stdout, "{}", printable(line.as_ref()));
    }

    /// A line for people, not part of the result.
    fn remark(&mut self, line: impl AsRef<str>) {
        let _ = writeln!(self.stderr, "mock-client: {}", printable(line.as_ref()));
    }

    pub(crate) fn flush(&mut self) {
        let _ = self.stdout.flush();
        let _ = self.stderr.flush();
    }
}

/// A text that may come from a peer, without what a terminal would obey.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// Why a command ended without a result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    #[error("{0}")]
    Usage(String),
    #[error("failed to {0}")]
    Files(#[from] FileError),
    #[error("failed to {0}")]
    Failure(#[from] Failure),
    #[error("failed to {0}")]
    Internal(String),
}

impl CommandError {
    fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) => Exit::Usage,
            Self::Files(_) => Exit::Files,
            Self::Failure(failure) => failure.exit(),
            Self::Internal(_) => Exit::Internal,
        }
    }
}

/// Runs one command; `args` are the arguments after the program's name. Returns the exit code.
pub fn run<A>(args: impl IntoIterator<Item = A>, io: &mut Io<'_>) -> u8
where
    A: Into<OsString> + Clone,
{
    let args: Vec<OsString> = args.into_iter().map(Into::into).collect();
    // Its options are not clap's: what stands behind the word is its own.
    if let Some((_, rest)) = args.split_first().filter(|(first, _)| *first == "sscep") {
        return sscep::run("sscep", rest.iter().cloned(), io);
    }
    let command = definition();
    let args = std::iter::once(OsString::from("mock-client")).chain(args);
    let parsed = command.try_get_matches_from(args).and_then(|matches| Cli::from_arg_matches(&matches));
    let exit = match parsed {
        Ok(cli) => dispatch(&cli.command, io),
        Err(error) if error.use_stderr() => {
            let _ = write!(io.stderr, "{error}");
            Exit::Usage
        }
        // --help and --version are no errors.
        Err(text) => {
            let _ = write!(io.stdout, "{text}");
            Exit::Done
        }
    };
    io.flush();
    exit.code()
}

/// The command line, with the table of exit codes at the end of every help.
fn definition() -> clap::Command {
    Cli::command()
        // Whatever the terminal: a manual page and a test have none.
        .term_width(100)
        .after_help(Exit::table())
        .mut_subcommands(|subcommand| subcommand.after_help(Exit::table()))
}

fn dispatch(command: &Command, io: &mut Io<'_>) -> Exit {
    let result = match command {
        Command::Getcaps(args) => getcaps::run(args, io),
        Command::Getca(args) => getca::current(args, io),
        Command::Getnextca(args) => getca::next(args, io),
        Command::Enroll(args) => enroll::first(args, io),
        Command::Renew(args) => enroll::renew(args, io),
        Command::Poll(args) => enroll::poll(args, io),
        Command::Getcert(args) => lookup::certificate(args, io),
        Command::Getcrl(args) => lookup::crl(args, io),
        Command::Revoked(args) => lookup::revoked(args, io),
        Command::Agent(args) => agent::run(args, io),
        Command::ReplacePem(args) => replace_pem::run(args, io),
        // Taken before clap, which would read its options.
        Command::Sscep => Ok(Exit::Usage),
        Command::Laxities => laxities::run(io),
        Command::Personas => extras::personas(io),
        Command::Completions { shell } => Ok(extras::completions(*shell, definition(), io)),
        Command::Man => extras::man(definition(), io),
    };
    result.unwrap_or_else(|error| {
        io.remark(error.to_string());
        error.exit()
    })
}

/// The generator of all nonces, identifiers and paddings of a run.
pub(crate) fn generator(seed: Option<[u8; 32]>) -> Result<ChaCha20Rng, CommandError> {
    let seed = match seed {
        Some(seed) => seed,
        None => {
            let mut seed = [0; 32];
            let failed = |e| CommandError::Internal(format!("get randomness from the system: {e}"));
            openssl::rand::rand_bytes(&mut seed).map_err(failed)?;
            seed
        }
    };
    Ok(ChaCha20Rng::from_seed(seed))
}
