//! GetNextCACert in each of its forms: what is written reads back, and only the current CA is believed.

use rstest::rstest;
use scep::certificate::Certificate;
use scep::cms::degenerate;
use scep::error::Result;
use scep::http::{CA_RA_CERT, NEXT_CA_CERT};
use scep::next_ca::{Form, NextCa, NextCaParts};
use scep::suite::Digest;
use scep::{Finding, Rule, oid};

use crate::material::{ca, device};

/// The next CA: to this test any other certificate will do.
fn next() -> Certificate {
    device().certificate
}

fn der() -> Vec<Vec<u8>> {
    vec![next().der]
}

/// The form, the rules that the readers found broken, and what comes of trusting the current CA.
fn read(body: &[u8], also_beside: bool) -> (Form, Vec<Rule>, Result<Vec<Certificate>>) {
    let read = NextCa::read(body).unwrap();
    let mut findings: Vec<Finding> = read.findings;
    let believed = read
        .value
        .authenticate(&[ca().certificate], also_beside, &mut findings)
        .map(|next| next.certificates.clone());
    (read.value.form, findings.iter().map(|finding| finding.rule).collect(), believed)
}

#[rstest]
#[case::sha1(Digest::Sha1)]
#[case::sha256(Digest::Sha256)]
#[case::sha512(Digest::Sha512)]
fn the_next_ca_signed_by_the_current_one_is_believed(#[case] digest: Digest) {
    let (kind, body) = NextCa::write(&der(), &ca(), digest).unwrap();
    assert_eq!(kind, NEXT_CA_CERT);
    assert_eq!(read(&body, false), (Form::Wrapped, vec![], Ok(vec![next()])));
}

#[test]
fn content_type_signed_data_is_taken_and_reported() {
    let parts = NextCaParts { content_type: oid::SIGNED_DATA, ..NextCaParts::new(&der(), Digest::Sha256) };
    let expected = (Form::Wrapped, vec![Rule::NextCaContentType], Ok(vec![next()]));
    assert_eq!(read(&parts.write(&ca()).unwrap(), false), expected);
}

#[test]
fn content_without_its_content_info_is_taken_and_reported() {
    // What RFC 5652 makes of eContentType signedData: the SignedData itself.
    let whole = degenerate(&der()).write();
    let info = scep::tlv::Tlv::read(scep::tlv::Source::message(&whole), 0).unwrap();
    let bare = info.members().unwrap()[1].content().to_vec();
    let parts = NextCaParts {
        content_type: oid::SIGNED_DATA,
        content: Some(bare),
        ..NextCaParts::new(&der(), Digest::Sha256)
    };
    let rules = vec![Rule::NextCaContentType, Rule::NoContentInfo];
    assert_eq!(read(&parts.write(&ca()).unwrap(), false), (Form::Wrapped, rules, Ok(vec![next()])));
}

#[test]
fn certificates_beside_the_content_are_taken_by_who_asks_for_them() {
    let (kind, body) = NextCa::write_beside(&der(), &ca(), Digest::Sha256).unwrap();
    assert_eq!(kind, CA_RA_CERT);
    let rules = vec![Rule::NextCaUncovered];
    // The current CA's certificate is there to verify with: it is not the next.
    assert_eq!(read(&body, true), (Form::Beside, rules.clone(), Ok(vec![next()])));
    let (form, found, refused) = read(&body, false);
    assert_eq!((form, found), (Form::Beside, rules));
    assert!(refused.unwrap_err().to_string().contains("which no signature covers"));
}

#[test]
fn the_next_ca_itself_is_not_believed() {
    let (_, body) = NextCa::write(&der(), &device(), Digest::Sha256).unwrap();
    let (_, _, refused) = read(&body, true);
    let error = refused.unwrap_err().to_string();
    assert!(error.contains("expected a signature by the current CA, got none by CN=CA"), "{error}");
}

#[test]
fn a_plain_certificates_only_answer_is_not_believed() {
    let (_, _, refused) = read(&degenerate(&der()).write(), true);
    assert!(refused.unwrap_err().to_string().contains("expected a signer"));
}

#[test]
fn changed_content_is_noticed() {
    let (_, body) = NextCa::write(&der(), &ca(), Digest::Sha256).unwrap();
    let read = NextCa::read(&body).unwrap().value;
    let content = read.signed.content.as_ref().unwrap().place;
    let mut changed = body;
    // The last octet of the certificate's signature.
    changed[content.end - 5] ^= 1;
    let changed = NextCa::read(&changed).unwrap().value;
    let error = changed.authenticate(&[ca().certificate], false, &mut Vec::new()).unwrap_err();
    assert!(error.to_string().contains("messageDigest"), "{error}");
}

#[rstest]
#[case::certificate(ca().certificate.der, "ContentInfo: expected tag 0x06, got 0x30")]
#[case::nothing_inside(NextCa::write(&[], &ca(), Digest::Sha256).unwrap().1, "got none")]
#[case::garbage(b"<html>".to_vec(), "BER element")]
#[case::other_content(
    NextCaParts { content_type: oid::ENVELOPED_DATA, ..NextCaParts::new(&der(), Digest::Sha256) }
        .write(&ca())
        .unwrap(),
    "expected data or signedData"
)]
fn what_holds_no_next_ca_is_refused(#[case] body: Vec<u8>, #[case] says: &str) {
    let error = NextCa::read(&body).unwrap_err();
    assert!(error.to_string().contains(says), "{error}");
}
