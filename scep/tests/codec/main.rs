//! The codec from outside: what it writes reads back, what it reads never harms it, what it is told to do
//! wrong it does, and nothing else.

#![expect(clippy::unwrap_used, reason = "a test that cannot prepare its material has failed")]

mod ber;
mod determinism;
mod faults;
mod hostile;
mod material;
mod received_ber;
mod round_trip;
mod second_reader;
mod tampering;
