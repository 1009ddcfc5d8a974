//! The log on standard error: a line for every exchange, which says why something was refused.

use std::io::Write as _;

use clap::ValueEnum;
use scep::UnixTime;
use serde_json::{Value, json};

use crate::record::{Observer, Recorded};

/// Writes to standard error.
#[derive(Debug)]
pub(super) struct Log(pub(super) Format);

/// How a line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum Format {
    /// For people.
    #[default]
    Text,
    /// A JSON object, for programs.
    Json,
}

/// Octets of a request line that are shown: a message by GET has thousands.
const TARGET: usize = 60;

impl Observer for Log {
    fn exchange(&self, exchange: &Recorded) {
        match self.0 {
            Format::Text => say(&line(exchange)),
            Format::Json => say(&object(exchange).to_string()),
        }
    }

    fn broken(&self, at: UnixTime, why: &str) {
        match self.0 {
            Format::Text => say(&format!("{at} connection: {why}")),
            Format::Json => say(&json!({ "at": at.to_string(), "connection": why }).to_string()),
        }
    }
}

/// The members of a line. Bodies are not among them, nor is the query of a GET, which may be a message.
fn object(exchange: &Recorded) -> Value {
    let Recorded { at, method, target, status, message, pki_status, faults, note, .. } = exchange;
    json!({
        "at": at.to_string(),
        "method": method,
        "path": target.split('?').next().unwrap_or_default(),
        "status": status,
        "message": message,
        "pkiStatus": pki_status,
        "faults": faults,
        "note": note,
    })
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
