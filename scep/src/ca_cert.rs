//! GetCACert: the answer in both content types, RFC 8894 4.2.1.

use crate::certificate::{Certificate, KeyUsage};
use crate::cms::{SignedData, degenerate};
use crate::error::{Error, Result};
use crate::fault::Faults;
use crate::finding::Finding;
use crate::http::{CA_CERT, CA_RA_CERT};
use crate::oid;
use crate::tlv::{Source, Tlv, tag};

/// The certificates of a GetCACert answer, in wire order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaCertificates {
    /// The certificates; at least one.
    pub certificates: Vec<Certificate>,
    /// True when they came as a degenerate SignedData, false for a single certificate.
    pub is_chain: bool,
}

impl CaCertificates {
    /// Reads the body: its form is told by the octets, the Content-Type is the caller's to judge.
    ///
    /// # Errors
    /// When it is neither a certificate nor a SignedData with at least one, or a member is no certificate.
    pub fn read(body: &[u8], findings: &mut Vec<Finding>) -> Result<Self> {
        let source = Source::message(body);
        let outer = Tlv::read(source, 0)?.expect("GetCACert answer", tag::SEQUENCE)?;
        if outer.members()?.first().is_some_and(|first| first.tag == tag::OID) {
            let signed = SignedData::read(source, findings)?;
            let certificates =
                signed.certificates.iter().map(|raw| raw.read()).collect::<Result<Vec<_>>>()?;
            if certificates.is_empty() {
                return Err(outer.malformed("GetCACert answer", "expected certificates, got none"));
            }
            return Ok(Self { certificates, is_chain: true });
        }
        let read = Certificate::read(source)?;
        findings.extend(read.findings);
        Ok(Self { certificates: vec![read.value], is_chain: false })
    }

    /// Content-Type and body of the answer: a single certificate as it is, several as a degenerate
    /// SignedData, changed by faults on certificates-only payloads.
    #[must_use]
    pub fn write(certificates: &[Vec<u8>], faults: &mut Faults) -> (&'static str, Vec<u8>) {
        if let [single] = certificates {
            return (CA_CERT, single.clone());
        }
        let mut parts = degenerate(certificates);
        faults.degenerate(&mut parts);
        (CA_RA_CERT, parts.write())
    }

    /// The certificate that requests are enveloped to: one whose keyUsage permits keyEncipherment, not a
    /// CA certificate if an RA certificate does; without keyUsage anything goes (summary of RFC 8894 3.5.2).
    ///
    /// # Errors
    /// When no certificate permits it.
    pub fn recipient(&self) -> Result<&Certificate> {
        self.choose(KeyUsage::KEY_ENCIPHERMENT, "keyEncipherment")
    }

    /// Certificates that may have signed a CertRep: all of them.
    #[must_use]
    pub fn signers(&self) -> &[Certificate] {
        &self.certificates
    }

    /// The certificate that issues: a CA certificate that no other CA certificate here is issued by, else
    /// the first.
    #[must_use]
    pub fn issuer(&self) -> Option<&Certificate> {
        let is_leaf = |c: &&Certificate| {
            c.is_ca()
                && !self
                    .certificates
                    .iter()
                    .any(|o| o.is_ca() && o.issuer == c.subject && o.subject != c.subject)
        };
        self.certificates.iter().find(is_leaf).or_else(|| self.certificates.first())
    }

    fn choose(&self, usage: u16, name: &'static str) -> Result<&Certificate> {
        let permits = |c: &&Certificate| c.key_usage().is_none_or(|u| u.has(usage));
        self.certificates
            .iter()
            .filter(permits)
            .find(|c| !c.is_ca())
            .or_else(|| self.issuer().filter(permits))
            .or_else(|| self.certificates.iter().find(permits))
            .ok_or_else(|| Error::Misbehaved {
                what: "CA certificates (RFC 8894 2.1.2)",
                expected: format!("one whose keyUsage permits {name}"),
                actual: self.certificates.iter().map(|c| c.subject_text()).collect::<Vec<_>>().join("; "),
            })
    }
}

/// Certificates of a decrypted certificates-only messageData, RFC 8894 3.4.
///
/// # Errors
/// When it is no SignedData.
pub fn read_certificates_only(source: Source<'_>, findings: &mut Vec<Finding>) -> Result<SignedData> {
    let signed = SignedData::read(source, findings)?;
    if signed.content_type != oid::DATA {
        findings.push(Finding {
            rule: crate::Rule::UnexpectedStructure,
            at: signed.content_type_place,
            detail: format!("eContentType: expected data, got {}", oid::name(signed.content_type)),
        });
    }
    Ok(signed)
}
