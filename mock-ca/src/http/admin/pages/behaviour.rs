//! What the server does wrong on purpose: faults and laxities.

use hyper::StatusCode;
use maud::{Markup, html};
use scep::fault::{Order, When};

use super::super::AdminPort;
use super::super::call::{Call, Reply};
use super::layout::{done, error, field, form, with_status};
use super::page;
use crate::laxity::LAXITIES;

fn content(port: &AdminPort, news: &Markup) -> Reply {
    let (orders, delivered) = (port.service.faults(), port.service.delivered());
    let laxities = port.service.laxities();
    let catalogue = scep::fault::catalogue().unwrap_or_default();
    page(
        port,
        "Faults and laxities",
        &html! {
            (news)
            h2 { "Faults" }
            table {
                tr { th { "Fault" } th { "When" } th { "Delivered" } }
                @for order in &orders {
                    tr {
                        td { code { (order.fault) } }
                        td { code { (serde_json::to_string(&order.when).unwrap_or_default()) } }
                        td { (delivered.get(&order.fault).copied().unwrap_or_default()) }
                    }
                }
            }
            (form(port, "/pages/behaviour/faults", &html! {
                label { span { "Fault" } select name="fault" {
                    @for fault in catalogue { option value=(fault.id) { (fault.id) ": " (fault.title) } }
                } }
                label { span { "In" } select name="message" {
                    option value="" { "every answer" }
                    @for message in crate::service::MESSAGES { option { (message) } }
                } }
                label { span { "With pkiStatus" } select name="status" {
                    option value="" { "any" }
                    option { "SUCCESS" } option { "FAILURE" } option { "PENDING" }
                } }
                label { span { "In answer to" } select name="to" {
                    option value="" { "any request" }
                    @for request in crate::service::REQUESTS { option { (request.name()) } }
                } }
                label { span { "Only the nth of them (optional)" } input name="nth" size="6" inputmode="numeric"; }
                label { span { "Only the next so many (optional)" } input name="next" size="6" inputmode="numeric"; }
            (field("Only in this transaction (optional)", "transaction", ""))
            (field("Only for this device (optional)", "device", ""))
            button { "Commit this fault too" }
            }))
            (form(port, "/pages/behaviour/faults/clear", &html! { button { "Commit no faults" } }))
            h2 { "Laxities" }
            (form(port, "/pages/behaviour/laxities", &html! {
                @for laxity in LAXITIES {
                    label {
                        input type="checkbox" name="laxity" value=(laxity.id) checked[laxities.iter().any(|id| id == laxity.id)];
                        " " code { (laxity.id) } " " (laxity.title)
                    }
                }
                button { "Skip these checks" }
            }))
        },
    )
}

fn answered(port: &AdminPort, outcome: Result<(), String>, words: &str) -> Reply {
    match outcome {
        Ok(()) => content(port, &done(words)),
        Err(why) => with_status(content(port, &error(&why)), StatusCode::BAD_REQUEST),
    }
}

pub(super) fn show(port: &AdminPort, _: &Call, _: &[String]) -> Reply {
    content(port, &html! {})
}

pub(super) fn add_fault(port: &AdminPort, call: &Call, _: &[String]) -> Reply {
    let values = call.form();
    let value = |name| Some(values.value(name).trim().to_owned()).filter(|text| !text.is_empty());
    let number = |name| match value(name).map(|text| text.parse::<u32>()).transpose() {
        Ok(None) => Ok(None),
        Ok(Some(number)) if number > 0 => Ok(Some(number)),
        Ok(Some(_)) | Err(_) => Err(format!("{name}: expected a number from 1 on")),
    };
    let (nth, next) = match (number("nth"), number("next")) {
        (Ok(nth), Ok(next)) => (nth, next),
        (Err(mistake), _) | (_, Err(mistake)) => return answered(port, Err(mistake), ""),
    };
    let when = When {
        message: value("message"),
        status: value("status"),
        to: value("to"),
        nth,
        next,
        transaction: value("transaction"),
        device: value("device"),
    };
    let mut orders = port.service.faults();
    orders.push(Order { fault: value("fault").unwrap_or_default(), when });
    let set = port.service.set_faults(&orders).map_err(|why| why.to_string());
    answered(port, set, "The fault is committed from now on.")
}

pub(super) fn clear_faults(port: &AdminPort, _: &Call, _: &[String]) -> Reply {
    let set = port.service.set_faults(&[]).map_err(|why| why.to_string());
    answered(port, set, "No fault is committed any more.")
}

pub(super) fn set_laxities(port: &AdminPort, call: &Call, _: &[String]) -> Reply {
    let set = port.service.set_laxities(&call.form().values("laxity")).map_err(|why| why.to_string());
    answered(port, set, "These checks are skipped from now on.")
}
