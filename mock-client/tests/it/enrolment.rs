//! Enrolments by library call, under a clock that stands still until somebody waits.

use mock_client::{
    Challenge, Clock as _, Contact, EnrolConfig, Enrolled, Exit, Failure, Fingerprint, Form, Identifier,
    Line, ManualClock, NoJournal, Signer, Transport, TransportError, TransportErrorKind, Trust, Wanted,
    enroll,
};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use rstest::rstest;
use scep::attribute::{FailInfo, MessageType};
use scep::certificate::Extension;
use scep::client::{BackOff, PollPolicy, Recovery, Verdict};
use scep::http::{HttpRequest, HttpResponse, Method};
use scep::suite::Digest;

use crate::service::{CHALLENGE, NOW, Service, key, script};

pub(crate) fn config() -> EnrolConfig {
    EnrolConfig {
        contact: Contact::default(),
        key: key("pool-05"),
        wanted: Wanted::Parts {
            subject: scep::name::parse("CN=dev1,O=lab").unwrap(),
            extensions: vec![Extension::dns_names(&["dev1.example.org"])],
        },
        challenge: Some(Challenge::new(CHALLENGE)),
        signer: Signer::SelfSigned,
        form: Form::Negotiated,
        identifier: Identifier::Random,
        ca: None,
        poll: PollPolicy { interval: 3_600, max_polls: 3, max_seconds: 86_400, back_off: BackOff::NONE },
        recovery: Recovery::End,
    }
}

/// The same, with another contact.
pub(crate) fn config_with(contact: Contact) -> EnrolConfig {
    EnrolConfig { contact, ..config() }
}

/// Trusts as it is told.
pub(crate) fn trusting(trust: Trust) -> Contact {
    Contact { trust, ..Contact::default() }
}

/// Enrols and says how much time went by.
pub(crate) fn run(config: &EnrolConfig, transport: &mut dyn Transport) -> (Enrolled, u64) {
    let clock = ManualClock::at(NOW);
    let rng = &mut ChaCha20Rng::from_seed([5; 32]);
    let enrolled = enroll(config, &mut NoJournal, &mut Line { transport, clock: &clock, rng });
    (enrolled, clock.now().0 - NOW.0)
}

#[test]
fn a_request_with_the_right_challenge_is_granted_by_post() {
    let mut service = Service::new();
    let (enrolled, waited) = run(&config(), &mut service);
    assert!(matches!(enrolled.ended, Ok(Verdict::Issued { .. })), "{:?}", enrolled.ended);
    assert_eq!(enrolled.certificate.unwrap().spki, key("pool-05").public().spki());
    assert_eq!((enrolled.exit, enrolled.polls, waited), (Exit::Done, 0, 0));
    assert_eq!(service.log(), ["GetCACaps", "GetCACert", "PKCSReq"]);
    let methods: Vec<Method> = service.seen.iter().map(|seen| seen.method).collect();
    assert_eq!(methods, [Method::Get, Method::Get, Method::Post]);
    assert_eq!(enrolled.transaction_id, service.messages()[0].transaction_id);
}

#[test]
fn without_the_keyword_the_message_goes_by_get() {
    let mut service = Service { capabilities: vec!["AES", "SHA-256"], ..Service::new() };
    let (enrolled, _) = run(&config(), &mut service);
    assert_eq!(enrolled.exit, Exit::Done);
    assert!(service.seen.iter().all(|seen| seen.method == Method::Get));
}

#[rstest]
#[case::error("http.status-500")]
#[case::empty("http.body.empty")]
#[case::html("http.body.html")]
fn without_capabilities_the_oldest_algorithms_are_used(#[case] fault: &str) {
    let mut service = Service::new().with_faults(fault, "GetCACaps");
    let (enrolled, _) = run(&config(), &mut service);
    assert_eq!(enrolled.exit, Exit::Done, "{:?}", enrolled.ended);
    assert_eq!((service.seen[2].method, service.messages()[0].digest), (Method::Get, Some(Digest::Sha1)));
}

#[test]
fn pending_is_polled_until_success_without_real_time() {
    let mut service = Service { pending: 2, ..Service::new() };
    let (enrolled, waited) = run(&config(), &mut service);
    assert_eq!((enrolled.exit, enrolled.polls, waited), (Exit::Done, 2, 7_200));
    assert_eq!(service.log(), ["GetCACaps", "GetCACert", "PKCSReq", "CertPoll", "CertPoll"]);
    let messages = service.messages();
    assert!(messages.iter().all(|message| message.transaction_id == enrolled.transaction_id));
    assert!(
        messages[0].sender_nonce != messages[1].sender_nonce
            && messages[1].sender_nonce != messages[2].sender_nonce
    );
}

#[rstest]
#[case::number(PollPolicy { max_polls: 2, ..config().poll }, 2)]
#[case::time(PollPolicy { max_seconds: 4_000, ..config().poll }, 1)]
fn polling_has_an_end(#[case] poll: PollPolicy, #[case] polls: u32) {
    let mut service = Service { pending: 99, ..Service::new() };
    let (enrolled, waited) = run(&EnrolConfig { poll, ..config() }, &mut service);
    assert!(matches!(enrolled.ended, Ok(Verdict::StillPending { .. })));
    assert_eq!((enrolled.exit, enrolled.polls, waited), (Exit::Pending, polls, 3_600 * u64::from(polls)));
    assert!(enrolled.certificate.is_none());
}

#[test]
fn a_refusal_is_reported_with_the_servers_reason() {
    let config = EnrolConfig { challenge: None, ..config() };
    let (enrolled, _) = run(&config, &mut Service::new());
    let Ok(Verdict::Refused { fail_info, .. }) = enrolled.ended else { panic!("{:?}", enrolled.ended) };
    assert_eq!((fail_info, enrolled.exit), (Some(FailInfo::BadRequest), Exit::Refused));
    assert!(enrolled.certificate.is_none());
}

