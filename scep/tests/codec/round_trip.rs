//! What is written reads back as it was given, without a finding.

use proptest::prelude::*;
use scep::attribute::{FailInfo, MessageType, Nonce, TransactionId};
use scep::ca_cert::{CaCertificates, read_certificates_only};
use scep::caps::{Capabilities, KEYWORDS};
use scep::certificate::{Certificate, CertificateParts, Extension};
use scep::cms::degenerate_crl;
use scep::crl::{Crl, CrlParts, Revoked};
use scep::csr::{Csr, CsrParts};
use scep::fault::Faults;
use scep::http::{
    CA_CERT, CA_CERT_CHAIN, CA_RA_CERT, HttpRequest, Incoming, Method, NEXT_CA_CERT, Operation,
};
use scep::message::{IssuerAndSerial, IssuerAndSubject, MessageParts, Outcome, PkiMessage, SignatureCheck};
use scep::next_ca::NextCa;
use scep::serial::SerialNumber;
use scep::suite::{Cipher, Digest};
use scep::tlv::Source;
use scep::{Rule, UnixTime, name};

use crate::cases;
use crate::material::{NOW, ca, device, issued, key, rng};

const REASONS: [FailInfo; 5] = [
    FailInfo::BadAlg,
    FailInfo::BadMessageCheck,
    FailInfo::BadRequest,
    FailInfo::BadTime,
    FailInfo::BadCertId,
];

const REQUESTS: [MessageType; 5] = [
    MessageType::PkcsReq,
    MessageType::RenewalReq,
    MessageType::CertPoll,
    MessageType::GetCert,
    MessageType::GetCrl,
];

fn nonce() -> impl Strategy<Value = Nonce> {
    prop::collection::vec(any::<u8>(), 1..40).prop_map(Nonce)
}

fn transaction_id() -> impl Strategy<Value = TransactionId> {
    "[A-Za-z0-9 '()+,./:=?-]{1,200}".prop_map(|text| TransactionId::parse(text.as_bytes()).unwrap())
}

fn distinguished_name() -> impl Strategy<Value = Vec<u8>> {
    ("[A-Za-z0-9.-]{1,40}", prop::option::of("[A-Za-z0-9]{1,20}")).prop_map(|(cn, o)| {
        let organisation = o.map(|o| format!(",O={o}")).unwrap_or_default();
        name::parse(&format!("CN={cn}{organisation}")).unwrap()
    })
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        Just(Outcome::Success),
        Just(Outcome::Pending),
        (prop::sample::select(&REASONS), prop::option::of("\\PC{0,60}"))
            .prop_map(|(reason, text)| Outcome::Failure(reason, text)),
    ]
}

/// Everything that a message can say; `message_data` when there is an envelope.
fn parts(
    message_type: impl Strategy<Value = MessageType>,
    outcome: impl Strategy<Value = Option<Outcome>>,
) -> impl Strategy<Value = MessageParts> {
    let algorithms = (prop::sample::select(Cipher::ALL), prop::sample::select(Digest::ALL));
    let nonces = (prop::option::of(nonce()), prop::option::of(nonce()));
    let data = prop::option::of(prop::collection::vec(any::<u8>(), 0..3000));
    (message_type, outcome, transaction_id(), nonces, data, algorithms).prop_map(
        |(message_type, outcome, transaction_id, nonces, message_data, (cipher, digest))| MessageParts {
            message_type,
            transaction_id,
            sender_nonce: nonces.0,
            recipient_nonce: nonces.1,
            outcome,
            message_data,
            recipient: Some(ca().certificate.into()),
            cipher,
            digest,
            certificates: vec![device().certificate.der],
        },
    )
}

