//! A renewal: RenewalReq, or the PKCSReq of older drafts, signed with the certificate of an earlier step.

use scep::attribute::{MessageType, TransactionId};
use scep::certificate::{Certificate, CertificateParts};
use scep::csr::CsrParts;
use scep::fault::Faults;
use scep::message::Sender;
use scep::suite::{Cipher, Digest};

use super::Call;
use super::stage::{Identity, Outgoing, Stage, To, Via};
use crate::runner::Error;

/// RenewalReq (RFC 8894 3.3.1.2) with the certificate that step `of` was granted.
pub(super) async fn renewal_req(stage: &mut Stage<'_>, call: &Call) -> Result<(), Error> {
    let failed = call.write_error();
    let of = call.text("of").unwrap_or_default();
    let old = stage.identity(of).ok_or_else(|| call.wrong(format!("`of`: step {of} made no request")))?;
    let sender = match call.text("signer") {
        None => match stage.granted(of) {
            Some(certificate) => Sender { certificate, key: old.requested.clone() },
            None => {
                stage.note(format!("step {}: step {of} was granted nothing, nothing was sent", call.id));
                return Ok(());
            }
        },
        // The certificate that the device made for its first request.
        Some("self-signed") => old.sender.clone(),
        Some("other-ca") => by_another_ca(stage, call, &old)?,
        Some(other) => {
            return Err(call.wrong(format!("`signer` is `{other}`, expected self-signed or other-ca")));
        }
    };
    let subject = match call.text("subject") {
        Some(text) => scep::name::parse(text).map_err(&failed)?,
        None => old.subject.clone(),
    };
    let requested = match call.text("key") {
        None | Some("new") => stage.keys().next().map_err(&failed)?,
        Some("same") => old.requested.clone(),
        Some(other) => return Err(call.wrong(format!("`key` is `{other}`, expected new or same"))),
    };
    let message_type = match call.text("as") {
        None => MessageType::RenewalReq,
        Some(name) => MessageType::from_name(name)
            .filter(|kind| matches!(kind, MessageType::RenewalReq | MessageType::PkcsReq))
            .ok_or_else(|| call.wrong(format!("`as` is `{name}`, expected RenewalReq or PKCSReq")))?,
    };
    let chain = match call.text("chain") {
        None => Vec::new(),
        Some("whole") => stage.ca_certificates(),
        Some(other) => return Err(call.wrong(format!("`chain` is `{other}`, expected whole"))),
    };
    let mut faults = Faults::new(call.faults.clone()).at(stage.now());
    let csr = CsrParts::new(&subject, requested.public(), call.text("challenge"));
    let data = csr.write(&requested, &mut faults).map_err(&failed)?;
    let transaction_id = TransactionId::random(stage.rng());
    let identity = Identity { sender, requested, subject, transaction_id };
    stage.remember(&call.id, identity.clone());
    let outgoing = Outgoing {
        message_type,
        data,
        chain,
        cipher: Cipher::Aes128,
        digest: Digest::Sha256,
        via: Via::Post,
        to: To::Current,
    };
    stage.send_message(call, &identity, outgoing, faults).await.map(drop)
}

/// A certificate for the key and the name of a requester, by a CA that nobody knows.
fn by_another_ca(stage: &mut Stage<'_>, call: &Call, of: &Identity) -> Result<Sender, Error> {
    let failed = call.write_error();
    let ca = stage.keys().next().map_err(&failed)?;
    let key = of.requested.clone();
    let mut parts = CertificateParts::self_signed(&of.subject, key.public(), stage.random(8), stage.now());
    parts.issuer = scep::name::parse("CN=a CA that nobody knows,O=sceptic").map_err(&failed)?;
    let certificate = parts.write(&ca, &mut Faults::none()).map_err(&failed)?;
    Ok(Sender { certificate: Certificate::from_der(&certificate).map_err(&failed)?, key })
}
