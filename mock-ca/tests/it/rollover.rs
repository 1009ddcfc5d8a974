//! The CA is replaced by its next one, RFC 8894 2.6, 4.7 and 5.1.

use mock_ca::{CaConfig, Config, StoreConfig};
use scep::attribute::MessageType;
use scep::ca_cert::CaCertificates;
use scep::certificate::Certificate;
use scep::message::SignatureCheck;
use scep::next_ca::NextCa;

use crate::device::{Device, word};
use crate::openssl::openssl;
use crate::server::{NOW, Server, config};
use crate::wire::{Connection, get};

/// The next CA's certificates, authenticated with the current one.
fn next_ca(server: &Server) -> CaCertificates {
    let reply = get(&server.url(), "operation=GetNextCACert");
    assert_eq!(word(&reply), "200 application/x-x509-next-ca-cert");
    let read = NextCa::read(&reply.body).unwrap();
    assert!(read.findings.is_empty(), "{:?}", read.findings);
    read.value.authenticate(&[server.ca_certificate()], false, &mut Vec::new()).unwrap().clone()
}

fn capabilities(server: &Server) -> String {
    get(&server.url(), "operation=GetCACaps").text()
}

#[test]
fn a_rollover_by_another_process_holds_from_the_next_request_on() {
    let folder = tempfile::tempdir().unwrap();
    let store = StoreConfig::Sqlite(folder.path().join("store.db"));
    let [one, other] = [0, 1].map(|_| Server::with(Config { store: store.clone(), ..config() }));
    let old = one.ca_certificate();
    one.service().prepare_next().unwrap();
    let next = next_ca(&one).issuer().unwrap().clone();
    let mut early = Device { recipient: Some(next.clone()), ..Device::new("pool-00") };
    assert!(early.enrol(&other).certificate().is_issued_by(&next));

    one.service().switch_to_next().unwrap();
    let mut late = Device { recipient: Some(old), ..Device::new("pool-01") };
    assert!(late.enrol(&other).certificate().is_issued_by(&next));
}

#[test]
fn the_next_ca_is_announced_issues_what_is_enveloped_to_it_and_takes_over() {
    let server = Server::start();
    let old = server.ca_certificate();
    assert_eq!(get(&server.url(), "operation=GetNextCACert").status, 404);
    assert!(!capabilities(&server).contains("GetNextCACert"));

    server.service().prepare_next().unwrap();
    assert!(capabilities(&server).contains("GetNextCACert\n"));
    let next = next_ca(&server).issuer().unwrap().clone();
    assert_eq!(next.subject, old.subject);
    assert_ne!(next.spki, old.spki);
    assert!(server.service().prepare_next().unwrap_err().to_string().contains("already"));

    // Before the change: under the old CA, and under the next one for those who envelope to it.
    let before = Device::new("pool-00").enrol(&server).certificate().clone();
    assert!(before.is_issued_by(&old));
    let mut early = Device { recipient: Some(next.clone()), ..Device::new("pool-01") };
    let answer = early.enrol(&server);
    let early = answer.certificate();
    assert!(early.is_issued_by(&next));
    // RFC 8894 5.1 calls for an answer of the new CA.
    let verification = answer.message().verify(&next.public_key().unwrap());
    assert_eq!(verification.signature, SignatureCheck::AsReceived);

    server.service().switch_to_next().unwrap();
    assert_eq!(server.ca_certificate(), next);
    assert!(!capabilities(&server).contains("GetNextCACert"));
    assert!(server.service().switch_to_next().unwrap_err().to_string().contains("no next CA"));
    assert!(Device::new("pool-02").enrol(&server).certificate().is_issued_by(&next));

    // A device that heard of nothing: its envelope opens still, and its certificate renews itself.
    let mut late = Device { recipient: Some(old), ..Device::new("pool-03") };
    assert!(late.enrol(&server).certificate().is_issued_by(&next));
    let mut renewing = Device::new("pool-00").renewing(&before, "pool-04");
    assert!(renewing.send(&server, MessageType::RenewalReq, &[]).certificate().is_issued_by(&next));
}

