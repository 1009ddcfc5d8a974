//! Answers that no HTTP library sends: what arrives on the socket, and what is recorded of it.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use rstest::rstest;
use scep::fault::{Order, When};

use crate::server::Server;
use crate::wire::get;

fn committing(fault: &str) -> Server {
    let server = Server::start();
    let when = When { message: Some("GetCACaps".to_owned()), ..When::default() };
    server.set_faults(&[Order { fault: fault.to_owned(), when }]).unwrap();
    server
}

/// Everything that arrives until the connection ends, and whether it ended by a reset.
fn arrived(server: &Server) -> (String, bool) {
    let url = server.url();
    let address = url.strip_prefix("http://").unwrap().split('/').next().unwrap().to_owned();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(b"GET /scep?operation=GetCACaps HTTP/1.1\r\nHost: test\r\n\r\n").unwrap();
    let mut octets = Vec::new();
    let reset = stream.read_to_end(&mut octets).is_err();
    (String::from_utf8(octets).unwrap().replace("\r\n", "|"), reset)
}

#[rstest]
#[case::closed("http.closed", "", false)]
#[case::chunked("http.chunked", "transfer-encoding: chunked||", false)]
#[case::until_close("http.until-close", "connection: close||", false)]
fn the_answer_goes_out_as_the_fault_has_it(#[case] fault: &str, #[case] part: &str, #[case] reset: bool) {
    let server = committing(fault);
    let (octets, was_reset) = arrived(&server);
    assert!(octets.contains(part) && octets.is_empty() == part.is_empty(), "{octets}");
    assert_eq!(was_reset, reset);
    assert_eq!(server.delivered().get(fault), Some(&1));
}

#[test]
fn a_connection_that_is_reset_in_the_body_is_no_orderly_end() {
    let server = committing("http.body.reset");
    assert!(arrived(&server).1);
    let recorded = server.take_record().remove(0);
    assert!(recorded.is_answered && !recorded.response_body.is_empty());
}

#[test]
fn what_is_recorded_is_what_was_sent() {
    let server = committing("http.closed");
    arrived(&server);
    let recorded = server.take_record().remove(0);
    assert_eq!((recorded.is_answered, recorded.response_body.len()), (false, 0));

    let server = committing("http.body.cut");
    let (octets, _) = arrived(&server);
    let recorded = server.take_record().remove(0);
    let body = octets.split_once("||").unwrap().1.replace('|', "\r\n").len();
    assert!(recorded.is_answered && body > 0, "{octets}");
    assert!(recorded.response_body.len() <= body, "line ends of the list are counted as two");
}

#[test]
fn the_server_goes_on_after_an_answer_that_it_broke_off() {
    let server = committing("http.closed");
    arrived(&server);
    server.set_faults(&[]).unwrap();
    assert_eq!(get(&server.url(), "operation=GetCACaps").status, 200);
}

#[test]
fn a_redirect_and_further_fields_are_sent_by_the_library() {
    let server = committing("http.redirect");
    let reply = get(&server.url(), "operation=GetCACaps");
    assert_eq!((reply.status, reply.header("location"), reply.body.len()), (302, Some("/elsewhere"), 0));
    let server = committing("http.header.unknown");
    let reply = get(&server.url(), "operation=GetCACaps");
    assert_eq!((reply.status, reply.header("x-unknown")), (200, Some("something")));
}
