//! What the products that this client stands in for are documented to ask for, as a server sees it.

use std::fs;
use std::path::Path;
use std::process::Command;

use mock_client::{Clock as _, SystemClock};
use rstest::rstest;
use scep::csr::Csr;
use scep::extension::CertificateTemplate;
use scep::{alt_name, name};

use crate::listener::Listener;
use crate::service::{CHALLENGE, Service};

/// What the agent, as a program, asks for with these settings of its request.
fn asked(settings: &str, persona: &str) -> Csr {
    let server = Listener::start(Service::at(SystemClock.now()));
    let dir = tempfile::tempdir().unwrap();
    let text = settings.replace("<server>", &server.url);
    let text = if persona.is_empty() { text } else { format!("persona = \"{persona}\"\n{text}") };
    fs::write(dir.path().join("agent.toml"), format!("schema = 1\n{text}")).unwrap();
    check(dir.path());
    let service = server.service.lock().unwrap();
    assert_eq!(service.issued.len(), 1, "{:?}", service.log());
    service.waiting.values().next().unwrap().clone()
}

fn check(folder: &Path) {
    let output = Command::new(env!("CARGO_BIN_EXE_mock-client"))
        .args(["agent", "check", "--config"])
        .arg(folder.join("agent.toml"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn router(more: &str) -> String {
    format!(
        "[items]\n\"Server URL\" = \"<server>\"\n\"Challenge\" = \"{CHALLENGE}\"\n\"Key Size\" = 1024\n\
         \"Serial Number\" = \"5301/7\"\n{more}[store]\npath = \"store\"\n"
    )
}

#[test]
fn r3_the_subject_of_a_router_has_its_serial_number() {
    let subject =
        "\"Certificate Subject\" = '/DC=org/DC=OpenXPKI/DC=Test  Deployment/O=a\\/b/CN=router-SN'\n";
    let csr = asked(&router(subject), "advantech");
    assert_eq!(name::print(&csr.subject), "CN=router-5301/7,O=a/b,DC=Test  Deployment,DC=OpenXPKI,DC=org");
    assert_eq!(csr.public_key().unwrap().bits(), 1024);
}

#[rstest]
#[case::dns("DNS:one.domain.com,DNS:other.domain.org", 2)]
#[case::email_and_rid("email:my@other.address,RID:1.2.3.4", 2)]
#[case::uri("URI:http://one.domain.com/x", 1)]
#[case::addresses("IP:10.0.0.1,IP:2001:db8::1", 2)]
#[case::directory("dirName:/O=lab/CN=other", 1)]
#[case::other("otherName:1.3.6.1.4.1.311.20.2.3;UTF8:me@lab", 1)]
fn r4_alternative_names_of_every_kind_are_asked_for(#[case] names: &str, #[case] count: usize) {
    let more = format!("\"Certificate Subject\" = \"/CN=r\"\n\"Alternative Name\" = \"{names}\"\n");
    let csr = asked(&router(&more), "advantech");
    assert_eq!(csr.alt_names().len(), count);
    assert_eq!(csr.alt_names(), alt_name::parse(names).unwrap());
}

#[test]
fn r5_template_and_usages_are_asked_for() {
    let more = "\"Certificate Subject\" = \"/CN=r\"\n\"Certificate Template\" = \"pc-client\"\n\
                \"Used for digital signature\" = true\n\"Used for key encipherment\" = true\n\
                \"Used for server authentication\" = true\n\"Used for client authentication\" = true\n";
    let csr = asked(&router(more), "advantech");
    let templates = csr.templates();
    let [CertificateTemplate::Name(name)] = templates.as_slice() else { panic!("{templates:?}") };
    assert_eq!(name.lossy(), "pc-client");
    assert_eq!(csr.key_usage().unwrap().names(), ["digitalSignature", "keyEncipherment"]);
    let purposes: Vec<String> = csr.ext_key_usage().unwrap().into_iter().map(scep::oid::name).collect();
    assert_eq!(purposes, ["serverAuth", "clientAuth"]);
}

#[test]
fn r5_what_is_not_asked_for_is_not_in_the_request() {
    let csr = asked(&router("\"Certificate Subject\" = \"/CN=r\"\n"), "advantech");
    assert!(csr.extensions.is_empty(), "{:?}", csr.extensions);
}

#[rstest]
#[case::smallest(1_024)]
#[case::default(2_048)]
fn k6_the_items_of_kura_make_its_request(#[case] bits: u32) {
    let items = format!(
        "[items]\n\"Enabled\" = true\n\"SCEP server endpoint\" = \"<server>\"\n\"Challenge Password\" = \"{CHALLENGE}\"\n\
         \"Subject Distinguished Name (DN)\" = \"CN=gateway,O=lab\"\n\"KeystoreService Target Filter\" = \"k.p12\"\n\
         \"RSA key length\" = {bits}\n\"Connect Retry-interval\" = 30\n[store]\npassword = \"changeit\"\n"
    );
    let csr = asked(&items, "kura");
    assert_eq!(
        (name::print(&csr.subject).as_str(), csr.public_key().unwrap().bits()),
        ("CN=gateway,O=lab", bits)
    );
    assert_eq!(csr.challenge.map(|text| text.lossy()), Some(CHALLENGE.to_owned()));
}

#[rstest]
#[case::advantech("advantech")]
#[case::apple("apple")]
#[case::cisco("cisco-ios")]
#[case::kura("kura")]
#[case::sscep("sscep")]
#[case::windows("windows")]
fn a_persona_enrols_with_a_server_that_takes_old_algorithms(#[case] persona: &str) {
    let server = Listener::start(Service { legacy: true, ..Service::at(SystemClock.now()) });
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    let output = Command::new(env!("CARGO_BIN_EXE_mock-client"))
        .args(["enroll", "--url", &server.url, "--persona", persona, "--subject", "CN=dev1", "--json"])
        .args(["--challenge", CHALLENGE, "--key-bits", "1024", "--dns", "dev1.example"])
        .arg("--key-out")
        .arg(path("key.pem"))
        .arg("--out")
        .arg(path("cert.pem"))
        .output()
        .unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{report}");
    let service = server.service.lock().unwrap();
    let id = service.messages()[0].transaction_id.clone().unwrap().to_string();
    // MD5 of the key has 32 digits, a random identifier 40.
    let is_of_key = matches!(persona, "advantech" | "cisco-ios" | "sscep");
    assert_eq!(id.len(), if is_of_key { 32 } else { 40 });
    let asks_by_get = service.seen.iter().all(|seen| seen.method == scep::http::Method::Get);
    assert_eq!(asks_by_get, persona == "cisco-ios");
    let identifier = match persona {
        "advantech" | "sscep" => "&message=CAIdentifier",
        "cisco-ios" => "&message=trustpoint",
        "windows" => "&message=default",
        _ => "",
    };
    assert_eq!(service.queries[1], format!("operation=GetCACert{identifier}"));
    let delivered: Vec<&str> = report["delivered"].as_object().unwrap().keys().map(String::as_str).collect();
    match persona {
        "windows" => assert_eq!(delivered, ["envelope.key.oaep", "issue.serial-negative"]),
        "cisco-ios" => assert_eq!(delivered, ["issue.serial-negative"]),
        "apple" => assert!(delivered.contains(&"message.indefinite"), "{delivered:?}"),
        _ => assert_eq!(delivered, [""; 0]),
    }
}
