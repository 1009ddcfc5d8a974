//! Every departure of the catalogue, in every answer that a client gets: whatever it does, it ends, installs
//! nothing that is not for its key, and says whose fault it was.

use mock_client::{Contact, EnrolConfig, Exit, Looked, LookupConfig, Signer};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use rstest::rstest;
use scep::fault::{Fault, Order, Script, When, catalogue};
use scep::message::Sender;

use crate::enrolment::{config, run};
use crate::service::{NOW, Service, key};

fn script(fault: &Fault, message: &str) -> Script {
    let when = When { message: Some(message.to_owned()), ..When::default() };
    Script::new(&[Order { fault: fault.id.clone(), when }]).unwrap()
}

/// A refusal is the server's word, a rejection its fault; an internal error would be ours.
fn is_lawful_end(exit: Exit) -> bool {
    matches!(
        exit,
        Exit::Done | Exit::Refused | Exit::Rejected | Exit::Network | Exit::Pending | Exit::Untrusted
    )
}

#[rstest]
#[case::certrep("CertRep", 0)]
#[case::certrep_after_pending("CertRep", 1)]
#[case::ca_certificates("GetCACert", 0)]
#[case::capabilities("GetCACaps", 0)]
fn no_departure_of_a_server_makes_the_client_install_what_is_not_its_own(
    #[case] message: &str,
    #[case] pending: u32,
) {
    for fault in catalogue().unwrap() {
        let mut service = Service { pending, script: script(fault, message), ..Service::new() };
        let (enrolled, waited) = run(&config(), &mut service);
        assert!(is_lawful_end(enrolled.exit), "{}: {:?}", fault.id, enrolled.ended);
        assert!(waited <= 86_400, "{}: {waited} s", fault.id);
        match (&enrolled.certificate, enrolled.exit) {
            (Some(certificate), Exit::Done) => {
                assert_eq!(certificate.spki, key("pool-05").public().spki(), "{}", fault.id);
            }
            (None, exit) => {
                assert_ne!(exit, Exit::Done, "{}", fault.id);
                let said = match &enrolled.ended {
                    Ok(verdict) => format!("{verdict:?}"),
                    Err(failure) => failure.to_string(),
                };
                assert!(said.len() > 10, "{}: {said}", fault.id);
            }
            (Some(_), exit) => panic!("{}: {exit:?} with a certificate", fault.id),
        }
    }
}

#[test]
fn no_departure_makes_a_renewal_or_a_lookup_end_badly() {
    let mut service = Service::new();
    service.capabilities.push("Renewal");
    let (first, _) = run(&config(), &mut service);
    let old = Sender { certificate: first.certificate.unwrap(), key: key("pool-05") };
    for fault in catalogue().unwrap() {
        service.script = script(fault, "CertRep");
        service.seen.clear();
        let renewing = EnrolConfig {
            key: key("pool-06"),
            signer: Signer::Given(Box::new(old.clone())),
            challenge: None,
            ..config()
        };
        let (renewed, _) = run(&renewing, &mut service);
        assert!(is_lawful_end(renewed.exit), "{}: {:?}", fault.id, renewed.ended);
        assert_eq!(renewed.certificate.is_some(), renewed.exit == Exit::Done, "{}", fault.id);
        service.issued.truncate(1);

        service.script = script(fault, "CertRep");
        let lookup = LookupConfig {
            contact: Contact::default(),
            signer: old.clone(),
            challenge: None,
            wanted: Looked::CrlOf(Box::new(old.certificate.clone())),
            ca: None,
        };
        let (clock, mut rng) = (mock_client::ManualClock::at(NOW), ChaCha20Rng::from_seed([1; 32]));
        let line = &mut mock_client::Line { transport: &mut service, clock: &clock, rng: &mut rng };
        let looked = mock_client::lookup(&lookup, line);
        assert!(is_lawful_end(looked.exit), "{}: {:?}", fault.id, looked.ended);
    }
}
