//! How a message goes over the wire when it does not go as HTTP has it: as data, for whoever has a socket.
//!
//! [`acts`] turns a head, a body and a [`Delivery`] into what is to be done on a fresh connection, octet by octet.

use std::time::Duration;

/// How one request or answer is delivered. The default is what any HTTP library does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delivery {
    /// How the end of the body is told.
    pub framing: Framing,
    /// Where the sender stops before the end; None for nowhere.
    pub stop: Option<Stop>,
    /// Pauses between the octets of the body.
    pub pace: Option<Pace>,
    /// Method, path and version of a request, where they are none of HTTP's or SCEP's own.
    pub line: Box<RequestLine>,
}

/// How the end of a body is told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Framing {
    /// Content-Length, correct.
    #[default]
    Length,
    /// Content-Length, off by so many octets; never below zero.
    LengthOff(i64),
    /// Transfer-Encoding chunked, with chunks of so many octets at most.
    Chunked(usize),
    /// Nothing tells it but the end of the connection.
    UntilClose,
}

/// Where a sender stops, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop {
    /// After so many octets of the body in a thousand; None: before the first octet of the head.
    pub permille: Option<usize>,
    /// By a TCP reset instead of an orderly end.
    pub reset: bool,
}

/// Pauses while the body is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Octets sent at once.
    pub octets: usize,
    /// Pause before each but the first.
    pub pause: Duration,
}

/// What is unusual about a request line. None of it in an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestLine {
    /// Another method, as written.
    pub method: Option<String>,
    /// Another path than the server's.
    pub path: Option<String>,
    /// Text after the server's path.
    pub path_suffix: Option<String>,
    /// Another version than `HTTP/1.1`.
    pub version: Option<String>,
}

/// One thing to do on a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Send these octets, at once.
    Write(Vec<u8>),
    /// Wait.
    Pause(Duration),
    /// Send no more: the other side sees the end of the octets.
    Finish,
    /// Reset the connection.
    Reset,
}

impl Delivery {
    /// True when any HTTP library delivers it.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    /// Octets of the body that go out; None when not even the head does.
    #[must_use]
    pub fn sent<'a>(&self, body: &'a [u8]) -> Option<&'a [u8]> {
        match self.stop {
            None => Some(body),
            Some(Stop { permille: Some(permille), .. }) => {
                body.get(..body.len().saturating_mul(permille.min(1000)) / 1000)
            }
            Some(Stop { permille: None, .. }) => None,
        }
    }

    /// The path and query of a request, from those of a correct one.
    #[must_use]
    pub fn target(&self, target: &str) -> String {
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, format!("?{query}")),
            None => (target, String::new()),
        };
        let path = self.line.path.as_deref().unwrap_or(path);
        let suffix = self.line.path_suffix.as_deref().unwrap_or_default();
        format!("{path}{suffix}{query}")
    }
}

/// What to do on a connection to deliver this. `start` is the first line of the head; `headers` are its fields, but for
/// those that say where the body ends.
#[must_use]
pub fn acts(start: &str, headers: &[(String, String)], body: &[u8], delivery: &Delivery) -> Vec<Act> {
    let Some(sent) = delivery.sent(body) else {
        return vec![end(delivery.stop)];
    };
    let framing = match delivery.framing {
        Framing::Length => Some(("content-length", body.len().to_string())),
        Framing::LengthOff(by) => {
            let length = i64::try_from(body.len()).unwrap_or(i64::MAX).saturating_add(by).max(0);
            Some(("content-length", length.to_string()))
        }
        Framing::Chunked(_) => Some(("transfer-encoding", "chunked".to_owned())),
        Framing::UntilClose => None,
    };
    let fields = headers.iter().map(|(name, value)| (name.as_str(), value.clone())).chain(framing);
    let head: String = fields.map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let mut acts = vec![Act::Write(format!("{start}\r\n{head}\r\n").into_bytes())];
    let size = delivery.pace.map_or(usize::MAX, |pace| pace.octets.max(1));
    let size = if let Framing::Chunked(chunk) = delivery.framing { size.min(chunk.max(1)) } else { size };
    for (number, octets) in sent.chunks(size).enumerate() {
        if let Some(pace) = delivery.pace.filter(|_| number > 0) {
            acts.push(Act::Pause(pace.pause));
        }
        acts.push(Act::Write(match delivery.framing {
            Framing::Chunked(_) => [format!("{:x}\r\n", octets.len()).as_bytes(), octets, b"\r\n"].concat(),
            Framing::Length | Framing::LengthOff(_) | Framing::UntilClose => octets.to_vec(),
        }));
    }
    if delivery.stop.is_none() && matches!(delivery.framing, Framing::Chunked(_)) {
        acts.push(Act::Write(b"0\r\n\r\n".to_vec()));
    }
    if delivery.stop.is_some() || matches!(delivery.framing, Framing::LengthOff(_) | Framing::UntilClose) {
        acts.push(end(delivery.stop));
    }
    acts
}

