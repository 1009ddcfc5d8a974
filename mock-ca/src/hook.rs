//! The hook: a program of the operator that is asked who may enrol.
//!
//! ```text
//!  stdin   {"transactionID", "subject", "alternativeNames", "challengePassword", "csr" (base64)}
//!  exit    0 granted · 10 the operator decides · anything else refused, the first line of stdout says why
//! ```

use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use scep::csr::Csr;
use scep::server::transaction::Identity;
use scep::{alt_name, name};
use serde_json::json;

use crate::ra::HookVerdict;

/// How the hook is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// Time that it has; it is ended then, and the request refused.
    pub patience: Duration,
}

/// Octets of the program's output that are read.
const OUTPUT: u64 = 4096;
/// Exit code that leaves the decision to the operator.
const PENDING: i32 = 10;

impl Hook {
    /// Asks about a request. A hook that cannot be asked, or says nothing in time, refuses.
    #[must_use]
    pub fn ask(&self, csr: &Csr, identity: &Identity, offered: &str) -> HookVerdict {
        let question = json!({
            "transactionID": identity.transaction_id.to_string(),
            "subject": name::print(&csr.subject),
            "alternativeNames": alt_name::print(&csr.alt_names()),
            "challengePassword": offered,
            "csr": openssl::base64::encode_block(&csr.der),
        });
        self.run(&question.to_string()).unwrap_or_else(HookVerdict::Refuse)
    }

    fn run(&self, question: &str) -> Result<HookVerdict, String> {
        let (program, arguments) = self.command.split_first().ok_or("the hook has no command")?;
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("start {program}: {error}"))?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let question = question.to_owned();
        let (told, answer) = mpsc::channel();
        // A thread of its own, so that a program that neither reads nor writes holds nobody up.
        std::thread::spawn(move || {
            if let Some(mut stdin) = stdin {
                // A program that does not want to know closes its input.
                let _ = stdin.write_all(question.as_bytes());
            }
            let mut text = Vec::new();
            if let Some(stdout) = stdout {
                let _ = stdout.take(OUTPUT).read_to_end(&mut text);
            }
            let _ = told.send(text);
        });
        let Ok(text) = answer.recv_timeout(self.patience) else {
            let _ = child.kill();
            let _ = child.wait();
            return Err(format!("{program} said nothing within {} s", self.patience.as_secs()));
        };
        let status = child.wait().map_err(|error| format!("wait for {program}: {error}"))?;
        let text = String::from_utf8_lossy(&text);
        Ok(match status.code() {
            Some(0) => HookVerdict::Grant,
            Some(PENDING) => HookVerdict::Pending,
            _ => {
                let why = text.lines().next().unwrap_or_default().trim();
                HookVerdict::Refuse(if why.is_empty() { status.to_string() } else { why.to_owned() })
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rstest::rstest;

    use super::{Hook, HookVerdict};

    fn run(script: &str) -> Result<HookVerdict, String> {
        let command = ["/bin/sh", "-c", script].map(str::to_owned).to_vec();
        Hook { command, patience: Duration::from_secs(20) }.run("{\"subject\":\"CN=dev1\"}")
    }

    #[rstest]
    #[case::granted("grep -q CN=dev1", HookVerdict::Grant)]
    #[case::pending("exit 10", HookVerdict::Pending)]
    #[case::refused("echo not in the inventory; exit 1", HookVerdict::Refuse("not in the inventory".to_owned()))]
    #[case::without_words("exit 3", HookVerdict::Refuse("exit status: 3".to_owned()))]
    fn the_exit_code_is_the_verdict(#[case] script: &str, #[case] expected: HookVerdict) {
        assert_eq!(run(script), Ok(expected));
    }

    #[test]
    fn a_hook_that_is_not_there_or_says_nothing_in_time_refuses() {
        let absent = Hook { command: vec!["/nonexistent/hook".to_owned()], patience: Duration::from_secs(1) };
        assert!(absent.run("{}").unwrap_err().contains("/nonexistent/hook"));
        let silent =
            Hook { command: vec!["sleep".to_owned(), "60".to_owned()], patience: Duration::from_millis(1) };
        assert!(silent.run("{}").unwrap_err().contains("said nothing"));
    }
}
