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
use scep::server::transaction::{Identity, Stage};

use crate::ra::Credential;

/// One enrolment, as the server remembers it.
#[derive(Debug, Clone)]
pub struct Transaction {
    /// Its name.
    pub id: TransactionId,
    /// What was asked for.
    pub csr: Csr,
    /// What tells its request from another one of the same name.
    pub identity: Identity,
    /// By what it is authorised.
    pub credential: Credential,
    /// How far it got.
    pub state: State,
    /// When the first request came.
    pub since: UnixTime,
    /// When it is approved without the operator's word; None when it waits for that alone.
    pub due: Option<UnixTime>,
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
    /// The same for the protocol core, which does not need the certificate.
    #[must_use]
    pub fn stage(&self) -> Stage {
        match self {
            Self::Pending => Stage::Waiting,
            Self::Approved => Stage::Approved,
            Self::Rejected => Stage::Rejected,
            Self::Issued(_) => Stage::Issued,
        }
    }

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