/// The rules that the parts depart from, in the order in which the reader meets them.
fn departures(parts: &MessageParts) -> Vec<Rule> {
    let is_reply = parts.message_type == MessageType::CertRep;
    let nonces = [(&parts.sender_nonce, true), (&parts.recipient_nonce, is_reply)];
    let odd = nonces.iter().filter(|(nonce, _)| nonce.as_ref().is_some_and(|nonce| nonce.0.len() != 16));
    let missing = nonces.iter().filter(|(nonce, wanted)| *wanted && nonce.is_none());
    let is_empty = matches!(parts.outcome, Some(Outcome::Failure(..) | Outcome::Pending));
    let unwanted = (is_empty && parts.message_data.is_some()).then_some(Rule::UnwantedContent);
    odd.map(|_| Rule::NonceLength).chain(missing.map(|_| Rule::MissingAttribute)).chain(unwanted).collect()
}

/// Writes the message, reads it, opens it, and compares everything that it says.
fn check_message(parts: &MessageParts, seed: u64) -> Result<(), TestCaseError> {
    let sender = device();
    let bytes = parts.clone().write(&sender, &mut Faults::none(), &mut rng(seed)).unwrap();
    let read = PkiMessage::read(&bytes).unwrap();
    let found: Vec<Rule> = read.findings.iter().map(|finding| finding.rule).collect();
    prop_assert_eq!(found, departures(parts));
    let message = read.value;
    prop_assert_eq!(message.message_type(), Some(parts.message_type));
    prop_assert_eq!(message.transaction_id(), Some(parts.transaction_id.clone()));
    prop_assert_eq!(&message.sender_nonce(), &parts.sender_nonce);
    prop_assert_eq!(&message.recipient_nonce(), &parts.recipient_nonce);
    prop_assert_eq!(message.pki_status(), parts.outcome.as_ref().map(Outcome::status));
    let (reason, text) = match &parts.outcome {
        Some(Outcome::Failure(reason, text)) => (Some(*reason), text.clone()),
        _ => (None, None),
    };
    prop_assert_eq!(message.fail_info(), reason);
    prop_assert_eq!(message.fail_info_text().map(|text| text.lossy()), text);
    prop_assert_eq!(message.signer_certificate(), Some(sender.certificate.clone()));
    prop_assert_eq!(message.signer().and_then(|signer| signer.digest()), Some(parts.digest));
    let verification = message.verify(sender.key.public());
    prop_assert!(verification.digest);
    prop_assert_eq!(verification.signature, SignatureCheck::AsReceived);
    prop_assert!(!message.verify(ca().key.public()).holds());

    let mut findings = Vec::new();
    let envelope = message.envelope(&mut findings).unwrap();
    prop_assert_eq!(&findings, &[]);
    prop_assert_eq!(envelope.is_some(), parts.message_data.is_some());
    if let Some(envelope) = envelope {
        prop_assert_eq!(Cipher::from_oid(envelope.cipher), Some(parts.cipher));
        prop_assert_eq!(envelope.recipients.len(), 1);
        prop_assert!(envelope.recipients[0].names(&ca().certificate));
        prop_assert!(!envelope.recipients[0].names(&sender.certificate));
        prop_assert_eq!(envelope.open(&ca().key).ok(), parts.message_data.clone());
        prop_assert!(envelope.open(&key("pool-01")).is_err());
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn a_request_reads_back_as_it_was_written(
        parts in parts(
            prop::sample::select(&REQUESTS),
            Just(None),
        ),
        seed: u64,
    ) {
        check_message(&parts, seed)?;
    }

    #[test]
    fn a_certrep_reads_back_as_it_was_written(
        parts in parts(Just(MessageType::CertRep), outcome().prop_map(Some)),
        seed: u64,
    ) {
        check_message(&parts, seed)?;
    }

    #[test]
    fn a_certification_request_reads_back_as_it_was_written(
        subject in distinguished_name(),
        challenge in prop::option::of("\\PC{0,80}"),
        names in prop::collection::vec("[a-z0-9.-]{1,60}", 0..4),
        digest in prop::sample::select(Digest::ALL),
    ) {
        let key = key("pool-00");
        let mut parts = CsrParts::new(&subject, key.public(), challenge.as_deref());
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        if !names.is_empty() {
            parts.extensions = vec![Extension::dns_names(&names)];
        }
        parts.digest = digest;
        let der = parts.clone().write(&key, &mut Faults::none()).unwrap();
        let read = Csr::read(Source::message_data(&der)).unwrap();
        prop_assert_eq!(&read.findings, &[]);
        let csr = read.value;
        prop_assert_eq!((&csr.der, &csr.subject), (&der, &subject));
        prop_assert_eq!(csr.spki.as_slice(), key.public().spki());
        prop_assert_eq!(csr.challenge.as_ref().map(|text| text.lossy()), challenge);
        prop_assert_eq!(csr.dns_names(), names);
        prop_assert_eq!(&csr.extensions, &parts.extensions);
        prop_assert!(csr.proves_possession());
    }

    #[test]
    fn a_certificate_reads_back_as_it_was_written(
        subject in distinguished_name(),
        serial in prop::collection::vec(any::<u8>(), 1..19),
        // Up to 9999-12-31, where the years of X.509 end.
        not_before in 0..253_402_300_799_u64,
        not_after in 0..253_402_300_799_u64,
        usage in 0..512_u16,
        is_ca: bool,
        digest in prop::sample::select(Digest::ALL),
    ) {
        // A leading 1 keeps the number positive and in its shortest form.
        let serial = [&[1], serial.as_slice()].concat();
        let ca = ca();
        let parts = CertificateParts {
            serial: serial.clone(),
            issuer: ca.certificate.subject.clone(),
            subject: subject.clone(),
            not_before: UnixTime(not_before),
            not_after: UnixTime(not_after),
            spki: key("pool-00").public().spki().to_vec(),
            extensions: vec![Extension::basic_constraints(is_ca), Extension::key_usage(usage)],
            digest,
        };
        let der = parts.clone().write(&ca.key, &mut Faults::none()).unwrap();
        let read = Certificate::read(Source::message(&der)).unwrap();
        prop_assert_eq!(&read.findings, &[]);
        let certificate = read.value;
        prop_assert_eq!((&certificate.serial, &certificate.subject), (&serial, &subject));
        prop_assert_eq!(certificate.not_before, Some(UnixTime(not_before)));
        prop_assert_eq!(certificate.not_after, Some(UnixTime(not_after)));
        prop_assert_eq!(certificate.key_usage().map(|usage| usage.0), Some(usage));
        prop_assert_eq!(certificate.is_ca(), is_ca);
        prop_assert_eq!(&certificate.extensions, &parts.extensions);
        prop_assert!(certificate.is_issued_by(&ca.certificate));
        prop_assert_eq!(Certificate::from_pem(certificate.to_pem().as_bytes()).unwrap(), certificate);
    }

    #[test]
    fn certificates_only_reads_back_in_the_order_in_which_it_was_written(
        order in prop::collection::vec(0..3_usize, 1..6),
    ) {
        let stock = [ca().certificate.der, device().certificate.der, issued(&mut Faults::none()).der];
        let certificates: Vec<Vec<u8>> = order.iter().map(|i| stock[*i].clone()).collect();
        let der = scep::cms::degenerate(&certificates).write();
        let mut findings = Vec::new();
        let signed = read_certificates_only(Source::message_data(&der), &mut findings).unwrap();
        let twice = order.iter().enumerate().filter(|(at, which)| order[..*at].contains(which)).count();
        prop_assert!(findings.len() == twice && findings.iter().all(|f| f.rule == Rule::DuplicateCertificate));
        let raw: Vec<Vec<u8>> = signed.certificates.into_iter().map(|raw| raw.der).collect();
        prop_assert_eq!(&raw, &certificates);
        prop_assert!(signed.content.is_none() && signed.signers.is_empty());

        let (content_type, body) = CaCertificates::write(&certificates, &mut Faults::none());
        let read = CaCertificates::read(&body, &mut findings).unwrap();
        prop_assert_eq!(findings.len(), 2 * twice);
        prop_assert_eq!(content_type, if certificates.len() == 1 { CA_CERT } else { CA_RA_CERT });
        prop_assert_eq!(read.is_chain, certificates.len() > 1);
        let der: Vec<Vec<u8>> = read.certificates.into_iter().map(|certificate| certificate.der).collect();
        prop_assert_eq!(&der, &certificates);

        let (content_type, body) = CaCertificates::write_chain(&certificates);
        let read = CaCertificates::read(&body, &mut findings).unwrap();
        prop_assert_eq!((findings.len(), content_type, read.is_chain), (3 * twice, CA_CERT_CHAIN, true));
        prop_assert_eq!(read.certificates.len(), certificates.len());
    }

    #[test]
    fn issuer_and_subject_reads_back_as_it_was_written(
        issuer in distinguished_name(),
        subject in distinguished_name(),
    ) {
        let poll = IssuerAndSubject { issuer, subject };
        prop_assert_eq!(IssuerAndSubject::read(&poll.write()).unwrap(), poll);
    }

    #[test]
    fn issuer_and_serial_reads_back_as_it_was_written_whatever_the_number(
        issuer in distinguished_name(),
        serial in prop::collection::vec(any::<u8>(), 1..60),
    ) {
        let query = IssuerAndSerial { issuer, serial: SerialNumber::new(&serial) };
        let read = IssuerAndSerial::read(&query.write()).unwrap();
        prop_assert_eq!(read.value.serial.octets(), serial.as_slice());
        prop_assert_eq!(&read.value, &query);
        let rules: Vec<Rule> = read.findings.iter().map(|finding| finding.rule).collect();
        let expected = if query.serial.is_regular() { vec![] } else { vec![Rule::SerialNumber] };
        prop_assert_eq!(rules, expected);
    }

    #[test]
    fn a_crl_reads_back_as_it_was_written(
        issuer in distinguished_name(),
        // A leading 1 keeps the number positive and in its shortest form.
        serials in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..19), 0..20),
        this_update in 0..253_402_300_799_u64,
        next_update in prop::option::of(0..253_402_300_799_u64),
        reason in prop::option::of(0..10_u8),
        number in any::<u32>(),
        digest in prop::sample::select(Digest::ALL),
    ) {
        let ca = ca();
        let revoked = serials.iter().map(|serial| Revoked {
            serial: SerialNumber::new(&[&[1], serial.as_slice()].concat()),
            at: Some(UnixTime(this_update)),
            reason,
        });
        let mut parts = CrlParts::new(&issuer, &[1, 2, 3], number, UnixTime(this_update), 0);
        parts.revoked = revoked.collect();
        parts.next_update = next_update.map(UnixTime);
        parts.digest = digest;
        let written = parts.write(&ca.key).unwrap();
        let payload = degenerate_crl(&written.der).write();
        let mut findings = Vec::new();
        let signed = read_certificates_only(Source::message_data(&payload), &mut findings).unwrap();
        prop_assert!(signed.certificates.is_empty() && signed.content.is_none() && signed.signers.is_empty());
        let read = Crl::read(Source::message_data(&signed.crls[0])).unwrap();
        prop_assert_eq!((&findings, &read.findings), (&vec![], &vec![]));
        let crl = read.value;
        prop_assert_eq!((&crl.issuer, &crl.revoked, &crl.der), (&issuer, &parts.revoked, &written.der));
        prop_assert_eq!(crl.this_update, Some(UnixTime(this_update)));
        prop_assert_eq!(crl.next_update, parts.next_update);
        prop_assert_eq!(crl.number(), Some(SerialNumber::new(&[&[0], &number.to_be_bytes()[..]].concat())));
        prop_assert!(crl.verifies_with(ca.key.public()) && !crl.verifies_with(device().key.public()));
    }

    #[test]
    fn the_next_ca_reads_back_as_it_was_written(
        order in prop::collection::vec(0..3_usize, 1..5),
        digest in prop::sample::select(Digest::ALL),
    ) {
        let stock = [device().certificate, issued(&mut Faults::none()), ca().certificate];
        let next: Vec<Certificate> = order.iter().map(|i| stock[*i].clone()).collect();
        let der: Vec<Vec<u8>> = next.iter().map(|one| one.der.clone()).collect();
        let (content_type, body) = NextCa::write(&der, &ca(), digest).unwrap();
        prop_assert_eq!(content_type, NEXT_CA_CERT);
        let read = NextCa::read(&body).unwrap();
        let mut findings = read.findings;
        let believed = read.value.authenticate(&[ca().certificate], false, &mut findings).unwrap();
        prop_assert_eq!(&believed.certificates, &next);
        findings.retain(|finding| finding.rule != Rule::DuplicateCertificate);
        prop_assert_eq!(&findings, &[]);
    }

    #[test]
    fn capabilities_read_back_as_they_were_written(
        keywords in prop::collection::vec(
            prop_oneof![prop::sample::select(KEYWORDS).prop_map(str::to_owned), "Example\\.com-[A-Za-z0-9]{1,12}"],
            0..12,
        ),
    ) {
        let keywords: Vec<&str> = keywords.iter().map(String::as_str).collect();
        let capabilities = Capabilities::new(&keywords);
        let mut findings = Vec::new();
        let read = Capabilities::read(&capabilities.write(), &mut findings);
        prop_assert_eq!(&findings, &[]);
        prop_assert_eq!(&read, &capabilities);
        prop_assert!(keywords.iter().all(|keyword| read.has(keyword)));
    }

    #[test]
    fn a_message_survives_get_and_post(message in prop::collection::vec(any::<u8>(), 0..2000)) {
        let mut findings = Vec::new();
        for request in [HttpRequest::get(&message), HttpRequest::post(message.clone())] {
            let read = Incoming::read(request.method, &request.query, &request.body, &mut findings).unwrap();
            prop_assert_eq!(read.operation.as_deref(), Some(Operation::PkiOperation.name()));
            prop_assert_eq!(read.is_post, request.method == Method::Post);
            prop_assert_eq!(read.message.as_ref(), Some(&message));
            // RFC 3986: nothing in the query but unreserved characters, escapes and the two separators.
            prop_assert!(request.query.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~%&=".contains(&b)));
        }
        prop_assert_eq!(&findings, &[]);
    }
}

