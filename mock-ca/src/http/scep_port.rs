//! The SCEP port: HTTP to data and back, and every exchange to the observers.

use std::sync::Arc;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{
    ALLOW, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, SERVER,
};
use hyper::http::request::Parts;
use hyper::{Request, Response, StatusCode};
use scep::http::{Delivery, HttpRequest, HttpResponse, Method};

use super::listener::{Body, Handler, Outgoing, read_body};
use super::raw;
use crate::record::{Observer, Recorded};
use crate::service::{Answer, Service};

/// Serves SCEP.
#[derive(Debug)]
pub(crate) struct ScepPort {
    pub(crate) service: Arc<Service>,
    pub(crate) observers: Vec<Arc<dyn Observer>>,
}

impl Handler for ScepPort {
    async fn handle(&self, request: Request<Incoming>) -> Outgoing {
        let (head, body) = request.into_parts();
        let mut closes = false;
        let (answer, body) = match read_body(body, self.service.body_limit()).await {
            Body::Whole(body) => self.answer(&head, body).await,
            Body::TooLarge { drained } => {
                closes = !drained;
                (self.service.error(413, "the message is too large", "the body is too large"), Vec::new())
            }
            Body::Broken(why) => {
                closes = true;
                (
                    self.service.error(
                        400,
                        "the body is incomplete",
                        format!("the body is incomplete: {why}"),
                    ),
                    Vec::new(),
                )
            }
        };
        let mut headers = headers(&answer.response);
        if answer.response.status == 405 {
            headers.insert(ALLOW, HeaderValue::from_static("GET, POST"));
        }
        self.record(&head, body, &answer, &headers);
        if let Some(acts) = raw::acts_for(&answer.response, &headers) {
            return Outgoing::Raw(acts);
        }
        if closes {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        let mut response = Response::new(Full::new(Bytes::from(answer.response.body)));
        // A fault may ask for a status that HTTP does not have.
        *response.status_mut() =
            StatusCode::from_u16(answer.response.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        *response.headers_mut() = headers;
        Outgoing::Http(response)
    }

    fn broken(&self, error: &str) {
        let at = self.service.clock().now();
        for observer in &self.observers {
            observer.broken(at, error);
        }
    }
}

impl ScepPort {
    /// The answer, and the body for the record.
    async fn answer(&self, head: &Parts, body: Vec<u8>) -> (Answer, Vec<u8>) {
        let method = match head.method.as_str() {
            "GET" => Method::Get,
            "POST" => Method::Post,
            other => {
                return (self.service.error(405, "expected GET or POST", format!("method {other}")), body);
            }
        };
        let request = HttpRequest {
            method,
            query: head.uri.query().unwrap_or_default().to_owned(),
            content_type: head.headers.get(CONTENT_TYPE).map(text),
            headers: Vec::new(),
            body,
            delivery: Delivery::default(),
        };
        let (service, path) = (self.service.clone(), head.uri.path().to_owned());
        // It is a few milliseconds of arithmetic, and may wait for the store.
        let answered = tokio::task::spawn_blocking(move || {
            let answer = service.handle(&path, &request);
            (answer, request.body)
        });
        answered.await.unwrap_or_else(|error| {
            (self.service.error(500, "internal error", format!("failed to answer: {error}")), Vec::new())
        })
    }

    fn record(&self, head: &Parts, body: Vec<u8>, answer: &Answer, headers: &HeaderMap) {
        let sent = answer.response.delivery.sent(&answer.response.body);
        let exchange = Recorded {
            at: self.service.clock().now(),
            method: head.method.to_string(),
            target: head.uri.to_string(),
            headers: fields(&head.headers),
            body,
            status: answer.response.status,
            response_headers: fields(headers),
            response_body: sent.unwrap_or_default().to_vec(),
            is_answered: sent.is_some(),
            message: answer.message,
            pki_status: answer.pki_status,
            faults: answer.faults.clone(),
            effort: answer.effort,
            note: answer.note.clone(),
        };
        for observer in &self.observers {
            observer.exchange(&exchange);
        }
    }
}

fn headers(response: &HttpResponse) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(SERVER, HeaderValue::from_static(super::SERVER));
    if let Some(value) = response.content_type.as_ref().and_then(|value| HeaderValue::from_str(value).ok()) {
        headers.insert(CONTENT_TYPE, value);
    }
    headers.insert(CONTENT_LENGTH, HeaderValue::from(response.body.len()));
    for (name, value) in &response.headers {
        // Whatever hyper cannot hold is no header field of HTTP, and no fault of the catalogue asks for it.
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value))
        {
            headers.append(name, value);
        }
    }
    headers
}

fn fields(headers: &HeaderMap) -> Vec<(String, String)> {
    headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect()
}

fn text(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}
