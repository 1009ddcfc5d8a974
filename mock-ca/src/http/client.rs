//! One HTTP request of ours: to the admin port of a running server, or to a webhook.

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Method, Request, Uri};
use hyper_util::rt::TokioIo;

/// Octets of an answer that are read.
const ANSWER: usize = 64 << 20;

/// What is sent.
#[derive(Debug)]
pub(crate) struct Question<'a> {
    pub(crate) method: Method,
    /// `http://HOST[:PORT]` and perhaps a path.
    pub(crate) url: &'a str,
    /// Bearer token; empty for none.
    pub(crate) token: &'a str,
    pub(crate) body: Vec<u8>,
}

/// Sends it, and returns status and body of the answer; in words why there is none.
pub(crate) async fn send(question: Question<'_>) -> Result<(u16, Vec<u8>), String> {
    const EXPECTED: &str = "expected a URL such as http://127.0.0.1:8080";
    let url: Uri = question.url.parse().map_err(|_| EXPECTED.to_owned())?;
    let host = url.host().filter(|_| url.scheme_str() == Some("http")).ok_or(EXPECTED)?;
    let port = url.port_u16().unwrap_or(80);
    let target = url.path_and_query().map_or("/", |target| target.as_str());
    let stream = tokio::net::TcpStream::connect((host, port)).await.map_err(|error| error.to_string())?;
    let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(|error| error.to_string())?;
    // It ends with the answer.
    tokio::spawn(connection);
    let mut request = Request::builder()
        .method(question.method)
        .uri(target)
        .header(HOST, format!("{host}:{port}"))
        .header(CONTENT_TYPE, "application/json");
    if !question.token.is_empty() {
        request = request.header(AUTHORIZATION, format!("Bearer {}", question.token));
    }
    let body = Full::new(Bytes::from(question.body));
    let request = request.body(body).map_err(|error| error.to_string())?;
    let response = sender.send_request(request).await.map_err(|error| error.to_string())?;
    let status = response.status().as_u16();
    let body =
        Limited::new(response.into_body(), ANSWER).collect().await.map_err(|error| error.to_string())?;
    Ok((status, body.to_bytes().to_vec()))
}
