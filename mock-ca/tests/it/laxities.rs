//! Every laxity: the check that it switches off is there, and gone with it.

use std::collections::BTreeSet;

use mock_ca::LAXITIES;
use scep::attribute::MessageType;
use scep::ca_cert::CaCertificates;
use scep::next_ca::NextCa;

use crate::device::{Answer, Device, word};
use crate::server::{Server, config};
use crate::wire::{get, post};

/// A laxity, what a client does, and what it gets from a server without and with the laxity.
struct Row {
    laxity: &'static str,
    does: fn(&Server) -> String,
    strict: &'static str,
    lax: &'static str,
}

const ROWS: &[Row] = &[
    Row {
        laxity: "operation",
        does: |server| word(&get(&server.url(), "operation=Nonsense")),
        strict: "400",
        lax: "200 text/plain",
    },
    Row {
        laxity: "body-limit",
        does: |server| word(&post(&server.url(), "", &vec![0x5a; (1 << 20) + 1])),
        strict: "413",
        lax: "400",
    },
    Row {
        laxity: "empty-body",
        does: |server| word(&post(&server.url(), "operation=PKIOperation", b"")),
        strict: "400",
        lax: "200 application/x-pki-message",
    },
    Row {
        laxity: "base64",
        does: |server| word(&get(&server.url(), "operation=PKIOperation&message=%00!")),
        strict: "400",
        lax: "500",
    },
    Row {
        laxity: "garbage",
        does: |server| word(&post(&server.url(), "operation=PKIOperation", b"garbage")),
        strict: "400",
        lax: "500",
    },
    Row {
        laxity: "liveness",
        does: |server| {
            let garbage = post(&server.url(), "operation=PKIOperation", b"garbage").status;
            format!("{garbage}, then {}", word(&get(&server.url(), "operation=GetCACaps")))
        },
        strict: "400, then 200 text/plain",
        lax: "400, then 500",
    },
    Row {
        laxity: "ber",
        does: |server| enrol_with(server, "message.indefinite"),
        strict: "SUCCESS",
        lax: REFUSED,
    },
    Row {
        laxity: "extra-attributes",
        does: |server| enrol_with(server, "attr.extra"),
        strict: "SUCCESS",
        lax: REFUSED,
    },
    Row {
        laxity: "transaction-form",
        does: |server| Device::new("pool-00").enrol(server).word(),
        strict: "SUCCESS",
        lax: REFUSED,
    },
    Row {
        laxity: "transaction-id",
        does: |server| enrol_with(server, "attr.transactionID.remove"),
        strict: "400",
        lax: "SUCCESS",
    },
    Row {
        laxity: "sender-nonce",
        does: |server| enrol_with(server, "attr.senderNonce.remove"),
        strict: "400",
        lax: "SUCCESS",
    },
    Row {
        laxity: "md5",
        does: |server| enrol_with(server, "signer.digest.md5"),
        strict: "FAILURE badAlg",
        lax: "SUCCESS",
    },
    Row {
        laxity: "signer-certificate",
        does: |server| enrol_with(server, "certificates.remove"),
        strict: "FAILURE badMessageCheck",
        lax: "SUCCESS",
    },
    Row {
        laxity: "message-digest",
        does: |server| enrol_with(server, "attr.messageDigest.flip"),
        strict: "FAILURE badMessageCheck",
        lax: "SUCCESS",
    },
    Row {
        laxity: "message-signature",
        does: |server| enrol_with(server, "signer.signature.flip-bit"),
        strict: "FAILURE badMessageCheck",
        lax: "SUCCESS",
    },
    Row {
        laxity: "message-type",
        does: |server| enrol_with(server, "attr.messageType.99"),
        strict: REFUSED,
        lax: "SUCCESS",
    },
    Row {
        laxity: "unknown-cipher",
        does: |server| enrol_with(server, "envelope.cipher.unknown"),
        strict: "FAILURE badAlg",
        lax: "SUCCESS",
    },
    Row {
        laxity: "single-des",
        does: |server| enrol_with(server, "envelope.cipher.des"),
        strict: "FAILURE badAlg",
        lax: "SUCCESS",
    },
    Row {
        laxity: "possession",
        does: |server| enrol_with(server, "csr.signature.flip-bit"),
        strict: REFUSED,
        lax: "SUCCESS",
    },
    Row {
        laxity: "challenge-required",
        does: |server| Device::without_challenge("pool-00").enrol(server).word(),
        strict: "PENDING",
        lax: "SUCCESS",
    },
    Row {
        laxity: "challenge-value",
        does: |server| enrol_with(server, "csr.challenge.other"),
        strict: REFUSED,
        lax: "SUCCESS",
    },
    Row {
        laxity: "repeat-transaction",
        does: |server| {
            let mut device = Device::new("pool-00");
            let first = device.enrol(server);
            compare(first.certificate(), device.enrol(server).certificate())
        },
        strict: "the same",
        lax: "another",
    },
    Row {
        laxity: "poll-unknown",
        does: |server| Device::new("pool-00").poll(server).word(),
        strict: "FAILURE badCertId",
        lax: "PENDING",
    },
    Row {
        laxity: "poll-names",
        does: |server| {
            let mut device = Device::without_challenge("pool-00");
            device.enrol(server);
            let other = device.send(server, MessageType::CertPoll, &["poll.other-subject"]).word();
            format!("{}, with another subject {other}", device.poll(server).word())
        },
        strict: "PENDING, with another subject PENDING",
        lax: "PENDING, with another subject FAILURE badCertId",
    },
    Row {
        laxity: "poll-approval",
        does: |server| {
            let mut device = Device::without_challenge("pool-00");
            format!("{}, then {}", device.enrol(server).word(), device.poll(server).word())
        },
        strict: "PENDING, then PENDING",
        lax: "PENDING, then SUCCESS",
    },
    Row {
        laxity: "poll-rejection",
        does: |server| {
            let mut device = Device::without_challenge("pool-00");
            device.enrol(server);
            server.reject(&device.id.to_string()).unwrap();
            device.poll(server).word()
        },
        strict: REFUSED,
        lax: "SUCCESS",
    },
    Row {
        laxity: "poll-again",
        does: |server| approved(server, |device, server| device.poll(server).word()),
        strict: "SUCCESS",
        lax: "PENDING",
    },
    Row {
        laxity: "poll-reissue",
        does: |server| {
            let mut device = Device::new("pool-00");
            let first = device.enrol(server);
            compare(first.certificate(), device.poll(server).certificate())
        },
        strict: "the same",
        lax: "another",
    },
    Row {
        laxity: "renewal-off",
        does: |server| renew(server, |device| device),
        strict: "SUCCESS",
        lax: REFUSED,
    },
    Row {
        laxity: "renewal-subject",
        does: |server| {
            renew(server, |device| Device {
                subject: scep::name::parse("CN=another,O=lab").unwrap(),
                ..device
            })
        },
        strict: REFUSED,
        lax: "SUCCESS",
    },
    Row {
        laxity: "renewal-signer",
        does: |server| Device::new("pool-00").send(server, MessageType::RenewalReq, &[]).word(),
        strict: REFUSED,
        lax: "SUCCESS",
    },
    Row {
        laxity: "renewal-revoked",
        does: |server| {
            renew(server, |device| {
                server.service().revoke(&device.signer.certificate.serial, Some(1)).unwrap();
                device
            })
        },
        strict: REFUSED,
        lax: "SUCCESS",
    },
    Row {
        laxity: "renewal-alone",
        does: |server| renew(server, |device| device),
        strict: "SUCCESS",
        lax: REFUSED,
    },
    Row {
        laxity: "renewal-same",
        does: |server| {
            let mut device = Device::new("pool-00");
            let first = device.enrol(server).certificate().clone();
            let mut device = Device { new_key: None, ..device.renewing(&first, "pool-01") };
            compare(device.send(server, MessageType::RenewalReq, &[]).certificate(), &first)
        },
        strict: "another",
        lax: "the same",
    },
    Row {
        laxity: "lookup",
        does: |server| look_up(server).word(),
        strict: "SUCCESS",
        lax: "FAILURE badCertId",
    },
    Row {
        laxity: "lookup-other",
        does: |server| compare(look_up(server).certificate(), &server.ca_certificate()),
        strict: "another",
        lax: "the same",
    },
    Row {
        laxity: "ra-hidden",
        does: |server| count(&with_registration(server)),
        strict: "4 certificates",
        lax: "2 certificates",
    },
    Row {
        laxity: "ra-signer",
        does: |server| {
            let server = with_registration(server);
            let answer = enrol_through(&server);
            let signer = answer.message().signer_certificate().unwrap();
            signer.key_usage().unwrap().names().join(", ")
        },
        strict: "digitalSignature",
        lax: "keyEncipherment",
    },
    Row {
        laxity: "chain",
        does: |server| count(&with_registration(server)),
        strict: "4 certificates",
        lax: "3 certificates",
    },
    Row {
        laxity: "chain-root",
        does: |server| count(&with_registration(server)),
        strict: "4 certificates",
        lax: "3 certificates",
    },
    Row {
        laxity: "next-ca",
        does: |server| {
            server.service().prepare_next().unwrap();
            let next = NextCa::read(&get(&server.url(), "operation=GetNextCACert").body).unwrap().value;
            let next = next.unverified().issuer().unwrap().clone();
            let mut device = Device { recipient: Some(next), ..Device::new("pool-00") };
            let issued = device.enrol(server).certificate().is_issued_by(&server.ca_certificate());
            if issued { "under the current CA" } else { "under the next CA" }.to_owned()
        },
        strict: "under the next CA",
        lax: "under the current CA",
    },
];

