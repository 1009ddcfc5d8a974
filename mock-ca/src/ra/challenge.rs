//! challengePassword as the only credential of a first enrolment.

use std::fmt;

use openssl::memcmp;
use openssl::sha::sha256;
use scep::key::Password;
use scep::server::transaction::Identity;
use serde::Deserialize;

use super::{Checks, Credential, Facts, Policy};

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
    fn is(&self, offered: &str) -> bool {
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
    sha256(challenge.as_bytes()).iter().map(|octet| format!("{octet:02x}")).collect()
}

/// What a request offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Offer {
    /// A right challengePassword.
    Right(Credential),
    /// Another one, and what is wrong with it.
    Wrong(&'static str),
    /// None.
    Absent,
}

impl Offer {
    pub(super) fn judge(
        offered: Option<&str>,
        identity: &Identity,
        facts: &Facts<'_>,
        policy: &Policy,
        checks: &Checks,
    ) -> Self {
        // Some clients send the attribute with no text when they have none to send.
        let Some(offered) = offered.filter(|text| !text.is_empty()) else {
            return if checks.challenge_required { Self::Absent } else { Self::Right(Credential::Nothing) };
        };
        if !checks.challenge_value || policy.challenge.as_ref().is_some_and(|right| right.is(offered)) {
            return Self::Right(Credential::Challenge);
        }
        match facts.one_time {
            Some(one_time) if one_time.is_good(&identity.transaction_id, facts.now) => {
                Self::Right(Credential::OneTime { digest: one_time.digest.clone() })
            }
            Some(_) => Self::Wrong("the one-time challengePassword is spent, or too old"),
            None if policy.challenge.is_none() => {
                Self::Wrong("no challengePassword is right: none is configured")
            }
            None => Self::Wrong("the challengePassword is wrong"),
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
