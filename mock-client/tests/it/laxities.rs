//! Every laxity against the answer or the server for which it makes a difference.

use mock_client::laxity::LAXITIES;
use mock_client::{Conduct, Contact, EnrolConfig, Enrolled, Exit, Fingerprint, Trust};
use rstest::rstest;
use scep::client::PollPolicy;
use scep::http::Method;
use scep::suite::Digest;

use crate::enrolment::{config, config_with, run};
use crate::service::{NOW, Service, key};

fn lax(ids: &[&str], service: &mut Service) -> (Enrolled, u64) {
    let conduct = Conduct::with_laxities(ids).unwrap();
    run(&config_with(Contact { conduct, ..Contact::default() }), service)
}

#[rstest]
#[case::http_status("http-status", "http.status-500")]
#[case::message_type("message-type", "attr.messageType.19")]
#[case::transaction_id("transaction-id", "attr.transactionID.other")]
#[case::recipient_nonce("recipient-nonce", "attr.recipientNonce.flip")]
#[case::message_digest("message-digest", "attr.messageDigest.flip")]
#[case::message_signature("message-signature", "signer.signature.flip-bit")]
#[case::md5("md5", "signer.digest.md5")]
#[case::certificate_key("certificate-key", "issue.other-key")]
fn a_skipped_check_installs_what_the_others_do_not_notice(#[case] laxity: &str, #[case] fault: &str) {
    let (strict, _) = lax(&[], &mut Service::new().with_faults(fault, "CertRep"));
    assert_eq!((strict.exit, strict.certificate), (Exit::Rejected, None));
    let (lax_one, _) = lax(&[laxity], &mut Service::new().with_faults(fault, "CertRep"));
    assert_eq!(lax_one.exit, Exit::Done, "{:?}", lax_one.ended);
    assert!(lax_one.certificate.is_some());
    for other in
        ["http-status", "recipient-nonce", "message-signature"].iter().filter(|other| **other != laxity)
    {
        let (with_other, _) = lax(&[other], &mut Service::new().with_faults(fault, "CertRep"));
        assert_eq!(with_other.exit, Exit::Rejected, "{other} does not cover {fault}");
    }
}

#[test]
fn single_des_is_taken_only_when_told_so() {
    let legacy = || Service { legacy: true, ..Service::new() };
    let (strict, _) = lax(&[], &mut legacy().with_faults("envelope.cipher.des", "CertRep"));
    assert_eq!((strict.exit, strict.certificate), (Exit::Rejected, None));
    let (lax_one, _) = lax(&["single-des"], &mut legacy().with_faults("envelope.cipher.des", "CertRep"));
    assert_eq!(lax_one.exit, Exit::Done, "{:?}", lax_one.ended);
}

#[test]
fn the_fingerprint_counts_unless_it_is_skipped() {
    let trust = Trust::Fingerprint(Fingerprint::parse(&"00".repeat(20)).unwrap());
    for (laxities, exit) in [(&[][..], Exit::Untrusted), (&["ca-fingerprint"], Exit::Done)] {
        let conduct = Conduct::with_laxities(laxities).unwrap();
        let (enrolled, _) = run(
            &config_with(Contact { trust: trust.clone(), conduct, ..Contact::default() }),
            &mut Service::new(),
        );
        assert_eq!(enrolled.exit, exit);
    }
}

#[test]
fn an_ra_that_the_ca_did_not_certify_is_believed_only_when_the_chain_is_skipped() {
    let trust = Trust::Certificates(vec![Service::new().ca.certificate]);
    for (laxities, installed) in [(&[][..], false), (&["ca-chain"], true)] {
        let conduct = Conduct::with_laxities(laxities).unwrap();
        let config = config_with(Contact { trust: trust.clone(), conduct, ..Contact::default() });
        let (enrolled, _) = run(&config, &mut Service::new().with_ra("pool-00"));
        assert_eq!(enrolled.certificate.is_some(), installed, "{:?}", enrolled.ended);
    }
}

#[test]
fn poll_limit_polls_on() {
    let (enrolled, _) = lax(&["poll-limit"], &mut Service { pending: 7, ..Service::new() });
    assert_eq!((enrolled.exit, enrolled.polls), (Exit::Done, 7));
}

#[test]
fn stop_after_pending_sends_no_poll_and_does_not_wait() {
    let mut service = Service { pending: 1, ..Service::new() };
    let (enrolled, waited) = lax(&["stop-after-pending"], &mut service);
    assert_eq!((enrolled.exit, enrolled.polls, waited), (Exit::Pending, 0, 0));
    assert_eq!(service.log(), ["GetCACaps", "GetCACert", "PKCSReq"]);
}

