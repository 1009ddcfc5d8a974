//! What a SUCCESS has to hold: the certificate for the requested key, the one that was asked for, or the CRL
//! of the issuer that was asked for. Never chosen by position: a SET OF has no order.

use super::Checks;
use super::asking::misbehaved;
use crate::ca_cert::CaCertificates;
use crate::certificate::Certificate;
use crate::cms::SignedData;
use crate::crl::Crl;
use crate::error::Result;
use crate::finding::Finding;
use crate::message::IssuerAndSerial;
use crate::name;
use crate::tlv::Source;

/// The wanted certificate, and those that came with it.
pub(super) type Picked = (Box<Certificate>, Vec<Certificate>);

/// The certificate for the requested key, RFC 8894 3.3.2.1.
pub(super) fn issued(payload: &SignedData, spki: &[u8], checks: Checks) -> Result<Picked> {
    pick(
        payload,
        checks.certificate_key,
        |one| one.spki == spki,
        |count| {
            misbehaved(
                "issued certificate (RFC 8894 3.3.2.1)",
                "one for the requested key",
                format!("{count} for other keys"),
            )
        },
    )
}

/// The certificate that a GetCert named, RFC 8894 4.5.1.
pub(super) fn queried(payload: &SignedData, query: &IssuerAndSerial, checks: Checks) -> Result<Picked> {
    pick(
        payload,
        checks.queried,
        |one| query.names(one),
        |count| {
            misbehaved(
                "answer to GetCert (RFC 8894 4.5.1)",
                format!("the certificate with serial number {}", query.serial),
                format!("{count} others"),
            )
        },
    )
}

fn pick(
    payload: &SignedData,
    is_checked: bool,
    is_wanted: impl Fn(&Certificate) -> bool,
    error: impl Fn(usize) -> crate::Error,
) -> Result<Picked> {
    let mut all: Vec<Certificate> =
        payload.certificates.iter().map(|raw| raw.read()).collect::<Result<_>>()?;
    let index = match all.iter().position(is_wanted) {
        Some(index) => index,
        None if is_checked || all.is_empty() => return Err(error(all.len())),
        None => 0,
    };
    Ok((Box::new(all.remove(index)), all))
}

/// The CRL of the issuer that a GetCRL named, RFC 8894 4.6.1. Older drafts name the CA's own certificate
/// instead of the one to be checked: then it is the CRL that this CA issues.
pub(super) fn crl(
    payload: &SignedData,
    query: &IssuerAndSerial,
    ca: &CaCertificates,
    checks: Checks,
    findings: &mut Vec<Finding>,
) -> Result<Crl> {
    const WHAT: &str = "answer to GetCRL (RFC 8894 4.6.1)";
    let mut lists = Vec::new();
    for der in &payload.crls {
        let read = Crl::read(Source::message_data(der))?;
        findings.extend(read.findings);
        lists.push(read.value);
    }
    if lists.is_empty() {
        let certificates = payload.certificates.len();
        return Err(misbehaved(WHAT, "a CRL", format!("none, and {certificates} certificates")));
    }
    let is_wanted = |crl: &Crl| {
        name::same(&crl.issuer, &query.issuer)
            || ca.certificates.iter().any(|own| query.names(own) && name::same(&crl.issuer, &own.subject))
    };
    let count = lists.len();
    let index = match lists.iter().position(is_wanted) {
        Some(index) => index,
        None if checks.queried => {
            return Err(misbehaved(WHAT, "the CRL of the named issuer", format!("{count} of others")));
        }
        None => 0,
    };
    let crl = lists.swap_remove(index);
    // Who skips the check of names is not to make it here.
    let verifies = |issuer: &Certificate| match checks.queried {
        true => crl.is_issued_by(issuer),
        false => issuer.public_key().is_ok_and(|key| crl.verifies_with(&key)),
    };
    if checks.crl_signature && !ca.certificates.iter().any(verifies) {
        return Err(misbehaved(WHAT, "a CRL that a certificate of the CA verifies", "none does"));
    }
    Ok(crl)
}
