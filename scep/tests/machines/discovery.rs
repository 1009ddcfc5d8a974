//! What a client finds out about a CA over the link.

use rstest::rstest;
use scep::certificate::Certificate;
use scep::client::{Discovered, Discovery, DiscoveryPlan, DiscoveryVerdict, Fingerprint, Step, Suite, Trust};
use scep::http::Operation;
use scep::suite::{Cipher, Digest};

use crate::lab::{NOW, ca, issue, key, next_ca};
use crate::link::{Fate, Link};
use crate::server::{Operator, Server};

fn server() -> Server {
    Server::new(Operator::Automatic)
}

fn pinned(digest: Digest) -> Trust {
    Trust::Fingerprint(Fingerprint::of(&ca().certificate, digest).unwrap())
}

fn plan() -> DiscoveryPlan {
    DiscoveryPlan::new(pinned(Digest::Sha256))
}

/// The machine at its end, and what it asked.
fn discover(plan: DiscoveryPlan, server: Server, schedule: Vec<Fate>) -> (Discovery, Vec<Operation>) {
    let mut link = Link::new(server, schedule, NOW);
    let mut machine = Discovery::new(plan);
    let mut asked = Vec::new();
    loop {
        let operation = machine.operation();
        match machine.poll().unwrap() {
            Step::Send(request) => {
                asked.extend(operation);
                match link.send(&request) {
                    Some(response) => machine.handle(&response, link.now),
                    None => machine.handle_no_answer("timeout", link.now),
                }
            }
            Step::Wait(until) => panic!("{until}"),
            Step::Done(_) => return (machine, asked),
        }
    }
}

fn discovered(machine: &Discovery) -> Discovered {
    match machine.verdict() {
        Some(DiscoveryVerdict::Discovered(discovered)) => discovered.clone(),
        other => panic!("{other:?}"),
    }
}

#[rstest]
#[case::sha1(Digest::Sha1)]
#[case::sha256(Digest::Sha256)]
#[case::sha384(Digest::Sha384)]
#[case::sha512(Digest::Sha512)]
#[case::md5(Digest::Md5)]
fn a_ca_is_known_by_its_fingerprint_in_every_digest(#[case] digest: Digest) {
    let (machine, asked) = discover(DiscoveryPlan::new(pinned(digest)), server(), Vec::new());
    let discovered = discovered(&machine);
    assert_eq!(asked, [Operation::GetCaCaps, Operation::GetCaCert]);
    assert_eq!(discovered.ca.certificates, [ca().certificate]);
    assert!(discovered.capabilities.has("Renewal") && discovered.next_ca.is_none());
    assert_eq!((machine.findings(), machine.warnings()), (&[][..], &[][..]));
}

#[test]
fn another_ca_is_not_trusted() {
    let mut server = server();
    server.announced = vec![next_ca().certificate];
    let (machine, _) = discover(plan(), server, Vec::new());
    assert!(matches!(machine.verdict(), Some(DiscoveryVerdict::Untrusted(_))), "{:?}", machine.verdict());
}

#[rstest]
#[case::http_error(None, Vec::new())]
#[case::empty(Some(vec![]), Vec::new())]
#[case::closed(Some(vec!["AES"]), vec![Fate::RequestLost])]
fn without_an_answer_to_getcacaps_the_server_has_no_capability(
    #[case] capabilities: Option<Vec<&'static str>>,
    #[case] schedule: Vec<Fate>,
) {
    let mut server = server();
    server.capabilities = capabilities;
    let (machine, _) = discover(plan(), server, schedule);
    let discovered = discovered(&machine);
    assert_eq!(machine.warnings().len(), 1, "{:?}", machine.warnings());
    // Never single DES, never MD5 (RFC 8894 3.5.2).
    let suite = Suite::choose(&discovered.capabilities);
    assert_eq!((suite.cipher, suite.digest, suite.post), (Cipher::Des3, Digest::Sha1, false));
}

#[test]
fn without_an_answer_to_getcacert_there_is_nothing() {
    let (machine, _) = discover(plan(), server(), vec![Fate::Delivered(0), Fate::AnswerLost]);
    assert_eq!(machine.verdict(), Some(&DiscoveryVerdict::NoAnswer("timeout".to_owned())));
}

