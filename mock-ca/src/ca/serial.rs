//! Serial numbers that nobody can predict.

use rand_core::RngCore;

/// Content octets of a new serial number: 16 octets, 126 of their bits random (RFC 5280 4.1.2.2 allows 20
/// octets), positive and in shortest form because the first octet is between 0x40 and 0x7f. That none is
/// used twice the store sees to.
pub fn serial(rng: &mut dyn RngCore) -> Vec<u8> {
    let mut octets = vec![0; 16];
    rng.fill_bytes(&mut octets);
    if let Some(first) = octets.first_mut() {
        *first = *first & 0x3f | 0x40;
    }
    octets
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng as _;

    use super::serial;

    #[test]
    fn serial_numbers_are_positive_and_in_shortest_form() {
        let mut rng = ChaCha20Rng::from_seed([2; 32]);
        for _ in 0..200 {
            let serial = serial(&mut rng);
            assert!((0x40..0x80).contains(&serial[0]) && serial.len() == 16);
        }
    }
}
