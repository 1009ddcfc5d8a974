//! Our own `sceptic`, as a program: what a pipeline starts, with the exit code that it decides by.

use std::path::Path;
use std::process::Command;

use super::process::{Finished, finish};
use super::{PeerError, Scepserver};
use crate::arrows::workspace;
use crate::binaries;

/// Folder of the peer `scepserver`: peer file, expectations, evidence.
pub fn scepserver_folder() -> std::path::PathBuf {
    workspace::root().join("harness/peers/scepserver")
}

/// Runs the server suite, or what `filter` names of it, against a `scepserver`, with the expectations in `expectations`, whose version pin is
/// held against the program's own word; all results go to the new folder `out`.
///
/// # Errors
/// When the program does not build, or does not end in time. Its verdict is in the exit code.
pub fn run(
    server: &Scepserver,
    expectations: &Path,
    out: &Path,
    filter: &[&str],
) -> Result<Finished, PeerError> {
    let program = binaries::path_of("sceptic").map_err(PeerError::NotBuilt)?;
    let mut command = Command::new(program);
    command.args(["run", "--url", &server.url(), "--challenge", Scepserver::CHALLENGE, "--peer"]);
    command.arg(scepserver_folder().join("peer.toml"));
    // One at a time: asked in parallel, it reads the file of the last serial number while it is being written.
    command.args(["--jobs", "1"]);
    command.args(["--subject-version", &Scepserver::version()?]);
    command.arg("--expect").arg(expectations).arg("--out").arg(out).args(filter);
    finish(command.current_dir(workspace::root()))
}
