//! Test material for SCEP that any implementation may use: private keys that are public, and vectors.
//!
//! The keys are embedded in the binary, so a test or a `try` run reads no file and finds the same bytes
//! wherever it is started. The vectors (feature `data`) are files, for any language. This crate knows no
//! protocol; it hands out octets and what is said about them.

#[cfg(feature = "data")]
pub mod data;
pub mod keys;
