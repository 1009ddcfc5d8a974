//! Manual approval: pending, approved, rejected.

use mock_ca::Config;
use mock_ca::ra::{Mode, Policy};
use scep::attribute::TransactionId;

use crate::device::Device;
use crate::server::{NOW, Server, config};

#[test]
fn a_pending_request_is_granted_after_the_operator_approved_it() {
    let server = Server::start();
    let mut device = Device::without_challenge("pool-00");
    let id = device.id.to_string();
    assert_eq!(device.enrol(&server).word(), "PENDING");
    assert_eq!(device.poll(&server).word(), "PENDING");

    let pending = server.pending().unwrap();
    assert_eq!((pending.len(), &pending[0].transaction_id), (1, &device.id));
    assert_eq!((pending[0].subject.as_str(), pending[0].since), ("CN=pool-00,O=lab", NOW));
    server.approve(&id).unwrap();
    assert!(server.pending().unwrap().is_empty());

    let granted = device.poll(&server);
    assert_eq!(granted.certificate().spki, device.signer.key.public().spki());
    assert_eq!(
        device.poll(&server).certificate(),
        granted.certificate(),
        "the same one to every further poll"
    );
    assert_eq!(device.enrol(&server).certificate(), granted.certificate(), "and to a repeated request");
    assert!(server.approve(&id).unwrap_err().to_string().contains("issued"));
}

#[test]
fn a_pending_request_is_refused_after_the_operator_rejected_it() {
    let server = Server::start();
    let mut device = Device::without_challenge("pool-00");
    device.enrol(&server);
    server.reject(&device.id.to_string()).unwrap();
    assert_eq!(device.poll(&server).word(), "FAILURE badRequest");
    assert_eq!(device.enrol(&server).word(), "FAILURE badRequest");
    assert!(server.reject(&device.id.to_string()).unwrap_err().to_string().contains("rejected"));
}

#[test]
fn a_poll_for_an_unknown_transaction_is_refused() {
    let server = Server::start();
    assert_eq!(Device::new("pool-00").poll(&server).word(), "FAILURE badCertId");
    assert!(server.approve("nobody").unwrap_err().to_string().contains("unknown"));
}

#[test]
fn the_answer_to_a_poll_is_for_its_signer() {
    let server = Server::start();
    let mut device = Device::without_challenge("pool-00");
    device.enrol(&server);
    server.approve(&device.id.to_string()).unwrap();
    let mut other = Device { id: device.id.clone(), ..Device::new("pool-01") };
    assert_eq!(other.poll(&server).certificate().spki, device.signer.key.public().spki());
}

#[test]
fn in_manual_mode_the_right_challenge_waits_too() {
    let policy = Policy { mode: Mode::Manual, ..config().policy };
    let server = Server::with(Config { policy, ..config() });
    let mut device = Device::new("pool-00");
    assert_eq!(device.enrol(&server).word(), "PENDING");
    server.approve(&device.id.to_string()).unwrap();
    assert_eq!(device.enrol(&server).word(), "SUCCESS");
}

#[test]
fn a_refused_request_leaves_no_transaction() {
    let server = Server::start();
    let mut device = Device { challenge: Some("wrong"), ..Device::new("pool-00") };
    assert_eq!(device.enrol(&server).word(), "FAILURE badRequest");
    assert_eq!(device.poll(&server).word(), "FAILURE badCertId");
}

#[test]
fn a_transaction_id_may_be_any_text() {
    let server = Server::start();
    let id = TransactionId::parse("id with/slash, \u{e9} and %25".as_bytes()).unwrap();
    let mut device = Device { id, ..Device::without_challenge("pool-00") };
    assert_eq!(device.enrol(&server).word(), "PENDING");
    server.approve(&device.id.to_string()).unwrap();
    assert_eq!(device.poll(&server).word(), "SUCCESS");
}