const REFUSED: &str = "FAILURE badRequest";

fn enrol_with(server: &Server, fault: &str) -> String {
    Device::new("pool-00").enrol_with(server, fault).word()
}

fn compare<T: PartialEq>(first: T, second: T) -> String {
    if first == second { "the same".to_owned() } else { "another".to_owned() }
}

/// Another server, as lax as this one, whose CA is under a root and has a registration authority with two keys.
fn with_registration(server: &Server) -> Server {
    let mut config = config();
    config.ca.hierarchy = mock_ca::config::Hierarchy::Intermediate;
    config.ca.registration = mock_ca::config::Registration::Split;
    let other = Server::with(config);
    other.set_laxities(&server.service().laxities()).unwrap();
    other
}

fn handed_out(server: &Server) -> CaCertificates {
    CaCertificates::read(&get(&server.url(), "operation=GetCACert").body, &mut Vec::new()).unwrap()
}

fn count(server: &Server) -> String {
    format!("{} certificates", handed_out(server).certificates.len())
}

/// A device enrols through the registration authority.
fn enrol_through(server: &Server) -> Answer {
    let recipient = handed_out(server).recipient().unwrap().clone();
    Device { recipient: Some(recipient), ..Device::new("pool-00") }.enrol(server)
}

/// A device renews the certificate that it has just enrolled, changed in some way.
fn renew(server: &Server, changed: impl FnOnce(Device) -> Device) -> String {
    let mut device = Device::new("pool-00");
    let first = device.enrol(server).certificate().clone();
    changed(device.renewing(&first, "pool-01")).send(server, MessageType::RenewalReq, &[]).word()
}

