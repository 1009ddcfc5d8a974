//! A valid message in another form of BER reads to the same value, and every departure from DER is
//! reported where it stands in what was received.

use proptest::prelude::*;
use rstest::rstest;
use scep::ca_cert::read_certificates_only;
use scep::cms::degenerate;
use scep::fault::signature::Content;
use scep::fault::{Fault, Faults, Operator};
use scep::finding::{Finding, Part};
use scep::message::{PkiMessage, SignatureCheck};
use scep::server::{Checks, receive};
use scep::tlv::Source;
use scep::{Rule, cms::SignedData};

use crate::ber::{Chunks, Form, Length, Reported, Rewritten, transform};
use crate::cases;
use crate::material::{Kind, ca, device, issued, rng};

/// The message with its envelope, then itself, rewritten; and what there is to report about the envelope.
fn rewritten(kind: Kind, outer: &Form, inner: &Form) -> (Rewritten, Option<Rewritten>) {
    let message = PkiMessage::read(&kind.write(&mut Faults::none())).unwrap().value;
    let envelope = message.signed.content.map(|content| transform(&content.bytes, inner));
    let content = envelope.as_ref().map(|envelope| Fault {
        id: "content".to_owned(),
        title: String::new(),
        breaks: Vec::new(),
        operator: Operator::Content(Content::Set {
            hex: envelope.bytes.iter().map(|octet| format!("{octet:02x}")).collect(),
        }),
    });
    let mut faults = Faults::new(content.into_iter().collect());
    let der = kind.parts().write(&kind.sender(), &mut faults, &mut rng(1)).unwrap();
    (transform(&der, outer), envelope)
}

/// What was reported of the rules of BER, in order; nothing else may be, but that the strict reader refuses.
fn reported(findings: &[Finding], part: Part) -> Vec<Reported> {
    let mut reported = Vec::new();
    for finding in findings {
        match finding.rule {
            Rule::IndefiniteLength | Rule::LongLength | Rule::ConstructedString => {
                assert_eq!(finding.at.part, part, "{finding}");
                reported.push((finding.rule, finding.at.start, finding.at.end));
            }
            Rule::NotStrictCms => {}
            _ => panic!("{finding}"),
        }
    }
    reported.sort_unstable();
    reported
}

fn check(kind: Kind, outer: &Form, inner: &Form) {
    let (message, envelope) = rewritten(kind, outer, inner);
    let read = PkiMessage::read(&message.bytes).unwrap();
    assert_eq!(reported(&read.findings, Part::Message), message.reported);

    let (value, expected) = (read.value, kind.parts());
    assert_eq!(value.message_type(), Some(expected.message_type));
    assert_eq!(value.transaction_id(), Some(expected.transaction_id));
    assert_eq!(value.sender_nonce(), expected.sender_nonce);
    assert_eq!(value.recipient_nonce(), expected.recipient_nonce);
    assert_eq!(value.pki_status(), expected.outcome.map(|outcome| outcome.status()));
    assert_eq!(value.fail_info_text().is_some(), kind == Kind::Failure);
    assert_eq!(value.signer_certificate(), Some(kind.sender().certificate));
    let verification = value.verify(kind.sender().key.public());
    assert!(verification.holds(), "{verification:?}");
    if !outer.attributes {
        assert_eq!(verification.signature, SignatureCheck::AsReceived);
    }

    let mut findings = Vec::new();
    let read = value.envelope(&mut findings).unwrap();
    assert_eq!(read.is_some(), envelope.is_some());
    let (Some(read), Some(envelope)) = (read, envelope) else { return };
    let content = value.signed.content.unwrap();
    assert_eq!(content.bytes, envelope.bytes);
    let (part, base) = content.origin;
    if part == Part::Message {
        assert!(message.bytes[base..].starts_with(&envelope.bytes));
    }
    let shifted: Vec<Reported> =
        envelope.reported.iter().map(|(rule, start, end)| (*rule, start + base, end + base)).collect();
    assert_eq!(reported(&findings, part), shifted);
    assert!(read.recipients[0].names(&kind.recipient().certificate));
    assert_eq!(read.open(&kind.recipient().key).ok(), kind.message_data());
}

const PLAIN: &[Length] = &[Length::Shortest];

fn form(lengths: &[Length], chunks: &[Chunks]) -> Form {
    Form { lengths: lengths.to_vec(), chunks: chunks.to_vec(), nested: false, attributes: false }
}

#[rstest]
fn indefinite_lengths_at_every_level_read_to_the_same_value(
    #[values(Kind::PkcsReq, Kind::CertPoll, Kind::Success, Kind::Failure, Kind::Pending)] kind: Kind,
    #[values(true, false)] attributes: bool,
) {
    let indefinite = Form { attributes, ..form(&[Length::Indefinite], &[Chunks::Whole]) };
    check(kind, &indefinite, &indefinite);
    check(kind, &form(PLAIN, &[Chunks::Whole]), &indefinite);
    check(kind, &indefinite, &form(PLAIN, &[Chunks::Whole]));
}

