//! The machine against a server of a few lines: every state, every check.

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use rstest::rstest;

use super::{Enrolment, Verdict};
use crate::attribute::{FailInfo, MessageType, Nonce, TransactionId};
use crate::ca_cert::CaCertificates;
use crate::certificate::{Certificate, CertificateParts, Extension, KeyUsage};
use crate::client::{
    BackOff, Checks, Continuity, Plan, PollPolicy, Recovery, RequestForm, Retry, Step, Suite,
};
use crate::csr::{Csr, CsrParts};
use crate::fault::{Faults, find};
use crate::http::{HttpRequest, HttpResponse, Incoming, Method, PKI_MESSAGE};
use crate::key::PrivateKey;
use crate::message::{Outcome, PkiMessage, Sender};
use crate::server::{self, Content, Reply};
use crate::suite::{Cipher, Digest};
use crate::{Error, Rule, UnixTime, name};

const NOW: UnixTime = UnixTime(1_800_000_000);
const POLL: PollPolicy = PollPolicy { interval: 60, max_polls: 3, max_seconds: 600, back_off: BackOff::NONE };

fn key(name: &str) -> PrivateKey {
    PrivateKey::from_pem(scep_vectors::keys::named(name).unwrap().pem.as_bytes()).unwrap()
}

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::from_seed([3; 32])
}

fn ca(usage: u16) -> Sender {
    let (subject, key) = (name::parse("CN=CA").unwrap(), key("ca-rsa"));
    let mut parts = CertificateParts::self_signed(&subject, key.public(), vec![1], NOW);
    parts.extensions = vec![Extension::basic_constraints(true), Extension::key_usage(usage)];
    let certificate = Certificate::from_der(&parts.write(&key, &mut Faults::none()).unwrap()).unwrap();
    Sender { certificate, key }
}

fn plan() -> Plan {
    let (subject, key) = (name::parse("CN=dev1").unwrap(), key("pool-00"));
    let parts = CertificateParts::self_signed(&subject, key.public(), vec![2], NOW);
    let certificate = Certificate::from_der(&parts.write(&key, &mut Faults::none()).unwrap()).unwrap();
    let csr =
        CsrParts::new(&subject, key.public(), Some("hunter2")).write(&key, &mut Faults::none()).unwrap();
    Plan {
        ca: CaCertificates {
            certificates: vec![ca(KeyUsage::KEY_ENCIPHERMENT | KeyUsage::DIGITAL_SIGNATURE).certificate],
            is_chain: false,
        },
        suite: Suite { cipher: Cipher::Aes128, digest: Digest::Sha256, post: true },
        spki: key.public().spki().to_vec(),
        signer: Sender { certificate, key },
        csr,
        subject,
        request: RequestForm::PkcsReq,
        password: None,
        poll: POLL,
        recovery: Recovery::End,
        checks: Checks::default(),
        continuity: Continuity::default(),
    }
}

/// What the client put into a request.
fn seen(request: &HttpRequest) -> (MessageType, TransactionId, Nonce) {
    let incoming = Incoming::read(request.method, &request.query, &request.body, &mut Vec::new()).unwrap();
    let message = PkiMessage::read(&incoming.message.unwrap()).unwrap().value;
    (message.message_type().unwrap(), message.transaction_id().unwrap(), message.sender_nonce().unwrap())
}

/// Answers with that outcome and these faults. The first certificate of a SUCCESS is the CA's own, so that
/// the position tells nothing.
fn answer(request: &HttpRequest, outcome: Outcome, faults: &[&str]) -> HttpResponse {
    let mut faults = Faults::new(faults.iter().map(|id| find(id).unwrap()).collect());
    let ca = ca(0);
    let incoming = Incoming::read(request.method, &request.query, &request.body, &mut Vec::new()).unwrap();
    let checks = server::Checks { md5: false, single_des: false, ..server::Checks::default() };
    let received = server::receive(&incoming.message.unwrap(), &[&ca], &[], &checks).unwrap();
    let spki = match &received.content {
        Content::Enrol(csr) => csr.spki.clone(),
        Content::Poll(_) | Content::Lookup(_) => key("pool-00").public().spki().to_vec(),
    };
    let mut parts = CertificateParts::self_signed(&ca.certificate.subject, ca.key.public(), vec![9], NOW);
    (parts.spki, parts.subject) = (spki, name::parse("CN=dev1").unwrap());
    let issued = Certificate::from_der(&parts.write(&ca.key, &mut faults).unwrap()).unwrap();
    let issued = [ca.certificate.clone(), issued];
    let reply = Reply::new(outcome, &issued);
    let body = server::answer(&received.reply_to, &reply, &ca, &mut faults, &mut rng()).unwrap();
    let mut response = HttpResponse::ok(PKI_MESSAGE, body);
    faults.response(&mut response);
    response
}

