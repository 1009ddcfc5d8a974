//! A whole run: the plan worked off, each transcript written and judged, each case's lines handed on.
//!
//! Cases without a base run first; a case whose control did not hold is blocked and not run, and so is
//! whatever is left when the subject has died or the user has stopped the run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use scep::UnixTime;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::client::{self, ClientSubject};
use super::keys::Keys;
use super::server;
use super::subject::ServerSubject;
use super::{Error, evidence};
use crate::data::{Case, Instance, Suite};
use crate::expect::Expectations;
use crate::judge;
use crate::plan::{Plan, Planned};
use crate::results::{CaseLine, CheckLine, Line};
use crate::transcript::{Reply, Transcript};
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
    /// Instances that have been run ahead; each is taken once. A control enrolment must not be made twice:
    /// its challenge may be good for one time, and its transactionID is by the seed.
    pub ahead: Arc<Mutex<BTreeMap<String, Ran>>>,
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

/// What a worked-off plan left.
#[derive(Debug)]
pub struct Worked {
    /// Every check and case, in the order of the plan. A stopped run has no lines for what was not judged.
    pub lines: Vec<Line>,
    /// After which case the subject was found dead, and how that showed.
    pub subject_down: Option<String>,
    /// True when the run was stopped before its end.
    pub stopped: bool,
}

/// What the cases of one run tell each other.
#[derive(Debug, Clone)]
struct Course {
    folder: PathBuf,
    events: mpsc::UnboundedSender<Event>,
    down: Arc<OnceLock<String>>,
}

