//! GetCert, GetCRL, GetNextCACert and the revocation check, by library call.

use mock_client::Clock as _;
use mock_client::revocation::{CrlSource, Fetch, Revocation, check};
use mock_client::{
    Contact, EnrolConfig, Exit, Failure, Line, Looked, LookedUp, LookupConfig, ManualClock, TransportError,
    TransportErrorKind, getnextca, lookup,
};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use rstest::rstest;
use scep::attribute::FailInfo;
use scep::ca_cert::CaCertificates;
use scep::certificate::KeyUsage;
use scep::client::{Found, LookupVerdict};
use scep::http::HttpResponse;
use scep::message::Sender;
use scep::serial::SerialNumber;

use crate::enrolment::{config, run};
use crate::service::{NOW, Service, issuer, key};

fn enrolled(service: &mut Service) -> Sender {
    let (first, _) = run(&config(), service);
    Sender { certificate: first.certificate.unwrap(), key: key("pool-05") }
}

fn with_line<T>(service: &mut Service, run: impl FnOnce(&mut Line<'_>) -> T) -> T {
    let (clock, mut rng) = (ManualClock::at(NOW), ChaCha20Rng::from_seed([6; 32]));
    run(&mut Line { transport: service, clock: &clock, rng: &mut rng })
}

fn ask(service: &mut Service, signer: &Sender, wanted: Looked) -> LookedUp {
    let contact = Contact::default();
    let config = LookupConfig { contact, signer: signer.clone(), challenge: None, wanted, ca: None };
    with_line(service, |line| lookup(&config, line))
}

#[test]
fn a_certificate_is_fetched_by_its_serial_number() {
    let mut service = Service::new();
    let device = enrolled(&mut service);
    let (other, _) = run(&EnrolConfig { key: key("pool-06"), ..config() }, &mut service);
    let other = other.certificate.unwrap();
    let looked = ask(&mut service, &device, Looked::Certificate(SerialNumber::of(&other)));
    assert_eq!(looked.exit, Exit::Done, "{:?}", looked.ended);
    let Ok(LookupVerdict::Found(Found::Certificate { certificate, .. })) = looked.ended else { panic!() };
    assert_eq!(*certificate, other);
    assert_eq!(service.log().last().unwrap(), "GetCert");
}

#[test]
fn a_certificate_that_there_is_not_is_refused_in_the_servers_words() {
    let mut service = Service::new();
    let device = enrolled(&mut service);
    let looked = ask(&mut service, &device, Looked::Certificate(SerialNumber::new(&[9])));
    assert_eq!(looked.exit, Exit::Refused);
    assert!(matches!(looked.ended, Ok(LookupVerdict::Refused { fail_info: Some(FailInfo::BadCertId), .. })));
}

#[rstest]
#[case::own(false)]
#[case::of_the_ca(true)]
fn the_crl_is_fetched_by_the_certificate_or_as_of_old_by_that_of_the_ca(#[case] of_ca: bool) {
    let mut service = Service { revoked: vec![vec![0x77]], ..Service::new() };
    let device = enrolled(&mut service);
    let wanted = if of_ca { Looked::CrlOfCa } else { Looked::CrlOf(Box::new(device.certificate.clone())) };
    let looked = ask(&mut service, &device, wanted);
    let Ok(LookupVerdict::Found(Found::Crl(crl))) = looked.ended else { panic!("{:?}", looked.ended) };
    assert_eq!(crl.revoked.len(), 1);
    assert_eq!(service.log().last().unwrap(), "GetCRL");
}

#[rstest]
#[case::certificate(true, "queried")]
#[case::crl(false, "crl-signature")]
fn only_what_was_asked_for_is_taken_unless_the_client_is_lax(
    #[case] certificate: bool,
    #[case] laxity: &str,
) {
    let mut service = Service::new();
    let device = enrolled(&mut service);
    run(&EnrolConfig { key: key("pool-06"), ..config() }, &mut service);
    let wanted = if certificate {
        Looked::Certificate(SerialNumber::of(&device.certificate))
    } else {
        Looked::CrlOf(Box::new(device.certificate.clone()))
    };
    service.mixes_up = true;
    assert_eq!(ask(&mut service, &device, wanted.clone()).exit, Exit::Rejected);
    let contact =
        Contact { conduct: mock_client::Conduct::with_laxities(&[laxity]).unwrap(), ..Contact::default() };
    let config = LookupConfig { contact, signer: device, challenge: None, wanted, ca: None };
    let looked = with_line(&mut service, |line| lookup(&config, line));
    assert_eq!(looked.exit, Exit::Done, "{:?}", looked.ended);
}

#[test]
fn a_rejected_answer_to_a_lookup_is_the_servers_fault() {
    let mut service = Service::new();
    let device = enrolled(&mut service);
    service.script = crate::service::script("attr.recipientNonce.flip", "CertRep");
    let looked = ask(&mut service, &device, Looked::CrlOfCa);
    assert_eq!(looked.exit, Exit::Rejected, "{:?}", looked.ended);
}

#[test]
fn the_next_ca_is_fetched_when_it_is_announced_and_signed_by_the_current_one() {
    let usage = KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_ENCIPHERMENT | KeyUsage::KEY_CERT_SIGN;
    let next = issuer("CN=CA 2", "pool-09", "CN=CA 2", "pool-09", true, usage, NOW);
    let mut service = Service { next_ca: Some(next.clone()), ..Service::new() };
    let (silent, remarks) = with_line(&mut service, |line| getnextca(&Contact::default(), line));
    assert_eq!(silent.unwrap().next, None);
    assert!(remarks.warnings.iter().any(|warning| warning.contains("does not announce")));

    service.capabilities.push("GetNextCACert");
    let (told, _) = with_line(&mut service, |line| getnextca(&Contact::default(), line));
    assert_eq!(told.unwrap().next.unwrap().certificates.as_slice(), std::slice::from_ref(&next.certificate));

    // Signed by a stranger.
    let stranger = issuer("CN=CA", "pool-08", "CN=CA", "pool-08", true, usage, NOW);
    let announced = service.announced.clone();
    service.ca = stranger;
    service.announced = announced;
    let (forged, _) = with_line(&mut service, |line| getnextca(&Contact::default(), line));
    assert!(matches!(forged, Err(Failure::Answer { operation: "GetNextCACert", .. })), "{forged:?}");
}

#[test]
fn that_there_is_no_next_ca_is_no_error() {
    let mut service = Service::new();
    service.capabilities.push("GetNextCACert");
    let (none, remarks) = with_line(&mut service, |line| getnextca(&Contact::default(), line));
    assert_eq!(none.unwrap().next, None);
    assert!(remarks.warnings.iter().any(|warning| warning.contains("HTTP status 404")), "{remarks:?}");
}

/// Serves what it is told, and counts. It takes a second: a CRL may be made for the asking.
struct Served<'c>(Option<HttpResponse>, u32, &'c ManualClock);

