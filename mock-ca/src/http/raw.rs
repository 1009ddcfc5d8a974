//! An answer that no HTTP library would send, octet by octet on the socket.

use std::io;

use hyper::StatusCode;
use hyper::header::HeaderMap;
use scep::http::{Act, HttpResponse, acts};
use tokio::io::AsyncWriteExt as _;

use super::socket::Socket;

/// Header fields that an HTTP library makes itself, or refuses to have twice.
const FRAMING: [&str; 3] = ["content-length", "transfer-encoding", "connection"];

/// What is to be done on the connection for an answer that hyper would not send as it stands; None when it would.
/// `headers` are its fields as hyper would send them.
pub(crate) fn acts_for(response: &HttpResponse, headers: &HeaderMap) -> Option<Vec<Act>> {
    let is_framing = |name: &str| FRAMING.iter().any(|known| name.eq_ignore_ascii_case(known));
    if response.delivery.is_plain() && !response.headers.iter().any(|(name, _)| is_framing(name)) {
        return None;
    }
    let reason = StatusCode::from_u16(response.status).ok().and_then(|status| status.canonical_reason());
    let start = format!("HTTP/1.1 {} {}", response.status, reason.unwrap_or("Unknown"));
    let sent = headers.iter().filter(|(name, _)| !is_framing(name.as_str()));
    let mut fields: Vec<(String, String)> = sent
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    fields.extend(response.headers.iter().filter(|(name, _)| is_framing(name)).cloned());
    // Who stops on purpose does not announce it.
    if response.delivery.stop.is_none() {
        fields.push(("connection".to_owned(), "close".to_owned()));
    }
    Some(acts(&start, &fields, &response.body, &response.delivery))
}

/// Does it, and ends the connection.
pub(crate) async fn perform(mut stream: impl Socket, acts: Vec<Act>) -> io::Result<()> {
    stream.tcp().set_nodelay(true)?;
    for act in acts {
        match act {
            // In TLS what is written may wait for more.
            Act::Write(octets) => {
                stream.write_all(&octets).await?;
                stream.flush().await?;
            }
            Act::Pause(pause) => tokio::time::sleep(pause).await,
            Act::Finish => stream.shutdown().await?,
            // The reset goes out when the stream is dropped.
            Act::Reset => return stream.tcp().set_zero_linger(),
        }
    }
    stream.shutdown().await
}

#[cfg(test)]
mod tests {
    use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue};
    use rstest::rstest;
    use scep::http::{Delivery, Framing, HttpResponse, Stop};
    use tokio::io::AsyncReadExt as _;
    use tokio::net::{TcpListener, TcpStream};

    use super::{acts_for, perform};

    fn headers() -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("4"));
        headers
    }

    /// What arrives of an answer, and how the connection ended.
    fn arrived(response: &HttpResponse) -> (String, Option<std::io::ErrorKind>) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let (server, _) = listener.accept().await.unwrap();
            perform(server, acts_for(response, &headers()).unwrap()).await.unwrap();
            let mut octets = Vec::new();
            let ended = client.read_to_end(&mut octets).await.err().map(|error| error.kind());
            (String::from_utf8(octets).unwrap().replace("\r\n", "|"), ended)
        })
    }

    #[test]
    fn what_hyper_would_send_is_left_to_it() {
        let mut response = HttpResponse::ok("text/plain", b"body".to_vec());
        response.headers.push(("x-unknown".to_owned(), "y".to_owned()));
        assert_eq!(acts_for(&response, &headers()), None);
        response.headers.push(("Content-Length".to_owned(), "9".to_owned()));
        assert!(acts_for(&response, &headers()).is_some(), "two lengths are none of its answers");
    }

    #[rstest]
    #[case::framing(
        Delivery { framing: Framing::LengthOff(6), ..Delivery::default() },
        "HTTP/1.1 200 OK|content-type: text/plain|connection: close|content-length: 10||body",
        None
    )]
    #[case::half(
        Delivery { stop: Some(Stop { permille: Some(500), reset: false }), ..Delivery::default() },
        "HTTP/1.1 200 OK|content-type: text/plain|content-length: 4||bo",
        None
    )]
    #[case::reset(
        Delivery { stop: Some(Stop { permille: None, reset: true }), ..Delivery::default() },
        "",
        Some(std::io::ErrorKind::ConnectionReset)
    )]
    fn the_octets_are_those_of_the_delivery(
        #[case] delivery: Delivery,
        #[case] octets: &str,
        #[case] ended: Option<std::io::ErrorKind>,
    ) {
        let mut response = HttpResponse::ok("text/plain", b"body".to_vec());
        response.delivery = delivery;
        assert_eq!(arrived(&response), (octets.to_owned(), ended));
    }
}
