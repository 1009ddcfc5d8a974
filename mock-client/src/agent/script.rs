//! The scripts of the user: what is run when a certificate was installed, and when none was.

use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

use super::state::Outcome;

/// What a script finds in its environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// `SCEP_RESULT`: `success` or `failure`.
    pub outcome: Outcome,
    /// `SCEP_URL`: the server.
    pub url: String,
    /// `SCEP_STORE`: the folder or file of the keystore.
    pub store: String,
    /// `SCEP_SERIAL`: serial number of the current certificate, hex in capital letters; empty without one.
    pub serial: String,
    /// `SCEP_ERROR`: why there is no certificate; empty after a success.
    pub error: String,
}

/// Runs scripts.
pub trait Runner {
    /// Runs one and waits for its end.
    ///
    /// # Errors
    /// In words, when it could not be run, took too long, or says that it failed.
    fn run(&mut self, script: &str, environment: &Environment) -> Result<(), String>;
}

/// Runs scripts with `sh -c`.
#[derive(Debug, Clone, Copy)]
pub struct Shell {
    /// How long one may take.
    pub limit: Duration,
}

impl Runner for Shell {
    fn run(&mut self, script: &str, environment: &Environment) -> Result<(), String> {
        let result = match environment.outcome {
            Outcome::Success => "success",
            Outcome::Failure => "failure",
        };
        let mut child = Command::new("sh")
            .args(["-c", script])
            .env("SCEP_RESULT", result)
            .env("SCEP_URL", &environment.url)
            .env("SCEP_STORE", &environment.store)
            .env("SCEP_SERIAL", &environment.serial)
            .env("SCEP_ERROR", &environment.error)
            .spawn()
            .map_err(|error| format!("run the {result} script: {error}"))?;
        let deadline = Instant::now() + self.limit;
        loop {
            match child.try_wait() {
                Ok(Some(status)) => return ended(result, status),
                Ok(None) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(20)),
                Ok(None) => {
                    let _ = child.kill();
                    let _ = child.wait();
                    return Err(format!("run the {result} script: no end after {} s", self.limit.as_secs()));
                }
                Err(error) => return Err(format!("wait for the {result} script: {error}")),
            }
        }
    }
}

fn ended(result: &str, status: ExitStatus) -> Result<(), String> {
    if status.success() { Ok(()) } else { Err(format!("run the {result} script: {status}")) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Environment, Outcome, Runner as _, Shell};

    fn environment(store: &str) -> Environment {
        Environment {
            outcome: Outcome::Failure,
            url: "http://ca.example/scep".to_owned(),
            store: store.to_owned(),
            serial: "2A".to_owned(),
            error: "not today; \"$(reboot)\"".to_owned(),
        }
    }

    #[test]
    fn r7_a_script_has_what_it_needs_in_its_environment() {
        let dir = tempfile::tempdir().unwrap();
        let script = "echo \"$SCEP_RESULT|$SCEP_URL|$SCEP_SERIAL|$SCEP_ERROR\" > \"$SCEP_STORE/out\"";
        let store = dir.path().to_str().unwrap();
        Shell { limit: Duration::from_secs(60) }.run(script, &environment(store)).unwrap();
        assert_eq!(
            std::fs::read_to_string(dir.path().join("out")).unwrap(),
            "failure|http://ca.example/scep|2A|not today; \"$(reboot)\"\n"
        );
    }

    #[test]
    fn a_script_that_fails_or_never_ends_is_an_error_and_no_more() {
        let failed = Shell { limit: Duration::from_secs(60) }.run("exit 3", &environment("/"));
        assert!(failed.unwrap_err().contains("exit status: 3"));
        let hanging = Shell { limit: Duration::ZERO }.run("exec sleep 600", &environment("/"));
        assert!(hanging.unwrap_err().contains("no end after 0 s"));
    }
}
