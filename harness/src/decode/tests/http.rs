//! HTTP messages as files: what tools save.

use super::*;

fn http(head: &str, body: &[u8]) -> Vec<u8> {
    [head.replace('\n', "\r\n").as_bytes(), b"\r\n\r\n", body].concat()
}

fn post(body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST /scep?operation=PKIOperation HTTP/1.1\nHost: ca.lab\nContent-Type: application/x-pki-message\n\
         Content-Length: {}",
        body.len()
    );
    http(&head, body)
}

fn chunked(body: &[u8], size: usize, trailer: &str) -> Vec<u8> {
    let chunks: Vec<Vec<u8>> = body
        .chunks(size)
        .map(|chunk| [format!("{:x};x=y\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat())
        .collect();
    [chunks.concat(), format!("0\r\n{trailer}\r\n").into_bytes()].concat()
}

#[test]
fn a_saved_post_is_shown_with_its_head() {
    let decoded = shown(&post(&request(&[])), None);
    let text = decoded.to_string();
    insta::assert_snapshot!(text.lines().take(14).collect::<Vec<_>>().join("\n"));
    assert_eq!(decoded.items[0].findings, []);
}

#[test]
fn a_saved_get_is_its_message() {
    let query = HttpRequest::get(&request(&[])).query;
    let decoded = shown(&http(&format!("GET /scep?{query} HTTP/1.1\nHost: ca.lab"), &[]), None);
    let Decoded { form, items, .. } = &decoded;
    assert_eq!((*form, items[0].label.as_deref()), (Form::Http, Some("operation=PKIOperation")));
    let inner = items[0].tree.children.last().unwrap();
    assert_eq!(inner, &shown(&request(&[]), None).items[0].tree);
}

#[test]
fn the_place_of_a_loose_query_is_counted_in_the_file() {
    let head = "GET /scep?message=MAA=&operation=PKIOperation HTTP/1.1\nHost: x";
    let decoded = shown(&http(head, &[]), None);
    let at = decoded.items[0].findings[0].at.unwrap();
    assert_eq!(&head[at.offset..at.offset + at.length], "operation=PKIOperation");
}

#[rstest]
#[case::counted(|m: &[u8]| http(&format!("HTTP/1.1 200 OK\nContent-Length: {}", m.len()), m))]
#[case::to_the_end(|m: &[u8]| http("HTTP/1.0 200\nContent-Type: x", m))]
#[case::http_2(|m: &[u8]| http("HTTP/2 200 \ncontent-type: x", m))]
#[case::bare_line_feeds(|m: &[u8]| [b"HTTP/1.1 200 OK\nA: b\n\n", m].concat())]
#[case::chunked(|m: &[u8]| http("HTTP/1.1 200 OK\nTransfer-Encoding: chunked", &chunked(m, 1000, "")))]
#[case::trailer(|m: &[u8]| http("HTTP/1.1 200 OK\ntransfer-encoding: gzip, Chunked", &chunked(m, 7, "A: b\r\n")))]
fn the_body_of_an_answer_is_taken_out(#[case] save: fn(&[u8]) -> Vec<u8>) {
    let decoded = shown(&save(&granted()), None);
    assert_eq!((decoded.form, decoded.octets), (Form::Http, granted().len()));
    assert_eq!(decoded.items[0].findings, [], "{decoded}");
    assert_eq!(decoded.items[0].tree.children.last().unwrap(), &shown(&granted(), None).items[0].tree);
}

#[test]
fn every_message_of_a_file_is_shown() {
    let answer = http("HTTP/1.1 200 OK\nContent-Length: 14", b"AES\nSHA-256\n\r\n");
    let file = [&http("GET /?operation=GetCACaps HTTP/1.1\nHost: x", &[])[..], &answer, &post(&request(&[]))]
        .concat();
    let decoded = shown(&file, None);
    let names: Vec<_> = decoded.items.iter().map(|item| item.tree.name.as_str()).collect();
    assert_eq!(names, ["HTTP request", "HTTP response", "HTTP request"]);
    assert!(decoded.to_string().starts_with("read as: HTTP of 3 messages"));
    assert_eq!(decoded.items[1].tree.children.last().unwrap().name, "GetCACaps answer");
}

#[rstest]
#[case::short(http("HTTP/1.1 200 OK\nContent-Length: 9", &[0x30, 0]), "Content-Length says 9 octets, 2 are left")]
#[case::long(http("HTTP/1.1 200 OK\nContent-Length: 2", &[0x30, 0, 1]), "1 octets after the end of the HTTP message")]
#[case::no_chunk(
    http("HTTP/1.1 200 OK\nTransfer-Encoding: chunked", b"xyz"),
    "expected the length of a chunk"
)]
#[case::cut_chunk(
    http("HTTP/1.1 200 OK\nTransfer-Encoding: chunked", b"9\r\n0\r\n"),
    "a chunk says 9 octets, 3 are left"
)]
#[case::huge_chunk(
    http("HTTP/1.1 200 OK\nTransfer-Encoding: chunked", b"ffffffffffffffff\r\n0"),
    "a chunk says 18446744073709551615 octets, 1 are left"
)]
fn a_body_of_another_length_is_a_finding(#[case] file: Vec<u8>, #[case] words: &str) {
    let decoded = shown(&file, None);
    let finding = decoded.items[0].findings.iter().find(|finding| finding.detail.contains(words));
    let at = finding.unwrap_or_else(|| panic!("{decoded}")).at.unwrap();
    assert!(at.part == "input" && at.offset + at.length <= file.len(), "{at}");
}

#[test]
fn a_body_that_is_text_around_the_message_is_read_and_reported() {
    let pem = client().certificate.to_pem();
    let decoded = shown(&http("HTTP/1.1 200 OK\nContent-Type: x", pem.as_bytes()), None);
    let text = decoded.to_string();
    assert!(text.contains("Certificate  CN=router-1,O=lab") && text.contains("framing.text-body"), "{text}");
}

#[test]
fn a_page_for_people_is_shown_and_no_error() {
    let decoded =
        shown(&http("HTTP/1.1 404 Not Found\nContent-Type: text/html", b"<h1>not\x1bhere</h1>"), None);
    let text = decoded.to_string();
    assert!(text.contains("404 Not Found") && text.contains("<h1>not\\u{1b}here</h1>"), "{text}");
}

#[rstest]
#[case::no_head(b"<html>", "expected a request line or a status line at byte 0")]
#[case::bad_field(b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "no header fields")]
fn what_is_no_http_is_an_error_that_says_where(#[case] file: &[u8], #[case] words: &str) {
    let options = Options { form: Some(Form::Http), ..Options::default() };
    let error = decode(file, options).unwrap_err().to_string();
    assert!(error.contains(words), "{error}");
}
