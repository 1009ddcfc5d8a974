//! The transport over HTTP/1.1: one connection a request, on a runtime of its own. A redirect is an answer,
//! unless the user wants them followed; then only those of a GET are.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{self, HeaderValue};
use hyper_util::rt::TokioIo;
use openssl::ssl::SslConnector;
use scep::http::{Delivery, HttpRequest, HttpResponse, Method};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use super::connect::{self, Connection};
use super::raw;
use super::{Proxy, Scheme, ServerUrl, Tls, Transport, TransportError, TransportErrorKind as Kind, error};

/// Largest answer read, in octets: four times the largest message that [`scep::limits::MESSAGE`] allows.
pub const BODY_LIMIT: usize = 4 << 20;

/// How long things may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeLimits {
    /// Until the connection stands, TLS included.
    pub connect: Duration,
    /// From the start of connecting to the last octet of the answer, redirects included.
    pub exchange: Duration,
}

impl Default for TimeLimits {
    fn default() -> Self {
        Self::within(Duration::from_secs(10))
    }
}

impl TimeLimits {
    /// A limit for the whole exchange; half of it, at most five seconds, for the connection.
    #[must_use]
    pub fn within(exchange: Duration) -> Self {
        Self { connect: (exchange / 2).min(Duration::from_secs(5)), exchange }
    }
}

/// The way to a server.
#[derive(Debug, Clone, Default)]
pub struct Way {
    /// How long things may take.
    pub limits: TimeLimits,
    /// An HTTP proxy in between.
    pub proxy: Option<Proxy>,
    /// Whom to trust in TLS.
    pub tls: Tls,
    /// Most redirects that are followed, for GET.
    pub redirects: u8,
}

/// A server behind a URL. Blocks: not to be used on a thread that runs asynchronous tasks.
pub struct HttpTransport {
    url: ServerUrl,
    way: Way,
    tls: Option<SslConnector>,
    runtime: Runtime,
}

impl std::fmt::Debug for HttpTransport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HttpTransport({})", self.url)
    }
}

impl HttpTransport {
    /// Prepares for the server; nothing is sent yet.
    ///
    /// # Errors
    /// When the operating system gives no event queue.
    pub fn new(url: ServerUrl, limits: TimeLimits) -> io::Result<Self> {
        Self::by(url, Way { limits, ..Way::default() })
    }

    /// Prepares for the server behind a proxy, in TLS, or with redirects; nothing is sent yet.
    ///
    /// # Errors
    /// When the operating system gives no event queue, or the certificates to trust cannot be used.
    pub fn by(url: ServerUrl, way: Way) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let may_need_tls = url.scheme == Scheme::Https || way.redirects > 0;
        let tls = may_need_tls.then(|| way.tls.connector()).transpose().map_err(io::Error::other)?;
        Ok(Self { url, way, tls, runtime })
    }

    /// Whether the server, or the proxy on the way, takes a connection now. Nothing is sent but what TLS needs.
    ///
    /// # Errors
    /// Why it does not.
    pub fn reach(&self) -> Result<(), TransportError> {
        let Self { url, way, tls, runtime } = self;
        let limit = way.limits.exchange;
        runtime.block_on(async {
            let connection = connect::connect(url, way.proxy.as_ref(), tls.as_ref());
            match timeout(limit, connection).await {
                Ok(connected) => connected.map(drop),
                Err(_) => Err(error(Kind::Timeout, format!("gave up after {} ms", limit.as_millis()))),
            }
        })
    }
}

impl Transport for HttpTransport {
    fn send(&mut self, request: &HttpRequest) -> Result<HttpResponse, TransportError> {
        let Self { url, way, tls, runtime } = self;
        let limit = way.limits.exchange;
        runtime.block_on(async {
            let exchange = follow(url, way, tls.as_ref(), request);
            timeout(limit, exchange).await.unwrap_or_else(|_| {
                Err(error(Kind::Timeout, format!("gave up after {} ms", limit.as_millis())))
            })
        })
    }
}

