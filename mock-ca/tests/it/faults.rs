//! Faults: committed on the answers that they are for, counted, and gone when they are taken away.

use rstest::rstest;
use scep::attribute::MessageType;
use scep::certificate::{Certificate, KeyUsage};
use scep::fault::{Order, When};

use crate::device::Device;
use crate::server::Server;
use crate::wire::get;

fn order(fault: &str, message: &str, status: Option<&str>) -> Order {
    let when =
        When { message: Some(message.to_owned()), status: status.map(str::to_owned), ..When::default() };
    Order { fault: fault.to_owned(), when }
}

fn delivered(server: &Server, fault: &str) -> u32 {
    server.delivered().get(fault).copied().unwrap_or_default()
}

#[test]
fn a_message_fault_is_committed_counted_and_recorded() {
    let server = Server::start();
    server.set_faults(&[order("attr.recipientNonce.flip", "CertRep", Some("SUCCESS"))]).unwrap();
    let answer = Device::new("pool-00").enrol(&server);
    assert_ne!(answer.message().recipient_nonce(), Some(answer.nonce.clone()));
    assert!(
        answer.message().verify(&server.ca_certificate().public_key().unwrap()).holds(),
        "signed as it is"
    );
    assert_eq!(delivered(&server, "attr.recipientNonce.flip"), 1);
    assert_eq!(server.take_record()[0].faults, ["attr.recipientNonce.flip"]);

    server.set_faults(&[]).unwrap();
    let answer = Device::new("pool-01").enrol(&server);
    assert_eq!(answer.message().recipient_nonce(), Some(answer.nonce.clone()));
    assert!(server.delivered().is_empty() && server.take_record()[0].faults.is_empty());
}

#[test]
fn a_fault_for_one_status_leaves_the_others_alone() {
    let server = Server::start();
    server.set_faults(&[order("http.status-500", "CertRep", Some("PENDING"))]).unwrap();
    assert_eq!(Device::new("pool-00").enrol(&server).http.status, 200);
    assert_eq!(Device::without_challenge("pool-01").enrol(&server).http.status, 500);
}

#[test]
fn a_fault_for_the_second_message_waits_for_it() {
    let server = Server::start();
    let mut order = order("attr.recipientNonce.remove", "CertRep", None);
    order.when.nth = Some(2);
    server.set_faults(&[order]).unwrap();
    let mut device = Device::new("pool-00");
    let nonces: Vec<bool> =
        (0..3).map(|_| device.enrol(&server).message().recipient_nonce().is_some()).collect();
    assert_eq!(nonces, [true, false, true]);
}

#[rstest]
#[case::other_key("issue.other-key", |certificate: &Certificate, ca: &Certificate| certificate.spki == ca.spki)]
#[case::subject("issue.other-subject", |certificate: &Certificate, _: &Certificate| {
    certificate.subject_text() == "CN=somebody-else"
})]
#[case::signature("issue.signature", |certificate: &Certificate, ca: &Certificate| !certificate.is_issued_by(ca))]
fn a_fault_on_certificates_changes_the_issued_one(
    #[case] fault: &str,
    #[case] shows: fn(&Certificate, &Certificate) -> bool,
) {
    let server = Server::start();
    server.set_faults(&[order(fault, "CertRep", Some("SUCCESS"))]).unwrap();
    let answer = Device::new("pool-00").enrol(&server);
    assert!(shows(answer.certificate(), &server.ca_certificate()));
    assert_eq!(delivered(&server, fault), 1);
}

#[test]
fn a_fault_on_the_payload_changes_the_certificates_that_are_sent() {
    let server = Server::start();
    server.set_faults(&[order("payload.duplicate", "CertRep", Some("SUCCESS"))]).unwrap();
    assert_eq!(Device::new("pool-00").enrol(&server).certificates.len(), 2);
    assert_eq!(delivered(&server, "payload.duplicate"), 1);
}

#[test]
fn a_fault_on_the_ca_certificate_changes_only_the_one_that_is_served() {
    let server = Server::start();
    server.set_faults(&[order("certificate.key-usage.no-signature", "GetCACert", None)]).unwrap();
    let served = Certificate::from_der(&get(&server.url(), "operation=GetCACert").body).unwrap();
    assert_eq!(served.key_usage(), Some(KeyUsage(100)));
    assert_eq!(served.spki, server.ca_certificate().spki);
    let answer = Device::new("pool-00").enrol(&server);
    assert!(answer.message().verify(&served.public_key().unwrap()).holds());
    assert_eq!(delivered(&server, "certificate.key-usage.no-signature"), 1);
}

