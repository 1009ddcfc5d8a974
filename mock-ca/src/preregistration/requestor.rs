//! The Requestor: a client's name as records are kept and searched by it.

use scep::csr::Csr;
use scep::name::{Name, TypeAndValue};
use serde::{Deserialize, Serialize};

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
/// routers put their host names) and serialNumber, the likelier one first.
const NAMING: [&str; 3] = ["2.5.4.3", "1.2.840.113549.1.9.2", "2.5.4.5"];

impl Requestor {
    /// Characters that are kept.
    pub const LENGTH: usize = 32;

    /// Takes a name: blanks around it are dropped, then it is lower-cased, then cut.
    ///
    /// # Errors
    /// When nothing is left.
    pub fn parse(name: &str) -> Result<Self, NoName> {
        let lower = name.trim().to_lowercase();
        let cut: String = lower.chars().filter(|c| !c.is_control()).take(Self::LENGTH).collect();
        if cut.is_empty() { Err(NoName) } else { Ok(Self(cut)) }
    }

    /// The name as it is stored.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// The names that a request has for its client, the likelier one first.
    #[must_use]
    pub fn of_request(csr: &Csr) -> Vec<Self> {
        let subject = Name::from_der(&csr.subject).unwrap_or_default();
        let mut found: Vec<Self> = Vec::new();
        for naming in NAMING {
            let is_naming = |pair: &&TypeAndValue| scep::oid::dotted(pair.oid) == naming;
            for pair in subject.rdns.iter().flatten().filter(is_naming) {
                let requestor = pair.text().and_then(|text| Self::parse(&text.lossy()).ok());
                found.extend(requestor.filter(|requestor| !found.contains(requestor)));
            }
        }
        found
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

    use super::Requestor;

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

    #[test]
    fn a_request_names_its_client_in_several_ways() {
        let key = PrivateKey::from_pem(scep_vectors::keys::named("pool-00").unwrap().pem.as_bytes()).unwrap();
        let subject =
            name::parse("/unstructuredName=R1.lab/serialNumber=FTX1/O=lab/CN=Gate/CN=R1.LAB").unwrap();
        let der = CsrParts::new(&subject, key.public(), None).write(&key, &mut Faults::none()).unwrap();
        let csr = Csr::read(Source::message_data(&der)).unwrap().value;
        let names: Vec<String> =
            Requestor::of_request(&csr).iter().map(|requestor| requestor.text().to_owned()).collect();
        assert_eq!(names, ["gate", "r1.lab", "ftx1"]);
    }
}