/// The exchange, and those that it redirects to.
async fn follow(
    url: &ServerUrl,
    way: &Way,
    tls: Option<&SslConnector>,
    request: &HttpRequest,
) -> Result<HttpResponse, TransportError> {
    let mut answer = exchange(url, way, tls, request).await?;
    // The message of a POST is for the server that the user named, and nobody else.
    let follows = if request.method == Method::Get { way.redirects } else { 0 };
    let mut at = url.clone();
    for _ in 0..follows {
        let Some(to) = redirect(&answer).and_then(|to| at.join(to)) else { break };
        let again = HttpRequest { query: String::new(), ..request.clone() };
        answer = exchange(&to, way, tls, &again).await?;
        at = to;
    }
    Ok(answer)
}

/// Where an answer points.
fn redirect(answer: &HttpResponse) -> Option<&str> {
    let is_location = |(name, _): &&(String, String)| name.eq_ignore_ascii_case("location");
    let location = answer.headers.iter().find(is_location)?;
    matches!(answer.status, 301 | 302 | 303 | 307 | 308).then_some(location.1.as_str())
}

async fn exchange(
    url: &ServerUrl,
    way: &Way,
    tls: Option<&SslConnector>,
    request: &HttpRequest,
) -> Result<HttpResponse, TransportError> {
    let target = connect::target(url, way.proxy.as_ref(), &request.query);
    let fields = fields(url, request);
    let acts = raw::acts_for(&target, request, &fields);
    let sent = match &acts {
        None => write(&target, request, &fields)?,
        Some(_) => stand_in(url)?,
    };
    let limit = way.limits.connect;
    let connecting = timeout(limit, connect::connect(url, way.proxy.as_ref(), tls));
    let connection = connecting
        .await
        .map_err(|_| error(Kind::Timeout, format!("no connection after {} ms", limit.as_millis())))??;
    let (acts, stream) = match (acts, connection) {
        (None, Connection::Clear(stream)) => return answer(stream, sent).await,
        (None, Connection::Tls(stream)) => return answer(stream, sent).await,
        (Some(acts), Connection::Clear(stream)) => (acts, stream),
        (Some(_), Connection::Tls(_)) => {
            return Err(error(Kind::Unsendable, "what no HTTP library sends goes in clear only"));
        }
    };
    let (io, mut sender) = raw::divide(stream).map_err(|cause| error(Kind::Closed, cause.to_string()))?;
    let mut answer = std::pin::pin!(answer(io, sent));
    tokio::select! {
        answer = &mut answer => answer,
        performed = sender.perform(acts) => match performed {
            Ok(true) => answer.await,
            Ok(false) => Err(error(Kind::Closed, "reset on purpose")),
            Err(cause) => Err(error(Kind::Closed, cause.to_string())),
        },
    }
}

/// Sends the request and reads the answer to it.
async fn answer<S: AsyncRead + AsyncWrite + Send + Unpin + 'static>(
    stream: S,
    request: hyper::Request<Full<Bytes>>,
) -> Result<HttpResponse, TransportError> {
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|cause| from_http(&cause))?;
    let driver = tokio::spawn(connection);
    let answer = async {
        let response = sender.send_request(request).await.map_err(|cause| from_http(&cause))?;
        let (head, body) = response.into_parts();
        let body =
            Limited::new(body, BODY_LIMIT).collect().await.map_err(|cause| from_body(cause.as_ref()))?;
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let others = head.headers.iter().filter(|(name, _)| **name != header::CONTENT_TYPE);
        Ok(HttpResponse {
            status: head.status.as_u16(),
            content_type: head.headers.get(header::CONTENT_TYPE).map(text),
            headers: others.map(|(name, value)| (name.to_string(), text(value))).collect(),
            body: body.to_bytes().to_vec(),
            delivery: Delivery::default(),
        })
    }
    .await;
    driver.abort();
    answer
}

