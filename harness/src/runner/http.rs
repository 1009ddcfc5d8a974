//! Sending one HTTP request and recording what comes back, or why nothing does.

use std::time::{Duration, Instant};

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use scep::http::Delivery;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{Endpoint, raw};
use crate::transcript::{Reply, Request, Response};

/// Largest reply body that is read: a CRL of 100 000 entries is below it.
const REPLY_LIMIT: usize = 8 << 20;

/// Sends requests to one server, each on a connection of its own.
#[derive(Debug, Clone)]
pub struct Http {
    endpoint: Endpoint,
    limit: Duration,
}

impl Http {
    /// For a server; `limit` is the time for one exchange.
    #[must_use]
    pub fn new(endpoint: Endpoint, limit: Duration) -> Self {
        Self { endpoint, limit }
    }

    /// The server.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Path and query of a request.
    #[must_use]
    pub fn target(&self, query: &str) -> String {
        if query.is_empty() { self.endpoint.path.clone() } else { format!("{}?{query}", self.endpoint.path) }
    }

    /// Sends a request; says what came back and how many milliseconds it took.
    pub async fn send(&self, request: &Request) -> (Reply, u64) {
        self.deliver(request, &Delivery::default()).await
    }

    /// Sends a request in an unusual way; method and target of it are as they go out.
    pub async fn deliver(&self, request: &Request, delivery: &Delivery) -> (Reply, u64) {
        let start = Instant::now();
        let reply = match timeout(self.limit, self.exchange(request, delivery)).await {
            Ok(Ok(response)) => Reply::Answered(response),
            Ok(Err(failed)) => failed,
            Err(_) => failed("timeout", format!("no complete answer in {} ms", self.limit.as_millis())),
        };
        (reply, u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    async fn exchange(&self, request: &Request, delivery: &Delivery) -> Result<Response, Reply> {
        let address = (self.endpoint.host.as_str(), self.endpoint.port);
        let stream = TcpStream::connect(address).await.map_err(|error| match error.kind() {
            std::io::ErrorKind::ConnectionRefused => failed("refused", error.to_string()),
            _ => failed("unreachable", error.to_string()),
        })?;
        let Some(acts) = raw::acts_for(request, &self.endpoint.authority(), delivery) else {
            return answer(stream, self.outgoing(request)?).await;
        };
        let stand_in =
            Request { method: "GET".to_owned(), headers: Vec::new(), body: Vec::new(), ..request.clone() };
        let (io, mut sender) = raw::divide(stream).map_err(|error| failed("closed", error.to_string()))?;
        let mut answer = std::pin::pin!(answer(io, self.outgoing(&stand_in)?));
        tokio::select! {
            answer = &mut answer => answer,
            performed = sender.perform(acts) => match performed {
                Ok(true) => answer.await,
                Ok(false) => Err(failed("closed", "reset by us".to_owned())),
                Err(error) => Err(failed("closed", error.to_string())),
            },
        }
    }

    fn outgoing(&self, request: &Request) -> Result<hyper::Request<Full<Bytes>>, Reply> {
        let mut builder = hyper::Request::builder()
            .method(request.method.as_str())
            .uri(&request.target)
            .header("host", self.endpoint.authority());
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        builder
            .body(Full::new(Bytes::from(request.body.clone())))
            .map_err(|error| failed("not-http", format!("our request: {error}")))
    }
}

/// Sends the request and reads the answer to it.
async fn answer<S: AsyncRead + AsyncWrite + Send + Unpin + 'static>(
    stream: S,
    outgoing: hyper::Request<Full<Bytes>>,
) -> Result<Response, Reply> {
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|e| lost(&e))?;
    // Ends with the exchange: the sender is dropped at the end of this function.
    let connection = tokio::spawn(connection);
    let incoming = sender.send_request(outgoing).await.map_err(|e| lost(&e))?;
    let status = incoming.status().as_u16();
    let headers = incoming
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    let body = Limited::new(incoming.into_body(), REPLY_LIMIT)
        .collect()
        .await
        .map_err(|error| failed("closed", format!("in the body: {error}")))?
        .to_bytes()
        .to_vec();
    drop(sender);
    connection.abort();
    Ok(Response { status, headers, body })
}

fn lost(error: &hyper::Error) -> Reply {
    let kind = if error.is_parse() { "not-http" } else { "closed" };
    failed(kind, error.to_string())
}

fn failed(kind: &str, detail: String) -> Reply {
    Reply::Failed { kind: kind.to_owned(), detail }
}
