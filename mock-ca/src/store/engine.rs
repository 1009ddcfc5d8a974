//! What a store is kept in: tables of named documents, changed all at once or not at all.
//!
//! Everything that the server remembers goes through these few operations, so that the rules of the store
//! (a challenge is spent once, a transaction is issued once) are written once, and an engine has to know
//! nothing of them. What an engine promises is that acts are *serialisable*: they look as if they had been
//! run one after the other, whichever processes run them.

use std::fmt::Debug;

/// Why the store does not work: the operator's trouble, never a client's.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The engine failed.
    #[error("{engine} store: {detail}")]
    Engine {
        /// `sqlite` or `postgresql`.
        engine: &'static str,
        /// In the words of its library.
        detail: String,
    },
    /// A document is not what was put in.
    #[error("document {kind}/{key}: {detail}")]
    Document {
        /// The table.
        kind: &'static str,
        /// The name of the document.
        key: String,
        /// What is wrong with it.
        detail: String,
    },
}

/// What comes of an operation of the store.
pub type Result<T> = std::result::Result<T, StoreError>;

/// The tables, by what their documents are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Transactions, by transactionID.
    Transaction,
    /// Transactions that wait for the operator, by arrival and transactionID; the document is empty.
    Waiting,
    /// Issued certificates, by serial number: none is used twice, whatever the issuer.
    Certificate,
    /// Serial numbers by time of issue; the document is the name of the certificate.
    Issue,
    /// Revoked certificates, by generation of their issuer and serial number.
    Revocation,
    /// The current CRLs, by generation of the authority.
    Crl,
    /// Generations of the authority, by number.
    Authority,
    /// Counters, by name.
    Counter,
    /// Preregistration records, by Requestor.
    Preregistration,
    /// Registered devices, by device id.
    Device,
    /// One-time challenges, by their digest.
    Challenge,
    /// Wrong tries, by device.
    Attempts,
    /// Audit events, by time and number.
    Audit,
}

impl Kind {
    /// Its name in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Transaction => "transaction",
            Self::Waiting => "waiting",
            Self::Certificate => "certificate",
            Self::Issue => "issue",
            Self::Revocation => "revocation",
            Self::Crl => "crl",
            Self::Authority => "authority",
            Self::Counter => "counter",
            Self::Preregistration => "preregistration",
            Self::Device => "device",
            Self::Challenge => "challenge",
            Self::Attempts => "attempts",
            Self::Audit => "audit",
        }
    }
}

/// The documents as one act sees them.
pub trait Tables {
    /// The document of that name.
    ///
    /// # Errors
    /// When the engine fails.
    fn document(&mut self, kind: Kind, key: &str) -> Result<Option<String>>;

    /// Puts a document in, in place of an older one of the same name.
    ///
    /// # Errors
    /// When the engine fails.
    fn put(&mut self, kind: Kind, key: &str, document: &str) -> Result<()>;

    /// Takes a document out; it need not be there.
    ///
    /// # Errors
    /// When the engine fails.
    fn remove(&mut self, kind: Kind, key: &str) -> Result<()>;

    /// Documents whose names come after `after` and start with `prefix`, in the order of the octets of
    /// their names, at most `limit`.
    ///
    /// # Errors
    /// When the engine fails.
    fn range(&mut self, kind: Kind, prefix: &str, after: &str, limit: u32) -> Result<Vec<(String, String)>>;
}

/// What an act does with the tables. It may be run again when it got into another's way, so it has to
/// leave no trace elsewhere.
pub type Act<'a> = &'a mut (dyn FnMut(&mut dyn Tables) -> Result<()> + Send);

/// Runs acts on tables.
pub trait Engine: Debug + Send + Sync {
    /// Runs an act that only looks.
    ///
    /// # Errors
    /// Those of the act, and those of the engine.
    fn look(&self, act: Act<'_>) -> Result<()>;

    /// Runs an act that may change documents. When it returns `Ok`, all changes are there and stay there
    /// whatever happens to the process; otherwise none is.
    ///
    /// # Errors
    /// Those of the act, and those of the engine.
    fn change(&self, act: Act<'_>) -> Result<()>;
}
