//! mock-ca is killed at any moment, under load; what clients received is there when it comes back, and
//! nothing happened twice.
//!
//! Requests come in pairs that offer one one-time challenge. Whoever gets no answer asks again with the same
//! octets after the next start. When all is over the store is asked.

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{self, Sender};
use std::sync::{Mutex, PoisonError};
use std::thread;

use libtest_mimic::Failed;
use mock_ca::ra::{self, Credential, OneTime};
use mock_ca::store::{PostgresEngine, SqliteEngine, Store};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};
use scep::attribute::TransactionId;
use scep::certificate::Certificate;
use tests::binaries;
use tests::peers::{Postgresql, Process};

use crate::device::{Device, Said};
use crate::material::{Outcome, said};

/// How often a server is killed.
const KILLS: u32 = 200;

/// Who asks at the same time.
const WORKERS: usize = 3;

/// Answers between two kills, at most: what the server is doing when it is killed is anybody's guess.
const ANSWERS: u32 = 8;

/// One server on a SQLite file, killed again and again.
pub(crate) fn on_sqlite() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("store.db");
    let store = || SqliteEngine::open(&path).map(Store::new).map_err(said);
    let config = format!("[store]\nsqlite = {:?}\n", path.display().to_string());
    Ok(run(folder.path(), &config, 1, &store()?)?)
}

/// Two servers on one database, one of them killed each time.
pub(crate) fn two_on_postgresql() -> Result<(), Failed> {
    let server = Postgresql::start()?;
    let url = server.database("killed")?;
    let store = PostgresEngine::connect(&url).map(Store::new)?;
    let folder = tempfile::tempdir()?;
    let config = format!("[store]\npostgresql = {url:?}\n");
    Ok(run(folder.path(), &config, 2, &store)?)
}

fn run(folder: &Path, config: &str, servers: usize, store: &Store) -> Outcome<()> {
    let config_file = folder.join("mock-ca.toml");
    fs::write(&config_file, format!("schema = \"sceptic/mock-ca/1\"\n{config}")).map_err(said)?;
    let start = |number: usize| Server::start(&config_file, folder.join(format!("log-{number}")));
    let mut running: Vec<Server> = (0..servers).map(start).collect::<Outcome<_>>()?;
    let device = Device::new(running.first().ok_or("no server")?.port)?;
    let work = Work { device, store: store.clone(), state: Mutex::default() };
    let mut rng = ChaCha20Rng::from_seed([8; 32]);
    for kill in 0..KILLS {
        let ports: Vec<u16> = running.iter().map(|server| server.port).collect();
        let victim = kill as usize % servers;
        thread::scope(|scope| -> Outcome<()> {
            let (tell, told) = mpsc::channel();
            let workers: Vec<_> = (0..WORKERS)
                .map(|worker| {
                    let (tell, port) = (tell.clone(), ports[worker % ports.len()]);
                    let work = &work;
                    scope.spawn(move || work.until_nobody_answers(port, &tell))
                })
                .collect();
            drop(tell);
            for _ in 0..rng.next_u32() % ANSWERS {
                // Nobody left who could answer: then it is time too.
                if told.recv().is_err() {
                    break;
                }
            }
            running[victim].kill();
            // The others' clients end with this round as well: they are told nothing more.
            drop(told);
            workers.into_iter().try_for_each(|worker| worker.join().map_err(|_| "a worker panicked")?)
        })?;
        running[victim] = start(victim)?;
    }
    let port = running.first().ok_or("no server")?.port;
    work.settle_all(port)?;
    work.judge()
}

/// A mock-ca that can be killed.
struct Server {
    process: Option<Process>,
    port: u16,
}

impl Server {
    fn start(config: &Path, log: PathBuf) -> Outcome<Self> {
        let program = binaries::path_of("mock-ca")?;
        let mut command = Command::new(program);
        let mut process =
            Process::start(command.args(["serve", "--config"]).arg(config), &log).map_err(said)?;
        let url = process
            .wait_for(|process| {
                let output = process.output();
                let complete = output.get(..=output.rfind('\n')?)?;
                complete.lines().find_map(|line| line.strip_prefix("scep ")).map(|url| url.trim().to_owned())
            })
            .map_err(said)?;
        let port = url.strip_prefix("http://127.0.0.1:").and_then(|rest| rest.split('/').next());
        let port = port.and_then(|port| port.parse().ok()).ok_or_else(|| format!("no port in {url}"))?;
        Ok(Self { process: Some(process), port })
    }

    /// SIGKILL, to the whole process group.
    fn kill(&mut self) {
        self.process = None;
    }
}