#[test]
fn each_generation_has_its_own_crl() {
    let server = Server::start();
    let old = server.ca_certificate();
    let mut device = Device::new("pool-00");
    let before = device.enrol(&server).certificate().clone();
    server.service().prepare_next().unwrap();
    server.service().switch_to_next().unwrap();
    let after = Device::new("pool-01").enrol(&server).certificate().clone();
    server.service().revoke(&before.serial, None).unwrap();
    let mut list = |certificate: &Certificate| {
        let answer = device.look_up(&server, MessageType::GetCrl, certificate);
        assert_eq!(answer.word(), "SUCCESS");
        scep::crl::Crl::from_der(&answer.crls[0]).unwrap()
    };
    let (of_old, of_new) = (list(&before), list(&after));
    assert!(of_old.is_issued_by(&old) && of_old.revoked.len() == 1);
    assert!(of_new.is_issued_by(&server.ca_certificate()) && of_new.revoked.is_empty());

    // The same at the distribution points.
    let base = server.url();
    let base = base.strip_suffix("/scep").unwrap();
    let file = |path: &str| {
        let reply = Connection::open(base).ask("GET", path, "", &[]);
        assert_eq!(word(&reply), "200 application/pkix-crl");
        reply.body
    };
    assert_eq!((file("/ca-1.crl"), file("/ca-2.crl")), (of_old.der, of_new.der.clone()));
    assert_eq!(file("/ca.crl"), of_new.der);
    assert_eq!(Connection::open(base).ask("GET", "/ca-3.crl", "", &[]).status, 404);
}

#[test]
fn the_certificate_of_the_next_ca_has_the_configured_serial_number() {
    let ca = CaConfig { next_serial: Some(vec![0x5c, 0xe9]), ..config().ca };
    let server = Server::with(Config { ca, ..config() });
    server.service().prepare_next().unwrap();
    assert_eq!(next_ca(&server).issuer().unwrap().serial, [0x5c, 0xe9]);
}

#[test]
fn a_certificate_leads_to_the_crl_of_the_generation_that_issued_it() {
    let folder = tempfile::tempdir().unwrap();
    let template = "schema = \"sceptic/mock-ca-template/1\"\nnickname = \"pointed\"\ntitle = \"Pointed\"\n\
        [crl]\ndistribution_points = [\"http://ca.lab/ca-{generation}.crl\"]\n";
    std::fs::write(folder.path().join("pointed.toml"), template).unwrap();
    let templates = mock_ca::template::Templates::with_folder(folder.path()).unwrap();
    let template = mock_ca::template::Choice::Nickname("pointed".to_owned());
    let server = Server::with(Config { templates, template, ..config() });
    let write = |name: &str, octets: &[u8]| std::fs::write(folder.path().join(name), octets).unwrap();
    let run = |line: &str| openssl(folder.path(), &line.split(' ').collect::<Vec<_>>());
    let at = NOW.0;
    for (generation, key) in [(1, "pool-00"), (2, "pool-01")] {
        if generation == 2 {
            server.service().prepare_next().unwrap();
            server.service().switch_to_next().unwrap();
        }
        let ca = server.ca_certificate();
        let issued = Device { recipient: Some(ca.clone()), ..Device::new(key) }.enrol(&server);
        write(&format!("ca-{generation}.pem"), ca.to_pem().as_bytes());
        write(&format!("{key}.pem"), issued.certificate().to_pem().as_bytes());
    }
    for (generation, key) in [(1, "pool-00"), (2, "pool-01")] {
        let shown = run(&format!("x509 -noout -ext crlDistributionPoints -in {key}.pem"));
        let point = shown.split("URI:http://ca.lab").nth(1).unwrap().trim();
        assert_eq!(point, format!("/ca-{generation}.crl"));
        let list = Connection::open(&server.url()).ask("GET", point, "", b"");
        assert_eq!(word(&list), "200 application/pkix-crl");
        write("list.pem", scep::certificate::pem("X509 CRL", &list.body).as_bytes());
        let verify = format!("verify -crl_check -attime {at} -CRLfile list.pem -CAfile");
        assert!(run(&format!("{verify} ca-{generation}.pem {key}.pem")).contains("OK"));
    }
    // The lists are of different keys: that of one generation says nothing about the other's certificates.
    write(
        "both.pem",
        [1, 2]
            .map(|n| std::fs::read_to_string(folder.path().join(format!("ca-{n}.pem"))).unwrap())
            .concat()
            .as_bytes(),
    );
    let wrong = std::process::Command::new("openssl")
        .args(["verify", "-crl_check", "-attime", &at.to_string(), "-CRLfile", "list.pem"])
        .args(["-CAfile", "both.pem", "pool-00.pem"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(!wrong.status.success(), "{}", String::from_utf8_lossy(&wrong.stdout));
}
