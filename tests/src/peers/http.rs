//! One HTTP request over a socket: asks a server whether it is there, with nothing of ours in between.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};

use super::process::LIMIT;

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// Everything after the empty line.
    pub body: Vec<u8>,
}

/// Asks a server on this machine for `target` (path and query) by GET.
///
/// # Errors
/// When there is no connection, or the answer is not HTTP.
pub fn ask(port: u16, target: &str) -> io::Result<Answer> {
    exchange(port, &format!("GET {target} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n\r\n"), &[])
}

/// Sends `body` to `target` by POST.
///
/// # Errors
/// When there is no connection, or the answer is not HTTP or not whole.
pub fn post(port: u16, target: &str, body: &[u8]) -> io::Result<Answer> {
    let length = body.len();
    let head = format!(
        "POST {target} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/x-pki-message\r\n\
         Content-Length: {length}\r\n\r\n"
    );
    exchange(port, &head, body)
}

/// A connection over which several requests go, for who counts them.
#[derive(Debug)]
pub struct KeptAlive {
    stream: TcpStream,
    received: Vec<u8>,
}

impl KeptAlive {
    /// Connects to a server on this machine.
    ///
    /// # Errors
    /// When there is no connection.
    pub fn open(port: u16) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), LIMIT)?;
        stream.set_read_timeout(Some(LIMIT))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, received: Vec::new() })
    }

    /// Sends `body` to `target` by POST, and reads an answer with a Content-Length, or in chunks.
    ///
    /// # Errors
    /// When the connection breaks, or the answer is not HTTP.
    pub fn post(&mut self, target: &str, body: &[u8]) -> io::Result<Answer> {
        let length = body.len();
        let head = format!(
            "POST {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-pki-message\r\n\
             Content-Length: {length}\r\n\r\n"
        );
        self.stream.write_all(&[head.as_bytes(), body].concat())?;
        self.received.clear();
        loop {
            let mut some = [0; 8192];
            let count = self.stream.read(&mut some)?;
            if count == 0 {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "no whole answer"));
            }
            self.received.extend_from_slice(some.get(..count).unwrap_or_default());
            if let Some(answer) = parse(&self.received) {
                return Ok(answer);
            }
        }
    }
}

fn exchange(port: u16, head: &str, body: &[u8]) -> io::Result<Answer> {
    let mut stream = TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), LIMIT)?;
    stream.set_read_timeout(Some(LIMIT))?;
    // 1.0: the server closes when it has said everything, and does not send chunks.
    stream.write_all(&[head.as_bytes(), body].concat())?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    parse(&bytes)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "answer is not HTTP, or not whole"))
}

/// The answer, once it is whole.
fn parse(bytes: &[u8]) -> Option<Answer> {
    const BLANK: &[u8] = b"\r\n\r\n";
    let end = bytes.windows(BLANK.len()).position(|part| part == BLANK)?;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let body = &bytes[end + BLANK.len()..];
    let field = |wanted: &str| {
        head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case(wanted).then(|| value.trim())
        })
    };
    if field("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
        return dechunked(body).map(|body| Answer { status, body });
    }
    // A server that is killed closes its connections too.
    let is_whole = match field("content-length") {
        Some(length) => length.parse() == Ok(body.len()),
        None => true,
    };
    is_whole.then(|| Answer { status, body: body.to_vec() })
}

/// What the chunks hold, when the last one is there (RFC 9112 7.1).
fn dechunked(mut chunks: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = chunks.windows(2).position(|pair| pair == b"\r\n")?;
        let length = usize::from_str_radix(std::str::from_utf8(&chunks[..end]).ok()?.trim(), 16).ok()?;
        let chunk = chunks.get(end + 2..end + 2 + length)?;
        chunks = chunks.get(end + 2 + length + 2..)?;
        if length == 0 {
            return Some(body);
        }
        body.extend_from_slice(chunk);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_and_body_are_taken_apart() {
        let answer = parse(b"HTTP/1.0 200 OK\r\nA: b\r\n\r\nAES\n\r\n\r\n").unwrap();
        assert_eq!((answer.status, answer.body.as_slice()), (200, b"AES\n\r\n\r\n".as_slice()));
    }

    #[test]
    fn a_body_that_is_cut_is_no_answer() {
        assert_eq!(parse(b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nAE"), None);
    }

    #[test]
    fn chunks_are_put_together_when_all_are_there() {
        let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nAE\r\n1\r\nS\r\n0\r\n\r\n";
        assert_eq!(parse(chunked).unwrap().body, b"AES");
        assert_eq!(parse(&chunked[..chunked.len() - 5]), None);
    }

    #[test]
    fn a_head_without_end_is_no_answer() {
        assert_eq!(parse(b"HTTP/1.0 200 OK\r\n"), None);
    }
}
