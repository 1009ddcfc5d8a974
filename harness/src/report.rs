//! Reports: functions of a run's events, and nothing else.
//!
//! A [`Reporter`] follows a run line by line: the terminal and the writer of `results.jsonl`. A [`Format`]
//! turns a finished [`RunFolder`] into one file, so that a report can be drawn up again years later. A new
//! file format is a file in this folder and a row in [`FORMATS`].

mod folder;
mod headline;
mod hex;
mod html;
mod jsonl;
mod junit;
pub(crate) mod printable;
mod status;
mod terminal;

#[cfg(test)]
mod fixtures;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

pub use self::folder::{Judged, RunFolder};
pub use self::headline::{Headline, Tone};
pub use self::hex::{Row, Window, WindowError, window};
pub use self::jsonl::{FILE as RESULTS_FILE, JsonLines, ReadError, read};
pub use self::status::Status;
pub use self::terminal::{Look, Terminal};
use crate::results::Line;

/// Follows a run line by line.
pub trait Reporter {
    /// Takes the next line of the run, in the order of `results.jsonl`.
    ///
    /// # Errors
    /// When the reporter cannot write where it writes to.
    fn event(&mut self, line: &Line) -> io::Result<()>;
}

/// A report that is one file in the run folder.
#[derive(Debug, Clone, Copy)]
pub struct Format {
    /// Name on the command line.
    pub name: &'static str,
    /// File name within the run folder.
    pub file: &'static str,
    /// Draws the report up.
    pub write: fn(&RunFolder, &mut dyn Write) -> io::Result<()>,
}

/// Every report that is drawn up from a run folder.
pub const FORMATS: &[Format] = &[
    Format { name: "html", file: "report.html", write: html::write },
    Format { name: "junit", file: "junit.xml", write: junit::write },
];

/// A report that could not be written.
#[derive(Debug, thiserror::Error)]
#[error("write the {name} report to {}", path.display())]
pub struct WriteError {
    name: &'static str,
    path: PathBuf,
    source: io::Error,
}

/// Draws up every report of [`FORMATS`] inside the run folder, and says which files they are.
///
/// # Errors
/// When a file cannot be written.
pub fn write_all(folder: &RunFolder) -> Result<Vec<PathBuf>, WriteError> {
    FORMATS.iter().map(|format| format.write_into(folder)).collect()
}

impl Format {
    /// The row of [`FORMATS`] with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        FORMATS.iter().find(|format| format.name == name)
    }

    /// Draws the report up inside the run folder, and says which file it is.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_into(&self, folder: &RunFolder) -> Result<PathBuf, WriteError> {
        let path = folder.root().join(self.file);
        let written = File::create(&path).and_then(|file| {
            let mut file = BufWriter::new(file);
            (self.write)(folder, &mut file)?;
            file.flush()
        });
        match written {
            Ok(()) => Ok(path),
            Err(source) => Err(WriteError { name: self.name, path, source }),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn formats_have_names_and_files_of_their_own() {
        let names: BTreeSet<&str> = FORMATS.iter().map(|format| format.name).collect();
        let files: BTreeSet<&str> = FORMATS.iter().map(|format| format.file).collect();
        assert_eq!((names.len(), files.len()), (FORMATS.len(), FORMATS.len()));
        assert!(!files.contains(RESULTS_FILE));
        assert!(Format::named("junit").is_some() && Format::named("nothing").is_none());
    }

    #[test]
    fn every_report_is_a_pure_function_of_the_run_folder() {
        let run = fixtures::run_folder();
        let folder = RunFolder::open(run.path()).unwrap();
        let first: Vec<Vec<u8>> =
            write_all(&folder).unwrap().iter().map(|path| std::fs::read(path).unwrap()).collect();
        let again = RunFolder::open(run.path()).unwrap();
        let second: Vec<Vec<u8>> =
            write_all(&again).unwrap().iter().map(|path| std::fs::read(path).unwrap()).collect();
        assert!(first.iter().all(|report| !report.is_empty()));
        assert_eq!(first, second);
    }
}
