//! The JSON API: one table of routes, from which the dispatch and the OpenAPI description come.

mod behaviour;
mod certificates;
mod pending;
mod registrar;
mod transcript;

pub(super) use transcript::decoded;

use hyper::{Method, StatusCode};
use serde_json::json;

use super::AdminPort;
use super::call::{Call, Reply};
use crate::service::{OperatorError, RegistrarError};

/// One thing that can be done.
pub(super) struct Route {
    /// `GET`, `POST`, `PUT` or `DELETE`.
    pub(super) method: Method,
    /// Path with `{parameters}`.
    pub(super) path: &'static str,
    /// What it does, in a sentence.
    pub(super) summary: &'static str,
    /// Parameters of the query, and what they are.
    pub(super) query: &'static [(&'static str, &'static str)],
    /// Name of the schema of its body, for those that have one.
    pub(super) body: Option<&'static str>,
    /// Name of the schema of its answer.
    pub(super) answer: &'static str,
    /// Does it; gets the values of the path's parameters.
    handle: fn(&AdminPort, &Call, &[String]) -> Reply,
}

impl Route {
    const fn new(
        method: Method,
        path: &'static str,
        summary: &'static str,
        answer: &'static str,
        handle: fn(&AdminPort, &Call, &[String]) -> Reply,
    ) -> Self {
        Self { method, path, summary, query: &[], body: None, answer, handle }
    }

    const fn body(mut self, schema: &'static str) -> Self {
        self.body = Some(schema);
        self
    }

    const fn query(mut self, query: &'static [(&'static str, &'static str)]) -> Self {
        self.query = query;
        self
    }
}

/// Parameters of lists.
const LIST: &[(&str, &str)] = &[
    ("contains", "text that is in what is listed, whatever its letter case"),
    ("after", "name of the last one of the list before"),
];

/// Every route. Those without a token, /healthz and /openapi.json, are not among them.
pub(super) const ROUTES: &[Route] = &[
    Route::new(Method::GET, "/pending", "Requests that wait for the operator", "PendingList", pending::list),
    Route::new(
        Method::POST,
        "/pending/{id}/approve",
        "Let a pending request have its certificate",
        "TransactionName",
        pending::approve,
    ),
    Route::new(
        Method::POST,
        "/pending/{id}/reject",
        "Refuse a pending request",
        "TransactionName",
        pending::reject,
    ),
    Route::new(
        Method::GET,
        "/certificates",
        "Issued certificates, the oldest first",
        "CertificateList",
        certificates::list,
    )
    .query(LIST),
    Route::new(
        Method::POST,
        "/certificates/{serial}/revoke",
        "Revoke a certificate",
        "CertificateName",
        certificates::revoke,
    )
    .body("Revocation"),
    Route::new(Method::GET, "/authority", "Generations of the CA", "GenerationList", certificates::authority),
    Route::new(
        Method::POST,
        "/authority/prepare",
        "Make the next CA, of which GetNextCACert tells",
        "GenerationList",
        certificates::prepare,
    ),
    Route::new(
        Method::POST,
        "/authority/switch",
        "Let the next CA take over",
        "GenerationList",
        certificates::switch,
    ),
    Route::new(Method::GET, "/templates", "Certificate templates", "TemplateList", registrar::templates),
    Route::new(
        Method::GET,
        "/preregistrations",
        "Preregistered clients",
        "PreregistrationList",
        registrar::preregistrations,
    )
    .query(LIST),
    Route::new(
        Method::POST,
        "/preregistrations",
        "Preregister a client",
        "Preregistration",
        registrar::preregister,
    )
    .body("PreregistrationForm"),
    Route::new(
        Method::POST,
        "/preregistrations/import",
        "Preregister all clients of a file of comma separated values, or none",
        "ImportResult",
        registrar::import,
    )
    .body("Csv")
    .query(&[("template", "nickname of the template for rows that name none")]),
    Route::new(
        Method::DELETE,
        "/preregistrations/{name}",
        "Remove a preregistration",
        "Name",
        registrar::remove_preregistration,
    ),
    Route::new(Method::GET, "/devices", "Registered devices", "DeviceList", registrar::devices).query(LIST),
    Route::new(
        Method::POST,
        "/devices",
        "Register a device; its challengePassword is in this answer only",
        "DeviceWithChallenge",
        registrar::register_device,
    )
    .body("DeviceForm"),
    Route::new(
        Method::POST,
        "/devices/{id}/challenge",
        "Make a new challengePassword for a device",
        "Challenge",
        registrar::renew_challenge,
    ),
    Route::new(Method::DELETE, "/devices/{id}", "Remove a device", "Name", registrar::remove_device),
    Route::new(
        Method::POST,
        "/challenges",
        "Make a challengePassword for one transaction",
        "Challenge",
        registrar::one_time,
    )
    .body("ChallengeForm"),
    Route::new(
        Method::DELETE,
        "/wrong-tries/{name}",
        "Forget the wrong tries of a client",
        "Name",
        registrar::forget_wrong_tries,
    ),
    Route::new(Method::GET, "/audit", "Audit events, the oldest first", "AuditList", registrar::audit)
        .query(LIST),
    Route::new(Method::GET, "/faults", "Departures that are committed", "FaultState", behaviour::faults),
    Route::new(
        Method::PUT,
        "/faults",
        "Commit these departures from now on",
        "FaultState",
        behaviour::set_faults,
    )
    .body("Faults"),
    Route::new(Method::GET, "/laxities", "Checks that are skipped", "Laxities", behaviour::laxities),
    Route::new(
        Method::PUT,
        "/laxities",
        "Skip these checks from now on",
        "Laxities",
        behaviour::set_laxities,
    )
    .body("Laxities"),
    Route::new(
        Method::GET,
        "/transcript",
        "Latest exchanges, bodies in base64, with the messages decoded",
        "Transcript",
        transcript::list,
    ),
    Route::new(
        Method::GET,
        "/metrics",
        "Counters in the text format of Prometheus",
        "Text",
        behaviour::metrics,
    ),
];