#[test]
fn poll_new_transaction_asks_about_what_nobody_sent() {
    let mut service = Service { pending: 1, ..Service::new() };
    let (enrolled, _) = lax(&["poll-new-transaction"], &mut service);
    let messages = service.messages();
    assert_ne!(messages[0].transaction_id, messages[1].transaction_id);
    assert_eq!(enrolled.exit, Exit::Refused);
}

#[test]
fn poll_same_nonce_repeats_the_nonce_and_still_enrols() {
    let mut service = Service { pending: 1, ..Service::new() };
    let (enrolled, _) = lax(&["poll-same-nonce"], &mut service);
    let messages = service.messages();
    assert_eq!(messages[0].sender_nonce, messages[1].sender_nonce);
    assert_eq!(enrolled.exit, Exit::Done);
}

#[test]
fn get_always_sends_by_get_what_may_go_by_post() {
    let mut service = Service::new();
    let (enrolled, _) = lax(&["get-always"], &mut service);
    assert_eq!((enrolled.exit, service.seen[2].method), (Exit::Done, Method::Get));
}

#[test]
fn ignore_caps_posts_to_a_server_that_announces_nothing() {
    let mut service = Service { capabilities: Vec::new(), ..Service::new() };
    lax(&["ignore-caps"], &mut service);
    assert_eq!((service.seen[2].method, service.messages()[0].digest), (Method::Post, Some(Digest::Sha256)));
}

fn refusing() -> Service {
    Service { refuses: true, ..Service::new() }
}

fn wrong_nonce() -> Service {
    Service::new().with_faults("attr.recipientNonce.flip", "CertRep")
}

#[rstest]
#[case::failure(refusing())]
#[case::rejected(wrong_nonce())]
fn report_refusal_claims_success_and_installs_nothing(#[case] mut service: Service) {
    let (enrolled, _) = lax(&["report-refusal"], &mut service);
    assert_eq!((enrolled.exit, enrolled.certificate), (Exit::Done, None));
}

#[test]
fn discard_refused_installs_what_it_rejects() {
    let (enrolled, _) = lax(&["discard-refused"], &mut wrong_nonce());
    assert_eq!(enrolled.exit, Exit::Rejected);
    assert_eq!(enrolled.certificate.unwrap().spki, key("pool-05").public().spki());
    let (refused, _) = lax(&["discard-refused"], &mut refusing());
    assert_eq!((refused.exit, refused.certificate), (Exit::Refused, None));
}

#[test]
fn install_on_failure_installs_its_own_certificate() {
    let (enrolled, _) = lax(&["install-on-failure"], &mut refusing());
    assert_eq!(enrolled.exit, Exit::Refused);
    assert!(enrolled.certificate.unwrap().is_self_signed());
    let (rejected, _) = lax(&["install-on-failure"], &mut wrong_nonce());
    assert_eq!((rejected.exit, rejected.certificate), (Exit::Rejected, None));
}

#[test]
fn install_on_rejection_installs_its_own_certificate_and_says_what_happened() {
    let (enrolled, _) = lax(&["install-on-rejection"], &mut wrong_nonce());
    assert_eq!(enrolled.exit, Exit::Rejected);
    assert!(enrolled.certificate.unwrap().is_self_signed());
    let (refused, _) = lax(&["install-on-rejection"], &mut refusing());
    assert_eq!((refused.exit, refused.certificate), (Exit::Refused, None));
}

#[test]
fn discard_issued_and_exit_installed_tell_only_half_of_the_truth() {
    let (discarded, _) = lax(&["discard-issued"], &mut Service::new());
    assert_eq!((discarded.exit, discarded.certificate), (Exit::Done, None));
    let (lied, _) = lax(&["exit-installed"], &mut Service::new());
    assert_eq!((lied.exit, lied.certificate.is_some()), (Exit::Internal, true));
}

#[test]
fn no_laxity_changes_an_enrolment_that_goes_well_but_those_that_say_so() {
    let says_so = ["single-des", "discard-issued", "exit-installed"];
    for laxity in LAXITIES.iter().filter(|laxity| !says_so.contains(&laxity.id)) {
        let mut service = Service { pending: 0, ..Service::at(NOW) };
        let (enrolled, _) = lax(&[laxity.id], &mut service);
        assert_eq!(enrolled.exit, Exit::Done, "{}: {:?}", laxity.id, enrolled.ended);
        assert!(enrolled.certificate.is_some(), "{}", laxity.id);
    }
}

#[test]
fn a_poll_limit_of_nothing_is_kept_by_the_right_client() {
    let poll = PollPolicy { max_polls: 0, ..config().poll };
    let (enrolled, _) = run(&EnrolConfig { poll, ..config() }, &mut Service { pending: 1, ..Service::new() });
    assert_eq!(enrolled.exit, Exit::Pending);
}
