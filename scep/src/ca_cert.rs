//! GetCACert: the certificates of the CA in every form of the answer, RFC 8894 4.2.1 and older drafts.
//!
//! ```text
//!  one certificate                          application/x-x509-ca-cert
//!  certificates-only SignedData             application/x-x509-ca-ra-cert
//!  the same, to GetCACertChain              application/x-x509-ca-ra-cert-chain   (drafts before 2011)
//! ```
//!
//! Which certificate does what is in [`roles`].

pub mod roles;

use crate::certificate::Certificate;
use crate::cms::{SignedData, degenerate};
use crate::error::Result;
use crate::fault::{Faults, Layer};
use crate::finding::{Finding, Rule};
use crate::http::{CA_CERT, CA_CERT_CHAIN, CA_RA_CERT};
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
    /// Reads the body: its form is told by the octets, the Content-Type is the caller's to judge. A
    /// SignedData without the ContentInfo around it is taken, with a finding.
    ///
    /// # Errors
    /// When it is neither a certificate nor a SignedData with at least one, or a member is no certificate.
    pub fn read(body: &[u8], findings: &mut Vec<Finding>) -> Result<Self> {
        const WHAT: &str = "GetCACert answer";
        let source = Source::message(body);
        let outer = Tlv::read(source, 0)?.expect(WHAT, tag::SEQUENCE)?;
        // A certificate begins with its TBSCertificate, the others with an identifier or a version.
        if outer.members()?.first().is_some_and(|first| first.tag == tag::SEQUENCE) {
            let read = Certificate::read(source)?;
            findings.extend(read.findings);
            return Ok(Self { certificates: vec![read.value], is_chain: false });
        }
        let signed = read_certificates_only(source, findings)?;
        let certificates = signed.certificates.iter().map(|raw| raw.read()).collect::<Result<Vec<_>>>()?;
        if certificates.is_empty() {
            return Err(outer.malformed(WHAT, "expected certificates, got none"));
        }
        Ok(Self { certificates, is_chain: true })
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
        let mut body = parts.write();
        faults.layer(Layer::CaCertificates, &mut body, None);
        (CA_RA_CERT, body)
    }

    /// Content-Type and body of the answer to GetCACertChain, an operation of drafts before 2011: a
    /// degenerate SignedData, however many certificates there are.
    #[must_use]
    pub fn write_chain(certificates: &[Vec<u8>]) -> (&'static str, Vec<u8>) {
        (CA_CERT_CHAIN, degenerate(certificates).write())
    }

    /// The certificates of both answers, each once: GetCACert's first, then those that only the chain has.
    #[must_use]
    pub fn with_chain(mut self, chain: Self) -> Self {
        for certificate in chain.certificates {
            if !self.certificates.contains(&certificate) {
                self.certificates.push(certificate);
                self.is_chain = true;
            }
        }
        self
    }
}

/// Certificates, or a CRL, of a degenerate SignedData, RFC 8894 3.4. A SignedData without the ContentInfo
/// around it is taken; that, another eContentType, content and a signer are findings.
///
/// # Errors
/// When it is no SignedData.
pub fn read_certificates_only(source: Source<'_>, findings: &mut Vec<Finding>) -> Result<SignedData> {
    let signed = SignedData::read_bare(source, findings)?;
    let mut odd = |at, detail: String| findings.push(Finding { rule: Rule::UnexpectedStructure, at, detail });
    if signed.content_type != oid::DATA {
        let actual = oid::name(signed.content_type);
        odd(signed.content_type_place, format!("eContentType: expected data, got {actual}"));
    }
    // One of no octets has a rule of its own.
    if let Some(content) = signed.content.as_ref().filter(|content| !content.bytes.is_empty()) {
        let length = content.bytes.len();
        odd(content.place, format!("certificates-only: expected no eContent, got {length} octets"));
    }
    if let Some(signer) = signed.signers.first() {
        odd(signer.place, format!("certificates-only: expected no signer, got {}", signed.signers.len()));
    }
    Ok(signed)
}
