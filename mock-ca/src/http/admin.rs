//! The admin port: a JSON API behind a token, and pages for people behind the same.
//!
//! ```text
//!  /healthz, /openapi.json          open to everybody
//!  /pages/...                       HTML; log in with the token
//!  /certsrv/mscep_admin/            one-time passwords as Microsoft's NDES hands them out
//!  everything else                  JSON, `Authorization: Bearer TOKEN`: see api, or /openapi.json
//! ```

mod api;
mod call;
mod openapi;
mod pages;
mod token;

pub(crate) use token::Token;

use std::sync::Arc;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue, SERVER, WWW_AUTHENTICATE};
use hyper::{Request, Response, StatusCode};

use super::listener::{Body, Handler, Outgoing, read_body};
use crate::metrics::Metrics;
use crate::record::Recorder;
use crate::service::Service;
use call::{Call, Reply};

/// Largest body that is read: a batch of ten thousand clients is below it.
const BODY_LIMIT: usize = 4 << 20;

/// Serves the administration.
#[derive(Debug, Clone)]
pub(crate) struct AdminPort {
    pub(crate) service: Arc<Service>,
    pub(crate) recorder: Arc<Recorder>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) token: Token,
    /// It is in TLS.
    pub(crate) is_secure: bool,
}

impl Handler for AdminPort {
    async fn handle(&self, request: Request<Incoming>) -> Outgoing {
        let (head, body) = request.into_parts();
        let reply = match read_body(body, Some(BODY_LIMIT)).await {
            Body::Whole(body) => {
                let (port, call) = (self.clone(), Call::new(&head, body));
                // It may wait for the store.
                let answered = tokio::task::spawn_blocking(move || port.answer(&call));
                answered.await.unwrap_or_else(|error| {
                    Reply::error(StatusCode::INTERNAL_SERVER_ERROR, format!("failed to answer: {error}"))
                })
            }
            Body::TooLarge { .. } => Reply::error(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large"),
            Body::Broken(why) => Reply::error(StatusCode::BAD_REQUEST, why),
        };
        Outgoing::Http(response(reply))
    }

    // Whoever speaks no HTTP here has no token either.
    fn broken(&self, _: &str) {}
}

impl AdminPort {
    fn answer(&self, call: &Call) -> Reply {
        match call.path() {
            "/" => return Reply::see_other("/pages"),
            "/healthz" if call.is_get() => return api::health(),
            "/openapi.json" if call.is_get() => return Reply::json(openapi::description()),
            _ => {}
        }
        if let Some(reply) = pages::answer(self, call) {
            return reply;
        }
        if !self.token.is_bearer(&call.headers) {
            let reply = "expected the token that was printed at start";
            return Reply::error(StatusCode::UNAUTHORIZED, reply).with(WWW_AUTHENTICATE, "Bearer");
        }
        api::answer(self, call)
    }
}

fn response(reply: Reply) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(reply.body)));
    *response.status_mut() = reply.status;
    let headers = response.headers_mut();
    headers.insert(SERVER, HeaderValue::from_static(super::SERVER));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(reply.content_type));
    for (name, value) in reply.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    response
}
