//! `mock-client agent`: one process at a time works for a device; others say so and leave.

use std::fs::{File, OpenOptions};
use std::path::PathBuf;

use rustix::fs::{FlockOperation, flock};
use scep::UnixTime;
use serde_json::json;

use super::args::{AgentAction, AgentArgs};
use super::{CommandError, Io, generator};
use crate::agent::{Agent, AgentError, Checked, Settings, Shell, State, status};
use crate::clock::{Clock as _, SystemClock};
use crate::exit::Exit;
use crate::files::{self, FileError};
use crate::keystore::StoreError;
use crate::ops::Line;
use crate::transport::HttpTransport;

pub(super) fn run(args: &AgentArgs, io: &mut Io<'_>) -> Result<Exit, CommandError> {
    let settings = Settings::read(&args.config).map_err(CommandError::Usage)?;
    match args.action {
        AgentAction::Status => print_status(&settings, io),
        AgentAction::Check => check_once(&settings, args.json, io),
        AgentAction::Run => run_for_ever(args, settings, io),
    }
}

/// Both lines of the router's status page, and why the last attempt failed.
fn print_status(settings: &Settings, io: &mut Io<'_>) -> Result<Exit, CommandError> {
    let is_at_work = lock(settings)?.is_none();
    let state = State::read(&settings.state_path).map_err(of_store)?;
    let store = settings.store().map_err(of_store)?;
    let status = status(&settings.module, settings.policy.enabled, is_at_work, &state, store.as_ref());
    let status = status.map_err(of_store)?;
    io.say(status.module);
    io.say(status.certificate);
    state.last_error.iter().for_each(|error| io.remark(format!("last error: {error}")));
    Ok(Exit::Done)
}

fn check_once(settings: &Settings, as_json: bool, io: &mut Io<'_>) -> Result<Exit, CommandError> {
    let Some(_lock) = lock(settings)? else {
        io.remark("another agent is at work");
        return Ok(Exit::Done);
    };
    let checked = check(settings)?;
    report(&checked, as_json, io);
    Ok(checked.exit)
}

/// Seconds until it is tried again while another process has the device.
const BUSY: u64 = 5;

/// The settings are read again before each check, so that a change counts without a restart.
fn run_for_ever(args: &AgentArgs, mut settings: Settings, io: &mut Io<'_>) -> Result<Exit, CommandError> {
    loop {
        let next = match lock(&settings)? {
            Some(_lock) => {
                let checked = check(&settings)?;
                report(&checked, args.json, io);
                io.flush();
                checked.next
            }
            // Another agent, or somebody who asks for the status this moment.
            None => Some(SystemClock.now().plus(BUSY)),
        };
        // A change of the settings is noticed within an hour, a clock that jumps too.
        let now = SystemClock.now();
        let soon = now.plus(3_600);
        SystemClock.wait_until(next.map_or(soon, |next| next.max(now.plus(1))).min(soon));
        match Settings::read(&args.config) {
            Ok(read) => settings = read,
            Err(why) => io.remark(format!("the settings stay as they were: {why}")),
        }
    }
}

fn check(settings: &Settings) -> Result<Checked, CommandError> {
    let internal = |why: std::io::Error| CommandError::Internal(format!("prepare the network: {why}"));
    let mut transport = HttpTransport::by(settings.url.clone(), settings.way.clone()).map_err(internal)?;
    let mut rng = generator(None)?;
    let mut store = settings.store().map_err(of_store)?;
    let mut scripts = Shell { limit: settings.script_limit };
    let mut agent = Agent::new(settings, store.as_mut(), &mut scripts).map_err(of_agent)?;
    let line = &mut Line { transport: &mut transport, clock: &SystemClock, rng: &mut rng };
    agent.check(line).map_err(of_agent)
}

fn report(checked: &Checked, as_json: bool, io: &mut Io<'_>) {
    let done: Vec<String> = checked.done.iter().map(|task| format!("{task:?}")).collect();
    let next = checked.next.map(|at: UnixTime| at.to_string());
    if as_json {
        let report = json!({
            "done": done, "next": next, "error": checked.error, "warnings": checked.warnings,
        });
        io.say(report.to_string());
    } else {
        done.iter().for_each(|task| io.say(format!("done       {task}")));
        next.iter().for_each(|next| io.say(format!("next       {next}")));
        checked.warnings.iter().for_each(|warning| io.remark(format!("warning: {warning}")));
    }
    checked.error.iter().for_each(|error| io.remark(error));
}

/// A lock that ends with its process; None while another one has it.
fn lock(settings: &Settings) -> Result<Option<File>, CommandError> {
    let path: PathBuf = settings.state_path.with_extension("lock");
    files::private_folder(files::folder_of(&path))?;
    let failed = |source| CommandError::from(FileError::new("write", &path, source));
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(file)),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
        Err(error) => Err(failed(error.into())),
    }
}

fn of_store(error: StoreError) -> CommandError {
    match error {
        StoreError::File(error) => error.into(),
        content @ StoreError::Content { .. } => CommandError::Usage(format!("failed to {content}")),
    }
}

fn of_agent(error: AgentError) -> CommandError {
    match error {
        AgentError::Store(error) => of_store(error),
        AgentError::Crypto(error) => CommandError::Internal(error.to_string()),
    }
}
