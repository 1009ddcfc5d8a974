//! What the server remembers: transactions, and every certificate that it issued.

mod memory;

pub use memory::MemoryStore;

use std::fmt::Debug;

use scep::attribute::TransactionId;
use scep::certificate::Certificate;

use crate::transaction::Transaction;

/// A place for transactions and certificates.
pub trait Store: Debug + Send {
    /// The transaction of that name.
    fn transaction(&self, id: &TransactionId) -> Option<Transaction>;

    /// Puts a transaction in, in place of an older one of the same name.
    fn put(&mut self, transaction: Transaction);

    /// Transactions that wait for the operator, the oldest first.
    fn pending(&self) -> Vec<Transaction>;

    /// Puts an issued certificate in.
    fn add_certificate(&mut self, certificate: Certificate);

    /// True when a certificate of that serial number was issued.
    fn has_serial(&self, serial: &[u8]) -> bool;
}
