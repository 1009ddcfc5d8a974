//! GetCert and GetCRL, judged by the openssl command line where it can.

use scep::attribute::MessageType;
use scep::certificate::{Certificate, pem};
use scep::crl::Crl;
use scep::serial::SerialNumber;

use crate::device::{Answer, Device};
use crate::openssl::openssl;
use crate::server::{NOW, Server};

const DAY: u64 = 86_400;

fn enrolled(server: &Server, name: &str) -> (Device, Certificate) {
    let mut device = Device::new(name);
    let certificate = device.enrol(server).certificate().clone();
    (device, certificate)
}

/// The CRL of a SUCCESS, which holds nothing else.
fn crl(answer: &Answer) -> Crl {
    assert_eq!(answer.word(), "SUCCESS");
    assert!(answer.certificates.is_empty() && answer.crls.len() == 1);
    Crl::from_der(&answer.crls[0]).unwrap()
}

#[test]
fn a_certificate_is_found_by_its_issuer_and_serial_number() {
    let server = Server::start();
    let (mut device, own) = enrolled(&server, "pool-00");
    let (_, other) = enrolled(&server, "pool-01");
    for wanted in [&own, &other, &server.ca_certificate()] {
        let found = device.look_up(&server, MessageType::GetCert, wanted);
        assert_eq!(found.certificate(), wanted);
        assert_eq!(found.certificates.len(), 1, "the leaf alone");
    }
}

#[test]
fn what_was_not_issued_here_is_not_found() {
    let server = Server::start();
    let mut device = Device::new("pool-00");
    let stranger = device.signer.certificate.clone();
    for by in [MessageType::GetCert, MessageType::GetCrl] {
        assert_eq!(device.look_up(&server, by, &stranger).word(), "FAILURE badCertId");
    }
    // The right serial number of another issuer is another certificate.
    let (_, mut of_another) = enrolled(&server, "pool-01");
    of_another.issuer.clone_from(&stranger.issuer);
    assert_eq!(device.look_up(&server, MessageType::GetCert, &of_another).word(), "FAILURE badCertId");
}

#[test]
fn a_revoked_certificate_is_on_the_crl_from_then_on() {
    let server = Server::start();
    let (mut device, own) = enrolled(&server, "pool-00");
    let before = crl(&device.look_up(&server, MessageType::GetCrl, &own));
    assert!(before.revoked.is_empty() && before.is_issued_by(&server.ca_certificate()));
    assert_eq!(before, crl(&device.look_up(&server, MessageType::GetCrl, &own)), "made once");

    server.clock.advance(60);
    server.service().revoke(&own.serial, Some(1)).unwrap();
    let after = crl(&device.look_up(&server, MessageType::GetCrl, &own));
    let entry = after.entry(&SerialNumber::of(&own)).unwrap();
    assert_eq!((entry.at, entry.reason), (Some(NOW.plus(60)), Some(1)));
    assert_eq!(after.number(), Some(SerialNumber::new(&[2])), "its number grows");
    let twice = server.service().revoke(&own.serial, None).unwrap_err().to_string();
    assert!(twice.contains("is revoked since"), "{twice}");
    let nobody = server.service().revoke(&[1, 2, 3], None).unwrap_err().to_string();
    assert!(nobody.contains("010203"), "{nobody}");
}

#[test]
fn a_crl_is_made_anew_before_it_ends() {
    let server = Server::start();
    let (mut device, own) = enrolled(&server, "pool-00");
    let first = crl(&device.look_up(&server, MessageType::GetCrl, &own));
    server.clock.advance(4 * DAY);
    let second = crl(&device.look_up(&server, MessageType::GetCrl, &own));
    assert!(second.next_update > first.next_update);
    assert!(second.is_current_at(NOW.plus(10 * DAY)));
}

#[test]
fn older_drafts_find_the_crl_by_the_certificate_of_the_ca() {
    let server = Server::start();
    let mut device = Device::new("pool-00");
    let ca = server.ca_certificate();
    assert!(crl(&device.look_up(&server, MessageType::GetCrl, &ca)).is_issued_by(&ca));
}

#[test]
fn openssl_takes_the_crl_and_finds_the_revoked_certificate_on_it() {
    let server = Server::start();
    let (mut device, own) = enrolled(&server, "pool-00");
    server.service().revoke(&own.serial, Some(4)).unwrap();
    let list = crl(&device.look_up(&server, MessageType::GetCrl, &own));
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("crl.pem", &pem("X509 CRL", &list.der));
    write("ca.pem", &server.ca_certificate().to_pem());
    let run = |line: &str| openssl(folder.path(), &line.split(' ').collect::<Vec<_>>());
    let shown = run("crl -in crl.pem -noout -text -CAfile ca.pem -verify");
    assert!(shown.contains("Superseded"), "{shown}");
    assert!(shown.to_lowercase().contains(&own.serial_hex().to_lowercase()), "{shown}");
}
