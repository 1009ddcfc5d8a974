//! What an enrolment is given: with whom, how, and what is checked.

use std::fmt;

use super::Suite;
use crate::ca_cert::CaCertificates;
use crate::message::Sender;

/// Which checks are made on an answer. All of them, unless a test wants a client that skips one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checks {
    /// HTTP status 200 (RFC 8894 4.3.1).
    pub http_status: bool,
    /// messageType is CertRep (3.2.1.2).
    pub message_type: bool,
    /// transactionID equals the request's (3.2.1.1).
    pub transaction_id: bool,
    /// recipientNonce equals the request's senderNonce (3.2.1.5).
    pub recipient_nonce: bool,
    /// messageDigest equals the digest of the content.
    pub message_digest: bool,
    /// The signature verifies with a certificate of the CA (3.1).
    pub message_signature: bool,
    /// The digest of the signature is not MD5 (2.9).
    pub md5: bool,
    /// The content cipher is not single DES (2.9).
    pub single_des: bool,
    /// The certificate is for the requested key (3.3.2.1).
    pub certificate_key: bool,
}

impl Checks {
    /// None at all: whatever certificate is in an answer is taken.
    pub const NONE: Self = Self::each(false);

    const fn each(made: bool) -> Self {
        Self {
            http_status: made,
            message_type: made,
            transaction_id: made,
            recipient_nonce: made,
            message_digest: made,
            message_signature: made,
            md5: made,
            single_des: made,
            certificate_key: made,
        }
    }
}

impl Default for Checks {
    fn default() -> Self {
        Self::each(true)
    }
}

/// What ties the messages of one transaction together, and what keeps them apart. All of it, unless a test
/// wants a client that is careless.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Continuity {
    /// Every message has a senderNonce of its own (3.2.1.5).
    pub fresh_nonce: bool,
    /// A CertPoll has the transactionID of the request that it asks about (3.2.1.1).
    pub same_transaction: bool,
}

impl Default for Continuity {
    fn default() -> Self {
        Self { fresh_nonce: true, same_transaction: true }
    }
}

/// When to poll, and when to give up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PollPolicy {
    /// Seconds between two polls.
    pub interval: u64,
    /// Most polls in one transaction.
    pub max_polls: u32,
    /// Seconds after the request at which the transaction is given up.
    pub max_seconds: u64,
}

/// What to enrol, with whom and how.
#[derive(Clone)]
pub struct Plan {
    /// Certificates of the CA, authenticated by the caller.
    pub ca: CaCertificates,
    /// Algorithms and transport.
    pub suite: Suite,
    /// Signer of the requests: a self-signed certificate for a first enrolment, and its key.
    pub signer: Sender,
    /// PKCS#10, DER.
    pub csr: Vec<u8>,
    /// subject of the PKCS#10, DER: what a CertPoll names.
    pub subject: Vec<u8>,
    /// SubjectPublicKeyInfo of the PKCS#10, DER.
    pub spki: Vec<u8>,
    /// Polling.
    pub poll: PollPolicy,
    /// Checks on answers.
    pub checks: Checks,
    /// What the messages of the transaction have in common.
    pub continuity: Continuity,
}

impl fmt::Debug for Plan {
    // The PKCS#10 holds the challengePassword in clear: it stays out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan")
            .field("ca", &self.ca)
            .field("suite", &self.suite)
            .field("poll", &self.poll)
            .field("checks", &self.checks)
            .field("continuity", &self.continuity)
            .finish_non_exhaustive()
    }
}
