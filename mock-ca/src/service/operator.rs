//! What the operator does: looks at pending requests, approves and rejects them.

use scep::UnixTime;
use scep::attribute::TransactionId;
use scep::name;

use super::Service;
use crate::store::{Decided, Revocation, Revoked, StoreError};

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
#[derive(Debug, thiserror::Error)]
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
    /// There is no such certificate.
    #[error("certificate {serial} was not issued here")]
    NoCertificate {
        /// Its serial number, hexadecimal.
        serial: String,
    },
    /// The certificate is revoked already.
    #[error("certificate {serial} is revoked since {at}")]
    RevokedBefore {
        /// Its serial number, hexadecimal.
        serial: String,
        /// Since when.
        at: String,
    },
    /// The rollover cannot go on.
    #[error("roll over: {0}")]
    Rollover(&'static str),
    /// Key or certificate of the next CA.
    #[error("make the next CA: {0}")]
    Authority(#[from] scep::Error),
    /// What the server remembers cannot be read or changed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Pending requests, records and so on that are shown at once.
pub(super) const SHOWN: u32 = 1000;

impl Service {
    /// Requests that wait, the oldest first; at most a thousand of them.
    ///
    /// # Errors
    /// When the store fails.
    pub fn pending(&self) -> Result<Vec<PendingRequest>, OperatorError> {
        let waiting = self.store.pending(SHOWN)?;
        Ok(waiting
            .into_iter()
            .map(|transaction| PendingRequest {
                subject: name::print(&transaction.csr.subject),
                dns_names: transaction.csr.dns_names(),
                transaction_id: transaction.id,
                since: transaction.since,
            })
            .collect())
    }

    /// Takes the operator's word on a transaction. `id` is the transactionID's octets.
    ///
    /// # Errors
    /// When no such request is pending, or the store fails.
    pub fn decide_pending(&self, id: &[u8], verdict: Verdict) -> Result<(), OperatorError> {
        let text = || String::from_utf8_lossy(id).into_owned();
        let Ok(known) = TransactionId::parse(id) else { return Err(OperatorError::Unknown { id: text() }) };
        match self.store.decide(&known, verdict == Verdict::Approve)? {
            Decided::Done => {
                let event = if verdict == Verdict::Approve { "approve" } else { "reject" };
                self.audit(event, &text(), "");
                Ok(())
            }
            Decided::Unknown => Err(OperatorError::Unknown { id: text() }),
            Decided::NotPending(state) => Err(OperatorError::NotPending { id: text(), state }),
        }
    }

    /// Revokes a certificate from now on; its CRL tells of it at once. `serial` is the content octets of
    /// its serial number, `reason` a CRLReason of RFC 5280 5.3.1.
    ///
    /// # Errors
    /// When there is no such certificate, it is revoked already, or the store fails.
    pub fn revoke(&self, serial: &[u8], reason: Option<u8>) -> Result<(), OperatorError> {
        let text = || hex::encode(serial);
        match self.store.revoke(serial, Revocation { at: self.clock.now(), reason })? {
            Revoked::Done => {
                self.audit(
                    "revoke",
                    &text(),
                    &reason.map_or_else(String::new, |code| format!("reason {code}")),
                );
                Ok(())
            }
            Revoked::Unknown => Err(OperatorError::NoCertificate { serial: text() }),
            Revoked::Already(before) => {
                Err(OperatorError::RevokedBefore { serial: text(), at: before.at.to_string() })
            }
        }
    }
}
