//! Algorithms as rows of tables: content ciphers, digests, signatures, key transport, and what is safe to
//! negotiate.
//!
//! A new algorithm is one row in the table of its kind; key types have theirs in [`crate::key`], kinds of
//! recipients in [`crate::cms`].

mod cipher;
mod digest;
mod key_transport;
mod signature;

pub use cipher::Cipher;
pub use digest::Digest;
pub use key_transport::{KeyTransport, Oaep};
pub use signature::{Scheme, SignatureAlgorithm};

use const_oid::ObjectIdentifier;

use crate::certificate::read_algorithm;
use crate::error::Result;
use crate::tlv::Tlv;

/// Identifier of an AlgorithmIdentifier, and its parameters when there are some.
pub(crate) fn read_with_parameters<'a>(algorithm: &Tlv<'a>) -> Result<(ObjectIdentifier, Option<Tlv<'a>>)> {
    Ok((read_algorithm(algorithm)?, algorithm.members()?.get(1).copied()))
}
