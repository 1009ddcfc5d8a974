//! Extensions that devices ask for: constructors and readers of alternative names, purposes and
//! Microsoft's certificate templates. What every certificate has is in [`crate::certificate`].

use const_oid::ObjectIdentifier;

use crate::alt_name::{self, GeneralName};
use crate::certificate::Extension;
use crate::error::{Error, Result};
use crate::text::{StringType, Text};
use crate::tlv::{Source, Tlv, tag};
use crate::{limits, oid, write};

impl Extension {
    /// subjectAltName, not critical: right for a certificate with a subject (RFC 5280 4.2.1.6).
    #[must_use]
    pub fn alt_names(names: &[GeneralName]) -> Self {
        Self { oid: oid::SUBJECT_ALT_NAME, critical: false, value: alt_name::write(names) }
    }

    /// extKeyUsage with these purposes, not critical (RFC 5280 4.2.1.12).
    #[must_use]
    pub fn ext_key_usage(purposes: &[ObjectIdentifier]) -> Self {
        let purposes: Vec<Vec<u8>> = purposes.iter().map(|purpose| write::oid(*purpose)).collect();
        Self {
            oid: oid::EXT_KEY_USAGE,
            critical: false,
            value: write::tlv(tag::SEQUENCE, &purposes.concat()),
        }
    }

    /// Microsoft's certificate template by its name: version 1, a BMPString.
    ///
    /// # Errors
    /// When BMPString cannot hold the name.
    pub fn template_name(name: &str) -> Result<Self> {
        let value = Text::new(StringType::Bmp, name)?.write();
        Ok(Self { oid: oid::CERTIFICATE_TEMPLATE_NAME, critical: false, value })
    }

    /// Microsoft's certificate template by its identifier: version 2.
    #[must_use]
    pub fn template(template: ObjectIdentifier, major: u32, minor: u32) -> Self {
        let version = |number| write::integer_bytes(&unsigned(number));
        let value = write::sequence(&[&write::oid(template), &version(major), &version(minor)]);
        Self { oid: oid::CERTIFICATE_TEMPLATE, critical: false, value }
    }
}

/// Content octets of an INTEGER that is not negative.
fn unsigned(number: u32) -> Vec<u8> {
    let octets = [&[0][..], &number.to_be_bytes()].concat();
    let first =
        octets.windows(2).position(|pair| pair[0] != 0 || pair[1] >= 0x80).unwrap_or(octets.len() - 1);
    octets.get(first..).unwrap_or_default().to_vec()
}

/// The purposes of an extKeyUsage value, in order; None when it is no SEQUENCE of identifiers, or has more
/// than [`limits::EXTENSIONS`].
#[must_use]
pub fn purposes(value: &[u8]) -> Option<Vec<ObjectIdentifier>> {
    let list = Tlv::read(Source::message(value), 0).ok()?.expect("extKeyUsage", tag::SEQUENCE).ok()?;
    let members = list.members().ok().filter(|members| members.len() <= limits::EXTENSIONS)?;
    members
        .iter()
        .map(|member| ObjectIdentifier::from_bytes(member.expect("purpose", tag::OID).ok()?.content()).ok())
        .collect()
}

/// Purposes from a comma separated list of names (`serverAuth`, `clientAuth`, …) and dotted identifiers.
///
/// # Errors
/// [`Error::Misuse`] that names the one that is neither.
pub fn parse_purposes(text: &str) -> Result<Vec<ObjectIdentifier>> {
    let purpose = |name: &str| {
        oid::parse(name.trim()).ok_or_else(|| Error::Misuse {
            what: "extKeyUsage",
            detail: format!("`{}` is neither a purpose known here nor a dotted identifier", name.trim()),
        })
    };
    text.split(',').map(purpose).collect()
}

/// A certificate template of Microsoft's CA, in either version (MS-WCCE 2.2.2.7.7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateTemplate {
    /// Version 1: the name, with the string type it had. BMPString is the one that is meant.
    Name(Text),
    /// Version 2.
    Identified {
        /// templateID.
        oid: ObjectIdentifier,
        /// templateMajorVersion; None when it is left out.
        major: Option<u32>,
        /// templateMinorVersion; None when it is left out.
        minor: Option<u32>,
    },
}

impl CertificateTemplate {
    /// Reads it from its extension; None for another extension.
    ///
    /// # Errors
    /// When the value is not what the version of the extension holds.
    pub fn read(extension: &Extension) -> Result<Option<Self>> {
        let value = || Tlv::read(Source::message(&extension.value), 0);
        match extension.oid {
            oid::CERTIFICATE_TEMPLATE_NAME => {
                let value = value()?;
                let text = Text::read(&value, &mut Vec::new())?;
                let detail = || format!("expected a string, got {}", text.type_name());
                match text.kind() {
                    Some(_) => Ok(Some(Self::Name(text))),
                    None => Err(value.malformed("certificate template name", detail())),
                }
            }
            oid::CERTIFICATE_TEMPLATE => {
                const WHAT: &str = "CertificateTemplate";
                let value = value()?.expect(WHAT, tag::SEQUENCE)?;
                let members = value.members()?;
                let (Some(id), true) = (members.first(), members.len() <= 3) else {
                    return Err(value.malformed(WHAT, "expected templateID and up to two versions"));
                };
                let version = |index: usize| members.get(index).map(number).transpose();
                Ok(Some(Self::Identified {
                    oid: ObjectIdentifier::from_bytes(id.expect(WHAT, tag::OID)?.content())
                        .map_err(|error| id.malformed(WHAT, error.to_string()))?,
                    major: version(1)?,
                    minor: version(2)?,
                }))
            }
            _ => Ok(None),
        }
    }
}

