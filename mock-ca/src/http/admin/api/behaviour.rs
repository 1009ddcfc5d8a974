//! What the server does wrong on purpose, and what it counts.

use hyper::StatusCode;
use scep::fault::Order;
use serde::Deserialize;
use serde_json::json;

use super::super::AdminPort;
use super::super::call::{Call, Reply};

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

pub(super) fn faults(port: &AdminPort, _: &Call, _: &[String]) -> Reply {
    Reply::json(json!({ "faults": port.service.faults(), "delivered": port.service.delivered() }))
}

pub(super) fn set_faults(port: &AdminPort, call: &Call, values: &[String]) -> Reply {
    match call.json::<FaultsBody>() {
        Ok(body) => match port.service.set_faults(&body.faults) {
            Ok(()) => faults(port, call, values),
            Err(error) => Reply::error(StatusCode::BAD_REQUEST, error.to_string()),
        },
        Err(reply) => reply,
    }
}

pub(super) fn laxities(port: &AdminPort, _: &Call, _: &[String]) -> Reply {
    Reply::json(json!({ "laxities": port.service.laxities() }))
}

pub(super) fn set_laxities(port: &AdminPort, call: &Call, values: &[String]) -> Reply {
    match call.json::<LaxitiesBody>() {
        Ok(body) => match port.service.set_laxities(&body.laxities) {
            Ok(()) => laxities(port, call, values),
            Err(error) => Reply::error(StatusCode::BAD_REQUEST, error.to_string()),
        },
        Err(reply) => reply,
    }
}

pub(super) fn metrics(port: &AdminPort, _: &Call, _: &[String]) -> Reply {
    let pending = port.service.pending().map(|pending| pending.len());
    Reply::text("text/plain; version=0.0.4; charset=utf-8", port.metrics.text(pending.ok()))
}
