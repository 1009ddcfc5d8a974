//! Python's asn1crypto and cryptography read what `scep` writes: structure, attributes, signature, content.

use std::fs::File;
use std::process::Command;

use libtest_mimic::Failed;
use scep::message::Outcome;
use scep::suite::Digest;
use serde_json::{Value, json};

use crate::Run;
use crate::command::{Folder, python, script};
use crate::material::{CHALLENGE, Form, KINDS, Kind, LAB, Lab, Way};

/// Name, and what is done.
pub(crate) fn tests() -> Vec<(String, Run)> {
    let mut tests: Vec<(String, Run)> = Vec::new();
    // Starting Python costs more than a hundred messages: one start for all forms of a kind.
    for (kind, name) in KINDS {
        tests.push((format!("asn1crypto_reads::{name}"), Box::new(move || reads(kind))));
    }
    tests.push(("asn1crypto_reads_certificates_only".to_owned(), Box::new(reads_certificates_only)));
    tests.push(("asn1crypto_refuses_other_expectations".to_owned(), Box::new(refuses_other_expectations)));
    tests
}

/// What the message has to say, from its parts and the RFC; not from our reader.
fn expectation(form: &Form) -> Result<Value, Failed> {
    let (kind, lab) = (form.kind, form.lab()?);
    let parts = form.parts(&lab);
    let text = |oid: &str, value: &str| json!([oid, "PrintableString", hex::encode(value.as_bytes())]);
    let octets = |oid: &str, value: &[u8]| json!([oid, "OctetString", hex::encode(value)]);
    let mut attributes = vec![
        text("2.16.840.1.113733.1.9.2", &parts.message_type.number().to_string()),
        text("2.16.840.1.113733.1.9.7", "TX-router-1"),
    ];
    attributes.extend(parts.sender_nonce.as_ref().map(|nonce| octets("2.16.840.1.113733.1.9.5", &nonce.0)));
    attributes
        .extend(parts.recipient_nonce.as_ref().map(|nonce| octets("2.16.840.1.113733.1.9.6", &nonce.0)));
    let status = match &parts.outcome {
        None => None,
        Some(Outcome::Success) => Some("0"),
        Some(Outcome::Failure(reason, said)) => {
            attributes.push(text("2.16.840.1.113733.1.9.4", &reason.number().to_string()));
            let said = said.as_deref().unwrap_or_default();
            attributes.push(json!(["1.3.6.1.5.5.7.24.1", "UTF8String", hex::encode(said.as_bytes())]));
            Some("2")
        }
        Some(Outcome::Pending) => Some("3"),
    };
    attributes.extend(status.map(|status| text("2.16.840.1.113733.1.9.3", status)));
    let scheme = match (form.signer.pss, form.signer.is_on_a_curve()) {
        (true, _) => "pss",
        (false, true) => "ecdsa",
        (false, false) => "pkcs1",
    };
    let sender = hex::encode(&kind.sender(&lab).certificate.der);
    Ok(json!({
        "name": form.shown(),
        "message": hex::encode(&form.write(&lab, None)?),
        "attributes": attributes,
        "digest": short(form.digest),
        "scheme": scheme,
        "signer": sender,
        "certificates": [sender],
        "envelope": parts.message_data.as_ref().map(|data| envelope(form, &lab, data)),
    }))
}

/// As hash libraries call it.
pub(crate) fn short(digest: Digest) -> String {
    digest.name().replace("sha-", "sha")
}

/// What is in an envelope, and who opens it.
pub(crate) fn envelope(form: &Form, lab: &Lab, data: &[u8]) -> Value {
    let recipient = form.kind.recipient(lab);
    let (kind, oaep, agreement, password) = match form.way {
        Way::Pkcs1 => ("ktri", None, None, None),
        Way::Oaep(digest) => ("ktri", Some(short(digest)), None, None),
        Way::Agreement(digest) => ("kari", None, Some(short(digest)), None),
        Way::Password(digest) => ("pwri", None, None, Some((CHALLENGE, short(digest)))),
    };
    json!({
        "kind": kind,
        "oaep": oaep,
        "agreement": agreement,
        "password": password,
        "recipient": hex::encode(&recipient.certificate.der),
        "key": recipient.key.to_pem().ok(),
        "cipher": form.cipher.oid().to_string(),
        "plain": hex::encode(data),
    })
}

