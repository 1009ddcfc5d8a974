//! PKCSReq.

use scep::attribute::{MessageType, TransactionId};
use scep::certificate::{Certificate, CertificateParts, Extension, KeyUsage};
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
    let like = match call.text("like") {
        Some(step) => {
            let made = stage.identity(step);
            Some(made.ok_or_else(|| call.wrong(format!("`like`: step {step} made no request")))?)
        }
        None => None,
    };
    let (subject, key) = match like {
        Some(like) => (like.subject, like.requested),
        None => {
            let subject = call.text("subject").map_or_else(|| stage.unique_subject(), str::to_owned);
            (scep::name::parse(&subject).map_err(&failed)?, stage.keys().next().map_err(&failed)?)
        }
    };
    let mut faults = Faults::new(call.faults.clone()).at(stage.now());

    let mut csr = CsrParts::new(&subject, key.public(), call.text("challenge"));
    if let Some(name) = call.text("dns") {
        csr.extensions.push(Extension::dns_names(&[name]));
    }
    match call.text("asks-for") {
        None => {}
        Some("ca") => {
            let rights = KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_CERT_SIGN | KeyUsage::CRL_SIGN;
            csr.extensions.extend([Extension::basic_constraints(true), Extension::key_usage(rights)]);
        }
        Some(other) => return Err(call.wrong(format!("`asks-for` is `{other}`, expected ca"))),
    }
    let csr = csr.write(&key, &mut faults).map_err(&failed)?;
    let certificate = CertificateParts::self_signed(&subject, key.public(), stage.random(8), stage.now());
    let certificate = certificate.write(&key, &mut faults).map_err(&failed)?;
    let certificate = Certificate::from_der(&certificate).map_err(&failed)?;

    let transaction_id = match call.text("transaction") {
        Some(text) => TransactionId::parse(text.as_bytes()).map_err(&failed)?,
        None => transaction_id(stage, call)?,
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
            Some("issuer") => To::Issuer,
            Some("challenge") => To::Challenge,
            Some("next") => To::Next,
            Some(other) => {
                return Err(call.wrong(format!("`to` is `{other}`, expected issuer, challenge or next")));
            }
        },
    };
    stage.send_message(call, &identity, outgoing, faults).await.map(drop)
}

/// A transactionID that nobody else has, in the form that is asked for.
fn transaction_id(stage: &mut Stage<'_>, call: &Call) -> Result<TransactionId, Error> {
    let Some(form) = call.text("transaction-form") else { return Ok(TransactionId::random(stage.rng())) };
    let number = hex::encode(stage.random(6));
    let pairs = |text: &str| {
        let pairs: Vec<String> =
            text.as_bytes().chunks(2).map(|pair| String::from_utf8_lossy(pair).into_owned()).collect();
        pairs.join(":")
    };
    let text = match form {
        "words" => format!("RTU 17 (bay {number})"),
        "address" => pairs(&number),
        other => {
            return Err(call.wrong(format!("`transaction-form` is `{other}`, expected words or address")));
        }
    };
    TransactionId::parse(text.as_bytes()).map_err(call.write_error())
}
