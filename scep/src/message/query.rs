//! What a request without a PKCS#10 asks about: the messageData of CertPoll, GetCert and GetCRL.
//!
//! ```text
//! IssuerAndSubject      ::= SEQUENCE { issuer Name, subject Name }                 CertPoll, RFC 8894 3.3.3
//! IssuerAndSerialNumber ::= SEQUENCE { issuer Name, serialNumber INTEGER }   GetCert, GetCRL, RFC 8894 3.3.4
//! ```

use crate::certificate::Certificate;
use crate::error::Result;
use crate::finding::{Finding, Rule};
use crate::serial::SerialNumber;
use crate::tlv::{Source, Tlv, tag};
use crate::{Read, name, write};

/// messageData of a CertPoll.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerAndSubject {
    /// Subject name of the issuing CA, DER.
    pub issuer: Vec<u8>,
    /// Name used in the request, DER.
    pub subject: Vec<u8>,
}

impl IssuerAndSubject {
    /// Reads it from a decrypted messageData.
    ///
    /// # Errors
    /// When it is no SEQUENCE of two names.
    pub fn read(message_data: &[u8]) -> Result<Self> {
        const WHAT: &str = "IssuerAndSubject";
        let outer = Tlv::read(Source::message_data(message_data), 0)?.expect(WHAT, tag::SEQUENCE)?;
        match outer.members()?.as_slice() {
            [issuer, subject] if issuer.tag == tag::SEQUENCE && subject.tag == tag::SEQUENCE => {
                Ok(Self { issuer: issuer.bytes().to_vec(), subject: subject.bytes().to_vec() })
            }
            members => {
                Err(outer.malformed(WHAT, format!("expected two names, got {} members", members.len())))
            }
        }
    }

    /// DER.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        write::sequence(&[&self.issuer, &self.subject])
    }
}

/// messageData of a GetCert or a GetCRL: the certificate that is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerAndSerial {
    /// issuer of the certificate, DER.
    pub issuer: Vec<u8>,
    /// Its serial number, of whatever sign and length.
    pub serial: SerialNumber,
}

impl IssuerAndSerial {
    /// Names a certificate.
    #[must_use]
    pub fn of(certificate: &Certificate) -> Self {
        Self { issuer: certificate.issuer.clone(), serial: SerialNumber::of(certificate) }
    }

    /// Reads it from a decrypted messageData. A serial number that RFC 5280 does not permit is a finding.
    ///
    /// # Errors
    /// When it is no SEQUENCE of a name and an INTEGER.
    pub fn read(message_data: &[u8]) -> Result<Read<Self>> {
        const WHAT: &str = "IssuerAndSerialNumber";
        let mut findings = Vec::new();
        let outer = Tlv::read_whole(Source::message_data(message_data), &mut findings)?
            .expect(WHAT, tag::SEQUENCE)?;
        outer.report_lengths(&mut findings);
        let [issuer, serial] = outer.members()?[..] else {
            return Err(outer.malformed(WHAT, "expected issuer and serialNumber"));
        };
        issuer.expect("IssuerAndSerialNumber issuer", tag::SEQUENCE)?;
        let value = Self { issuer: issuer.bytes().to_vec(), serial: SerialNumber::read(serial)? };
        if !value.serial.is_regular() {
            findings.push(Finding {
                rule: Rule::SerialNumber,
                at: serial.place(),
                detail: format!(
                    "expected a positive number of at most 20 octets, got {} octets 0x{}",
                    value.serial.octets().len(),
                    hex::encode(value.serial.octets()),
                ),
            });
        }
        Ok(Read { value, findings })
    }

    /// DER, the serial number's octets as they are.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        write::sequence(&[&self.issuer, &self.serial.write()])
    }

    /// True when it means this certificate: same issuer (RFC 5280 7.1) and same number.
    #[must_use]
    pub fn names(&self, certificate: &Certificate) -> bool {
        self.serial == SerialNumber::of(certificate) && name::same(&self.issuer, &certificate.issuer)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::IssuerAndSerial;
    use crate::Rule;
    use crate::serial::SerialNumber;

    /// CN=A
    const NAME: [u8; 14] = [0x30, 12, 0x31, 10, 0x30, 8, 6, 3, 0x55, 4, 3, 0x0c, 1, 0x41];

    fn data(serial: &[u8]) -> Vec<u8> {
        let mut content = NAME.to_vec();
        content.extend_from_slice(&[2, serial.len() as u8]);
        content.extend_from_slice(serial);
        [&[0x30, content.len() as u8], content.as_slice()].concat()
    }

    #[rstest]
    #[case::short(&[0x2a], true)]
    #[case::negative(&[0x80, 0x00, 0x00, 0x01], false)]
    #[case::long(&[0x11; 40], false)]
    #[case::padded(&[0, 0, 0x2a], false)]
    fn every_serial_number_is_read_as_sent(#[case] serial: &[u8], #[case] is_regular: bool) {
        let read = IssuerAndSerial::read(&data(serial)).unwrap();
        assert_eq!(read.value.serial.octets(), serial);
        assert_eq!(read.value.issuer, NAME);
        let rules: Vec<_> = read.findings.iter().map(|finding| finding.rule).collect();
        assert_eq!(rules, if is_regular { vec![] } else { vec![Rule::SerialNumber] });
        assert_eq!(read.value.write(), data(serial), "written as it was read");
    }

    #[rstest]
    #[case::no_serial(&data(&[1])[..16], "BER element")]
    #[case::empty_integer(&data(&[]), "without octets")]
    #[case::other_order(&[0x30, 5, 2, 1, 1, 0x30, 0], "expected tag 0x30")]
    #[case::one_member(&[0x30, 3, 2, 1, 1], "expected issuer and serialNumber")]
    fn what_is_no_name_and_number_is_refused(#[case] data: &[u8], #[case] says: &str) {
        let error = IssuerAndSerial::read(data).unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
    }

    #[test]
    fn two_forms_of_a_number_mean_the_same_certificate() {
        let one = IssuerAndSerial { issuer: NAME.to_vec(), serial: SerialNumber::new(&[0x2a]) };
        let other = IssuerAndSerial { serial: SerialNumber::new(&[0, 0x2a]), ..one.clone() };
        assert_eq!(one, other);
    }
}
