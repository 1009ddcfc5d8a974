//! Tables and properties of both forms. What other software says of them is in the oracles.

use proptest::prelude::*;
use rstest::rstest;

use super::{Name, Strings, TYPES, TypeAndValue, parse, print, print_slash};
use crate::text::{StringType, Text};
use crate::{oid, write};

#[rstest]
#[case::plain("/C=DE/O=lab/CN=router-1", "CN=router-1,O=lab,C=DE")]
#[case::slash("/CN=a\\/b", "CN=a/b")]
#[case::backslash("/CN=a\\\\b", "CN=a\\\\b")]
#[case::comma("/CN=a,b;c", "CN=a\\,b\\;c")]
#[case::blanks("/CN= a b ", "CN=\\ a b\\ ")]
#[case::one_blank("/CN= ", "CN=\\ ")]
#[case::multi("/O=x+OU=y/CN=z", "CN=z,OU=y+O=x")]
#[case::plus("/CN=a\\+b", "CN=a\\+b")]
#[case::hash("/CN=\\#1", "CN=\\#1")]
#[case::quote("/CN=say \"x\"", "CN=say \\\"x\\\"")]
#[case::equals("/CN=a=b", "CN=a=b")]
#[case::accent("/CN=M\u{fc}ller", "CN=M\u{fc}ller")]
#[case::empty("/", "")]
#[case::hex("/CN=#1401E9", "CN=#1401E9")]
#[case::null("/CN=#0500", "CN=#0500")]
fn both_forms_are_the_same_name(#[case] slash: &str, #[case] rfc4514: &str) {
    let der = parse(slash).unwrap();
    assert_eq!(parse(rfc4514).unwrap(), der);
    assert_eq!((print_slash(&der).as_str(), print(&der).as_str()), (slash, rfc4514));
}

#[rstest]
#[case::names("/commonName=a/oid.2.5.4.10=b/2.5.4.11=c", "/CN=a/O=b/OU=c")]
#[case::case("/cn=a/EMAILADDRESS=b@c", "/CN=a/emailAddress=b@c")]
#[case::microsoft("/S=a/E=b@c", "/ST=a/emailAddress=b@c")]
#[case::slash_at_the_end("/CN=a/", "/CN=a")]
#[case::plus_as_a_character("/CN=a+b/O=c+", "/CN=a\\+b/O=c\\+")]
#[case::hash_as_a_character("/CN=#1", "/CN=\\#1")]
#[case::spaced("CN = a , O = b c  ; OU=d", "/OU=d/O=b c/CN=a")]
#[case::quoted("CN=\"a, \\\"b\\\" \",O=\"\"", "/O=#0C00/CN=a, \"b\" ")]
#[case::hex_pairs("CN=\\C3\\A9\\2Ca\\20", "/CN=\u{e9},a ")]
#[case::empty_value("O=,CN=a", "/CN=a/O=#0C00")]
#[case::unescaped_angle("CN=<a>", "/CN=<a>")]
fn other_spellings_are_read(#[case] written: &str, #[case] canonical: &str) {
    assert_eq!(print_slash(&parse(written).unwrap()), canonical);
}

