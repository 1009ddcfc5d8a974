//! The enrolment machine, RFC 8894 2.5.1.
//!
//! ```text
//!  NonExistent --PKCSReq--> ReqPending --SUCCESS--> Issued
//!                              |  ^ |
//!                      PENDING |  | CertPoll (same transactionID, fresh senderNonce)
//!                              v  | |
//!                            Waiting --FAILURE, no answer, limit--> NonExistent
//! ```
//!
//! Driven by the caller: [`Enrolment::poll`] says what to do next, [`Enrolment::handle`] takes the answer.

use rand_core::RngCore;

use crate::attribute::{FailInfo, MessageType, Nonce, PkiStatus, TransactionId};
use crate::ca_cert::read_certificates_only;
use crate::certificate::Certificate;
use crate::error::{Error, Result};
use crate::fault::Faults;
use crate::finding::Finding;
use crate::http::{HttpRequest, HttpResponse};
use crate::message::{IssuerAndSubject, MessageParts, PkiMessage, SignatureCheck};
use crate::suite::{Cipher, Digest};
use crate::tlv::Source;
use crate::{UnixTime, oid};

use super::{Checks, Plan};

/// What the caller does next.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Send this, then call [`Enrolment::handle`] or [`Enrolment::handle_no_answer`].
    Send(HttpRequest),
    /// Wait until then, then poll again.
    Wait(UnixTime),
    /// It is over.
    Done(Box<Verdict>),
}

/// How an enrolment ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// SUCCESS, and every check passed.
    Issued {
        /// The certificate for the requested key.
        certificate: Box<Certificate>,
        /// The other certificates that came with it.
        others: Vec<Certificate>,
    },
    /// FAILURE: the server's own word.
    Refused {
        /// failInfo; None when absent or undefined.
        fail_info: Option<FailInfo>,
        /// failInfoText.
        text: Option<String>,
    },
    /// The answer is against the protocol and was not used.
    Rejected(Error),
    /// The server did not answer; in the transport's words.
    NoAnswer(String),
    /// Still PENDING when time or polls ran out.
    StillPending {
        /// Polls sent.
        polls: u32,
    },
}

#[derive(Debug, Clone)]
enum State {
    NonExistent,
    ReqPending { sender_nonce: Nonce },
    Waiting { until: UnixTime },
    Over(Box<Verdict>),
}

/// One enrolment transaction.
#[derive(Debug, Clone)]
pub struct Enrolment {
    plan: Plan,
    transaction_id: TransactionId,
    state: State,
    started: UnixTime,
    polls: u32,
    last_nonce: Option<Nonce>,
    findings: Vec<Finding>,
}

impl Enrolment {
    /// A new transaction with a random transactionID.
    pub fn new(plan: Plan, now: UnixTime, rng: &mut dyn RngCore) -> Self {
        let transaction_id = TransactionId::random(rng);
        Self {
            plan,
            transaction_id,
            state: State::NonExistent,
            started: now,
            polls: 0,
            last_nonce: None,
            findings: Vec::new(),
        }
    }

    /// The same transaction in the same state, its next answer judged by other checks.
    #[must_use]
    pub fn with_checks(mut self, checks: Checks) -> Self {
        self.plan.checks = checks;
        self
    }

    /// transactionID of all its messages.
    #[must_use]
    pub fn transaction_id(&self) -> &TransactionId {
        &self.transaction_id
    }

    /// Departures in the answers that the readers stepped over.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Polls sent so far.
    #[must_use]
    pub fn polls(&self) -> u32 {
        self.polls
    }

    /// How it ended; None while it is under way.
    #[must_use]
    pub fn verdict(&self) -> Option<&Verdict> {
        match &self.state {
            State::Over(verdict) => Some(verdict),
            State::NonExistent | State::ReqPending { .. } | State::Waiting { .. } => None,
        }
    }

    /// The message that [`Enrolment::poll`] would send now, for choosing its faults.
    #[must_use]
    pub fn next_message(&self) -> MessageType {
        match self.state {
            State::NonExistent => MessageType::PkcsReq,
            _ => MessageType::CertPoll,
        }
    }

