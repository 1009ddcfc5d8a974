//! Requests that wait for the operator.

use serde_json::{Value, json};

use super::super::AdminPort;
use super::super::call::{Call, Reply};
use super::{operator_error, parameter};
use crate::service::{PendingRequest, Verdict};

pub(super) fn list(port: &AdminPort, _: &Call, _: &[String]) -> Reply {
    match port.service.pending() {
        Ok(pending) => Reply::json(pending.iter().map(entry).collect()),
        Err(failed) => operator_error(&failed),
    }
}

fn entry(request: &PendingRequest) -> Value {
    json!({
        "transactionID": request.transaction_id.to_string(),
        "subject": request.subject,
        "dnsNames": request.dns_names,
        "since": request.since.to_string(),
    })
}

pub(super) fn approve(port: &AdminPort, _: &Call, values: &[String]) -> Reply {
    decide(port, parameter(values, 0), Verdict::Approve)
}

pub(super) fn reject(port: &AdminPort, _: &Call, values: &[String]) -> Reply {
    decide(port, parameter(values, 0), Verdict::Reject)
}

fn decide(port: &AdminPort, id: &str, verdict: Verdict) -> Reply {
    match port.service.decide_pending(id.as_bytes(), verdict) {
        Ok(()) => Reply::json(json!({ "transactionID": id })),
        Err(failed) => operator_error(&failed),
    }
}