/// A device looks the certificate up that it has just enrolled.
fn look_up(server: &Server) -> Answer {
    let mut device = Device::new("pool-00");
    let own = device.enrol(server).certificate().clone();
    device.look_up(server, MessageType::GetCert, &own)
}

/// What happens after a pending request was approved and got its certificate.
fn approved(server: &Server, then: fn(&mut Device, &Server) -> String) -> String {
    let mut device = Device::without_challenge("pool-00");
    device.enrol(server);
    server.approve(&device.id.to_string()).unwrap();
    assert_eq!(device.poll(server).word(), "SUCCESS");
    then(&mut device, server)
}

#[test]
fn without_a_laxity_every_check_is_made() {
    for row in ROWS {
        assert_eq!((row.does)(&Server::start()), row.strict, "{}", row.laxity);
    }
}

#[test]
fn a_laxity_switches_its_check_off() {
    for row in ROWS {
        assert_eq!((row.does)(&Server::lax(row.laxity)), row.lax, "{}", row.laxity);
    }
}

#[test]
fn every_laxity_has_its_row() {
    let rows: BTreeSet<_> = ROWS.iter().map(|row| row.laxity).collect();
    assert_eq!(rows, LAXITIES.iter().map(|laxity| laxity.id).collect());
}

#[test]
fn laxities_are_taken_back() {
    let server = Server::lax("liveness");
    post(&server.url(), "operation=PKIOperation", b"garbage");
    assert_eq!(get(&server.url(), "operation=GetCACaps").status, 500);
    server.set_laxities(&[]).unwrap();
    assert_eq!(get(&server.url(), "operation=GetCACaps").status, 200);
}

#[test]
fn weak_algorithms_are_mirrored() {
    let server = Server::start();
    server.set_laxities(&["md5".to_owned(), "single-des".to_owned()]).unwrap();
    let mut device = Device::new("pool-00");
    (device.cipher, device.digest) = (scep::suite::Cipher::Des, scep::suite::Digest::Md5);
    let answer = device.enrol(&server);
    let envelope = answer.message().envelope(&mut Vec::new()).unwrap().unwrap();
    assert_eq!(envelope.cipher, scep::suite::Cipher::Des.oid());
    assert_eq!(answer.message().signer().unwrap().digest(), Some(scep::suite::Digest::Md5));
}
