//! A whole run: the plan worked off, each transcript written and judged, each case's lines handed on.
//!
//! Cases without a base run first; a case whose control did not hold is blocked and not run.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use scep::UnixTime;
use tokio::sync::{Semaphore, mpsc};

use super::client::{self, ClientSubject};
use super::keys::Keys;
use super::server::{self, ServerSubject};
use super::{Error, evidence};
use crate::data::{Case, Instance, Suite};
use crate::expect::Expectations;
use crate::judge;
use crate::plan::{Plan, Planned};
use crate::results::{CaseLine, CheckLine, Line};
use crate::transcript::Transcript;
use crate::verdict::{CaseResult, CheckResult, Overlay};

/// The subject of a run.
#[derive(Debug, Clone)]
pub enum Subject {
    /// A server.
    Server(Arc<ServerSubject>),
    /// A client.
    Client(Arc<ClientSubject>),
}

/// What every case of a run shares.
#[derive(Debug, Clone)]
pub struct Session {
    /// The data files.
    pub suite: Arc<Suite>,
    /// The subject.
    pub subject: Subject,
    /// Keys for requesters and servers.
    pub keys: Arc<Keys>,
    /// What is known to fail.
    pub expectations: Arc<Expectations>,
    /// Seed of all randomness.
    pub seed: [u8; 32],
    /// The time that certificates are made for.
    pub now: UnixTime,
    /// Cases at a time.
    pub jobs: usize,
    /// How a case is run alone, with `{case}` for its id.
    pub again: String,
}

/// One case instance that has been run: its transcript, and why it proves nothing when it does not.
#[derive(Debug)]
pub struct Ran {
    /// The transcript.
    pub transcript: Transcript,
    /// Faults that found nothing to change.
    pub undelivered: Vec<String>,
}

/// What a session tells while it runs.
#[derive(Debug)]
pub enum Event {
    /// A case has begun.
    Started(String),
    /// A case is judged: its checks, then itself.
    Judged(Vec<Line>),
}

impl Session {
    /// Runs one instance: no judging, no files.
    pub async fn run_one(&self, case: &Case, instance: &Instance) -> Ran {
        let rng = self.generator(&instance.id);
        match &self.subject {
            Subject::Server(subject) => {
                let ran = server::run(case, instance, subject, &self.keys, rng, self.now).await;
                Ran { transcript: ran.transcript, undelivered: ran.undelivered }
            }
            Subject::Client(subject) => {
                let ran = client::run(case, instance, subject, &self.keys, rng).await;
                Ran { transcript: ran.transcript, undelivered: ran.undelivered }
            }
        }
    }

    /// The generator of one instance: by the run's seed and its id, so that order and selection do not
    /// change what it sends.
    fn generator(&self, instance: &str) -> ChaCha20Rng {
        ChaCha20Rng::from_seed(mixed(self.seed, instance))
    }

    /// The same session with other nonces and identifiers, for another run against the same subject.
    #[must_use]
    pub fn reseeded(&self, word: &str) -> Self {
        Self { seed: mixed(self.seed, word), ..self.clone() }
    }

    /// Works the plan off. Lines come in as cases end; the whole is returned in the order of the plan.
    ///
    /// # Errors
    /// When evidence cannot be written.
    pub async fn run(
        &self,
        plan: &Plan,
        folder: &Path,
        events: mpsc::UnboundedSender<Event>,
    ) -> Result<Vec<Line>, Error> {
        let mut done: BTreeMap<String, Vec<Line>> = BTreeMap::new();
        let mut controls: BTreeMap<String, Result<(), String>> = BTreeMap::new();
        let mut waiting: Vec<&Planned> = plan.entries.iter().collect();
        while !waiting.is_empty() {
            // A wave: everything whose base is judged already.
            let (wave, rest): (Vec<&Planned>, Vec<&Planned>) = waiting
                .into_iter()
                .partition(|planned| self.base_of(planned).is_none_or(|base| controls.contains_key(&base)));
            if wave.is_empty() {
                break;
            }
            let lines = self.run_wave(&wave, &controls, folder, &events).await?;
            for (id, lines) in lines {
                if let Some(case) = self.suite.case(&id).filter(|case| case.id == id) {
                    controls.insert(id.clone(), self.control_holds(case, &lines));
                }
                done.insert(id, lines);
            }
            waiting = rest;
        }
        Ok(plan.entries.iter().filter_map(|planned| done.remove(&planned.instance.id)).flatten().collect())
    }

    fn base_of(&self, planned: &Planned) -> Option<String> {
        self.suite.case(&planned.instance.case)?.base.clone()
    }

