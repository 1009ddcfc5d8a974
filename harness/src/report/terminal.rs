//! The terminal: a progress bar (or plain lines in a pipe) while a run goes on, and at its end, per failure,
//! what is required, what came instead, where in the bytes, and the command to repeat it.

mod ending;
mod look;

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write};
use std::path::PathBuf;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

pub use self::look::Look;
use super::Reporter;
use super::printable::{one_line, plain};
use super::status::Status;
use crate::results::{CaseLine, CheckLine, DriftLine, Line, PlanLine, RequirementLine, RunLine};
use crate::verdict::CheckResult;

/// Follows a run for the person who started it.
pub struct Terminal {
    out: Box<dyn Write + Send>,
    look: Look,
    /// Run folder, where the evidence is read from.
    root: PathBuf,
    bar: ProgressBar,
    checks: BTreeMap<String, Vec<CheckLine>>,
    cases: Vec<CaseLine>,
    requirements: BTreeMap<String, RequirementLine>,
    drift: Vec<DriftLine>,
}

impl fmt::Debug for Terminal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Terminal").field("look", &self.look).field("root", &self.root).finish_non_exhaustive()
    }
}

impl Terminal {
    /// Reports to `out` on the run whose evidence is below `root`.
    #[must_use]
    pub fn new(out: Box<dyn Write + Send>, look: Look, root: PathBuf) -> Self {
        Self {
            out,
            look,
            root,
            bar: ProgressBar::hidden(),
            checks: BTreeMap::new(),
            cases: Vec::new(),
            requirements: BTreeMap::new(),
            drift: Vec::new(),
        }
    }

    /// Shows that a case instance is being run now.
    pub fn started(&self, instance: &str) {
        self.bar.set_message(one_line(instance));
    }

    /// Says something beside the lines of the run, without breaking the progress bar.
    ///
    /// # Errors
    /// When the terminal cannot be written to.
    pub fn say(&mut self, text: &str) -> io::Result<()> {
        let Self { out, bar, .. } = self;
        bar.suspend(|| writeln!(out, "{}", plain(text)))
    }

    /// Names the files that were written.
    ///
    /// # Errors
    /// When the terminal cannot be written to.
    pub fn wrote(&mut self, reports: &[PathBuf]) -> io::Result<()> {
        for (at, path) in reports.iter().enumerate() {
            let head = if at == 0 { "report" } else { "" };
            writeln!(self.out, "{head:<13} {}", path.display())?;
        }
        self.out.flush()
    }

    fn begin(&mut self, run: &RunLine) -> io::Result<()> {
        let bold = self.look.bold();
        let version = run.subject_version.as_deref().unwrap_or("");
        writeln!(self.out, "sceptic {}  run {}  seed {}", run.suite, run.id, run.seed)?;
        writeln!(
            self.out,
            "subject {bold}{}{bold:#} ({})  {}  profile {}",
            one_line(&format!("{} {version}", run.subject)),
            run.role,
            one_line(&run.target),
            run.profile
        )?;
        for note in &run.notes {
            writeln!(self.out, "note    {}", one_line(note))?;
        }
        Ok(())
    }

    fn plan(&mut self, plan: &PlanLine) -> io::Result<()> {
        let cases = many(plan.cases, "case", "cases");
        writeln!(self.out, "plan    {cases}, {} unsupported, floor {}", plan.unsupported, plan.floor)?;
        if self.look.bar {
            let total = u64::try_from(plan.cases).unwrap_or(u64::MAX);
            self.bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
            // The template is a constant; should it ever be wrong, indicatif's own will do.
            let style =
                ProgressStyle::with_template("{bar:30} {pos}/{len}  {elapsed}  {prefix}  {wide_msg:.dim}")
                    .unwrap_or_else(|_| ProgressStyle::default_bar());
            self.bar.set_style(style);
        }
        Ok(())
    }

    fn case(&mut self, case: &CaseLine) -> io::Result<()> {
        self.cases.push(case.clone());
        let status = Status::of(case);
        if !self.look.bar || status.needs_attention() {
            let line = self.case_line(case, status);
            let Self { out, bar, .. } = self;
            bar.suspend(|| writeln!(out, "{line}"))?;
        }
        self.bar.set_prefix(self.so_far());
        self.bar.inc(1);
        Ok(())
    }

