//! What the `openssl` command cannot write or read, Python's cryptography writes and reads: GCM with a mac
//! shorter than the whole tag, with authenticated attributes, and under a password; passwords derived with
//! another HMAC than SHA-1's; signatures of PSS with MD5.
//!
//! With these, every message type, cipher, digest and kind of key is judged by other software in both
//! directions. What is left to one judge alone: envelopes for an RSA key of 8192 bits, which Python takes too
//! long to load (`openssl` opens them). SCEP's own attributes come from nobody's command line; captures and
//! `vectors/gen` write them for our reader (`scep/tests/tolerance`).

use libtest_mimic::Failed;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use scep::cms::{EnvelopeParts, EnvelopedData};
use scep::fault::Faults;
use scep::key::Password;
use scep::message::PkiMessage;
use scep::suite::{Cipher, Digest};
use scep::tlv::Source;
use serde_json::{Value, json};

use crate::Run;
use crate::material::{CHALLENGE, Form, Key, Kind, Lab, WAYS, Way};
use crate::python::{answer, ask, envelope, short};

/// Octets of a mac, as RFC 5084 3.2 has them.
const MAC_LENGTHS: [usize; 5] = [12, 13, 14, 15, 16];

/// Name, and what is done.
pub(crate) fn tests() -> Vec<(String, Run)> {
    let mut tests: Vec<(String, Run)> = Vec::new();
    for length in MAC_LENGTHS {
        let name = |claim: &str| format!("{claim}::mac-of-{length}-octets");
        tests.push((name("cryptography_opens"), Box::new(move || opens_a_mac_of(length))));
        tests.push((name("cryptography_writes"), Box::new(move || writes_a_mac_of(length))));
    }
    tests.push(("cryptography_refuses_another_mac".to_owned(), Box::new(refuses_another_mac)));
    tests.push(("cryptography_writes::password".to_owned(), Box::new(writes_for_a_password)));
    tests.push(("cryptography_writes::pss".to_owned(), Box::new(writes_pss)));
    tests
}

fn authenticated() -> impl Iterator<Item = Cipher> {
    Cipher::ALL.iter().copied().filter(|cipher| cipher.is_authenticated())
}

/// A PKCSReq's envelope in each of these ciphers and ways.
fn forms(ciphers: impl Iterator<Item = Cipher>, ways: &[Way]) -> Vec<Form> {
    let base = Form::of(Kind::PkcsReq);
    let form = |cipher, way: &Way| Form { cipher, way: *way, recipient: way.key(), ..base };
    let all = ciphers.flat_map(|cipher| ways.iter().map(move |way| form(cipher, way)));
    all.filter(|form| form.way.fits(form.cipher)).collect()
}

/// Our envelope, its mac cut to a length; where there is one, its last octet changed.
fn sealed(form: &Form, lab: &Lab, length: usize, is_changed: bool) -> Result<Vec<u8>, Failed> {
    let recipient = form.parts(lab).recipient.ok_or("no recipient")?;
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let mut parts = EnvelopeParts::seal(&lab.csr, &recipient, form.cipher, &mut rng)?;
    let mac = parts.mac.as_mut().ok_or("no mac")?;
    mac.truncate(length);
    if let Some(last) = mac.last_mut() {
        *last ^= u8::from(is_changed);
    }
    Ok(parts.write(&mut Faults::none()))
}

fn opens_a_mac_of(length: usize) -> Result<(), Failed> {
    let forms = forms(authenticated(), &WAYS);
    let expected = forms.iter().map(|form| {
        let lab = form.lab()?;
        Ok(json!({
            "name": form.shown(),
            "octets": hex::encode(&sealed(form, &lab, length, false)?),
            "envelope": with_mac(envelope(form, &lab, &lab.csr), length),
        }))
    });
    ask("asn1crypto_message.py", &Value::Array(expected.collect::<Result<_, Failed>>()?))
}

fn with_mac(mut envelope: Value, length: usize) -> Value {
    envelope["mac_length"] = json!(length);
    envelope
}

/// The oracle above can say no.
fn refuses_another_mac() -> Result<(), Failed> {
    let form = Form { cipher: Cipher::Aes128Gcm, ..Form::of(Kind::PkcsReq) };
    let lab = form.lab()?;
    for (is_changed, length) in [(true, 12), (false, 13)] {
        let octets = hex::encode(&sealed(&form, &lab, 12, is_changed)?);
        let envelope = with_mac(envelope(&form, &lab, &lab.csr), length);
        let wrong = json!([{ "name": form.shown(), "octets": octets, "envelope": envelope }]);
        assert!(ask("asn1crypto_message.py", &wrong).is_err(), "{is_changed} {length}");
    }
    Ok(())
}

