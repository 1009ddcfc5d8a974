//! The registration authority: who gets a certificate. Pure: the facts of a request and the policy go in,
//! a decision comes out.

mod approval;
mod challenge;
mod claims;
mod credential;
mod one_time;
mod renewal;
mod secret;

pub use approval::{Mode, WithoutChallenge};
pub use challenge::{Challenge, digest};
pub use claims::{Claims, HookVerdict, Way, client_of};
pub use credential::Credential;
pub use one_time::OneTime;
pub use renewal::{Mode as RenewalMode, Record, Renewal, Signer};
pub use secret::{HashedSecret, generated};

use scep::UnixTime;
use scep::attribute::FailInfo;
use scep::csr::Csr;
use scep::server::transaction::{Arrival, Denial, Due, Identity, Stage};

use crate::transaction::{State, Transaction};
use challenge::Offer;

/// Who may enrol.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Ways to be authorised that are on, in the order in which they are tried.
    pub ways: Vec<Way>,
    /// Wrong challengePasswords of one client after which none of its is right for a while; None for any
    /// number.
    pub wrong_tries: Option<u32>,
    /// Seconds for which wrong tries count.
    pub wrong_tries_window: u64,
    /// Whether the operator has a say when the challenge is right.
    pub mode: Mode,
    /// The right challengePassword; without one none is right.
    pub challenge: Option<Challenge>,
    /// What happens to a request without a challengePassword.
    pub without_challenge: WithoutChallenge,
    /// Seconds until a request is approved by itself, in that mode.
    pub delay: u64,
    /// Whether and how certificates are renewed.
    pub renewal: Renewal,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            ways: vec![Way::Challenge, Way::OneTime, Way::Device, Way::Preregistration, Way::Template],
            wrong_tries: Some(50),
            wrong_tries_window: 3600,
            mode: Mode::default(),
            challenge: None,
            without_challenge: WithoutChallenge::default(),
            delay: 0,
            renewal: Renewal::default(),
        }
    }
}

/// Which checks are made. All of them, unless a laxity switches one off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checks {
    /// A request needs a challengePassword, unless the policy says otherwise (RFC 8894 2.3).
    pub challenge_required: bool,
    /// challengePassword is the right one (2.3).
    pub challenge_value: bool,
    /// A certificate renews itself at all (3.5.2 Renewal).
    pub renewal: bool,
    /// A RenewalReq is signed with a certificate of this CA (2.4).
    pub renewal_signer: bool,
    /// That certificate has not expired (2.4).
    pub renewal_expired: bool,
    /// It is not revoked (2.4).
    pub renewal_revoked: bool,
    /// The new certificate has its subject (2.5).
    pub renewal_subject: bool,
    /// That certificate is enough: no challengePassword is asked for beside it (2.4).
    pub renewal_alone: bool,
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
            renewal: true,
            renewal_signer: true,
            renewal_expired: true,
            renewal_revoked: true,
            renewal_subject: true,
            renewal_alone: true,
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
    Enrol {
        /// What is to be in it.
        csr: &'a Csr,
        /// What tells this request from another one of the same transactionID.
        identity: &'a Identity,
    },
    /// How an earlier request fares.
    Poll {
        /// SubjectPublicKeyInfo of who asks, DER.
        signer_key: &'a [u8],
    },
}

/// What is known about a request beside what is in it.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// What the server remembers of its transaction.
    pub known: Option<&'a Transaction>,
    /// Who signed it.
    pub signer: &'a Signer,
    /// What may authorise it.
    pub claims: &'a Claims,
    /// The time.
    pub now: UnixTime,
}

/// What becomes of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It gets its certificate: a new one, or the one that the transaction has already.
    Grant(Credential),
    /// It has to wait.
    Pending(Credential),
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
    /// What it is about.
    pub cause: Cause,
}

/// What a refusal is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The client has not shown who it is.
    Authentication {
        /// It tried, and was wrong: such tries are counted.
        is_wrong: bool,
    },
    /// Anything else.
    Request,
}

impl Refusal {
    fn new(fail_info: FailInfo, client: &'static str, log: impl Into<String>) -> Self {
        Self { fail_info, client, log: log.into(), cause: Cause::Request }
    }
}

