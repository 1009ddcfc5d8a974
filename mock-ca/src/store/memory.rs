//! A store that forgets everything at the end of the process.

use std::collections::BTreeMap;

use scep::attribute::TransactionId;
use scep::certificate::Certificate;

use super::Store;
use crate::transaction::{State, Transaction};

/// Keeps everything in maps.
#[derive(Debug, Default)]
pub struct MemoryStore {
    transactions: BTreeMap<TransactionId, Transaction>,
    certificates: BTreeMap<Vec<u8>, Certificate>,
}

impl Store for MemoryStore {
    fn transaction(&self, id: &TransactionId) -> Option<Transaction> {
        self.transactions.get(id).cloned()
    }

    fn put(&mut self, transaction: Transaction) {
        self.transactions.insert(transaction.id.clone(), transaction);
    }

    fn pending(&self) -> Vec<Transaction> {
        let mut pending: Vec<_> = self
            .transactions
            .values()
            .filter(|transaction| transaction.state == State::Pending)
            .cloned()
            .collect();
        pending.sort_by_key(|transaction| transaction.since);
        pending
    }

    fn add_certificate(&mut self, certificate: Certificate) {
        self.certificates.insert(certificate.serial.clone(), certificate);
    }

    fn has_serial(&self, serial: &[u8]) -> bool {
        self.certificates.contains_key(serial)
    }
}