    /// What to do now.
    ///
    /// # Errors
    /// When the request cannot be written: the CA has no certificate to encrypt to, or the library fails.
    pub fn poll(&mut self, now: UnixTime, faults: &mut Faults, rng: &mut dyn RngCore) -> Result<Step> {
        match &self.state {
            State::NonExistent => {
                let csr = self.plan.csr.clone();
                self.send(MessageType::PkcsReq, csr, faults, rng)
            }
            State::Waiting { until } if now < *until => Ok(Step::Wait(*until)),
            State::Waiting { .. } => {
                if self.gives_up_at(now) {
                    return Ok(self.end(Verdict::StillPending { polls: self.polls }));
                }
                self.polls += 1;
                if !self.plan.continuity.same_transaction {
                    self.transaction_id = TransactionId::random(rng);
                }
                // RFC 8894 3.3.3: the subject name of the issuing CA.
                let issuer = self.plan.ca.issuer().map(|ca| ca.subject.clone()).unwrap_or_default();
                let content = IssuerAndSubject { issuer, subject: self.plan.subject.clone() }.write();
                self.send(MessageType::CertPoll, content, faults, rng)
            }
            State::ReqPending { .. } => Err(Error::Misuse {
                what: "enrolment",
                detail: "expected the answer to the last request first".to_owned(),
            }),
            State::Over(verdict) => Ok(Step::Done(verdict.clone())),
        }
    }

    fn send(
        &mut self,
        message_type: MessageType,
        content: Vec<u8>,
        faults: &mut Faults,
        rng: &mut dyn RngCore,
    ) -> Result<Step> {
        let sender_nonce = match &self.last_nonce {
            Some(used) if !self.plan.continuity.fresh_nonce => used.clone(),
            _ => Nonce::random(rng),
        };
        self.last_nonce = Some(sender_nonce.clone());
        // RFC 8894 3.5.2 lets a client overlook keyUsage: some servers decrypt with a key that may only sign.
        let ca = &self.plan.ca;
        let recipient = ca.recipient().or_else(|error| ca.issuer().ok_or(error))?;
        let message = MessageParts {
            message_type,
            transaction_id: self.transaction_id.clone(),
            sender_nonce: Some(sender_nonce.clone()),
            recipient_nonce: None,
            outcome: None,
            message_data: Some(content),
            recipient: Some(recipient.clone()),
            cipher: self.plan.suite.cipher,
            digest: self.plan.suite.digest,
            certificates: vec![self.plan.signer.certificate.der.clone()],
        }
        .write(&self.plan.signer, faults, rng)?;
        let mut request =
            if self.plan.suite.post { HttpRequest::post(message) } else { HttpRequest::get(&message) };
        faults.request(&mut request);
        self.state = State::ReqPending { sender_nonce };
        Ok(Step::Send(request))
    }

    /// True when no poll may be sent at that time (RFC 8894 2.5.1: maximum time or number of polls).
    fn gives_up_at(&self, at: UnixTime) -> bool {
        self.polls >= self.plan.poll.max_polls || at > self.started.plus(self.plan.poll.max_seconds)
    }

    fn end(&mut self, verdict: Verdict) -> Step {
        self.state = State::Over(Box::new(verdict.clone()));
        Step::Done(Box::new(verdict))
    }

    /// Takes the answer to the last request.
    pub fn handle(&mut self, response: &HttpResponse, now: UnixTime) {
        let State::ReqPending { sender_nonce } = &self.state else { return };
        let sender_nonce = sender_nonce.clone();
        match self.judge(response, &sender_nonce) {
            Ok(None) => {
                let until = now.plus(self.plan.poll.interval);
                if self.gives_up_at(until) {
                    self.end(Verdict::StillPending { polls: self.polls });
                } else {
                    self.state = State::Waiting { until };
                }
            }
            Ok(Some(verdict)) => {
                self.end(verdict);
            }
            Err(error) => {
                self.end(Verdict::Rejected(error));
            }
        }
    }

    /// Takes note that there will be no answer: CERT-NONEXISTENT again, RFC 8894 2.5.1.
    pub fn handle_no_answer(&mut self, why: &str) {
        self.end(Verdict::NoAnswer(why.to_owned()));
    }