/// Decides on a request.
#[must_use]
pub fn decide(ask: Ask<'_>, facts: &Facts<'_>, policy: &Policy, checks: &Checks) -> Decision {
    match ask {
        Ask::Enrol { csr, identity } => enrol(csr, identity, facts, policy, checks),
        Ask::Poll { signer_key } => poll(signer_key, facts, checks),
    }
}

fn enrol(csr: &Csr, identity: &Identity, facts: &Facts<'_>, policy: &Policy, checks: &Checks) -> Decision {
    let arrival = Arrival::of_request(identity, facts.known.map(|known| &known.identity));
    let due = arrival.due(facts.stage());
    if let (Arrival::Retransmission, Some(known)) = (arrival, facts.known)
        && due != Due::Pending
    {
        // It was authorised when it came first, by what may be spent or too old by now.
        return settled(due, known.credential.clone());
    }
    let first = first(csr, identity, facts, policy, checks);
    let (Decision::Grant(credential) | Decision::Pending(credential)) = &first else { return first };
    match due {
        // While it waits, a repeated request is decided on anew: policy may have changed.
        Due::Decision | Due::Pending => first,
        due => settled(due, credential.clone()),
    }
}

/// The decision on a request as if it were the first of its transaction.
fn first(csr: &Csr, identity: &Identity, facts: &Facts<'_>, policy: &Policy, checks: &Checks) -> Decision {
    match renewal::judge(csr, identity.message_type, facts.signer, policy.renewal, checks) {
        renewal::Offer::Good(credential) if policy.renewal.mode == RenewalMode::Manual => {
            Decision::Pending(credential)
        }
        renewal::Offer::Good(credential) => Decision::Grant(credential),
        renewal::Offer::Bad(refusal) => Decision::Refuse(refusal),
        renewal::Offer::None => {
            let offered = csr.challenge.as_ref().map(|text| text.lossy());
            approval::decide(Offer::judge(offered.as_deref(), csr, identity, facts, policy, checks), policy)
        }
    }
}

fn poll(signer_key: &[u8], facts: &Facts<'_>, checks: &Checks) -> Decision {
    let known = facts.known;
    let credential = known.map(|known| known.credential.clone()).unwrap_or_default();
    match known.map(|known| &known.state) {
        None if !checks.poll_known => return Decision::Pending(credential),
        Some(State::Pending) if !checks.poll_approval => return Decision::Grant(credential),
        Some(State::Rejected) if !checks.poll_rejection => return Decision::Grant(credential),
        Some(State::Issued(_)) if !checks.poll_final => return Decision::Pending(credential),
        None | Some(State::Pending | State::Approved | State::Rejected | State::Issued(_)) => {}
    }
    // RFC 8894 3.3.3 names a transaction by its transactionID alone, so a stranger's poll is answered too:
    // the answer is enveloped to the key that signed the poll.
    let arrival = Arrival::of_poll(signer_key, known.map(|known| &known.identity));
    settled(arrival.due(facts.stage()), credential)
}

impl Facts<'_> {
    /// How far the transaction got, with what time alone has approved.
    fn stage(&self) -> Option<Stage> {
        let known = self.known?;
        let is_due = known.due.is_some_and(|due| due <= self.now);
        Some(if is_due && known.state == State::Pending { Stage::Approved } else { known.state.stage() })
    }
}

/// What a transaction that there is makes of a message; nothing is left to decide.
fn settled(due: Due, credential: Credential) -> Decision {
    match due {
        Due::Decision | Due::Pending | Due::Lookup => Decision::Pending(credential),
        Due::Certificate | Due::SameCertificate => Decision::Grant(credential),
        Due::Refusal(denial) => {
            let client = match denial {
                Denial::InUse(_) => "the transactionID is in use",
                Denial::UnknownPoll => "no such transaction",
                Denial::Rejected => "the request was rejected",
            };
            Decision::Refuse(Refusal::new(denial.fail_info(), client, denial.to_string()))
        }
    }
}

#[cfg(test)]
mod tests;
