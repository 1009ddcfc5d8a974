//! One HTTP request of ours: to the admin port of a running server, or to a webhook.

use std::pin::Pin;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Method, Request, Response, Uri};
use hyper_util::rt::TokioIo;
use openssl::error::ErrorStack;
use openssl::ssl::{SslConnector, SslMethod};
use openssl::x509::X509;
use openssl::x509::store::X509StoreBuilder;
use tokio::net::TcpStream;
use tokio_openssl::SslStream;

use super::socket::Socket;

/// Octets of an answer that are read.
const ANSWER: usize = 64 << 20;

/// What is sent.
#[derive(Debug)]
pub(crate) struct Question<'a> {
    pub(crate) method: Method,
    /// `http://HOST[:PORT]`, or `https://`, and perhaps a path.
    pub(crate) url: &'a str,
    /// Bearer token; empty for none.
    pub(crate) token: &'a str,
    pub(crate) body: Vec<u8>,
    /// Certificates that a server in TLS may show or be issued by, PEM; None for those of the system.
    pub(crate) roots: Option<&'a [u8]>,
}

/// Sends it, and returns status and body of the answer; in words why there is none.
pub(crate) async fn send(question: Question<'_>) -> Result<(u16, Vec<u8>), String> {
    const EXPECTED: &str = "expected a URL such as http://127.0.0.1:8080";
    let url: Uri = question.url.parse().map_err(|_| EXPECTED.to_owned())?;
    let (is_secure, port) = match url.scheme_str() {
        Some("http") => (false, 80),
        Some("https") => (true, 443),
        _ => return Err(EXPECTED.to_owned()),
    };
    let (host, port) = (url.host().ok_or(EXPECTED)?, url.port_u16().unwrap_or(port));
    let target = url.path_and_query().map_or("/", |target| target.as_str());
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
    let name = host.trim_start_matches('[').trim_end_matches(']');
    let stream = TcpStream::connect((name, port)).await.map_err(|error| error.to_string())?;
    let response = if is_secure {
        exchange(secured(stream, name, question.roots).await?, request).await?
    } else {
        exchange(stream, request).await?
    };
    let status = response.status().as_u16();
    let body =
        Limited::new(response.into_body(), ANSWER).collect().await.map_err(|error| error.to_string())?;
    Ok((status, body.to_bytes().to_vec()))
}

async fn exchange(stream: impl Socket, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, String> {
    let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(|error| error.to_string())?;
    // It ends with the answer.
    tokio::spawn(connection);
    sender.send_request(request).await.map_err(|error| error.to_string())
}

async fn secured(
    stream: TcpStream,
    host: &str,
    roots: Option<&[u8]>,
) -> Result<SslStream<TcpStream>, String> {
    let ssl = connector(roots).and_then(|connector| connector.configure()?.into_ssl(host));
    let ssl = ssl.map_err(|error| format!("TLS: {error}"))?;
    let mut stream = SslStream::new(ssl, stream).map_err(|error| format!("TLS: {error}"))?;
    match Pin::new(&mut stream).connect().await {
        Ok(()) => Ok(stream),
        Err(error) => {
            let verified = stream.ssl().verify_result();
            let is_about_trust = verified != openssl::x509::X509VerifyResult::OK;
            let why = if is_about_trust { verified.error_string().to_owned() } else { error.to_string() };
            Err(format!("TLS handshake: {why}"))
        }
    }
}

fn connector(roots: Option<&[u8]>) -> Result<SslConnector, ErrorStack> {
    let mut builder = SslConnector::builder(SslMethod::tls_client())?;
    if let Some(pem) = roots {
        let mut store = X509StoreBuilder::new()?;
        for root in X509::stack_from_pem(pem)? {
            store.add_cert(root)?;
        }
        builder.set_cert_store(store.build());
    }
    Ok(builder.build())
}