#[rstest]
#[case("router-1", "expected TYPE=value, got `router-1` without `=` at byte 0")]
#[case("CN=a,router", "got `router` without `=` at byte 5")]
#[case("CN=a,,O=b", "got `` without `=` at byte 5")]
#[case("CN=a,", "got `` without `=` at byte 5")]
#[case("CN=a,XY=b", "attribute type `XY` is neither known nor a dotted identifier at byte 5")]
#[case("=a", "expected an attribute type before `=`, got nothing at byte 0")]
#[case("CN=a\\", "a backslash with nothing after it at byte 4")]
#[case("CN=a\\q", "`\\q` is no escape of RFC 4514 at byte 4")]
#[case("CN=a\\C", "expected two hex digits after a backslash at byte 4")]
#[case("CN=\\FF", "the escaped octets are no UTF-8 at byte 3")]
#[case("CN=#05", "expected the hex of one DER element after `#`, got `05` at byte 3")]
#[case("CN=#0500x", "expected `,` or `+`, got `x` at byte 8")]
#[case("CN=\"a", "quotation mark without its partner at byte 3")]
#[case("CN=a\"b", "has to be escaped: `\\\"` at byte 4")]
#[case("C=\u{e9}", "C is a PrintableString, which cannot hold `\u{e9}` at byte 2")]
#[case("/CN=http://x", "got `` without `=` (a slash inside a value is written `\\/`) at byte 10")]
#[case("/CN=a/b", "got `b` without `=` (a slash inside a value is written `\\/`) at byte 6")]
#[case("/CN=a/XY=b", "attribute type `XY` is neither known nor a dotted identifier at byte 6")]
#[case(
    "/CN=a+XY=b",
    "neither known nor a dotted identifier (a plus inside a value is written `\\+`) at byte 6"
)]
#[case("/CN=a/O=/OU=b", "expected a value after `O=`, got nothing at byte 8")]
#[case("/CN=a\\", "a backslash with nothing after it at byte 5")]
#[case("/emailAddress=a\u{e9}", "emailAddress is a IA5String, which cannot hold `\u{e9}` at byte 15")]
fn what_is_wrong_is_quoted_with_its_place(#[case] text: &str, #[case] words: &str) {
    let error = parse(text).unwrap_err().to_string();
    assert!(error.contains(words), "{error}");
}

fn kinds(text: &str, strings: Strings) -> Vec<String> {
    let name = Name::parse(text, strings).unwrap();
    name.rdns.iter().flatten().map(|pair| pair.text().unwrap().type_name()).collect()
}

#[test]
fn the_string_type_is_chosen_or_forced() {
    let text = "/C=DE/CN=a/O=a_b/emailAddress=a@b/DC=c/serialNumber=1";
    let own = ["IA5String", "IA5String", "PrintableString"];
    assert_eq!(
        kinds(text, Strings::Utf8),
        [&["PrintableString", "UTF8String", "UTF8String"][..], &own].concat()
    );
    assert_eq!(
        kinds(text, Strings::Printable),
        [&["PrintableString", "PrintableString", "UTF8String"][..], &own].concat()
    );
    assert_eq!(kinds(text, Strings::Forced(StringType::Bmp)), ["BMPString"; 6]);
    let refused = Name::parse("/O=a_b", Strings::Forced(StringType::Printable)).unwrap_err().to_string();
    assert!(refused.contains("O is a PrintableString, which cannot hold `_` at byte 4"), "{refused}");
}

fn of(tag: u8, octets: &[u8]) -> Vec<u8> {
    let value = Text { tag, octets: octets.to_vec() }.write();
    Name { rdns: vec![vec![TypeAndValue { oid: TYPES[0].oid, value }]] }.write()
}

#[rstest]
#[case::bmp(0x1e, &[0, b'a', 0, b'b'], "CN=ab")]
#[case::universal(0x1c, &[0, 1, 0xf5, 0x12], "CN=\u{1f512}")]
#[case::t61(0x14, b"ascii", "CN=ascii")]
#[case::t61_upper_half(0x14, &[b'M', 0xfc], "CN=#14024DFC")]
#[case::printable_with_at(0x13, b"a@b_c", "CN=a@b_c")]
#[case::odd_bmp(0x1e, &[0, b'a', 0], "CN=#1E03006100")]
#[case::surrogate(0x1e, &[0xd8, 0], "CN=#1E02D800")]
#[case::beyond_unicode(0x1c, &[0xff; 4], "CN=#1C04FFFFFFFF")]
#[case::no_utf8(0x0c, &[0xff], "CN=#0C01FF")]
#[case::control(0x0c, b"a\nb", "CN=a\\0Ab")]
#[case::no_string(0x04, b"a", "CN=#040161")]
fn odd_values_are_printed_with_one_meaning(#[case] tag: u8, #[case] octets: &[u8], #[case] text: &str) {
    let der = of(tag, octets);
    assert_eq!(print(&der), text);
    assert!(super::same(&parse(&print(&der)).unwrap(), &der));
    assert!(super::same(&parse(&print_slash(&der)).unwrap(), &der));
}

