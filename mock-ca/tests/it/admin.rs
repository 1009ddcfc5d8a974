//! The admin port: JSON behind a token.

use rstest::rstest;
use serde_json::{Value, json};

use crate::device::Device;
use crate::server::Server;
use crate::wire::{Connection, Reply, get};

fn ask(server: &Server, method: &str, target: &str, body: &str) -> (u16, Value) {
    let authorization = format!("Authorization: Bearer {}\r\n", server.admin_token());
    let reply = Connection::open(&server.admin_url()).ask(method, target, &authorization, body.as_bytes());
    assert_eq!(reply.header("content-type"), Some("application/json"));
    (reply.status, serde_json::from_slice(&reply.body).unwrap())
}

fn ask_as(server: &Server, target: &str, authorization: &str) -> Reply {
    Connection::open(&server.admin_url()).ask("GET", target, authorization, b"")
}

#[rstest]
#[case::none("")]
#[case::wrong("Authorization: Bearer 00000000000000000000000000000000\r\n")]
#[case::other_scheme("Authorization: Basic Og==\r\n")]
fn nothing_but_health_is_shown_without_the_token(#[case] authorization: &str) {
    let server = Server::start();
    for target in ["/pending", "/faults", "/laxities", "/transcript", "/nothing"] {
        let reply = ask_as(&server, target, authorization);
        assert_eq!((reply.status, reply.header("www-authenticate")), (401, Some("Bearer")), "{target}");
    }
    assert_eq!(ask_as(&server, "/healthz", authorization).status, 200);
}

#[test]
fn the_scep_port_does_not_administer() {
    let server = Server::start();
    let authorization = format!("Authorization: Bearer {}\r\n", server.admin_token());
    assert_eq!(Connection::open(&server.url()).ask("GET", "/pending", &authorization, b"").status, 400);
}

#[rstest]
#[case::approved("approve", "SUCCESS")]
#[case::rejected("reject", "FAILURE badRequest")]
fn a_pending_request_is_decided(#[case] verdict: &str, #[case] expected: &str) {
    let server = Server::start();
    let mut device = Device::without_challenge("pool-00");
    device.id = scep::attribute::TransactionId::parse(b"a/b c").unwrap();
    device.enrol(&server);
    let (status, pending) = ask(&server, "GET", "/pending", "");
    assert_eq!(
        (status, &pending[0]["transactionID"], &pending[0]["subject"]),
        (200, &json!("a/b c"), &json!("CN=pool-00,O=lab"))
    );
    assert_eq!(pending[0]["dnsNames"], json!(["device.example.org"]));

    let target = format!("/pending/a%2Fb%20c/{verdict}");
    assert_eq!(ask(&server, "POST", &target, ""), (200, json!({ "transactionID": "a/b c" })));
    assert_eq!(device.poll(&server).word(), expected);
    assert_eq!(ask(&server, "GET", "/pending", "").1, json!([]));
    assert_eq!(ask(&server, "POST", &target, "").0, 409);
    assert_eq!(ask(&server, "POST", "/pending/nobody/approve", "").0, 404);
}

#[test]
fn faults_are_set_shown_and_counted() {
    let server = Server::start();
    let faults = json!([{ "fault": "http.status-500", "when": { "message": "CertRep" } }]);
    assert_eq!(ask(&server, "PUT", "/faults", &json!({ "faults": faults }).to_string()).0, 200);
    assert_eq!(Device::new("pool-00").enrol(&server).http.status, 500);
    let expected = json!({ "faults": faults, "delivered": { "http.status-500": 1 } });
    assert_eq!(ask(&server, "GET", "/faults", ""), (200, expected));
}

#[test]
fn laxities_are_set_and_shown() {
    let server = Server::start();
    let body = json!({ "laxities": ["operation"] });
    assert_eq!(ask(&server, "PUT", "/laxities", &body.to_string()), (200, body.clone()));
    assert_eq!(get(&server.url(), "operation=Nonsense").status, 200);
    assert_eq!(ask(&server, "GET", "/laxities", ""), (200, body));
}

#[rstest]
#[case::no_json("/faults", "faults", "expected")]
#[case::unknown_key("/faults", r#"{"faults":[],"fault":"x"}"#, "unknown field `fault`")]
#[case::unknown_fault("/faults", r#"{"faults":[{"fault":"x"}]}"#, "not in the catalogue")]
#[case::unknown_laxity("/laxities", r#"{"laxities":["operatio"]}"#, "did you mean `operation`?")]
fn a_wrong_body_is_refused_with_its_mistake(
    #[case] target: &str,
    #[case] body: &str,
    #[case] expected: &str,
) {
    let server = Server::start();
    let (status, reply) = ask(&server, "PUT", target, body);
    let error = reply["error"].as_str().unwrap().to_owned();
    assert!(status == 400 && error.contains(expected), "{error}");
}

#[rstest]
#[case::path("GET", "/nothing", 404)]
#[case::method("POST", "/faults", 405)]
#[case::verdict("POST", "/pending/x/forget", 404)]
fn what_there_is_not_is_refused(#[case] method: &str, #[case] target: &str, #[case] status: u16) {
    assert_eq!(ask(&Server::start(), method, target, "").0, status);
}

#[test]
fn the_transcript_shows_the_exchanges_and_leaves_them_in() {
    let server = Server::start();
    get(&server.url(), "operation=GetCACaps");
    for _ in 0..2 {
        let (_, transcript) = ask(&server, "GET", "/transcript", "");
        assert_eq!(transcript[0]["request"]["target"], "/scep?operation=GetCACaps");
        assert_eq!(
            (&transcript[0]["message"], &transcript[0]["response"]["status"]),
            (&json!("GetCACaps"), &json!(200))
        );
        assert!(transcript[0]["response"]["body"].as_str().unwrap().starts_with("QUVT"), "AES in base64");
    }
    assert_eq!(server.take_record().len(), 1);
}
