//! What an enrolment is given: with whom, how, and what is checked.

use std::fmt;

use super::{Checks, Suite};
use crate::UnixTime;
use crate::attribute::MessageType;
use crate::ca_cert::CaCertificates;
use crate::key::Password;
use crate::message::Sender;

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

/// The message that asks for a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RequestForm {
    /// PKCSReq: a first enrolment, signed with a self-signed certificate (RFC 8894 2.3). Signed with the
    /// existing certificate and its key it is the renewal of older drafts, which servers that do not know
    /// RenewalReq want.
    #[default]
    PkcsReq,
    /// RenewalReq, signed with the existing certificate and its key (3.3.1).
    RenewalReq,
}

impl RequestForm {
    /// messageType on the wire.
    #[must_use]
    pub fn message_type(self) -> MessageType {
        match self {
            Self::PkcsReq => MessageType::PkcsReq,
            Self::RenewalReq => MessageType::RenewalReq,
        }
    }
}

/// When to poll, and when to give up. The RFC fixes no numbers (2.5.1, 4.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PollPolicy {
    /// Seconds before the first poll, and between two polls unless they grow apart.
    pub interval: u64,
    /// Most polls in one transaction.
    pub max_polls: u32,
    /// Seconds after the request at which the transaction is given up.
    pub max_seconds: u64,
    /// How the polls grow apart.
    pub back_off: BackOff,
}

/// How the seconds between two polls grow from poll to poll.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackOff {
    /// The next interval in per cent of the last: 100 keeps it, 200 doubles it. Less than 100 counts as 100.
    pub percent: u32,
    /// Longest interval in seconds.
    pub longest: u64,
}

impl BackOff {
    /// Always the same interval.
    pub const NONE: Self = Self { percent: 100, longest: u64::MAX };
}

impl PollPolicy {
    /// The interval before the next poll, in seconds, once `polls` were sent.
    #[must_use]
    pub fn interval_after(&self, polls: u32) -> u64 {
        let percent = u64::from(self.back_off.percent.max(100));
        let longest = self.back_off.longest.max(self.interval);
        let mut interval = self.interval;
        for _ in 0..polls {
            if percent == 100 || interval == 0 || interval >= longest {
                break;
            }
            // Rounded up, so that even an interval of a second grows.
            let grown = u128::from(interval) * u128::from(percent);
            interval = u64::try_from(grown.div_ceil(100)).unwrap_or(u64::MAX).min(longest);
        }
        interval
    }

    /// True when no poll may be sent at that time (RFC 8894 2.5.1: maximum time or number of polls).
    pub(super) fn gives_up(&self, polls: u32, started: UnixTime, at: UnixTime) -> bool {
        polls >= self.max_polls || at > started.plus(self.max_seconds)
    }
}

/// What a client does when an answer is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Recovery {
    /// It ends: RFC 8894 2.5.1, no response reverts to CERT-NONEXISTENT. Whether to begin again is the
    /// caller's affair.
    #[default]
    End,
    /// It begins a new transaction under a new transactionID with the same PKCS#10: what a client SHOULD do
    /// (5.2, resync cases 1 and 3), whether the request or a poll was lost.
    NewTransaction(Retry),
    /// It sends again what was lost, in the same transaction: the request, or a poll (older drafts; 5.2,
    /// resync cases 2 and 4, which are not recommended). The nonce is fresh all the same.
    SameTransaction(Retry),
}

/// How often and when something lost is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// Most answers of the whole enrolment that may be lost before it ends.
    pub times: u32,
    /// Seconds to wait after a loss.
    pub wait: u64,
}

/// What to enrol, with whom and how.
#[derive(Clone)]
pub struct Plan {
    /// Certificates of the CA, authenticated by the caller.
    pub ca: CaCertificates,
    /// Algorithms and transport.
    pub suite: Suite,
    /// Which message asks.
    pub request: RequestForm,
    /// Signer of the requests: a self-signed certificate for a first enrolment, the existing certificate for
    /// a renewal; and its key, which opens the answer (RFC 8894 2.3).
    pub signer: Sender,
    /// PKCS#10, DER.
    pub csr: Vec<u8>,
    /// subject of the PKCS#10, DER: what a CertPoll names.
    pub subject: Vec<u8>,
    /// SubjectPublicKeyInfo of the PKCS#10, DER.
    pub spki: Vec<u8>,
    /// challengePassword: what keys that cannot encrypt are enveloped for, in both directions (RFC 8894 3.1).
    pub password: Option<Password>,
    /// Polling.
    pub poll: PollPolicy,
    /// What is done when an answer is lost.
    pub recovery: Recovery,
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
            .field("request", &self.request)
            .field("poll", &self.poll)
            .field("recovery", &self.recovery)
            .field("checks", &self.checks)
            .field("continuity", &self.continuity)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{BackOff, PollPolicy};

    #[rstest]
    #[case::constant(BackOff::NONE, &[60, 60, 60])]
    #[case::doubled(BackOff { percent: 200, longest: 300 }, &[60, 120, 240, 300, 300])]
    #[case::rounded_up(BackOff { percent: 101, longest: 62 }, &[60, 61, 62, 62])]
    #[case::never_shorter(BackOff { percent: 50, longest: 10 }, &[60, 60, 60])]
    fn intervals_grow_to_the_longest(#[case] back_off: BackOff, #[case] expected: &[u64]) {
        let policy = PollPolicy { interval: 60, max_polls: 9, max_seconds: 9, back_off };
        let intervals: Vec<u64> =
            (0..).map(|polls| policy.interval_after(polls)).take(expected.len()).collect();
        assert_eq!(intervals, expected);
    }

    #[test]
    fn the_largest_numbers_do_not_overflow() {
        let back_off = BackOff { percent: u32::MAX, longest: u64::MAX };
        let policy = PollPolicy { interval: 1, max_polls: 9, max_seconds: 9, back_off };
        assert_eq!(policy.interval_after(u32::MAX), u64::MAX);
        let still = PollPolicy { interval: 0, ..policy };
        assert_eq!(still.interval_after(1000), 0);
    }
}