/// Header fields of a request, but for those that say where its body ends.
fn fields(url: &ServerUrl, request: &HttpRequest) -> Vec<(String, String)> {
    let own = [
        ("host", url.authority.clone()),
        ("user-agent", concat!("mock-client/", env!("CARGO_PKG_VERSION")).to_owned()),
        ("connection", "close".to_owned()),
    ];
    let content_type = request.content_type.clone().map(|value| ("content-type", value));
    let named = own.into_iter().chain(content_type).map(|(name, value)| (name.to_owned(), value));
    named.chain(request.headers.iter().cloned()).collect()
}

fn write(
    target: &str,
    request: &HttpRequest,
    fields: &[(String, String)],
) -> Result<hyper::Request<Full<Bytes>>, TransportError> {
    let mut builder = hyper::Request::builder().method(request.method.name()).uri(target);
    for (name, value) in fields {
        builder = builder.header(name, value);
    }
    builder
        .body(Full::new(Bytes::from(request.body.clone())))
        .map_err(|cause| error(Kind::Unsendable, cause.to_string()))
}

/// What hyper believes to send where we send something else.
fn stand_in(url: &ServerUrl) -> Result<hyper::Request<Full<Bytes>>, TransportError> {
    hyper::Request::get("/")
        .header(header::HOST, &url.authority)
        .body(Full::default())
        .map_err(|cause| error(Kind::Unsendable, cause.to_string()))
}

fn from_http(cause: &hyper::Error) -> TransportError {
    let kind = if cause.is_parse() || cause.is_parse_status() {
        Kind::NotHttp
    } else if cause.is_timeout() {
        Kind::Timeout
    } else {
        Kind::Closed
    };
    let detail = match StdError::source(cause) {
        Some(source) => format!("{cause}: {source}"),
        None => cause.to_string(),
    };
    error(kind, detail)
}

