//! No reader allocates by a length that it was told. A program of its own with a single test, because the
//! allocator counts for the whole program.

#![expect(clippy::unwrap_used, reason = "a test that cannot prepare its material has failed")]

mod held;
#[path = "../codec/material.rs"]
mod material;
#[path = "../codec/readers.rs"]
#[expect(dead_code, reason = "the tests of the codec need more of it")]
mod readers;

use scep::fault::Faults;

use material::{Kind, ca, csr};

/// Length octets that promise more than any machine has, or just more than there is.
const PROMISES: [&[u8]; 3] = [
    &[0x83, 0xff, 0xff, 0xff],
    &[0x84, 0x7f, 0xff, 0xff, 0xff],
    &[0x88, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
];

/// The places of all length octets of an element and of what it contains: first, and one past the last.
fn lengths(der: &[u8], at: usize, found: &mut Vec<(usize, usize)>) -> usize {
    let (tag, first) = (der[at], der[at + 1]);
    let count = if first < 0x80 { 0 } else { usize::from(first & 0x7f) };
    let start = at + 2 + count;
    let length = match count {
        0 => usize::from(first),
        _ => der[at + 2..start].iter().fold(0, |length, octet| length << 8 | usize::from(*octet)),
    };
    found.push((at + 1, start));
    if tag & 0x20 != 0 {
        let mut next = start;
        while next < start + length {
            next = lengths(der, next, found);
        }
    }
    start + length
}

#[test]
fn no_reader_allocates_by_a_length_that_it_was_told() {
    let mut valid: Vec<Vec<u8>> = Kind::ALL.iter().map(|kind| kind.write(&mut Faults::none())).collect();
    valid.extend(Kind::ALL.iter().filter_map(|kind| kind.message_data()));
    valid.extend([csr(&mut Faults::none()), ca().certificate.der]);
    let mut inputs: Vec<Vec<u8>> = Vec::new();
    for der in &valid {
        let mut places = Vec::new();
        assert_eq!(lengths(der, 0, &mut places), der.len());
        for ((start, end), promise) in places.into_iter().zip(PROMISES.iter().cycle()) {
            inputs.push([&der[..start], promise, &der[end..]].concat());
        }
    }
    // As many elements as fit, each with something to report about it.
    let row = |element: &[u8]| scep::write::tlv(0x30, &element.repeat(20_000 / element.len()));
    inputs.extend([
        row(&[0x04, 0x81, 0x00]),
        row(&[0x05, 0x00]),
        row(&[0x24, 0x80, 0, 0]),
        row(&[0x30, 0x80, 0, 0]),
    ]);
    inputs.push(b"x y\n".repeat(5_000));
    // What is made on first use belongs to no input.
    for (_, reader) in readers::ALL {
        reader(&valid[0]);
    }
    for (name, reader) in readers::quick() {
        for input in &inputs {
            held::check(name, *reader, input);
        }
    }
    let told = |octets: &[u8]| drop(vec![1_u8; octets.len() << 20]);
    let noticed = std::panic::catch_unwind(|| held::check("told", told, &[0; 8]));
    assert!(noticed.is_err(), "a reader that allocates by a length is noticed");
}
