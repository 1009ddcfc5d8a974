//! Serial numbers as they are on the wire: of any length and sign, since devices ask for what they hold.

use std::fmt;

use crate::certificate::Certificate;
use crate::error::Result;
use crate::tlv::{Tlv, tag};
use crate::write;

/// A serialNumber: the content octets of its INTEGER as received.
///
/// Two are equal when they are the same number, whatever superfluous octets stand in front: some
/// servers drop the leading zero of a number that they took from a certificate, or add one.
#[derive(Clone)]
pub struct SerialNumber(Vec<u8>);

impl SerialNumber {
    /// Takes the content octets of an INTEGER, two's complement, as they are.
    #[must_use]
    pub fn new(octets: &[u8]) -> Self {
        Self(octets.to_vec())
    }

    /// The serial number of a certificate.
    #[must_use]
    pub fn of(certificate: &Certificate) -> Self {
        Self::new(&certificate.serial)
    }

    pub(crate) fn read(element: Tlv<'_>) -> Result<Self> {
        let content = element.expect("serialNumber", tag::INTEGER)?.content();
        if content.is_empty() {
            return Err(element.malformed("serialNumber", "an INTEGER without octets"));
        }
        Ok(Self::new(content))
    }

    /// The content octets as received.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        &self.0
    }

    /// The content octets in the shortest form (X.690 8.3.2): one octet for zero.
    #[must_use]
    pub fn shortest(&self) -> &[u8] {
        let mut octets = self.0.as_slice();
        while let [0, 0..=0x7f, ..] | [0xff, 0x80..=0xff, ..] = octets {
            octets = octets.get(1..).unwrap_or_default();
        }
        octets
    }

    /// True below zero. RFC 5280 4.1.2.2 forbids it; some issuers' random numbers have the first bit set.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        self.0.first().is_some_and(|first| first & 0x80 != 0)
    }

    /// True when RFC 5280 4.1.2.2 permits it: positive, at most 20 octets, in the shortest form.
    #[must_use]
    pub fn is_regular(&self) -> bool {
        let is_zero = self.0.iter().all(|octet| *octet == 0);
        !self.is_negative() && !is_zero && self.0.len() <= 20 && self.shortest().len() == self.0.len()
    }

    /// INTEGER, with the octets as they are.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        write::integer_bytes(&self.0)
    }
}

impl PartialEq for SerialNumber {
    fn eq(&self, other: &Self) -> bool {
        self.shortest() == other.shortest()
    }
}

impl Eq for SerialNumber {}

impl PartialOrd for SerialNumber {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// An order for maps, not that of the numbers.
impl Ord for SerialNumber {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.shortest().cmp(other.shortest())
    }
}

impl std::hash::Hash for SerialNumber {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.shortest().hash(state);
    }
}

impl fmt::Debug for SerialNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SerialNumber({self})")
    }
}

/// Hex digits of the shortest form: `-` and the magnitude would hide what is on the wire.
impl fmt::Display for SerialNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.shortest()))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::SerialNumber;

    #[rstest]
    #[case::one(&[1], &[1], true, false)]
    #[case::leading_zero(&[0, 1], &[1], false, false)]
    #[case::needed_zero(&[0, 0x80], &[0, 0x80], true, false)]
    #[case::negative(&[0xff], &[0xff], false, true)]
    #[case::padded_negative(&[0xff, 0xff, 0x80], &[0x80], false, true)]
    #[case::needed_ff(&[0xff, 0x7f], &[0xff, 0x7f], false, true)]
    #[case::zero(&[0, 0, 0], &[0], false, false)]
    #[case::twenty(&[0x7f; 20], &[0x7f; 20], true, false)]
    #[case::too_long(&[0x7f; 21], &[0x7f; 21], false, false)]
    fn a_number_has_one_shortest_form(
        #[case] octets: &[u8],
        #[case] shortest: &[u8],
        #[case] is_regular: bool,
        #[case] is_negative: bool,
    ) {
        let serial = SerialNumber::new(octets);
        assert_eq!(serial.shortest(), shortest);
        assert_eq!((serial.is_regular(), serial.is_negative()), (is_regular, is_negative));
        assert_eq!(serial, SerialNumber::new(shortest));
        assert_eq!(serial.octets(), octets);
    }

    #[test]
    fn minus_one_is_not_two_hundred_fifty_five() {
        assert_ne!(SerialNumber::new(&[0xff]), SerialNumber::new(&[0, 0xff]));
    }
}
