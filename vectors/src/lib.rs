//! Test material for SCEP that any implementation may use: private keys that are public, and vectors.
//!
//! Everything is embedded in the binary, so a test or a `try` run reads no file and finds the same bytes
//! wherever it is started. This crate parses nothing and knows no protocol; it hands out text.

pub mod keys;
