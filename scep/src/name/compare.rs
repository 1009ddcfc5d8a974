//! Whether two names are the same, RFC 5280 7.1: RDN by RDN, values prepared as RFC 4518 section 2 says.

use unicode_normalization::UnicodeNormalization as _;

use super::{Name, TypeAndValue, value};
use crate::tlv::tag;
use crate::write;

/// True when two DER names are the same name. What is no name is the same as its own octets only.
#[must_use]
pub fn same(one: &[u8], other: &[u8]) -> bool {
    // Nearly all names that are the same are the same octets.
    one == other
        || match (Name::from_der(one), Name::from_der(other)) {
            (Some(one), Some(other)) => names(&one, &other),
            _ => false,
        }
}

/// A text that two DER names share exactly when they are [`same`]: RFC 4514 with the values prepared for
/// comparing, e.g. `CN=router-1,O=lab`. `#` and hex octets for what is no name.
#[must_use]
pub fn canonical(der: &[u8]) -> String {
    let Some(mut name) = Name::from_der(der) else { return value::hex(der) };
    for rdn in &mut name.rdns {
        for pair in rdn.iter_mut() {
            if let Some(text) = pair.text().and_then(|text| text.exact()) {
                pair.value = write::tlv(tag::UTF8_STRING, fold(&text).as_bytes());
            }
        }
        rdn.sort();
    }
    name.rfc4514()
}

pub(super) fn names(one: &Name, other: &Name) -> bool {
    let prepared = |name: &Name| -> Vec<Vec<Prepared>> { name.rdns.iter().map(|rdn| prepare(rdn)).collect() };
    one.rdns.len() == other.rdns.len() && prepared(one) == prepared(other)
}

/// A value as it is compared.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Prepared {
    Text(Vec<u8>, String),
    /// No string, or one of doubtful meaning: its octets.
    Octets(Vec<u8>, Vec<u8>),
}

/// The members of an RDN, whose order does not count.
fn prepare(rdn: &[TypeAndValue]) -> Vec<Prepared> {
    let mut members: Vec<Prepared> = rdn
        .iter()
        .map(|pair| {
            let oid = pair.oid.as_bytes().to_vec();
            match pair.text().and_then(|text| text.exact()) {
                Some(text) => Prepared::Text(oid, fold(&text)),
                None => Prepared::Octets(oid, pair.value.clone()),
            }
        })
        .collect();
    members.sort();
    members
}

/// RFC 4518: mapping, letter case, NFKC, then blanks: none at the ends, one inside.
fn fold(text: &str) -> String {
    // Soft hyphen, joiners, marks of direction, variation selectors and controls map to nothing (2.2).
    let is_nothing = |c: &char| {
        matches!(c, '\u{ad}' | '\u{34f}' | '\u{180b}'..='\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
            || (c.is_control() && !c.is_whitespace())
    };
    let mapped = text.chars().filter(|c| !is_nothing(c)).flat_map(char::to_lowercase);
    let normal: String = mapped.nfkc().flat_map(char::to_lowercase).nfkc().collect();
    normal.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use openssl::x509::X509Name;
    use rstest::rstest;

    use super::{canonical, same};
    use crate::name::{Name, Strings};
    use crate::text::StringType;

    fn der(text: &str, strings: Strings) -> Vec<u8> {
        Name::parse(text, strings).unwrap().write()
    }

    #[rstest]
    #[case::case("CN=Router,O=Lab", "cn=ROUTER,o=lab", true)]
    #[case::blanks("CN=\\ a  b\\ ", "CN=a b", true)]
    #[case::order_in_rdn("CN=a+O=b", "O=B+CN=A", true)]
    #[case::order("CN=a,O=b", "O=b,CN=a", false)]
    #[case::grouping("CN=a+O=b", "CN=a,O=b", false)]
    #[case::type_("CN=a", "OU=a", false)]
    #[case::value("CN=a", "CN=ab", false)]
    #[case::inner_blank("CN=a b", "CN=ab", false)]
    #[case::longer("CN=a", "CN=a,O=b", false)]
    #[case::email("emailAddress=A@b", "emailAddress=a@B", true)]
    fn names_are_compared_as_openssl_compares_them(
        #[case] one: &str,
        #[case] other: &str,
        #[case] expected: bool,
    ) {
        for (a, b) in [(Strings::Utf8, Strings::Utf8), (Strings::Utf8, Strings::Printable)] {
            let (one, other) = (der(one, a), der(other, b));
            assert_eq!((same(&one, &other), same(&other, &one)), (expected, expected));
            assert_eq!(canonical(&one) == canonical(&other), expected);
            let read = |der: &[u8]| X509Name::from_der(der).unwrap();
            assert_eq!(read(&one).try_cmp(&read(&other)).unwrap().is_eq(), expected, "openssl");
        }
    }

    // OpenSSL folds US-ASCII only, and takes no value that is no string; these follow RFC 4518.
    #[rstest]
    #[case::accent("CN=M\u{dc}LLER", "CN=m\u{fc}ller", true)]
    #[case::composed("CN=e\u{301}", "CN=\u{e9}", true)]
    #[case::compatible("CN=\u{ff21}", "CN=a", true)]
    #[case::soft_hyphen("CN=rou\u{ad}ter", "CN=router", true)]
    #[case::no_break_space("CN=a\u{a0}b", "CN=a b", true)]
    #[case::other("CN=\u{e9}", "CN=e", false)]
    #[case::octets("CN=#0500", "CN=#0500", true)]
    #[case::other_octets("CN=#0500", "CN=#040100", false)]
    fn letters_beyond_ascii_are_folded(#[case] one: &str, #[case] other: &str, #[case] expected: bool) {
        let (one, other) = (der(one, Strings::Utf8), der(other, Strings::Utf8));
        assert_eq!((same(&one, &other), canonical(&one) == canonical(&other)), (expected, expected));
    }

    #[test]
    fn the_string_type_does_not_count() {
        let utf8 = der("CN=Router 1,O=Lab", Strings::Utf8);
        for kind in StringType::ALL.into_iter().filter(|kind| *kind != StringType::Numeric) {
            assert!(same(&utf8, &der("CN=Router 1,O=Lab", Strings::Forced(kind))), "{kind}");
        }
    }

    #[test]
    fn the_canonical_text_is_a_name() {
        assert_eq!(canonical(&der("O=Lab +CN= A  b", Strings::Printable)), "O=lab+CN=a b");
        assert_eq!(
            (canonical(&der("CN=#0500", Strings::Utf8)), canonical(&[5, 0])),
            ("CN=#0500".to_owned(), "#0500".to_owned())
        );
    }

    #[test]
    fn what_is_no_name_equals_itself_only() {
        assert!(
            same(&[1, 2], &[1, 2]) && !same(&[1, 2], &[1, 3]) && !same(&[1, 2], &der("CN=a", Strings::Utf8))
        );
    }
}
