//! What a SignedData can be read in spite of: versions, algorithm parameters, members of the certificates
//! field, the digest that is not announced. Findings only; [`super::signed_data`] has the values.

use std::collections::BTreeSet;

use const_oid::ObjectIdentifier;

use super::{RawCertificate, SignedData};
use crate::finding::{Finding, Rule};
use crate::oid;
use crate::tlv::{Tlv, tag};

/// Reports what is odd about the SignedData as a whole.
pub(super) fn report(value: &SignedData, version: &Tlv<'_>, digests: &Tlv<'_>, findings: &mut Vec<Finding>) {
    let mut report = |rule, at, detail: String| findings.push(Finding { rule, at, detail });
    // RFC 5652 5.1: 3 with a signer of version 3, or with another content than data; higher ones only with
    // certificates that SCEP does not know.
    let is_plain = value.content_type == oid::DATA && value.signers.iter().all(|s| !names_key(&s.sid));
    let expected = if is_plain { 1 } else { 3 };
    if version.content() != [expected] && value.certificates.iter().all(|raw| raw.is_x509()) {
        report(
            Rule::CmsVersion,
            version.place(),
            format!("SignedData: expected version {expected}, got {:02x?}", version.content()),
        );
    }
    if let Some(content) = value.content.as_ref().filter(|content| content.bytes.is_empty()) {
        report(Rule::EmptyContent, content.place, "eContent with no octets".to_owned());
    }
    if value.signers.len() > 1 {
        report(
            Rule::SeveralSigners,
            value.place,
            format!("expected one SignerInfo, got {}", value.signers.len()),
        );
    }
    for signer in &value.signers {
        if !value.digest_algorithms.contains(&signer.digest_algorithm) {
            let announced: Vec<String> = value.digest_algorithms.iter().map(|oid| oid::name(*oid)).collect();
            let digest = oid::name(signer.digest_algorithm);
            report(
                Rule::DigestNotAnnounced,
                digests.place(),
                format!("expected {digest}, got [{}]", announced.join(", ")),
            );
        }
    }
}

/// Reports members of the certificates field that are no certificate or are there already, and what is odd
/// about the certificates themselves.
pub(super) fn report_certificates(certificates: &[RawCertificate], findings: &mut Vec<Finding>) {
    let mut seen = BTreeSet::new();
    for raw in certificates {
        if !seen.insert(raw.der.as_slice()) {
            findings.push(Finding {
                rule: Rule::DuplicateCertificate,
                at: raw.place,
                detail: "this certificate is there already".to_owned(),
            });
        }
        if raw.is_x509() {
            // One that cannot be read is no signer's; what can be read of it is not worth an error.
            let _ = raw.read_with(findings);
            continue;
        }
        let kind = match raw.der.first() {
            Some(0xa0) => "an extended certificate of PKCS#6",
            Some(0xa1) => "an attribute certificate of version 1",
            Some(0xa2) => "an attribute certificate",
            Some(0xa3) => "a certificate of another format",
            _ => "something else",
        };
        findings.push(Finding {
            rule: Rule::OtherCertificate,
            at: raw.place,
            detail: format!("expected a certificate, got {kind}"),
        });
    }
}

/// Reports what is odd about version and sid of a SignerInfo.
pub(super) fn report_signer(version: &Tlv<'_>, sid: &Tlv<'_>, findings: &mut Vec<Finding>) {
    let by_key = names_key(sid.bytes());
    if by_key {
        findings.push(Finding {
            rule: Rule::SignerKeyIdentifier,
            at: sid.place(),
            detail: "expected issuer and serial number, got a key identifier".to_owned(),
        });
    }
    let expected = if by_key { 3 } else { 1 };
    if version.content() != [expected] {
        findings.push(Finding {
            rule: Rule::CmsVersion,
            at: version.place(),
            detail: format!("SignerInfo: expected version {expected}, got {:02x?}", version.content()),
        });
    }
}

/// True for a SignerIdentifier that is a subjectKeyIdentifier.
fn names_key(sid: &[u8]) -> bool {
    sid.first().is_some_and(|first| first & !tag::CONSTRUCTED == tag::context_primitive(0))
}

/// Reports parameters that do not go with the algorithm. Digests have none or NULL (RFC 5754 2), RSA with
/// PKCS#1 v1.5 has NULL (RFC 3370 3.2, RFC 4055 5); of other algorithms nothing is said here.
pub(super) fn report_parameters(algorithm: &Tlv<'_>, findings: &mut Vec<Finding>) {
    const DIGESTS: [ObjectIdentifier; 5] = [oid::MD5, oid::SHA1, oid::SHA256, oid::SHA384, oid::SHA512];
    const RSA: [ObjectIdentifier; 6] = [
        oid::RSA_ENCRYPTION,
        oid::MD5_WITH_RSA,
        oid::SHA1_WITH_RSA,
        oid::SHA256_WITH_RSA,
        oid::SHA384_WITH_RSA,
        oid::SHA512_WITH_RSA,
    ];
    let Ok(members) = algorithm.members() else { return };
    let (first, rest) = members.split_at(members.len().min(1));
    let Some(Ok(id)) = first.first().map(|id| ObjectIdentifier::from_bytes(id.content())) else { return };
    let is_null = matches!(rest, [null] if null.tag == tag::NULL && null.content().is_empty());
    let expected = if RSA.contains(&id) && !is_null {
        "NULL"
    } else if DIGESTS.contains(&id) && !is_null && !rest.is_empty() {
        "none or NULL"
    } else {
        return;
    };
    let actual = rest.first().map_or_else(|| "none".to_owned(), |first| format!("tag 0x{:02x}", first.tag));
    findings.push(Finding {
        rule: Rule::AlgorithmParameters,
        at: algorithm.place(),
        detail: format!("{}: expected parameters {expected}, got {actual}", oid::name(id)),
    });
}
