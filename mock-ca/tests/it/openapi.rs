//! The description of the admin port, read by a parser that is not ours, and held against the port.

use openapiv3::{
    OpenAPI, Operation, ReferenceOr, Response, Schema, SchemaKind, SecurityScheme, StatusCode, Type,
};
use serde_json::{Value, json};

use crate::device::Device;
use crate::pages::ask;
use crate::server::Server;
use crate::wire::Reply;

/// A description, and whom it describes.
struct Described {
    server: Server,
    text: OpenAPI,
}

impl Described {
    fn new() -> Self {
        let server = Server::start();
        let reply = ask(&server, "GET", "/openapi.json", "", "");
        let text = serde_json::from_slice(&reply.body).unwrap();
        Self { server, text }
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> Reply {
        let token = format!("Authorization: Bearer {}\r\n", self.server.admin_token());
        ask(&self.server, &method.to_uppercase(), path, &token, body)
    }

    /// Every operation: path, method, description.
    fn operations(&self) -> Vec<(&str, &str, &Operation)> {
        let paths = self.text.paths.iter();
        paths
            .flat_map(|(path, item)| {
                let item = item.as_item().unwrap();
                item.iter().map(move |(method, operation)| (path.as_str(), method, operation))
            })
            .collect()
    }

    fn schema(&self, name: &str) -> &Schema {
        let name = name.strip_prefix("#/components/schemas/").unwrap();
        self.text.components.as_ref().unwrap().schemas[name].as_item().unwrap()
    }

    /// The schema of an answer in JSON; None for another media type.
    fn answer<'s>(&'s self, response: &'s ReferenceOr<Response>) -> Option<&'s Schema> {
        let content = &response.as_item().unwrap().content;
        assert_eq!(content.len(), 1, "{content:?}");
        match content.get("application/json")?.schema.as_ref().unwrap() {
            ReferenceOr::Reference { reference } => Some(self.schema(reference)),
            ReferenceOr::Item(schema) => Some(schema),
        }
    }

    /// What is wrong with a value.
    fn misfit(&self, schema: &Schema, value: &Value) -> Option<String> {
        if schema.schema_data.nullable && value.is_null() {
            return None;
        }
        let SchemaKind::Type(kind) = &schema.schema_kind else { return Some(format!("{schema:?}")) };
        let fits = match kind {
            Type::String(_) => value.is_string(),
            Type::Integer(_) => value.is_i64() || value.is_u64(),
            Type::Boolean { .. } => value.is_boolean(),
            Type::Number(_) => value.is_number(),
            Type::Array(array) => {
                let items = array.items.as_ref().unwrap();
                let items = match items {
                    ReferenceOr::Reference { reference } => self.schema(reference),
                    ReferenceOr::Item(schema) => schema,
                };
                return match value.as_array() {
                    Some(all) => all.iter().find_map(|value| self.misfit(items, value)),
                    None => Some(format!("expected an array, got {value}")),
                };
            }
            Type::Object(object) => {
                let Some(members) = value.as_object() else {
                    return Some(format!("expected an object, got {value}"));
                };
                if let Some(missing) = object.required.iter().find(|name| !members.contains_key(*name)) {
                    return Some(format!("{missing} is missing in {value}"));
                }
                return members.iter().find_map(|(name, value)| match object.properties.get(name) {
                    None if object.properties.is_empty() => None,
                    None => Some(format!("{name} is not described: {value}")),
                    Some(ReferenceOr::Reference { reference }) => self.misfit(self.schema(reference), value),
                    Some(ReferenceOr::Item(schema)) => self.misfit(schema, value),
                });
            }
        };
        (!fits).then(|| format!("expected {kind:?}, got {value}"))
    }
}

/// A server that has something in every list.
fn lived_in() -> Described {
    let described = Described::new();
    Device::new("pool-00").enrol(&described.server);
    Device::without_challenge("pool-01").enrol(&described.server);
    let client = json!({ "clientName": "router-1", "passphrase": "open", "template": "5YSCEPP" });
    assert_eq!(described.ask("post", "/preregistrations", &client.to_string()).status, 200);
    let device = json!({ "manufacturer": "m", "type": "t", "model": "x", "id": "d1", "description": "" });
    assert_eq!(described.ask("post", "/devices", &device.to_string()).status, 200);
    assert_eq!(described.ask("post", "/authority/prepare", "").status, 200);
    described
}

#[test]
fn the_description_is_openapi_and_its_parts_are_there() {
    let described = Described::new();
    assert!(described.text.openapi.starts_with("3.0."));
    let schemes = &described.text.components.as_ref().unwrap().security_schemes;
    let token = schemes["token"].as_item().unwrap();
    assert!(matches!(token, SecurityScheme::HTTP { scheme, .. } if scheme == "bearer"));
    let operations = described.operations();
    assert!(operations.len() > 20, "{}", operations.len());
    let mut names: Vec<&String> =
        operations.iter().filter_map(|(.., one)| one.operation_id.as_ref()).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), operations.len(), "each has a name of its own");
    for (path, method, operation) in operations {
        let named = path.matches('{').count();
        let in_path = operation
            .parameters
            .iter()
            .filter(|parameter| matches!(parameter.as_item(), Some(openapiv3::Parameter::Path { .. })));
        assert_eq!(in_path.count(), named, "{method} {path}");
        for response in operation.responses.responses.values() {
            described.answer(response);
        }
    }
}

#[test]
fn every_described_operation_is_there_and_wants_the_token() {
    let described = Described::new();
    for (path, method, operation) in described.operations() {
        let target = path.replace(['{', '}'], "");
        let stranger = ask(&described.server, &method.to_uppercase(), &target, "", "");
        assert_eq!(stranger.status, 401, "{method} {path}");
        let reply = described.ask(method, &target, "");
        let status = StatusCode::Code(reply.status);
        assert!(operation.responses.responses.contains_key(&status), "{method} {path}: {}", reply.status);
        let text = reply.text();
        assert!(!text.contains(&format!("{target} is unknown")), "{method} {path}: {text}");
    }
}

#[test]
fn answers_are_what_is_described() {
    let described = lived_in();
    let (mut seen, mut wrong) = (0, Vec::new());
    for (path, method, operation) in described.operations() {
        // Those that only look, and every error.
        let target = path.replace(['{', '}'], "");
        if method != "get" && target == path {
            continue;
        }
        let reply = described.ask(method, &target, "");
        let response = &operation.responses.responses[&StatusCode::Code(reply.status)];
        let Some(schema) = described.answer(response) else { continue };
        let value: Value = serde_json::from_slice(&reply.body).unwrap();
        wrong.extend(described.misfit(schema, &value).map(|what| format!("{method} {path}: {what}")));
        seen += usize::from(value.as_array().is_none_or(|all| !all.is_empty()));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen > 12, "{seen}");
}
