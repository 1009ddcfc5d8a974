//! What the products that this server stands in for are documented to do, row by row: preregistration as IBM
//! z/OS PKI Services has it (I1 to I6), and the registration of devices as eMudhra emCA has it (E1 to E5).
//! Everything goes through the admin port and the SCEP port.

use mock_ca::ra::{Policy, Way};
use mock_ca::template::Choice;
use mock_ca::{Config, Running};
use scep::attribute::MessageType;
use scep::certificate::KeyUsage;
use scep::{alt_name, name, oid};
use serde_json::{Value, json};

use crate::device::{Answer, Device};
use crate::server::{CHALLENGE, NOW, Server, config};
use crate::wire::{Connection, post};

/// A server on which only preregistered clients enrol.
fn pki_services() -> Server {
    let policy = Policy { ways: vec![Way::Preregistration], challenge: None, ..config().policy };
    Server::with(Config { policy, ..config() })
}

fn admin(server: &Running, method: &str, target: &str, body: &str) -> (u16, Value) {
    let authorization = format!("Authorization: Bearer {}\r\n", server.admin_token());
    let reply = Connection::open(&server.admin_url()).ask(method, target, &authorization, body.as_bytes());
    (reply.status, serde_json::from_slice(&reply.body).unwrap())
}

fn preregister(server: &Running, name: &str, more: &Value) -> (u16, Value) {
    let mut form = json!({ "clientName": name, "passphrase": "open sesame", "template": "5YSCEPP" });
    form.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    admin(server, "POST", "/preregistrations", &form.to_string())
}

fn requestors(server: &Running, contains: &str) -> Vec<String> {
    let (status, list) = admin(server, "GET", &format!("/preregistrations?contains={contains}"), "");
    assert_eq!(status, 200);
    list.as_array().unwrap().iter().map(|record| record["requestor"].as_str().unwrap().to_owned()).collect()
}

/// What a device of that name gets for a challengePassword. `key` is a name of the public test keys.
fn enrol_as(server: &Server, key: &str, subject: &str, challenge: &str) -> Answer {
    let challenge: &'static str = Box::leak(challenge.to_owned().into_boxed_str());
    let subject = name::parse(subject).unwrap();
    Device { challenge: Some(challenge), subject, ..Device::new(key) }.enrol(server)
}

#[test]
fn i1_a_client_has_to_be_preregistered_to_enrol() {
    let server = pki_services();
    let stranger = enrol_as(&server, "pool-00", "CN=Router-1", "open sesame");
    assert_eq!(stranger.word(), "FAILURE badRequest");
    assert!(server.take_record()[0].note.contains("not preregistered"));
    assert_eq!(preregister(&server, "Router-1", &json!({})).0, 200);
    assert_eq!(enrol_as(&server, "pool-01", "CN=Router-1", "open sesame").word(), "SUCCESS");
    assert_eq!(enrol_as(&server, "pool-02", "CN=Router-1", "open sesames").word(), "FAILURE badRequest");
    assert_eq!(enrol_as(&server, "pool-03", "CN=Router-2", "open sesame").word(), "FAILURE badRequest");
}

#[test]
fn i1_a_batch_preregisters_all_its_clients_or_none() {
    let server = pki_services();
    let import = |text: &str| admin(&server, "POST", "/preregistrations/import?template=5YSCEPP", text);
    let head = "client name,passphrase,subject,alternative names\n";
    preregister(&server, "r9", &json!({}));
    let (status, told) = import(&format!("{head}r1,one,,\nr2,,,\nR9,nine,,\nr3,three,nonsense,\n"));
    let lines: Vec<u64> =
        told["rows"].as_array().unwrap().iter().map(|row| row["line"].as_u64().unwrap()).collect();
    assert_eq!((status, lines), (400, vec![3, 5]), "{told}");
    let (status, told) = import(&format!("{head}r1,one,,\nR9,nine,,\n"));
    assert_eq!((status, &told["rows"][0]["line"]), (400, &json!(3)), "{told}");
    assert_eq!(requestors(&server, ""), ["r9"], "nothing was imported");

    assert_eq!(
        import(&format!("{head}r1,one,,\nr2,two,\"O=lab,C=CH\",DNS:r2.lab\n")),
        (200, json!({ "imported": 2 }))
    );
    assert_eq!(enrol_as(&server, "pool-00", "CN=r1", "one").word(), "SUCCESS");
    let second = enrol_as(&server, "pool-01", "CN=r2", "two");
    assert_eq!(name::print(&second.certificate().subject), "CN=r2,O=lab,C=CH");
}

