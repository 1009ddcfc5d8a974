//! A peer's process: its output kept, its whole process group ended with it.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::PeerError;

/// How long a peer may take to be ready, or a command to end. Far more than any takes: a limit on a hang,
/// not a measurement.
pub const LIMIT: Duration = Duration::from_secs(60);

/// Pause between two looks at a peer that is not ready.
const PAUSE: Duration = Duration::from_millis(20);

/// A server that runs until it is dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    program: String,
    log: PathBuf,
}

impl Process {
    /// Starts a server; all that it prints goes to the file `log`.
    ///
    /// # Errors
    /// When the program cannot be started or the file not be made.
    pub fn start(command: &mut Command, log: &Path) -> Result<Self, PeerError> {
        let program = name_of(command);
        let at = |error| PeerError::io(format!("{}", log.display()))(error);
        let output = File::create(log).map_err(at)?;
        let errors = output.try_clone().map_err(at)?;
        let child = command
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .spawn()
            .map_err(PeerError::io(format!("start of {program}")))?;
        Ok(Self { child, program, log: log.to_owned() })
    }

    /// All that it has printed.
    pub fn output(&self) -> String {
        fs::read(&self.log)
            .map_or_else(|_| String::new(), |bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Looks until `ready` gives a value.
    ///
    /// # Errors
    /// When the process ends first, or [`LIMIT`] passes.
    pub fn wait_for<T>(&mut self, mut ready: impl FnMut(&Self) -> Option<T>) -> Result<T, PeerError> {
        let start = Instant::now();
        loop {
            if let Some(value) = ready(self) {
                return Ok(value);
            }
            let ended = self.child.try_wait().map_err(PeerError::io(format!("wait for {}", self.program)))?;
            if let Some(status) = ended {
                return Err(PeerError::Ended {
                    program: self.program.clone(),
                    status,
                    output: self.output(),
                });
            }
            if start.elapsed() > LIMIT {
                return Err(PeerError::Late {
                    program: self.program.clone(),
                    wanted: "ready",
                    limit: LIMIT,
                    output: self.output(),
                });
            }
            thread::sleep(PAUSE);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        end_group(self.child.id());
        // Collects it; there is nothing to do about an error.
        let _ = self.child.wait();
    }
}

/// How a command ended by itself.
#[derive(Debug)]
pub struct Finished {
    /// How.
    pub status: ExitStatus,
    /// All that it printed, standard output first.
    pub output: String,
}

/// Runs a command that must succeed, and gives back all that it printed, standard output first.
///
/// # Errors
/// When it cannot be started, ends without success, or does not end within [`LIMIT`].
pub fn run(command: &mut Command) -> Result<String, PeerError> {
    let Finished { status, output } = finish(command)?;
    if !status.success() {
        return Err(PeerError::Ended { program: name_of(command), status, output });
    }
    Ok(output)
}

/// Runs a command to its end, however it ends.
///
/// # Errors
/// When it cannot be started, or does not end within [`LIMIT`].
pub fn finish(command: &mut Command) -> Result<Finished, PeerError> {
    let program = name_of(command);
    let child = command
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(PeerError::io(format!("start of {program}")))?;
    let group = child.id();
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(child.wait_with_output()));
    let (finished, in_time) = match receiver.recv_timeout(LIMIT) {
        Ok(finished) => (Some(finished), true),
        Err(_) => {
            end_group(group);
            (receiver.recv().ok(), false)
        }
    };
    let late =
        |output| PeerError::Late { program: program.clone(), wanted: "finished", limit: LIMIT, output };
    let ended = finished.ok_or_else(|| late(String::new()))?;
    let ended = ended.map_err(PeerError::io(format!("output of {program}")))?;
    let output = String::from_utf8_lossy(&[ended.stdout, ended.stderr].concat()).into_owned();
    if !in_time {
        return Err(late(output));
    }
    Ok(Finished { status: ended.status, output })
}

fn name_of(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}

fn end_group(leader: u32) {
    let leader = i32::try_from(leader).ok().and_then(Pid::from_raw);
    if let Some(leader) = leader {
        // It may have ended by itself.
        let _ = kill_process_group(leader, Signal::KILL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_command_gives_back_what_it_printed() {
        assert_eq!(run(&mut shell("echo out; echo err >&2")).unwrap(), "out\nerr\n");
    }

    #[test]
    fn a_command_that_fails_is_an_error_with_its_output() {
        let error = run(&mut shell("echo why >&2; exit 3")).unwrap_err().to_string();
        assert!(error.contains("exit status: 3") && error.contains("why"), "{error}");
    }

    #[test]
    fn a_server_that_ends_before_it_is_ready_is_an_error_with_its_output() {
        let folder = tempfile::tempdir().unwrap();
        let mut process =
            Process::start(&mut shell("echo no port; exit 1"), &folder.path().join("log")).unwrap();
        let error = process.wait_for(|_| None::<()>).unwrap_err().to_string();
        assert!(error.contains("no port"), "{error}");
    }

    #[test]
    fn a_dropped_server_takes_its_children_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut process = Process::start(
            &mut shell("cat /dev/zero >/dev/null & echo $!; wait"),
            &folder.path().join("log"),
        )
        .unwrap();
        let child =
            process.wait_for(|process| process.output().strip_suffix('\n').map(str::to_owned)).unwrap();
        drop(process);
        let mut left = shell(&format!(
            "while kill -0 {child} 2>/dev/null && \
            ! grep -q '^State:.Z' /proc/{child}/status 2>/dev/null; do :; done"
        ));
        run(&mut left).unwrap();
    }
}
