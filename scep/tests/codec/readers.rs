//! Every reader as a function over any octets: it reads, asks the value everything that can be asked, and
//! checks that every place named lies in what was given. One list for the properties, the fuzz targets
//! (`fuzz/targets`, which take this file as a module) and the inputs that once broke a reader.

// With its path, because the fuzz targets take this file with one.
#[path = "readers/machines.rs"]
mod machines;

use std::sync::LazyLock;

use scep::alt_name::GeneralName;
use scep::ca_cert::{CaCertificates, read_certificates_only};
use scep::caps::Capabilities;
use scep::certificate::{Certificate, KeyUsage};
use scep::client::{Suite, Trust};
use scep::cms::{EnvelopedData, Openers};
use scep::crl::Crl;
use scep::csr::Csr;
use scep::finding::{Finding, Part, Place};
use scep::http::{HttpRequest, HttpResponse, Incoming, Method, Operation};
use scep::key::{Password, PrivateKey, PublicKey};
use scep::message::{IssuerAndSerial, IssuerAndSubject, PkiMessage};
use scep::name::{Name, Strings, TypeAndValue};
use scep::next_ca::NextCa;
use scep::suite::{Digest, Scheme, SignatureAlgorithm};
use scep::text::StringType;
use scep::tlv::{Source, Tlv};
use scep::{Error, alt_name, extension, limits, name, oid};

use crate::material::{NOW, ca};

/// One reader, by the name of its fuzz target.
pub(crate) type Reader = fn(&[u8]);

/// All of them.
pub(crate) const ALL: &[(&str, Reader)] = &[
    ("tlv", tlv),
    ("pki_message", pki_message),
    ("envelope", envelope),
    ("certificates_only", certificates_only),
    ("certificate", certificate),
    ("crl", question_crl),
    ("csr", csr),
    ("key", key),
    ("message_data", message_data),
    ("name", name),
    ("alt_name", alt_name),
    ("ca_cert", ca_cert),
    ("next_ca", next_ca),
    ("caps", caps),
    ("http_query", http_query),
    ("http_answer", http_answer),
    ("server_receive", machines::server_receive),
    ("server_content", machines::server_content),
    ("client_answer", machines::client_answer),
    ("client_content", machines::client_content),
    ("client_discovery", machines::client_discovery),
];

/// The reader of that name.
pub(crate) fn named(name: &str) -> Reader {
    let found = ALL.iter().find(|(known, _)| *known == name);
    found.unwrap_or_else(|| panic!("no reader is called {name}")).1
}

/// Those that make no message around the octets: a private operation for each call takes its time.
pub(crate) fn quick() -> impl Iterator<Item = &'static (&'static str, Reader)> {
    ALL.iter().filter(|(name, _)| !["server_content", "client_content"].contains(name))
}

fn tlv(octets: &[u8]) {
    let mut findings = Vec::new();
    note(Tlv::read_whole(Source::message(octets), &mut findings), octets.len(), |element| {
        element.report_lengths(&mut findings);
        let _ = element.string(&mut findings);
        let _ = element.members().map(|members| members.len());
        assert!(element.bytes().len() <= octets.len() && element.content().len() <= octets.len());
        // Only a length of more than two octets takes more room than an indefinite one with its end.
        let der = element.der();
        let longer = (limits::DEPTH + 1) * (1 + octets.len() / 0x1_0000);
        assert!(der.len() <= octets.len() + longer, "{} octets became {}", octets.len(), der.len());
    });
    check_places(&findings, octets.len());
}

fn pki_message(octets: &[u8]) {
    note(PkiMessage::read(octets), octets.len(), |read| {
        check_places(&read.findings, octets.len());
        let message = &read.value;
        let _ = message.verify(ca().key.public());
        if let Some(signer) = message.signer_certificate() {
            question_certificate(&signer);
            let _ = signer.public_key().map(|key| message.verify(&key));
        }
        let _ = (message.message_type(), message.pki_status(), message.fail_info());
        let _ = (message.transaction_id(), message.sender_nonce(), message.recipient_nonce());
        let _ = message.fail_info_text().map(|text| text.to_string());
        let content = message.signed.content.as_ref().map_or(0, |content| content.bytes.len());
        let mut findings = Vec::new();
        if let Ok(Some(envelope)) = message.envelope(&mut findings) {
            question_envelope(&envelope);
        }
        check_places(&findings, octets.len().max(content));
    });
}

fn envelope(octets: &[u8]) {
    let mut findings = Vec::new();
    note(EnvelopedData::read(Source::message(octets), &mut findings), octets.len(), question_envelope);
    check_places(&findings, octets.len());
}

