use rstest::rstest;
use scep::attribute::{FailInfo, MessageType, Text, TransactionId};
use scep::certificate::Certificate;
use scep::csr::{Csr, CsrParts};
use scep::fault::Faults;
use scep::key::PrivateKey;
use scep::server::renewal::{Standing, Validity};
use scep::server::transaction::Identity;
use scep::tlv::{Source, tag};
use scep::{UnixTime, name};

use super::{
    Ask, Challenge, Checks, Claims, Credential, Decision, Facts, Mode, OneTime, Policy, Record, Renewal,
    RenewalMode, Signer, WithoutChallenge, decide, digest,
};
use crate::transaction::{State, Transaction};

/// A decision in one word.
fn word(decision: &Decision) -> &'static str {
    match decision {
        Decision::Grant(_) => "grant",
        Decision::Pending(_) => "pending",
        Decision::Refuse(refusal) => match refusal.fail_info {
            FailInfo::BadRequest => "badRequest",
            FailInfo::BadCertId => "badCertId",
            other => other.name(),
        },
    }
}

fn key(name: &str) -> PrivateKey {
    PrivateKey::from_pem(scep_vectors::keys::named(name).unwrap().pem.as_bytes()).unwrap()
}

fn csr(key_name: &str, challenge: Option<&str>) -> Csr {
    let key = key(key_name);
    let parts = CsrParts::new(&name::parse("CN=dev1").unwrap(), key.public(), challenge);
    Csr::read(Source::message_data(&parts.write(&key, &mut Faults::none()).unwrap())).unwrap().value
}

fn policy() -> Policy {
    Policy { challenge: Challenge::new("secret"), ..Policy::default() }
}

/// A PKCSReq for the request, signed with the same key.
fn identity(csr: &Csr) -> Identity {
    let id = TransactionId::parse(b"1").unwrap();
    Identity::new(&id, MessageType::PkcsReq, &csr.spki, csr).unwrap()
}

fn transaction(state: State) -> Transaction {
    let csr = csr("pool-00", Some("secret"));
    let identity = identity(&csr);
    let id = identity.transaction_id.clone();
    Transaction { id, csr, identity, credential: Credential::Challenge, state, since: NOW, due: None }
}

const NOW: UnixTime = UnixTime(1_800_000_000);

/// Who signs with a certificate of his own making.
fn nobody() -> Signer {
    Signer {
        standing: Standing::SelfSigned,
        subject: name::parse("CN=dev1").unwrap(),
        serial: "01".to_owned(),
        expired_for: 0,
        record: Record::Unknown,
    }
}

/// Who signs with a good certificate of this CA.
fn client() -> Signer {
    Signer { standing: Standing::Issued(Validity::Valid), record: Record::Good, ..nobody() }
}

/// The decision on a request, all checks made.
fn enrol(csr: &Csr, known: Option<&Transaction>, policy: &Policy) -> Decision {
    let facts = Facts { known, signer: &nobody(), claims: &Claims::default(), now: NOW };
    decide(Ask::Enrol { csr, identity: &identity(csr) }, &facts, policy, &Checks::default())
}

/// The decision on a request that this signer signed.
fn renew(by: MessageType, challenge: Option<&str>, signer: &Signer, policy: &Policy) -> Decision {
    let csr = csr("pool-00", challenge);
    let identity = Identity::new(&TransactionId::parse(b"1").unwrap(), by, &csr.spki, &csr).unwrap();
    let facts = Facts { known: None, signer, claims: &Claims::default(), now: NOW };
    decide(Ask::Enrol { csr: &csr, identity: &identity }, &facts, policy, &Checks::default())
}

fn issued() -> State {
    let key = key("ca-rsa");
    let parts =
        scep::certificate::CertificateParts::self_signed(&[0x30, 0], key.public(), vec![1], UnixTime(0));
    State::Issued(Box::new(Certificate::from_der(&parts.write(&key, &mut Faults::none()).unwrap()).unwrap()))
}

#[rstest]
#[case::right(Some("secret"), Mode::Automatic, WithoutChallenge::Reject, "grant")]
#[case::wrong(Some("other"), Mode::Automatic, WithoutChallenge::Grant, "badRequest")]
#[case::none(None, Mode::Automatic, WithoutChallenge::Reject, "badRequest")]
#[case::none_waits(None, Mode::Automatic, WithoutChallenge::Pending, "pending")]
#[case::none_needed(None, Mode::Automatic, WithoutChallenge::Grant, "grant")]
#[case::right_waits(Some("secret"), Mode::Manual, WithoutChallenge::Reject, "pending")]
#[case::wrong_does_not_wait(Some("other"), Mode::Manual, WithoutChallenge::Pending, "badRequest")]
#[case::none_needed_waits(None, Mode::Manual, WithoutChallenge::Grant, "pending")]
fn a_first_request_is_decided_by_policy(
    #[case] challenge: Option<&str>,
    #[case] mode: Mode,
    #[case] without_challenge: WithoutChallenge,
    #[case] expected: &str,
) {
    let policy = Policy { mode, without_challenge, ..policy() };
    let decision = enrol(&csr("pool-00", challenge), None, &policy);
    assert_eq!(word(&decision), expected);
}

