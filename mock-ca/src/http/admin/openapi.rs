//! The OpenAPI description, made from the table of routes: what is not in it cannot be called.

use serde_json::{Map, Value, json};

use super::api::{ROUTES, Route};

/// The description, OpenAPI 3.0.
pub(super) fn description() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for route in ROUTES {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        if let Some(path) = path.as_object_mut() {
            path.insert(route.method.as_str().to_lowercase(), operation(route));
        }
    }
    json!({
        "openapi": "3.0.3",
        "info": {
            "title": "mock-ca administration",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The reference SCEP server of sceptic. For tests only.",
        },
        "security": [{ "token": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
            "schemas": schemas(),
        },
    })
}

fn operation(route: &Route) -> Value {
    let in_path = route.path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    let in_path = in_path
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }));
    let in_query = route.query.iter().map(|(name, what)| {
        json!({ "name": name, "in": "query", "description": what, "schema": { "type": "string" } })
    });
    let mut operation = json!({
        "summary": route.summary,
        "operationId": operation_id(route),
        "parameters": in_path.chain(in_query).collect::<Vec<_>>(),
        "responses": {
            "200": { "description": "done", "content": content(route.answer) },
            "400": { "description": "the request has a mistake", "content": content("Error") },
            "401": { "description": "the token is missing or wrong", "content": content("Error") },
            "404": { "description": "what is named is not there", "content": content("Error") },
            "409": { "description": "it cannot be done as things stand", "content": content("Error") },
        },
    });
    if let (Some(body), Some(operation)) = (route.body, operation.as_object_mut()) {
        operation.insert("requestBody".to_owned(), json!({ "content": content(body) }));
    }
    operation
}

/// `POST /pending/{id}/approve` is `post_pending_id_approve`.
fn operation_id(route: &Route) -> String {
    let path = route.path.replace(['{', '}'], "").replace(['/', '-'], "_");
    format!("{}{path}", route.method.as_str().to_lowercase())
}

fn content(schema: &str) -> Value {
    let media = match schema {
        "Csv" => "text/csv",
        "Text" => "text/plain",
        _ => "application/json",
    };
    json!({ media: { "schema": { "$ref": format!("#/components/schemas/{schema}") } } })
}

/// An object whose members are strings.
fn texts(names: &[&str]) -> Value {
    let members = names.iter().map(|name| ((*name).to_owned(), json!({ "type": "string" })));
    json!({ "type": "object", "properties": members.collect::<Map<_, _>>() })
}

fn list_of(items: Value) -> Value {
    json!({ "type": "array", "items": items })
}

fn schemas() -> Value {
    let text = json!({ "type": "string" });
    let number = json!({ "type": "integer" });
    let optional = json!({ "type": "string", "nullable": true });
    let reference = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let object = |properties: Value, required: &[&str]| json!({ "type": "object", "properties": properties, "required": required });
    json!({
        "Error": object(json!({
            "error": text,
            "rows": list_of(object(json!({ "line": number, "detail": text }), &["line", "detail"])),
        }), &["error"]),
        "Text": text,
        "Csv": text,
        "Name": texts(&["name"]),
        "TransactionName": texts(&["transactionID"]),
        "CertificateName": texts(&["serial"]),
        "Challenge": texts(&["challengePassword"]),
        "ChallengeForm": object(json!({ "subject": optional, "lifetimeSeconds": number }), &[]),
        "PendingList": list_of(object(json!({
            "transactionID": text, "subject": text, "dnsNames": list_of(text.clone()), "since": text,
        }), &["transactionID", "subject", "dnsNames", "since"])),
        "Revocation": object(json!({ "reason": { "type": "integer", "minimum": 0, "maximum": 10 } }), &[]),
        "CertificateList": list_of(object(json!({
            "name": text, "serial": text, "subject": text, "notBefore": optional, "notAfter": optional,
            "issued": text, "generation": number, "transactionID": text, "credential": { "type": "object" },
            "revoked": { "type": "object", "nullable": true }, "pem": text,
        }), &["name", "serial", "subject", "pem"])),
        "GenerationList": list_of(object(json!({
            "number": number, "standing": text, "subject": text, "serial": text, "notAfter": optional,
        }), &["number", "standing", "subject", "serial"])),
        "TemplateList": list_of(object(json!({
            "nickname": text, "title": text, "preregistration": { "type": "boolean" },
            "profileId": optional, "groupId": optional,
        }), &["nickname", "title", "preregistration"])),
        "PreregistrationForm": object(json!({
            "clientName": text, "passphrase": text, "template": text, "subject": text, "alternativeNames": text,
        }), &["clientName", "passphrase", "template"]),
        "Preregistration": object(json!({
            "requestor": text, "template": text, "subject": optional, "alternativeNames": optional, "since": text,
        }), &["requestor", "template", "since"]),
        "PreregistrationList": list_of(reference("Preregistration")),
        "ImportResult": object(json!({ "imported": number }), &["imported"]),
        "DeviceForm": texts(&["manufacturer", "type", "model", "id", "description", "template"]),
        "Device": texts(&["manufacturer", "type", "model", "id", "description", "template", "since"]),
        "DeviceList": list_of(reference("Device")),
        "DeviceWithChallenge": object(json!({
            "device": reference("Device"), "challengePassword": text,
        }), &["device", "challengePassword"]),
        "AuditList": list_of(texts(&["at", "event", "object", "detail"])),
        "Faults": object(json!({ "faults": list_of(object(json!({
            "fault": text, "when": { "type": "object" },
        }), &["fault"])) }), &["faults"]),
        "FaultState": object(json!({
            "faults": list_of(json!({ "type": "object" })), "delivered": { "type": "object" },
        }), &["faults", "delivered"]),
        "Laxities": object(json!({ "laxities": list_of(text.clone()) }), &["laxities"]),
        "Transcript": list_of(object(json!({
            "at": text, "request": { "type": "object" }, "response": { "type": "object" }, "message": text,
            "pkiStatus": optional, "faults": list_of(text.clone()), "note": text,
        }), &["at", "request", "response", "message", "note"])),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::{ROUTES, description, operation_id};

    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    match member.as_str() {
                        Some(text) if name == "$ref" => {
                            found.insert(text.rsplit('/').next().unwrap().to_owned());
                        }
                        _ => references(member, found),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }

    #[test]
    fn every_route_is_described_and_every_schema_is_there_and_used() {
        let description = description();
        for route in ROUTES {
            let method = route.method.as_str().to_lowercase();
            assert!(description["paths"][route.path][&method].is_object(), "{method} {}", route.path);
        }
        let mut used = BTreeSet::new();
        references(&description, &mut used);
        let schemas = description["components"]["schemas"].as_object().unwrap();
        assert_eq!(used, schemas.keys().cloned().collect());
    }

    #[test]
    fn operations_have_ids_of_their_own() {
        let ids: BTreeSet<String> = ROUTES.iter().map(operation_id).collect();
        assert_eq!(ids.len(), ROUTES.len());
        assert!(ids.contains("post_pending_id_approve"), "{ids:?}");
    }
}
