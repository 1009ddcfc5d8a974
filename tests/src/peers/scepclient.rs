//! Debian's `scepclient` (micromdm, Go), one run in a fresh folder.

use std::process::Command;

use super::{Enrolled, PeerError};

/// Enrols a new device with the server at `url`: a new key, and `name` as its common name.
///
/// A folder of its own for each device matters here: the client uses a `csr.pem` that lies beside the key.
///
/// # Errors
/// When the client says that it failed, or says otherwise and left no certificate.
pub fn enrol(url: &str, challenge: &str, name: &str) -> Result<Enrolled, PeerError> {
    Enrolled::by(Command::new("scepclient"), |command, device| {
        command.args(["-server-url", url, "-challenge", challenge, "-cn", name]);
        command.arg("-private-key").arg(device.key()).arg("-certificate").arg(device.certificate());
    })
}
