//! An existing certificate as the credential of the next one.

use rstest::rstest;
use scep::attribute::MessageType;
use scep::certificate::Certificate;

use crate::device::{Device, key};
use crate::server::Server;

const DAY: u64 = 86_400;

/// A device and its first certificate.
fn enrolled(server: &Server) -> (Device, Certificate) {
    let mut device = Device::new("pool-00");
    let certificate = device.enrol(server).certificate().clone();
    (device, certificate)
}

#[rstest]
#[case::renewal_req(MessageType::RenewalReq)]
#[case::pkcs_req_of_older_drafts(MessageType::PkcsReq)]
fn a_device_replaces_its_certificate_and_its_key(#[case] by: MessageType) {
    let server = Server::start();
    let (device, first) = enrolled(&server);
    server.clock.advance(30 * DAY);
    let mut device = device.renewing(&first, "pool-01");
    // The envelope of the answer is for the old key, with which the device opens it.
    let renewed = device.send(&server, by, &[]);
    let renewed = renewed.certificate();
    assert_eq!(renewed.spki, key("pool-01").public().spki());
    assert_eq!(renewed.subject, first.subject);
    assert_ne!(renewed.serial, first.serial);
    assert!(renewed.not_after > first.not_after, "a validity of its own");
    assert_eq!(device.send(&server, by, &[]).certificate(), renewed, "the same once more");
}

#[test]
fn a_renewal_may_keep_its_key() {
    let server = Server::start();
    let (device, first) = enrolled(&server);
    let mut device = Device { new_key: None, ..device.renewing(&first, "pool-01") };
    let renewed = device.send(&server, MessageType::RenewalReq, &[]);
    assert_eq!(renewed.certificate().spki, first.spki);
}

#[test]
fn a_renewal_needs_a_certificate_of_this_ca() {
    let server = Server::start();
    let mut device = Device::new("pool-00");
    assert_eq!(device.send(&server, MessageType::RenewalReq, &[]).word(), "FAILURE badRequest");
    assert!(server.take_record()[0].note.contains("self-signed"));

    let other = Server::with(mock_ca::Config::for_tests(crate::server::CHALLENGE, None));
    let (device, of_another) = enrolled(&other);
    let mut device = device.renewing(&of_another, "pool-01");
    assert_eq!(device.send(&server, MessageType::RenewalReq, &[]).word(), "FAILURE badRequest");
    assert!(server.take_record()[0].note.contains("not of this CA"));
}

#[test]
fn an_expired_certificate_renews_nothing() {
    let server = Server::start();
    let (device, first) = enrolled(&server);
    server.clock.advance(91 * DAY);
    let mut device = device.renewing(&first, "pool-01");
    assert_eq!(device.send(&server, MessageType::RenewalReq, &[]).word(), "FAILURE badRequest");
}

#[test]
fn a_revoked_certificate_renews_nothing() {
    let server = Server::start();
    let (device, first) = enrolled(&server);
    server.service().revoke(&first.serial, Some(1)).unwrap();
    let mut device = device.renewing(&first, "pool-01");
    assert_eq!(device.send(&server, MessageType::RenewalReq, &[]).word(), "FAILURE badRequest");
    assert!(server.take_record().pop().unwrap().note.contains("revoked"));
}

#[test]
fn a_certificate_renews_no_other_subject() {
    let server = Server::start();
    let (device, first) = enrolled(&server);
    let subject = scep::name::parse("CN=another,O=lab").unwrap();
    let mut device = Device { subject, ..device.renewing(&first, "pool-01") };
    assert_eq!(device.send(&server, MessageType::RenewalReq, &[]).word(), "FAILURE badRequest");
}
