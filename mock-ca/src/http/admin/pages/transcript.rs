//! The latest exchanges with their messages decoded, and the audit.

use maud::{Markup, html};
use serde_json::Value;

use super::super::AdminPort;
use super::super::api::decoded;
use super::super::call::{Call, Reply};
use super::layout::{error, search};
use super::page;

/// Exchanges that are shown.
const SHOWN: usize = 100;

pub(super) fn list(port: &AdminPort, _: &Call, _: &[String]) -> Reply {
    let all = port.recorder.all();
    page(
        port,
        "Transcript",
        &html! {
            p { "The latest first; " (all.len()) " are kept. Reload to see more." }
            @for exchange in all.iter().rev().take(SHOWN) {
                @let (request, response) = decoded(port, exchange);
                details {
                    summary {
                        (exchange.at) " " (exchange.method) " -> " (exchange.status) " " (exchange.message) " "
                        (exchange.pki_status.unwrap_or("")) ": " (exchange.note)
                    }
                    h3 { "Request" }
                    pre { (exchange.method) " " (exchange.target) }
                    (words(&request))
                    h3 { "Answer" }
                    @if !exchange.faults.is_empty() { p { "Faults: " (exchange.faults.join(", ")) } }
                    (words(&response))
                }
            }
        },
    )
}

/// A decoded message as a table; nothing when it is none.
fn words(message: &Value) -> Markup {
    html! {
        @if let Some(members) = message.as_object() {
            table {
                @for (name, value) in members { tr { th { (name) } td { (value.as_str().unwrap_or("")) } } }
            }
        }
    }
}

pub(super) fn audit(port: &AdminPort, call: &Call, _: &[String]) -> Reply {
    let contains = call.query("contains");
    let content = match port.service.audit_events(contains, call.query("after")) {
        Ok(events) => html! {
            (search("/pages/audit", contains))
            table {
                tr { th { "When" } th { "Event" } th { "Object" } th { "More" } }
                @for event in events.iter().rev() {
                    tr {
                        td { (scep::UnixTime(event.at)) }
                        td { (event.event) }
                        td { (event.object) }
                        td { (event.detail) }
                    }
                }
            }
        },
        Err(why) => error(&why.to_string()),
    };
    page(port, "Audit", &content)
}
