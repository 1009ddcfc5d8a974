//! Exit codes: the one table of numbers that scripts may rely on. `mock-client --help` prints it.

use std::fmt;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Exit {
    /// What was asked for is done.
    Done = 0,
    /// The client itself failed.
    Internal = 1,
    /// The command line makes no sense.
    Usage = 2,
    /// Polling ended before the server decided.
    Pending = 3,
    /// The server said FAILURE.
    Refused = 4,
    /// The answer is against the protocol.
    Rejected = 5,
    /// There was no answer.
    Network = 6,
    /// The CA is not the one that was to be trusted.
    Untrusted = 7,
    /// A file could not be read or written.
    Files = 8,
    /// The certificate is revoked.
    Revoked = 9,
}

impl Exit {
    /// Every exit code, in the order of the numbers.
    pub const ALL: [Self; 10] = [
        Self::Done,
        Self::Internal,
        Self::Usage,
        Self::Pending,
        Self::Refused,
        Self::Rejected,
        Self::Network,
        Self::Untrusted,
        Self::Files,
        Self::Revoked,
    ];

    /// The number.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }

    /// One word for programs that read the JSON form.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Internal => "internal",
            Self::Usage => "usage",
            Self::Pending => "pending",
            Self::Refused => "refused",
            Self::Rejected => "rejected",
            Self::Network => "network",
            Self::Untrusted => "untrusted",
            Self::Files => "files",
            Self::Revoked => "revoked",
        }
    }

    /// What it says about the run.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done: the certificate was issued, or the query answered",
            Self::Internal => "the client itself failed",
            Self::Usage => "the command line makes no sense",
            Self::Pending => "still pending: polling ended before the server decided",
            Self::Refused => "refused: the server answered FAILURE",
            Self::Rejected => "the answer is against the protocol and was not used",
            Self::Network => "no answer: the server cannot be reached, or speaks no HTTP",
            Self::Untrusted => "the CA certificate is not the one to be trusted",
            Self::Files => "a file could not be read or written",
            Self::Revoked => "the certificate is revoked",
        }
    }

    /// The table, one line each.
    #[must_use]
    pub fn table() -> String {
        let lines: Vec<String> = Self::ALL.iter().map(|exit| format!("  {exit}")).collect();
        format!("Exit codes:\n{}", lines.join("\n"))
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}  {}", self.code(), self.meaning())
    }
}

#[cfg(test)]
mod tests {
    use super::Exit;

    #[test]
    fn the_table_lists_every_code_once_in_order() {
        assert!(Exit::ALL.iter().enumerate().all(|(index, exit)| usize::from(exit.code()) == index));
        assert_eq!(Exit::table().lines().count(), Exit::ALL.len() + 1);
    }
}