/// Asks the script whether what it gets is so.
pub(crate) fn ask(name: &str, expectation: &Value) -> Result<(), Failed> {
    said_by(name, expectation).map(drop)
}

/// Octets that the script writes, for each wish.
pub(crate) fn answer(name: &str, wishes: &Value) -> Result<Vec<Vec<u8>>, Failed> {
    let written: Vec<String> = serde_json::from_slice(&said_by(name, wishes)?)?;
    Ok(written.iter().map(hex::decode).collect::<Result<_, _>>()?)
}

fn said_by(name: &str, input: &Value) -> Result<Vec<u8>, Failed> {
    let folder = Folder::new()?;
    let input = folder.write("input.json", input.to_string())?;
    let python = python().ok_or("no python")?;
    let asked = Command::new(python).arg(script(name)).stdin(File::open(input)?).output()?;
    if asked.status.success() {
        return Ok(asked.stdout);
    }
    let said = [asked.stdout, asked.stderr].concat();
    Err(format!("{name} ended with {}:\n{}", asked.status, String::from_utf8_lossy(&said)).into())
}

fn reads(kind: Kind) -> Result<(), Failed> {
    // It checks the primes of a private key when it loads it: half a minute for the longest. OpenSSL's
    // command opens what is for that one.
    let forms = Form::all(kind).into_iter().filter(|form| form.recipient.name != "rsa-8192");
    let expectations = forms.map(|form| expectation(&form)).collect::<Result<Vec<_>, _>>()?;
    ask("asn1crypto_message.py", &Value::Array(expectations))
}

fn certificates_only(certificates: &[Vec<u8>]) -> Value {
    let der = scep::cms::degenerate(certificates).write();
    json!({ "message": hex::encode(&der), "certificates": certificates.iter().map(hex::encode).collect::<Vec<_>>() })
}

fn reads_certificates_only() -> Result<(), Failed> {
    let certificates = [&LAB.issued, &LAB.ca.certificate].map(|certificate| certificate.der.clone());
    ask("asn1crypto_certificates_only.py", &certificates_only(&certificates))
}

/// The oracles above can say no, each to each thing that they look at.
fn refuses_other_expectations() -> Result<(), Failed> {
    let right = expectation(&Form::of(Kind::Success))?;
    let other = expectation(&Form::of(Kind::Failure))?;
    let refused = |wrong: &Value| ask("asn1crypto_message.py", &json!([wrong])).is_err();
    for (key, value) in [
        ("attributes", &other["attributes"]),
        ("digest", &json!("sha512")),
        ("scheme", &json!("pss")),
        ("signer", &right["envelope"]["recipient"]),
        ("certificates", &json!([])),
        ("envelope", &Value::Null),
    ] {
        let mut wrong = right.clone();
        wrong[key] = value.clone();
        assert!(refused(&wrong), "{key}");
    }
    for (key, value) in [
        ("recipient", &right["signer"]),
        ("kind", &json!("pwri")),
        ("oaep", &json!("sha1")),
        ("cipher", &json!("2.16.840.1.101.3.4.1.42")),
        ("plain", &json!("00")),
    ] {
        let mut wrong = right.clone();
        wrong["envelope"][key] = value.clone();
        assert!(refused(&wrong), "{key}");
    }
    let mut wrong = certificates_only(std::slice::from_ref(&LAB.issued.der));
    wrong["certificates"] = json!([]);
    assert!(ask("asn1crypto_certificates_only.py", &wrong).is_err());
    Ok(())
}
