//! Same parts, same time, same seed: same octets.

use scep::ca_cert::CaCertificates;
use scep::certificate::Certificate;
use scep::csr::Csr;
use scep::fault::Faults;
use scep::message::PkiMessage;
use scep::server::{Checks, Reply, answer, receive};
use scep::tlv::Source;

use crate::material::{Kind, ca, csr, issued, rng};

#[test]
fn the_same_seed_gives_the_same_octets() {
    for kind in Kind::ALL {
        let write = |seed| kind.parts().write(&kind.sender(), &mut Faults::none(), &mut rng(seed)).unwrap();
        assert_eq!(write(7), write(7), "{kind:?}");
        // What is drawn is the content key, its padding and the initialisation vector: without an envelope
        // there is nothing to draw.
        assert_eq!(write(7) == write(8), kind.message_data().is_none(), "{kind:?}");
        assert_eq!(kind.write(&mut Faults::none()), kind.write(&mut Faults::none()), "{kind:?}");
    }
    assert_eq!(csr(&mut Faults::none()), csr(&mut Faults::none()));
    assert_eq!(issued(&mut Faults::none()), issued(&mut Faults::none()));
    assert_eq!(ca().certificate, ca().certificate);
}

#[test]
fn the_same_request_and_seed_are_answered_with_the_same_octets() {
    let (ca, certificates) = (ca(), [issued(&mut Faults::none())]);
    for kind in [Kind::PkcsReq, Kind::RenewalReq, Kind::CertPoll, Kind::GetCert, Kind::GetCrl] {
        let message = kind.write(&mut Faults::none());
        let answered = |seed| {
            let request = receive(&message, &[&ca], &[], &Checks::default()).unwrap();
            let reply = Reply::Certificates(&certificates);
            answer(&request.reply_to, &reply, &ca, &mut Faults::none(), &mut rng(seed)).unwrap()
        };
        assert_eq!(answered(7), answered(7), "{kind:?}");
        assert_ne!(answered(7), answered(8), "{kind:?}");
    }
}

/// Values, findings and errors: of whole messages, and of messages with an octet changed.
#[test]
fn the_same_octets_read_the_same() {
    let mut inputs: Vec<Vec<u8>> = Kind::ALL.iter().map(|kind| kind.write(&mut Faults::none())).collect();
    inputs.extend([csr(&mut Faults::none()), ca().certificate.der]);
    let changed: Vec<Vec<u8>> = inputs
        .iter()
        .flat_map(|input| {
            (0..input.len()).step_by(37).map(|at| {
                let mut changed = input.clone();
                changed[at] ^= 0x81;
                changed
            })
        })
        .collect();
    for octets in inputs.iter().chain(&changed) {
        assert_eq!(PkiMessage::read(octets), PkiMessage::read(octets));
        let source = Source::message(octets);
        assert_eq!(Certificate::read(source), Certificate::read(source));
        assert_eq!(Csr::read(source), Csr::read(source));
        let (mut first, mut second) = (Vec::new(), Vec::new());
        assert_eq!(CaCertificates::read(octets, &mut first), CaCertificates::read(octets, &mut second));
        assert_eq!(first, second);
    }
}
