//! What the fuzz targets have in common. A target is one line: the readers, the questions to what they
//! read, and the messages to start from are those of the property tests (`scep/tests/codec`).

#[path = "../../scep/tests/codec/ber.rs"]
mod ber;
#[path = "../../scep/tests/codec/material.rs"]
mod material;
#[path = "../../scep/tests/codec/readers.rs"]
mod readers;

pub mod growth;
pub mod seeds;
// With the allocator that counts.
#[path = "../../scep/tests/memory/held.rs"]
mod held;

/// Gives the octets to the reader of that name, and stops the program when it panics, or holds more memory
/// than the octets account for.
pub fn read(name: &str, octets: &[u8]) {
    held::check(name, readers::named(name), octets);
}
