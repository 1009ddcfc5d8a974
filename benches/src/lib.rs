//! Benchmarks of the protocol core: what is measured, and the bare operations that it cannot go below.
//!
//! Criterion groups (`benches/codec.rs`) show the times; [`bound`] compares two operations in the same run, so
//! that the ratio says something on any machine, and `benches/bounds.rs` holds the ratios to their bounds.

pub mod bound;
pub mod certrep;
pub mod material;
pub mod pkcs_req;