/// The machine and the clock that the caller holds.
struct Driven {
    machine: Enrolment,
    now: UnixTime,
    rng: ChaCha20Rng,
}

impl Driven {
    fn new(plan: Plan) -> Self {
        let mut rng = rng();
        Self { machine: Enrolment::new(plan, NOW, &mut rng), now: NOW, rng }
    }

    fn step(&mut self) -> Step<Verdict> {
        self.machine.poll(self.now, &mut Faults::none(), &mut self.rng).unwrap()
    }

    /// The next request, at the time for which the machine asks.
    fn request(&mut self) -> HttpRequest {
        loop {
            match self.step() {
                Step::Send(request) => return request,
                Step::Wait(until) => self.now = until,
                Step::Done(verdict) => panic!("expected a request, got {verdict:?}"),
            }
        }
    }

    fn answered(&mut self, outcome: Outcome, faults: &[&str]) -> (MessageType, TransactionId, Nonce) {
        let request = self.request();
        self.machine.handle(&answer(&request, outcome, faults), self.now);
        seen(&request)
    }

    fn verdict(&self) -> &Verdict {
        self.machine.verdict().unwrap()
    }
}

#[test]
fn success_issues_the_certificate_for_the_own_key_wherever_it_stands() {
    let mut driven = Driven::new(plan());
    assert_eq!(driven.answered(Outcome::Success, &[]).0, MessageType::PkcsReq);
    let Verdict::Issued { certificate, others } = driven.verdict() else { panic!("expected another end") };
    assert_eq!(certificate.spki, plan().spki);
    assert_eq!(others.len(), 1);
    assert!(matches!(driven.step(), Step::Done(_)));
}

#[test]
fn by_get_the_same_happens() {
    let mut plan = plan();
    plan.suite.post = false;
    let mut driven = Driven::new(plan);
    let request = driven.request();
    assert_eq!(request.method, Method::Get);
    driven.machine.handle(&answer(&request, Outcome::Success, &[]), NOW);
    assert!(matches!(driven.verdict(), Verdict::Issued { .. }));
}

#[test]
fn failure_is_reported_with_its_reason_and_text() {
    let mut driven = Driven::new(plan());
    driven.answered(Outcome::Failure(FailInfo::BadRequest, Some("no".to_owned())), &[]);
    let expected = Verdict::Refused { fail_info: Some(FailInfo::BadRequest), text: Some("no".to_owned()) };
    assert_eq!(*driven.verdict(), expected);
}

#[test]
fn pending_is_polled_after_the_interval_in_the_same_transaction_with_a_fresh_nonce() {
    let mut driven = Driven::new(plan());
    let (_, id, nonce) = driven.answered(Outcome::Pending, &[]);
    assert_eq!(driven.machine.next_message(), MessageType::CertPoll);
    assert_eq!(driven.step(), Step::Wait(NOW.plus(60)));
    let (poll, poll_id, poll_nonce) = driven.answered(Outcome::Success, &[]);
    assert_eq!((poll, poll_id, driven.now), (MessageType::CertPoll, id, NOW.plus(60)));
    assert_ne!(poll_nonce, nonce);
    assert!(matches!(driven.verdict(), Verdict::Issued { .. }));
}

