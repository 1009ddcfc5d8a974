//! Attributes and extensions of requests, and what their debug output keeps to itself.

use const_oid::ObjectIdentifier;
use rstest::rstest;

use super::{Csr, CsrParts};
use crate::alt_name::{self, GeneralName};
use crate::attribute::AttributeParts;
use crate::certificate::{Extension, KeyUsage, write_extensions};
use crate::extension::CertificateTemplate;
use crate::fault::Faults;
use crate::finding::Rule;
use crate::key::PrivateKey;
use crate::text::{StringType, Text};
use crate::tlv::Source;
use crate::{Read, limits, oid, write};

fn key() -> PrivateKey {
    PrivateKey::from_pem(scep_vectors::keys::pool()[0].pem.as_bytes()).unwrap()
}

fn read(change: impl FnOnce(&mut CsrParts)) -> crate::error::Result<Read<Csr>> {
    let key = key();
    let mut parts = CsrParts::new(&crate::name::parse("CN=device").unwrap(), key.public(), None);
    change(&mut parts);
    Csr::read(Source::message_data(&parts.write(&key, &mut Faults::none()).unwrap()))
}

fn rules(read: &Read<Csr>) -> Vec<Rule> {
    read.findings.iter().map(|finding| finding.rule).collect()
}

#[test]
fn debug_shows_no_challenge() {
    let key = key();
    let parts = CsrParts::new(&crate::name::parse("CN=device").unwrap(), key.public(), Some("hush-hush"));
    let hex: String = b"hush-hush".iter().map(|octet| format!("{octet}, ")).collect();
    let shown = format!("{parts:?}");
    let csr = Csr::read(Source::message(&parts.write(&key, &mut Faults::none()).unwrap())).unwrap();
    let shown = shown + &format!("{:?}", csr.value);
    assert!(
        shown.contains("CN=device") && !shown.contains("hush") && !shown.contains(hex.trim_end_matches(", "))
    );
}

#[test]
fn every_requested_extension_reads_back() {
    let names = alt_name::parse("DNS:r1.lab,IP:10.0.0.1,otherName:msUPN;UTF8:r1@lab").unwrap();
    let template: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.21.8.7");
    let purposes = [oid::SERVER_AUTH, oid::CLIENT_AUTH];
    let usage = KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_ENCIPHERMENT;
    let read = read(|parts| {
        parts.extensions = vec![
            Extension::alt_names(&names),
            Extension::key_usage(usage),
            Extension::ext_key_usage(&purposes),
            Extension::template_name("Router").unwrap(),
            Extension::template(template, 100, 4),
        ];
    })
    .unwrap();
    assert_eq!(read.findings, []);
    let csr = read.value;
    assert_eq!((csr.alt_names(), csr.dns_names()), (names, vec!["r1.lab".to_owned()]));
    assert_eq!((csr.key_usage(), csr.ext_key_usage()), (Some(KeyUsage(usage)), Some(purposes.to_vec())));
    assert_eq!(
        csr.templates(),
        [
            CertificateTemplate::Name(Text::new(StringType::Bmp, "Router").unwrap()),
            CertificateTemplate::Identified { oid: template, major: Some(100), minor: Some(4) },
        ]
    );
}

#[rstest]
#[case::printable(StringType::Printable, &[])]
#[case::utf8(StringType::Utf8, &[])]
#[case::t61(StringType::T61, &[])]
#[case::bmp(StringType::Bmp, &[])]
#[case::universal(StringType::Universal, &[])]
#[case::ia5(StringType::Ia5, &[Rule::AttributeType])]
#[case::visible(StringType::Visible, &[Rule::AttributeType])]
fn a_challenge_is_read_in_every_string_type_and_its_type_told(
    #[case] kind: StringType,
    #[case] expected: &[Rule],
) {
    let text = Text::new(kind, "Pass 1").unwrap();
    let read = read(|parts| parts.challenge = Some((text.tag, text.octets.clone()))).unwrap();
    assert_eq!(read.value.challenge.as_ref().map(Text::kind), Some(Some(kind)));
    assert_eq!(read.value.challenge.as_ref().map(Text::lossy).as_deref(), Some("Pass 1"));
    let own: Vec<Rule> = rules(&read).into_iter().filter(|rule| *rule != Rule::UnexpectedStructure).collect();
    assert_eq!(own, expected);
}