/// The answer to a call that has shown the token.
pub(super) fn answer(port: &AdminPort, call: &Call) -> Reply {
    let mut is_known = false;
    for route in ROUTES {
        if let Some(values) = call.matches(route.path) {
            if route.method == call.method {
                return (route.handle)(port, call, &values);
            }
            is_known = true;
        }
    }
    if is_known || call.path() == "/healthz" {
        let detail = format!("method {} has no meaning for {}", call.method, call.path());
        Reply::error(StatusCode::METHOD_NOT_ALLOWED, detail)
    } else {
        Reply::error(StatusCode::NOT_FOUND, format!("{} is unknown", call.path()))
    }
}

/// It is alive.
pub(super) fn health() -> Reply {
    Reply::json(json!({ "status": "ok", "note": "mock-ca is for tests only" }))
}

fn parameter(values: &[String], index: usize) -> &str {
    values.get(index).map_or("", String::as_str)
}

/// The status for what the operator asked for and was not done.
pub(super) fn operator_status(why: &OperatorError) -> StatusCode {
    match why {
        OperatorError::Unknown { .. } | OperatorError::NoCertificate { .. } => StatusCode::NOT_FOUND,
        OperatorError::NotPending { .. }
        | OperatorError::RevokedBefore { .. }
        | OperatorError::Rollover(_) => StatusCode::CONFLICT,
        OperatorError::Authority(_) | OperatorError::Store(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn operator_error(why: &OperatorError) -> Reply {
    Reply::error(operator_status(why), why.to_string())
}

/// The status for what the administrator asked for and was not done.
pub(super) fn registrar_status(why: &RegistrarError) -> StatusCode {
    match why {
        RegistrarError::Form(_)
        | RegistrarError::Device(_)
        | RegistrarError::Batch(_)
        | RegistrarError::Subject(_) => StatusCode::BAD_REQUEST,
        RegistrarError::NameTaken(_) | RegistrarError::IdTaken(_) => StatusCode::CONFLICT,
        RegistrarError::Unknown { .. } => StatusCode::NOT_FOUND,
        RegistrarError::Store(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn registrar_error(why: &RegistrarError) -> Reply {
    let mut body = json!({ "error": why.to_string() });
    if let (RegistrarError::Batch(rows), Some(body)) = (why, body.as_object_mut()) {
        let rows = rows.iter().map(|row| json!({ "line": row.line, "detail": row.detail })).collect();
        body.insert("rows".to_owned(), rows);
    }
    Reply::json_with(registrar_status(why), body)
}
