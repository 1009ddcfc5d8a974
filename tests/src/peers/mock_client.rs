//! Our own `mock-client`, as a program: what a user starts, not the library.

use std::path::Path;
use std::process::Command;

use super::process;
use super::{Enrolled, PeerError};
use crate::binaries;

/// Enrols a new device with the server at `url`: a new key, and `name` as its common name. `options` are
/// added to the command line as they are.
///
/// # Errors
/// When the program does not build, says that it failed, or says otherwise and left no certificate.
pub fn enrol(url: &str, challenge: &str, name: &str, options: &[&str]) -> Result<Enrolled, PeerError> {
    let program = binaries::path_of("mock-client").map_err(PeerError::NotBuilt)?;
    Enrolled::by(Command::new(program), |command, device| {
        command.args([
            "enroll",
            "--url",
            url,
            "--challenge",
            challenge,
            "--subject",
            &format!("CN={name},O=lab"),
        ]);
        command.arg("--key-out").arg(device.key()).arg("--out").arg(device.certificate());
        command.arg("--ca-out").arg(device.ca_certificates()).args(options);
    })
}

/// Runs it with these arguments in a folder; all that it printed.
///
/// # Errors
/// When the program does not build, or says that it failed.
pub fn run(folder: &Path, arguments: &[&str]) -> Result<String, PeerError> {
    let program = binaries::path_of("mock-client").map_err(PeerError::NotBuilt)?;
    process::run(Command::new(program).args(arguments).current_dir(folder))
}
