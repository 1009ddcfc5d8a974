//! A finished run on disk: the only input of every report that is a file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::hex::{self, Window, WindowError};
use super::jsonl::{self, ReadError};
use crate::results::{
    At, CaseLine, CheckLine, DriftKind, DriftLine, EndLine, Line, PlanLine, RequirementLine, RunLine,
};

/// A run folder whose results are whole.
#[derive(Debug)]
pub struct RunFolder {
    root: PathBuf,
    run: RunLine,
    end: EndLine,
    lines: Vec<Line>,
}

/// A case instance with its checks.
#[derive(Debug)]
pub struct Judged<'a> {
    /// The case instance.
    pub case: &'a CaseLine,
    /// Its checks, in the order of the results.
    pub checks: Vec<&'a CheckLine>,
}

impl RunFolder {
    /// Reads the results of a run folder.
    ///
    /// # Errors
    /// When they are missing, damaged or cut short.
    pub fn open(root: &Path) -> Result<Self, ReadError> {
        let path = root.join(jsonl::FILE);
        let lines = jsonl::read(&path)?;
        let (Some(Line::Run(run)), Some(Line::End(end))) = (lines.first(), lines.last()) else {
            return Err(ReadError::Truncated { path, lines: lines.len() });
        };
        Ok(Self { root: root.to_owned(), run: run.clone(), end: end.clone(), lines })
    }

    /// The folder itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Every line, first to last.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// What was run against what.
    #[must_use]
    pub fn run(&self) -> &RunLine {
        &self.run
    }

    /// How it ended.
    #[must_use]
    pub fn end(&self) -> &EndLine {
        &self.end
    }

    /// What was selected.
    #[must_use]
    pub fn plan(&self) -> Option<&PlanLine> {
        self.lines.iter().find_map(|line| if let Line::Plan(plan) = line { Some(plan) } else { None })
    }

    /// Case instances with their checks, in the order of the results.
    #[must_use]
    pub fn judged(&self) -> Vec<Judged<'_>> {
        let mut checks: BTreeMap<&str, Vec<&CheckLine>> = BTreeMap::new();
        let mut judged = Vec::new();
        for line in &self.lines {
            match line {
                Line::Check(check) => checks.entry(&check.case).or_default().push(check),
                Line::Case(case) => {
                    judged.push(Judged { case, checks: checks.remove(case.id.as_str()).unwrap_or_default() });
                }
                Line::Run(_) | Line::Plan(_) | Line::Requirement(_) | Line::Drift(_) | Line::End(_) => {}
            }
        }
        judged
    }

    /// Requirements by id.
    #[must_use]
    pub fn requirements(&self) -> BTreeMap<&str, &RequirementLine> {
        self.lines
            .iter()
            .filter_map(|line| match line {
                Line::Requirement(requirement) => Some((requirement.id.as_str(), requirement)),
                _ => None,
            })
            .collect()
    }

    /// Where the expectations and the run differ.
    pub fn drift(&self) -> impl Iterator<Item = &DriftLine> {
        self.lines.iter().filter_map(|line| if let Line::Drift(drift) = line { Some(drift) } else { None })
    }

    /// What the drift says of a case instance that passed unexpectedly.
    pub fn unexpected(&self, case: &CaseLine) -> impl Iterator<Item = &DriftLine> {
        self.drift().filter(|drift| {
            let named = drift.case == case.id || drift.case == case.case;
            // An entry may name a pattern; then its message names the instances.
            drift.kind == DriftKind::UnexpectedPass && (named || drift.message.contains(&case.id))
        })
    }

    /// The bytes that a check looked at, with what stands around them, in at most `rows` rows.
    ///
    /// # Errors
    /// When the evidence is not there, or not in this folder.
    pub fn window(&self, at: &At, rows: usize) -> Result<Window, WindowError> {
        hex::window(&self.root, at, rows)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures;
    use super::*;

    #[test]
    fn checks_are_found_with_their_case() {
        let run = fixtures::run_folder();
        let folder = RunFolder::open(run.path()).unwrap();
        let judged = folder.judged();
        assert_eq!(judged.len(), 9);
        let failed = judged.iter().find(|judged| judged.case.id == "srv.enrol.message-signature").unwrap();
        let ids: Vec<&str> = failed.checks.iter().map(|check| check.id.as_str()).collect();
        assert_eq!(ids, ["refused", "reason", "refusal/nonce-echoed"]);
    }

    #[test]
    fn a_folder_without_results_is_an_error_that_names_the_file() {
        let empty = tempfile::tempdir().unwrap();
        let error = RunFolder::open(empty.path()).unwrap_err();
        assert!(error.to_string().ends_with("results.jsonl"), "{error}");
    }
}
