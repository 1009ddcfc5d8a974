//! The command line of sscep, so that scripts which were written for it run unchanged: its operations,
//! options, configuration files, status lines and exit codes. Underneath are the operations of this client,
//! with every check made; docs/mock-client.md says where the two differ.

mod config;
mod enrol;
mod exit;
mod material;
mod options;
mod run;
mod say;
mod stop;

pub use exit::SscepExit;
pub use options::{Operation, Options};

use std::ffi::OsString;

use crate::cli::Io;
use options::Parsed;
use say::Out;

/// Runs one operation. `name` is what the program was called by; it stands before every line. Returns the
/// exit code.
pub fn run(name: &str, args: impl IntoIterator<Item = OsString>, io: &mut Io<'_>) -> u8 {
    let args: Vec<String> = args.into_iter().map(|arg| arg.to_string_lossy().into_owned()).collect();
    let mut out = Out::new(name, io);
    let exit = match Options::parse(&args) {
        Parsed::Usage(complaint) => {
            complaint.iter().for_each(|complaint| out.complain(complaint));
            out.usage();
            SscepExit::General
        }
        Parsed::Options(options) => run::operate(*options, &mut out),
    };
    out.flush();
    exit.code()
}
