//! The challengePassword: a secret on its way from the command line into the PKCS#10.

use std::fmt;

/// A challengePassword. Shows itself to nobody but the code that writes the request.
#[derive(Clone, PartialEq, Eq)]
pub struct Challenge(String);

impl Challenge {
    /// Takes the text as it is.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<String> for Challenge {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Challenge(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::Challenge;

    #[test]
    fn debug_does_not_show_the_secret() {
        assert!(!format!("{:?}", Challenge::new("hunter2")).contains("hunter2"));
    }
}