/// Of the recipient whose envelopes are for a key on a curve.
static CURVE: LazyLock<PrivateKey> = LazyLock::new(|| crate::material::key("ec-p256"));

fn question_envelope(envelope: &EnvelopedData) {
    for recipient in &envelope.recipients {
        let _ = recipient.names(&ca().certificate);
    }
    // One private operation for each recipient: enough of them would only be slow.
    if envelope.recipients.len() < 4 {
        let (rsa, password) = (ca(), Password::from("hunter2"));
        let _ = envelope.open(Openers::from(&*CURVE).and_sender(&rsa).and_passwords([&password]));
    }
}

fn certificates_only(octets: &[u8]) {
    let mut findings = Vec::new();
    note(read_certificates_only(Source::message(octets), &mut findings), octets.len(), |signed| {
        for raw in &signed.certificates {
            let _ = raw.read().as_ref().map(question_certificate);
        }
        signed.crls.iter().for_each(|crl| question_crl(crl));
    });
    check_places(&findings, octets.len());
}

fn question_crl(octets: &[u8]) {
    note(Crl::read(Source::message(octets)), octets.len(), |read| {
        check_places(&read.findings, octets.len());
        let crl = &read.value;
        let _ = (crl.number(), crl.is_current_at(NOW), crl.is_issued_by(&ca().certificate));
        assert!(crl.revoked.iter().all(|revoked| crl.entry(&revoked.serial).is_some()));
    });
}

fn certificate(octets: &[u8]) {
    note(Certificate::read(Source::message(octets)), octets.len(), |read| {
        check_places(&read.findings, octets.len());
        question_certificate(&read.value);
        // What was read, written as PEM, is read the same.
        assert_eq!(Certificate::from_pem(read.value.to_pem().as_bytes()).as_ref(), Ok(&read.value));
    });
    let _ = (Certificate::from_pem(octets), Trust::from_pem(octets));
}

fn question_certificate(certificate: &Certificate) {
    let _ = (certificate.public_key(), certificate.is_self_signed(), certificate.is_ca());
    let _ = (certificate.key_usage(), certificate.serial_hex(), certificate.subject_text());
    assert_eq!(Certificate::from_der(&certificate.der).as_ref(), Ok(certificate));
}

fn csr(octets: &[u8]) {
    note(Csr::read(Source::message(octets)), octets.len(), |read| {
        check_places(&read.findings, octets.len());
        let csr = &read.value;
        let _ = (csr.proves_possession(), csr.public_key(), csr.alt_names(), csr.dns_names());
        let _ = (csr.key_usage(), csr.ext_key_usage(), csr.password());
        let _ = csr.challenge.as_ref().map(ToString::to_string);
        csr.templates().iter().for_each(|template| drop(template.to_string()));
    });
}

fn key(octets: &[u8]) {
    if let Ok(key) = PublicKey::from_spki(octets) {
        let _ = (key.identifier(), key.bits(), key.to_string());
        for scheme in [Scheme::Pkcs1, Scheme::Pss, Scheme::Ecdsa] {
            let _ = key.verifies(SignatureAlgorithm::new(scheme, Digest::Sha256), octets, &[1; 256]);
        }
    }
    let _ = KeyUsage::read(octets).map(KeyUsage::names);
}

fn message_data(octets: &[u8]) {
    note(IssuerAndSubject::read(octets), octets.len(), |names| {
        assert!(names.write().len() <= octets.len() + 8);
    });
    note(IssuerAndSerial::read(octets), octets.len(), |read| {
        check_places(&read.findings, octets.len());
        // The number is kept octet by octet.
        assert_eq!(
            IssuerAndSerial::read(&read.value.write()).map(|read| read.value).as_ref(),
            Ok(&read.value)
        );
        let _ = (read.value.serial.to_string(), read.value.names(&ca().certificate));
    });
}

fn name(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    let read = Name::from_der(octets);
    let parsed = [Strings::default(), Strings::Printable].map(|strings| Name::parse(&text, strings).ok());
    // An identifier of over 32 bits in one arc, or in more octets than needed, has no text to read back, and
    // a text may have more attributes than are read.
    let is_regular = |name: &&Name| {
        let count = name.rdns.iter().map(Vec::len).sum::<usize>();
        count <= limits::NAME_ATTRIBUTES
            && name.rdns.iter().flatten().all(|pair| oid::parse(&oid::dotted(pair.oid)) == Some(pair.oid))
    };
    for name in parsed.iter().chain([&read]).flatten().filter(is_regular) {
        let _ = name.rdns.iter().flatten().filter_map(TypeAndValue::text).count();
        assert_eq!(Name::from_der(&name.write()).map(|again| again.is_same_as(name)), Some(true));
        for text in [name.rfc4514(), name.slash()] {
            // A received value may hold what its attribute type does not allow.
            let again = Name::parse(&text, Strings::Forced(StringType::Utf8));
            assert!(again.as_ref().is_ok_and(|again| again.is_same_as(name)), "{text} became {again:?}");
        }
    }
    let _ = (name::print(octets), name::print_slash(octets), name::same(octets, &ca().certificate.subject));
}

