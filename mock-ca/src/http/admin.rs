//! The admin port: JSON over HTTP, behind a token.
//!
//! ```text
//!  GET  /healthz                    no token
//!  GET  /pending                    [{transactionID, subject, dnsNames, since}]
//!  POST /pending/{id}/approve       id is percent-encoded
//!  POST /pending/{id}/reject
//!  GET  /faults                     {faults: [{fault, when}], delivered: {id: count}}
//!  PUT  /faults                     {faults: [{fault, when}]}
//!  GET  /laxities                   {laxities: [id]}
//!  PUT  /laxities                   {laxities: [id]}
//!  GET  /transcript                 [exchange], bodies in base64
//! ```

use std::fmt;
use std::sync::Arc;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, SERVER, WWW_AUTHENTICATE};
use hyper::{Method, Request, Response, StatusCode};
use openssl::sha::sha256;
use percent_encoding::percent_decode_str;
use rand_core::RngCore;
use scep::fault::Order;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::listener::{Body, Handler, Outgoing, read_body};
use crate::record::{Recorded, Recorder};
use crate::service::{OperatorError, Service, Verdict};

/// Largest body that is read: a thousand faults are below it.
const BODY_LIMIT: usize = 256 << 10;

/// What the admin port asks for. A secret: it prints as nothing.
#[derive(Clone)]
pub(crate) struct Token(String);