#[rstest]
fn long_lengths_at_every_level_read_to_the_same_value(
    #[values(Kind::PkcsReq, Kind::Success, Kind::Failure)] kind: Kind,
    #[values(1, 3, 100)] more: usize,
) {
    let long = Form { attributes: true, ..form(&[Length::Long(more)], &[Chunks::Whole]) };
    check(kind, &long, &long);
}

#[rstest]
fn strings_in_chunks_read_to_the_same_value(
    #[values(
        Chunks::Of(1),
        Chunks::Of(128),
        Chunks::Of(1000),
        Chunks::OfItsLength(-1),
        Chunks::OfItsLength(0),
        Chunks::OfItsLength(1)
    )]
    chunks: Chunks,
    #[values(Length::Shortest, Length::Indefinite)] length: Length,
    #[values(true, false)] nested: bool,
    #[values(true, false)] attributes: bool,
) {
    let chunked = Form { nested, attributes, ..form(&[length], &[chunks]) };
    for kind in Kind::ALL {
        check(kind, &chunked, &chunked);
        check(kind, &form(PLAIN, &[Chunks::Whole]), &chunked);
        check(kind, &chunked, &form(PLAIN, &[Chunks::Whole]));
    }
}

fn any_form() -> impl Strategy<Value = Form> {
    let length =
        prop_oneof![Just(Length::Shortest), Just(Length::Indefinite), (1..5_usize).prop_map(Length::Long)];
    let chunks = prop_oneof![
        Just(Chunks::Whole),
        prop::sample::select(vec![1, 2, 7, 16, 128, 1000]).prop_map(Chunks::Of),
        (-1..2_isize).prop_map(Chunks::OfItsLength),
    ];
    (prop::collection::vec(length, 1..9), prop::collection::vec(chunks, 1..5), any::<(bool, bool)>())
        .prop_map(|(lengths, chunks, (nested, attributes))| Form { lengths, chunks, nested, attributes })
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn any_mixture_of_forms_reads_to_the_same_value(
        kind in prop::sample::select(&Kind::ALL),
        outer in any_form(),
        inner in any_form(),
    ) {
        check(kind, &outer, &inner);
    }

    #[test]
    fn certificates_only_in_any_form_reads_to_the_same_value(form in any_form()) {
        let certificates = [issued(&mut Faults::none()).der, ca().certificate.der, device().certificate.der];
        let rewritten = transform(&degenerate(&certificates).write(), &form);
        let mut findings = Vec::new();
        let read = read_certificates_only(Source::message_data(&rewritten.bytes), &mut findings).unwrap();
        prop_assert_eq!(reported(&findings, Part::MessageData), rewritten.reported);
        let raw: Vec<&[u8]> = read.certificates.iter().map(|raw| raw.der.as_slice()).collect();
        prop_assert_eq!(raw, certificates.iter().map(Vec::as_slice).collect::<Vec<_>>());
        for raw in &read.certificates {
            prop_assert_eq!(&rewritten.bytes[raw.place.start..raw.place.end], raw.der.as_slice());
        }
    }
}

#[test]
fn attributes_in_another_form_verify_over_their_der_form_only() {
    let outer = Form { attributes: true, ..form(&[Length::Indefinite], &[Chunks::Whole]) };
    let (message, _) = rewritten(Kind::Pending, &outer, &outer);
    let message = PkiMessage::read(&message.bytes).unwrap().value;
    let verification = message.verify(ca().key.public());
    assert_eq!((verification.digest, verification.signature), (true, SignatureCheck::Sorted));
    let signer = message.signer().unwrap();
    assert_ne!(signer.signed_octets, signer.sorted_octets());
}

#[test]
fn a_server_reports_that_only_the_der_form_verifies() {
    let plain = form(PLAIN, &[Chunks::Whole]);
    let other = Form { attributes: true, ..form(&[Length::Long(1)], &[Chunks::Whole]) };
    for (form, reports) in [(plain, 0), (other, 1)] {
        let (message, _) = rewritten(Kind::PkcsReq, &form, &form);
        let request = receive(&message.bytes, &[&ca()], &[], &Checks::default()).unwrap();
        let reported: Vec<&Finding> =
            request.findings.iter().filter(|finding| finding.rule == Rule::SignedSortedForm).collect();
        assert_eq!(reported.len(), reports);
        let signature = request.message.signer().unwrap().signature_place;
        assert!(reported.iter().all(|finding| finding.at == signature));
    }
}

#[test]
fn octets_after_the_message_are_reported_where_they_begin() {
    let mut bytes = Kind::Pending.write(&mut Faults::none());
    let end = bytes.len();
    bytes.extend(b"\r\n");
    let mut findings = Vec::new();
    SignedData::read(Source::message(&bytes), &mut findings).unwrap();
    let found: Vec<_> =
        findings.iter().map(|finding| (finding.rule, finding.at.start, finding.at.end)).collect();
    assert_eq!(found, [(Rule::TrailingBytes, end, end + 2)]);
}
