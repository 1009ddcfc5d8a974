//! Whoever changes a signed message on its way is noticed.

use proptest::prelude::*;
use scep::fault::Faults;
use scep::finding::Place;
use scep::message::PkiMessage;

use crate::cases;
use crate::material::Kind;

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
