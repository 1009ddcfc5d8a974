//! A transaction: everything under one transactionID, from the first PKCSReq to the certificate.
//!
//! ```text
//!  PKCSReq --right challenge--------------------------> Issued
//!     |                                                   ^
//!     +--needs the operator--> Pending --approve--> Approved   (the answer to the next message issues)
//!                                 |
//!                                 +------reject---> Rejected
//! ```

use scep::UnixTime;
use scep::attribute::TransactionId;
use scep::certificate::Certificate;
use scep::csr::Csr;

/// One enrolment, as the server remembers it.
#[derive(Debug, Clone)]
pub struct Transaction {
    /// Its name.
    pub id: TransactionId,
    /// What was asked for.
    pub csr: Csr,
    /// How far it got.
    pub state: State,
    /// When the first request came.
    pub since: UnixTime,
}

/// How far a transaction got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Waits for the operator.
    Pending,
    /// The operator said yes; the certificate is made when the client comes for it.
    Approved,
    /// The operator said no.
    Rejected,
    /// The certificate was handed out.
    Issued(Box<Certificate>),
}

impl State {
    /// In a word, for people.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Issued(_) => "issued",
        }
    }
}
