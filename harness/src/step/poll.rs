//! CertPoll.

use std::time::Duration;

use scep::attribute::{MessageType, PkiStatus, TransactionId};
use scep::fault::Faults;
use scep::message::IssuerAndSubject;
use scep::suite::{Cipher, Digest};

use super::Call;
use super::stage::{Identity, Outgoing, Stage, To, Via};
use crate::runner::Error;

/// Pause between two polls of a repeat, when the case says nothing.
const EVERY: Duration = Duration::from_millis(200);

/// A CertPoll for the transaction of an earlier step, or by a stranger.
pub(super) async fn cert_poll(stage: &mut Stage<'_>, call: &Call) -> Result<(), Error> {
    let failed = call.write_error();
    let mut identity = match call.text("of") {
        Some(step) => {
            stage.identity(step).ok_or_else(|| call.wrong(format!("`of`: step {step} made no request")))?
        }
        None => {
            let subject = stage.unique_subject();
            Identity::new(stage, &subject).map_err(&failed)?
        }
    };
    if let Some(text) = call.text("transaction") {
        identity.transaction_id = TransactionId::parse(text.as_bytes()).map_err(&failed)?;
    }
    let subject = match call.text("subject") {
        Some(text) => scep::name::parse(text).map_err(&failed)?,
        None => identity.subject.clone(),
    };
    stage.remember(&call.id, identity.clone());
    let via = call.text("via").and_then(Via::parse).unwrap_or(Via::Post);
    let at_most = call.repeat.as_ref().map_or(1, |repeat| repeat.at_most);
    for round in 1..=at_most {
        let outgoing = Outgoing {
            message_type: MessageType::CertPoll,
            data: IssuerAndSubject { issuer: stage.issuer_name(), subject: subject.clone() }.write(),
            chain: Vec::new(),
            cipher: Cipher::Aes128,
            digest: Digest::Sha256,
            via,
            to: To::Current,
        };
        let status = stage
            .send_message(call, &identity, outgoing, Faults::new(call.faults.clone()).at(stage.now()))
            .await?;
        let again = call.repeat.as_ref().is_some_and(|repeat| PkiStatus::from_name(&repeat.status) == status);
        if !again || round == at_most {
            break;
        }
        let pause = call.repeat.as_ref().and_then(|repeat| repeat.every).unwrap_or(EVERY);
        tokio::time::sleep(pause).await;
    }
    Ok(())
}
