//! Whether the operator has a say: what the offered challengePassword means under the policy.

use clap::ValueEnum;
use scep::attribute::FailInfo;
use serde::Deserialize;

use super::challenge::Offer;
use super::{Cause, Credential, Decision, Policy, Refusal};

/// Whether the operator has a say when the challenge is right (RFC 8894 2.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// No: the certificate is issued at once.
    #[default]
    Automatic,
    /// Yes: every request waits for the operator.
    Manual,
    /// No, but it takes a while: every request waits for so many seconds.
    Delayed,
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
    let refuse = |client, log: &str, is_wrong| {
        let cause = Cause::Authentication { is_wrong };
        Decision::Refuse(Refusal { cause, ..Refusal::new(FailInfo::BadRequest, client, log) })
    };
    let authorised = |credential| match policy.mode {
        Mode::Automatic => Decision::Grant(credential),
        Mode::Manual | Mode::Delayed => Decision::Pending(credential),
    };
    match (offer, policy.without_challenge) {
        (Offer::Right(credential), _) => authorised(credential),
        (Offer::Absent, WithoutChallenge::Grant) => authorised(Credential::Nothing),
        (Offer::Absent, WithoutChallenge::Pending) => Decision::Pending(Credential::Nothing),
        (Offer::Absent, WithoutChallenge::Reject) => {
            refuse("a challengePassword is needed", "there is no challengePassword", false)
        }
        (Offer::ForOperator(credential), _) => Decision::Pending(credential),
        (Offer::Wrong(why), _) => {
            refuse("the challengePassword is wrong", &format!("the challengePassword is wrong: {why}"), true)
        }
        // The client is not told that it is locked out: the words are those for any wrong one.
        (Offer::LockedOut, _) => refuse(
            "the challengePassword is wrong",
            "the challengePassword was wrong too often lately",
            false,
        ),
    }
}