#[test]
fn the_queries_for_the_ca_read_back_as_they_were_written() {
    use Operation::{GetCaCaps, GetCaCert, GetCaCertChain, GetNextCaCert};
    for operation in [GetCaCaps, GetCaCert, GetCaCertChain, GetNextCaCert] {
        let request = HttpRequest::query(operation);
        let mut findings = Vec::new();
        let read = Incoming::read(request.method, &request.query, &request.body, &mut findings).unwrap();
        assert_eq!(read.operation.as_deref().and_then(Operation::parse), Some(operation));
        assert_eq!((read.message, read.is_post, findings), (None, false, Vec::new()));
    }
}

#[test]
fn every_kind_of_message_is_without_a_finding_and_for_its_recipient() {
    for kind in crate::material::Kind::ALL {
        let read = PkiMessage::read(&kind.write(&mut Faults::none())).unwrap();
        assert_eq!(read.findings, [], "{kind:?}");
        assert!(read.value.verify(kind.sender().key.public()).holds(), "{kind:?}");
        let envelope = read.value.envelope(&mut Vec::new()).unwrap();
        let opened = envelope.map(|envelope| envelope.open(&kind.recipient().key).unwrap());
        assert_eq!(opened, kind.message_data(), "{kind:?}");
    }
}

#[test]
fn a_self_signed_certificate_has_a_day_of_grace_on_both_sides() {
    let certificate = device().certificate;
    assert_eq!(certificate.not_before, Some(NOW.minus(86_400)));
    assert!(certificate.is_self_signed());
}