#[test]
fn a_refusal_after_pending_ends_the_polling() {
    let mut service = Service { pending: 1, refuses: true, ..Service::new() };
    let (enrolled, _) = run(&config(), &mut service);
    assert_eq!((enrolled.exit, enrolled.polls), (Exit::Refused, 1));
}

#[test]
fn an_ra_is_written_to_and_believed_when_the_ca_certified_it() {
    let mut service = Service::new().with_ra("ca-rsa");
    let trust = Trust::Fingerprint(Fingerprint::of(&service.ca.certificate, Digest::Sha256).unwrap());
    let (enrolled, _) = run(&config_with(trusting(trust)), &mut service);
    assert_eq!(enrolled.exit, Exit::Done, "{:?}", enrolled.ended);
    assert_eq!(enrolled.warnings, Vec::<String>::new());
}

#[test]
fn nothing_is_sent_to_a_ca_that_is_not_the_one_to_trust() {
    let mut service = Service::new();
    let trust = Trust::Fingerprint(Fingerprint::parse(&"00".repeat(32)).unwrap());
    let (enrolled, _) = run(&config_with(trusting(trust)), &mut service);
    assert!(matches!(enrolled.ended, Err(Failure::Untrusted(_))), "{:?}", enrolled.ended);
    assert_eq!(enrolled.exit, Exit::Untrusted);
    assert_eq!(service.log(), ["GetCACaps", "GetCACert"]);
}

#[rstest]
#[case::error("http.status-404")]
#[case::html("http.body.html")]
#[case::empty("http.body.empty")]
fn an_unusable_ca_certificate_is_the_servers_fault(#[case] fault: &str) {
    let (enrolled, _) = run(&config(), &mut Service::new().with_faults(fault, "GetCACert"));
    assert!(matches!(enrolled.ended, Err(Failure::Answer { .. })), "{:?}", enrolled.ended);
    assert_eq!(enrolled.exit, Exit::Rejected);
}

/// A line that breaks before the nth request.
struct Breaking {
    service: Service,
    good: usize,
}

impl Transport for Breaking {
    fn send(&mut self, request: &HttpRequest) -> Result<HttpResponse, TransportError> {
        if self.service.seen.len() == self.good {
            return Err(TransportError {
                kind: TransportErrorKind::Closed,
                detail: "by the test".to_owned(),
            });
        }
        self.service.send(request)
    }
}

#[rstest]
#[case::first_query(0)]
#[case::second_query(1)]
#[case::request(2)]
#[case::poll(3)]
fn a_broken_line_is_no_answer_at_any_point(#[case] good: usize) {
    let service = Service { pending: 9, ..Service::new() };
    let (enrolled, _) = run(&config(), &mut Breaking { service, good });
    assert_eq!(enrolled.exit, Exit::Network, "{:?}", enrolled.ended);
    assert!(enrolled.certificate.is_none());
}

#[rstest]
#[case::message("attr.senderNonce.remove", "PKCSReq", 1)]
#[case::request("csr.challenge.other", "PKCSReq", 1)]
#[case::signer("certificate.no-key-usage", "PKCSReq", 1)]
#[case::transport("http.other-method", "PKCSReq", 1)]
#[case::poll("attr.messageType.99", "CertPoll", 1)]
#[case::query("query.get-operation-case", "GetCACaps", 1)]
#[case::other_query("query.ca-identifier", "GetCACert", 1)]
#[case::not_there("attr.failInfo.remove", "PKCSReq", 0)]
fn each_fault_changes_the_message_that_it_is_for(
    #[case] fault: &str,
    #[case] message: &str,
    #[case] times: u32,
) {
    let config = config_with(Contact { faults: script(fault, message), ..Contact::default() });
    let (enrolled, _) = run(&config, &mut Service { pending: 1, ..Service::new() });
    assert_eq!(enrolled.delivered.get(fault).copied().unwrap_or_default(), times, "{:?}", enrolled.ended);
}

#[test]
fn a_fault_on_polls_leaves_the_request_alone() {
    let mut service = Service { pending: 1, ..Service::new() };
    let config = EnrolConfig {
        contact: Contact { faults: script("attr.transactionID.other", "CertPoll"), ..Contact::default() },
        poll: PollPolicy { interval: 0, ..config().poll },
        ..config()
    };
    let (enrolled, _) = run(&config, &mut service);
    let messages = service.messages();
    assert_eq!(messages[0].transaction_id, enrolled.transaction_id);
    assert_eq!(messages[1].message_type, Some(MessageType::CertPoll));
    assert_ne!(messages[1].transaction_id, enrolled.transaction_id);
    assert_eq!(enrolled.exit, Exit::Rejected, "the server echoes what it was sent");
}

/// Keeps the requests as they go out.
struct Recording(Service, Vec<HttpRequest>);

impl Transport for Recording {
    fn send(&mut self, request: &HttpRequest) -> Result<HttpResponse, TransportError> {
        self.1.push(request.clone());
        self.0.send(request)
    }
}

#[test]
fn the_same_seed_and_key_give_the_same_octets() {
    let mut requests = [(); 2].map(|()| {
        let mut recording = Recording(Service::new(), Vec::new());
        run(&config(), &mut recording);
        recording.1
    });
    assert_eq!(requests[0].len(), 3);
    assert_eq!(std::mem::take(&mut requests[0]), requests[1]);
}

#[test]
fn debug_of_a_configuration_shows_neither_key_nor_challenge() {
    let shown = format!("{:?}", config());
    assert!(!shown.contains(CHALLENGE) && shown.contains("redacted"), "{shown}");
}
