//! The subject of a device whose settings are made for many: the wildcard `SN` stands for its own serial
//! number.

use scep::Error;

/// Reads a subject, DER. `SN` as a word of its own in a value is replaced by the serial number of the device,
/// when there is one; `\SN` is not.
///
/// # Errors
/// When it is no name.
pub fn parse(text: &str, serial_number: Option<&str>) -> Result<Vec<u8>, Error> {
    match serial_number {
        Some(serial) => scep::name::parse(&fill(text, serial)),
        None => scep::name::parse(text),
    }
}

fn fill(text: &str, serial: &str) -> String {
    let escaped: String = serial.chars().flat_map(escape).collect();
    let mut filled = String::with_capacity(text.len());
    // In a type, as in `/SN=Doe`, it is no wildcard.
    let (mut is_value, mut is_escaped, mut is_word) = (false, false, true);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let next = rest.get(c.len_utf8()..).unwrap_or_default();
        let after = next.strip_prefix('N');
        let ends = |after: &str| !after.starts_with(char::is_alphanumeric);
        match after.filter(|after| c == 'S' && is_value && is_word && !is_escaped && ends(after)) {
            Some(after) => {
                filled.push_str(&escaped);
                (rest, is_word) = (after, false);
                continue;
            }
            None if is_escaped && c == 'S' && after.is_some_and(ends) => {
                // The backslash was for us alone.
                filled.pop();
                filled.push(c);
            }
            None => filled.push(c),
        }
        if !is_escaped {
            is_value = (is_value || c == '=') && !matches!(c, '/' | ',' | '+');
        }
        is_word = !c.is_alphanumeric();
        is_escaped = c == '\\' && !is_escaped;
        rest = next;
    }
    filled
}

fn escape(c: char) -> impl Iterator<Item = char> {
    let special = matches!(c, '/' | '\\' | ',' | '+' | '=' | '"' | '<' | '>' | ';' | '#');
    special.then_some('\\').into_iter().chain(std::iter::once(c))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::parse;

    #[rstest]
    #[case::example(
        "/DC=org/DC=OpenXPKI/DC=Test Deployment/CN=router-SN",
        "CN=router-53/01,DC=Test Deployment,DC=OpenXPKI,DC=org"
    )]
    #[case::alone("/CN=SN", "CN=53/01")]
    #[case::twice("/O=SN/CN=SN", "CN=53/01,O=53/01")]
    #[case::inside_a_word("/CN=SNMP and DSN", "CN=SNMP and DSN")]
    #[case::escaped("/CN=a-\\SN", "CN=a-SN")]
    #[case::escaped_slash("/CN=a\\/b/O=x", "O=x,CN=a/b")]
    #[case::rfc4514("CN=dev-SN,O=lab", "CN=dev-53/01,O=lab")]
    fn r3_the_wildcard_is_the_serial_number_of_the_device(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(scep::name::print(&parse(text, Some("53/01")).unwrap()), expected);
    }

    #[test]
    fn r3_whitespace_is_kept_and_without_a_serial_number_nothing_is_replaced() {
        let name = scep::name::Name::from_der(&parse("/CN= two  words ", None).unwrap()).unwrap();
        assert_eq!(name.rfc4514(), "CN=\\ two  words\\ ");
        assert_eq!(scep::name::print(&parse("/CN=router-SN", None).unwrap()), "CN=router-SN");
    }
}
