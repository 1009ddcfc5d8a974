//! GetCert and GetCRL over the link.

use rstest::rstest;
use scep::attribute::FailInfo;
use scep::certificate::Certificate;
use scep::client::{Checks, Enrolment, Found, Lookup, LookupPlan, LookupVerdict, Query, Step, Verdict};
use scep::fault::Faults;
use scep::http::{HttpResponse, Incoming, PKI_MESSAGE};
use scep::message::IssuerAndSerial;
use scep::name;
use scep::serial::SerialNumber;
use scep::server::{self, Reply};

use crate::lab::{NOW, SUITE, ca, enrol, known_ca, next_ca, rng};
use crate::link::{Fate, Link};
use crate::server::{Operator, Server};

/// A server that issued a certificate, and the certificate.
fn issued() -> (Server, Certificate) {
    let mut rng = rng(3);
    let mut link = Link::new(Server::new(Operator::Automatic), Vec::new(), NOW);
    let mut machine = Enrolment::new(enrol("pool-00"), NOW, &mut rng);
    let Step::Send(request) = machine.poll(NOW, &mut Faults::none(), &mut rng).unwrap() else { panic!() };
    machine.handle(&link.send(&request).unwrap(), NOW);
    let Some(Verdict::Issued { certificate, .. }) = machine.verdict() else { panic!("{machine:?}") };
    (link.server, certificate.as_ref().clone())
}

fn plan(query: Query) -> LookupPlan {
    // Whoever looks up signs with what he has: here a certificate that he signed himself.
    LookupPlan {
        password: None,
        ca: known_ca(),
        suite: SUITE,
        signer: enrol("pool-02").signer,
        query,
        checks: Checks::default(),
    }
}

fn look_up(plan: LookupPlan, server: Server, schedule: Vec<Fate>) -> (LookupVerdict, Lookup) {
    let mut rng = rng(4);
    let mut link = Link::new(server, schedule, NOW);
    let mut machine = Lookup::new(plan, &mut rng);
    let Step::Send(request) = machine.poll(&mut Faults::none(), &mut rng).unwrap() else { panic!() };
    match link.send(&request) {
        Some(response) => machine.handle(&response),
        None => machine.handle_no_answer("timeout"),
    }
    (machine.verdict().unwrap().clone(), machine)
}

#[rstest]
#[case::delivered(Fate::Delivered(5))]
#[case::twice(Fate::RequestTwice)]
#[case::again(Fate::RequestAgainLater(50))]
fn a_certificate_is_found_by_issuer_and_serial_number_wherever_it_stands(#[case] fate: Fate) {
    let (server, certificate) = issued();
    let query = Query::Certificate(IssuerAndSerial::of(&certificate));
    let (verdict, machine) = look_up(plan(query), server, vec![fate]);
    let LookupVerdict::Found(Found::Certificate { certificate: found, others }) = verdict else {
        panic!("{verdict:?}")
    };
    assert_eq!((*found, others), (certificate, vec![ca().certificate]));
    assert_eq!(machine.findings(), []);
}

#[test]
fn the_number_counts_and_not_its_octets() {
    let (server, certificate) = issued();
    let mut named = IssuerAndSerial::of(&certificate);
    named.serial = SerialNumber::new(&[&[0, 0], certificate.serial.as_slice()].concat());
    let (verdict, _) = look_up(plan(Query::Certificate(named)), server, Vec::new());
    assert!(matches!(verdict, LookupVerdict::Found(_)), "{verdict:?}");
}

#[rstest]
#[case::unknown(ca().certificate.subject, &[0x7f, 1])]
#[case::negative(ca().certificate.subject, &[0x80, 0, 0, 7])]
#[case::long(ca().certificate.subject, &[0x12; 60])]
#[case::of_another_issuer(name::parse("CN=Other").unwrap(), &[0x40, 0])]
fn a_certificate_that_there_is_not_is_bad_cert_id(#[case] issuer: Vec<u8>, #[case] serial: &[u8]) {
    let (server, _) = issued();
    let named = IssuerAndSerial { issuer, serial: SerialNumber::new(serial) };
    let (verdict, _) = look_up(plan(Query::Certificate(named)), server, Vec::new());
    let refused = LookupVerdict::Refused { fail_info: Some(FailInfo::BadCertId), text: None };
    assert_eq!(verdict, refused);
}