#[test]
fn i2_one_client_is_preregistered_with_a_template_of_choice() {
    let server = pki_services();
    let (_, templates) = admin(&server, "GET", "/templates", "");
    let offered: Vec<&Value> =
        templates.as_array().unwrap().iter().filter(|template| template["preregistration"] == true).collect();
    assert_eq!(
        (offered.len(), &offered[0]["title"]),
        (1, &json!("5-Year SCEP Certificate - Preregistration"))
    );
    let (status, record) = preregister(&server, "r1", &json!({}));
    assert_eq!((status, &record["template"]), (200, &json!("5YSCEPP")));
    assert_eq!(preregister(&server, "r2", &json!({ "template": "device" })).0, 400);
    let certificate = enrol_as(&server, "pool-00", "CN=r1", "open sesame").certificate().clone();
    assert_eq!(certificate.not_after, Some(NOW.plus(1825 * 86_400)));
}

#[test]
fn i3_the_form_takes_name_passphrase_and_names_and_ignores_the_rest() {
    let server = pki_services();
    let more = json!({
        "subject": "O=lab,C=CH", "alternativeNames": "DNS:r1.lab,IP:10.0.0.1",
        "KeyUsage": "keyCertSign", "NotAfter": 9, "country": "FR",
    });
    let (status, record) = preregister(&server, "r1", &more);
    assert_eq!(status, 200);
    assert!(!record.to_string().contains("keyCertSign") && !record.to_string().contains("FR"));
    let certificate = enrol_as(&server, "pool-00", "CN=r1", "open sesame").certificate().clone();
    assert_eq!(
        certificate.key_usage(),
        Some(KeyUsage(KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_ENCIPHERMENT))
    );
    assert_eq!(certificate.not_after, Some(NOW.plus(1825 * 86_400)));
    assert_eq!(name::print(&certificate.subject), "CN=r1,O=lab,C=CH");
    let names =
        certificate.extensions.iter().find(|extension| extension.oid == oid::SUBJECT_ALT_NAME).unwrap();
    let names = alt_name::print(&alt_name::from_der(&names.value).unwrap());
    assert_eq!(names, "DNS:r1.lab,IP:10.0.0.1,DNS:device.example.org", "the record's, then the request's");
}

#[test]
fn i4_preregistration_makes_a_record_and_no_request() {
    let server = pki_services();
    let (_, record) = preregister(&server, "r1", &json!({ "subject": "O=lab" }));
    let keys: Vec<&str> = record.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["alternativeNames", "requestor", "since", "subject", "template"]);
    assert_eq!(admin(&server, "GET", "/pending", "").1, json!([]));
    assert_eq!(admin(&server, "GET", "/certificates", "").1, json!([]));
}

#[test]
fn i4_the_passphrase_is_stored_as_a_hash() {
    let folder = tempfile::tempdir().unwrap();
    let store = mock_ca::StoreConfig::Sqlite(folder.path().join("mock-ca.db"));
    let server = Server::with(Config { store, ..config() });
    preregister(&server, "r1", &json!({}));
    server.stop();
    let holds = |needle: &str| {
        std::fs::read_dir(folder.path()).unwrap().any(|file| {
            let octets = std::fs::read(file.unwrap().path()).unwrap();
            octets.windows(needle.len()).any(|window| window == needle.as_bytes())
        })
    };
    assert!(holds("\"requestor\":\"r1\"") && !holds("open sesame"));
}

#[test]
fn i5_names_are_lower_cased_and_searchable() {
    let server = pki_services();
    for name in ["Router-1.LAB", "ROUTER-2.lab", "switch-1"] {
        assert_eq!(preregister(&server, name, &json!({})).1["requestor"], json!(name.to_lowercase()));
    }
    assert_eq!(requestors(&server, "RoUtEr"), ["router-1.lab", "router-2.lab"]);
    assert_eq!(requestors(&server, "-1"), ["router-1.lab", "switch-1"]);
    assert_eq!(requestors(&server, "nobody"), [""; 0]);
    assert_eq!(enrol_as(&server, "pool-00", "CN=rOUTER-1.lab", "open sesame").word(), "SUCCESS");
}

