//! Running every case under every mutant, and judging it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::occurs;
use crate::data::{Case, Departure, Instance, Mutant, ReferencePeer, Role, Suite};
use crate::judge;
use crate::plan::Plan;
use crate::results::{CheckLine, Line};
use crate::runner::Error;
use crate::runner::client::ClientSubject;
use crate::runner::session::{Session, Subject};
use crate::transcript::Transcript;

/// The results of one instance under one condition, and what they were judged from.
#[derive(Debug, Clone)]
pub struct Row {
    /// The evidence.
    pub transcript: Transcript,
    /// Every check.
    pub checks: Vec<CheckLine>,
    /// Faults of the case itself that changed nothing.
    pub undelivered: Vec<String>,
}

/// All instances under one condition, by instance id.
pub type Column = BTreeMap<String, Row>;

/// Every instance, clean and under every mutant in which its message occurs.
#[derive(Debug)]
pub struct Matrix {
    /// Without mutant.
    pub clean: Column,
    /// By mutant id.
    pub mutants: BTreeMap<String, Column>,
}

/// The reference server in one of its setups.
#[expect(missing_debug_implementations, reason = "a running server shows nothing")]
pub struct Stand {
    /// Name of the setup.
    pub setup: String,
    /// Session against it.
    pub session: Session,
    /// The server itself, to be spoilt.
    pub running: Arc<mock_ca::Running>,
}

/// Runs the cases of both roles.
#[expect(missing_debug_implementations, reason = "it holds a function")]
pub struct Builder<'a> {
    /// The data files.
    pub suite: Arc<Suite>,
    /// The reference server in its setups.
    pub servers: Vec<Stand>,
    /// Session with the reference client.
    pub client: Session,
    /// What is run: every instance, or some.
    pub instances: Vec<Instance>,
    /// Every pair, though the mutant's message does not occur.
    pub all: bool,
    /// Told before each mutant.
    pub progress: &'a dyn Fn(usize, usize, &str),
}

impl Builder<'_> {
    /// Runs everything.
    ///
    /// # Errors
    /// When a reference peer refuses a mutant, or a case cannot be run for a reason of ours.
    pub async fn build(&self) -> Result<Matrix, Error> {
        let mut clean = Column::new();
        for stand in &self.servers {
            let here = self.standing(&self.instances, stand);
            clean.extend(run_column(&self.suite, &stand.session, here).await?);
        }
        let of_clients = self.of_role(&self.instances, Role::Client);
        clean.extend(run_column(&self.suite, &self.client, of_clients).await?);
        let mut mutants = BTreeMap::new();
        let total = self.suite.mutants.len();
        for (index, mutant) in self.suite.mutants.values().enumerate() {
            (self.progress)(index, total, &mutant.id);
            let role = match mutant.peer {
                ReferencePeer::MockCa => Role::Server,
                ReferencePeer::MockClient => Role::Client,
            };
            let mut relevant = self.of_role(&self.instances, role);
            relevant.retain(|instance| {
                let case = self.suite.case(&instance.case);
                let occurs = |row: &Row| occurs(&mutant.departure, mutant.peer, &row.transcript, case);
                self.all || clean.get(&instance.id).is_some_and(occurs)
            });
            mutants.insert(mutant.id.clone(), self.column(mutant, role, relevant).await?);
        }
        Ok(Matrix { clean, mutants })
    }

    /// Those that run in this setup.
    fn standing(&self, instances: &[Instance], stand: &Stand) -> Vec<Instance> {
        let is_here =
            |instance: &Instance| self.suite.setup(instance).is_some_and(|setup| setup.id == stand.setup);
        self.of_role(instances, Role::Server).into_iter().filter(is_here).collect()
    }

    fn of_role(&self, instances: &[Instance], role: Role) -> Vec<Instance> {
        let is_of =
            |instance: &&Instance| self.suite.case(&instance.case).is_some_and(|case| case.role == role);
        instances.iter().filter(is_of).cloned().collect()
    }

    async fn column(&self, mutant: &Mutant, role: Role, instances: Vec<Instance>) -> Result<Column, Error> {
        match role {
            Role::Server => {
                let mut column = Column::new();
                for stand in &self.servers {
                    let here = self.standing(&instances, stand);
                    if !here.is_empty() {
                        stand.spoil(mutant)?;
                        let session = stand.session.reseeded(&mutant.id);
                        let ran = run_column(&self.suite, &session, here).await;
                        stand.restore()?;
                        column.extend(ran?);
                    }
                }
                Ok(column)
            }
            Role::Client => {
                let session = with_arguments(&self.client, mutant);
                run_column(&self.suite, &session, instances).await
            }
        }
    }

    /// Works a plan off under a mutant with blocking on, and gives the lines.
    ///
    /// # Errors
    /// When a reference peer refuses the mutant, or evidence cannot be written.
    pub async fn run_blocked(&self, mutant: &Mutant, plan: &Plan) -> Result<Vec<Line>, Error> {
        let folder = tempfile::tempdir()
            .map_err(|source| Error::File { path: "temporary folder".to_owned(), source })?;
        let (events, _ignored) = tokio::sync::mpsc::unbounded_channel();
        let (_never, stop) = tokio::sync::watch::channel(false);
        match mutant.peer {
            ReferencePeer::MockCa => {
                let setup = plan.entries.first().and_then(|planned| self.suite.setup(&planned.instance));
                let is_it = |stand: &&Stand| setup.is_some_and(|setup| setup.id == stand.setup);
                let Some(stand) = self.servers.iter().find(is_it) else { return Ok(Vec::new()) };
                stand.spoil(mutant)?;
                let session = stand.session.reseeded(&format!("{} blocked", mutant.id));
                let worked = session.run(plan, folder.path(), events, stop).await;
                stand.restore()?;
                Ok(worked?.lines)
            }
            ReferencePeer::MockClient => {
                let session = with_arguments(&self.client, mutant);
                Ok(session.run(plan, folder.path(), events, stop).await?.lines)
            }
        }
    }
}

