//! A request to the admin port as data, and its answer.

use hyper::header::{HeaderMap, HeaderName, LOCATION};
use hyper::http::request::Parts;
use hyper::{Method, StatusCode};
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// A request.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) headers: HeaderMap,
    path: String,
    query: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

/// An answer.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) content_type: &'static str,
    pub(super) headers: Vec<(HeaderName, String)>,
    pub(super) body: String,
}

impl Call {
    pub(super) fn new(head: &Parts, body: Vec<u8>) -> Self {
        Self {
            method: head.method.clone(),
            headers: head.headers.clone(),
            path: head.uri.path().to_owned(),
            query: pairs(head.uri.query().unwrap_or_default()),
            body,
        }
    }

    /// Path as sent.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn is_get(&self) -> bool {
        self.method == Method::GET
    }

    /// A value of the query; empty when it is not there.
    pub(super) fn query(&self, name: &str) -> &str {
        value(&self.query, name)
    }

    /// The body as JSON.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, Reply> {
        serde_json::from_slice(&self.body)
            .map_err(|error| Reply::error(StatusCode::BAD_REQUEST, error.to_string()))
    }

    /// The body as a form of HTML.
    pub(super) fn form(&self) -> Form {
        Form(pairs(&String::from_utf8_lossy(&self.body)))
    }

    /// The values of a pattern's parameters, percent-decoded, when the path is of that pattern: `{x}` stands
    /// for one segment.
    pub(super) fn matches(&self, pattern: &str) -> Option<Vec<String>> {
        let (mut own, mut wanted) = (segments(&self.path), segments(pattern));
        let mut values = Vec::new();
        loop {
            match (own.next(), wanted.next()) {
                (None, None) => return Some(values),
                (Some(own), Some(wanted)) if wanted.starts_with('{') => {
                    values.push(percent_decode_str(own).decode_utf8_lossy().into_owned());
                }
                (Some(own), Some(wanted)) if own == wanted => {}
                _ => return None,
            }
        }
    }
}

/// The values of a form of HTML.
#[derive(Debug)]
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// A value; empty when it is not there.
    pub(super) fn value(&self, name: &str) -> &str {
        value(&self.0, name)
    }

    /// All values of that name.
    pub(super) fn values(&self, name: &str) -> Vec<String> {
        self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value.clone()).collect()
    }
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.trim_matches('/').split('/')
}

fn value<'a>(pairs: &'a [(String, String)], name: &str) -> &'a str {
    pairs.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
}

/// `application/x-www-form-urlencoded`.
fn pairs(text: &str) -> Vec<(String, String)> {
    let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

impl Reply {
    pub(super) fn json(value: Value) -> Self {
        Self::json_with(StatusCode::OK, value)
    }

    pub(super) fn json_with(status: StatusCode, value: Value) -> Self {
        Self { status, content_type: "application/json", headers: Vec::new(), body: format!("{value}\n") }
    }

    pub(super) fn error(status: StatusCode, detail: impl Into<String>) -> Self {
        Self::json_with(status, json!({ "error": detail.into() }))
    }

    pub(super) fn text(content_type: &'static str, body: impl Into<String>) -> Self {
        Self { status: StatusCode::OK, content_type, headers: Vec::new(), body: body.into() }
    }

    /// Sends a browser to another page, by GET.
    pub(super) fn see_other(path: &str) -> Self {
        let reply = Self::text("text/plain", "");
        Self { status: StatusCode::SEE_OTHER, ..reply }.with(LOCATION, path)
    }

    pub(super) fn with(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}
