//! The hook: a program or a server of the operator that is asked who may enrol.
//!
//! ```text
//!  question  {"transactionID", "subject", "alternativeNames", "challengePassword", "csr" (base64)}
//!  program   on stdin; ends with 0 granted · 10 the operator decides · anything else refused
//!  server    by POST; answers 200 granted · 202 the operator decides · anything else refused
//! ```
//!
//! The first line of what they say is the reason of a refusal, for the log.

use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use hyper::Method;
use scep::csr::Csr;
use scep::server::transaction::Identity;
use scep::{alt_name, name};
use serde_json::json;

use crate::http::client;
use crate::ra::HookVerdict;

/// How the hook is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// Who is asked.
    pub asked: Asked,
    /// Time that it has; the request is refused then.
    pub patience: Duration,
}

/// Who is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// A program and its arguments.
    Program(Vec<String>),
    /// A server, by its URL (http).
    Server(String),
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
        self.put(&question.to_string()).unwrap_or_else(HookVerdict::Refuse)
    }

    fn put(&self, question: &str) -> Result<HookVerdict, String> {
        match &self.asked {
            Asked::Program(command) => self.run(command, question),
            Asked::Server(url) => self.post(url, question),
        }
    }

    /// Asks a server. Blocks: requests are answered in threads that may.
    fn post(&self, url: &str, question: &str) -> Result<HookVerdict, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| format!("ask {url}: {error}"))?;
        let body = question.as_bytes().to_vec();
        let sent = client::send(client::Question { method: Method::POST, url, token: "", body, roots: None });
        let answer = runtime.block_on(async { tokio::time::timeout(self.patience, sent).await });
        let late = |_| format!("{url} said nothing within {} s", self.patience.as_secs());
        let (status, text) = answer.map_err(late)?.map_err(|error| format!("ask {url}: {error}"))?;
        Ok(match status {
            200 => HookVerdict::Grant,
            202 => HookVerdict::Pending,
            _ => HookVerdict::Refuse(reason(&text, &format!("status {status}"))),
        })
    }

    fn run(&self, command: &[String], question: &str) -> Result<HookVerdict, String> {
        let (program, arguments) = command.split_first().ok_or("the hook has no command")?;
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
        Ok(match status.code() {
            Some(0) => HookVerdict::Grant,
            Some(PENDING) => HookVerdict::Pending,
            _ => HookVerdict::Refuse(reason(&text, &status.to_string())),
        })
    }
}

/// The first line of what was said, or what else is known.
fn reason(said: &[u8], otherwise: &str) -> String {
    let text = String::from_utf8_lossy(said);
    let first = text.lines().next().unwrap_or_default().trim();
    if first.is_empty() { otherwise.to_owned() } else { first.chars().take(200).collect() }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rstest::rstest;

    use super::{Asked, Hook, HookVerdict};

    fn run(script: &str) -> Result<HookVerdict, String> {
        let command = ["/bin/sh", "-c", script].map(str::to_owned).to_vec();
        let hook = Hook { asked: Asked::Program(command), patience: Duration::from_secs(20) };
        hook.put("{\"subject\":\"CN=dev1\"}")
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
        let hook = |words: &[&str], patience| {
            let command = words.iter().map(|word| (*word).to_owned()).collect();
            Hook { asked: Asked::Program(command), patience }
        };
        let absent = hook(&["/nonexistent/hook"], Duration::from_secs(1));
        assert!(absent.put("{}").unwrap_err().contains("/nonexistent/hook"));
        let silent = hook(&["sleep", "60"], Duration::from_millis(1));
        assert!(silent.put("{}").unwrap_err().contains("said nothing"));
    }

    #[rstest]
    #[case::granted("200 OK", "", HookVerdict::Grant)]
    #[case::pending("202 Accepted", "", HookVerdict::Pending)]
    #[case::refused("403 Forbidden", "not in the inventory\nmore", HookVerdict::Refuse("not in the inventory".to_owned()))]
    #[case::broken("500 Oops", "", HookVerdict::Refuse("status 500".to_owned()))]
    fn the_status_of_a_server_is_its_verdict(
        #[case] status: &'static str,
        #[case] said: &'static str,
        #[case] expected: HookVerdict,
    ) {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/may-enrol?x=1", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = Vec::new();
            while !asked.ends_with(b"{}") {
                let mut octet = [0];
                std::io::Read::read_exact(&mut stream, &mut octet).unwrap();
                asked.extend(octet);
            }
            let length = said.len();
            let answer = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n{said}");
            std::io::Write::write_all(&mut stream, answer.as_bytes()).unwrap();
            String::from_utf8(asked).unwrap()
        });
        let hook = Hook { asked: Asked::Server(url), patience: Duration::from_secs(20) };
        assert_eq!(hook.put("{}"), Ok(expected));
        assert!(server.join().unwrap().starts_with("POST /may-enrol?x=1 HTTP/1.1\r\n"));
    }

    #[test]
    fn a_server_that_is_not_there_refuses() {
        let patience = Duration::from_secs(20);
        let hook = Hook { asked: Asked::Server("http://127.0.0.1:1/".to_owned()), patience };
        assert!(hook.put("{}").unwrap_err().contains("ask http://127.0.0.1:1/"));
        let hook = Hook { asked: Asked::Server("ftp://127.0.0.1/".to_owned()), patience };
        assert!(hook.put("{}").unwrap_err().contains("expected a URL"));
    }
}
