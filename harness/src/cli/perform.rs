//! One run from plan to report: what `run` and `try` have in common.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use tokio::sync::mpsc;

use super::Failure;
use crate::data::Suite;
use crate::expect::{Closing, Expectations, Interruption, Policy, Requirement, conclude};
use crate::plan::Plan;
use crate::report::{self, JsonLines, Look, RESULTS_FILE, Reporter as _, RunFolder, Terminal};
use crate::results::{Line, PlanLine, RunLine};
use crate::runner::session::{Event, Session};

/// One subject's part of a run.
pub(super) struct Part {
    /// How it is run.
    pub(super) session: Session,
    /// What is run.
    pub(super) plan: Plan,
}

/// Everything that a run is made of.
pub(super) struct Performance<'a> {
    /// The data files.
    pub(super) suite: &'a Suite,
    /// First line of the results.
    pub(super) run: RunLine,
    /// The parts, one after the other.
    pub(super) parts: Vec<Part>,
    /// What is known to fail.
    pub(super) expectations: &'a Expectations,
    /// What gates.
    pub(super) policy: Policy,
    /// Folder for results, evidence and reports.
    pub(super) folder: PathBuf,
}

/// How a run ended.
pub(super) struct Ended {
    /// Exit code.
    pub(super) code: u8,
    /// The reports that were written.
    pub(super) reports: Vec<PathBuf>,
}

impl Performance<'_> {
    /// Runs, judges, writes everything and says the exit code.
    pub(super) async fn perform(self) -> Result<Ended, Failure> {
        let start = Instant::now();
        let mut terminal = Terminal::new(Box::new(std::io::stdout()), Look::detect(), self.folder.clone());
        let count = |part: &Part| part.plan.entries.len();
        let plan = PlanLine {
            cases: self.parts.iter().map(count).sum(),
            unsupported: self.parts.iter().map(|part| part.plan.unsupported()).sum(),
            floor: self.policy.floor,
        };
        let mut lines = vec![Line::Run(self.run.clone()), Line::Plan(plan)];
        for line in &lines {
            terminal.event(line)?;
        }
        for part in &self.parts {
            lines.extend(play(part, &self.folder, &mut terminal).await?);
        }
        let told = lines.len();
        let closing = Closing {
            expectations: self.expectations,
            policy: self.policy,
            interruption: Interruption { subject_down: down(&lines), ..Interruption::default() },
            ms: u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX),
        };
        let conclusion = conclude(&mut lines, &closing, &|id| {
            self.suite.register.requirement(id).map(|row| Requirement {
                level: row.level,
                section: row.section.clone(),
                statement: row.statement.clone(),
            })
        });
        write_results(&self.folder, &lines)?;
        for note in &conclusion.notes {
            terminal.say(note)?;
        }
        for line in lines.iter().skip(told) {
            terminal.event(line)?;
        }
        let folder = RunFolder::open(&self.folder).map_err(Failure::internal)?;
        let reports = report::write_all(&folder).map_err(Failure::internal)?;
        terminal.wrote(&reports)?;
        Ok(Ended { code: conclusion.exit.code(), reports })
    }
}

/// Works one part off, telling the terminal as cases end.
async fn play(part: &Part, folder: &Path, terminal: &mut Terminal) -> Result<Vec<Line>, Failure> {
    let (sender, mut events) = mpsc::unbounded_channel();
    let mut run = std::pin::pin!(part.session.run(&part.plan, folder, sender));
    loop {
        tokio::select! {
            biased;
            Some(event) = events.recv() => tell(terminal, event)?,
            lines = &mut run => {
                while let Ok(event) = events.try_recv() {
                    tell(terminal, event)?;
                }
                return Ok(lines?);
            }
        }
    }
}

fn tell(terminal: &mut Terminal, event: Event) -> std::io::Result<()> {
    match event {
        Event::Started(instance) => terminal.started(&instance),
        Event::Judged(lines) => {
            for line in &lines {
                terminal.event(line)?;
            }
        }
    }
    Ok(())
}

/// Writes `results.jsonl`.
pub(super) fn write_results(folder: &Path, lines: &[Line]) -> Result<(), Failure> {
    let file = std::fs::File::create(folder.join(RESULTS_FILE))?;
    let mut out = JsonLines::new(std::io::BufWriter::new(file));
    for line in lines {
        out.event(line)?;
    }
    std::io::stdout().flush()?;
    Ok(())
}

/// The subject died when the sign of life after a case found nobody.
fn down(lines: &[Line]) -> Option<String> {
    lines.iter().find_map(|line| match line {
        Line::Check(check)
            if check.req.iter().any(|id| id == "S-alive") && check.actual.contains("refused") =>
        {
            Some(format!("after {}: {}", check.case, check.actual))
        }
        _ => None,
    })
}