#[test]
fn a_fault_on_capabilities_changes_their_text() {
    let server = Server::start();
    server.set_faults(&[order("caps.lower-case", "GetCACaps", None)]).unwrap();
    assert!(get(&server.url(), "operation=GetCACaps").text().contains("scepstandard\n"));
}

#[test]
fn a_fault_on_errors_changes_them_only() {
    let server = Server::start();
    server.set_faults(&[order("http.status-500", "Error", None)]).unwrap();
    assert_eq!(get(&server.url(), "operation=Nonsense").status, 500);
    assert_eq!(get(&server.url(), "operation=GetCACaps").status, 200);
}

#[rstest]
#[case::unknown("attr.nonce", "CertRep", None, "not in the catalogue")]
#[case::other_message(
    "http.status-500",
    "certrep",
    None,
    "GetCACaps, GetCACert, GetNextCACert, CertRep, CRL, Error"
)]
#[case::other_status("http.status-500", "CertRep", Some("success"), "SUCCESS, FAILURE or PENDING")]
fn a_fault_that_would_never_be_committed_is_refused(
    #[case] fault: &str,
    #[case] message: &str,
    #[case] status: Option<&str>,
    #[case] expected: &str,
) {
    let server = Server::start();
    server.set_faults(&[order("http.status-404", "CertRep", None)]).unwrap();
    let error = server.set_faults(&[order(fault, message, status)]).unwrap_err().to_string();
    assert!(error.contains(expected), "{error}");
    assert_eq!(Device::new("pool-00").enrol(&server).http.status, 404, "the old ones are still there");
}

#[test]
fn a_fault_is_for_the_next_answers_for_one_transaction_or_for_one_device() {
    let server = Server::start();
    let order = |when| Order { fault: "http.status-500".to_owned(), when };
    let status = |key| Device::new(key).enrol(&server).http.status;
    server.set_faults(&[order(When { next: Some(2), ..When::default() })]).unwrap();
    assert_eq!(["pool-00", "pool-01", "pool-02"].map(status), [500, 500, 200]);

    let device = Some("POOL-04".to_owned());
    server.set_faults(&[order(When { device, ..When::default() })]).unwrap();
    assert_eq!(["pool-03", "pool-04", "pool-05", "pool-04"].map(status), [200, 500, 200, 500]);

    let mut named = Device::new("pool-06");
    let transaction = Some(named.id.to_string());
    server.set_faults(&[order(When { transaction, ..When::default() })]).unwrap();
    assert_eq!([named.enrol(&server).http.status, status("pool-07")], [500, 200]);
}

#[test]
fn a_fault_is_for_the_answers_to_one_kind_of_request() {
    let server = Server::start();
    let to = |request: &str| Order {
        fault: "http.status-500".to_owned(),
        when: When { to: Some(request.to_owned()), ..When::default() },
    };
    let statuses = |order: Order| {
        server.set_faults(&[]).unwrap();
        let mut device = Device::new("pool-00");
        let certificate = device.enrol(&server).certificate().clone();
        server.set_faults(&[order]).unwrap();
        let polled = device.poll(&server).http.status;
        let mut renewing = device.renewing(&certificate, "pool-01");
        let renewed = renewing.send(&server, MessageType::RenewalReq, &[]).http.status;
        (Device::new("pool-02").enrol(&server).http.status, renewed, polled)
    };
    assert_eq!(statuses(to("RenewalReq")), (200, 500, 200));
    assert_eq!(statuses(to("PKCSReq")), (500, 200, 200));
    assert_eq!(statuses(to("CertPoll")), (200, 200, 500));
}

#[rstest]
#[case::no_request("CertRep", None, "one of PKCSReq, RenewalReq, CertPoll, GetCert, GetCRL, got `CertRep`")]
#[case::no_certrep("PKCSReq", Some("GetCACert"), "`to` narrows CertRep down, and message is GetCACert")]
fn a_fault_for_an_answer_that_nothing_asks_for_is_refused(
    #[case] to: &str,
    #[case] message: Option<&str>,
    #[case] expected: &str,
) {
    let when = When { to: Some(to.to_owned()), message: message.map(str::to_owned), ..When::default() };
    let server = Server::start();
    let error = server.set_faults(&[Order { fault: "http.status-500".to_owned(), when }]).unwrap_err();
    assert!(error.to_string().contains(expected), "{error}");
}
