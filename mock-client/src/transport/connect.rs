//! Connections: straight to the server or through an HTTP proxy, in clear or in TLS.

use std::io;

use openssl::error::ErrorStack;
use openssl::ssl::{SslConnector, SslMethod};
use openssl::x509::X509;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_openssl::SslStream;

use super::{Scheme, ServerUrl, TransportError, TransportErrorKind as Kind, error};

/// Longest head of a proxy's answer that is read, in octets.
const PROXY_HEAD: usize = 8192;

/// An HTTP proxy: `HOST:PORT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    host: String,
    port: u16,
}

impl Proxy {
    /// Takes `HOST:PORT` apart; `http://` in front is overlooked.
    ///
    /// # Errors
    /// When there is no host or no port.
    pub fn parse(text: &str) -> Result<Self, String> {
        let bare = text.strip_prefix("http://").unwrap_or(text).trim_end_matches('/');
        let apart = bare.rsplit_once(':').and_then(|(host, port)| {
            let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
            Some((host, port.parse().ok().filter(|port| *port != 0)?)).filter(|(host, _)| !host.is_empty())
        });
        let (host, port) = apart.ok_or_else(|| format!("expected HOST:PORT, got `{text}`"))?;
        Ok(Self { host: host.to_owned(), port })
    }
}

/// Whom to trust in TLS.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tls {
    /// PEM certificates; None trusts what the operating system trusts.
    pub roots: Option<Vec<u8>>,
}

impl Tls {
    pub(super) fn connector(&self) -> Result<SslConnector, ErrorStack> {
        let mut builder = SslConnector::builder(SslMethod::tls_client())?;
        if let Some(pem) = &self.roots {
            let mut store = openssl::x509::store::X509StoreBuilder::new()?;
            for root in X509::stack_from_pem(pem)? {
                store.add_cert(root)?;
            }
            builder.set_cert_store(store.build());
        }
        Ok(builder.build())
    }
}

/// A connection.
pub(super) enum Connection {
    /// In clear.
    Clear(TcpStream),
    /// In TLS.
    Tls(SslStream<TcpStream>),
}

/// What stands in the request line: the whole URL for a proxy that forwards (RFC 9112 3.2.2).
pub(super) fn target(url: &ServerUrl, proxy: Option<&Proxy>, query: &str) -> String {
    let target = url.target(query);
    match (url.scheme, proxy) {
        (Scheme::Http, Some(_)) => format!("http://{}{target}", url.authority),
        (Scheme::Http, None) | (Scheme::Https, _) => target,
    }
}

pub(super) async fn connect(
    url: &ServerUrl,
    proxy: Option<&Proxy>,
    tls: Option<&SslConnector>,
) -> Result<Connection, TransportError> {
    let (host, port) = proxy.map_or((&url.host, url.port), |proxy| (&proxy.host, proxy.port));
    let mut stream = TcpStream::connect((host.as_str(), port))
        .await
        .map_err(|cause| from_connecting(&format!("{host}:{port}"), &cause))?;
    if url.scheme == Scheme::Http {
        return Ok(Connection::Clear(stream));
    }
    if proxy.is_some() {
        tunnel(&mut stream, url).await?;
    }
    let refused = |cause: String| error(Kind::Tls, cause);
    let connector = tls.ok_or_else(|| refused("TLS was not prepared".to_owned()))?;
    let ssl = connector
        .configure()
        .and_then(|configuration| configuration.into_ssl(&url.host))
        .map_err(|cause| refused(cause.to_string()))?;
    let mut stream = SslStream::new(ssl, stream).map_err(|cause| refused(cause.to_string()))?;
    std::pin::Pin::new(&mut stream).connect().await.map_err(|cause| {
        let verified = stream.ssl().verify_result();
        let why = if verified == openssl::x509::X509VerifyResult::OK { "" } else { verified.error_string() };
        refused(if why.is_empty() { cause.to_string() } else { why.to_owned() })
    })?;
    Ok(Connection::Tls(stream))
}

/// Asks a proxy for a way through (RFC 9110 9.3.6).
async fn tunnel(stream: &mut TcpStream, url: &ServerUrl) -> Result<(), TransportError> {
    let closed = |cause: io::Error| error(Kind::Closed, format!("by the proxy: {cause}"));
    let host = if url.host.contains(':') { format!("[{}]", url.host) } else { url.host.clone() };
    let to = format!("{host}:{}", url.port);
    let request = format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.map_err(closed)?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == PROXY_HEAD {
            return Err(error(Kind::NotHttp, "the proxy's answer has no end"));
        }
        head.push(stream.read_u8().await.map_err(closed)?);
    }
    let head = String::from_utf8_lossy(&head);
    let status = head.split_whitespace().nth(1).unwrap_or_default();
    if status.starts_with('2') {
        return Ok(());
    }
    let line = head.lines().next().unwrap_or_default();
    Err(error(Kind::Unreachable, format!("the proxy refused the way to {to}: {line}")))
}

fn from_connecting(to: &str, cause: &io::Error) -> TransportError {
    let kind = match cause.kind() {
        io::ErrorKind::ConnectionRefused => Kind::Refused,
        io::ErrorKind::TimedOut => Kind::Timeout,
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => Kind::Closed,
        // Everything else, a name that nobody knows included, means that there is no way to it.
        _ => Kind::Unreachable,
    };
    error(kind, format!("{to}: {cause}"))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::Proxy;

    #[rstest]
    #[case::plain("proxy.example:3128", Some(("proxy.example", 3128)))]
    #[case::url("http://proxy.example:80/", Some(("proxy.example", 80)))]
    #[case::address("[::1]:8080", Some(("::1", 8080)))]
    #[case::no_port("proxy.example", None)]
    #[case::no_host(":80", None)]
    #[case::zero("proxy.example:0", None)]
    fn a_proxy_is_host_and_port(#[case] text: &str, #[case] expected: Option<(&str, u16)>) {
        let parsed = Proxy::parse(text);
        assert_eq!(parsed.as_ref().ok().map(|proxy| (proxy.host.as_str(), proxy.port)), expected);
        assert!(parsed.is_ok() || parsed.unwrap_err().ends_with(&format!("got `{text}`")));
    }
}
