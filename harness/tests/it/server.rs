//! Servers for the program to be run against: the reference server in this process, a proxy that dies, and
//! a listener that is no SCEP server.

use std::sync::Arc;

use mock_ca::{Config, MockCa, Running, SystemClock};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

/// The right challengePassword of every server here.
pub(crate) const CHALLENGE: &str = "only-the-operator-knows-this";

/// The reference server, until it is dropped.
pub(crate) struct Server {
    running: Option<Running>,
    runtime: Runtime,
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::lax(&[])
    }

    /// With these checks skipped.
    pub(crate) fn lax(laxities: &[&str]) -> Self {
        let mut config = config();
        config.laxities = laxities.iter().map(ToString::to_string).collect();
        Self::with(config)
    }

    pub(crate) fn with(config: Config) -> Self {
        let runtime = Runtime::new().unwrap();
        let running = runtime.block_on(MockCa::start(config, Arc::new(SystemClock), [3; 32])).unwrap();
        Self { running: Some(running), runtime }
    }

    pub(crate) fn url(&self) -> String {
        self.running().url()
    }

    pub(crate) fn running(&self) -> &Running {
        self.running.as_ref().unwrap()
    }

    /// URL of a proxy that passes this many connections on and is gone at the next.
    pub(crate) fn dying_after(&self, connections: usize) -> String {
        let listener = self.runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let (address, target) = (listener.local_addr().unwrap(), self.authority());
        self.runtime.spawn(async move {
            for _ in 0..connections {
                let Ok((mut client, _)) = listener.accept().await else { return };
                let mut server = TcpStream::connect(&target).await.unwrap();
                // Whoever hangs up first ends it.
                let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            }
            // Nobody listens any more by the time that the next one is dropped without an answer: whoever was
            // cut off and asks again is refused.
            let last = listener.accept().await;
            drop(listener);
            drop(last);
        });
        format!("http://{address}/scep")
    }

    fn authority(&self) -> String {
        let url = self.url();
        url.trim_start_matches("http://").split('/').next().unwrap().to_owned()
    }
}

/// What the servers here are made from.
pub(crate) fn config() -> Config {
    let key = scep_vectors::keys::named("ca-rsa").map(|key| key.pem.to_owned());
    Config::for_tests(CHALLENGE, key)
}

/// Answers everything with a page for people, or with nothing, ever.
pub(crate) struct Stranger {
    _runtime: Runtime,
    pub(crate) url: String,
}

impl Stranger {
    pub(crate) fn web_page() -> Self {
        Self::start(Some("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 5\r\n\r\nhello"))
    }

    pub(crate) fn silent() -> Self {
        Self::start(None)
    }

    fn start(answer: Option<&'static str>) -> Self {
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}/scep", listener.local_addr().unwrap());
        runtime.spawn(async move {
            let mut held = Vec::new();
            while let Ok((mut client, _)) = listener.accept().await {
                if let Some(answer) = answer {
                    let mut request = [0; 4096];
                    let _ = client.read(&mut request).await;
                    let _ = client.write_all(answer.as_bytes()).await;
                } else {
                    held.push(client);
                }
            }
        });
        Self { _runtime: runtime, url }
    }
}

/// A port that is taken, so that no other test gets it, and at which nobody listens.
pub(crate) struct Nobody {
    _port: tokio::net::TcpSocket,
    pub(crate) url: String,
}

impl Nobody {
    pub(crate) fn bound() -> Self {
        let port = tokio::net::TcpSocket::new_v4().unwrap();
        port.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let url = format!("http://{}/scep", port.local_addr().unwrap());
        Self { _port: port, url }
    }
}
