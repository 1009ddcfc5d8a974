//! A network of one machine: the test program starts itself again where there is only `lo`.
//!
//! A peer without a bind option then listens on nothing that leaves the machine, ports are ours alone, and
//! no name server or proxy is reached by accident. The namespace has its own process ids too: when the
//! test program ends, however it ends, the kernel ends every peer it left behind.

use std::io;
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicU16, Ordering};

/// Marks the process that was started inside.
const MARK: &str = "SCEPTIC_PEERS_NAMESPACE";

/// Where the calling process is.
#[derive(Debug)]
pub enum Place {
    /// Inside: peers may be started.
    Inside,
    /// Outside; the program ran again inside, and ended with this.
    Ran(ExitCode),
    /// Outside, with no way in, for this reason.
    Outside(String),
}

/// Runs the calling program again, with its arguments, in a namespace of its own; inside, just says so.
pub fn enter() -> Place {
    if std::env::var_os(MARK).is_some() {
        return Place::Inside;
    }
    if let Some(reason) = refusal() {
        return Place::Outside(format!("no network namespace: {reason}"));
    }
    match run_again() {
        Ok(code) => Place::Ran(code),
        Err(error) => Place::Outside(format!("no network namespace: {error}")),
    }
}

/// A TCP port that no other peer of this test program was given.
///
/// The namespace is ours alone, so a counter is enough. It stays below the ports that the kernel hands out
/// to those who ask for port 0.
pub fn next_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(9100);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

fn run_again() -> io::Result<ExitCode> {
    let program = std::env::current_exe()?;
    let status = unshared().arg(program).args(std::env::args_os().skip(1)).env(MARK, "1").status()?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}

/// Why this machine gives us no namespace, if it does not.
fn refusal() -> Option<String> {
    match unshared().arg("true").output() {
        Ok(output) if output.status.success() => None,
        Ok(output) => Some(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        Err(error) => Some(format!("unshare: {error}")),
    }
}

/// A command line to which a program and its arguments are added.
fn unshared() -> Command {
    let mut command = Command::new("unshare");
    if !rustix::process::geteuid().is_root() {
        command.arg("--map-root-user");
    }
    command.args(["--net", "--pid", "--fork", "--kill-child", "--"]);
    command.args(["sh", "-c", "ip link set lo up && exec \"$@\"", "sh"]);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_port_is_given_twice() {
        assert_ne!(next_port(), next_port());
    }
}
