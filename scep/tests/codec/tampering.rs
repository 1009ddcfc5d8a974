//! Whoever changes a signed message on its way is noticed.

use proptest::prelude::*;
use scep::ca_cert::read_certificates_only;
use scep::certificate::Certificate;
use scep::crl::Crl;
use scep::csr::Csr;
use scep::fault::Faults;
use scep::finding::Place;
use scep::key::PublicKey;
use scep::message::{IssuerAndSerial, IssuerAndSubject, PkiMessage};
use scep::tlv::Source;

use crate::cases;
use crate::material::{Kind, crl, csr, device, issued, poll, query};

/// Where the signed attributes lie, from the first to the last.
fn attributes(message: &PkiMessage) -> Place {
    let all = message.signer().unwrap().signed_attributes.as_ref().unwrap();
    Place { end: all.last().unwrap().place.end, ..all[0].place }
}

/// True when the message is refused, or its signature or digest does not hold any more.
fn is_noticed(kind: Kind, bytes: &[u8]) -> bool {
    PkiMessage::read(bytes).map_or(true, |read| !read.value.verify(kind.sender().key.public()).holds())
}

fn check_flip(kind: Kind, place: impl Fn(&PkiMessage) -> Place, bit: usize) -> Result<(), TestCaseError> {
    let mut bytes = kind.write(&mut Faults::none());
    let place = place(&PkiMessage::read(&bytes).unwrap().value);
    prop_assert!(!is_noticed(kind, &bytes), "the untouched message");
    let bit = bit % (8 * (place.end - place.start));
    bytes[place.start + bit / 8] ^= 1 << (bit % 8);
    prop_assert!(is_noticed(kind, &bytes), "{:?} bit {} of {}", kind, bit, place);
    Ok(())
}

proptest! {
    #![proptest_config(cases(600))]

    #[test]
    fn a_flipped_bit_of_the_content_is_noticed(
        kind in prop::sample::select(vec![Kind::PkcsReq, Kind::CertPoll, Kind::Success]),
        bit: usize,
    ) {
        // The octets of eContent; the bits of its header say no more than how many there are.
        check_flip(kind, |message| {
            let content = message.signed.content.as_ref().unwrap();
            Place { start: content.origin.1, end: content.place.end, part: content.place.part }
        }, bit)?;
    }

    #[test]
    fn a_flipped_bit_of_the_signature_is_noticed(kind in prop::sample::select(&Kind::ALL), bit: usize) {
        check_flip(kind, |message| {
            let signer = message.signer().unwrap();
            let length = signer.signature.len();
            Place { start: signer.signature_place.end - length, ..signer.signature_place }
        }, bit)?;
    }
}

#[test]
fn every_flipped_bit_of_the_signed_attributes_is_noticed() {
    for kind in [Kind::PkcsReq, Kind::Failure] {
        let bytes = kind.write(&mut Faults::none());
        let place = attributes(&PkiMessage::read(&bytes).unwrap().value);
        assert!(!is_noticed(kind, &bytes));
        for bit in 8 * place.start..8 * place.end {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(is_noticed(kind, &changed), "{kind:?} octet {} bit {}", bit / 8, bit % 8);
        }
    }
}

/// Bits of eContent beyond those that the property above samples: every one of a small message.
#[test]
fn every_flipped_bit_of_a_small_content_is_noticed() {
    let bytes = Kind::CertPoll.write(&mut Faults::none());
    let content = PkiMessage::read(&bytes).unwrap().value.signed.content.unwrap();
    for bit in 8 * content.origin.1..8 * content.place.end {
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(is_noticed(Kind::CertPoll, &changed), "octet {} bit {}", bit / 8, bit % 8);
    }
}

#[test]
fn a_message_cut_off_anywhere_is_refused() {
    let chunked = |der: &[u8]| crate::ber::transform(der, &crate::ber::Form::everything()).bytes;
    for kind in Kind::ALL {
        let der = kind.write(&mut Faults::none());
        for bytes in [chunked(&der), der] {
            assert!(PkiMessage::read(&bytes).is_ok(), "{kind:?}");
            for end in 0..bytes.len() {
                assert!(PkiMessage::read(&bytes[..end]).is_err(), "{kind:?} of {end} octets");
            }
        }
    }
}

#[test]
fn what_is_inside_a_message_cut_off_anywhere_is_refused() {
    let refused = |what: &str, octets: &[u8], read: &dyn Fn(&[u8]) -> bool| {
        assert!(read(octets), "the whole {what}");
        for end in 0..octets.len() {
            assert!(!read(&octets[..end]), "{what} of {end} octets");
        }
    };
    let none = &mut Faults::none();
    fn source(octets: &[u8]) -> Source<'_> {
        Source::message(octets)
    }
    refused("request", &csr(none), &|octets| Csr::read(source(octets)).is_ok());
    refused("certificate", &issued(none).der, &|octets| Certificate::read(source(octets)).is_ok());
    refused("CRL", &crl().der, &|octets| Crl::read(source(octets)).is_ok());
    refused("certificates", &Kind::Success.message_data().unwrap(), &|octets| {
        read_certificates_only(source(octets), &mut Vec::new()).is_ok()
    });
    refused("poll", &poll().write(), &|octets| IssuerAndSubject::read(octets).is_ok());
    refused("query", &query().write(), &|octets| IssuerAndSerial::read(octets).is_ok());
    refused("key", &device().certificate.spki, &|octets| PublicKey::from_spki(octets).is_ok());
}