#[test]
fn a_careless_client_polls_with_the_old_nonce_or_in_another_transaction() {
    let mut plan = plan();
    plan.continuity = Continuity { fresh_nonce: false, same_transaction: false };
    let mut driven = Driven::new(plan);
    let (_, id, nonce) = driven.answered(Outcome::Pending, &[]);
    let (_, poll_id, poll_nonce) = driven.answered(Outcome::Success, &[]);
    assert_eq!(poll_nonce, nonce);
    assert_ne!(poll_id, id);
    assert!(matches!(driven.verdict(), Verdict::Issued { .. }), "it expects what it sent last");
}

#[rstest]
#[case::number(PollPolicy { max_polls: 2, ..POLL }, 2)]
#[case::time(PollPolicy { max_seconds: 100, ..POLL }, 1)]
#[case::time_to_the_second(PollPolicy { max_seconds: 120, ..POLL }, 2)]
#[case::none(PollPolicy { max_polls: 0, ..POLL }, 0)]
fn polling_ends_at_its_limits_without_waiting_for_nothing(#[case] poll: PollPolicy, #[case] polls: u32) {
    let mut driven = Driven::new(Plan { poll, ..plan() });
    for _ in 0..=polls {
        assert_eq!(driven.machine.verdict(), None);
        driven.answered(Outcome::Pending, &[]);
    }
    assert_eq!(*driven.verdict(), Verdict::StillPending { polls });
    assert_eq!(driven.now, NOW.plus(60 * u64::from(polls)));
}

#[test]
fn who_comes_back_too_late_sends_no_poll() {
    let mut driven = Driven::new(plan());
    driven.answered(Outcome::Pending, &[]);
    driven.now = NOW.plus(POLL.max_seconds + 1);
    assert_eq!(driven.step(), Step::Done(Box::new(Verdict::StillPending { polls: 0 })));
}

#[test]
fn no_answer_ends_the_transaction() {
    let mut driven = Driven::new(plan());
    driven.request();
    driven.machine.handle_no_answer("connection refused", NOW);
    assert_eq!(*driven.verdict(), Verdict::NoAnswer("connection refused".to_owned()));
}

#[test]
fn a_second_request_before_the_answer_is_misuse() {
    let mut driven = Driven::new(plan());
    driven.request();
    let again = driven.machine.poll(NOW, &mut Faults::none(), &mut driven.rng);
    assert!(matches!(again, Err(Error::Misuse { .. })), "{again:?}");
}

#[rstest]
#[case::http_status("http.status-500", "HTTP status", |c: &mut Checks| c.http_status = false)]
#[case::message_type("attr.messageType.19", "messageType", |c: &mut Checks| c.message_type = false)]
#[case::transaction_id("attr.transactionID.other", "transactionID", |c: &mut Checks| c.transaction_id = false)]
#[case::no_transaction_id("attr.transactionID.remove", "transactionID", |c: &mut Checks| c.transaction_id = false)]
#[case::nonce("attr.recipientNonce.flip", "recipientNonce", |c: &mut Checks| c.recipient_nonce = false)]
#[case::no_nonce("attr.recipientNonce.remove", "recipientNonce", |c: &mut Checks| c.recipient_nonce = false)]
#[case::digest("attr.messageDigest.flip", "messageDigest", |c: &mut Checks| c.message_digest = false)]
#[case::signature("signer.signature.flip-bit", "signature (RFC 8894 3.1)", |c: &mut Checks| c.message_signature = false)]
#[case::md5("signer.digest.md5", "another digest than MD5", |c: &mut Checks| c.md5 = false)]
#[case::single_des("envelope.cipher.des", "another than single DES", |c: &mut Checks| c.single_des = false)]
#[case::key("issue.other-key", "issued certificate", |c: &mut Checks| c.certificate_key = false)]
fn each_check_rejects_what_only_it_notices(
    #[case] fault: &str,
    #[case] says: &str,
    #[case] skip: fn(&mut Checks),
) {
    let mut driven = Driven::new(plan());
    driven.answered(Outcome::Success, &[fault]);
    let Verdict::Rejected(error) = driven.verdict() else { panic!("expected another end") };
    assert!(error.to_string().contains(says), "{error}");

    let mut plan = plan();
    skip(&mut plan.checks);
    let mut lax = Driven::new(plan);
    lax.answered(Outcome::Success, &[fault]);
    assert!(matches!(lax.verdict(), Verdict::Issued { .. }), "{:?}", lax.verdict());
}

