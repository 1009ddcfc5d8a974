//! An accepted connection, in clear or in TLS.

use std::pin::Pin;
use std::time::Duration;

use openssl::ssl::Ssl;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_openssl::SslStream;

use crate::config::Tls;

/// Octets that are read of whoever speaks no TLS, and how long, so that the connection ends and is not reset.
const REST: u64 = 64 << 10;
const REST_TIME: Duration = Duration::from_secs(1);

/// What HTTP is spoken on.
pub(crate) trait Socket: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    /// The connection below.
    fn tcp(&self) -> &TcpStream;
}

impl Socket for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

impl Socket for SslStream<TcpStream> {
    fn tcp(&self) -> &TcpStream {
        self.get_ref()
    }
}

/// Answers a handshake that ends within the limit; in words why there is none.
pub(crate) async fn handshake(
    stream: TcpStream,
    tls: &Tls,
    limit: Duration,
) -> Result<SslStream<TcpStream>, String> {
    let wrong = |error: openssl::error::ErrorStack| format!("TLS: {error}");
    let ssl = Ssl::new(tls.context()).map_err(wrong)?;
    let mut stream = SslStream::new(ssl, stream).map_err(wrong)?;
    match tokio::time::timeout(limit, Pin::new(&mut stream).accept()).await {
        Ok(Ok(())) => Ok(stream),
        Ok(Err(error)) => {
            let detail = format!("TLS handshake: {error}");
            end(stream.get_mut()).await;
            Err(detail)
        }
        Err(_) => Err(format!("the TLS handshake took longer than {} s", limit.as_secs())),
    }
}

/// Says that nothing more comes, and takes what the peer still sends.
async fn end(stream: &mut TcpStream) {
    // Whether the peer is there to hear it does not matter any more.
    let _ = stream.shutdown().await;
    let rest = async { tokio::io::copy(&mut stream.take(REST), &mut tokio::io::sink()).await };
    let _ = tokio::time::timeout(REST_TIME, rest).await;
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};

    use super::handshake;
    use crate::config::Tls;

    /// A certificate of a public test key, read from files as a configuration has them.
    fn tls() -> Tls {
        use scep::certificate::CertificateParts;
        let folder = tempfile::tempdir().unwrap();
        let pem = scep_vectors::keys::named("pool-00").unwrap().pem;
        let key = scep::key::PrivateKey::from_pem(pem.as_bytes()).unwrap();
        let name = scep::name::parse("CN=localhost").unwrap();
        let parts =
            CertificateParts::self_signed(&name, key.public(), vec![1], scep::UnixTime(1_800_000_000));
        let der = parts.write(&key, &mut scep::fault::Faults::none()).unwrap();
        std::fs::write(folder.path().join("key"), pem).unwrap();
        let certificate = scep::certificate::pem("CERTIFICATE", &der);
        std::fs::write(folder.path().join("certificate"), certificate).unwrap();
        Tls::read(&folder.path().join("certificate"), &folder.path().join("key"), "").unwrap()
    }

    /// What the server says of a client that sends these octets and waits, and what arrives at the client.
    fn said(octets: &[u8], limit: Duration) -> (String, std::io::Result<Vec<u8>>) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            client.write_all(octets).await.unwrap();
            let (server, _) = listener.accept().await.unwrap();
            let tls = tls();
            let mut arrived = Vec::new();
            let reading = async {
                let read = client.read_to_end(&mut arrived).await;
                drop(client);
                read
            };
            let (ended, read) = tokio::join!(handshake(server, &tls, limit), reading);
            (ended.err().unwrap(), read.map(|_| arrived))
        })
    }

    #[test]
    fn who_speaks_plain_http_is_told_off_and_not_reset() {
        let request = [b"GET / HTTP/1.1\r\nHost: here\r\n\r\n".as_slice(), &[b'x'; 10_000]].concat();
        let (said, arrived) = said(&request, Duration::from_secs(60));
        assert!(said.starts_with("TLS handshake: ") && said.contains("http request"), "{said}");
        // An alert at most: nothing that could be taken for an answer.
        assert!(arrived.unwrap().len() <= 7);
    }

    #[test]
    fn who_does_not_finish_the_handshake_is_cut_off() {
        for octets in [b"".as_slice(), &[0x16, 0x03, 0x01, 0x02, 0x00, 0x01]] {
            let (said, arrived) = said(octets, Duration::from_millis(50));
            assert_eq!(said, "the TLS handshake took longer than 0 s");
            assert_eq!(arrived.map_err(|error| error.kind()), Ok(Vec::new()));
        }
    }
}
