//! Serial numbers: unpredictable, and never used twice.

use rand_core::RngCore;

/// Content octets of a new serial number: 16 octets, 126 of their bits random (RFC 5280 4.1.2.2 allows 20
/// octets), positive and in shortest form because the first octet is between 0x40 and 0x7f.
pub fn unused_serial(rng: &mut dyn RngCore, is_used: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    loop {
        let mut octets = [0; 16];
        rng.fill_bytes(&mut octets);
        octets[0] = octets[0] & 0x3f | 0x40;
        if !is_used(&octets) {
            return octets.to_vec();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng as _;

    use super::unused_serial;

    #[test]
    fn a_used_serial_number_is_passed_over() {
        let rng = || ChaCha20Rng::from_seed([1; 32]);
        let first = unused_serial(&mut rng(), |_| false);
        let asked = RefCell::new(Vec::new());
        let second = unused_serial(&mut rng(), |serial| {
            asked.borrow_mut().push(serial.to_vec());
            serial == first
        });
        assert_ne!(first, second);
        assert_eq!(asked.into_inner(), [first, second]);
    }

    #[test]
    fn serial_numbers_are_positive_and_in_shortest_form() {
        let mut rng = ChaCha20Rng::from_seed([2; 32]);
        for _ in 0..200 {
            let serial = unused_serial(&mut rng, |_| false);
            assert!((0x40..0x80).contains(&serial[0]) && serial.len() == 16);
        }
    }
}