#[rstest]
#[case::no_status("attr.pkiStatus.remove")]
#[case::undefined_status("attr.pkiStatus.1")]
#[case::no_envelope("content.remove")]
#[case::no_certificate("payload.empty")]
#[case::no_cms("message.not-cms")]
#[case::truncated("message.truncate")]
#[case::no_attributes("signer.no-attributes")]
fn what_holds_no_certificate_is_rejected_without_any_check(#[case] fault: &str) {
    for checks in [Checks::default(), Checks::NONE] {
        let mut driven = Driven::new(Plan { checks, ..plan() });
        driven.answered(Outcome::Success, &[fault]);
        assert!(matches!(driven.verdict(), Verdict::Rejected(_)), "{:?}", driven.verdict());
    }
}

#[test]
fn another_judgement_of_the_same_answer_leaves_the_first_alone() {
    let mut driven = Driven::new(plan());
    let request = driven.request();
    let mut unchecked = driven.machine.clone().with_checks(Checks::NONE);
    let response = answer(&request, Outcome::Success, &["attr.recipientNonce.flip"]);
    driven.machine.handle(&response, NOW);
    unchecked.handle(&response, NOW);
    assert!(matches!(driven.verdict(), Verdict::Rejected(_)));
    assert!(matches!(unchecked.verdict(), Some(Verdict::Issued { .. })));
}

#[test]
fn a_ca_whose_key_usage_forbids_encryption_is_written_to_all_the_same() {
    let mut plan = plan();
    plan.ca.certificates = vec![ca(KeyUsage::KEY_CERT_SIGN).certificate];
    assert!(plan.ca.recipient().is_err());
    assert_eq!(seen(&Driven::new(plan).request()).0, MessageType::PkcsReq);
}

#[test]
fn debug_does_not_show_the_challenge() {
    let driven = Driven::new(plan());
    let shown = format!("{:?}", driven.machine);
    let octets = format!("{:?}", b"hunter2");
    assert!(!shown.contains(octets.trim_matches(['[', ']'])) && !shown.contains("hunter2"));
    assert!(Csr::read(crate::tlv::Source::message(&plan().csr)).unwrap().value.challenge.is_some());
}

#[test]
fn a_signature_over_the_sorted_attributes_only_is_accepted_and_reported() {
    let mut driven = Driven::new(plan());
    let mut response = answer(&driven.request(), Outcome::Pending, &[]);
    let message = PkiMessage::read(&response.body).unwrap().value;
    let attributes = message.signer().unwrap().signed_attributes.clone().unwrap();
    // The first goes to the end.
    let (first, last) = (attributes[0].place, attributes[attributes.len() - 1].place);
    response.body[first.start..last.end].rotate_left(first.end - first.start);
    driven.machine.handle(&response, NOW);
    assert_eq!(driven.machine.verdict(), None, "PENDING is taken");
    let found: Vec<_> = driven.machine.findings().iter().map(|finding| finding.rule).collect();
    assert_eq!(found, [Rule::UnsortedSet, Rule::SignedSortedForm]);
}

const AGAIN: Retry = Retry { times: 2, wait: 30 };

/// Loses the answer to the next request; gives what the request was.
fn lose(driven: &mut Driven) -> (MessageType, TransactionId, Nonce) {
    let request = driven.request();
    driven.machine.handle_no_answer("timeout", driven.now);
    seen(&request)
}

#[test]
fn after_a_lost_answer_to_the_request_a_new_transaction_begins() {
    let mut driven = Driven::new(Plan { recovery: Recovery::NewTransaction(AGAIN), ..plan() });
    let (first, id, nonce) = lose(&mut driven);
    assert_eq!(driven.machine.next_message(), MessageType::PkcsReq);
    let (second, new_id, new_nonce) = driven.answered(Outcome::Success, &[]);
    assert_eq!((first, second), (MessageType::PkcsReq, MessageType::PkcsReq));
    assert_eq!(driven.now, NOW.plus(30));
    assert!(id != new_id && nonce != new_nonce);
    assert!(matches!(driven.verdict(), Verdict::Issued { .. }));
    assert_eq!(driven.machine.lost(), 1);
}

