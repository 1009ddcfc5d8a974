//! challengePassword as the only credential of a first enrolment.

use std::fmt;

use openssl::memcmp;
use openssl::sha::sha256;
use scep::csr::Csr;
use scep::key::Password;
use scep::server::transaction::Identity;
use serde::Deserialize;

use super::{Checks, Credential, Facts, HookVerdict, Policy, Way};

/// A challengePassword. A secret: it prints as nothing.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Challenge(String);

impl Challenge {
    /// Takes the text; None when it is empty, since a client cannot tell that from no challenge at all.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }

    /// What an envelope for who knows it is opened with (RFC 8894 3.1).
    #[must_use]
    pub fn password(&self) -> Password {
        Password::new(self.0.as_bytes())
    }

    /// Compares in a time that says nothing about how much of it is right: digests have one length.
    pub(crate) fn is(&self, offered: &str) -> bool {
        memcmp::eq(&sha256(self.0.as_bytes()), &sha256(offered.as_bytes()))
    }
}

impl TryFrom<String> for Challenge {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::new(&text).ok_or("expected a challengePassword, got an empty one")
    }
}

impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Challenge(redacted)")
    }
}

/// The digest by which the store knows a challengePassword, hexadecimal: the word itself is kept nowhere.
#[must_use]
pub fn digest(challenge: &str) -> String {
    hex::encode(sha256(challenge.as_bytes()))
}

/// What a request offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Offer {
    /// A right challengePassword.
    Right(Credential),
    /// One that leaves the decision to the operator.
    ForOperator(Credential),
    /// A wrong one, and what is wrong with it.
    Wrong(String),
    /// Right or wrong, after too many wrong ones.
    LockedOut,
    /// None.
    Absent,
}

impl Offer {
    /// Judges an offer by the ways that are on; the first that it is right for counts.
    pub(super) fn judge(
        offered: Option<&str>,
        csr: &Csr,
        identity: &Identity,
        facts: &Facts<'_>,
        policy: &Policy,
        checks: &Checks,
    ) -> Self {
        // Some clients send the attribute with no text when they have none to send.
        let Some(offered) = offered.filter(|text| !text.is_empty()) else {
            return if checks.challenge_required { Self::Absent } else { Self::Right(Credential::Nothing) };
        };
        if !checks.challenge_value {
            return Self::Right(Credential::Challenge);
        }
        if policy.wrong_tries.is_some_and(|most| facts.claims.wrong_tries >= most) {
            return Self::LockedOut;
        }
        let mut doubts = Vec::new();
        for way in &policy.ways {
            match way.judge(offered, csr, identity, facts, policy) {
                Self::Wrong(doubt) => doubts.push(doubt),
                Self::Absent => {}
                settled => return settled,
            }
        }
        if doubts.is_empty() {
            doubts.push("no challengePassword is right for this client".to_owned());
        }
        Self::Wrong(doubts.join("; "))
    }
}

impl Way {
    /// What an offer is worth in this way; [`Offer::Absent`] when the way does not lead to this client.
    fn judge(
        self,
        offered: &str,
        csr: &Csr,
        identity: &Identity,
        facts: &Facts<'_>,
        policy: &Policy,
    ) -> Offer {
        let Facts { claims, now, .. } = facts;
        let wrong = |why: &str| Offer::Wrong(why.to_owned());
        match self {
            Self::Challenge => match &policy.challenge {
                Some(right) if right.is(offered) => Offer::Right(Credential::Challenge),
                Some(_) => wrong("it is not the challengePassword of everybody"),
                None => Offer::Absent,
            },
            Self::OneTime => match &claims.one_time {
                None => Offer::Absent,
                Some(one_time) if !one_time.is_good(&identity.transaction_id, *now) => {
                    wrong("the one-time challengePassword is spent, or too old")
                }
                Some(one_time) if !one_time.is_for(csr) => {
                    wrong("the one-time challengePassword is for another subject")
                }
                Some(one_time) => Offer::Right(Credential::OneTime { digest: one_time.digest.clone() }),
            },
            Self::Device => match &claims.device {
                None => Offer::Absent,
                Some(device) if device.challenge.is(offered) => {
                    Offer::Right(Credential::Device { id: device.name().text().to_owned() })
                }
                Some(_) => wrong("it is not the challengePassword of the device"),
            },
            Self::Preregistration => match &claims.preregistration {
                None => wrong("the client is not preregistered"),
                Some(record) if record.passphrase.is(offered) => Offer::Right(Credential::Preregistration {
                    requestor: record.requestor.text().to_owned(),
                }),
                Some(_) => wrong("it is not the passphrase of the preregistered client"),
            },
            Self::Template => match &claims.template {
                None => Offer::Absent,
                Some(nickname) => Offer::Right(Credential::Template { nickname: nickname.clone() }),
            },
            Self::Hook => match &claims.hook {
                None => Offer::Absent,
                Some(HookVerdict::Grant) => Offer::Right(Credential::Hook),
                Some(HookVerdict::Pending) => Offer::ForOperator(Credential::Hook),
                Some(HookVerdict::Refuse(why)) => Offer::Wrong(format!("the hook refuses: {why}")),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::Challenge;

    #[rstest]
    #[case::right("secret", true)]
    #[case::other("Secret", false)]
    #[case::start_of_it("secre", false)]
    #[case::empty("", false)]
    fn a_challenge_is_itself_only(#[case] offered: &str, #[case] expected: bool) {
        assert_eq!(Challenge::new("secret").unwrap().is(offered), expected);
    }

    #[test]
    fn a_challenge_does_not_print() {
        assert!(!format!("{:?}", Challenge::new("secret").unwrap()).contains("secret"));
    }
}