impl Session {
    /// Runs one instance, or takes what was run ahead: no judging, no files.
    pub async fn run_one(&self, case: &Case, instance: &Instance) -> Ran {
        let ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner).remove(&instance.id);
        match ahead {
            Some(ran) => ran,
            None => self.run_now(case, instance).await,
        }
    }

    /// Runs one instance before its turn and keeps what it left for then; says the transcript.
    pub async fn run_ahead(&self, case: &Case, instance: &Instance) -> Transcript {
        let ran = self.run_now(case, instance).await;
        let transcript = ran.transcript.clone();
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner).insert(instance.id.clone(), ran);
        transcript
    }

    async fn run_now(&self, case: &Case, instance: &Instance) -> Ran {
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

    /// Works the plan off until its end, or until `stop` says true: cases under way are then dropped. Events
    /// come in as cases end.
    ///
    /// # Errors
    /// When evidence cannot be written.
    pub async fn run(
        &self,
        plan: &Plan,
        folder: &Path,
        events: mpsc::UnboundedSender<Event>,
        mut stop: watch::Receiver<bool>,
    ) -> Result<Worked, Error> {
        let course = Course { folder: folder.to_owned(), events, down: Arc::default() };
        let mut stopped = false;
        let mut done: BTreeMap<String, Vec<Line>> = BTreeMap::new();
        let mut controls: BTreeMap<String, Result<(), String>> = BTreeMap::new();
        let mut waiting: Vec<&Planned> = plan.entries.iter().collect();
        while !waiting.is_empty() && !stopped {
            // A wave: everything whose base is judged already.
            let (wave, rest): (Vec<&Planned>, Vec<&Planned>) = waiting
                .into_iter()
                .partition(|planned| self.base_of(planned).is_none_or(|base| controls.contains_key(&base)));
            if let ([], Some(left)) = (wave.as_slice(), rest.first()) {
                let detail = "its base is not in the plan".to_owned();
                return Err(Error::Start { what: left.instance.id.clone(), detail });
            }
            let (mut tasks, mut queue) = (JoinSet::new(), wave.into_iter());
            loop {
                // In the order of the plan: with one job the octets of a run depend on its seed alone.
                while !stopped
                    && tasks.len() < self.jobs.max(1)
                    && let Some(planned) = queue.next()
                {
                    self.start(planned, &controls, &course, &mut tasks);
                }
                let task = tokio::select! {
                    biased;
                    () = asked_to(&mut stop), if !stopped => {
                        stopped = true;
                        tasks.abort_all();
                        continue;
                    }
                    task = tasks.join_next() => task,
                };
                let Some(task) = task else { break };
                let (id, lines) = match task {
                    Ok(done) => done?,
                    Err(error) if stopped && error.is_cancelled() => continue,
                    Err(error) => {
                        return Err(Error::Start { what: "a case".to_owned(), detail: error.to_string() });
                    }
                };
                if let Some(case) = self.suite.case(&id).filter(|case| case.id == id) {
                    controls.insert(id.clone(), self.control_holds(case, &lines));
                }
                done.insert(id, lines);
            }
            waiting = rest;
        }
        let in_order = plan.entries.iter().filter_map(|planned| done.remove(&planned.instance.id));
        Ok(Worked { lines: in_order.flatten().collect(), subject_down: course.down.get().cloned(), stopped })
    }

    fn base_of(&self, planned: &Planned) -> Option<String> {
        self.suite.case(&planned.instance.case)?.base.clone()
    }

    /// Starts a case of a wave, or tells at once why it is not run.
    fn start(
        &self,
        planned: &Planned,
        controls: &BTreeMap<String, Result<(), String>>,
        course: &Course,
        tasks: &mut JoinSet<Result<(String, Vec<Line>), Error>>,
    ) {
        let Some(case) = self.suite.case(&planned.instance.case).cloned() else { return };
        let held = match (planned.unsupported(), case.base.as_ref().and_then(|base| controls.get(base))) {
            (Some(because), _) => Some((CaseResult::Unsupported, because.to_owned())),
            (None, Some(Err(why))) => {
                let base = case.base.as_deref().unwrap_or_default();
                Some((CaseResult::Blocked, format!("base {base}: {why}")))
            }
            (None, _) => None,
        };
        let (session, course, instance) = (self.clone(), course.clone(), planned.instance.clone());
        tasks.spawn(async move {
            let mut lines = match held {
                Some((result, because)) => {
                    vec![Line::Case(session.unrun(&case, &instance, result, because))]
                }
                None => session.run_and_judge(&case, &instance, &course).await?,
            };
            session.expectations.mark(&mut lines);
            // Nobody listening is no reason to stop: the lines are returned too.
            let _ = course.events.send(Event::Judged(lines.clone()));
            Ok((instance.id, lines))
        });
    }

    /// Runs an instance, writes its evidence and judges it.
    async fn run_and_judge(
        &self,
        case: &Case,
        instance: &Instance,
        course: &Course,
    ) -> Result<Vec<Line>, Error> {
        if let Some(why) = course.down.get() {
            let because = format!("the subject is down {why}");
            return Ok(vec![Line::Case(self.unrun(case, instance, CaseResult::Blocked, because))]);
        }
        let _ = course.events.send(Event::Started(instance.id.clone()));
        let ran = self.run_one(case, instance).await;
        if let Some(how) = died(&ran.transcript) {
            // Several cases may have been under way: the first that noticed is named.
            let _ = course.down.set(format!("after {}: {how}", instance.id));
        }
        evidence::write(&course.folder.join(evidence::folder(&instance.id)), &ran.transcript)?;
        Ok(self.judge(case, instance, &ran))
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
        } else if let (CaseResult::Inconclusive, Some(how)) = (result, died(transcript)) {
            // It may be another case that the subject died of, so nothing is said of this one.
            (result, because) = (CaseResult::Blocked, Some(format!("the subject went down: {how}")));
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

/// How the sign of life after a server case failed, when nobody was there any more.
fn died(transcript: &Transcript) -> Option<String> {
    match &transcript.exchanges.last()?.reply {
        Reply::Failed { kind, detail } if kind == "refused" || kind == "unreachable" => Some(detail.clone()),
        Reply::Failed { .. } | Reply::Answered(_) | Reply::None => None,
    }
}

/// Returns when the run is to be stopped; never, when nobody is left who could say so.
async fn asked_to(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        std::future::pending().await
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
