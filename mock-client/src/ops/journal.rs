//! What an enrolment tells its keeper: where it stands before it sends anything, so that nothing is lost when
//! it is interrupted, and what happens, for those who print it.

use scep::UnixTime;
use scep::attribute::{MessageType, TransactionId};
use scep::certificate::Certificate;
use scep::client::{RequestForm, Verdict};
use scep::http::HttpResponse;

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

/// Something that happened.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// This message is sent next.
    Sending(MessageType),
    /// This came back, not judged yet.
    Answered(&'a HttpResponse),
    /// It was PENDING, and will be polled for.
    Pending,
    /// That was the end.
    Over(&'a Verdict),
}

/// Keeps the progress of an enrolment.
pub trait Journal {
    /// Called before the request is sent, and when the server says PENDING.
    ///
    /// # Errors
    /// When it could not be kept, in words; then nothing is sent.
    fn note(&mut self, progress: &Progress) -> Result<(), String>;

    /// Called at everything that happens.
    fn watch(&mut self, event: Event<'_>) {
        let _ = event;
    }
}

/// Keeps nothing: an interrupted enrolment is lost.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoJournal;

impl Journal for NoJournal {
    fn note(&mut self, _progress: &Progress) -> Result<(), String> {
        Ok(())
    }
}
