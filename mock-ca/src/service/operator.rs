//! What the operator does: looks at pending requests, approves and rejects them.

use scep::UnixTime;
use scep::attribute::TransactionId;
use scep::name;

use super::Service;
use crate::transaction::State;

/// A request that waits for the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingRequest {
    /// Its transactionID.
    pub transaction_id: TransactionId,
    /// Requested subject, RFC 4514.
    pub subject: String,
    /// Requested DNS names.
    pub dns_names: Vec<String>,
    /// When it came.
    pub since: UnixTime,
}

/// What the operator says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The next message of the transaction gets the certificate.
    Approve,
    /// The next message of the transaction gets a FAILURE.
    Reject,
}

/// Why a verdict cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OperatorError {
    /// There is no such transaction.
    #[error("transaction {id} is unknown")]
    Unknown {
        /// Its transactionID.
        id: String,
    },
    /// It waits for nobody.
    #[error("transaction {id}: expected a pending request, it is {state}")]
    NotPending {
        /// Its transactionID.
        id: String,
        /// `approved`, `rejected` or `issued`.
        state: &'static str,
    },
}

impl Service {
    /// Requests that wait, the oldest first.
    pub fn pending(&self) -> Vec<PendingRequest> {
        let transactions = self.memory().store.pending();
        transactions
            .into_iter()
            .map(|transaction| PendingRequest {
                subject: name::print(&transaction.csr.subject),
                dns_names: transaction.csr.dns_names(),
                transaction_id: transaction.id,
                since: transaction.since,
            })
            .collect()
    }

    /// Takes the operator's word on a transaction. `id` is the transactionID's octets.
    ///
    /// # Errors
    /// When no such request is pending.
    pub fn decide_pending(&self, id: &[u8], verdict: Verdict) -> Result<(), OperatorError> {
        let text = || String::from_utf8_lossy(id).into_owned();
        let mut memory = self.memory();
        let known = TransactionId::parse(id).ok().and_then(|id| memory.store.transaction(&id));
        let Some(mut transaction) = known else { return Err(OperatorError::Unknown { id: text() }) };
        if transaction.state != State::Pending {
            return Err(OperatorError::NotPending { id: text(), state: transaction.state.name() });
        }
        transaction.state = match verdict {
            Verdict::Approve => State::Approved,
            Verdict::Reject => State::Rejected,
        };
        memory.store.put(transaction);
        Ok(())
    }
}
