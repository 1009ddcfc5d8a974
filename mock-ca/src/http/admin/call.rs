//! A request to the admin port as data, and its answer.

use std::error::Error;

use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderName, LOCATION};
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

    /// The body as a form of HTML, in either of its encodings. One that cannot be read has no values.
    pub(super) fn form(&self) -> Form {
        let content_type = self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        match content_type.and_then(|value| multer::parse_boundary(value).ok()) {
            Some(boundary) => Form(parts(&self.body, &boundary).unwrap_or_default()),
            None => Form(pairs(&String::from_utf8_lossy(&self.body))),
        }
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

/// `multipart/form-data`: the form of files. All of it is there, so that nothing is waited for.
fn parts(body: &[u8], boundary: &str) -> Result<Vec<(String, String)>, Box<dyn Error>> {
    let body = std::io::Cursor::new(body.to_vec());
    let mut form = multer::Multipart::with_reader(body, boundary);
    let read = async {
        let mut values = Vec::new();
        while let Some(field) = form.next_field().await? {
            let name = field.name().unwrap_or_default().to_owned();
            values.push((name, String::from_utf8_lossy(&field.bytes().await?).into_owned()));
        }
        Ok(values)
    };
    tokio::runtime::Builder::new_current_thread().build()?.block_on(read)
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

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::Call;

    fn form(content_type: &str, body: &str) -> super::Form {
        let request = Request::post("/").header("Content-Type", content_type).body(()).unwrap();
        Call::new(&request.into_parts().0, body.as_bytes().to_vec()).form()
    }

    #[test]
    fn a_form_has_its_values_in_both_encodings() {
        let urlencoded = form("application/x-www-form-urlencoded", "a=1%2B1&b=x+y");
        assert_eq!((urlencoded.value("a"), urlencoded.value("b")), ("1+1", "x y"));
        let body = "--X\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1+1\r\n--X\r\n\
                    Content-Disposition: form-data; name=\"b\"; filename=\"b.csv\"\r\n\r\nx\ny\r\n--X--\r\n";
        let multipart = form("multipart/form-data; boundary=X", body);
        assert_eq!((multipart.value("a"), multipart.value("b")), ("1+1", "x\ny"));
    }

    #[test]
    fn a_form_that_breaks_off_has_no_values() {
        let body = "--X\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nright";
        assert_eq!(form("multipart/form-data; boundary=X", body).value("key"), "");
    }
}
