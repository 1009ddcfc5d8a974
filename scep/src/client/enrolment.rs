//! The enrolment machine, RFC 8894 2.5.1 and 5.2.
//!
//! ```text
//!                  +--- lost: a new transaction ---+
//!                  v                               |
//!  NonExistent --PKCSReq or RenewalReq--> ReqPending --SUCCESS--> Issued
//!   ^        ^                             |   ^   |
//!   |        +-- lost: the same again -----+   |   +--PENDING--> Waiting
//!   |                                          |                    |
//!   |                                          +------CertPoll------+   (same transactionID, fresh nonce)
//!   +-- FAILURE; limit of time or polls; lost once too often
//! ```
//!
//! Driven by the caller: [`Enrolment::poll`] says what to do next, [`Enrolment::handle`] takes the answer,
//! [`Enrolment::handle_no_answer`] the news that there is none. What happens then is [`Recovery`].

use rand_core::RngCore;

use super::asking::{Answered, Asked, Peer};
use super::{Checks, Plan, Recovery, Step, payload};
use crate::UnixTime;
use crate::attribute::{FailInfo, MessageType, Nonce, TransactionId};
use crate::certificate::Certificate;
use crate::error::{Error, Result};
use crate::fault::Faults;
use crate::finding::Finding;
use crate::http::HttpResponse;
use crate::message::IssuerAndSubject;

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
    /// Nothing of this transaction was sent, or nothing that counts.
    NonExistent {
        until: UnixTime,
        transaction: Id,
    },
    ReqPending {
        asked: Asked,
        message_type: MessageType,
    },
    Waiting {
        until: UnixTime,
    },
    Over(Box<Verdict>),
}

/// Under which transactionID the next request goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Id {
    AsItIs,
    New,
}

/// One enrolment: one transaction, or several when answers are lost and the plan says so.
#[derive(Debug, Clone)]
pub struct Enrolment {
    plan: Plan,
    transaction_id: TransactionId,
    state: State,
    /// When the request of the current transaction was sent first.
    started: Option<UnixTime>,
    /// Polls of the current transaction.
    polls: u32,
    /// Answers lost in all transactions.
    lost: u32,
    last_nonce: Option<Nonce>,
    findings: Vec<Finding>,
}

impl Enrolment {
    /// A new transaction with a random transactionID.
    pub fn new(plan: Plan, now: UnixTime, rng: &mut dyn RngCore) -> Self {
        Self::with_transaction_id(plan, TransactionId::random(rng), now)
    }

    /// A new transaction with a transactionID of the caller's choice: older drafts made it from the public
    /// key ([`TransactionId::of_key`]), so that a client which forgot everything finds its transaction again.
    #[must_use]
    pub fn with_transaction_id(plan: Plan, transaction_id: TransactionId, now: UnixTime) -> Self {
        let state = State::NonExistent { until: now, transaction: Id::AsItIs };
        Self {
            plan,
            transaction_id,
            state,
            started: None,
            polls: 0,
            lost: 0,
            last_nonce: None,
            findings: Vec::new(),
        }
    }

    /// A transaction that was PENDING when the client was stopped, its request sent at `started`: it goes on
    /// with a CertPoll. RFC 8894 5.2 (resync case 2) advises a new transaction instead.
    #[must_use]
    pub fn resume(plan: Plan, transaction_id: TransactionId, started: UnixTime, now: UnixTime) -> Self {
        let mut machine = Self::with_transaction_id(plan, transaction_id, now);
        (machine.started, machine.state) = (Some(started), State::Waiting { until: now });
        machine
    }

    /// The same transaction in the same state, its next answer judged by other checks.
    #[must_use]
    pub fn with_checks(mut self, checks: Checks) -> Self {
        self.plan.checks = checks;
        self
    }

    /// transactionID of the current transaction's messages.
    #[must_use]
    pub fn transaction_id(&self) -> &TransactionId {
        &self.transaction_id
    }

    /// Departures in the answers that the readers stepped over.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Polls sent so far in the current transaction.
    #[must_use]
    pub fn polls(&self) -> u32 {
        self.polls
    }

    /// Answers lost so far, in all transactions.
    #[must_use]
    pub fn lost(&self) -> u32 {
        self.lost
    }

    /// How it ended; None while it is under way.
    #[must_use]
    pub fn verdict(&self) -> Option<&Verdict> {
        match &self.state {
            State::Over(verdict) => Some(verdict),
            State::NonExistent { .. } | State::ReqPending { .. } | State::Waiting { .. } => None,
        }
    }

    /// The message that [`Enrolment::poll`] would send now, for choosing its faults.
    #[must_use]
    pub fn next_message(&self) -> MessageType {
        match self.state {
            State::NonExistent { .. } => self.plan.request.message_type(),
            State::ReqPending { .. } | State::Waiting { .. } | State::Over(_) => MessageType::CertPoll,
        }
    }