/// An INTEGER of 0 to 4294967295.
fn number(element: &Tlv<'_>) -> Result<u32> {
    const WHAT: &str = "template version";
    let octets = element.expect(WHAT, tag::INTEGER)?.content();
    let is_negative = octets.first().is_some_and(|first| *first >= 0x80);
    let significant = octets.iter().skip_while(|octet| **octet == 0);
    if octets.is_empty() || is_negative || significant.clone().count() > 4 {
        return Err(element.malformed(WHAT, "expected an INTEGER of 0 to 4294967295"));
    }
    Ok(significant.fold(0, |number, octet| number << 8 | u32::from(*octet)))
}

impl std::fmt::Display for CertificateTemplate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Name(text) => write!(f, "{} {text}", text.type_name()),
            Self::Identified { oid, major, minor } => {
                f.write_str(&oid::dotted(*oid))?;
                major.iter().try_for_each(|major| write!(f, ", major version {major}"))?;
                minor.iter().try_for_each(|minor| write!(f, ", minor version {minor}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use const_oid::ObjectIdentifier;
    use rstest::rstest;

    use super::{CertificateTemplate, parse_purposes, purposes};
    use crate::certificate::Extension;
    use crate::text::Text;
    use crate::{oid, write};

    const TEMPLATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.21.8.1.2");

    #[rstest]
    #[case(0, 0)]
    #[case(100, 3)]
    #[case(127, 128)]
    #[case(255, 256)]
    #[case(u32::MAX, 0x8000_0000)]
    fn a_template_by_identifier_reads_back(#[case] major: u32, #[case] minor: u32) {
        let extension = Extension::template(TEMPLATE, major, minor);
        let expected =
            CertificateTemplate::Identified { oid: TEMPLATE, major: Some(major), minor: Some(minor) };
        assert_eq!(CertificateTemplate::read(&extension), Ok(Some(expected)));
    }

    #[test]
    fn a_template_by_name_is_a_bmp_string_and_is_read_in_any() {
        let mut extension = Extension::template_name("WebServer").unwrap();
        assert_eq!(extension.value[..4], [0x1e, 18, 0, b'W']);
        extension.value = write::tlv(0x0c, b"User");
        let text = Text { tag: 0x0c, octets: b"User".to_vec() };
        assert_eq!(CertificateTemplate::read(&extension), Ok(Some(CertificateTemplate::Name(text))));
        assert!(Extension::template_name("\u{1f512}").is_err());
    }

    #[rstest]
    #[case::no_string(oid::CERTIFICATE_TEMPLATE_NAME, &[0x04, 0], "expected a string, got tag 0x04")]
    #[case::empty(oid::CERTIFICATE_TEMPLATE, &[0x30, 0], "expected templateID")]
    #[case::negative(oid::CERTIFICATE_TEMPLATE, &[0x30, 7, 6, 2, 0x2a, 3, 2, 1, 0x80], "0 to 4294967295")]
    #[case::no_number(oid::CERTIFICATE_TEMPLATE, &[0x30, 6, 6, 2, 0x2a, 3, 5, 0], "expected tag 0x02")]
    fn what_is_no_template_is_told(#[case] oid: ObjectIdentifier, #[case] value: &[u8], #[case] words: &str) {
        let extension = Extension { oid, critical: false, value: value.to_vec() };
        let error = CertificateTemplate::read(&extension).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }

    #[test]
    fn versions_may_be_left_out_and_other_extensions_are_no_template() {
        let value = write::sequence(&[&write::oid(TEMPLATE)]);
        let extension = Extension { oid: oid::CERTIFICATE_TEMPLATE, critical: false, value };
        let expected = CertificateTemplate::Identified { oid: TEMPLATE, major: None, minor: None };
        assert_eq!(CertificateTemplate::read(&extension), Ok(Some(expected)));
        assert_eq!(CertificateTemplate::read(&Extension::key_usage(1)), Ok(None));
    }

    #[test]
    fn purposes_are_read_from_text_and_from_the_extension() {
        let wanted = parse_purposes("serverAuth, clientAuth,1.2.3").unwrap();
        assert_eq!(wanted, [oid::SERVER_AUTH, oid::CLIENT_AUTH, ObjectIdentifier::new_unwrap("1.2.3")]);
        assert_eq!(purposes(&Extension::ext_key_usage(&wanted).value), Some(wanted));
        assert_eq!((purposes(&[5, 0]), purposes(&[0x30, 2, 5, 0])), (None, None));
        assert!(parse_purposes("serverAuth,,").unwrap_err().to_string().contains("`` is neither"));
    }
}
