//! The kill matrix: every check against every mutant of our own reference peers.
//!
//! `matrix` runs the cases under each mutant and judges them; `laws` says what the results must show. A check
//! that nothing can move does not get in.

mod laws;
mod matrix;
mod occurs;

pub use laws::{Violation, each, failing_mutant, moves, violations};
pub(crate) use matrix::own_folder;
pub use matrix::{Builder, Column, Matrix, Row, Stand};
pub use occurs::occurs;
