//! Known servers, as they are documented to behave.

use mock_ca::persona::Persona;
use mock_ca::ra::Challenge;
use mock_ca::{Config, KeyPem};
use rstest::rstest;
use scep::ca_cert::CaCertificates;
use scep::certificate::Certificate;
use scep::http::Method;
use serde_json::{Value, json};

use crate::device::Device;
use crate::server::{CHALLENGE, Server};
use crate::wire::{Connection, Reply};

fn start(name: &str) -> Server {
    let mut config: Config = Persona::named(name).unwrap().config();
    config.policy.challenge = Challenge::new(CHALLENGE);
    config.ca.key = Some(KeyPem::new(scep_vectors::keys::named("ca-rsa").unwrap().pem.to_owned()));
    Server::with(config)
}

/// A request to the path of the persona.
fn ask(server: &Server, method: &str, query: &str, body: &[u8]) -> Reply {
    let url = server.url();
    let path = url.splitn(4, '/').nth(3).unwrap();
    Connection::open(&url).ask(method, &format!("/{path}?{query}"), "", body)
}

/// Whom requests are enveloped to: the CA, or its registration authority.
fn recipient(server: &Server) -> Certificate {
    let served = ask(server, "GET", "operation=GetCACert", &[]).body;
    CaCertificates::read(&served, &mut Vec::new()).unwrap().recipient().unwrap().clone()
}

fn admin(server: &Server, target: &str, body: &Value) -> Value {
    let authorization = format!("Authorization: Bearer {}\r\n", server.admin_token());
    let body = body.to_string();
    let reply = Connection::open(&server.admin_url()).ask("POST", target, &authorization, body.as_bytes());
    assert_eq!(reply.status, 200, "{}", reply.text());
    serde_json::from_slice(&reply.body).unwrap()
}

#[test]
fn e3_emca_serves_its_operations_under_its_path() {
    let server = start("emca");
    assert!(server.url().ends_with("/emCAServices/scep/pkiclient.exe"));
    assert_eq!(ask(&server, "GET", "operation=GetCACert", &[]).status, 200);
    assert_eq!(ask(&server, "GET", "operation=GetCACaps", &[]).status, 200);
    assert_eq!(Device::new("pool-00").enrol(&server).word(), "SUCCESS");
    assert_eq!(Connection::open(&server.url()).ask("GET", "/scep?operation=GetCACaps", "", &[]).status, 404);
}

#[test]
fn e5_emca_says_by_http_what_became_of_a_request() {
    let server = start("emca");
    let processed = Device::new("pool-00").enrol(&server);
    assert_eq!((processed.http.status, processed.word()), (200, "SUCCESS".to_owned()));
    for query in ["operation=Enrol", "", "operation=GetNextCACertificate"] {
        assert_eq!(ask(&server, "GET", query, &[]).status, 400, "{query}");
    }
    let by_get = Device { method: Method::Get, ..Device::new("pool-01") }.enrol(&server);
    assert_eq!(by_get.http.status, 400, "an operation that is not supported");
    for challenge in [Some("wrong"), None] {
        let stranger = Device { challenge, ..Device::new("pool-02") }.enrol(&server);
        assert_eq!((stranger.http.status, stranger.word()), (401, "FAILURE badRequest".to_owned()));
    }
}

#[test]
fn e1_e4_emca_knows_the_challenge_of_a_device() {
    let server = start("emca");
    let form = json!({ "manufacturer": "Acme", "type": "router", "model": "R-1", "id": "POOL-00", "description": "" });
    let made = admin(&server, "/devices", &form);
    let challenge: &'static str =
        Box::leak(made["challengePassword"].as_str().unwrap().to_owned().into_boxed_str());
    let enrol = |key| Device { challenge: Some(challenge), ..Device::new(key) }.enrol(&server);
    assert_eq!(enrol("pool-00").http.status, 200);
    assert_eq!(enrol("pool-01").http.status, 401, "for no other device");
}

#[test]
fn pki_services_enrols_who_is_preregistered_and_nobody_else() {
    let server = start("ibm-pki-services");
    assert_eq!(
        Device::new("pool-00").enrol(&server).word(),
        "FAILURE badRequest",
        "not by the challenge of everybody"
    );
    let form = json!({ "clientName": "Pool-01", "passphrase": CHALLENGE, "template": "5YSCEPP" });
    admin(&server, "/preregistrations", &form);
    assert_eq!(Device::new("pool-01").enrol(&server).word(), "SUCCESS");
}

#[test]
fn ndes_has_two_certificates_of_its_own_and_odd_failures() {
    let server = start("ndes");
    assert!(server.url().ends_with("/certsrv/mscep/mscep.dll"));
    let caps = ask(&server, "GET", "operation=GetCACaps", &[]).text();
    assert!(!caps.contains("AES") && caps.contains("Renewal"), "{caps}");
    let made = admin(&server, "/challenges", &json!({}));
    let challenge: &'static str =
        Box::leak(made["challengePassword"].as_str().unwrap().to_owned().into_boxed_str());
    let certificates = ask(&server, "GET", "operation=GetCACert", &[]);
    assert_eq!(certificates.header("content-type"), Some("application/x-x509-ca-ra-cert"));
    let device = |challenge, key| {
        let recipient = Some(recipient(&server));
        Device { challenge: Some(challenge), recipient, ..Device::new(key) }.enrol(&server)
    };
    let failure = device("wrong", "pool-00");
    assert_eq!(
        failure.message().signed.content.as_ref().map(|content| content.bytes.as_slice()),
        Some(&[0][..]),
        "one zero octet"
    );
    let granted = device(challenge, "pool-01");
    assert_eq!(granted.word(), "SUCCESS");
    assert!(granted.message().signed.certificates.is_empty());
}

#[test]
fn the_tolerant_server_has_an_empty_content_where_others_have_none() {
    let server = start("tolerant");
    let failure = Device { challenge: Some("wrong"), ..Device::new("pool-00") }.enrol(&server);
    assert_eq!(
        failure.message().signed.content.as_ref().map(|content| content.bytes.as_slice()),
        Some(&[][..])
    );
    assert_eq!(Device::new("pool-01").enrol(&server).word(), "SUCCESS");
}

#[rstest]
#[case::rfc8894("rfc8894")]
#[case::tolerant("tolerant")]
#[case::ejbca("ejbca")]
#[case::openxpki("openxpki")]
#[case::cisco("cisco-ios-ca")]
#[case::legacy("legacy-draft")]
fn every_persona_answers(#[case] name: &str) {
    let server = start(name);
    let certificate = ask(&server, "GET", "operation=GetCACert", &[]);
    assert_eq!(certificate.status, 200, "{name}");
    let recipient = Some(recipient(&server));
    let stranger = Device { challenge: Some("wrong"), recipient, ..Device::new("pool-00") }.enrol(&server);
    assert_eq!(stranger.word(), "FAILURE badRequest", "{name}");
}

#[test]
fn the_server_of_old_drafts_takes_single_des_and_announces_nothing() {
    let server = start("legacy-draft");
    assert_eq!(ask(&server, "GET", "operation=GetCACaps", &[]).status, 404);
    let mut device = Device {
        cipher: scep::suite::Cipher::Des,
        digest: scep::suite::Digest::Md5,
        ..Device::new("pool-00")
    };
    assert_eq!(device.enrol(&server).word(), "SUCCESS");
}