#[test]
fn a_crl_is_found_verified_and_tells_what_is_revoked() {
    let (server, certificate) = issued();
    let (verdict, machine) = look_up(plan(Query::Crl(IssuerAndSerial::of(&certificate))), server, Vec::new());
    let LookupVerdict::Found(Found::Crl(crl)) = verdict else { panic!("{verdict:?}") };
    assert!(crl.is_issued_by(&ca().certificate) && crl.is_current_at(NOW));
    let entry = crl.entry(&SerialNumber::of(&certificate)).unwrap();
    assert_eq!((entry.at, entry.reason), (Some(NOW), Some(4)));
    assert_eq!(machine.findings(), []);
}

#[test]
fn older_drafts_ask_for_the_crl_by_the_cas_own_certificate() {
    let (server, _) = issued();
    let named = IssuerAndSerial::of(&ca().certificate);
    let (verdict, _) = look_up(plan(Query::Crl(named)), server, Vec::new());
    assert!(matches!(verdict, LookupVerdict::Found(Found::Crl(_))), "{verdict:?}");
}

#[test]
fn who_hears_nothing_found_nothing() {
    let (server, certificate) = issued();
    let query = Query::Crl(IssuerAndSerial::of(&certificate));
    let (verdict, _) = look_up(plan(query), server, vec![Fate::AnswerLost]);
    assert_eq!(verdict, LookupVerdict::NoAnswer("timeout".to_owned()));
}

/// The answer of a server that says something else than it was asked.
fn answered(plan: LookupPlan, reply: &Reply<'_>) -> LookupVerdict {
    let mut rng = rng(5);
    let mut machine = Lookup::new(plan, &mut rng);
    let Step::Send(request) = machine.poll(&mut Faults::none(), &mut rng).unwrap() else { panic!() };
    let incoming = Incoming::read(request.method, &request.query, &request.body, &mut Vec::new()).unwrap();
    let received =
        server::receive(&incoming.message.unwrap(), &[&ca()], &[], &server::Checks::default()).unwrap();
    let body = server::answer(&received.reply_to, reply, &ca(), &mut Faults::none(), &mut rng).unwrap();
    machine.handle(&HttpResponse::ok(PKI_MESSAGE, body));
    machine.verdict().unwrap().clone()
}

/// Rejected with these words; taken when the check is skipped, if there is one to skip.
fn check(query: Query, reply: &Reply<'_>, says: &str, skip: Option<fn(&mut Checks)>) {
    let verdict = answered(plan(query.clone()), reply);
    let LookupVerdict::Rejected(error) = verdict else { panic!("{verdict:?}") };
    assert!(error.to_string().contains(says), "{error}");
    let Some(skip) = skip else { return };
    let mut lax = plan(query);
    skip(&mut lax.checks);
    let verdict = answered(lax, reply);
    assert!(matches!(verdict, LookupVerdict::Found(_)), "{verdict:?}");
}

#[test]
fn what_was_not_asked_for_is_rejected() {
    let (_, certificate) = issued();
    let named = IssuerAndSerial::of(&certificate);
    let (cert, crl) = (Query::Certificate(named.clone()), Query::Crl(named));
    let others = [ca().certificate];
    let list = |issuer: &scep::message::Sender, subject: &[u8]| {
        scep::crl::CrlParts::new(subject, &[1], 1, NOW, 60).write(&issuer.key).unwrap()
    };
    let ours = list(&ca(), &ca().certificate.subject);
    let of_another_name = list(&ca(), &name::parse("CN=Other").unwrap());
    let of_another_key = list(&next_ca(), &ca().certificate.subject);
    let skips_queried: fn(&mut Checks) = |checks| {
        checks.queried = false;
        checks.crl_signature = false;
    };

    check(cert.clone(), &Reply::Certificates(&others), "GetCert", Some(skips_queried));
    check(cert.clone(), &Reply::Certificates(&[]), "0 others", None);
    check(cert.clone(), &Reply::Crl(&ours), "0 others", None);
    check(cert, &Reply::Pending, "PENDING", None);
    check(crl.clone(), &Reply::Certificates(&others), "none, and 1 certificates", None);
    check(crl.clone(), &Reply::Crl(&of_another_name), "named issuer", Some(skips_queried));
    let skips_signature: fn(&mut Checks) = |checks| checks.crl_signature = false;
    check(crl, &Reply::Crl(&of_another_key), "verifies", Some(skips_signature));
}
