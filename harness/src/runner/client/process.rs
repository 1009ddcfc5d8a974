//! How a command of the client under test is run: in this process, or as a child process with a time limit.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;

use crate::runner::Error;

/// Longest standard output or error that is kept, in octets.
const OUTPUT: usize = 64 << 10;

/// How a command ended.
#[derive(Debug, Default)]
pub(super) struct Ended {
    pub(super) exit: Option<i32>,
    pub(super) signal: Option<i32>,
    pub(super) timed_out: bool,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

/// The reference client in this process. Laxities that end or stop a process are refused by it.
pub(super) async fn embedded(arguments: Vec<String>) -> Result<Ended, Error> {
    let run = tokio::task::spawn_blocking(move || {
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let mut io = mock_client::cli::Io {
            stdout: &mut stdout,
            stderr: &mut stderr,
            process: mock_client::cli::Process::Shared,
        };
        let exit = mock_client::cli::run(arguments, &mut io);
        (exit, stdout, stderr)
    });
    let (exit, stdout, stderr) = run
        .await
        .map_err(|e| Error::Start { what: "the embedded client".to_owned(), detail: e.to_string() })?;
    Ok(Ended {
        exit: Some(i32::from(exit)),
        stdout: text(&stdout),
        stderr: text(&stderr),
        ..Ended::default()
    })
}

/// A child process in `dir`, ended by force at `limit`.
pub(super) async fn process(
    words: &[String],
    env: &BTreeMap<String, String>,
    dir: &Path,
    limit: Duration,
) -> Result<Ended, Error> {
    let [program, arguments @ ..] = words else {
        return Err(Error::Start {
            what: "the client".to_owned(),
            detail: "the command is empty".to_owned(),
        });
    };
    let started = |error: std::io::Error| Error::Start { what: program.clone(), detail: error.to_string() };
    let mut child = tokio::process::Command::new(program)
        .args(arguments)
        .envs(env)
        .current_dir(dir)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(started)?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let read = async { tokio::join!(collect(stdout), collect(stderr), child.wait()) };
    let ended = tokio::time::timeout(limit, read).await;
    match ended {
        Ok((stdout, stderr, status)) => {
            let status = status.map_err(started)?;
            let signal = std::os::unix::process::ExitStatusExt::signal(&status);
            Ok(Ended {
                exit: status.code(),
                signal,
                timed_out: false,
                stdout: text(&stdout),
                stderr: text(&stderr),
            })
        }
        Err(_) => {
            // What it said until then is not worth more waiting: the verdict is that it hung.
            let _ = child.kill().await;
            Ok(Ended { timed_out: true, ..Ended::default() })
        }
    }
}

async fn collect(stream: Option<impl tokio::io::AsyncRead + Unpin>) -> Vec<u8> {
    let mut octets = Vec::new();
    if let Some(stream) = stream {
        let mut kept = stream.take(OUTPUT as u64);
        // A stream that breaks gives what it gave.
        let _ = kept.read_to_end(&mut octets).await;
        // The rest is read too: a client must not end by a closed pipe because it talks much.
        let _ = tokio::io::copy(&mut kept.into_inner(), &mut tokio::io::sink()).await;
    }
    octets
}

fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets.get(..octets.len().min(OUTPUT)).unwrap_or_default()).into_owned()
}
