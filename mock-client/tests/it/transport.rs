//! Proxies, TLS and redirects, against peers of a few lines.

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::sync::OnceLock;
use std::thread::JoinHandle;
use std::time::Duration;

use mock_client::{
    HttpTransport, Proxy, ServerUrl, TimeLimits, Tls, Transport as _, TransportErrorKind, Way,
};
use openssl::pkey::PKey;
use openssl::ssl::{SslAcceptor, SslMethod};
use openssl::x509::X509;
use scep::certificate::{CertificateParts, Extension};
use scep::http::{HttpRequest, Operation};

use crate::service::key;

fn way() -> Way {
    Way { limits: TimeLimits::within(Duration::from_secs(30)), ..Way::default() }
}

fn head(stream: &mut impl std::io::Read) -> String {
    let (mut seen, mut octet) = (Vec::new(), [0]);
    while !seen.ends_with(b"\r\n\r\n") && stream.read(&mut octet).is_ok_and(|read| read == 1) {
        seen.extend(octet);
    }
    String::from_utf8(seen).unwrap()
}

/// Answers each connection in turn; gives back the heads that it saw.
fn serve(answers: Vec<String>) -> (u16, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let seen = move |answer: String| {
        let (mut stream, _) = listener.accept().unwrap();
        let seen = head(&mut stream);
        stream.write_all(answer.as_bytes()).unwrap();
        seen
    };
    (port, std::thread::spawn(move || answers.into_iter().map(seen).collect()))
}

fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

fn redirect(to: &str) -> String {
    format!("HTTP/1.1 302 There\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n")
}

#[test]
fn a_proxy_sees_the_whole_url_and_the_server_as_host() {
    let (port, proxy) = serve(vec![ok("hi")]);
    let url = ServerUrl::parse("http://ca.example:8080/scep").unwrap();
    let way = Way { proxy: Some(Proxy::parse(&format!("127.0.0.1:{port}")).unwrap()), ..way() };
    let answer =
        HttpTransport::by(url, way).unwrap().send(&HttpRequest::query(Operation::GetCaCaps)).unwrap();
    assert_eq!(answer.body, b"hi");
    let seen = proxy.join().unwrap().remove(0);
    assert!(
        seen.starts_with(
            "GET http://ca.example:8080/scep?operation=GetCACaps HTTP/1.1\r\nhost: ca.example:8080\r\n"
        ),
        "{seen}"
    );
}

#[test]
fn a_redirect_is_an_answer_unless_it_is_to_be_followed() {
    let (there, other) = serve(vec![ok("there")]);
    let to = format!("http://127.0.0.1:{there}/elsewhere?operation=GetCACaps");
    let (port, first) = serve(vec![redirect(&to), redirect(&to)]);
    let send = |redirects| {
        let url = ServerUrl::parse(&format!("http://127.0.0.1:{port}/scep")).unwrap();
        let mut transport = HttpTransport::by(url, Way { redirects, ..way() }).unwrap();
        transport.send(&HttpRequest::query(Operation::GetCaCaps)).unwrap()
    };
    assert_eq!(send(0).status, 302);
    assert_eq!((send(1).status, send_body(other)), (200, "GET /elsewhere?operation=GetCACaps".to_owned()));
    assert_eq!(first.join().unwrap().len(), 2);
}

fn send_body(server: JoinHandle<Vec<String>>) -> String {
    let seen = server.join().unwrap().remove(0);
    seen.split(" HTTP/1.1").next().unwrap().to_owned()
}

#[test]
fn the_redirect_of_a_post_is_never_followed() {
    let (port, server) = serve(vec![redirect("/elsewhere")]);
    let url = ServerUrl::parse(&format!("http://127.0.0.1:{port}/scep")).unwrap();
    let mut transport = HttpTransport::by(url, Way { redirects: 5, ..way() }).unwrap();
    assert_eq!(transport.send(&HttpRequest::post(vec![1])).unwrap().status, 302);
    server.join().unwrap();
}

#[test]
fn redirects_that_go_round_have_an_end() {
    let (port, server) = serve(vec![redirect("/a"), redirect("/b"), redirect("/c")]);
    let url = ServerUrl::parse(&format!("http://127.0.0.1:{port}/scep")).unwrap();
    let mut transport = HttpTransport::by(url, Way { redirects: 2, ..way() }).unwrap();
    assert_eq!(transport.send(&HttpRequest::query(Operation::GetCaCaps)).unwrap().status, 302);
    assert_eq!(server.join().unwrap().len(), 3);
}

#[test]
fn an_ipv6_address_is_reached() {
    let Ok(listener) = TcpListener::bind("[::1]:0") else { return };
    let port = listener.local_addr().unwrap().port();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let seen = head(&mut stream);
        stream.write_all(ok("six").as_bytes()).unwrap();
        seen
    });
    let url = ServerUrl::parse(&format!("http://[::1]:{port}/scep")).unwrap();
    let answer =
        HttpTransport::by(url, way()).unwrap().send(&HttpRequest::query(Operation::GetCaCaps)).unwrap();
    assert_eq!(answer.body, b"six");
    assert!(server.join().unwrap().contains(&format!("\r\nhost: [::1]:{port}\r\n")));
}

/// A certificate for 127.0.0.1, PEM, of the key `ca-rsa`; always the same one.
fn for_localhost() -> String {
    static MADE: OnceLock<String> = OnceLock::new();
    MADE.get_or_init(make_for_localhost).clone()
}

