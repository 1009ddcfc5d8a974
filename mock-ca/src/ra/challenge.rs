//! challengePassword as the only credential of a first enrolment.

use std::fmt;

use openssl::memcmp;
use openssl::sha::sha256;
use scep::key::Password;
use serde::Deserialize;

use super::Checks;

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

/// What a request offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Offer {
    /// The right challengePassword.
    Right,
    /// Another one.
    Wrong,
    /// None.
    Absent,
}

impl Offer {
    pub(super) fn judge(offered: Option<&str>, right: Option<&Challenge>, checks: &Checks) -> Self {
        // Some clients send the attribute with no text when they have none to send.
        match offered.filter(|text| !text.is_empty()) {
            None if checks.challenge_required => Self::Absent,
            Some(offered) if checks.challenge_value && !right.is_some_and(|right| right.is(offered)) => {
                Self::Wrong
            }
            None | Some(_) => Self::Right,
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{Challenge, Checks, Offer};

    #[rstest]
    #[case::right(Some("secret"), Some("secret"), Offer::Right)]
    #[case::other(Some("Secret"), Some("secret"), Offer::Wrong)]
    #[case::start_of_it(Some("secre"), Some("secret"), Offer::Wrong)]
    #[case::none(None, Some("secret"), Offer::Absent)]
    #[case::empty(Some(""), Some("secret"), Offer::Absent)]
    #[case::nothing_is_right(Some("secret"), None, Offer::Wrong)]
    fn an_offer_is_judged(
        #[case] offered: Option<&str>,
        #[case] right: Option<&str>,
        #[case] expected: Offer,
    ) {
        let right = right.and_then(Challenge::new);
        assert_eq!(Offer::judge(offered, right.as_ref(), &Checks::default()), expected);
    }

    #[test]
    fn a_challenge_does_not_print() {
        assert!(!format!("{:?}", Challenge::new("secret").unwrap()).contains("secret"));
    }
}
