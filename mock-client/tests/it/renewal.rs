//! Renewal in both forms, elliptic curves, old algorithms, other algorithms, and going on after an
//! interruption, by library call.

use mock_client::{
    CaIdentifier, Choice, Contact, EnrolConfig, Exit, Form, Identifier, Journal, KeyKind, Line, ManualClock,
    Progress, Signer, Transport, TransportError, Wanted, enroll, identity,
};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use rstest::rstest;
use scep::attribute::{FailInfo, MessageType, TransactionId};
use scep::caps::Capabilities;
use scep::client::{Edition, Recovery, RequestForm, Retry, Verdict};
use scep::http::{HttpRequest, HttpResponse};
use scep::key::PrivateKey;
use scep::message::Sender;
use scep::suite::{Cipher, Digest};

use crate::enrolment::{config, config_with, run};
use crate::service::{NOW, Service, key};

/// A server that announces RenewalReq, and the sender that it has certified.
fn enrolled(key: PrivateKey) -> (Service, Sender) {
    let mut service = Service::new();
    service.capabilities.push("Renewal");
    let (first, _) = run(&EnrolConfig { key: key.clone(), ..config() }, &mut service);
    let certificate = first.certificate.unwrap_or_else(|| panic!("{:?}", first.ended));
    (service, Sender { certificate, key })
}

fn renewing(old: &Sender, key: PrivateKey) -> EnrolConfig {
    EnrolConfig { key, signer: Signer::Given(Box::new(old.clone())), challenge: None, ..config() }
}

#[rstest]
#[case::new_key("pool-06")]
#[case::same_key("pool-05")]
fn a_renewal_is_a_renewalreq_signed_with_the_old_certificate(#[case] new: &str) {
    let (mut service, old) = enrolled(key("pool-05"));
    let (renewed, _) = run(&renewing(&old, key(new)), &mut service);
    assert_eq!(renewed.exit, Exit::Done, "{:?}", renewed.ended);
    assert_eq!(renewed.form, Some(RequestForm::RenewalReq));
    assert_eq!(service.messages().last().unwrap().message_type, Some(MessageType::RenewalReq));
    let certificate = renewed.certificate.unwrap();
    assert_eq!(certificate.spki, key(new).public().spki());
    assert_ne!(certificate.serial, old.certificate.serial);
    assert_eq!(renewed.signer.unwrap(), old.certificate);
}

#[test]
fn without_the_keyword_the_old_form_renews() {
    let (mut service, old) = enrolled(key("pool-05"));
    service.capabilities.retain(|keyword| *keyword != "Renewal");
    let (renewed, _) = run(&renewing(&old, key("pool-06")), &mut service);
    assert_eq!((renewed.exit, renewed.form), (Exit::Done, Some(RequestForm::PkcsReq)));
    assert_eq!(renewed.signer.unwrap(), old.certificate);
}

#[test]
fn a_form_that_the_user_chose_goes_before_what_is_announced() {
    let (mut service, old) = enrolled(key("pool-05"));
    service.refuses_renewal_req = true;
    let chosen = |form| EnrolConfig { form: Form::Always(form), ..renewing(&old, key("pool-06")) };
    let (refused, _) = run(&chosen(RequestForm::RenewalReq), &mut service);
    assert!(matches!(refused.ended, Ok(Verdict::Refused { fail_info: Some(FailInfo::BadRequest), .. })));
    let (renewed, _) = run(&chosen(RequestForm::PkcsReq), &mut service);
    assert_eq!(renewed.exit, Exit::Done, "{:?}", renewed.ended);
}

#[rstest]
#[case::p256("p-256")]
#[case::p384("p-384")]
#[case::p521("p-521")]
fn a_key_on_a_curve_enrols_and_renews_with_the_challenge_as_password(#[case] kind: &str) {
    let make = || identity::generate_key(KeyKind::parse(kind).unwrap()).unwrap();
    let (mut service, old) = enrolled(make());
    let challenge = config().challenge;
    let (renewed, _) = run(&EnrolConfig { challenge, ..renewing(&old, make()) }, &mut service);
    assert_eq!(renewed.exit, Exit::Done, "{:?}", renewed.ended);
}