#[test]
fn after_a_lost_answer_to_a_poll_a_new_transaction_begins_with_all_its_polls() {
    let mut driven = Driven::new(Plan { recovery: Recovery::NewTransaction(AGAIN), ..plan() });
    let (_, id, _) = driven.answered(Outcome::Pending, &[]);
    driven.answered(Outcome::Pending, &[]);
    assert_eq!(lose(&mut driven).0, MessageType::CertPoll);
    let (again, new_id, _) = driven.answered(Outcome::Pending, &[]);
    assert_eq!(again, MessageType::PkcsReq);
    assert_ne!(id, new_id);
    assert_eq!(driven.machine.polls(), 0);
    let (poll, poll_id, _) = driven.answered(Outcome::Success, &[]);
    assert_eq!((poll, poll_id), (MessageType::CertPoll, new_id));
}

#[test]
fn the_drafts_way_is_to_send_the_same_again_in_the_same_transaction() {
    let mut driven = Driven::new(Plan { recovery: Recovery::SameTransaction(AGAIN), ..plan() });
    let (request, id, nonce) = lose(&mut driven);
    let (again, again_id, again_nonce) = driven.answered(Outcome::Pending, &[]);
    assert_eq!((request, again, &id), (MessageType::PkcsReq, MessageType::PkcsReq, &again_id));
    assert_ne!(nonce, again_nonce);
    assert_eq!(lose(&mut driven).0, MessageType::CertPoll);
    let (poll, poll_id, _) = driven.answered(Outcome::Success, &[]);
    assert_eq!((poll, poll_id), (MessageType::CertPoll, id));
    assert_eq!((driven.machine.polls(), driven.now), (2, NOW.plus(30 + 60 + 30)));
}

#[rstest]
#[case::new(Recovery::NewTransaction(AGAIN))]
#[case::same(Recovery::SameTransaction(AGAIN))]
fn who_loses_one_answer_too_many_ends_without(#[case] recovery: Recovery) {
    let mut driven = Driven::new(Plan { recovery, ..plan() });
    for _ in 0..3 {
        assert_eq!(driven.machine.verdict(), None);
        lose(&mut driven);
    }
    assert_eq!(*driven.verdict(), Verdict::NoAnswer("timeout".to_owned()));
}

#[test]
fn a_lost_poll_is_not_repeated_beyond_the_limits() {
    let recovery = Recovery::SameTransaction(Retry { times: 9, wait: 30 });
    let mut driven = Driven::new(Plan { recovery, poll: PollPolicy { max_polls: 1, ..POLL }, ..plan() });
    driven.answered(Outcome::Pending, &[]);
    lose(&mut driven);
    assert_eq!(*driven.verdict(), Verdict::NoAnswer("timeout".to_owned()));
}

#[test]
fn polls_grow_apart_as_the_policy_says() {
    let poll = PollPolicy { back_off: BackOff { percent: 200, longest: 200 }, ..POLL };
    let mut driven = Driven::new(Plan { poll, ..plan() });
    driven.answered(Outcome::Pending, &[]);
    for at in [60, 180, 380] {
        driven.answered(Outcome::Pending, &[]);
        assert_eq!(driven.now, NOW.plus(at));
    }
    assert_eq!(*driven.verdict(), Verdict::StillPending { polls: 3 });
}

#[test]
fn a_resumed_transaction_goes_on_with_a_poll_under_its_old_name() {
    let id = TransactionId::of_key(&plan().spki, Digest::Sha1).unwrap();
    let mut driven = Driven::new(plan());
    driven.machine = Enrolment::resume(plan(), id.clone(), NOW.minus(500), NOW);
    let (poll, poll_id, _) = driven.answered(Outcome::Pending, &[]);
    assert_eq!((poll, poll_id), (MessageType::CertPoll, id));
    assert_eq!(driven.machine.verdict(), None);
    driven.answered(Outcome::Pending, &[]);
    assert_eq!(*driven.verdict(), Verdict::StillPending { polls: 2 }, "ten minutes since the request");
}