impl Fetch for Served<'_> {
    fn fetch(&mut self, url: &str) -> Result<HttpResponse, TransportError> {
        assert_eq!(url, "http://ca.example/ca.crl");
        self.1 += 1;
        self.2.wait_until(NOW);
        let refused = TransportError { kind: TransportErrorKind::Refused, detail: "by the test".to_owned() };
        self.0.clone().ok_or(refused)
    }
}

/// What is known of a device's certificate when its distribution point serves this; polls of point and CA.
fn status(revoked: bool, crl: impl FnOnce(&Service) -> Option<HttpResponse>) -> (Revocation, u32, usize) {
    let crl_url = Some("http://ca.example/ca.crl".to_owned());
    let mut service = Service { crl_url, ..Service::new() };
    let device = enrolled(&mut service);
    if revoked {
        service.revoked.push(device.certificate.serial.clone());
    }
    service.seen.clear();
    let clock = ManualClock::at(NOW.minus(1));
    let mut served = Served(crl(&service), 0, &clock);
    let ca = CaCertificates { certificates: service.announced.clone(), is_chain: false };
    let wanted = Looked::CrlOf(Box::new(device.certificate.clone()));
    let mut ask = || ask(&mut service, &device, wanted.clone());
    let status = check(&device.certificate, &ca, &clock, &mut served, &mut ask, &mut Vec::new());
    (status, served.1, service.log().iter().filter(|entry| *entry == "GetCRL").count())
}

#[rstest]
#[case::good(false)]
#[case::revoked(true)]
fn k2_the_distribution_point_goes_before_the_query(#[case] revoked: bool) {
    let ok = |service: &Service| Some(HttpResponse::ok("application/pkix-crl", service.crl().der));
    let (status, fetched, queried) = status(revoked, ok);
    assert_eq!((fetched, queried), (1, 0));
    let expected = CrlSource::DistributionPoint("http://ca.example/ca.crl".to_owned());
    match status {
        Revocation::Good { source, .. } => assert_eq!((revoked, source), (false, expected)),
        Revocation::Revoked { at, reason, source } => {
            assert_eq!((revoked, at, reason, source), (true, Some(NOW), Some(1), expected));
        }
        Revocation::Unknown => panic!("a CRL was served"),
    }
}

#[rstest]
#[case::nobody_there(|_: &Service| None)]
#[case::http_error(|_: &Service| Some(HttpResponse::error(500, "no")))]
#[case::no_crl(|_: &Service| Some(HttpResponse::ok("text/html", b"<html>".to_vec())))]
#[case::of_a_stranger(|_: &Service| {
    let usage = KeyUsage::DIGITAL_SIGNATURE;
    let stranger = issuer("CN=CA", "pool-08", "CN=CA", "pool-08", true, usage, NOW);
    let crl = Service { ca: stranger, ..Service::new() }.crl().der;
    Some(HttpResponse::ok("application/pkix-crl", crl))
})]
#[case::stale(|_: &Service| {
    let crl = Service::at(NOW.minus(864_000)).crl().der;
    Some(HttpResponse::ok("application/pkix-crl", crl))
})]
fn k2_without_a_crl_that_counts_the_query_decides(
    #[case] crl: impl FnOnce(&Service) -> Option<HttpResponse>,
) {
    let (status, fetched, queried) = status(true, crl);
    assert_eq!((fetched, queried), (1, 1));
    assert!(matches!(status, Revocation::Revoked { source: CrlSource::Query, .. }), "{status:?}");
}