#[test]
fn i5_names_are_cut_to_32_characters() {
    let server = pki_services();
    let long = "a2345678901234567890123456789012-and-more";
    assert_eq!(preregister(&server, long, &json!({})).1["requestor"], json!(long[..32]));
    assert_eq!(enrol_as(&server, "pool-00", &format!("CN={long}"), "open sesame").word(), "SUCCESS");
}

#[test]
fn i5_names_are_unique_in_32_characters_whatever_the_case() {
    let server = pki_services();
    let first = "a2345678901234567890123456789012";
    assert_eq!(preregister(&server, first, &json!({})).0, 200);
    for other in
        [first.to_owned(), first.to_uppercase(), format!("{first}x"), format!("{}Y", first.to_uppercase())]
    {
        let (status, told) = preregister(&server, &other, &json!({}));
        assert_eq!(status, 409, "{other}: {told}");
    }
    assert_eq!(preregister(&server, &first[..31], &json!({})).0, 200);
}

#[test]
fn i6_constants_are_not_in_the_record_and_are_applied_when_the_client_requests() {
    let folder = tempfile::tempdir().unwrap();
    let template = r#"
schema = "sceptic/mock-ca-template/1"
nickname = "5YSCEPP"
title = "5-Year SCEP Certificate - Preregistration"
preregistration = true
[constants]
AuthInfoAcc = ["OCSP:http://ocsp.lab/"]
CertPolicies = [{ policy = "1.2.3.4" }]
Critical = ["KeyUsage", "CertPolicies"]
ExtKeyUsage = ["clientAuth"]
KeyUsage = ["digitalSignature"]
NotBefore = 2
NotAfter = 12
"#;
    std::fs::write(folder.path().join("5yscepp.toml"), template).unwrap();
    let store = || mock_ca::StoreConfig::Sqlite(folder.path().join("mock-ca.db"));
    let start = |with_folder: bool| {
        let mut config = Config { store: store(), ..config() };
        if with_folder {
            config.templates = mock_ca::template::Templates::with_folder(folder.path()).unwrap();
        }
        Server::with(config)
    };
    // Made while the template has other constants: what counts is what it has at the time of the request.
    let before = start(false);
    let (_, record) = preregister(&before, "r1", &json!({}));
    assert!(!record.to_string().contains("ocsp"), "{record}");
    before.stop();
    let server = start(true);
    let answer = enrol_as(&server, "pool-00", "CN=r1", "open sesame");
    let certificate = answer.certificate();
    assert_eq!(certificate.key_usage(), Some(KeyUsage(KeyUsage::DIGITAL_SIGNATURE)));
    assert_eq!(certificate.not_before, Some(NOW.plus(2 * 86_400)));
    assert_eq!(certificate.not_after, Some(NOW.plus(12 * 86_400)));
    let extension = |dotted: &str| {
        let found = certificate.extensions.iter().find(|extension| oid::dotted(extension.oid) == dotted);
        found.map(|extension| extension.critical)
    };
    assert_eq!(extension("1.3.6.1.5.5.7.1.1"), Some(false), "authorityInfoAccess");
    assert_eq!(extension("2.5.29.32"), Some(true), "certificatePolicies");
    assert_eq!(extension("2.5.29.37"), Some(false), "extKeyUsage");
}

fn register(server: &Running, id: &str, template: &str) -> String {
    let form = json!({
        "manufacturer": "Acme", "type": "router", "model": "R-1", "id": id, "description": "in the cellar",
        "template": template,
    });
    let (status, made) = admin(server, "POST", "/devices", &form.to_string());
    assert_eq!(status, 200, "{made}");
    made["challengePassword"].as_str().unwrap().to_owned()
}

#[test]
fn e1_a_registered_device_gets_a_challenge_that_is_shown_once() {
    let server = Server::start();
    let challenge = register(&server, "FTX-1", "");
    let (_, devices) = admin(&server, "GET", "/devices?contains=acme", "");
    assert_eq!(
        (&devices[0]["model"], &devices[0]["description"], &devices[0]["id"]),
        (&json!("R-1"), &json!("in the cellar"), &json!("FTX-1"))
    );
    for target in ["/devices", "/audit", "/transcript"] {
        assert!(!admin(&server, "GET", target, "").1.to_string().contains(&challenge), "{target}");
    }
    assert_eq!(enrol_as(&server, "pool-00", "CN=ftx-1", &challenge).word(), "SUCCESS");
    let form = json!({ "manufacturer": "Acme", "type": "r", "model": "m", "id": "ftx-1" });
    assert_eq!(admin(&server, "POST", "/devices", &form.to_string()).0, 409);
}

