//! The program `mock-client`: the command line, with the process's own streams. Under the name `sscep` it takes
//! the command line of sscep, under the name `scep_replace_pem` that of the router's command. A debug build kills itself at the step of `MOCK_CLIENT_FUSE`, for tests of crashes.

use std::path::Path;
use std::process::ExitCode;

use mock_client::cli::{Io, Process, run};
#[cfg(debug_assertions)]
use mock_client::files::fuse;
use mock_client::sscep;

fn main() -> ExitCode {
    #[cfg(debug_assertions)]
    if let Some(step) = std::env::var("MOCK_CLIENT_FUSE").ok().and_then(|step| step.parse().ok()) {
        fuse::set(Some((step, fuse::Blow::Kill)));
    }
    let mut io = Io { stdout: &mut std::io::stdout(), stderr: &mut std::io::stderr(), process: Process::Own };
    let mut args = std::env::args_os();
    let called = args.next().unwrap_or_default();
    let name = Path::new(&called).file_stem().unwrap_or_default();
    let code = if name == "sscep" {
        sscep::run(&called.to_string_lossy(), args, &mut io)
    } else if name == "scep_replace_pem" {
        run(std::iter::once("replace-pem".into()).chain(args), &mut io)
    } else {
        run(args, &mut io)
    };
    ExitCode::from(code)
}