#[test]
fn the_string_type_of_the_challenge_does_not_matter() {
    let mut csr = csr("pool-00", None);
    let octets = "secret".encode_utf16().flat_map(u16::to_be_bytes).collect();
    csr.challenge = Some(Text { tag: tag::BMP_STRING, octets });
    assert_eq!(enrol(&csr, None, &policy()), Decision::Grant(Credential::Challenge));
}

#[rstest]
#[case::pending(State::Pending, "pool-00", Some("secret"), "grant")]
#[case::approved(State::Approved, "pool-00", Some("secret"), "grant")]
#[case::rejected(State::Rejected, "pool-00", Some("secret"), "badRequest")]
#[case::issued(issued(), "pool-00", Some("secret"), "grant")]
#[case::issued_but_wrong_challenge(issued(), "pool-00", Some("other"), "badRequest")]
#[case::issued_for_another_key(issued(), "pool-01", Some("secret"), "badRequest")]
#[case::pending_for_another_key(State::Pending, "pool-01", Some("secret"), "badRequest")]
fn a_repeated_request_fares_as_its_transaction_does(
    #[case] state: State,
    #[case] key: &str,
    #[case] challenge: Option<&str>,
    #[case] expected: &str,
) {
    let known = transaction(state);
    let decision = enrol(&csr(key, challenge), Some(&known), &policy());
    assert_eq!(word(&decision), expected);
}

#[test]
fn a_repeated_request_is_not_judged_again() {
    let csr = csr("pool-00", Some("once"));
    let identity = identity(&csr);
    let known = Transaction { csr: csr.clone(), identity: identity.clone(), ..transaction(issued()) };
    // Its challenge is nobody's any more, and its client is locked out.
    let claims = Claims { wrong_tries: 1000, ..Claims::default() };
    let facts = Facts { known: Some(&known), signer: &nobody(), claims: &claims, now: NOW };
    let ask = Ask::Enrol { csr: &csr, identity: &identity };
    assert_eq!(word(&decide(ask, &facts, &policy(), &Checks::default())), "grant");
}

#[test]
fn another_request_for_the_same_key_is_no_repeat() {
    let mut other = csr("pool-00", Some("secret"));
    let policy = Policy { without_challenge: WithoutChallenge::Grant, ..policy() };
    assert_eq!(word(&enrol(&other, Some(&transaction(issued())), &policy)), "grant");
    other = csr("pool-00", None);
    assert_eq!(word(&enrol(&other, Some(&transaction(issued())), &policy)), "badRequest");
}

#[test]
fn a_repeated_request_waits_until_the_operator_has_spoken() {
    let policy = Policy { mode: Mode::Manual, ..policy() };
    let repeat = |state| {
        let known = transaction(state);
        enrol(&csr("pool-00", Some("secret")), Some(&known), &policy)
    };
    assert_eq!(word(&repeat(State::Pending)), "pending");
    assert_eq!(word(&repeat(State::Approved)), "grant");
}

#[rstest]
#[case::unknown(None, "badCertId")]
#[case::pending(Some(State::Pending), "pending")]
#[case::approved(Some(State::Approved), "grant")]
#[case::rejected(Some(State::Rejected), "badRequest")]
#[case::issued(Some(issued()), "grant")]
fn a_poll_is_told_how_its_transaction_fares(#[case] state: Option<State>, #[case] expected: &str) {
    let known = state.map(transaction);
    for signer in ["pool-00", "pool-01"] {
        let key = key(signer);
        let ask = Ask::Poll { signer_key: key.public().spki() };
        let facts = Facts { known: known.as_ref(), signer: &nobody(), claims: &Claims::default(), now: NOW };
        assert_eq!(word(&decide(ask, &facts, &policy(), &Checks::default())), expected, "{signer}");
    }
}

#[test]
fn no_refusal_tells_the_challenge() {
    for challenge in [None, Some("offered-word")] {
        let decision = enrol(&csr("pool-00", challenge), None, &policy());
        let text = format!("{decision:?} {:?}", policy());
        assert!(!text.contains("secret") && !text.contains("offered-word"), "{text}");
    }
}

