//! Names of clients: as their requests have them, and as records are kept and searched by them.

use scep::csr::Csr;
use scep::name::{Name, TypeAndValue};
use serde::{Deserialize, Serialize};

/// The name of the client in a request, lower-cased.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientName(String);

/// A client's name in lower case, at most [`Requestor::LENGTH`] characters. Two names that differ in letter
/// case only, or after that many characters, are one Requestor.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Requestor(String);

/// There is no client name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("client name: expected one, got none")]
pub struct NoName;

/// Types of the subject's attributes that name a client: commonName, unstructuredName (PKCS#9, where Cisco's
/// routers put their host names) and serialNumber.
const NAMING: [&str; 3] = ["2.5.4.3", "1.2.840.113549.1.9.2", "2.5.4.5"];

impl ClientName {
    /// Takes a name: blanks around it are dropped, then it is lower-cased.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(name.trim().to_lowercase().chars().filter(|c| !c.is_control()).collect())
    }

    /// The name of the client in the subject of its request: the commonName; without one the
    /// unstructuredName, without that the serialNumber. None when it has no name, or several of that kind:
    /// only one of them could be the client's own.
    #[must_use]
    pub fn of_request(csr: &Csr) -> Option<Self> {
        Self::of_subject(&csr.subject)
    }

    /// The same for a subject, DER.
    #[must_use]
    pub fn of_subject(subject: &[u8]) -> Option<Self> {
        let subject = Name::from_der(subject)?;
        let values = |naming: &str| {
            let is_naming = |pair: &&TypeAndValue| scep::oid::dotted(pair.oid) == naming;
            subject.rdns.iter().flatten().filter(is_naming).collect::<Vec<_>>()
        };
        match NAMING.into_iter().map(values).find(|values| !values.is_empty())?.as_slice() {
            [one] => one.text().map(|text| Self::new(&text.lossy())).filter(|name| !name.0.is_empty()),
            _ => None,
        }
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl Requestor {
    /// Characters that are kept.
    pub const LENGTH: usize = 32;

    /// Takes a name: blanks around it are dropped, then it is lower-cased, then cut.
    ///
    /// # Errors
    /// When nothing is left.
    pub fn parse(name: &str) -> Result<Self, NoName> {
        let cut: String = ClientName::new(name).0.chars().take(Self::LENGTH).collect();
        if cut.is_empty() { Err(NoName) } else { Ok(Self(cut)) }
    }

    /// The name as it is stored.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Requestor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use scep::csr::{Csr, CsrParts};
    use scep::fault::Faults;
    use scep::key::PrivateKey;
    use scep::name;
    use scep::tlv::Source;

    use super::{ClientName, Requestor};

    #[rstest]
    #[case::lower("Router-1.LAB", "router-1.lab")]
    #[case::blanks("  r1 \n", "r1")]
    #[case::exactly("A2345678901234567890123456789012", "a2345678901234567890123456789012")]
    #[case::cut("A23456789012345678901234567890123", "a2345678901234567890123456789012")]
    #[case::characters_not_octets("Ä2345678901234567890123456789012Z", "ä2345678901234567890123456789012")]
    fn a_name_is_lower_cased_and_cut(#[case] name: &str, #[case] expected: &str) {
        assert_eq!(Requestor::parse(name).unwrap().text(), expected);
    }

    #[rstest]
    #[case("")]
    #[case(" \t ")]
    fn nothing_is_no_name(#[case] name: &str) {
        assert!(Requestor::parse(name).is_err());
    }

    #[rstest]
    #[case::common_name("/unstructuredName=R1.lab/serialNumber=FTX1/O=lab/CN=Gate", Some("gate"))]
    #[case::unstructured_name("/serialNumber=FTX1/unstructuredName=R1.lab", Some("r1.lab"))]
    #[case::serial_number("/O=lab/serialNumber=FTX1", Some("ftx1"))]
    #[case::none("/O=lab", None)]
    #[case::two("/CN=mine/CN=yours", None)]
    fn a_request_has_one_name_for_its_client(#[case] subject: &str, #[case] expected: Option<&str>) {
        let key = PrivateKey::from_pem(scep_vectors::keys::named("pool-00").unwrap().pem.as_bytes()).unwrap();
        let subject = name::parse(subject).unwrap();
        let der = CsrParts::new(&subject, key.public(), None).write(&key, &mut Faults::none()).unwrap();
        let csr = Csr::read(Source::message_data(&der)).unwrap().value;
        assert_eq!(ClientName::of_request(&csr).as_ref().map(ClientName::text), expected);
    }
}