/// A plan whose signer holds a certificate of the CA for another key than the requested one.
fn renewal(request: RequestForm) -> Plan {
    let (ca, old) = (ca(0), key("pool-01"));
    let mut parts = CertificateParts::self_signed(&plan().subject, old.public(), vec![7], NOW);
    parts.issuer = ca.certificate.subject;
    let certificate = Certificate::from_der(&parts.write(&ca.key, &mut Faults::none()).unwrap()).unwrap();
    Plan { request, signer: Sender { certificate, key: old }, ..plan() }
}

#[rstest]
#[case::rfc(RequestForm::RenewalReq, MessageType::RenewalReq)]
#[case::drafts(RequestForm::PkcsReq, MessageType::PkcsReq)]
fn a_renewal_is_signed_and_opened_with_the_old_key(#[case] form: RequestForm, #[case] sent: MessageType) {
    let mut driven = Driven::new(renewal(form));
    let request = driven.request();
    assert_eq!(seen(&request).0, sent);
    let message = PkiMessage::read(&request.body).unwrap().value;
    assert!(message.verify(key("pool-01").public()).holds());
    driven.machine.handle(&answer(&request, Outcome::Success, &[]), NOW);
    let Verdict::Issued { certificate, .. } = driven.verdict() else { panic!("{:?}", driven.verdict()) };
    assert_eq!(certificate.spki, key("pool-00").public().spki());
}

#[test]
fn a_signer_that_may_not_sign_is_taken_and_reported() {
    let mut plan = plan();
    plan.ca.certificates = vec![ca(KeyUsage::KEY_CERT_SIGN | KeyUsage::KEY_ENCIPHERMENT).certificate];
    let mut driven = Driven::new(plan);
    driven.answered(Outcome::Success, &[]);
    assert!(matches!(driven.verdict(), Verdict::Issued { .. }), "{:?}", driven.verdict());
    assert_eq!(driven.machine.findings()[0].rule, Rule::SignerKeyUsage);
}

#[rstest]
#[case::longer_than_the_interval("200", Some(200))]
#[case::shorter_than_the_interval("5", Some(60))]
#[case::beyond_the_time_for_polling("601", None)]
fn a_poll_that_the_server_is_too_busy_for_is_made_again_when_it_says(
    #[case] seconds: &str,
    #[case] waits: Option<u64>,
) {
    let mut rng = rng();
    let mut machine = Enrolment::new(plan(), NOW, &mut rng);
    let none = &mut Faults::none();
    let Ok(Step::Send(request)) = machine.poll(NOW, none, &mut rng) else { panic!("no request") };
    machine.handle(&answer(&request, Outcome::Pending, &[]), NOW);
    let at = NOW.plus(60);
    let Ok(Step::Send(poll)) = machine.poll(at, none, &mut rng) else { panic!("no poll") };
    let mut busy = HttpResponse::error(503, "busy");
    busy.headers.push(("retry-after".to_owned(), seconds.to_owned()));
    machine.handle(&busy, at);
    match (machine.poll(at, none, &mut rng).unwrap(), waits) {
        (Step::Wait(until), Some(seconds)) => {
            assert_eq!(until, at.plus(seconds));
            let Ok(Step::Send(again)) = machine.poll(until, none, &mut rng) else { panic!("no poll") };
            let (first, second) = (seen(&poll), seen(&again));
            assert_eq!((first.0, &first.1), (second.0, &second.1), "the same transaction");
            assert_ne!(first.2, second.2, "a fresh nonce");
        }
        (Step::Done(verdict), None) => assert_eq!(*verdict, Verdict::StillPending { polls: 1 }),
        (step, _) => panic!("{step:?}"),
    }
}

#[test]
fn a_request_that_the_server_is_too_busy_for_is_over() {
    let mut rng = rng();
    let mut machine = Enrolment::new(plan(), NOW, &mut rng);
    let Ok(Step::Send(_)) = machine.poll(NOW, &mut Faults::none(), &mut rng) else { panic!("no request") };
    let mut busy = HttpResponse::error(503, "busy");
    busy.headers.push(("retry-after".to_owned(), "5".to_owned()));
    machine.handle(&busy, NOW);
    assert!(matches!(machine.verdict(), Some(Verdict::Rejected(_))));
}