#[rstest]
#[case::good(client(), "grant")]
#[case::self_signed(nobody(), "badRequest")]
#[case::stranger(Signer { standing: Standing::Stranger, ..client() }, "badRequest")]
#[case::expired(Signer { standing: Standing::Issued(Validity::Expired), expired_for: 1, ..client() }, "badRequest")]
#[case::not_yet(Signer { standing: Standing::Issued(Validity::NotYet), ..client() }, "badRequest")]
#[case::revoked(Signer { record: Record::Revoked, ..client() }, "badRequest")]
#[case::the_authority_itself(Signer { record: Record::Unknown, ..client() }, "badRequest")]
#[case::other_subject(Signer { subject: name::parse("CN=dev2").unwrap(), ..client() }, "badRequest")]
fn a_renewal_stands_or_falls_with_its_signer(#[case] signer: Signer, #[case] expected: &str) {
    for challenge in [None, Some("secret")] {
        assert_eq!(word(&renew(MessageType::RenewalReq, challenge, &signer, &policy())), expected);
    }
}

#[test]
fn a_pkcs_req_without_challenge_renews_the_certificate_that_signed_it() {
    let renewed = renew(MessageType::PkcsReq, None, &client(), &policy());
    assert_eq!(renewed, Decision::Grant(Credential::Certificate { serial: "01".to_owned() }));
    let revoked = Signer { record: Record::Revoked, ..client() };
    assert_eq!(word(&renew(MessageType::PkcsReq, None, &revoked, &policy())), "badRequest");
    assert_eq!(word(&renew(MessageType::PkcsReq, Some("other"), &client(), &policy())), "badRequest");
}

#[rstest]
#[case::manual(Renewal { mode: RenewalMode::Manual, ..Renewal::default() }, client(), "pending")]
#[case::off(Renewal { mode: RenewalMode::Off, ..Renewal::default() }, client(), "badRequest")]
#[case::within_grace(
    Renewal { expired_days: 1, ..Renewal::default() },
    Signer { standing: Standing::Issued(Validity::Expired), expired_for: 86_400, ..client() },
    "grant"
)]
#[case::after_grace(
    Renewal { expired_days: 1, ..Renewal::default() },
    Signer { standing: Standing::Issued(Validity::Expired), expired_for: 86_401, ..client() },
    "badRequest"
)]
#[case::other_subject(
    Renewal { subject_change: true, ..Renewal::default() },
    Signer { subject: name::parse("CN=dev2").unwrap(), ..client() },
    "grant"
)]
fn policy_says_what_is_renewed(#[case] renewal: Renewal, #[case] signer: Signer, #[case] expected: &str) {
    let policy = Policy { renewal, ..policy() };
    assert_eq!(word(&renew(MessageType::RenewalReq, None, &signer, &policy)), expected);
}

#[test]
fn a_delayed_request_is_approved_by_time() {
    let policy = Policy { mode: Mode::Delayed, delay: 60, ..policy() };
    assert_eq!(word(&enrol(&csr("pool-00", Some("secret")), None, &policy)), "pending");
    let known = Transaction { due: Some(NOW.plus(60)), ..transaction(State::Pending) };
    let key = key("pool-00");
    let poll = |now| {
        let facts = Facts { known: Some(&known), signer: &nobody(), claims: &Claims::default(), now };
        decide(Ask::Poll { signer_key: key.public().spki() }, &facts, &policy, &Checks::default())
    };
    assert_eq!((word(&poll(NOW.plus(59))), word(&poll(NOW.plus(60)))), ("pending", "grant"));
}

#[rstest]
#[case::fresh(None, Some(NOW), "grant")]
#[case::too_old(None, Some(NOW.minus(1)), "badRequest")]
#[case::for_ever(None, None, "grant")]
#[case::spent_on_this_one(Some("31"), None, "grant")]
#[case::spent_on_another(Some("32"), None, "badRequest")]
fn a_one_time_challenge_is_right_for_one_transaction(
    #[case] spent: Option<&str>,
    #[case] expires: Option<UnixTime>,
    #[case] expected: &str,
) {
    let one_time = OneTime {
        digest: digest("once"),
        subject: None,
        expires: expires.map(|at| at.0),
        spent: spent.map(str::to_owned),
    };
    let claims = Claims { one_time: Some(one_time), ..Claims::default() };
    let csr = csr("pool-00", Some("once"));
    let facts = Facts { known: None, signer: &nobody(), claims: &claims, now: NOW };
    let ask = Ask::Enrol { csr: &csr, identity: &identity(&csr) };
    assert_eq!(word(&decide(ask, &facts, &policy(), &Checks::default())), expected);
}
