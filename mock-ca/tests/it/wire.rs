//! HTTP as octets on a socket: what a test sends is what arrives.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| &**value)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// A connection; several requests may go over it.
pub(crate) struct Connection(TcpStream);

impl Connection {
    /// `url` as in `http://127.0.0.1:8080/scep`; its path is not looked at.
    pub(crate) fn open(url: &str) -> Self {
        let address = url.strip_prefix("http://").unwrap().split('/').next().unwrap();
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        Self(stream)
    }

    pub(crate) fn send(&mut self, octets: &[u8]) {
        self.0.write_all(octets).unwrap();
    }

    pub(crate) fn finish(self) {
        self.0.shutdown(Shutdown::Write).unwrap();
    }

    pub(crate) fn ask(&mut self, method: &str, target: &str, headers: &str, body: &[u8]) -> Reply {
        let length = body.len();
        let head =
            format!("{method} {target} HTTP/1.1\r\nHost: test\r\nContent-Length: {length}\r\n{headers}\r\n");
        self.send(&[head.as_bytes(), body].concat());
        self.reply()
    }

    /// The next answer; it must have a Content-Length.
    pub(crate) fn reply(&mut self) -> Reply {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut octet = [0];
            self.0.read_exact(&mut octet).unwrap();
            head.extend(octet);
        }
        let head = String::from_utf8(head).unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
            .collect();
        let mut reply = Reply { status, headers, body: Vec::new() };
        reply.body = vec![0; reply.header("content-length").map_or(0, |length| length.parse().unwrap())];
        self.0.read_exact(&mut reply.body).unwrap();
        reply
    }
}

pub(crate) fn get(url: &str, query: &str) -> Reply {
    Connection::open(url).ask("GET", &format!("/scep?{query}"), "", &[])
}

pub(crate) fn post(url: &str, query: &str, body: &[u8]) -> Reply {
    Connection::open(url).ask("POST", &format!("/scep?{query}"), "", body)
}
