//! Issued certificates, their revocation, and the CA's own generations.

use hyper::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::AdminPort;
use super::super::call::{Call, Reply};
use super::{operator_error, parameter};
use crate::service::{IssuedCertificate, OperatorError};

pub(super) fn list(port: &AdminPort, call: &Call, _: &[String]) -> Reply {
    match port.service.certificates(call.query("contains"), call.query("after")) {
        Ok(certificates) => Reply::json(certificates.iter().map(entry).collect()),
        Err(failed) => operator_error(&failed),
    }
}

fn entry(issued: &IssuedCertificate) -> Value {
    let record = &issued.record;
    let certificate = &record.certificate;
    json!({
        "name": issued.name,
        "serial": certificate.serial_hex(),
        "subject": certificate.subject_text(),
        "notBefore": certificate.not_before.map(|at| at.to_string()),
        "notAfter": certificate.not_after.map(|at| at.to_string()),
        "issued": record.issued.to_string(),
        "generation": record.generation,
        "transactionID": record.transaction.to_string(),
        "credential": record.credential,
        "revoked": record.revocation.map(|revocation| {
            json!({ "at": revocation.at.to_string(), "reason": revocation.reason })
        }),
        "pem": certificate.to_pem(),
    })
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RevocationBody {
    reason: Option<u8>,
}

pub(super) fn revoke(port: &AdminPort, call: &Call, values: &[String]) -> Reply {
    let body = if call.body.is_empty() { Ok(RevocationBody::default()) } else { call.json() };
    let reason = match body {
        Ok(RevocationBody { reason }) => reason,
        Err(reply) => return reply,
    };
    if reason.is_some_and(|reason| reason > 10 || reason == 7) {
        // RFC 5280 5.3.1: 7 is not used.
        let detail = "reason: expected a CRLReason of 0 to 6 or 8 to 10";
        return Reply::error(StatusCode::BAD_REQUEST, detail);
    }
    match port.service.revoke_named(parameter(values, 0), reason) {
        Ok(()) => Reply::json(json!({ "serial": parameter(values, 0) })),
        Err(failed) => operator_error(&failed),
    }
}

pub(super) fn authority(port: &AdminPort, _: &Call, _: &[String]) -> Reply {
    generations(port, Ok(()))
}

pub(super) fn prepare(port: &AdminPort, _: &Call, _: &[String]) -> Reply {
    generations(port, port.service.prepare_next())
}

pub(super) fn switch(port: &AdminPort, _: &Call, _: &[String]) -> Reply {
    generations(port, port.service.switch_to_next())
}

fn generations(port: &AdminPort, done: Result<(), OperatorError>) -> Reply {
    match done.and_then(|()| port.service.authority_summary()) {
        Ok(generations) => Reply::json(
            generations
                .iter()
                .map(|generation| {
                    json!({
                        "number": generation.number,
                        "standing": generation.standing,
                        "subject": generation.subject,
                        "serial": generation.serial,
                        "notAfter": generation.not_after,
                    })
                })
                .collect(),
        ),
        Err(failed) => operator_error(&failed),
    }
}
