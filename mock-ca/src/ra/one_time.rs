//! A challengePassword that authorises one transaction.

use scep::UnixTime;
use scep::attribute::TransactionId;
use scep::csr::Csr;
use scep::name;
use serde::{Deserialize, Serialize};

/// A challengePassword for one transaction, without the word itself, which is kept nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OneTime {
    /// Digest of the word; its name in the store.
    pub digest: String,
    /// The only subject that it is right for, RFC 4514; None for any.
    pub subject: Option<String>,
    /// When it ceases to be right.
    pub expires: Option<u64>,
    /// transactionID that it was spent on, hexadecimal.
    pub spent: Option<String>,
}

impl OneTime {
    /// True when it may authorise this transaction now: not spent, or spent on this very one, whose
    /// request may come twice.
    #[must_use]
    pub fn is_good(&self, id: &TransactionId, now: UnixTime) -> bool {
        let id = hex::encode(id.octets());
        match &self.spent {
            Some(spent) => *spent == id,
            None => self.expires.is_none_or(|expires| now.0 <= expires),
        }
    }

    /// True when it is right for the subject of this request.
    #[must_use]
    pub fn is_for(&self, csr: &Csr) -> bool {
        let is_same =
            |subject: &String| name::parse(subject).is_ok_and(|subject| name::same(&subject, &csr.subject));
        self.subject.as_ref().is_none_or(is_same)
    }
}
