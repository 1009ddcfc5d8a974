//! The command line: arguments in, exit code out.

mod log;
mod remote;
mod serve;

use std::ffi::OsString;
use std::io::Write as _;

use clap::{Parser, Subcommand};

use crate::config::DEFAULT_FILE;
use crate::laxity::LAXITIES;
use crate::persona::Persona;

/// The reference SCEP server of sceptic. For tests only.
#[derive(Debug, Parser)]
#[command(name = "mock-ca", version, after_help = EXITS)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve SCEP until SIGINT or SIGTERM.
    Serve(Box<serve::Arguments>),
    /// List the departures that `serve --fault` commits: id, requirements, title.
    Faults,
    /// List the checks that `serve --laxity` skips: id, requirement, title.
    Laxities,
    /// List the known servers that `serve --persona` stands in for: name, title.
    Personas,
    /// Print the configuration file with every key, its meaning and its default.
    Config,
    #[command(flatten)]
    Remote(Box<remote::Ask>),
}

/// How a command ended: the numbers that scripts may rely on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Exit {
    /// What was asked for is done.
    Done = 0,
    /// The server itself failed.
    Internal = 1,
    /// The command line makes no sense: a flag, a fault or a laxity is unknown.
    Usage = 2,
    /// A file cannot be read, written or used.
    Files = 3,
    /// The address cannot be listened on.
    Listen = 4,
    /// The server that was asked refuses it.
    Refused = 5,
}

const EXITS: &str = "Exit codes: 0 done, 1 internal failure, 2 command line, 3 configuration or key file, 4 cannot listen, \
     5 refused by the server";

/// Runs a command; `arguments` are without the program's name. Returns the exit code.
pub fn run(arguments: impl IntoIterator<Item = impl Into<OsString>>) -> u8 {
    let words = std::iter::once(OsString::from("mock-ca")).chain(arguments.into_iter().map(Into::into));
    let exit = match Cli::try_parse_from(words) {
        Ok(cli) => dispatch(cli.command),
        Err(error) => {
            // --help and --version are no errors. Nobody to read it is no reason to fail.
            let _ = error.print();
            if error.use_stderr() { Exit::Usage } else { Exit::Done }
        }
    };
    exit as u8
}

fn dispatch(command: Command) -> Exit {
    match command {
        Command::Remote(ask) => match remote::run(&ask) {
            Ok(()) => Exit::Done,
            Err(failure) => {
                let _ = writeln!(std::io::stderr(), "mock-ca: failed to {failure}");
                failure.exit()
            }
        },
        Command::Serve(arguments) => match serve::run(*arguments) {
            Ok(()) => Exit::Done,
            Err(failure) => {
                let _ = writeln!(std::io::stderr(), "mock-ca: failed to {failure}");
                failure.exit()
            }
        },
        Command::Faults => match scep::fault::catalogue() {
            Ok(faults) => {
                list(faults.iter().map(|fault| (&*fault.id, fault.breaks.join(" "), &*fault.title)))
            }
            Err(_) => Exit::Internal,
        },
        Command::Laxities => {
            list(LAXITIES.iter().map(|laxity| (laxity.id, laxity.requirement.to_owned(), laxity.title)))
        }
        Command::Personas => match Persona::all() {
            Ok(personas) => {
                list(personas.iter().map(|persona| (&*persona.name, String::new(), &*persona.title)))
            }
            Err(_) => Exit::Internal,
        },
        Command::Config => say(DEFAULT_FILE.trim_end()),
    }
}

/// One thing a line, tab-separated.
fn list<'a>(rows: impl Iterator<Item = (&'a str, String, &'a str)>) -> Exit {
    for (id, requirements, title) in rows {
        say(&format!("{id}\t{requirements}\t{title}"));
    }
    Exit::Done
}

/// A line of the result. Nobody to read it is no reason to fail.
fn say(line: &str) -> Exit {
    let _ = writeln!(std::io::stdout(), "{line}");
    Exit::Done
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;
    use rstest::rstest;

    use super::{Cli, run};

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[rstest]
    #[case::help(&["--help"], 0)]
    #[case::faults(&["faults"], 0)]
    #[case::laxities(&["laxities"], 0)]
    #[case::config(&["config"], 0)]
    #[case::personas(&["personas"], 0)]
    #[case::unknown_persona(&["serve", "--persona", "ndse"], 2)]
    #[case::no_admin(&["pending", "--admin", "", "--token", ""], 2)]
    #[case::no_such_batch(&["prereg", "import", "no-such.csv", "--admin", "http://127.0.0.1:1", "--token", "x"], 3)]
    #[case::nobody_there(&["pending", "--admin", "http://127.0.0.1:1", "--token", "x"], 1)]
    #[case::nothing(&[], 2)]
    #[case::unknown_flag(&["serve", "--chalenge", "x"], 2)]
    #[case::unknown_fault(&["serve", "--fault", "attr.nonce"], 2)]
    #[case::fault_of_too_many_words(&["serve", "--fault", "http.status-500:CertRep:SUCCESS:1:2"], 2)]
    #[case::unknown_laxity(&["serve", "--laxity", "message-signatur"], 2)]
    #[case::empty_challenge(&["serve", "--challenge", ""], 2)]
    #[case::remote(&["serve", "--listen", "0.0.0.0:0"], 4)]
    #[case::certificate_without_key(&["serve", "--ca-cert", "ca.pem"], 2)]
    #[case::no_such_file(&["serve", "--config", "there-is-no-such.toml"], 3)]
    fn a_command_ends_with_its_documented_exit_code(#[case] arguments: &[&str], #[case] exit: u8) {
        assert_eq!(run(arguments), exit);
    }
}
