//! What is wrong with a data file, and where. Loading and lint make these; exit code 5 is theirs.

use std::fmt;

/// One mistake in a data file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Broken {
    /// File as the user can open it.
    pub file: String,
    /// Line, from 1. 0 when the mistake is the file as a whole.
    pub line: usize,
    /// Column in characters, from 1. 0 when the mistake is the file as a whole.
    pub column: usize,
    /// What is wrong, as a lower-case fragment.
    pub message: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column, message } = self;
        match line {
            0 => write!(f, "{file}: {message}"),
            _ => write!(f, "{file}:{line}:{column}: {message}"),
        }
    }
}

/// Every mistake that one pass over the data files found, by file and line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokenData(pub Vec<Broken>);

impl BrokenData {
    /// `Err` with the mistakes in order, or `Ok` when there are none.
    pub(crate) fn check(mut broken: Vec<Broken>) -> Result<(), Self> {
        if broken.is_empty() {
            return Ok(());
        }
        broken.sort();
        broken.dedup();
        Err(Self(broken))
    }
}

impl fmt::Display for BrokenData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, broken) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{broken}")?;
        }
        Ok(())
    }
}

impl std::error::Error for BrokenData {}
