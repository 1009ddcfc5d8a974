//! Distinguished names: text of RFC 4514 to DER and back.

use std::str::FromStr;

use der::{Decode, Encode};
use x509_cert::name::Name;

use crate::error::{Error, Result};

/// DER of a name given as RFC 4514 text, e.g. `CN=router-1,O=lab` (most specific first).
///
/// # Errors
/// When the text is no RFC 4514 name or uses an unknown attribute type.
pub fn parse(text: &str) -> Result<Vec<u8>> {
    Name::from_str(text).and_then(|name| name.to_der()).map_err(|e| Error::Misuse {
        what: "distinguished name",
        detail: format!("`{text}` is not RFC 4514: {e}"),
    })
}

/// RFC 4514 text of a DER name; its hex octets after `#` when the strict reader refuses it.
#[must_use]
pub fn print(der: &[u8]) -> String {
    Name::from_der(der).map_or_else(
        |_| der.iter().fold(String::from("#"), |text, octet| format!("{text}{octet:02x}")),
        |name| name.to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::{parse, print};

    #[test]
    fn text_becomes_der_and_text_again() {
        let der = parse("CN=router-1,O=lab").unwrap();
        assert_eq!(print(&der), "CN=router-1,O=lab");
        assert!(parse("router-1").is_err());
        assert_eq!(print(&[0x30, 0x01]), "#3001");
    }
}
