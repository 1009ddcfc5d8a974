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

#[test]
fn r7_scep_replace_pem_puts_the_pair_into_named_parameters_and_nothing_else() {
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::process::CommandExt as _;
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    let key = crate::service::key("pool-05").to_pem().unwrap();
    fs::write(path("latest.key"), &key).unwrap();
    fs::write(path("latest.crt"), "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n").unwrap();
    let before =
        "IPSEC_ENABLED=1\nIPSEC_LOCAL_KEY=\"old\nlines\"\r\nIPSEC_LOCAL_CERT=\n# \u{e4} IPSEC_LOCAL_KEY=x";
    fs::write(path("settings.ipsec"), before).unwrap();
    fs::set_permissions(path("settings.ipsec"), fs::Permissions::from_mode(0o640)).unwrap();
    let replace = |pairs: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_mock-client"))
            .arg0("/opt/scepClient/bin/scep_replace_pem")
            .args(["--key", "latest.key", "--cert", "latest.crt", "settings.ipsec"])
            .args(pairs)
            .current_dir(&dir)
            .output()
            .unwrap()
    };
    let missing = replace(&["IPSEC_LOCAL_KEY", "pkey", "IPSEC_CA", "cert"]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(String::from_utf8(missing.stderr).unwrap().contains("find the parameter IPSEC_CA"));
    assert_eq!(fs::read_to_string(path("settings.ipsec")).unwrap(), before, "all or nothing");

    assert_eq!(replace(&["IPSEC_LOCAL_KEY", "pkey", "IPSEC_LOCAL_CERT", "cert"]).status.code(), Some(0));
    let expected = before
        .replace("\"old\nlines\"", &format!("\"{}\"", key.trim_end()))
        .replace("_CERT=\n", "_CERT=\"-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\"\n");
    assert_eq!(fs::read_to_string(path("settings.ipsec")).unwrap(), expected);
    assert_eq!(fs::metadata(path("settings.ipsec")).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(replace(&["IPSEC_LOCAL_KEY", "key"]).status.code(), Some(2));
    assert_eq!(replace(&["IPSEC_LOCAL_KEY"]).status.code(), Some(2));
}

#[test]
fn r1_the_agent_runs_on_and_enrols_by_itself() {
    use std::io::{BufRead as _, BufReader};
    use std::process::Stdio;
    let server = Listener::start(Service::at(SystemClock.now()));
    let dir = tempfile::tempdir().unwrap();
    let text = router("\"Certificate Subject\" = \"/CN=r\"\n").replace("<server>", &server.url);
    fs::write(dir.path().join("agent.toml"), format!("schema = 1\npersona = \"advantech\"\n{text}")).unwrap();
    let mut agent = Command::new(env!("CARGO_BIN_EXE_mock-client"))
        .args(["agent", "run", "--config"])
        .arg(dir.path().join("agent.toml"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(agent.stdout.take().unwrap()).lines().map(Result::unwrap);
    let done: Vec<String> = lines.by_ref().take_while(|line| !line.starts_with("next")).collect();
    agent.kill().unwrap();
    agent.wait().unwrap();
    // The CA of the test ends soon: it is asked for the next one as well.
    assert_eq!(done[..2], ["done       Bootstrap", "done       Enrol"]);
    assert!(dir.path().join("store/latest.crt").exists());
}
