//! Helpers of the tests that need more than one crate: the dependency arrows, and other people's programs.
//!
//! The tests themselves are in `tests/tests`; a test that can live beside the code it tests does so.

pub mod arrows;
pub mod binaries;
pub mod peers;
pub mod trials;