impl Token {
    /// 128 random bits in hex.
    pub(crate) fn random(rng: &mut dyn RngCore) -> Self {
        let mut octets = [0; 16];
        rng.fill_bytes(&mut octets);
        Self(octets.iter().map(|octet| format!("{octet:02x}")).collect())
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    fn is_in(&self, headers: &HeaderMap) -> bool {
        let given = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        given.and_then(|value| value.strip_prefix("Bearer ")).is_some_and(|given| {
            // Digests have one length, and equal time to compare.
            openssl::memcmp::eq(&sha256(given.trim().as_bytes()), &sha256(self.0.as_bytes()))
        })
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(redacted)")
    }
}

/// Serves the administration.
#[derive(Debug)]
pub(crate) struct AdminPort {
    pub(crate) service: Arc<Service>,
    pub(crate) recorder: Arc<Recorder>,
    pub(crate) token: Token,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultsBody {
    faults: Vec<Order>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LaxitiesBody {
    laxities: Vec<String>,
}

/// A status and a JSON body.
type Reply = (StatusCode, Value);

impl Handler for AdminPort {
    async fn handle(&self, request: Request<Incoming>) -> Outgoing {
        let (head, body) = request.into_parts();
        let body = read_body(body, Some(BODY_LIMIT)).await;
        let path = head.uri.path();
        let is_open = path == "/healthz";
        let (status, json) = match body {
            _ if !is_open && !self.token.is_in(&head.headers) => {
                error(StatusCode::UNAUTHORIZED, "expected the token that was printed at start")
            }
            Body::Whole(body) => self.answer(&head.method, path, &body),
            Body::TooLarge { .. } => error(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large"),
            Body::Broken(why) => error(StatusCode::BAD_REQUEST, why),
        };
        let mut response = Response::new(Full::new(Bytes::from(format!("{json}\n"))));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(SERVER, HeaderValue::from_static(super::SERVER));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        Outgoing::Http(response)
    }

    // Whoever speaks no HTTP here has no token either.
    fn broken(&self, _: &str) {}
}

impl AdminPort {
    fn answer(&self, method: &Method, path: &str, body: &[u8]) -> Reply {
        let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
        match (method, segments.as_slice()) {
            (&Method::GET, ["healthz"]) => ok(json!({ "status": "ok", "note": "mock-ca is for tests only" })),
            (&Method::GET, ["pending"]) => self.pending(),
            (&Method::POST, ["pending", id, "approve"]) => self.decide(id, Verdict::Approve),
            (&Method::POST, ["pending", id, "reject"]) => self.decide(id, Verdict::Reject),
            (&Method::GET, ["faults"]) => ok(self.faults()),
            (&Method::PUT, ["faults"]) => {
                let set = |body: FaultsBody| self.service.set_faults(&body.faults).map_err(|e| e.to_string());
                change(body, set).unwrap_or_else(|| ok(self.faults()))
            }
            (&Method::GET, ["laxities"]) => ok(self.laxities()),
            (&Method::PUT, ["laxities"]) => {
                let set =
                    |body: LaxitiesBody| self.service.set_laxities(&body.laxities).map_err(|e| e.to_string());
                change(body, set).unwrap_or_else(|| ok(self.laxities()))
            }
            (&Method::GET, ["transcript"]) => ok(self.recorder.all().iter().map(exchange).collect()),
            (_, ["healthz" | "pending" | "faults" | "laxities" | "transcript"])
            | (_, ["pending", _, "approve" | "reject"]) => {
                error(StatusCode::METHOD_NOT_ALLOWED, format!("method {method} has no meaning for {path}"))
            }
            _ => error(StatusCode::NOT_FOUND, format!("{path} is unknown")),
        }
    }

    fn pending(&self) -> Reply {
        let entry = |request: crate::service::PendingRequest| {
            json!({
                "transactionID": request.transaction_id.to_string(),
                "subject": request.subject,
                "dnsNames": request.dns_names,
                "since": request.since.to_string(),
            })
        };
        match self.service.pending() {
            Ok(pending) => ok(pending.into_iter().map(entry).collect()),
            Err(failed) => refused(&failed),
        }
    }

    fn decide(&self, id: &str, verdict: Verdict) -> Reply {
        let id: Vec<u8> = percent_decode_str(id).collect();
        match self.service.decide_pending(&id, verdict) {
            Ok(()) => ok(json!({ "transactionID": String::from_utf8_lossy(&id) })),
            Err(failed) => refused(&failed),
        }
    }

    fn faults(&self) -> Value {
        json!({ "faults": self.service.faults(), "delivered": self.service.delivered() })
    }

    fn laxities(&self) -> Value {
        json!({ "laxities": self.service.laxities() })
    }
}

/// Parses the body and applies it; None when both went well.
fn change<T: DeserializeOwned>(body: &[u8], apply: impl FnOnce(T) -> Result<(), String>) -> Option<Reply> {
    let applied = serde_json::from_slice(body).map_err(|e| e.to_string()).and_then(apply);
    applied.err().map(|detail| error(StatusCode::BAD_REQUEST, detail))
}

fn ok(json: Value) -> Reply {
    (StatusCode::OK, json)
}

/// What the operator asked for was not done.
fn refused(why: &OperatorError) -> Reply {
    let status = match why {
        OperatorError::Unknown { .. } | OperatorError::NoCertificate { .. } => StatusCode::NOT_FOUND,
        OperatorError::NotPending { .. }
        | OperatorError::RevokedBefore { .. }
        | OperatorError::Rollover(_) => StatusCode::CONFLICT,
        OperatorError::Authority(_) | OperatorError::Store(_) => StatusCode::INTERNAL_SERVER_ERROR,
    };
    error(status, why.to_string())
}

fn error(status: StatusCode, detail: impl Into<String>) -> Reply {
    (status, json!({ "error": detail.into() }))
}

fn exchange(exchange: &Recorded) -> Value {
    json!({
        "at": exchange.at.to_string(),
        "request": {
            "method": exchange.method,
            "target": exchange.target,
            "headers": exchange.headers,
            "body": openssl::base64::encode_block(&exchange.body),
        },
        "response": {
            "sent": exchange.is_answered,
            "status": exchange.status,
            "headers": exchange.response_headers,
            "body": openssl::base64::encode_block(&exchange.response_body),
        },
        "message": exchange.message,
        "pkiStatus": exchange.pki_status,
        "faults": exchange.faults,
        "note": exchange.note,
    })
}