    fn case_line(&self, case: &CaseLine, status: Status) -> String {
        let style = self.look.status(status);
        let word = tag(status);
        let why = match status {
            Status::Fail | Status::Warn | Status::ExpectedFail => self.reasons(case),
            Status::Error | Status::Inconclusive | Status::Blocked | Status::Unsupported => {
                case.because.as_deref().map(one_line).unwrap_or_default()
            }
            Status::Pass | Status::UnexpectedPass => String::new(),
        };
        let gap = if why.is_empty() { "" } else { "  " };
        format!("{style}{word:<7}{style:#} {} ({} ms){gap}{why}", one_line(&case.id), case.ms)
    }

    /// The reasons of a case's checks that did not pass, once each.
    fn reasons(&self, case: &CaseLine) -> String {
        let mut reasons: Vec<String> = self
            .checks_of(case)
            .filter(|check| matches!(check.result, CheckResult::Fail | CheckResult::Warn))
            .filter_map(|check| check.reason.as_deref())
            .map(one_line)
            .collect();
        reasons.dedup();
        reasons.join(", ")
    }

    fn checks_of(&self, case: &CaseLine) -> impl Iterator<Item = &CheckLine> {
        self.checks.get(&case.id).into_iter().flatten()
    }

    fn count(&self, status: Status) -> usize {
        self.cases.iter().filter(|case| Status::of(case) == status).count()
    }

    /// Counts of what was seen, the pass first.
    fn so_far(&self) -> String {
        let order =
            [Status::Pass].into_iter().chain(Status::ALL.into_iter().filter(|it| *it != Status::Pass));
        let counts: Vec<String> = order
            .map(|status| (self.count(status), status))
            .filter(|(count, _)| *count > 0)
            .map(|(count, status)| format!("{count} {}", status.word()))
            .collect();
        counts.join(", ")
    }
}

impl Reporter for Terminal {
    fn event(&mut self, line: &Line) -> io::Result<()> {
        match line {
            Line::Run(run) => self.begin(run),
            Line::Plan(plan) => self.plan(plan),
            Line::Check(check) => {
                self.checks.entry(check.case.clone()).or_default().push(CheckLine::clone(check));
                Ok(())
            }
            Line::Case(case) => self.case(case),
            Line::Requirement(row) => {
                self.requirements.insert(row.id.clone(), row.clone());
                Ok(())
            }
            Line::Drift(drift) => {
                self.drift.push(drift.clone());
                Ok(())
            }
            Line::End(end) => self.finish(end),
        }
    }
}

/// The word in front of a case.
fn tag(status: Status) -> &'static str {
    match status {
        Status::Fail => "FAIL",
        Status::Error => "ERROR",
        Status::Inconclusive => "UNCLEAR",
        Status::UnexpectedPass => "XPASS",
        Status::Blocked => "BLOCKED",
        Status::Warn => "WARN",
        Status::ExpectedFail => "XFAIL",
        Status::Unsupported => "SKIP",
        Status::Pass => "PASS",
    }
}

fn many(count: usize, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::super::fixtures;
    use super::*;

    /// A writer whose text can be read after the terminal is gone.
    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn printed(look: Look) -> String {
        let run = fixtures::run_folder();
        let paper = Paper::default();
        let mut terminal = Terminal::new(Box::new(paper.clone()), look, run.path().to_owned());
        for line in fixtures::lines() {
            terminal.event(&line).unwrap();
        }
        terminal.wrote(&["runs/7f3a91/report.html".into(), "runs/7f3a91/junit.xml".into()]).unwrap();
        let bytes = paper.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_run_in_a_pipe_is_plain_lines() {
        insta::assert_snapshot!(printed(Look::PLAIN));
    }

    #[test]
    fn without_colour_no_escape_reaches_the_terminal() {
        assert!(!printed(Look::PLAIN).contains('\u{1b}'));
    }

    #[test]
    fn colour_adds_nothing_but_styles() {
        let coloured = printed(Look { colour: true, bar: false });
        assert!(coloured.contains('\u{1b}'));
        let mut stripped = String::new();
        let mut rest = coloured.as_str();
        while let Some((text, style)) = rest.split_once("\u{1b}[") {
            stripped.push_str(text);
            rest = style.split_once('m').unwrap().1;
        }
        stripped.push_str(rest);
        assert_eq!(stripped, printed(Look::PLAIN));
    }
}
