//! Who may enrol: preregistered clients, registered devices, one-time challenges; and the audit.

use hyper::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::AdminPort;
use super::super::call::{Call, Reply};
use super::{parameter, registrar_error};
use crate::device::{Device, DeviceForm};
use crate::preregistration::{Form, Record};
use crate::service::RegistrarError;

/// Seconds for which a one-time challenge is right when nobody says otherwise: as long as NDES' own.
pub(in super::super) const LIFETIME: u64 = 3600;

fn answer<T>(done: Result<T, RegistrarError>, show: impl FnOnce(T) -> Value) -> Reply {
    match done {
        Ok(value) => Reply::json(show(value)),
        Err(failed) => registrar_error(&failed),
    }
}

pub(super) fn templates(port: &AdminPort, _: &Call, _: &[String]) -> Reply {
    let entry = |template: &crate::template::Template| {
        json!({
            "nickname": template.nickname,
            "title": template.title,
            "preregistration": template.preregistration,
            "profileId": template.profile_id,
            "groupId": template.group_id,
        })
    };
    Reply::json(port.service.templates().iter().map(entry).collect())
}

fn record(record: &Record) -> Value {
    json!({
        "requestor": record.requestor,
        "template": record.template,
        "subject": record.subject,
        "alternativeNames": record.alternative_names,
        "since": scep::UnixTime(record.since).to_string(),
    })
}

pub(super) fn preregistrations(port: &AdminPort, call: &Call, _: &[String]) -> Reply {
    let found = port.service.preregistrations(call.query("contains"), call.query("after"));
    answer(found, |records| records.iter().map(record).collect())
}

/// The form as JSON. Members that no form has are ignored, as on the page.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FormBody {
    client_name: String,
    passphrase: String,
    template: String,
    #[serde(default)]
    subject: String,
    #[serde(default)]
    alternative_names: String,
}

pub(super) fn preregister(port: &AdminPort, call: &Call, _: &[String]) -> Reply {
    let body: FormBody = match call.json() {
        Ok(body) => body,
        Err(reply) => return reply,
    };
    let form = Form {
        client_name: body.client_name,
        passphrase: body.passphrase,
        template: body.template,
        subject: body.subject,
        alternative_names: body.alternative_names,
    };
    answer(port.service.preregister(&form), |made| record(&made))
}

pub(super) fn import(port: &AdminPort, call: &Call, _: &[String]) -> Reply {
    let Ok(text) = std::str::from_utf8(&call.body) else {
        return Reply::error(StatusCode::BAD_REQUEST, "expected UTF-8");
    };
    answer(port.service.import(text, call.query("template")), |count| json!({ "imported": count }))
}

pub(super) fn remove_preregistration(port: &AdminPort, _: &Call, values: &[String]) -> Reply {
    let name = parameter(values, 0);
    answer(port.service.remove_preregistration(name), |()| json!({ "name": name }))
}

fn device(device: &Device) -> Value {
    let form = &device.form;
    json!({
        "manufacturer": form.manufacturer,
        "type": form.device_type,
        "model": form.model,
        "id": form.id,
        "description": form.description,
        "template": form.template,
        "since": scep::UnixTime(device.since).to_string(),
    })
}

pub(super) fn devices(port: &AdminPort, call: &Call, _: &[String]) -> Reply {
    let found = port.service.devices(call.query("contains"), call.query("after"));
    answer(found, |devices| devices.iter().map(device).collect())
}

pub(super) fn register_device(port: &AdminPort, call: &Call, _: &[String]) -> Reply {
    let form: DeviceForm = match call.json() {
        Ok(form) => form,
        Err(reply) => return reply,
    };
    answer(
        port.service.register_device(&form),
        |(registered, challenge)| json!({ "device": device(&registered), "challengePassword": challenge }),
    )
}

fn challenge(challenge: String) -> Value {
    json!({ "challengePassword": challenge })
}

pub(super) fn renew_challenge(port: &AdminPort, _: &Call, values: &[String]) -> Reply {
    answer(port.service.renew_device_challenge(parameter(values, 0)), challenge)
}

pub(super) fn remove_device(port: &AdminPort, _: &Call, values: &[String]) -> Reply {
    let id = parameter(values, 0);
    answer(port.service.remove_device(id), |()| json!({ "name": id }))
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
struct ChallengeBody {
    subject: Option<String>,
    lifetime_seconds: Option<u64>,
}

pub(super) fn one_time(port: &AdminPort, call: &Call, _: &[String]) -> Reply {
    let body = if call.body.is_empty() { Ok(ChallengeBody::default()) } else { call.json() };
    match body {
        Ok(ChallengeBody { subject, lifetime_seconds }) => {
            let lifetime = lifetime_seconds.unwrap_or(LIFETIME);
            answer(port.service.one_time_challenge(subject.as_deref(), lifetime), challenge)
        }
        Err(reply) => reply,
    }
}

pub(super) fn forget_wrong_tries(port: &AdminPort, _: &Call, values: &[String]) -> Reply {
    let name = parameter(values, 0);
    answer(port.service.forget_wrong_tries(name), |()| json!({ "name": name }))
}

pub(super) fn audit(port: &AdminPort, call: &Call, _: &[String]) -> Reply {
    let found = port.service.audit_events(call.query("contains"), call.query("after"));
    answer(found, |events| {
        let entry = |event: &crate::store::AuditEvent| {
            json!({
                "at": scep::UnixTime(event.at).to_string(),
                "event": event.event,
                "object": event.object,
                "detail": event.detail,
            })
        };
        events.iter().map(entry).collect()
    })
}
