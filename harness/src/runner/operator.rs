//! Who approves and rejects pending requests: the embedded server itself, or commands of a peer file.

use std::sync::Arc;

use crate::data::Template;
use crate::data::peer::Command;

/// The operator of a server under test.
#[derive(Clone)]
pub enum Operator {
    /// Nobody: cases that need one are unsupported.
    None,
    /// The embedded reference server.
    Embedded(Arc<mock_ca::Running>),
    /// Commands from a peer file.
    Commands {
        /// Approves `{transaction_id}`.
        approve: Option<Command>,
        /// Rejects `{transaction_id}`.
        reject: Option<Command>,
        /// Revokes the certificate `{serial}`.
        revoke: Option<Command>,
    },
}

impl std::fmt::Debug for Operator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Embedded(_) => "Embedded",
            Self::Commands { .. } => "Commands",
        })
    }
}

/// What the operator is asked to do with a pending request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Grant it.
    Approve,
    /// Refuse it.
    Reject,
}

impl Operator {
    /// Carries out a decision on a transaction.
    ///
    /// # Errors
    /// Why it could not be carried out, in words. It may be that the server had decided by itself already, so
    /// the transcript gets a note and the checks say what came of it.
    pub async fn decide(&self, decision: Decision, transaction_id: &str) -> Result<(), String> {
        match self {
            Self::None => Err("there is no operator".to_owned()),
            Self::Embedded(server) => match decision {
                Decision::Approve => server.approve(transaction_id).map_err(|e| e.to_string()),
                Decision::Reject => server.reject(transaction_id).map_err(|e| e.to_string()),
            },
            Self::Commands { approve, reject, .. } => {
                let command = match decision {
                    Decision::Approve => approve,
                    Decision::Reject => reject,
                };
                let command = command.as_ref().ok_or("the peer file gives no command for it")?;
                run(command, "transaction_id", transaction_id).await
            }
        }
    }

    /// Revokes a certificate, for keyCompromise; `serial` is the content octets of its serial number.
    ///
    /// # Errors
    /// Why it could not be carried out, in words; as with [`Operator::decide`].
    pub async fn revoke(&self, serial: &[u8]) -> Result<(), String> {
        const KEY_COMPROMISE: u8 = 1;
        match self {
            Self::None => Err("there is no operator".to_owned()),
            Self::Embedded(server) => {
                server.service().revoke(serial, Some(KEY_COMPROMISE)).map_err(|e| e.to_string())
            }
            Self::Commands { revoke, .. } => {
                let command = revoke.as_ref().ok_or("the peer file gives no command for it")?;
                run(command, "serial", &hex::encode(serial)).await
            }
        }
    }
}

/// Runs a command; `name` in it stands for `value`.
async fn run(command: &Command, name: &str, value: &str) -> Result<(), String> {
    let fill = |word: &Template| {
        word.fill(&|found| (found.field == name).then(|| value.to_owned())).map_err(|e| e.to_string())
    };
    let words: Vec<String> = command.0.iter().map(fill).collect::<Result<_, _>>()?;
    let [program, arguments @ ..] = words.as_slice() else { return Err("the command is empty".to_owned()) };
    let output = tokio::process::Command::new(program)
        .args(arguments)
        .kill_on_drop(true)
        .output()
        .await
        .map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{program} ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim()))
}