/// Has the envelopes written, and opens them.
fn writes(forms: &[Form], mac_length: usize, has_attributes: bool) -> Result<(), Failed> {
    let wish = |form: &Form| {
        let lab = form.lab()?;
        let mut wish = with_mac(envelope(form, &lab, &lab.csr), mac_length);
        wish["write"] = json!("envelope");
        wish["attributes"] = json!(has_attributes);
        Ok(wish)
    };
    let wishes = forms.iter().map(wish).collect::<Result<_, Failed>>()?;
    let written = answer("cryptography_writes.py", &wishes)?;
    assert_eq!(written.len(), forms.len());
    for (form, octets) in forms.iter().zip(written) {
        check(form, &octets, mac_length, has_attributes)?;
    }
    Ok(())
}

fn check(form: &Form, octets: &[u8], mac_length: usize, has_attributes: bool) -> Result<(), Failed> {
    let (lab, shown) = (form.lab()?, form.shown());
    let mut findings = Vec::new();
    let envelope = EnvelopedData::read(Source::message(octets), &mut findings)?;
    assert_eq!(findings, [], "{shown}");
    assert_eq!(Cipher::from_oid(envelope.cipher), Some(form.cipher), "{shown}");
    let open = |envelope: &EnvelopedData| match form.way {
        Way::Password(_) => envelope.open(&Password::from(CHALLENGE)),
        Way::Pkcs1 | Way::Oaep(_) | Way::Agreement(_) => envelope.open(&lab.ca),
    };
    assert_eq!(open(&envelope)?, lab.csr, "{shown}");
    assert!(envelope.open(&lab.device).is_err() && envelope.open(&Password::from("hunter3")).is_err());
    let Some(authentication) = &envelope.authentication else {
        assert!(!form.cipher.is_authenticated(), "{shown}");
        return Ok(());
    };
    assert_eq!((authentication.mac.len(), authentication.mac_length), (mac_length, mac_length), "{shown}");
    assert_eq!(authentication.attributes.is_empty(), !has_attributes, "{shown}");
    // What is authenticated is believed only with its mac, and only whole.
    for change in [flip_mac, shorten_mac, flip_content] {
        let mut changed = envelope.clone();
        change(&mut changed);
        assert!(open(&changed).is_err(), "{shown}");
    }
    Ok(())
}

fn flip_mac(envelope: &mut EnvelopedData) {
    if let Some(last) = envelope.authentication.as_mut().and_then(|one| one.mac.last_mut()) {
        *last ^= 1;
    }
}

fn shorten_mac(envelope: &mut EnvelopedData) {
    if let Some(authentication) = &mut envelope.authentication {
        authentication.mac.pop();
    }
}

fn flip_content(envelope: &mut EnvelopedData) {
    if let Some(first) = envelope.encrypted.first_mut() {
        *first ^= 1;
    }
}

fn writes_a_mac_of(length: usize) -> Result<(), Failed> {
    let forms = forms(authenticated(), &WAYS);
    writes(&forms, length, false)?;
    writes(&forms, length, true)
}

/// In each cipher, and derived with each HMAC.
fn writes_for_a_password() -> Result<(), Failed> {
    let digests = Digest::ALL.iter().copied().filter(|digest| *digest != Digest::Md5);
    let ways: Vec<Way> = digests.map(Way::Password).collect();
    writes(&forms(Cipher::ALL.iter().copied(), &ways), 16, false)
}

/// With each digest: PSS with MD5 has no identifier in OpenSSL.
fn writes_pss() -> Result<(), Failed> {
    let lab = Form { signer: Key { name: "pool-00", pss: true }, ..Form::of(Kind::PkcsReq) }.lab()?;
    let wish = |digest: &Digest| {
        Ok(json!({
            "write": "pss",
            "digest": short(*digest),
            "signer": hex::encode(&lab.device.certificate.der),
            "key": lab.device.key.to_pem()?,
            "plain": hex::encode(b"some content"),
        }))
    };
    let wishes = Digest::ALL.iter().map(wish).collect::<Result<_, Failed>>()?;
    let written = answer("cryptography_writes.py", &wishes)?;
    assert_eq!(written.len(), Digest::ALL.len());
    for (digest, octets) in Digest::ALL.iter().zip(written) {
        let read = scep::cms::SignedData::read(Source::message(&octets), &mut Vec::new())?;
        let message = PkiMessage { signed: read };
        assert_eq!(message.signer().and_then(|signer| signer.digest()), Some(*digest));
        assert!(message.verify(lab.device.key.public()).holds(), "{digest:?}");
        assert!(!message.verify(lab.ca.key.public()).holds(), "{digest:?}");
        let mut changed = message.clone();
        if let Some(last) = changed.signed.signers[0].signature.last_mut() {
            *last ^= 1;
        }
        assert!(!changed.verify(lab.device.key.public()).holds(), "{digest:?}");
    }
    Ok(())
}
