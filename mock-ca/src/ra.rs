//! The registration authority: who gets a certificate. Pure: the facts of a request and the policy go in,
//! a decision comes out.

mod approval;
mod challenge;

pub use approval::{Mode, WithoutChallenge};
pub use challenge::Challenge;

use scep::attribute::FailInfo;
use scep::csr::Csr;

use crate::transaction::{State, Transaction};
use challenge::Offer;

/// Who may enrol.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// Whether the operator has a say when the challenge is right.
    pub mode: Mode,
    /// The right challengePassword; without one none is right.
    pub challenge: Option<Challenge>,
    /// What happens to a request without a challengePassword.
    pub without_challenge: WithoutChallenge,
}

/// Which checks are made. All of them, unless a laxity switches one off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checks {
    /// A request needs a challengePassword, unless the policy says otherwise (RFC 8894 2.3).
    pub challenge_required: bool,
    /// challengePassword is the right one (2.3).
    pub challenge_value: bool,
    /// A CertPoll names a transaction that there is (3.2.1.4 badCertId).
    pub poll_known: bool,
    /// A pending request waits for the operator (2.4).
    pub poll_approval: bool,
    /// A rejected request gets no certificate (2.4).
    pub poll_rejection: bool,
    /// A transaction that ended stays as it ended (2.5).
    pub poll_final: bool,
}

impl Default for Checks {
    fn default() -> Self {
        Self {
            challenge_required: true,
            challenge_value: true,
            poll_known: true,
            poll_approval: true,
            poll_rejection: true,
            poll_final: true,
        }
    }
}

/// What a client asks for.
#[derive(Debug, Clone, Copy)]
pub enum Ask<'a> {
    /// A certificate.
    Enrol(&'a Csr),
    /// How an earlier request fares.
    Poll,
}

/// What becomes of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It gets its certificate: a new one, or the one that the transaction has already.
    Grant,
    /// The operator has to look at it.
    Pending,
    /// It gets none.
    Refuse(Refusal),
}

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The failInfo of RFC 8894 3.2.1.4.
    pub fail_info: FailInfo,
    /// What the client may know.
    pub client: &'static str,
    /// What the operator wants to know.
    pub log: String,
}

impl Refusal {
    fn new(fail_info: FailInfo, client: &'static str, log: impl Into<String>) -> Self {
        Self { fail_info, client, log: log.into() }
    }
}

/// Decides on a request. `known` is what the server remembers of its transaction.
#[must_use]
pub fn decide(ask: Ask<'_>, known: Option<&Transaction>, policy: &Policy, checks: &Checks) -> Decision {
    match ask {
        Ask::Enrol(csr) => enrol(csr, known, policy, checks),
        Ask::Poll => poll(known.map(|transaction| &transaction.state), checks),
    }
}

fn enrol(csr: &Csr, known: Option<&Transaction>, policy: &Policy, checks: &Checks) -> Decision {
    let offered = csr.challenge.as_ref().map(|text| text.lossy());
    let first = approval::decide(Offer::judge(offered.as_deref(), policy.challenge.as_ref(), checks), policy);
    let Some(known) = known else { return first };
    if matches!(first, Decision::Refuse(_)) {
        return first;
    }
    // RFC 8894 3.2.1.1: a transactionID is for one key; a repeat is recognised by both.
    if known.csr.spki != csr.spki {
        return Decision::Refuse(Refusal::new(
            FailInfo::BadRequest,
            "the transactionID is in use",
            "the transactionID belongs to a request for another key",
        ));
    }
    match known.state {
        State::Pending => first,
        State::Approved | State::Issued(_) => Decision::Grant,
        State::Rejected => rejected(),
    }
}

fn poll(state: Option<&State>, checks: &Checks) -> Decision {
    match state {
        None if checks.poll_known => Decision::Refuse(Refusal::new(
            FailInfo::BadCertId,
            "no such transaction",
            "there is no transaction of that transactionID",
        )),
        None => Decision::Pending,
        Some(State::Pending) if checks.poll_approval => Decision::Pending,
        Some(State::Rejected) if checks.poll_rejection => rejected(),
        Some(State::Issued(_)) if !checks.poll_final => Decision::Pending,
        Some(State::Pending | State::Approved | State::Rejected | State::Issued(_)) => Decision::Grant,
    }
}

fn rejected() -> Decision {
    Decision::Refuse(Refusal::new(
        FailInfo::BadRequest,
        "the request was rejected",
        "the operator rejected it",
    ))
}

#[cfg(test)]
mod tests;