    async fn run_wave(
        &self,
        wave: &[&Planned],
        controls: &BTreeMap<String, Result<(), String>>,
        folder: &Path,
        events: &mpsc::UnboundedSender<Event>,
    ) -> Result<Vec<(String, Vec<Line>)>, Error> {
        let permits = Arc::new(Semaphore::new(self.jobs.max(1)));
        let mut tasks = tokio::task::JoinSet::new();
        for planned in wave {
            let Some(case) = self.suite.case(&planned.instance.case).cloned() else { continue };
            let instance = planned.instance.clone();
            let held = match (planned.unsupported(), case.base.as_ref().and_then(|base| controls.get(base))) {
                (Some(because), _) => Some((CaseResult::Unsupported, because.to_owned())),
                (None, Some(Err(why))) => {
                    let base = case.base.as_deref().unwrap_or_default();
                    Some((CaseResult::Blocked, format!("base {base}: {why}")))
                }
                (None, _) => None,
            };
            let (session, permits, events) = (self.clone(), permits.clone(), events.clone());
            let folder = folder.to_owned();
            tasks.spawn(async move {
                let lines = match held {
                    Some((result, because)) => {
                        vec![Line::Case(session.unrun(&case, &instance, result, because))]
                    }
                    None => {
                        // The semaphore is never closed, so a permit always comes.
                        let _permit = permits.acquire().await;
                        let _ = events.send(Event::Started(instance.id.clone()));
                        let ran = session.run_one(&case, &instance).await;
                        let place = evidence::folder(&instance.id);
                        evidence::write(&folder.join(&place), &ran.transcript)?;
                        session.judge(&case, &instance, &ran)
                    }
                };
                let mut lines = lines;
                session.expectations.mark(&mut lines);
                let _ = events.send(Event::Judged(lines.clone()));
                Ok::<_, Error>((instance.id, lines))
            });
        }
        let mut all = Vec::new();
        while let Some(task) = tasks.join_next().await {
            let lines =
                task.map_err(|e| Error::Start { what: "a case".to_owned(), detail: e.to_string() })??;
            all.push(lines);
        }
        Ok(all)
    }

    /// Judges a transcript: the checks' lines, then the case's.
    #[must_use]
    pub fn judge(&self, case: &Case, instance: &Instance, ran: &Ran) -> Vec<Line> {
        let transcript = &ran.transcript;
        let place = evidence::folder(&instance.id);
        let level_of = |id: &str| self.suite.register.requirement(id).map(|row| row.level);
        let checks: Vec<CheckLine> = judge::judge(case, transcript, &level_of, &place);
        let (mut result, mut because) = judge::verdict_of(&checks);
        if let Some(error) = &transcript.harness_error {
            (result, because) = (CaseResult::Error, Some(error.clone()));
        } else if !ran.undelivered.is_empty() {
            let faults = ran.undelivered.join(", ");
            (result, because) =
                (CaseResult::Blocked, Some(format!("fault-not-delivered: {faults} changed nothing")));
        }
        let slow = u128::from(transcript.ms) * 2 > case.timeout.as_millis();
        let mut line = self.unrun(case, instance, result, String::new());
        line.because = because;
        line.ms = transcript.ms;
        line.evidence = Some(place);
        line.overlay = if slow { vec![Overlay::Slow] } else { Vec::new() };
        let checks = checks.into_iter().map(|check| Line::Check(Box::new(check)));
        checks.chain(std::iter::once(Line::Case(line))).collect()
    }

    fn unrun(&self, case: &Case, instance: &Instance, result: CaseResult, because: String) -> CaseLine {
        CaseLine {
            id: instance.id.clone(),
            case: case.id.clone(),
            title: case.title.clone(),
            role: case.role.word().to_owned(),
            result,
            overlay: Vec::new(),
            because: Some(because).filter(|because| !because.is_empty()),
            change: case.change.as_ref().map(ToString::to_string),
            ms: 0,
            evidence: None,
            again: self.again.replace("{case}", &instance.id),
        }
    }

    /// Whether the cases that name this one as base can be judged: its control checks pass, warn, vary, or
    /// fail as expected.
    fn control_holds(&self, case: &Case, lines: &[Line]) -> Result<(), String> {
        for line in lines {
            match line {
                Line::Check(check) if case.control.contains(&check.id) => {
                    let good =
                        matches!(check.result, CheckResult::Pass | CheckResult::Warn | CheckResult::Variance);
                    if !good && !check.expected_by_file {
                        let reason = check.reason.clone().unwrap_or_default();
                        return Err(format!("check {} is {}: {reason}", check.id, check.result.word()));
                    }
                }
                Line::Case(line)
                    if matches!(
                        line.result,
                        CaseResult::Unsupported | CaseResult::Blocked | CaseResult::Error
                    ) =>
                {
                    let because = line.because.clone().unwrap_or_default();
                    return Err(format!("it is {}: {because}", line.result.word()));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// The seed, changed by a word.
fn mixed(mut seed: [u8; 32], word: &str) -> [u8; 32] {
    for (index, octet) in word.bytes().enumerate() {
        if let Some(place) = seed.get_mut(index % 32) {
            *place = place.rotate_left(3) ^ octet;
        }
    }
    seed
}
