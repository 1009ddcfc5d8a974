//! GetCert and GetCRL, RFC 8894 3.3.4.

use scep::attribute::{MessageType, TransactionId};
use scep::fault::Faults;
use scep::message::{IssuerAndSerial, Sender};
use scep::serial::SerialNumber;
use scep::suite::{Cipher, Digest};

use super::Call;
use super::stage::{Identity, Outgoing, Stage, To, Via};
use crate::runner::Error;

/// Asks for the certificate that step `of` was granted.
pub(super) async fn get_cert(stage: &mut Stage<'_>, call: &Call) -> Result<(), Error> {
    look_up(stage, call, MessageType::GetCert).await
}

/// Asks for the CRL that the certificate of step `of` would be on.
pub(super) async fn get_crl(stage: &mut Stage<'_>, call: &Call) -> Result<(), Error> {
    look_up(stage, call, MessageType::GetCrl).await
}

async fn look_up(stage: &mut Stage<'_>, call: &Call, message_type: MessageType) -> Result<(), Error> {
    let of = call.text("of").unwrap_or_default();
    let asked = stage.identity(of).ok_or_else(|| call.wrong(format!("`of`: step {of} made no request")))?;
    let Some(certificate) = stage.granted(of) else {
        stage.note(format!("step {}: step {of} was granted nothing, nothing was sent", call.id));
        return Ok(());
    };
    let mut named = IssuerAndSerial::of(&certificate);
    match call.text("serial") {
        None => {}
        // As long as a number may be: nobody has issued it.
        Some("unknown") => named.serial = SerialNumber::new(&stage.random(20)),
        Some(other) => return Err(call.wrong(format!("`serial` is `{other}`, expected unknown"))),
    }
    let identity = Identity {
        sender: Sender { certificate, key: asked.requested.clone() },
        requested: asked.requested,
        subject: asked.subject,
        transaction_id: TransactionId::random(stage.rng()),
    };
    stage.remember(&call.id, identity.clone());
    let outgoing = Outgoing {
        message_type,
        data: named.write(),
        chain: Vec::new(),
        cipher: Cipher::Aes128,
        digest: Digest::Sha256,
        via: Via::Post,
        to: To::Current,
    };
    let faults = Faults::new(call.faults.clone()).at(stage.now());
    stage.send_message(call, &identity, outgoing, faults).await.map(drop)
}
