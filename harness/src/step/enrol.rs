//! PKCSReq.

use scep::attribute::{MessageType, TransactionId};
use scep::certificate::{Certificate, CertificateParts, Extension};
use scep::csr::CsrParts;
use scep::fault::Faults;
use scep::message::Sender;
use scep::suite::{Cipher, Digest};

use super::Call;
use super::stage::{Identity, Outgoing, Stage, To, Via};
use crate::runner::Error;

/// A PKCSReq by a new identity.
pub(super) async fn pkcs_req(stage: &mut Stage<'_>, call: &Call) -> Result<(), Error> {
    let failed = call.write_error();
    let subject = call.text("subject").map_or_else(|| stage.unique_subject(), str::to_owned);
    let subject = scep::name::parse(&subject).map_err(&failed)?;
    let key = stage.keys().next().map_err(&failed)?;
    let mut faults = Faults::new(call.faults.clone()).at(stage.now());

    let mut csr = CsrParts::new(&subject, key.public(), call.text("challenge"));
    if let Some(name) = call.text("dns") {
        csr.extensions.push(Extension::dns_names(&[name]));
    }
    let csr = csr.write(&key, &mut faults).map_err(&failed)?;
    let certificate = CertificateParts::self_signed(&subject, key.public(), stage.random(8), stage.now());
    let certificate = certificate.write(&key, &mut faults).map_err(&failed)?;
    let certificate = Certificate::from_der(&certificate).map_err(&failed)?;

    let transaction_id = match call.text("transaction") {
        Some(text) => TransactionId::parse(text.as_bytes()).map_err(&failed)?,
        None => TransactionId::random(stage.rng()),
    };
    let requested = key.clone();
    let identity = Identity { sender: Sender { certificate, key }, requested, subject, transaction_id };
    stage.remember(&call.id, identity.clone());
    let outgoing = Outgoing {
        message_type: MessageType::PkcsReq,
        data: csr,
        chain: Vec::new(),
        cipher: call.named("cipher", Cipher::parse)?,
        digest: call.named("digest", Digest::parse)?,
        via: call.named("via", Via::parse)?,
        to: match call.text("to") {
            None => To::Current,
            Some("next") => To::Next,
            Some(other) => return Err(call.wrong(format!("`to` is `{other}`, expected next"))),
        },
    };
    stage.send_message(call, &identity, outgoing, faults).await.map(drop)
}
