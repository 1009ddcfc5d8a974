//! The attribute types that devices put into names: their spellings, and the string type that is theirs.

use const_oid::ObjectIdentifier;

use super::Wrong;
use crate::text::StringType;

/// One attribute type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttributeType {
    /// Its identifier.
    pub oid: ObjectIdentifier,
    /// The name that is printed: short where there is one, as OpenSSL has it.
    pub short: &'static str,
    /// The other names by which it is read.
    pub names: &'static [&'static str],
    /// The string type that its definition demands; None for a DirectoryString.
    pub string: Option<StringType>,
}

const fn row(
    oid: &'static str,
    short: &'static str,
    names: &'static [&'static str],
    string: Option<StringType>,
) -> AttributeType {
    AttributeType { oid: ObjectIdentifier::new_unwrap(oid), short, names, string }
}

const PRINTABLE: Option<StringType> = Some(StringType::Printable);
const IA5: Option<StringType> = Some(StringType::Ia5);

/// X.520, RFC 4519, RFC 4524 and PKCS#9 (RFC 2985). `S` and `E` are Microsoft's spellings.
pub const TYPES: &[AttributeType] = &[
    row("2.5.4.3", "CN", &["commonName"], None),
    row("2.5.4.4", "SN", &["surname"], None),
    row("2.5.4.5", "serialNumber", &[], PRINTABLE),
    row("2.5.4.6", "C", &["countryName"], PRINTABLE),
    row("2.5.4.7", "L", &["localityName"], None),
    row("2.5.4.8", "ST", &["stateOrProvinceName", "S"], None),
    row("2.5.4.9", "street", &["streetAddress"], None),
    row("2.5.4.10", "O", &["organizationName"], None),
    row("2.5.4.11", "OU", &["organizationalUnitName"], None),
    row("2.5.4.12", "title", &["T"], None),
    row("2.5.4.13", "description", &[], None),
    row("2.5.4.15", "businessCategory", &[], None),
    row("2.5.4.17", "postalCode", &[], None),
    row("2.5.4.18", "postOfficeBox", &[], None),
    row("2.5.4.20", "telephoneNumber", &[], PRINTABLE),
    row("2.5.4.41", "name", &[], None),
    row("2.5.4.42", "GN", &["givenName", "G"], None),
    row("2.5.4.43", "initials", &["I"], None),
    row("2.5.4.44", "generationQualifier", &[], None),
    row("2.5.4.46", "dnQualifier", &[], PRINTABLE),
    row("2.5.4.65", "pseudonym", &[], None),
    row("2.5.4.72", "role", &[], None),
    row("2.5.4.97", "organizationIdentifier", &[], None),
    row("0.9.2342.19200300.100.1.1", "UID", &["userId"], None),
    row("0.9.2342.19200300.100.1.3", "mail", &["rfc822Mailbox"], IA5),
    row("0.9.2342.19200300.100.1.25", "DC", &["domainComponent"], IA5),
    row("1.2.840.113549.1.9.1", "emailAddress", &["E", "email"], IA5),
    row("1.2.840.113549.1.9.2", "unstructuredName", &[], None),
    row("1.2.840.113549.1.9.8", "unstructuredAddress", &[], None),
];

impl AttributeType {
    /// The row of an identifier.
    #[must_use]
    pub fn of(oid: ObjectIdentifier) -> Option<&'static Self> {
        TYPES.iter().find(|row| row.oid == oid)
    }

    /// The row of a name, whatever its letter case.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        TYPES
            .iter()
            .find(|row| std::iter::once(&row.short).chain(row.names).any(|n| n.eq_ignore_ascii_case(name)))
    }
}

/// The identifier that a text stands for: a name of the table, or digits and dots, with or without `OID.`
/// in front. `at` is where it stands.
pub(super) fn parse(text: &str, at: usize) -> Result<ObjectIdentifier, Wrong> {
    if let Some(row) = AttributeType::named(text) {
        return Ok(row.oid);
    }
    if text.is_empty() {
        return Err(Wrong::new(at, "expected an attribute type before `=`, got nothing"));
    }
    let dotted = text.get(..4).filter(|lead| lead.eq_ignore_ascii_case("oid.")).map_or(text, |_| &text[4..]);
    ObjectIdentifier::new(dotted).map_err(|_| {
        Wrong::new(
            at,
            format!("attribute type `{}` is neither known nor a dotted identifier", text.escape_debug()),
        )
    })
}

/// The name that is printed for an identifier: dotted when it is not in the table.
pub(super) fn print(oid: ObjectIdentifier) -> String {
    AttributeType::of(oid).map_or_else(|| crate::oid::dotted(oid), |row| row.short.to_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::TYPES;

    #[test]
    fn no_spelling_stands_for_two_types() {
        let names = || TYPES.iter().flat_map(|row| std::iter::once(&row.short).chain(row.names));
        let unique: BTreeSet<String> = names().map(|name| name.to_ascii_lowercase()).collect();
        assert_eq!(unique.len(), names().count());
        assert_eq!(TYPES.iter().map(|row| row.oid).collect::<BTreeSet<_>>().len(), TYPES.len());
    }
}