fn end(stop: Option<Stop>) -> Act {
    if stop.is_some_and(|stop| stop.reset) { Act::Reset } else { Act::Finish }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rstest::rstest;

    use super::{Act, Delivery, Framing, Pace, RequestLine, Stop, acts};

    fn shown(delivery: &Delivery) -> Vec<String> {
        let headers = [("x".to_owned(), "y".to_owned())];
        let show = |act: Act| match act {
            Act::Write(octets) => String::from_utf8(octets).unwrap().replace("\r\n", "|"),
            Act::Pause(pause) => format!("{} ms", pause.as_millis()),
            other => format!("{other:?}"),
        };
        acts("HTTP/1.1 200 OK", &headers, b"hello", delivery).into_iter().map(show).collect()
    }

    fn framed(framing: Framing) -> Delivery {
        Delivery { framing, ..Delivery::default() }
    }

    fn stopped(permille: Option<usize>, reset: bool) -> Delivery {
        Delivery { stop: Some(Stop { permille, reset }), ..Delivery::default() }
    }

    #[rstest]
    #[case::plain(Delivery::default(), &["HTTP/1.1 200 OK|x: y|content-length: 5||", "hello"])]
    #[case::more(
        framed(Framing::LengthOff(3)),
        &["HTTP/1.1 200 OK|x: y|content-length: 8||", "hello", "Finish"]
    )]
    #[case::less_than_nothing(
        framed(Framing::LengthOff(-9)),
        &["HTTP/1.1 200 OK|x: y|content-length: 0||", "hello", "Finish"]
    )]
    #[case::chunked(
        framed(Framing::Chunked(3)),
        &["HTTP/1.1 200 OK|x: y|transfer-encoding: chunked||", "3|hel|", "2|lo|", "0||"]
    )]
    #[case::until_close(framed(Framing::UntilClose), &["HTTP/1.1 200 OK|x: y||", "hello", "Finish"])]
    #[case::slow(
        Delivery {
            pace: Some(Pace { octets: 4, pause: Duration::from_millis(7) }),
            ..Delivery::default()
        },
        &["HTTP/1.1 200 OK|x: y|content-length: 5||", "hell", "7 ms", "o"]
    )]
    #[case::half(stopped(Some(500), false), &["HTTP/1.1 200 OK|x: y|content-length: 5||", "he", "Finish"])]
    #[case::head_only(stopped(Some(0), true), &["HTTP/1.1 200 OK|x: y|content-length: 5||", "Reset"])]
    #[case::nothing(stopped(None, false), &["Finish"])]
    #[case::reset(stopped(None, true), &["Reset"])]
    fn a_delivery_is_what_is_done_on_a_connection(#[case] delivery: Delivery, #[case] done: &[&str]) {
        assert_eq!(shown(&delivery), done);
    }

    #[test]
    fn a_target_keeps_its_query() {
        let line = RequestLine {
            path: Some("/a".to_owned()),
            path_suffix: Some("/b".to_owned()),
            ..RequestLine::default()
        };
        let delivery = Delivery { line: Box::new(line), ..Delivery::default() };
        assert_eq!(delivery.target("/scep?operation=GetCACaps"), "/a/b?operation=GetCACaps");
        assert_eq!(Delivery::default().target("/scep"), "/scep");
    }
}
