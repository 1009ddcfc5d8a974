//! An existing certificate as the credential of a request: it signed it, RFC 8894 2.4 and 3.3.1.2.

use clap::ValueEnum;
use scep::attribute::{FailInfo, MessageType};
use scep::csr::Csr;
use scep::name;
use scep::server::renewal::{Standing, Validity};
use serde::Deserialize;

use super::{Checks, Credential, Refusal};

/// Whether and how certificates are renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Renewal {
    /// Whether the operator has a say.
    pub mode: Mode,
    /// Days after its notAfter during which a certificate still renews itself.
    pub expired_days: u32,
    /// The new certificate may have another subject.
    pub subject_change: bool,
}

/// Whether the operator has a say in a renewal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// No: the certificate is issued at once.
    #[default]
    Automatic,
    /// Yes: every renewal waits for the operator.
    Manual,
    /// Nothing is renewed.
    Off,
}

/// Who signed a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// What its certificate is to this CA.
    pub standing: Standing,
    /// subject of its certificate, DER.
    pub subject: Vec<u8>,
    /// serialNumber of its certificate, hexadecimal.
    pub serial: String,
    /// Seconds since its notAfter; zero before.
    pub expired_for: u64,
    /// What the store knows of its certificate.
    pub record: Record,
}

/// What the store knows of the certificate of a signer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Record {
    /// Nothing: it was never issued here.
    Unknown,
    /// It was issued here and is not revoked.
    Good,
    /// It was issued here and is revoked.
    Revoked,
}

/// What a signer's certificate makes of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Offer {
    /// It is no credential, and the request does not say that it is: a first enrolment.
    None,
    /// It is one.
    Good(Credential),
    /// The request says that it is one, and it is not.
    Bad(Refusal),
}

/// Judges the signer's certificate as a credential. A RenewalReq stands or falls with it; a PKCSReq without
/// a challengePassword may be the renewal of a client that knows older drafts.
pub(super) fn judge(
    csr: &Csr,
    message_type: MessageType,
    signer: &Signer,
    policy: Renewal,
    checks: &Checks,
) -> Offer {
    let is_explicit = message_type == MessageType::RenewalReq;
    if !is_explicit && csr.challenge.as_ref().is_some_and(|text| !text.lossy().is_empty()) {
        return Offer::None;
    }
    // Without that check whoever sends a RenewalReq is taken for the owner of a certificate, and nobody else.
    let checks = Checks { renewal_signer: checks.renewal_signer || !is_explicit, ..*checks };
    match doubt(csr, signer, policy, &checks) {
        None => Offer::Good(Credential::Certificate { serial: signer.serial.clone() }),
        Some(doubt) if is_explicit => Offer::Bad(Refusal::new(FailInfo::BadRequest, doubt, doubt)),
        Some(_) => Offer::None,
    }
}

/// Why a certificate does not renew itself.
fn doubt(csr: &Csr, signer: &Signer, policy: Renewal, checks: &Checks) -> Option<&'static str> {
    let grace = u64::from(policy.expired_days) * 86_400;
    if policy.mode == Mode::Off || !checks.renewal {
        return Some("renewal is not offered");
    }
    match signer.standing {
        Standing::SelfSigned | Standing::Stranger if !checks.renewal_signer => return None,
        Standing::SelfSigned => return Some("the request is signed with a self-signed certificate"),
        Standing::Stranger => return Some("the certificate of the signer is not of this CA"),
        Standing::Issued(Validity::Valid) => {}
        Standing::Issued(Validity::Expired) if signer.expired_for <= grace || !checks.renewal_expired => {}
        Standing::Issued(Validity::Expired) => return Some("the certificate of the signer has expired"),
        Standing::Issued(Validity::NotYet | Validity::Unreadable) => {
            return Some("the certificate of the signer is not valid yet");
        }
    }
    match signer.record {
        Record::Good => {}
        Record::Revoked if !checks.renewal_revoked => {}
        Record::Revoked => return Some("the certificate of the signer is revoked"),
        // The authority's own certificates verify too, and enrol nobody.
        Record::Unknown => return Some("the certificate of the signer was not issued to a client"),
    }
    let is_same = name::same(&csr.subject, &signer.subject);
    if !is_same && !policy.subject_change && checks.renewal_subject {
        return Some("the certificate of the signer has another subject");
    }
    if !checks.renewal_alone && csr.challenge.is_none() {
        return Some("there is no challengePassword beside the certificate of the signer");
    }
    None
}
