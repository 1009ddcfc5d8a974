//! The SCEP port: queries, errors, limits, and what the record keeps of them.

use mock_ca::Config;
use rstest::rstest;
use scep::attribute::MessageType;

use crate::device::{Device, word};
use crate::server::{Server, config};
use crate::wire::{Connection, get, post};

#[test]
fn capabilities_are_lines_of_text() {
    let server = Server::start();
    let reply = get(&server.url(), "operation=GetCACaps");
    assert_eq!(word(&reply), "200 text/plain");
    assert_eq!(reply.text(), "AES\nDES3\nPOSTPKIOperation\nRenewal\nSHA-1\nSHA-256\nSHA-512\nSCEPStandard\n");
}

#[test]
fn the_ca_certificate_is_served_alone() {
    let server = Server::start();
    let reply = get(&server.url(), "operation=GetCACert&message=any%20CA");
    assert_eq!(word(&reply), "200 application/x-x509-ca-cert");
    assert_eq!(reply.body, server.ca_certificate().der);
}

#[rstest]
#[case::no_operation("GET", "/scep", b"", 400)]
#[case::unknown_operation("GET", "/scep?operation=GetCACertChain", b"", 400)]
#[case::no_next_ca("GET", "/scep?operation=GetNextCACert", b"", 404)]
#[case::letter_case("GET", "/scep?operation=getcacaps", b"", 400)]
#[case::get_without_message("GET", "/scep?operation=PKIOperation", b"", 400)]
#[case::get_with_bad_base64("GET", "/scep?operation=PKIOperation&message=%00!", b"", 400)]
#[case::get_with_garbage("GET", "/scep?operation=PKIOperation&message=AAAA", b"", 400)]
#[case::post_empty("POST", "/scep?operation=PKIOperation", b"", 400)]
#[case::post_garbage("POST", "/scep?operation=PKIOperation", b"garbage", 400)]
#[case::post_of_a_query("POST", "/scep?operation=GetCACaps", b"", 400)]
#[case::other_method("PUT", "/scep?operation=PKIOperation", b"x", 405)]
#[case::lower_case_method("get", "/scep?operation=GetCACaps", b"", 405)]
#[case::any_path("GET", "/cgi-bin/pkiclient.exe?operation=GetCACaps", b"", 200)]
fn a_request_has_its_status(
    #[case] method: &str,
    #[case] target: &str,
    #[case] body: &[u8],
    #[case] status: u16,
) {
    let server = Server::start();
    let mut connection = Connection::open(&server.url());
    let reply = connection.ask(method, target, "", body);
    assert_eq!(reply.status, status, "{}", reply.text());
    assert_eq!(reply.header("allow"), (status == 405).then_some("GET, POST"));
    assert_eq!(connection.ask("GET", "/?operation=GetCACaps", "", b"").status, 200, "on the same connection");
}

#[test]
fn a_post_needs_no_operation_and_no_content_type() {
    let server = Server::start();
    let (message, _) = Device::new("pool-00").message(&server.ca_certificate(), MessageType::PkcsReq, &[]);
    let reply = Connection::open(&server.url()).ask("POST", "/", "Content-Type: text/html\r\n", &message);
    assert_eq!(word(&reply), "200 application/x-pki-message");
}

#[test]
fn only_the_configured_path_is_served() {
    let server = Server::with(Config { path: Some("/scep/lab".to_owned()), ..config() });
    assert!(server.url().ends_with("/scep/lab"));
    let status = |target| Connection::open(&server.url()).ask("GET", target, "", b"").status;
    assert_eq!(status("/scep/lab?operation=GetCACaps"), 200);
    assert_eq!(status("/scep?operation=GetCACaps"), 404);
}

#[rstest]
#[case::largest(1 << 20, 400)]
#[case::too_large((1 << 20) + 1, 413)]
#[case::far_too_large(12 << 20, 413)]
fn garbage_of_any_length_does_not_hurt_the_connection(#[case] length: usize, #[case] status: u16) {
    let server = Server::start();
    let mut connection = Connection::open(&server.url());
    let target = "/scep?operation=PKIOperation";
    assert_eq!(connection.ask("POST", target, "", &vec![0x5a; length]).status, status);
    assert_eq!(connection.ask("GET", "/scep?operation=GetCACaps", "", b"").status, 200);
}

#[test]
fn a_chunked_body_is_read() {
    let server = Server::start();
    let (message, _) = Device::new("pool-00").message(&server.ca_certificate(), MessageType::PkcsReq, &[]);
    let mut connection = Connection::open(&server.url());
    connection.send(
        b"POST /scep?operation=PKIOperation HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n",
    );
    for chunk in message.chunks(700) {
        connection.send(&[format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat());
    }
    connection.send(b"0\r\n\r\n");
    assert_eq!(word(&connection.reply()), "200 application/x-pki-message");
}

#[test]
fn a_body_that_breaks_off_does_not_hurt_the_server() {
    let server = Server::start();
    let mut connection = Connection::open(&server.url());
    connection.send(b"POST /scep HTTP/1.1\r\nHost: test\r\nContent-Length: 5000\r\n\r\nonly this");
    connection.finish();
    assert_eq!(get(&server.url(), "operation=GetCACaps").status, 200);
}

#[test]
fn the_record_has_both_sides_as_they_went_over_the_wire() {
    let server = Server::start();
    let mut connection = Connection::open(&server.url());
    let reply = connection.ask("POST", "/a/b?operation=PKIOperation&x=%41", "X-Test: yes\r\n", b"garbage");
    let [exchange] = &server.take_record()[..] else { panic!("one exchange") };
    assert_eq!((&*exchange.method, &*exchange.target), ("POST", "/a/b?operation=PKIOperation&x=%41"));
    assert!(exchange.headers.contains(&("x-test".to_owned(), "yes".to_owned())));
    assert_eq!((&*exchange.body, exchange.status), (&b"garbage"[..], 400));
    assert_eq!((exchange.message, exchange.pki_status), ("Error", None));
    assert_eq!(exchange.response_body, reply.body);
    for (name, value) in &exchange.response_headers {
        assert_eq!(reply.header(name), Some(&**value));
    }
    assert!(exchange.note.contains("read the request"), "{}", exchange.note);
    assert!(server.take_record().is_empty());
}

#[test]
fn the_record_says_what_was_decided() {
    let server = Server::start();
    Device::without_challenge("pool-00").enrol(&server);
    let exchange = &server.take_record()[0];
    assert_eq!((exchange.message, exchange.pki_status), ("CertRep", Some("PENDING")));
}

#[test]
fn a_stopped_server_is_gone_and_so_is_a_dropped_one() {
    for stop in [Server::stop, drop] {
        let server = Server::start();
        let url = server.url();
        let idle = Connection::open(&url);
        get(&url, "operation=GetCACaps");
        stop(server);
        let address = url.strip_prefix("http://").unwrap().split('/').next().unwrap();
        assert!(std::net::TcpStream::connect(address).is_err());
        drop(idle);
    }
}

#[test]
fn the_same_seed_gives_the_same_answers() {
    let certificates: Vec<_> =
        (0..2).map(|_| Device::new("pool-00").enrol(&Server::start()).http.body).collect();
    assert_eq!(certificates[0], certificates[1]);
    assert_eq!(post(&Server::start().url(), "", b"").status, 400);
}