#[rstest]
#[case::cut(&[0x30, 0x01], "#3001")]
#[case::no_set(&[0x30, 0x02, 0x05, 0x00], "#30020500")]
#[case::empty_rdn(&[0x30, 0x02, 0x31, 0x00], "#30023100")]
#[case::nothing(&[], "#")]
fn what_is_no_name_is_printed_as_hex(#[case] der: &[u8], #[case] text: &str) {
    assert_eq!(print(der), text);
    assert!(!print_slash(der).is_empty());
}

#[test]
fn a_type_without_a_name_is_hex_in_rfc4514_and_text_in_slash_form() {
    let der = parse("/1.2.3.4=a b").unwrap();
    assert_eq!((print(&der).as_str(), print_slash(&der).as_str()), ("1.2.3.4=#0C03612062", "/1.2.3.4=a b"));
    assert_eq!(parse(&print(&der)).unwrap(), der);
}

#[test]
fn a_name_with_more_attributes_than_the_limit_is_no_name() {
    let name = |count| {
        let pair = TypeAndValue { oid: oid::DATA, value: write::null() };
        Name { rdns: vec![vec![pair]; count] }.write()
    };
    let limit = crate::limits::NAME_ATTRIBUTES;
    assert!(Name::from_der(&name(limit)).is_some());
    assert!(Name::from_der(&name(limit + 1)).is_none() && print(&name(limit + 1)).starts_with('#'));
}

#[test]
fn a_megabyte_that_is_no_name_is_printed_at_once() {
    // Copied for every octet, it would take minutes.
    assert_eq!(print(&vec![0xab; 1 << 20]).len(), 1 + (2 << 20));
}

fn any_value() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{1,30}",
        "\\PC{1,20}",
        "[#+,/\\\\\"; =<>]{1,8}",
        "[\\x00-\\x1f\\x7f\u{80}-\u{9f}a]{1,6}"
    ]
}

/// RDNs of known types; the string types are those that the writer chooses.
fn any_name() -> impl Strategy<Value = Vec<Vec<(usize, String)>>> {
    let free: Vec<usize> =
        TYPES.iter().enumerate().filter(|(_, row)| row.string.is_none()).map(|(index, _)| index).collect();
    let pair = (prop::sample::select(free), any_value());
    prop::collection::vec(prop::collection::vec(pair, 1..3), 0..5)
}

proptest! {
    #[test]
    fn text_in_either_form_comes_back_from_der(rdns in any_name(), printable: bool) {
        let strings = if printable { Strings::Printable } else { Strings::Utf8 };
        let rdns = rdns.into_iter().map(|rdn| {
            let pairs = rdn.into_iter().map(|(index, text)| {
                let kind =
                    if printable && Text::is_printable(&text) { StringType::Printable } else { StringType::Utf8 };
                TypeAndValue { oid: TYPES[index].oid, value: Text::new(kind, &text).unwrap().write() }
            });
            pairs.collect()
        });
        let der = Name { rdns: rdns.collect() }.write();
        prop_assert_eq!(&Name::parse(&print(&der), strings).unwrap().write(), &der);
        prop_assert_eq!(&Name::parse(&print_slash(&der), strings).unwrap().write(), &der);
        prop_assert!(!print(&der).chars().any(char::is_control));
        prop_assert!(!print_slash(&der).chars().any(char::is_control));
    }

    #[test]
    fn no_text_makes_it_panic_and_what_is_read_is_printed_and_read_again(text in "\\PC{0,40}|[/,+=\\\\#CNO\"a1 ]{0,20}") {
        if let Ok(der) = parse(&text) {
            prop_assert_eq!(&parse(&print(&der)).unwrap(), &der);
        }
    }

    #[test]
    fn no_octets_make_it_panic(octets: Vec<u8>, tag: u8, value: Vec<u8>) {
        let _ = (print(&octets), print_slash(&octets), super::same(&octets, &value));
        // A tag number over 30 has no element here.
        let der = of(tag % 0x1f, &value);
        prop_assert!(super::same(&der, &der));
        prop_assert!(print(&der).starts_with("CN="));
    }
}