#[test]
fn what_is_no_certificate_is_rejected() {
    let mut machine = Discovery::new(plan());
    for body in [b"AES\n".to_vec(), b"<html>".to_vec()] {
        machine.poll().unwrap();
        machine.handle(&scep::http::HttpResponse::ok("text/html", body), NOW);
    }
    assert!(matches!(machine.verdict(), Some(DiscoveryVerdict::Rejected(_))), "{:?}", machine.verdict());
}

#[test]
fn a_second_question_before_the_answer_is_misuse() {
    let mut machine = Discovery::new(plan());
    machine.poll().unwrap();
    assert!(machine.poll().is_err());
}

fn ra() -> Certificate {
    issue(&scep::name::parse("CN=RA").unwrap(), key("ra-rsa").public().spki(), &[9], NOW)
}

#[test]
fn registration_authorities_of_the_ca_are_used_and_others_are_not() {
    let mut server = server();
    server.announced = vec![ra(), ca().certificate, next_ca().certificate];
    let (machine, _) = discover(plan(), server, Vec::new());
    let discovered = discovered(&machine);
    assert_eq!(discovered.ca.certificates, [ra(), ca().certificate]);
    assert_eq!(discovered.ca.recipient().unwrap(), &ra());
    assert_eq!(discovered.ca.issuer(), Some(&ca().certificate));
    assert_eq!(machine.warnings().len(), 1, "{:?}", machine.warnings());
}

#[test]
fn the_chain_of_old_drafts_is_asked_for_when_a_certificate_comes_alone() {
    let mut server = server();
    (server.announced, server.chain) = (vec![ra()], Some(vec![ca().certificate, ra()]));
    let old = DiscoveryPlan { old_chain: true, ..plan() };
    let (machine, asked) = discover(old, server, Vec::new());
    assert_eq!(asked, [Operation::GetCaCaps, Operation::GetCaCert, Operation::GetCaCertChain]);
    assert_eq!(discovered(&machine).ca.certificates, [ra(), ca().certificate]);
    assert_eq!(machine.warnings(), &[] as &[String]);
}

#[test]
fn without_the_chain_of_old_drafts_a_given_ca_still_vouches() {
    let mut server = server();
    server.announced = vec![ra()];
    let trust = Trust::Certificates(vec![ca().certificate]);
    let old = DiscoveryPlan { old_chain: true, ..DiscoveryPlan::new(trust) };
    let (machine, _) = discover(old, server, Vec::new());
    assert_eq!(discovered(&machine).ca.certificates, [ra()]);
    assert_eq!(machine.warnings().len(), 1, "{:?}", machine.warnings());
}

fn with_next_ca() -> DiscoveryPlan {
    DiscoveryPlan { next_ca: true, ..plan() }
}

#[test]
fn the_next_ca_is_known_by_the_signature_of_this_one() {
    let (machine, asked) = discover(with_next_ca(), server(), Vec::new());
    assert_eq!(asked.last(), Some(&Operation::GetNextCaCert));
    let next = discovered(&machine).next_ca.unwrap().unwrap();
    assert_eq!(next.certificates, [next_ca().certificate]);
    assert_eq!((machine.findings(), machine.warnings()), (&[][..], &[][..]));
}

#[test]
fn a_next_ca_that_vouches_for_itself_is_not_believed_and_does_no_harm() {
    let mut server = server();
    server.next = Some(next_ca());
    let (machine, _) = discover(with_next_ca(), server, Vec::new());
    let discovered = discovered(&machine);
    assert_eq!(discovered.ca.certificates, [ca().certificate]);
    let error = discovered.next_ca.unwrap().unwrap_err();
    assert!(error.to_string().contains("by the current CA"), "{error}");
}

#[rstest]
#[case::http_error(None, vec![])]
#[case::lost(Some(ca()), vec![Fate::Delivered(0), Fate::Delivered(0), Fate::AnswerLost])]
fn an_announced_next_ca_that_there_is_not_is_no_error(
    #[case] next: Option<scep::message::Sender>,
    #[case] schedule: Vec<Fate>,
) {
    let mut server = server();
    server.next = next;
    let (machine, _) = discover(with_next_ca(), server, schedule);
    assert_eq!(discovered(&machine).next_ca, None);
    assert_eq!(machine.warnings().len(), 1, "{:?}", machine.warnings());
}

#[test]
fn a_next_ca_that_is_not_announced_is_not_asked_for() {
    let mut server = server();
    server.capabilities = Some(vec!["AES", "SHA-256"]);
    let (_, asked) = discover(with_next_ca(), server, Vec::new());
    assert_eq!(asked, [Operation::GetCaCaps, Operation::GetCaCert]);
}