#[rstest]
#[case::des(Cipher::Des)]
#[case::triple_des(Cipher::Des3)]
#[case::blowfish(Cipher::Blowfish)]
#[case::aes128(Cipher::Aes128)]
#[case::aes192(Cipher::Aes192)]
#[case::aes256(Cipher::Aes256)]
fn r10_every_cipher_enrols_where_it_is_chosen(#[case] cipher: Cipher) {
    let choice = Choice { cipher: Some(cipher), ..Choice::default() };
    let mut service = Service { legacy: true, ..Service::new() };
    let (enrolled, _) = run(&config_with(Contact { choice, ..Contact::default() }), &mut service);
    assert_eq!((enrolled.exit, enrolled.suite.unwrap().cipher), (Exit::Done, cipher), "{:?}", enrolled.ended);
}

#[rstest]
#[case::md5(Digest::Md5)]
#[case::sha1(Digest::Sha1)]
#[case::sha224(Digest::Sha224)]
#[case::sha256(Digest::Sha256)]
#[case::sha384(Digest::Sha384)]
#[case::sha512(Digest::Sha512)]
fn r10_every_digest_enrols_where_it_is_chosen(#[case] digest: Digest) {
    let choice = Choice { digest: Some(digest), ..Choice::default() };
    let mut service = Service { legacy: true, ..Service::new() };
    let (enrolled, _) = run(&config_with(Contact { choice, ..Contact::default() }), &mut service);
    assert_eq!(enrolled.exit, Exit::Done, "{:?}", enrolled.ended);
    assert_eq!(service.messages()[0].digest, Some(digest));
}

#[test]
fn single_des_and_md5_are_the_last_resort_for_a_server_that_is_declared_old() {
    let old = Contact { edition: Edition::Nourse, ..Contact::default() };
    let mut service = Service { legacy: true, capabilities: Vec::new(), ..Service::new() };
    let (enrolled, _) = run(&config_with(old.clone()), &mut service);
    let suite = enrolled.suite.unwrap();
    assert_eq!((enrolled.exit, suite.cipher, suite.digest), (Exit::Done, Cipher::Des, Digest::Md5));
    let suite = old.negotiate(&Capabilities::new(&["SCEPStandard"])).suite;
    assert_eq!((suite.cipher, suite.digest), (Cipher::Aes128, Digest::Sha256));
}

#[test]
fn the_identifier_of_the_ca_goes_along_with_every_ca_query() {
    struct Recording(Service, Vec<String>);
    impl Transport for Recording {
        fn send(&mut self, request: &HttpRequest) -> Result<HttpResponse, TransportError> {
            self.1.push(request.query.clone());
            self.0.send(request)
        }
    }
    let contact = Contact {
        ca_identifier: Some(CaIdentifier { text: "my CA/2 & more".to_owned(), with_capabilities: true }),
        ..Contact::default()
    };
    let mut recording = Recording(Service::new(), Vec::new());
    run(&config_with(contact), &mut recording);
    let ident = "&message=my%20CA%2F2%20%26%20more";
    assert_eq!(recording.1[0], format!("operation=GetCACaps{ident}"));
    assert_eq!(recording.1[1], format!("operation=GetCACert{ident}"));
    assert_eq!(recording.1[2], "operation=PKIOperation");
}

/// Keeps every note, with what the server had seen by then.
#[derive(Default)]
struct Notes(Vec<Progress>);

impl Journal for Notes {
    fn note(&mut self, progress: &Progress) -> Result<(), String> {
        self.0.push(progress.clone());
        Ok(())
    }
}

#[test]
fn an_interrupted_enrolment_goes_on_with_a_poll_under_the_same_transaction() {
    let mut service = Service { pending: 5, ..Service::new() };
    let mut notes = Notes::default();
    let clock = ManualClock::at(NOW);
    let mut rng = ChaCha20Rng::from_seed([5; 32]);
    let line = &mut Line { transport: &mut service, clock: &clock, rng: &mut rng };
    let first = enroll(&config(), &mut notes, line);
    assert_eq!(first.exit, Exit::Pending);
    assert_eq!(notes.0.iter().map(|note| note.is_pending).collect::<Vec<_>>(), [false, true, true, true]);

    let left = notes.0.pop().unwrap();
    service.pending = 0;
    service.seen.clear();
    let signer = Sender { certificate: left.signer, key: key("pool-05") };
    let resumed = EnrolConfig {
        wanted: Wanted::Csr(left.csr),
        signer: Signer::Given(Box::new(signer)),
        form: Form::Always(left.form),
        identifier: Identifier::Resumed { transaction_id: left.transaction_id.clone(), started: NOW },
        ..config()
    };
    let (second, _) = run(&resumed, &mut service);
    assert_eq!(second.exit, Exit::Done, "{:?}", second.ended);
    assert_eq!(service.log(), ["GetCACaps", "GetCACert", "CertPoll"]);
    assert_eq!(service.messages()[0].transaction_id, Some(left.transaction_id));
}

