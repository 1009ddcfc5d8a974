//! Tables and properties of lists. What OpenSSL says of them is in the oracles.

use proptest::prelude::*;
use rstest::rstest;

use super::{GeneralName, from_der, parse, print, write};

#[rstest]
#[case::dns("DNS:r1.lab", "820672312E6C6162")]
#[case::email("email:a@b", "8103614062")]
#[case::uri("URI:urn:x", "860575726E3A78")]
#[case::v4("IP:10.0.0.1", "87040A000001")]
#[case::v6("IP:2001:db8::1", "871020010DB8000000000000000000000001")]
#[case::rid("RID:1.2.3", "88022A03")]
#[case::name("dirName:CN=a", "A40E300C310A300806035504030C0161")]
#[case::other("otherName:1.2.3;UTF8:x", "A00906022A03A0030C0178")]
#[case::raw("raw:8701FF", "8701FF")]
fn a_name_has_the_octets_of_its_choice(#[case] text: &str, #[case] hex: &str) {
    let names = parse(text).unwrap();
    let [name] = names.as_slice() else { panic!("{names:?}") };
    let octets: String = name.write().iter().map(|octet| format!("{octet:02X}")).collect();
    assert_eq!((octets.as_str(), print(&names).as_str()), (hex, text));
    assert_eq!(from_der(&write(&names)).unwrap(), names);
}

#[rstest]
#[case::blanks(" dns: a , ip :10.0.0.1 ", "DNS:a,IP:10.0.0.1")]
#[case::words_of_openssl("IP Address:10.0.0.1, Registered ID:1.2.3", "IP:10.0.0.1,RID:1.2.3")]
#[case::comma("URI:http://x/?a\\,b,DNS:c", "URI:http://x/?a\\,b,DNS:c")]
#[case::backslash("URI:a\\\\b", "URI:a\\\\b")]
#[case::lone_backslash("URI:a\\b", "URI:a\\\\b")]
#[case::slash_form("dirName:/O=x/CN=a\\/b\\, c", "dirName:CN=a/b\\\\\\, c\\,O=x")]
#[case::empty_name("dirName:/", "dirName:/")]
#[case::rfc4514("dirName:CN=a\\,O=b", "dirName:CN=a\\,O=b")]
#[case::named_oid("otherName:msUPN;UTF8:u@d", "otherName:1.3.6.1.4.1.311.20.2.3;UTF8:u@d")]
#[case::types(
    "otherName:1.2;INT:-129,otherName:1.2;BOOL:TRUE,otherName:1.2;NULL,otherName:1.2;OID:1.3",
    "otherName:1.2;INT:-129,otherName:1.2;BOOL:true,otherName:1.2;NULL,otherName:1.2;OID:1.3"
)]
fn other_spellings_are_read(#[case] written: &str, #[case] canonical: &str) {
    let names = parse(written).unwrap();
    assert_eq!(print(&names), canonical);
    assert_eq!(parse(canonical).unwrap(), names);
}

#[rstest]
#[case("DNS:a,", "expected KIND:value, got no colon, in `` at byte 6")]
#[case("DNS:a,b.lab", "expected KIND:value, got no colon, in `b.lab` at byte 6")]
#[case(
    "DNS:a,X:b",
    "`X` is no kind of name: expected email, URI, DNS, RID, IP, dirName or otherName, in `X:b` at byte 6"
)]
#[case("DNS:", "expected a value after `DNS:`, got nothing")]
#[case("DNS:\u{e9}", "expected printable US-ASCII, got `\u{e9}`")]
#[case("IP:10.0.0", "`10.0.0` is neither an IPv4 nor an IPv6 address, in `IP:10.0.0` at byte 0")]
#[case("RID:x", "`x` is no object identifier")]
#[case("email:copy", "needs the subject")]
#[case(
    "dirName:CN",
    "distinguished name: expected TYPE=value, got `CN` without `=` at byte 0 of `CN`, in `dirName:CN`"
)]
#[case("otherName:1.2.3", "expected OID;TYPE:value, got no semicolon")]
#[case("otherName:1.2.3;X:y", "`X` is no type of value")]
#[case("otherName:1.2.3;INT:y", "`y` is no INTEGER")]
#[case("otherName:1.2.3;BOOL:y", "expected true or false")]
#[case("otherName:1.2.3;IA5:\u{e9}", "IA5String cannot hold `\u{e9}`")]
#[case("raw:00", "expected the hex of one element with a context tag")]
fn what_is_wrong_is_quoted_with_its_place(#[case] text: &str, #[case] words: &str) {
    let error = parse(text).unwrap_err().to_string();
    assert!(error.contains(words), "{error}");
}