#[test]
fn e1_a_new_challenge_takes_the_place_of_the_old_one() {
    let server = Server::start();
    let old = register(&server, "FTX-1", "");
    let (_, renewed) = admin(&server, "POST", "/devices/FTX-1/challenge", "");
    let new = renewed["challengePassword"].as_str().unwrap();
    assert_eq!(enrol_as(&server, "pool-00", "CN=FTX-1", &old).word(), "FAILURE badRequest");
    assert_eq!(enrol_as(&server, "pool-01", "CN=FTX-1", new).word(), "SUCCESS");
    assert_eq!(admin(&server, "DELETE", "/devices/FTX-1", "").0, 200);
    assert_eq!(enrol_as(&server, "pool-02", "CN=FTX-1", new).word(), "FAILURE badRequest");
}

#[test]
fn e2_a_template_is_chosen_by_profile_id_and_group_id() {
    let template = Choice::Ids { profile: "1".to_owned(), group: Some("1".to_owned()) };
    let server = Server::with(Config { template, ..config() });
    let answer = enrol_as(&server, "pool-00", "CN=dev1", CHALLENGE);
    assert_eq!(answer.certificate().not_after, Some(NOW.plus(365 * 86_400)), "of the template `device`");
}

#[test]
fn e2_the_next_ca_has_the_serial_number_that_is_configured() {
    let mut config = config();
    config.ca.next_serial = Some(vec![0x5c, 0xe9]);
    let server = Server::with(config);
    let (status, generations) = admin(&server, "POST", "/authority/prepare", "");
    assert_eq!(
        (status, &generations[1]["standing"], &generations[1]["serial"]),
        (200, &json!("next"), &json!("5ce9"))
    );
    let (_, generations) = admin(&server, "POST", "/authority/switch", "");
    assert_eq!(
        (&generations[0]["standing"], &generations[1]["standing"]),
        (&json!("retired"), &json!("current"))
    );
}

#[test]
fn e4_a_challenge_is_that_of_the_device_or_of_everybody() {
    let server = Server::start();
    let (first, second) = (register(&server, "dev-1", ""), register(&server, "dev-2", ""));
    assert_eq!(enrol_as(&server, "pool-00", "CN=dev-1", CHALLENGE).word(), "SUCCESS");
    assert_eq!(enrol_as(&server, "pool-01", "CN=dev-1", &first).word(), "SUCCESS");
    assert_eq!(enrol_as(&server, "pool-02", "CN=dev-1", &second).word(), "FAILURE badRequest");
    // A name of its own beside another one does not make the other one its own.
    for subject in ["CN=dev-2,serialNumber=dev-1", "CN=dev-2,CN=dev-1", "O=dev-1"] {
        assert_eq!(enrol_as(&server, "pool-03", subject, &first).word(), "FAILURE badRequest", "{subject}");
    }
}

#[test]
fn e4_a_challenge_is_that_of_a_template_and_chooses_it() {
    let folder = tempfile::tempdir().unwrap();
    let template = |name: &str, days: u32, challenge: &str| {
        let text = format!(
            "schema = \"sceptic/mock-ca-template/1\"\nnickname = \"{name}\"\ntitle = \"{name}\"\n\
             challenge = \"{challenge}\"\n[constants]\nNotAfter = {days}\n"
        );
        std::fs::write(folder.path().join(format!("{name}.toml")), text).unwrap();
    };
    template("router", 10, "for routers");
    template("switch", 20, "for switches");
    let templates = mock_ca::template::Templates::with_folder(folder.path()).unwrap();
    let server = Server::with(Config { templates, ..config() });
    let days = |key, challenge| {
        let answer = enrol_as(&server, key, "CN=dev1", challenge);
        (answer.certificate().not_after.unwrap().0 - NOW.0) / 86_400
    };
    assert_eq!([days("pool-00", "for routers"), days("pool-01", "for switches")], [10, 20]);
    assert_eq!(days("pool-02", CHALLENGE), 90, "of the configuration");
    assert_eq!(enrol_as(&server, "pool-03", "CN=dev1", "for nobody").word(), "FAILURE badRequest");
}

