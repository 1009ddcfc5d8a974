//! The latest exchanges, as they went over the wire, and as messages.

use scep::attribute::MessageType;
use scep::csr::Csr;
use scep::key::PrivateKey;
use scep::message::PkiMessage;
use scep::tlv::Source;
use scep::{alt_name, name};
use serde_json::{Map, Value, json};

use super::super::AdminPort;
use super::super::call::{Call, Reply};
use crate::record::Recorded;

pub(super) fn list(port: &AdminPort, _: &Call, _: &[String]) -> Reply {
    let exchanges = port.recorder.all();
    Reply::json(exchanges.iter().map(|recorded| exchange(port, recorded)).collect())
}

fn exchange(port: &AdminPort, exchange: &Recorded) -> Value {
    let (request, response) = decoded(port, exchange);
    json!({
        "at": exchange.at.to_string(),
        "request": {
            "method": exchange.method,
            "target": exchange.target,
            "headers": exchange.headers,
            "body": openssl::base64::encode_block(&exchange.body),
            "decoded": request,
        },
        "response": {
            "sent": exchange.is_answered,
            "status": exchange.status,
            "headers": exchange.response_headers,
            "body": openssl::base64::encode_block(&exchange.response_body),
            "decoded": response,
        },
        "message": exchange.message,
        "pkiStatus": exchange.pki_status,
        "faults": exchange.faults,
        "note": exchange.note,
    })
}

/// Request and answer as messages; null for what is none.
pub(in super::super) fn decoded(port: &AdminPort, exchange: &Recorded) -> (Value, Value) {
    let by_get = || {
        let query = exchange.target.split_once('?')?.1;
        let request =
            scep::http::Incoming::read(scep::http::Method::Get, query, &[], &mut Vec::new()).ok()?;
        request.message
    };
    let message = if exchange.method == "POST" { Some(exchange.body.clone()) } else { by_get() };
    let authority = port.service.authority();
    let key = &authority.opener().key;
    let request = message.and_then(|message| pki_message(&message, Some(key)));
    let response = match exchange.message {
        "CertRep" => pki_message(&exchange.response_body, None),
        _ => None,
    };
    (request.unwrap_or_default(), response.unwrap_or_default())
}

/// A pkiMessage in words. The challengePassword is not among them.
fn pki_message(octets: &[u8], key: Option<&PrivateKey>) -> Option<Value> {
    let message = PkiMessage::read(octets).ok()?.value;
    let mut words = Map::new();
    let mut put = |word: &str, value: Option<String>| {
        words.extend(value.map(|value| (word.to_owned(), Value::from(value))));
    };
    let message_type = message.message_type();
    put("messageType", message_type.map(|kind| kind.name().to_owned()));
    put("transactionID", message.transaction_id().map(|id| id.to_string()));
    put("pkiStatus", message.pki_status().map(|status| status.name().to_owned()));
    put("failInfo", message.fail_info().map(|info| info.name().to_owned()));
    put("failInfoText", message.fail_info_text().map(|text| text.lossy()));
    put("senderNonce", message.sender_nonce().map(|nonce| nonce.to_string()));
    put("recipientNonce", message.recipient_nonce().map(|nonce| nonce.to_string()));
    put("digest", message.signer().and_then(|signer| signer.digest()).map(|digest| digest.name().to_owned()));
    let signer = message.signer_certificate();
    put("signer", signer.as_ref().map(scep::certificate::Certificate::subject_text));
    let envelope = message.envelope(&mut Vec::new()).ok().flatten();
    put("cipher", envelope.as_ref().map(|envelope| scep::oid::name(envelope.cipher)));
    let plain = envelope.zip(key).and_then(|(envelope, key)| envelope.open(key).ok());
    if let (Some(plain), Some(MessageType::PkcsReq | MessageType::RenewalReq)) = (plain, message_type)
        && let Ok(read) = Csr::read(Source::message_data(&plain))
    {
        put("subject", Some(name::print(&read.value.subject)));
        put(
            "alternativeNames",
            Some(alt_name::print(&read.value.alt_names())).filter(|list| !list.is_empty()),
        );
        put("key", read.value.public_key().ok().map(|key| key.to_string()));
        let has_challenge = read.value.challenge.is_some();
        put("challengePassword", Some(if has_challenge { "present" } else { "absent" }.to_owned()));
    }
    Some(Value::Object(words))
}
