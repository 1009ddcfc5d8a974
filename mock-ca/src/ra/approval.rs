//! Whether the operator has a say: what the offered challengePassword means under the policy.

use clap::ValueEnum;
use scep::attribute::FailInfo;
use serde::Deserialize;

use super::challenge::Offer;
use super::{Decision, Policy, Refusal};

/// Whether the operator has a say when the challenge is right (RFC 8894 2.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// No: the certificate is issued at once.
    #[default]
    Automatic,
    /// Yes: every request waits for the operator.
    Manual,
}

/// What happens to a request without a challengePassword.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum WithoutChallenge {
    /// It is refused.
    #[default]
    Reject,
    /// It waits for the operator.
    Pending,
    /// It is granted.
    Grant,
}

/// The decision on a request that the server sees for the first time.
pub(super) fn decide(offer: Offer, policy: &Policy) -> Decision {
    let refuse = |client, log: &str| Decision::Refuse(Refusal::new(FailInfo::BadRequest, client, log));
    let authorised = match policy.mode {
        Mode::Automatic => Decision::Grant,
        Mode::Manual => Decision::Pending,
    };
    match (offer, policy.without_challenge) {
        (Offer::Right, _) | (Offer::Absent, WithoutChallenge::Grant) => authorised,
        (Offer::Absent, WithoutChallenge::Pending) => Decision::Pending,
        (Offer::Absent, WithoutChallenge::Reject) => {
            refuse("a challengePassword is needed", "there is no challengePassword")
        }
        (Offer::Wrong, _) if policy.challenge.is_none() => {
            refuse("the challengePassword is wrong", "no challengePassword is right: none is configured")
        }
        (Offer::Wrong, _) => refuse("the challengePassword is wrong", "the challengePassword is wrong"),
    }
}
