//! A listening port: connections are accepted until it is told to stop, each served in a task of its own.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use scep::http::Act;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::raw;
use super::socket::{Socket, handshake};
use crate::config::Tls;

/// Time for a TLS handshake, for the head of a request, and between two requests of a connection: a device
/// sends its head in one packet, and who sends it octet by octet holds the connection up.
const HEAD_TIME: Duration = Duration::from_secs(10);

/// Time for a body of [`DRAIN_LIMIT`] octets at most.
const BODY_TIME: Duration = Duration::from_secs(60);

/// Pause after a connection could not be accepted: asking again at once would only keep a core busy.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Octets of a body that are read in all, kept or not: while a client is still sending, an answer may not
/// reach it. Beyond this the connection is closed.
const DRAIN_LIMIT: usize = 16 << 20;

/// How a request is answered.
pub(crate) enum Outgoing {
    /// In HTTP.
    Http(Response<Full<Bytes>>),
    /// By these acts, the last ones on the connection.
    Raw(Vec<Act>),
}

/// Answers the requests of one port.
pub(crate) trait Handler: Send + Sync + 'static {
    /// Answers a request.
    fn handle(&self, request: Request<Incoming>) -> impl Future<Output = Outgoing> + Send;

    /// Takes note of a connection that ended with something other than HTTP.
    fn broken(&self, error: &str);
}

/// Accepts connections, in TLS if there is some, until `stop` says true, then lets the requests under way end.
pub(crate) async fn serve<H: Handler>(
    listener: TcpListener,
    tls: Option<Tls>,
    handler: Arc<H>,
    mut stop: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = told(&mut stop) => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(opened(stream, tls.clone(), Arc::clone(&handler), stop.clone()));
                }
                // Out of file descriptors, or the peer is gone already: give connections time to end.
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn opened<H: Handler>(
    stream: TcpStream,
    tls: Option<Tls>,
    handler: Arc<H>,
    mut stop: watch::Receiver<bool>,
) {
    let Some(tls) = tls else { return connection(stream, handler, stop).await };
    let shaken = tokio::select! {
        () = told(&mut stop) => return,
        shaken = handshake(stream, &tls, HEAD_TIME) => shaken,
    };
    match shaken {
        Ok(stream) => connection(stream, handler, stop).await,
        Err(error) => handler.broken(&error),
    }
}

async fn connection<H: Handler>(stream: impl Socket, handler: Arc<H>, mut stop: watch::Receiver<bool>) {
    let (ask, mut asked) = mpsc::unbounded_channel();
    let service = service_fn(|request| {
        let (handler, ask) = (Arc::clone(&handler), ask.clone());
        async move {
            match handler.handle(request).await {
                Outgoing::Http(response) => Ok::<_, Infallible>(response),
                Outgoing::Raw(acts) => {
                    // The other end is in this function: it takes the connection out of hyper's hands.
                    let _ = ask.send(acts);
                    std::future::pending().await
                }
            }
        }
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .half_close(true)
        .serve_connection(TokioIo::new(stream), service);
    let mut is_told = false;
    let ended = loop {
        tokio::select! {
            ended = &mut connection => break ended.map_err(|error| error.to_string()),
            Some(acts) = asked.recv() => {
                let stream = connection.into_parts().io.into_inner();
                break raw::perform(stream, acts).await.map_err(|error| error.to_string());
            }
            () = told(&mut stop), if !is_told => {
                is_told = true;
                std::pin::Pin::new(&mut connection).graceful_shutdown();
            }
        }
    };
    if let Err(error) = ended {
        handler.broken(&error);
    }
}

/// Returns when `stop` says true, or can say nothing any more.
async fn told(stop: &mut watch::Receiver<bool>) {
    // What it holds is of no interest, and must not be held across an await.
    let _ = stop.wait_for(|stop| *stop).await.is_ok();
}

/// A body as far as it was read.
#[derive(Debug)]
pub(crate) enum Body {
    /// All of it.
    Whole(Vec<u8>),
    /// It has more octets than allowed. The connection can go on if all of them were read.
    TooLarge {
        /// All were read.
        drained: bool,
    },
    /// It did not come to its end.
    Broken(String),
}

/// Reads a body of at most `limit` octets; without a limit what [`DRAIN_LIMIT`] allows.
pub(crate) async fn read_body(body: Incoming, limit: Option<usize>) -> Body {
    match tokio::time::timeout(BODY_TIME, collect(body, limit.unwrap_or(DRAIN_LIMIT))).await {
        Ok(body) => body,
        Err(_) => Body::Broken(format!("the body took longer than {} s", BODY_TIME.as_secs())),
    }
}

async fn collect(mut body: Incoming, limit: usize) -> Body {
    let (mut octets, mut seen) = (Vec::new(), 0);
    while let Some(frame) = body.frame().await {
        let data = match frame {
            Ok(frame) => frame.into_data().unwrap_or_default(),
            Err(error) => return Body::Broken(error.to_string()),
        };
        seen += data.len();
        if seen <= limit {
            octets.extend_from_slice(&data);
        } else if seen > DRAIN_LIMIT {
            return Body::TooLarge { drained: false };
        }
    }
    if seen > limit { Body::TooLarge { drained: true } } else { Body::Whole(octets) }
}
