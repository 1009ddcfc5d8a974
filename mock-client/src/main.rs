//! The program `mock-client`: the command line, with the process's own streams.

use std::process::ExitCode;

use mock_client::cli::{Io, Process, run};

fn main() -> ExitCode {
    let mut io = Io { stdout: &mut std::io::stdout(), stderr: &mut std::io::stderr(), process: Process::Own };
    ExitCode::from(run(std::env::args_os().skip(1), &mut io))
}