fn from_body(cause: &(dyn StdError + Send + Sync + 'static)) -> TransportError {
    if cause.is::<LengthLimitError>() {
        return error(Kind::TooLarge, format!("expected at most {BODY_LIMIT} bytes"));
    }
    cause.downcast_ref().map_or_else(|| error(Kind::Closed, cause.to_string()), from_http)
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::time::Duration;

    use rstest::rstest;
    use scep::http::{Framing, HttpRequest, Operation, Stop};

    use super::{BODY_LIMIT, HttpTransport, TimeLimits};
    use crate::transport::{ServerUrl, Transport as _, TransportErrorKind as Kind};

    fn transport(port: u16, limit: Duration) -> HttpTransport {
        let url = ServerUrl::parse(&format!("http://127.0.0.1:{port}/scep")).unwrap();
        HttpTransport::new(url, TimeLimits::within(limit)).unwrap()
    }

    /// What the client makes of these octets as an answer, and what it had sent.
    fn answer(octets: Vec<u8>, request: &HttpRequest) -> (Result<(u16, Vec<u8>), Kind>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut seen = Vec::new();
            let mut octet = [0];
            while !seen.ends_with(b"\r\n\r\n") && stream.read(&mut octet).is_ok_and(|read| read == 1) {
                seen.extend(octet);
            }
            // The client may have hung up already: that is its answer.
            let _ = stream.write_all(&octets);
            String::from_utf8(seen).unwrap()
        });
        let answer = transport(port, Duration::from_secs(20)).send(request);
        (answer.map(|a| (a.status, a.body)).map_err(|e| e.kind), server.join().unwrap())
    }

    fn http(status: &str, length: usize, body: &[u8]) -> Vec<u8> {
        [format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n").as_bytes(), body].concat()
    }

    #[rstest]
    #[case::ok(http("200 OK", 2, b"hi"), Ok((200, b"hi".to_vec())))]
    #[case::error(http("500 No", 0, b""), Ok((500, Vec::new())))]
    #[case::redirect(http("302 There", 0, b""), Ok((302, Vec::new())))]
    #[case::nothing(Vec::new(), Err(Kind::Closed))]
    #[case::truncated(http("200 OK", 9, b"hi"), Err(Kind::Closed))]
    #[case::not_http(b"220 mail.example ESMTP\r\n\r\n".to_vec(), Err(Kind::NotHttp))]
    #[case::too_large(http("200 OK", BODY_LIMIT + 1, &vec![0; BODY_LIMIT + 1]), Err(Kind::TooLarge))]
    fn an_answer_is_read_or_its_failure_named(
        #[case] octets: Vec<u8>,
        #[case] expected: Result<(u16, Vec<u8>), Kind>,
    ) {
        assert_eq!(answer(octets, &HttpRequest::query(Operation::GetCaCaps)).0, expected);
    }

    #[test]
    fn the_request_line_and_head_are_what_the_request_says() {
        let (_, seen) = answer(http("200 OK", 0, b""), &HttpRequest::post(vec![1, 2, 3]));
        assert!(seen.starts_with("POST /scep?operation=PKIOperation HTTP/1.1\r\nhost: 127.0.0.1:"), "{seen}");
        assert!(seen.contains("\r\ncontent-type: application/x-pki-message\r\n"), "{seen}");
        assert!(seen.contains("\r\ncontent-length: 3\r\n"), "{seen}");
    }

    #[test]
    fn an_unusual_delivery_goes_out_as_it_is_and_its_answer_is_read() {
        let mut request = HttpRequest::post(vec![b'a'; 5]);
        request.delivery.line.method = Some("post".to_owned());
        request.delivery.line.path_suffix = Some("/more".to_owned());
        request.delivery.framing = Framing::Chunked(4);
        let (answer, seen) = answer(http("200 OK", 2, b"hi"), &request);
        assert_eq!(answer, Ok((200, b"hi".to_vec())));
        assert!(
            seen.starts_with("post /scep/more?operation=PKIOperation HTTP/1.1\r\nhost: 127.0.0.1:"),
            "{seen}"
        );
        assert!(seen.contains("\r\ncontent-type: application/x-pki-message\r\n"), "{seen}");
        assert!(seen.contains("\r\ntransfer-encoding: chunked\r\n"), "{seen}");
        assert!(!seen.contains("content-length"), "{seen}");
    }

    #[test]
    fn a_request_that_breaks_off_has_no_answer() {
        let mut request = HttpRequest::query(Operation::GetCaCaps);
        for reset in [false, true] {
            request.delivery.stop = Some(Stop { permille: None, reset });
            let (answer, seen) = answer(Vec::new(), &request);
            assert_eq!((answer, seen.as_str()), (Err(Kind::Closed), ""));
        }
    }

    #[test]
    fn nobody_listening_is_a_refusal_and_silence_a_timeout() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let request = HttpRequest::query(Operation::GetCaCaps);
        let silent = transport(port, Duration::from_millis(50)).send(&request);
        assert_eq!(silent.map_err(|e| e.kind), Err(Kind::Timeout));
        drop(listener);
        let refused = transport(port, Duration::from_secs(20)).send(&request);
        assert_eq!(refused.map_err(|e| e.kind), Err(Kind::Refused));
    }

    #[rstest]
    #[case::absolute("http://other.example/x?y", Some("http://other.example/x?y"))]
    #[case::path(
        "/elsewhere?operation=GetCACaps",
        Some("http://ca.example:8080/elsewhere?operation=GetCACaps")
    )]
    #[case::relative("elsewhere", None)]
    #[case::scheme("ftp://ca.example/", None)]
    fn a_redirect_names_a_url_or_a_path(#[case] location: &str, #[case] expected: Option<&str>) {
        let url = ServerUrl::parse("http://ca.example:8080/scep").unwrap();
        assert_eq!(url.join(location).map(|to| to.to_string()).as_deref(), expected);
    }

    #[test]
    fn an_unknown_name_is_unreachable() {
        let url = ServerUrl::parse("http://no-such-host.invalid/scep").unwrap();
        let mut transport = HttpTransport::new(url, TimeLimits::default()).unwrap();
        let failed = transport.send(&HttpRequest::query(Operation::GetCaCaps)).unwrap_err();
        assert_eq!(failed.kind, Kind::Unreachable, "{failed}");
    }
}