#[test]
fn e4_without_a_challenge_a_request_is_signed_with_a_valid_certificate() {
    let server = Server::start();
    let challenge = register(&server, "dev-1", "device");
    let challenge: &'static str = Box::leak(challenge.into_boxed_str());
    let subject = name::parse("CN=dev-1").unwrap();
    let mut device = Device { challenge: Some(challenge), subject, ..Device::new("pool-00") };
    let first = device.enrol(&server).certificate().clone();
    server.clock.advance(86_400);
    let mut device = device.renewing(&first, "pool-01");
    let renewed = device.send(&server, MessageType::RenewalReq, &[]);
    let life = renewed.certificate().not_after.unwrap().0 - NOW.0;
    assert_eq!(life, 366 * 86_400, "by the template of the device, from a day later on");
}

#[test]
fn a_one_time_challenge_is_right_once_and_for_its_subject() {
    let server = Server::start();
    let make = |body: Value| {
        let (_, made) = admin(&server, "POST", "/challenges", &body.to_string());
        made["challengePassword"].as_str().unwrap().to_owned()
    };
    let for_one = make(json!({ "subject": "CN=dev1,O=lab" }));
    assert_eq!(enrol_as(&server, "pool-00", "CN=dev2,O=lab", &for_one).word(), "FAILURE badRequest");
    assert_eq!(enrol_as(&server, "pool-01", "CN=dev1,O=lab", &for_one).word(), "SUCCESS");
    assert_eq!(enrol_as(&server, "pool-02", "CN=dev1,O=lab", &for_one).word(), "FAILURE badRequest");
    let short = make(json!({ "lifetimeSeconds": 60 }));
    server.clock.advance(61);
    assert_eq!(enrol_as(&server, "pool-03", "CN=dev3", &short).word(), "FAILURE badRequest");
}

#[test]
fn after_too_many_wrong_tries_a_client_is_refused_for_a_while() {
    let policy = Policy { wrong_tries: Some(3), ..config().policy };
    let server = Server::with(Config { policy, ..config() });
    for _ in 0..3 {
        assert_eq!(enrol_as(&server, "pool-00", "CN=dev1", "guess").word(), "FAILURE badRequest");
    }
    let locked = enrol_as(&server, "pool-01", "CN=DEV1", CHALLENGE);
    assert_eq!(locked.word(), "FAILURE badRequest");
    assert_eq!(locked.message().fail_info_text().unwrap().lossy(), "the challengePassword is wrong");
    assert!(server.take_record()[3].note.contains("too often"));
    assert_eq!(enrol_as(&server, "pool-02", "CN=dev2", CHALLENGE).word(), "SUCCESS", "others are not");
    assert_eq!(admin(&server, "GET", "/audit?contains=lock-out", "").1[0]["object"], json!("dev1"));
    assert_eq!(admin(&server, "DELETE", "/wrong-tries/dev1", "").0, 200);
    assert_eq!(enrol_as(&server, "pool-03", "CN=dev1", CHALLENGE).word(), "SUCCESS");

    for _ in 0..3 {
        enrol_as(&server, "pool-04", "CN=dev4", "guess");
    }
    server.clock.advance(3601);
    assert_eq!(enrol_as(&server, "pool-05", "CN=dev4", CHALLENGE).word(), "SUCCESS", "an hour later");
}

#[test]
fn a_hook_decides_who_may_enrol() {
    let script = "read question; case \"$question\" in *CN=good*) exit 0;; *CN=unsure*) exit 10;; esac; \
        echo not in the inventory; exit 1";
    let hook = mock_ca::hook::Hook {
        asked: mock_ca::hook::Asked::Program(["/bin/sh", "-c", script].map(str::to_owned).to_vec()),
        patience: std::time::Duration::from_secs(20),
    };
    let policy = Policy { ways: vec![Way::Hook], challenge: None, ..config().policy };
    let server = Server::with(Config { policy, hook: Some(hook), ..config() });
    assert_eq!(enrol_as(&server, "pool-00", "CN=good", "x").word(), "SUCCESS");
    assert_eq!(enrol_as(&server, "pool-01", "CN=unsure", "x").word(), "PENDING");
    assert_eq!(enrol_as(&server, "pool-02", "CN=bad", "x").word(), "FAILURE badRequest");
    assert!(server.take_record()[2].note.contains("not in the inventory"));
}

#[test]
fn the_scep_port_does_not_preregister() {
    let server = pki_services();
    assert_eq!(post(&server.url(), "operation=Preregister", b"{}").status, 400);
}