/// A request under way: its transaction, its challenge.
#[derive(Debug, Clone)]
struct Job {
    number: u32,
    id: TransactionId,
    challenge: String,
}

/// What is to be done and what came of it.
struct Work {
    device: Device,
    store: Store,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    begun: u32,
    /// Asked, and no answer.
    unanswered: VecDeque<Job>,
    answers: BTreeMap<u32, (Job, Said)>,
}

impl Work {
    fn with_state<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The next request: an unanswered one if there is one, now and then an answered one again, else a new
    /// one, with a new challenge for every second one.
    fn next(&self) -> Outcome<Job> {
        self.with_state(|state| {
            if let Some(job) = state.unanswered.pop_front() {
                return Ok(job);
            }
            if state.begun % 7 == 6
                && let Some((job, _)) = state.answers.values().nth(state.begun as usize / 2)
            {
                state.begun += 1;
                return Ok(job.clone());
            }
            let number = state.begun;
            state.begun += 1;
            let id = TransactionId::parse(format!("transaction-{number}").as_bytes()).map_err(said)?;
            let challenge = format!("once-{}", number / 2);
            let digest = ra::digest(&challenge);
            // Once for both: put in again, it would be unspent again.
            if self.store.one_time(&digest).map_err(said)?.is_none() {
                let one_time = OneTime { digest, subject: None, expires: None, spent: None };
                self.store.add_one_time(&one_time).map_err(said)?;
            }
            Ok(Job { number, id, challenge })
        })
    }

    /// One request after the other, until one gets no answer or nobody counts any more.
    fn until_nobody_answers(&self, port: u16, tell: &Sender<()>) -> Outcome<()> {
        loop {
            let job = self.next()?;
            if !self.ask(port, job)? || tell.send(()).is_err() {
                return Ok(());
            }
        }
    }

    /// True when there was an answer.
    fn ask(&self, port: u16, job: Job) -> Outcome<bool> {
        let message = self.device.message(&job.id, &job.challenge)?;
        let Some(answer) = self.device.send(port, &message)? else {
            self.with_state(|state| state.unanswered.push_back(job));
            return Ok(false);
        };
        self.with_state(|state| match state.answers.get(&job.number) {
            Some((_, before)) if *before != answer => {
                Err(format!("{}: first {before:?}, then {answer:?}", job.id))
            }
            Some(_) => Ok(()),
            None => {
                state.answers.insert(job.number, (job, answer));
                Ok(())
            }
        })?;
        Ok(true)
    }

    /// Asks for everything that is unanswered.
    fn settle_all(&self, port: u16) -> Outcome<()> {
        while let Some(job) = self.with_state(|state| state.unanswered.pop_front()) {
            if !self.ask(port, job)? {
                return Err("a server that nobody kills does not answer".to_owned());
            }
        }
        Ok(())
    }

    /// Compares what clients received with what the store has.
    fn judge(&self) -> Outcome<()> {
        let issued = self.store.certificates("", u32::MAX).map_err(said)?;
        let (mut by_transaction, mut by_challenge) = (BTreeMap::new(), BTreeMap::new());
        for (_, record) in &issued {
            *by_transaction.entry(record.transaction.to_string()).or_insert(0) += 1;
            if let Credential::OneTime { digest } = &record.credential {
                *by_challenge.entry(digest.clone()).or_insert(0) += 1;
            }
        }
        let (answers, begun) = self.with_state(|state| (state.answers.clone(), state.begun));
        let mut granted = 0;
        for (job, answer) in answers.values() {
            let Said::Granted(der) = answer else { continue };
            granted += 1;
            let serial = Certificate::from_der(der).map_err(said)?.serial;
            let kept = self.store.certificate(&serial).map_err(said)?;
            if kept.is_none_or(|kept| kept.certificate.der != *der) {
                return Err(format!("{}: the certificate that its client has is lost", job.id));
            }
        }
        if let Some((id, count)) = by_transaction.iter().find(|(_, count)| **count > 1) {
            return Err(format!("transaction {id} has {count} certificates"));
        }
        if let Some((digest, count)) = by_challenge.iter().find(|(_, count)| **count > 1) {
            return Err(format!("challenge {digest} was spent {count} times"));
        }
        // Everybody was answered, so that nothing is in the store that nobody received.
        if issued.len() != granted {
            return Err(format!("{} certificates issued, {granted} received", issued.len()));
        }
        println!("{KILLS} kills: {begun} requests begun, {granted} certificates received, none lost");
        Ok(())
    }
}