impl Stand {
    /// Makes the reference server commit the mutant's fault or laxity.
    fn spoil(&self, mutant: &Mutant) -> Result<(), Error> {
        let refused = |detail: String| Error::Start { what: format!("mutant {}", mutant.id), detail };
        match &mutant.departure {
            Departure::Fault { fault, when } => {
                self.running.set_faults(&[order(fault, when)]).map_err(|e| refused(e.to_string()))
            }
            Departure::Laxity(id) => {
                self.running.set_laxities(std::slice::from_ref(id)).map_err(|e| refused(e.to_string()))
            }
        }
    }

    /// Makes the reference server correct again.
    fn restore(&self) -> Result<(), Error> {
        let refused = |detail: String| Error::Start { what: "the clean server".to_owned(), detail };
        self.running.set_faults(&[]).map_err(|e| refused(e.to_string()))?;
        self.running.set_laxities(&[]).map_err(|e| refused(e.to_string()))
    }
}

fn order(fault: &str, when: &crate::data::MessageFilter) -> scep::fault::Order {
    scep::fault::Order {
        fault: fault.to_owned(),
        when: scep::fault::When {
            message: when.message.clone().or_else(|| when.operation.clone()),
            status: when.status.clone(),
            to: when.to.clone(),
            nth: when.nth,
            ..scep::fault::When::default()
        },
    }
}

/// The client session with the mutant's arguments.
fn with_arguments(session: &Session, mutant: &Mutant) -> Session {
    let mut session = session.clone();
    if let Subject::Client(client) = &session.subject {
        let arguments = match &mutant.departure {
            Departure::Laxity(id) => vec!["--laxity".to_owned(), id.clone()],
            Departure::Fault { fault, when } => {
                let message = when.message.as_ref().or(when.operation.as_ref());
                let nth = when.nth.map(|nth| format!(":{nth}")).unwrap_or_default();
                let message = message.map(|message| format!(":{message}{nth}")).unwrap_or_default();
                vec!["--fault".to_owned(), format!("{fault}{message}")]
            }
        };
        let isolated = matches!(mutant.departure, Departure::Laxity(_));
        let spoilt = ClientSubject { arguments, isolated, ..ClientSubject::clone(client) };
        session.subject = Subject::Client(Arc::new(spoilt));
    }
    session
}

async fn run_column(
    suite: &Arc<Suite>,
    session: &Session,
    instances: Vec<Instance>,
) -> Result<Column, Error> {
    let permits = Arc::new(Semaphore::new(session.jobs.max(1)));
    let mut tasks = JoinSet::new();
    for instance in instances {
        let (session, suite, permits) = (session.clone(), suite.clone(), permits.clone());
        tasks.spawn(async move {
            // The semaphore is never closed, so a permit always comes.
            let _permit = permits.acquire().await;
            let case = suite.case(&instance.case)?.clone();
            let ran = session.run_one(&case, &instance).await;
            let checks = judge_again(&suite, &case, &ran.transcript);
            Some((instance.id, Row { transcript: ran.transcript, checks, undelivered: ran.undelivered }))
        });
    }
    let mut column = Column::new();
    while let Some(task) = tasks.join_next().await {
        let row = task.map_err(|e| Error::Start { what: "a case".to_owned(), detail: e.to_string() })?;
        column.extend(row);
    }
    Ok(column)
}

/// Judges a transcript of a case.
pub(super) fn judge_again(suite: &Suite, case: &Case, transcript: &Transcript) -> Vec<CheckLine> {
    let level_of = |id: &str| suite.register.requirement(id).map(|row| row.level);
    judge::judge(case, transcript, &level_of, "evidence")
}

/// Folder of the running program, for peers that are child processes of it.
pub(crate) fn own_folder() -> PathBuf {
    std::env::current_exe().ok().and_then(|path| path.parent().map(PathBuf::from)).unwrap_or_default()
}
