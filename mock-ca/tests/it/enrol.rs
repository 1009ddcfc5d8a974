//! Enrolment: granted, refused, repeated.

use mock_ca::Config;
use mock_ca::ra::{Policy, WithoutChallenge};
use rstest::rstest;
use scep::attribute::MessageType;
use scep::certificate::KeyUsage;
use scep::http::Method;
use scep::name;
use scep::oid;
use scep::suite::{Cipher, Digest};

use crate::device::Device;
use crate::server::{NOW, Server, config};

#[rstest]
#[case::post(Method::Post, Cipher::Aes128, Digest::Sha256)]
#[case::get(Method::Get, Cipher::Aes128, Digest::Sha256)]
#[case::old(Method::Get, Cipher::Des3, Digest::Sha1)]
#[case::strong(Method::Post, Cipher::Aes256, Digest::Sha512)]
fn a_request_with_the_right_challenge_is_granted(
    #[case] method: Method,
    #[case] cipher: Cipher,
    #[case] digest: Digest,
) {
    let server = Server::start();
    let mut device = Device { method, cipher, digest, ..Device::new("pool-00") };
    let answer = device.enrol(&server);
    assert_eq!(answer.word(), "SUCCESS");
    assert_eq!(answer.http.header("content-type"), Some("application/x-pki-message"));

    let message = answer.message();
    assert!(message.verify(&server.ca_certificate().public_key().unwrap()).holds());
    assert_eq!(message.message_type(), Some(MessageType::CertRep));
    assert_eq!(message.transaction_id(), Some(device.id.clone()));
    assert_eq!(message.recipient_nonce(), Some(answer.nonce.clone()));
    assert_eq!(message.sender_nonce().unwrap().0.len(), 16);
    let envelope = message.envelope(&mut Vec::new()).unwrap().unwrap();
    assert_eq!((envelope.cipher, message.signer().unwrap().digest()), (cipher.oid(), Some(digest)));
    assert!(envelope.recipients[0].names(&device.signer.certificate));
}

#[test]
fn the_certificate_is_what_was_asked_for() {
    let server = Server::start();
    let mut device = Device::new("pool-00");
    let answer = device.enrol(&server);
    let (certificate, ca) = (answer.certificate(), server.ca_certificate());
    assert_eq!(certificate.spki, device.signer.key.public().spki());
    assert_eq!(name::print(&certificate.subject), "CN=pool-00,O=lab");
    assert!(certificate.is_issued_by(&ca));
    let usage = KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_ENCIPHERMENT;
    assert_eq!(certificate.key_usage(), Some(KeyUsage(usage)));
    assert!(certificate.not_before.unwrap() < NOW && certificate.not_after.unwrap() > NOW);
    assert!(!certificate.is_ca());
    for wanted in [oid::SUBJECT_ALT_NAME, oid::SUBJECT_KEY_ID, oid::AUTHORITY_KEY_ID] {
        assert!(certificate.extensions.iter().any(|extension| extension.oid == wanted), "{wanted}");
    }
}

#[rstest]
#[case::wrong(Some("let me out"))]
#[case::none(None)]
fn a_request_without_the_right_challenge_is_refused(#[case] challenge: Option<&'static str>) {
    let policy = Policy { without_challenge: WithoutChallenge::Reject, ..config().policy };
    let server = Server::with(Config { policy, ..config() });
    let answer = Device { challenge, ..Device::new("pool-00") }.enrol(&server);
    assert_eq!(answer.word(), "FAILURE badRequest");
    assert_eq!(answer.message().signed.content, None);
    assert_eq!(answer.message().recipient_nonce(), Some(answer.nonce.clone()));
    let text = answer.message().fail_info_text().unwrap().lossy();
    assert!(text.contains("challengePassword") && !text.contains("let me"), "{text}");
    assert!(server.take_record()[0].note.contains("challengePassword"));
}

#[test]
fn a_repeated_request_gets_the_same_certificate() {
    let server = Server::start();
    let mut device = Device::new("pool-00");
    let first = device.enrol(&server);
    server.clock.advance(60);
    assert_eq!(device.enrol(&server).certificate(), first.certificate());
}

#[test]
fn copies_that_arrive_together_get_one_certificate() {
    let server = Server::start();
    let certificates: Vec<Vec<u8>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| Device::new("pool-00").enrol(&server).certificate().der.clone()))
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(certificates.iter().all(|certificate| *certificate == certificates[0]));
}

#[test]
fn a_transaction_id_is_for_one_key() {
    let server = Server::start();
    let mut first = Device::new("pool-00");
    let mut second = Device { id: first.id.clone(), ..Device::new("pool-01") };
    assert_eq!(first.enrol(&server).word(), "SUCCESS");
    assert_eq!(second.enrol(&server).word(), "FAILURE badRequest");
}

#[test]
fn two_devices_get_different_serial_numbers() {
    let server = Server::start();
    let (first, second) = (Device::new("pool-00").enrol(&server), Device::new("pool-01").enrol(&server));
    assert_ne!(first.certificate().serial, second.certificate().serial);
}

#[rstest]
#[case::wrong_key("envelope.key.flip")]
#[case::wrong_content("data.not-degenerate")]
fn an_envelope_that_does_not_open_and_one_with_the_wrong_content_are_refused_alike(#[case] fault: &str) {
    let server = Server::start();
    let answer = Device::new("pool-00").enrol_with(&server, fault);
    assert_eq!(answer.word(), "FAILURE badRequest");
    assert_eq!(answer.message().fail_info_text().unwrap().lossy(), "the content cannot be read");
}
