//! Counters of what was answered, in the text format of Prometheus.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use scep::UnixTime;

use crate::record::{Observer, Recorded};

/// What was answered so far.
#[derive(Debug, Default)]
pub(crate) struct Metrics(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    answers: BTreeMap<Labels, u64>,
    faults: BTreeMap<String, u64>,
    key_operations: usize,
    decryptions: u64,
    broken: u64,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Labels {
    message: &'static str,
    pki_status: &'static str,
    http_status: u16,
}

impl Observer for Metrics {
    fn exchange(&self, exchange: &Recorded) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let labels = Labels {
            message: exchange.message,
            pki_status: exchange.pki_status.unwrap_or(""),
            http_status: exchange.status,
        };
        *counts.answers.entry(labels).or_default() += 1;
        counts.key_operations += exchange.effort.key_operations;
        counts.decryptions += u64::from(exchange.effort.decryptions);
        for fault in &exchange.faults {
            *counts.faults.entry(fault.clone()).or_default() += 1;
        }
    }

    fn broken(&self, _: UnixTime, _: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).broken += 1;
    }
}

impl Metrics {
    /// The text. `pending` is the number of requests that wait for the operator, when it is known.
    #[must_use]
    pub(crate) fn text(&self, pending: Option<usize>) -> String {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::new();
        // Writing to a String does not fail.
        let mut family = |name: &str, kind: &str, help: &str, rows: &[String]| {
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
            for row in rows {
                let _ = writeln!(text, "{name}{row}");
            }
        };
        let answers: Vec<String> = counts
            .answers
            .iter()
            .map(|(Labels { message, pki_status, http_status }, count)| {
                format!(
                    "{{message=\"{message}\",pki_status=\"{pki_status}\",http_status=\"{http_status}\"}} {count}"
                )
            })
            .collect();
        family("mock_ca_answers_total", "counter", "Answers of the SCEP port.", &answers);
        let faults: Vec<String> =
            counts.faults.iter().map(|(id, count)| format!("{{fault=\"{id}\"}} {count}")).collect();
        family("mock_ca_faults_total", "counter", "Answers that a fault changed.", &faults);
        let operations = [format!(" {}", counts.key_operations)];
        let help = "Private keys used on envelopes, whether they opened or not.";
        family("mock_ca_envelope_key_operations_total", "counter", help, &operations);
        let decryptions = [format!(" {}", counts.decryptions)];
        let help = "Contents of envelopes decrypted, with the right key or not.";
        family("mock_ca_envelope_decryptions_total", "counter", help, &decryptions);
        let broken = [format!(" {}", counts.broken)];
        family(
            "mock_ca_broken_connections_total",
            "counter",
            "Connections that ended without HTTP.",
            &broken,
        );
        if let Some(pending) = pending {
            let pending = [format!(" {pending}")];
            family("mock_ca_pending_requests", "gauge", "Requests that wait for the operator.", &pending);
        }
        text
    }
}
