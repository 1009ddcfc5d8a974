//! A request that no HTTP library would send: its octets go out as they are, and hyper reads the answer.

use std::io;

use scep::http::{Act, HttpRequest, acts};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, Join, duplex, join, sink};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

/// Header fields that an HTTP library makes itself, or refuses to have twice.
const FRAMING: [&str; 4] = ["content-length", "transfer-encoding", "connection", "host"];

/// What is to be done on the connection for a request that hyper would not send as it stands; None when it would.
/// `fields` are those that hyper would send.
pub(super) fn acts_for(target: &str, request: &HttpRequest, fields: &[(String, String)]) -> Option<Vec<Act>> {
    let is_framing = |name: &str| FRAMING.iter().any(|known| name.eq_ignore_ascii_case(known));
    if request.delivery.is_plain() && !request.headers.iter().any(|(name, _)| is_framing(name)) {
        return None;
    }
    let line = &request.delivery.line;
    let method = line.method.as_deref().unwrap_or_else(|| request.method.name());
    let version = line.version.as_deref().unwrap_or("HTTP/1.1");
    let target = request.delivery.target(target);
    let start = format!("{method} {target} {version}");
    Some(acts(&start, fields, &request.body, &request.delivery))
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