#[rstest]
#[case::pkcs9(oid::EXTENSION_REQUEST)]
#[case::microsoft(oid::MS_EXTENSION_REQUEST)]
#[case::verisign(oid::OLD_EXTENSION_REQUEST)]
fn extensions_are_read_from_every_attribute_that_devices_use(#[case] attribute: ObjectIdentifier) {
    let read = read(|parts| {
        parts.extensions = vec![Extension::dns_names(&["r1.lab"])];
        parts.extension_request = attribute;
    })
    .unwrap();
    assert_eq!(
        (read.value.dns_names(), read.value.attributes.as_slice()),
        (vec!["r1.lab".to_owned()], &[attribute][..])
    );
    assert_eq!(read.findings, []);
}

#[test]
fn extensions_of_several_attributes_are_all_read_and_repetitions_told() {
    let again =
        |oid, extension: Extension| AttributeParts { oid, values: vec![write_extensions(&[extension])] };
    let read = read(|parts| {
        parts.extensions = vec![Extension::dns_names(&["a.lab"])];
        parts.attributes = vec![
            again(oid::EXTENSION_REQUEST, Extension::dns_names(&["b.lab"])),
            again(oid::MS_EXTENSION_REQUEST, Extension::key_usage(1)),
        ];
    })
    .unwrap();
    let mut names = read.value.dns_names();
    names.sort();
    assert_eq!(
        (names, read.value.key_usage()),
        (vec!["a.lab".to_owned(), "b.lab".to_owned()], Some(KeyUsage(1)))
    );
    assert_eq!(rules(&read), [Rule::DuplicateAttribute, Rule::UnexpectedStructure]);
}

#[test]
fn the_first_of_several_challenges_counts() {
    let value = |text: &str| Text::new(StringType::Printable, text).unwrap().write();
    let read = read(|parts| {
        parts.attributes =
            vec![AttributeParts { oid: oid::CHALLENGE_PASSWORD, values: vec![value("a"), value("b")] }];
    })
    .unwrap();
    assert_eq!(read.value.challenge.as_ref().map(Text::lossy).as_deref(), Some("a"));
    assert!(rules(&read).contains(&Rule::AttributeValueCount));
}

#[test]
fn a_name_that_is_no_ascii_is_kept_among_the_alternative_names_only() {
    let read =
        read(|parts| parts.extensions = vec![Extension::dns_names(&["caf\u{e9}.lab", "r1.lab"])]).unwrap();
    assert_eq!(read.value.dns_names(), ["r1.lab"]);
    assert!(matches!(read.value.alt_names().as_slice(), [GeneralName::Other(_), GeneralName::Dns(_)]));
}

/// Distinct types, none of them known.
fn unknown(count: usize) -> impl Iterator<Item = ObjectIdentifier> {
    (0..count).map(|n| ObjectIdentifier::new(&format!("1.3.6.1.4.1.32473.{n}")).unwrap())
}

#[test]
fn every_bound_on_attributes_bites_and_its_number_passes() {
    let attributes = |count| {
        read(|parts| {
            parts.attributes =
                unknown(count).map(|oid| AttributeParts { oid, values: vec![write::null()] }).collect();
        })
    };
    let values = |count| {
        read(|parts| {
            parts.attributes = vec![AttributeParts { oid: oid::DATA, values: vec![write::null(); count] }];
        })
    };
    let extensions = |count| {
        read(|parts| {
            let extension = |oid| Extension { oid, critical: false, value: write::null() };
            parts.extensions = unknown(count).map(extension).collect();
        })
    };
    for (at, over, words) in [
        (attributes(limits::ATTRIBUTES), attributes(limits::ATTRIBUTES + 1), "attributes"),
        (values(limits::ATTRIBUTE_VALUES), values(limits::ATTRIBUTE_VALUES + 1), "values"),
        (extensions(limits::EXTENSIONS), extensions(limits::EXTENSIONS + 1), "extensions"),
    ] {
        assert!(at.is_ok(), "{words}: {at:?}");
        let error = over.unwrap_err().to_string();
        assert!(error.contains("expected at most") && error.contains(words), "{error}");
    }
}