#[test]
fn nothing_is_sent_when_its_note_could_not_be_kept() {
    struct Full;
    impl Journal for Full {
        fn note(&mut self, _: &Progress) -> Result<(), String> {
            Err("the disk is full".to_owned())
        }
    }
    let mut service = Service::new();
    let (clock, mut rng) = (ManualClock::at(NOW), ChaCha20Rng::from_seed([5; 32]));
    let line = &mut Line { transport: &mut service, clock: &clock, rng: &mut rng };
    let enrolled = enroll(&config(), &mut Full, line);
    assert_eq!(enrolled.exit, Exit::Files);
    assert_eq!(service.log(), ["GetCACaps", "GetCACert"]);
}

#[test]
fn the_same_key_has_the_same_transaction_where_the_user_wants_it_so() {
    let config = EnrolConfig { identifier: Identifier::OfKey(Digest::Md5), ..config() };
    let (enrolled, _) = run(&config, &mut Service::new());
    let expected = TransactionId::of_key(key("pool-05").public().spki(), Digest::Md5).unwrap();
    assert_eq!(enrolled.transaction_id, Some(expected));
}

#[test]
fn a_lost_answer_is_followed_by_a_new_transaction_that_is_noted_first() {
    struct LosesFirst(Service, bool);
    impl Transport for LosesFirst {
        fn send(&mut self, request: &HttpRequest) -> Result<HttpResponse, TransportError> {
            let answer = self.0.send(request);
            if request.query.contains("PKIOperation") && !std::mem::replace(&mut self.1, true) {
                let kind = mock_client::TransportErrorKind::Closed;
                return Err(TransportError { kind, detail: "by the test".to_owned() });
            }
            answer
        }
    }
    let config = EnrolConfig { recovery: Recovery::NewTransaction(Retry { times: 1, wait: 60 }), ..config() };
    let mut transport = LosesFirst(Service::new(), false);
    let (clock, mut rng) = (ManualClock::at(NOW), ChaCha20Rng::from_seed([5; 32]));
    let mut notes = Notes::default();
    let line = &mut Line { transport: &mut transport, clock: &clock, rng: &mut rng };
    let enrolled = enroll(&config, &mut notes, line);
    assert_eq!(enrolled.exit, Exit::Done, "{:?}", enrolled.ended);
    let ids: Vec<_> = transport.0.messages().into_iter().map(|m| m.transaction_id.unwrap()).collect();
    assert_eq!(ids.len(), 2);
    assert_ne!(ids[0], ids[1]);
    assert_eq!(notes.0.iter().map(|note| note.transaction_id.clone()).collect::<Vec<_>>(), ids);
}

#[test]
fn a_given_request_is_sent_as_it_is_and_one_for_another_key_is_not_sent() {
    use scep::csr::CsrParts;
    let subject = scep::name::parse("CN=mine").unwrap();
    let csr = |own: &str| {
        let own = key(own);
        let parts = CsrParts::new(&subject, own.public(), Some(crate::service::CHALLENGE));
        parts.write(&own, &mut scep::fault::Faults::none()).unwrap()
    };
    let with = |der| EnrolConfig { wanted: Wanted::Csr(der), challenge: None, ..config() };
    let mut service = Service::new();
    let (enrolled, _) = run(&with(csr("pool-05")), &mut service);
    assert_eq!(enrolled.certificate.unwrap().subject_text(), "CN=mine");
    let (refused, _) = run(&with(csr("pool-06")), &mut Service::new());
    assert_eq!(refused.exit, Exit::Internal);
    assert!(refused.ended.unwrap_err().to_string().contains("for another key"));
}