fn make_for_localhost() -> String {
    let own = key("ca-rsa");
    let subject = scep::name::parse("CN=localhost").unwrap();
    let now = mock_client::Clock::now(&mock_client::SystemClock);
    let mut parts = CertificateParts::self_signed(&subject, own.public(), vec![1], now);
    parts.extensions = vec![Extension::alt_names(&scep::alt_name::parse("IP:127.0.0.1").unwrap())];
    let der = parts.write(&own, &mut scep::fault::Faults::none()).unwrap();
    scep::certificate::Certificate::from_der(&der).unwrap().to_pem()
}

fn tls_server(answers: usize) -> (u16, JoinHandle<()>) {
    let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server()).unwrap();
    let pem = key("ca-rsa").to_pem().unwrap();
    acceptor.set_private_key(&PKey::private_key_from_pem(pem.as_bytes()).unwrap()).unwrap();
    acceptor.set_certificate(&X509::from_pem(for_localhost().as_bytes()).unwrap()).unwrap();
    let acceptor = acceptor.build();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = std::thread::spawn(move || {
        for _ in 0..answers {
            let (stream, _) = listener.accept().unwrap();
            // A client that does not trust us hangs up.
            let Ok(mut stream) = acceptor.accept(stream) else { continue };
            head(&mut stream);
            let _ = stream.write_all(ok("secret").as_bytes());
            let _ = stream.shutdown();
        }
    });
    (port, server)
}

#[test]
fn https_reaches_a_server_that_is_trusted_and_no_other() {
    let (port, server) = tls_server(2);
    let send = |roots: Option<Vec<u8>>| {
        let url = ServerUrl::parse(&format!("https://127.0.0.1:{port}/scep")).unwrap();
        let mut transport = HttpTransport::by(url, Way { tls: Tls { roots }, ..way() }).unwrap();
        transport.send(&HttpRequest::query(Operation::GetCaCaps))
    };
    assert_eq!(send(Some(for_localhost().into_bytes())).unwrap().body, b"secret");
    let refused = send(None).unwrap_err();
    assert_eq!(refused.kind, TransportErrorKind::Tls, "{refused}");
    assert!(refused.to_string().starts_with("TLS failed: self-signed certificate"), "{refused}");
    server.join().unwrap();
}

#[test]
fn https_goes_through_a_proxy_by_connect() {
    let (port, server) = tls_server(1);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy_port = listener.local_addr().unwrap().port();
    let proxy = std::thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        let seen = head(&mut client);
        let mut server = TcpStream::connect(("127.0.0.1", port)).unwrap();
        client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").unwrap();
        let (mut from_client, mut to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        let up = std::thread::spawn(move || std::io::copy(&mut from_client, &mut to_server));
        let _ = std::io::copy(&mut server, &mut client);
        let _ = client.shutdown(std::net::Shutdown::Both);
        let _ = up.join();
        seen
    });
    let url = ServerUrl::parse(&format!("https://127.0.0.1:{port}/scep")).unwrap();
    let way = Way {
        proxy: Some(Proxy::parse(&format!("127.0.0.1:{proxy_port}")).unwrap()),
        tls: Tls { roots: Some(for_localhost().into_bytes()) },
        ..way()
    };
    let answer =
        HttpTransport::by(url, way).unwrap().send(&HttpRequest::query(Operation::GetCaCaps)).unwrap();
    assert_eq!(answer.body, b"secret");
    server.join().unwrap();
    assert!(proxy.join().unwrap().starts_with(&format!("CONNECT 127.0.0.1:{port} HTTP/1.1\r\n")));
}

#[test]
fn a_proxy_that_refuses_the_way_is_named() {
    let (port, proxy) = serve(vec!["HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n".to_owned()]);
    let url = ServerUrl::parse("https://ca.example/scep").unwrap();
    let way = Way { proxy: Some(Proxy::parse(&format!("127.0.0.1:{port}")).unwrap()), ..way() };
    let refused = HttpTransport::by(url, way).unwrap().send(&HttpRequest::query(Operation::GetCaCaps));
    let refused = refused.unwrap_err();
    assert!(
        refused.to_string().contains("the proxy refused the way to ca.example:443: HTTP/1.1 403"),
        "{refused}"
    );
    proxy.join().unwrap();
}

#[test]
fn an_answer_without_an_end_is_given_up_long_before_it_fills_the_memory() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        head(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        let chunk = [b"10000\r\n".as_slice(), &[b'x'; 0x1_0000], b"\r\n"].concat();
        let mut sent = 0_usize;
        while stream.write_all(&chunk).is_ok() {
            sent += chunk.len();
        }
        sent
    });
    let url = ServerUrl::parse(&format!("http://127.0.0.1:{port}/scep")).unwrap();
    let answer = HttpTransport::by(url, way()).unwrap().send(&HttpRequest::query(Operation::GetCaCert));
    assert_eq!(answer.unwrap_err().kind, TransportErrorKind::TooLarge);
    // What the sockets held counts as sent.
    assert!(server.join().unwrap() < 64 << 20);
}

#[test]
fn a_head_without_an_end_is_no_http() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        head(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
        while stream.write_all(&[b"X: ".as_slice(), &[b'y'; 4096], b"\r\n"].concat()).is_ok() {}
    });
    let url = ServerUrl::parse(&format!("http://127.0.0.1:{port}/scep")).unwrap();
    let answer = HttpTransport::by(url, way()).unwrap().send(&HttpRequest::query(Operation::GetCaCert));
    assert_eq!(answer.unwrap_err().kind, TransportErrorKind::NotHttp);
    server.join().unwrap();
}