    /// None for PENDING.
    fn judge(&mut self, response: &HttpResponse, sender_nonce: &Nonce) -> Result<Option<Verdict>> {
        let checks = self.plan.checks;
        if checks.http_status && response.status != 200 {
            return Err(misbehaved("HTTP status (RFC 8894 4.3.1)", "200", response.status));
        }
        let read = PkiMessage::read(&response.body)?;
        self.findings.extend(read.findings);
        let message = read.value;
        self.verify(&message)?;
        let message_type = message.message_type();
        if checks.message_type && message_type != Some(MessageType::CertRep) {
            let actual = message_type.map_or("an absent or undefined one", MessageType::name);
            return Err(misbehaved("messageType (RFC 8894 3.2.1.2)", "CertRep", actual));
        }
        let id = message.transaction_id();
        if checks.transaction_id && id.as_ref() != Some(&self.transaction_id) {
            let actual = id.map_or_else(|| "none".to_owned(), |id| id.to_string());
            return Err(misbehaved("transactionID (RFC 8894 3.2.1.1)", &self.transaction_id, actual));
        }
        let nonce = message.recipient_nonce();
        if checks.recipient_nonce && nonce.as_ref() != Some(sender_nonce) {
            let actual = nonce.map_or_else(|| "none".to_owned(), |nonce| nonce.to_string());
            return Err(misbehaved("recipientNonce (RFC 8894 3.2.1.5)", sender_nonce, actual));
        }
        match message.pki_status() {
            Some(PkiStatus::Success) => self.open(&message).map(Some),
            Some(PkiStatus::Failure) => Ok(Some(Verdict::Refused {
                fail_info: message.fail_info(),
                text: message.fail_info_text().map(|text| text.lossy()),
            })),
            Some(PkiStatus::Pending) => Ok(None),
            None => {
                Err(misbehaved("pkiStatus (RFC 8894 3.2.1.3)", "0, 2 or 3", "an absent or undefined one"))
            }
        }
    }

    fn verify(&mut self, message: &PkiMessage) -> Result<()> {
        let checks = self.plan.checks;
        let Some(signer) = message.signer() else {
            return Err(misbehaved("CertRep (RFC 8894 3)", "one SignerInfo", "none"));
        };
        if checks.message_digest && signer.digest().is_none() {
            return Err(Error::Unsupported { what: "digest", actual: oid::name(signer.digest_algorithm) });
        }
        for algorithm in [signer.digest_algorithm, signer.signature_algorithm] {
            if checks.md5 && Digest::from_oid(algorithm).is_some_and(Digest::is_insecure) {
                return Err(misbehaved(
                    "signature (RFC 8894 2.9)",
                    "another digest than MD5",
                    oid::name(algorithm),
                ));
            }
        }
        let verifications: Vec<_> = self
            .plan
            .ca
            .signers()
            .iter()
            .filter_map(|certificate| certificate.public_key().ok())
            .map(|key| message.verify(&key))
            .collect();
        if checks.message_digest && !verifications.iter().any(|v| v.digest) {
            return Err(misbehaved(
                "messageDigest (RFC 5652 11.2)",
                "the digest of eContent",
                "another value",
            ));
        }
        if checks.message_signature && !verifications.iter().any(|v| v.signature != SignatureCheck::Fails) {
            return Err(misbehaved(
                "signature (RFC 8894 3.1)",
                "one that verifies with a certificate of the CA",
                "none does",
            ));
        }
        if !verifications.iter().any(|v| v.signature == SignatureCheck::AsReceived)
            && let Some(sorted) = verifications.iter().find(|v| v.signature == SignatureCheck::Sorted)
        {
            message.report_signature(sorted.signature, &mut self.findings);
        }
        Ok(())
    }

    fn open(&mut self, message: &PkiMessage) -> Result<Verdict> {
        let checks = self.plan.checks;
        let envelope = message
            .envelope(&mut self.findings)?
            .ok_or_else(|| misbehaved("SUCCESS (RFC 8894 3.3.2.1)", "an envelope", "none"))?;
        if checks.single_des && Cipher::from_oid(envelope.cipher).is_some_and(Cipher::is_insecure) {
            let actual = oid::name(envelope.cipher);
            return Err(misbehaved("content cipher (RFC 8894 2.9)", "another than single DES", actual));
        }
        let plain = envelope.open(&self.plan.signer.key)?;
        let payload = read_certificates_only(Source::message_data(&plain), &mut self.findings)?;
        let all: Vec<Certificate> =
            payload.certificates.iter().map(|raw| raw.read()).collect::<Result<_>>()?;
        // By its key, never by its position (RFC 8894 3.3.2.1 says leaf; a SET has no order).
        let mine = all.iter().position(|certificate| certificate.spki == self.plan.spki);
        let mine = match mine {
            Some(index) => index,
            None if checks.certificate_key || all.is_empty() => {
                return Err(misbehaved(
                    "issued certificate (RFC 8894 3.3.2.1)",
                    "one for the requested key",
                    format!("{} for other keys", all.len()),
                ));
            }
            None => 0,
        };
        let mut others = all;
        let certificate = Box::new(others.remove(mine));
        Ok(Verdict::Issued { certificate, others })
    }
}

fn misbehaved(what: &'static str, expected: impl ToString, actual: impl ToString) -> Error {
    Error::Misbehaved { what, expected: expected.to_string(), actual: actual.to_string() }
}

#[cfg(test)]
mod tests;
