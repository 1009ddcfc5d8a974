//! What opening an envelope takes: limited, and counted.

use crate::error::{Error, Result};
use crate::limits;

/// The work that opening one envelope caused so far. It ends at [`limits::KEY_OPERATIONS`] and
/// [`limits::PBKDF2_ITERATIONS`], whatever the envelope says and however many recipients it has; and it is
/// the same whether the envelope opens or not, which would tell about its padding (RFC 8017 7.2.2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Effort {
    /// Operations with private keys.
    pub key_operations: usize,
    /// Iterations of key derivation.
    pub iterations: u32,
    /// Times that the content was decrypted, with the right key, a wrong one, or in place of none.
    pub decryptions: u32,
}

impl Effort {
    /// Counts an operation with a private key, when one is allowed still.
    pub(super) fn spend_operation(&mut self) -> bool {
        let is_left = self.key_operations < limits::KEY_OPERATIONS;
        self.key_operations += usize::from(is_left);
        is_left
    }

    /// Counts a key derivation, when so much is allowed still.
    pub(super) fn spend_iterations(&mut self, count: u32) -> Result<()> {
        let sum = self.iterations.checked_add(count).filter(|sum| *sum <= limits::PBKDF2_ITERATIONS);
        self.iterations = sum.ok_or_else(|| Error::Unsupported {
            what: "key derivation over the limit of iterations for one envelope:",
            actual: format!("{count} of {}", limits::PBKDF2_ITERATIONS),
        })?;
        Ok(())
    }
}
