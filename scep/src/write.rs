//! Writing of DER, and of anything else: the last stage of every writer.
//!
//! It writes what it is told, in the order in which it is told.

use const_oid::ObjectIdentifier;

use crate::tlv::tag;

/// One element: identifier octet, length in DER form, content.
#[must_use]
pub fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(content.len() + 6);
    out.push(tag);
    write_length(&mut out, content.len());
    out.extend_from_slice(content);
    out
}

/// Identifier octet and length of an element with that many content octets.
pub(crate) fn header(tag: u8, length: usize) -> Vec<u8> {
    let mut out = vec![tag];
    write_length(&mut out, length);
    out
}

fn write_length(out: &mut Vec<u8>, length: usize) {
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => out.push(short),
        _ => {
            let bytes = length.to_be_bytes();
            let significant = bytes.iter().position(|b| *b != 0).unwrap_or(bytes.len() - 1);
            let octets = bytes.get(significant..).unwrap_or_default();
            // At most 8 octets, so the count fits in seven bits.
            out.push(0x80 | octets.len() as u8);
            out.extend_from_slice(octets);
        }
    }
}

/// An element of the given tag around members that are already encoded.
#[must_use]
pub fn constructed(tag: u8, members: &[&[u8]]) -> Vec<u8> {
    tlv(tag, &members.concat())
}

/// SEQUENCE of members that are already encoded.
#[must_use]
pub fn sequence(members: &[&[u8]]) -> Vec<u8> {
    constructed(tag::SEQUENCE, members)
}

/// SET OF members that are already encoded, in the order given.
#[must_use]
pub fn set_as_given(members: &[Vec<u8>]) -> Vec<u8> {
    tlv(tag::SET, &members.concat())
}

/// SET OF members that are already encoded, in DER order.
#[must_use]
pub fn set_sorted(mut members: Vec<Vec<u8>>) -> Vec<u8> {
    members.sort();
    tlv(tag::SET, &members.concat())
}

/// OBJECT IDENTIFIER.
#[must_use]
pub fn oid(oid: ObjectIdentifier) -> Vec<u8> {
    tlv(tag::OID, oid.as_bytes())
}

/// INTEGER from a small number.
#[must_use]
pub fn integer(value: u8) -> Vec<u8> {
    if value < 0x80 { tlv(tag::INTEGER, &[value]) } else { tlv(tag::INTEGER, &[0, value]) }
}

/// INTEGER from a number of up to 32 bits.
#[must_use]
pub fn number(value: u32) -> Vec<u8> {
    let octets = [&[0], value.to_be_bytes().as_slice()].concat();
    // The shortest form keeps one octet, and a zero before a set sign bit.
    let redundant = octets.windows(2).take_while(|pair| matches!(pair, [0, next] if *next < 0x80)).count();
    tlv(tag::INTEGER, octets.get(redundant..).unwrap_or_default())
}

/// INTEGER from content octets that are already in two's complement.
#[must_use]
pub fn integer_bytes(content: &[u8]) -> Vec<u8> {
    tlv(tag::INTEGER, content)
}

/// NULL.
#[must_use]
pub fn null() -> Vec<u8> {
    tlv(tag::NULL, &[])
}

/// OCTET STRING.
#[must_use]
pub fn octet_string(content: &[u8]) -> Vec<u8> {
    tlv(tag::OCTET_STRING, content)
}

/// BIT STRING of whole octets.
#[must_use]
pub fn bit_string(content: &[u8]) -> Vec<u8> {
    tlv(tag::BIT_STRING, &[&[0], content].concat())
}

/// BIT STRING of named bits, trailing zero bits removed (X.690 11.2.2). Bit 0 is the first.
#[must_use]
pub fn named_bits(bits: u16) -> Vec<u8> {
    let octets: Vec<u8> = (0..2u16)
        .map(|octet| (0..8u16).fold(0u8, |acc, bit| acc << 1 | u8::from(bits >> (octet * 8 + bit) & 1 == 1)))
        .collect();
    let used = octets.iter().rposition(|o| *o != 0).map_or(0, |i| i + 1);
    let octets = octets.get(..used).unwrap_or_default();
    let unused = octets.last().map_or(0, |last| last.trailing_zeros() as u8);
    tlv(tag::BIT_STRING, &[&[unused], octets].concat())
}

/// AlgorithmIdentifier; `parameters` are already encoded, None leaves them out.
#[must_use]
pub fn algorithm(algorithm: ObjectIdentifier, parameters: Option<&[u8]>) -> Vec<u8> {
    sequence(&[&oid(algorithm), parameters.unwrap_or_default()])
}

#[cfg(test)]
mod tests {
    use super::{named_bits, number, tlv};

    #[test]
    fn numbers_are_in_their_shortest_form() {
        for (value, der) in [
            (0, vec![2, 1, 0]),
            (0x7f, vec![2, 1, 0x7f]),
            (0x80, vec![2, 2, 0, 0x80]),
            (2048, vec![2, 2, 8, 0]),
            (u32::MAX, vec![2, 5, 0, 0xff, 0xff, 0xff, 0xff]),
        ] {
            assert_eq!(number(value), der);
            let source = crate::tlv::Source::message(&der);
            assert_eq!(crate::tlv::Tlv::read(source, 0).unwrap().small_number(), Some(value));
        }
    }

    #[test]
    fn lengths_are_minimal_on_both_sides_of_each_boundary() {
        for (length, header) in [
            (0x7f, vec![4, 0x7f]),
            (0x80, vec![4, 0x81, 0x80]),
            (0xff, vec![4, 0x81, 0xff]),
            (0x100, vec![4, 0x82, 1, 0]),
            (0x1_0000, vec![4, 0x83, 1, 0, 0]),
        ] {
            assert_eq!(tlv(4, &vec![0; length])[..header.len()], header);
        }
    }

    #[test]
    fn named_bits_drop_trailing_zeros() {
        assert_eq!(named_bits(0), [3, 1, 0]);
        assert_eq!(named_bits(1), [3, 2, 7, 0x80]);
        assert_eq!(named_bits(0b101), [3, 2, 5, 0xa0]);
        assert_eq!(named_bits(1 << 8), [3, 3, 7, 0, 0x80]);
    }
}