    /// What to do now.
    ///
    /// # Errors
    /// When the request cannot be written: the CA has no certificate to encrypt to, or the library fails.
    pub fn poll(
        &mut self,
        now: UnixTime,
        faults: &mut Faults,
        rng: &mut dyn RngCore,
    ) -> Result<Step<Verdict>> {
        match &self.state {
            State::NonExistent { until, .. } | State::Waiting { until } if now < *until => {
                Ok(Step::Wait(*until))
            }
            State::NonExistent { transaction, .. } => {
                if *transaction == Id::New {
                    self.transaction_id = TransactionId::random(rng);
                    (self.polls, self.started) = (0, None);
                }
                self.started.get_or_insert(now);
                self.send(self.plan.request.message_type(), self.plan.csr.clone(), faults, rng)
            }
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
    ) -> Result<Step<Verdict>> {
        let nonce = self.last_nonce.clone().filter(|_| !self.plan.continuity.fresh_nonce);
        let (request, asked) =
            self.peer().compose(message_type, &self.transaction_id, content, nonce, faults, rng)?;
        self.last_nonce = Some(asked.sender_nonce.clone());
        self.state = State::ReqPending { asked, message_type };
        Ok(Step::Send(request))
    }

    fn peer(&self) -> Peer<'_> {
        let Plan { ca, suite, signer, password, checks, .. } = &self.plan;
        Peer { ca, suite: *suite, signer, password: password.as_ref(), checks: *checks }
    }

    fn gives_up_at(&self, at: UnixTime) -> bool {
        self.plan.poll.gives_up(self.polls, self.started.unwrap_or(at), at)
    }

    fn end(&mut self, verdict: Verdict) -> Step<Verdict> {
        self.state = State::Over(Box::new(verdict.clone()));
        Step::Done(Box::new(verdict))
    }

    /// The next poll is due then, unless that is too late or one too many.
    fn wait(&mut self, until: UnixTime) {
        if self.gives_up_at(until) {
            self.end(Verdict::StillPending { polls: self.polls });
        } else {
            self.state = State::Waiting { until };
        }
    }

    /// Takes the answer to the last request. A poll that the server is too busy for (Retry-After) is made
    /// again when it says, within the polling of the plan.
    pub fn handle(&mut self, response: &HttpResponse, now: UnixTime) {
        let State::ReqPending { asked, message_type } = &self.state else { return };
        let asked = asked.clone();
        if *message_type == MessageType::CertPoll
            && let Some(seconds) = response.retry_after(now)
        {
            // The server is busy, and says for how long: the request is pending all the same.
            return self.wait(now.plus(seconds.max(self.plan.poll.interval_after(self.polls))));
        }
        match self.judge(response, &asked) {
            Ok(None) => self.wait(now.plus(self.plan.poll.interval_after(self.polls))),
            Ok(Some(verdict)) => {
                self.end(verdict);
            }
            Err(error) => {
                self.end(Verdict::Rejected(error));
            }
        }
    }

    /// Takes note that there will be no answer, and why, in the transport's words: CERT-NONEXISTENT again
    /// (RFC 8894 2.5.1), and what the plan's [`Recovery`] says.
    pub fn handle_no_answer(&mut self, why: &str, now: UnixTime) {
        let State::ReqPending { message_type, .. } = self.state else { return };
        let (retry, transaction) = match self.plan.recovery {
            Recovery::End => {
                self.end(Verdict::NoAnswer(why.to_owned()));
                return;
            }
            Recovery::NewTransaction(retry) => (retry, Id::New),
            Recovery::SameTransaction(retry) => (retry, Id::AsItIs),
        };
        self.lost += 1;
        let until = now.plus(retry.wait);
        if self.lost > retry.times {
            self.end(Verdict::NoAnswer(why.to_owned()));
        } else if transaction == Id::AsItIs && message_type == MessageType::CertPoll {
            // A poll too many, or too late, is not sent because the one before was lost.
            if self.gives_up_at(until) {
                self.end(Verdict::NoAnswer(why.to_owned()));
            } else {
                self.state = State::Waiting { until };
            }
        } else {
            self.state = State::NonExistent { until, transaction };
        }
    }

    /// None for PENDING.
    fn judge(&mut self, response: &HttpResponse, asked: &Asked) -> Result<Option<Verdict>> {
        let mut findings = Vec::new();
        let answered = self.peer().judge(response, asked, &mut findings);
        self.findings.extend(findings);
        match answered? {
            Answered::Success(payload) => {
                let (certificate, others) = payload::issued(&payload, &self.plan.spki, self.plan.checks)?;
                Ok(Some(Verdict::Issued { certificate, others }))
            }
            Answered::Failure(fail_info, text) => Ok(Some(Verdict::Refused { fail_info, text })),
            Answered::Pending => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests;
