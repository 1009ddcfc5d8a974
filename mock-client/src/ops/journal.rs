//! What an enrolment tells its keeper before it sends anything, so that nothing is lost when it is
//! interrupted: the request that may have been answered meanwhile can be polled for.

use scep::UnixTime;
use scep::attribute::TransactionId;
use scep::certificate::Certificate;
use scep::client::RequestForm;

/// Where a transaction stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// transactionID of the request.
    pub transaction_id: TransactionId,
    /// When it was, or will now be, sent.
    pub started: UnixTime,
    /// PKCSReq or RenewalReq.
    pub form: RequestForm,
    /// PKCS#10, DER.
    pub csr: Vec<u8>,
    /// Certificate that signs the requests.
    pub signer: Certificate,
    /// True once the server said PENDING.
    pub is_pending: bool,
}

/// Keeps the progress of an enrolment.
pub trait Journal {
    /// Called before the request is sent, and when the server says PENDING.
    ///
    /// # Errors
    /// When it could not be kept, in words; then nothing is sent.
    fn note(&mut self, progress: &Progress) -> Result<(), String>;
}

/// Keeps nothing: an interrupted enrolment is lost.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoJournal;

impl Journal for NoJournal {
    fn note(&mut self, _progress: &Progress) -> Result<(), String> {
        Ok(())
    }
}
