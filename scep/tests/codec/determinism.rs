//! Same parts, same time, same seed: same octets.

use scep::fault::Faults;
use scep::message::PkiMessage;

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
fn the_same_octets_read_the_same() {
    let bytes = Kind::Success.write(&mut Faults::none());
    assert_eq!(PkiMessage::read(&bytes).unwrap(), PkiMessage::read(&bytes).unwrap());
}
