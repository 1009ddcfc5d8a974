//! A request that no HTTP library would send: its octets go out as they are, and hyper reads the answer.

use std::io;

use scep::http::{Act, Delivery, acts};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, Join, duplex, join, sink};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use crate::transcript::Request;

/// What is to be done on the connection for a request; None when hyper sends it as it stands.
pub(super) fn acts_for(request: &Request, authority: &str, delivery: &Delivery) -> Option<Vec<Act>> {
    if delivery.is_plain() {
        return None;
    }
    let version = delivery.line.version.as_deref().unwrap_or("HTTP/1.1");
    let start = format!("{} {} {version}", request.method, request.target);
    let mut fields = vec![("host".to_owned(), authority.to_owned())];
    fields.extend(request.headers.iter().cloned());
    Some(acts(&start, &fields, &request.body, delivery))
}

/// A connection in two: what hyper reads its answer from while it writes into the void, and who sends instead.
pub(super) fn divide(stream: TcpStream) -> io::Result<(Join<OwnedReadHalf, DuplexStream>, Sender)> {
    stream.set_nodelay(true)?;
    let (read, write) = stream.into_split();
    // A request without a body fits in, so that hyper never waits.
    let (hyper, void) = duplex(4096);
    Ok((join(read, hyper), Sender { void, write }))
}

/// Sends the octets.
pub(super) struct Sender {
    void: DuplexStream,
    write: OwnedWriteHalf,
}

impl Sender {
    /// Does the acts once hyper believes that it has sent its request: an answer before that would be none to
    /// it. False when the connection was reset, so that no answer can come any more.
    pub(super) async fn perform(&mut self, acts: Vec<Act>) -> io::Result<bool> {
        let _ = self.void.read_u8().await?;
        for act in acts {
            match act {
                Act::Write(octets) => self.write.write_all(&octets).await?,
                Act::Pause(pause) => tokio::time::sleep(pause).await,
                Act::Finish => self.write.shutdown().await?,
                // The reset goes out when both halves are dropped.
                Act::Reset => {
                    self.write.as_ref().set_zero_linger()?;
                    return Ok(false);
                }
            }
        }
        tokio::io::copy(&mut self.void, &mut sink()).await?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::time::Duration;

    use scep::http::{Delivery, Framing, Stop};

    use crate::runner::{Endpoint, Http};
    use crate::transcript::{Reply, Request};

    /// What a server sees of a request that ends with `end`, and what comes back.
    fn exchanged(delivery: &Delivery, end: &'static [u8]) -> (String, Reply) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/scep", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let (mut seen, mut octet) = (Vec::new(), [0]);
            while (end.is_empty() || !seen.ends_with(end))
                && stream.read(&mut octet).is_ok_and(|read| read == 1)
            {
                seen.extend(octet);
            }
            // Whoever reset the connection reads nothing more.
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nno");
            String::from_utf8(seen).unwrap().replace("\r\n", "|")
        });
        let request = Request {
            method: "POST".to_owned(),
            target: "/scep?q".to_owned(),
            headers: vec![("content-type".to_owned(), "x".to_owned())],
            body: b"hello".to_vec(),
        };
        let http = Http::new(Endpoint::parse(&url).unwrap(), Duration::from_secs(20));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (reply, _) = runtime.block_on(http.deliver(&request, delivery));
        let seen = server.join().unwrap();
        (seen.split_once("|content-type").unwrap_or((&seen, "")).1.to_owned(), reply)
    }

    #[test]
    fn the_octets_are_those_of_the_delivery_and_the_answer_is_read() {
        let delivery = Delivery { framing: Framing::Chunked(3), ..Delivery::default() };
        let (seen, reply) = exchanged(&delivery, b"\r\n0\r\n\r\n");
        assert_eq!(seen, ": x|transfer-encoding: chunked||3|hel|2|lo|0||");
        assert!(
            matches!(&reply, Reply::Answered(answer) if answer.status == 400 && answer.body == b"no"),
            "{reply:?}"
        );
    }

    #[test]
    fn who_breaks_off_may_be_answered_and_who_resets_is_not() {
        let stop =
            |reset| Delivery { stop: Some(Stop { permille: Some(500), reset }), ..Delivery::default() };
        let (seen, reply) = exchanged(&stop(false), b"");
        assert_eq!(seen, ": x|content-length: 5||he");
        assert!(matches!(&reply, Reply::Answered(answer) if answer.status == 400), "{reply:?}");
        let (_, reply) = exchanged(&stop(true), b"");
        assert!(matches!(&reply, Reply::Failed { kind, .. } if kind == "closed"), "{reply:?}");
    }
}
