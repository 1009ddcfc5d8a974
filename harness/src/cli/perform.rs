//! One run from plan to report: what `run` and `try` have in common.

use std::path::{Path, PathBuf};
use std::time::Instant;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};

use super::{Failure, with_causes};
use crate::data::Suite;
use crate::exit::Exit;
use crate::expect::{Closing, Expectations, Interruption, Policy, Requirement, conclude};
use crate::plan::Plan;
use crate::report::{self, JsonLines, Look, RESULTS_FILE, Reporter as _, RunFolder, Terminal};
use crate::results::{Line, PlanLine, RunLine};
use crate::runner::session::{Event, Session, Worked};

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
        let stop = stopped_by_user()?;
        let mut terminal = Terminal::new(Box::new(std::io::stdout()), Look::detect(), self.folder.clone());
        let count = |part: &Part| part.plan.entries.len();
        let plan = PlanLine {
            cases: self.parts.iter().map(count).sum(),
            unsupported: self.parts.iter().map(|part| part.plan.unsupported()).sum(),
            floor: self.policy.floor,
        };
        let mut lines = vec![Line::Run(self.run.clone()), Line::Plan(plan)];
        for line in &lines {
            heard(terminal.event(line))?;
        }
        let mut interruption = Interruption::default();
        for part in &self.parts {
            let worked = play(part, &self.folder, &mut terminal, stop.clone()).await?;
            lines.extend(worked.lines);
            interruption.subject_down = interruption.subject_down.or(worked.subject_down);
            if worked.stopped {
                interruption.by_user = true;
                break;
            }
        }
        let told = lines.len();
        let closing = Closing {
            expectations: self.expectations,
            policy: self.policy,
            interruption,
            ms: u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX),
        };
        let conclusion = conclude(&mut lines, &closing, &Requirement::of(self.suite));
        write_results(&self.folder, &lines)?;
        for note in &conclusion.notes {
            heard(terminal.say(note))?;
        }
        for line in lines.iter().skip(told) {
            heard(terminal.event(line))?;
        }
        let folder = RunFolder::open(&self.folder).map_err(|e| Failure::internal(with_causes(&e)))?;
        let reports = report::write_all(&folder).map_err(|e| Failure::internal(with_causes(&e)))?;
        heard(terminal.wrote(&reports))?;
        Ok(Ended { code: conclusion.exit.code(), reports })
    }
}

/// Works one part off, telling the terminal as cases end.
async fn play(
    part: &Part,
    folder: &Path,
    terminal: &mut Terminal,
    stop: watch::Receiver<bool>,
) -> Result<Worked, Failure> {
    let (sender, mut events) = mpsc::unbounded_channel();
    let mut run = std::pin::pin!(part.session.run(&part.plan, folder, sender, stop));
    loop {
        tokio::select! {
            biased;
            Some(event) = events.recv() => heard(tell(terminal, event))?,
            worked = &mut run => {
                while let Ok(event) = events.try_recv() {
                    heard(tell(terminal, event))?;
                }
                return Ok(worked?);
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
    Ok(())
}

/// A reader who went away (`sceptic run … | head`) is no reason to lose a run.
fn heard(told: std::io::Result<()>) -> std::io::Result<()> {
    told.or_else(|error| if error.kind() == std::io::ErrorKind::BrokenPipe { Ok(()) } else { Err(error) })
}

/// Says true at the first Ctrl-C; a second one ends the process at once. From this call on nothing else does.
fn stopped_by_user() -> std::io::Result<watch::Receiver<bool>> {
    let mut interrupts = signal(SignalKind::interrupt())?;
    let (sender, receiver) = watch::channel(false);
    tokio::spawn(async move {
        interrupts.recv().await;
        sender.send_replace(true);
        interrupts.recv().await;
        std::process::exit(i32::from(Exit::Interrupted.code()));
    });
    Ok(receiver)
}