#[rstest]
#[case::address_of_five(&[0x87, 5, 1, 2, 3, 4, 5])]
#[case::utf8_dns(&[0x82, 2, 0xc3, 0xa9])]
#[case::control(&[0x81, 1, 0x0a])]
#[case::edi_party(&[0xa5, 2, 0xa1, 0])]
#[case::empty_oid(&[0x88, 0])]
#[case::broken_other_name(&[0xa0, 2, 0x05, 0])]
#[case::broken_directory(&[0xa4, 2, 0x05, 0])]
fn odd_names_are_printed_as_their_octets(#[case] element: &[u8]) {
    let der = write::sequence(&[element]);
    let names = from_der(&der).unwrap();
    assert_eq!(names, [GeneralName::Other(element.to_vec())]);
    assert!(print(&names).starts_with("raw:"));
    assert_eq!(write(&parse(&print(&names)).unwrap()), der);
}

#[test]
fn what_is_no_list_of_names_is_none() {
    assert!(from_der(&[0x30, 2, 0x05, 0]).is_none() && from_der(&[0x04, 0]).is_none());
    assert_eq!(from_der(&[0x30, 0]), Some(Vec::new()));
}

#[test]
fn one_name_more_than_the_limit_is_refused() {
    let names = |count| vec![GeneralName::Dns("a".to_owned()); count];
    assert!(from_der(&write(&names(crate::limits::ALT_NAMES))).is_some());
    let der = write(&names(crate::limits::ALT_NAMES + 1));
    let element = crate::tlv::Tlv::read(crate::tlv::Source::message(&der), 0).unwrap();
    let error = super::read(&element).unwrap_err().to_string();
    assert!(error.contains("expected at most 1000 alternative names"), "{error}");
}

fn any_name() -> impl Strategy<Value = GeneralName> {
    let text = || "[ -~]{1,20}";
    let oid =
        || (0..500_u32).prop_map(|n| const_oid::ObjectIdentifier::new(&format!("1.3.6.1.{n}")).unwrap());
    let value = prop_oneof![
        "\\PC{0,12}".prop_map(|text| write::tlv(0x0c, text.as_bytes())),
        any::<i64>().prop_map(|n| {
            let octets = n.to_be_bytes();
            write::integer_bytes(super::other_name::shortest(&octets))
        }),
        prop::collection::vec(any::<u8>(), 0..8).prop_map(|octets| write::octet_string(&octets)),
    ];
    prop_oneof![
        text().prop_filter("words of openssl", |t| t != "copy" && t != "move").prop_map(GeneralName::Email),
        text().prop_map(GeneralName::Dns),
        text().prop_map(GeneralName::Uri),
        any::<core::net::IpAddr>().prop_map(GeneralName::Ip),
        oid().prop_map(GeneralName::RegisteredId),
        text().prop_map(|cn| {
            let value = write::tlv(0x0c, cn.as_bytes());
            let pair = crate::name::TypeAndValue { oid: crate::name::TYPES[0].oid, value };
            GeneralName::Directory(crate::name::Name { rdns: vec![vec![pair]] }.write())
        }),
        (oid(), value).prop_map(|(oid, value)| GeneralName::OtherName { oid, value }),
    ]
}

proptest! {
    #[test]
    fn a_list_comes_back_from_its_text_and_from_der(names in prop::collection::vec(any_name(), 1..6)) {
        let der = write(&names);
        prop_assert_eq!(&from_der(&der).unwrap(), &names);
        prop_assert_eq!(&write(&parse(&print(&names)).unwrap()), &der);
    }

    #[test]
    fn no_text_and_no_octets_make_it_panic(text in "\\PC{0,40}|(DNS|IP|dirName|otherName|raw):[0-9a;:,\\\\/=]{0,20}", octets: Vec<u8>) {
        if let Ok(names) = parse(&text) {
            prop_assert_eq!(write(&parse(&print(&names)).unwrap()), write(&names));
        }
        let _ = from_der(&octets).map(|names| print(&names));
        let _ = from_der(&write::tlv(0x30, &octets)).map(|names| print(&names));
    }
}
