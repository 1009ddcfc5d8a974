//! The program `mock-client`: the command line, with the process's own streams. Under the name `sscep` it takes
//! the command line of sscep.

use std::path::Path;
use std::process::ExitCode;

use mock_client::cli::{Io, Process, run};
use mock_client::sscep;

fn main() -> ExitCode {
    let mut io = Io { stdout: &mut std::io::stdout(), stderr: &mut std::io::stderr(), process: Process::Own };
    let mut args = std::env::args_os();
    let called = args.next().unwrap_or_default();
    let is_sscep = Path::new(&called).file_stem().is_some_and(|name| name == "sscep");
    let code =
        if is_sscep { sscep::run(&called.to_string_lossy(), args, &mut io) } else { run(args, &mut io) };
    ExitCode::from(code)
}
