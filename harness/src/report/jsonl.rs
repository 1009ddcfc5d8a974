//! `results.jsonl`: written line by line while a run goes on, read back by everything that comes after.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use super::Reporter;
use crate::results::{Line, SCHEMA};

/// Name of the results file in a run folder.
pub const FILE: &str = "results.jsonl";

/// Writes each line as it comes and flushes it, so that a run that dies leaves all it knew.
#[derive(Debug)]
pub struct JsonLines<W> {
    out: W,
}

impl<W: Write> JsonLines<W> {
    /// Writes lines to `out`.
    pub fn new(out: W) -> Self {
        Self { out }
    }
}

impl<W: Write> Reporter for JsonLines<W> {
    fn event(&mut self, line: &Line) -> io::Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        self.out.write_all(&text)?;
        self.out.flush()
    }
}

/// A results file that no report may be drawn from.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file cannot be read.
    #[error("read {}", path.display())]
    Io {
        /// The results file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A line is no line of results.
    #[error("{}:{line}: not a line of results", path.display())]
    Line {
        /// The results file.
        path: PathBuf,
        /// Number of the line, from 1.
        line: usize,
        /// What the JSON reader said.
        source: serde_json::Error,
    },
    /// The file does not begin as results do.
    #[error("{}:1: expected a run line with schema {SCHEMA}, found {found}", path.display())]
    Start {
        /// The results file.
        path: PathBuf,
        /// What stands there.
        found: String,
    },
    /// Something follows the `end` line.
    #[error("{}:{line}: a line after the end line", path.display())]
    AfterEnd {
        /// The results file.
        path: PathBuf,
        /// Number of the line, from 1.
        line: usize,
    },
    /// The file stops before its `end` line.
    #[error("{}: cut short after line {lines}: there is no end line, so the run did not finish", path.display())]
    Truncated {
        /// The results file.
        path: PathBuf,
        /// Whole lines that are there.
        lines: usize,
    },
}

/// Reads a whole results file, and refuses one that is cut short, damaged or of another schema.
///
/// # Errors
/// Says which file and which line.
pub fn read(path: &Path) -> Result<Vec<Line>, ReadError> {
    let failed = |source| ReadError::Io { path: path.to_owned(), source };
    let mut reader = BufReader::new(File::open(path).map_err(failed)?);
    let mut lines = Vec::new();
    let mut ended = false;
    let mut text = String::new();
    while reader.read_line(&mut text).map_err(failed)? > 0 {
        let number = lines.len() + 1;
        if ended {
            return Err(ReadError::AfterEnd { path: path.to_owned(), line: number });
        }
        if !text.ends_with('\n') {
            break; // every line is written with its end: this one was not finished
        }
        let line: Line = serde_json::from_str(&text).map_err(|source| ReadError::Line {
            path: path.to_owned(),
            line: number,
            source,
        })?;
        if lines.is_empty() {
            check_start(path, &line)?;
        }
        ended = matches!(line, Line::End(_));
        lines.push(line);
        text.clear();
    }
    if ended { Ok(lines) } else { Err(ReadError::Truncated { path: path.to_owned(), lines: lines.len() }) }
}

fn check_start(path: &Path, line: &Line) -> Result<(), ReadError> {
    let found = match line {
        Line::Run(run) if run.schema == SCHEMA => return Ok(()),
        Line::Run(run) => format!("schema {}", run.schema),
        Line::Plan(_)
        | Line::Check(_)
        | Line::Case(_)
        | Line::Requirement(_)
        | Line::Drift(_)
        | Line::End(_) => "another line".to_owned(),
    };
    Err(ReadError::Start { path: path.to_owned(), found })
}

#[cfg(test)]
mod tests {
    use super::super::fixtures;
    use super::*;

    fn written() -> String {
        let mut text = Vec::new();
        let mut writer = JsonLines::new(&mut text);
        for line in fixtures::lines() {
            writer.event(&line).unwrap();
        }
        String::from_utf8(text).unwrap()
    }

    fn read_text(text: &str) -> Result<Vec<Line>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        std::fs::write(&path, text).unwrap();
        read(&path).map_err(|error| error.to_string().replace(&format!("{}/", folder.path().display()), ""))
    }

    #[test]
    fn what_is_written_is_read_back() {
        assert_eq!(read_text(&written()), Ok(fixtures::lines()));
    }

    #[test]
    fn a_file_without_its_end_is_refused_wherever_it_is_cut() {
        let text = written();
        let count = text.lines().count();
        for keep in 0..count {
            let cut: String = text.lines().take(keep).map(|line| format!("{line}\n")).collect();
            let expected = format!(
                "results.jsonl: cut short after line {keep}: there is no end line, so the run did not finish"
            );
            assert_eq!(read_text(&cut), Err(expected));
        }
        let within_the_last_line = &text[..text.len() - 2];
        assert!(read_text(within_the_last_line).unwrap_err().contains(&format!("after line {}", count - 1)));
        let without_the_last_newline = text.trim_end();
        assert!(read_text(without_the_last_newline).unwrap_err().contains("cut short"));
    }

    #[test]
    fn a_damaged_line_is_named() {
        let text = written().replacen("\"type\":\"plan\"", "\"type\":\"plum\"", 1);
        assert_eq!(read_text(&text), Err("results.jsonl:2: not a line of results".into()));
    }

    #[test]
    fn another_schema_is_refused() {
        let text = written().replacen(SCHEMA, "sceptic/results/2", 1);
        let expected = "results.jsonl:1: expected a run line with schema sceptic/results/1, found schema \
                        sceptic/results/2";
        assert_eq!(read_text(&text), Err(expected.into()));
        let headless: String = written().lines().skip(1).map(|line| format!("{line}\n")).collect();
        assert!(read_text(&headless).unwrap_err().ends_with("found another line"));
    }

    #[test]
    fn lines_after_the_end_are_refused() {
        let text = written();
        let twice = format!("{text}{text}");
        let expected = format!("results.jsonl:{}: a line after the end line", text.lines().count() + 1);
        assert_eq!(read_text(&twice), Err(expected));
    }
}