fn alt_name(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    for names in [alt_name::parse(&text).ok(), alt_name::from_der(octets)].into_iter().flatten() {
        if names.len() > limits::ALT_NAMES {
            continue;
        }
        assert_eq!(alt_name::from_der(&alt_name::write(&names)).as_ref(), Some(&names));
        let text = alt_name::print(&names);
        // No name at all has no text. A directoryName comes back with strings of another type.
        let again = alt_name::parse(&text).map(|again| alt_name::print(&again));
        let has_text = |name: &GeneralName| match name {
            GeneralName::RegisteredId(id) | GeneralName::OtherName { oid: id, .. } => {
                oid::parse(&oid::dotted(*id)) == Some(*id)
            }
            // A received value may hold what its attribute type does not allow.
            GeneralName::Directory(name) => Name::parse(&name::print(name), Strings::default()).is_ok(),
            _ => true,
        };
        let has_text = !names.is_empty() && names.iter().all(has_text);
        assert!(!has_text || again.as_ref() == Ok(&text), "{text} became {again:?}");
    }
    let _ = (extension::parse_purposes(&text), extension::purposes(octets));
}

fn ca_cert(octets: &[u8]) {
    let mut findings = Vec::new();
    note(CaCertificates::read(octets, &mut findings), octets.len(), |read| {
        let _ = (read.recipient(), read.issuer());
        assert_eq!(read.signers().len(), read.certificates.len());
        read.certificates.iter().for_each(question_certificate);
    });
    check_places(&findings, octets.len());
}

fn next_ca(octets: &[u8]) {
    note(NextCa::read(octets), octets.len(), |read| {
        check_places(&read.findings, octets.len());
        for also_beside in [false, true] {
            let _ = read.value.authenticate(&[ca().certificate], also_beside, &mut Vec::new());
        }
    });
}

fn caps(octets: &[u8]) {
    let mut findings = Vec::new();
    let read = Capabilities::read(octets, &mut findings);
    check_places(&findings, octets.len());
    let _ = (read.has("AES"), Suite::choose(&read));
    // The writer's form of it says the same to the next reader.
    assert_eq!(Capabilities::read(&read.write(), &mut findings), read);
}

fn http_query(octets: &[u8]) {
    let query = String::from_utf8_lossy(octets);
    for method in [Method::Get, Method::Post] {
        let mut findings = Vec::new();
        note(Incoming::read(method, &query, octets, &mut findings), query.len(), |_| ());
        check_places(&findings, query.len());
    }
    let posted = HttpRequest { query: query.into_owned(), ..HttpRequest::post(octets.to_vec()) };
    let _ = Incoming::receive(&posted, &mut Vec::new()).map(|incoming| incoming.meant());
    // Whatever octets are sent by GET arrive.
    let sent = HttpRequest::get(octets);
    let arrived = Incoming::read(Method::Get, &sent.query, &[], &mut Vec::new());
    assert_eq!(arrived.ok().and_then(|incoming| incoming.message).as_deref(), Some(octets));
}

fn http_answer(octets: &[u8]) {
    let content_type = String::from_utf8_lossy(octets).into_owned();
    let response = HttpResponse::ok(&content_type, octets.to_vec());
    let _ = response.media_type();
    for operation in [Operation::GetCaCaps, Operation::GetCaCert, Operation::PkiOperation] {
        let mut findings = Vec::new();
        assert!(response.octets(operation, &mut findings).len() <= octets.len());
        check_places(&findings, octets.len());
        assert!(findings.iter().all(|finding| finding.at.end <= octets.len().max(content_type.len())));
    }
}

fn note<T>(read: Result<T, Error>, length: usize, question: impl FnOnce(&T)) {
    match read {
        Ok(value) => question(&value),
        Err(error) => {
            let _ = error.to_string();
            if let Error::Malformed { at, .. } = error {
                check_place(at, length);
            }
        }
    }
}

fn check_places(findings: &[Finding], length: usize) {
    for finding in findings {
        let _ = finding.to_string();
        check_place(finding.at, length);
    }
}

fn check_place(at: Place, length: usize) {
    assert!(at.start <= at.end, "{at:?}");
    assert!(at.part != Part::Message || at.end <= length, "{at:?} of {length}");
}
