//! The log on standard error: a line for every exchange, which says why something was refused.

use std::io::Write as _;

use scep::UnixTime;

use crate::record::{Observer, Recorded};

/// Writes to standard error.
#[derive(Debug)]
pub(super) struct Log;

/// Octets of a request line that are shown: a message by GET has thousands.
const TARGET: usize = 60;

impl Observer for Log {
    fn exchange(&self, exchange: &Recorded) {
        say(&line(exchange));
    }

    fn broken(&self, at: UnixTime, why: &str) {
        say(&format!("{at} connection: {why}"));
    }
}

fn line(exchange: &Recorded) -> String {
    let target: String = exchange.target.chars().take(TARGET).collect();
    let dots = if target.len() < exchange.target.len() { "..." } else { "" };
    let status = exchange.pki_status.map(|status| format!(" {status}")).unwrap_or_default();
    let faults = if exchange.faults.is_empty() {
        String::new()
    } else {
        format!(" [faults: {}]", exchange.faults.join(", "))
    };
    let Recorded { at, method, status: code, message, note, .. } = exchange;
    format!("{at} {method} {target}{dots} -> {code} {message}{status}: {note}{faults}")
}

fn say(line: &str) {
    // Names and identifiers come from the network: none of them steers the terminal.
    let printable: String = line.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    let _ = writeln!(std::io::stderr(), "{printable}");
}
