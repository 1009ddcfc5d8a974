//! Certificates: the requester's own, the one that is issued, and the one that GetCACert gives.

use const_oid::ObjectIdentifier;
use serde::Deserialize;

use super::octets::{replace, unhex, xor_at};
use super::signature::Signer;
use super::{Faults, Operator};
use crate::certificate::{CertificateParts, Extension};
use crate::error::Result;
use crate::key::PublicKey;
use crate::suite::Digest;
use crate::{name, oid};

/// Operators on a certificate, before it is signed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "op", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Certificate {
    /// It certifies the issuer's key instead of the requested one.
    OtherKey {},
    /// It has another issuer.
    Issuer {
        /// RFC 4514 text.
        name: String,
    },
    /// It has another subject, and the same issuer: as self-signed as before.
    Name {
        /// RFC 4514 text.
        name: String,
    },
    /// It has another subject.
    Subject {
        /// RFC 4514 text.
        name: String,
    },
    /// Its serialNumber begins with other octets; the rest of it stays, so that no two are the same.
    Serial {
        /// The first content octets of the INTEGER.
        hex: String,
    },
    /// It is signed with another digest.
    Digest {
        /// `md5`, `sha-1`, …
        digest: String,
    },
    /// keyUsage has other bits; without `bits` the extension goes.
    KeyUsage {
        /// Bits as a number: digitalSignature 1, keyEncipherment 4, keyCertSign 32, cRLSign 64.
        bits: Option<u16>,
    },
    /// basicConstraints says so.
    IsCa {
        /// cA.
        ca: bool,
    },
    /// An extension of a private type is added.
    Extension {
        /// Identifier.
        oid: String,
        /// critical.
        critical: bool,
        /// Octets inside extnValue.
        hex: String,
    },
    /// One octet of its signature is changed.
    SignatureXor {
        /// Which.
        at: i64,
        /// Mask.
        xor: u8,
    },
}

impl Faults {
    /// The parts of a certificate, before it is signed with the key of `issuer`.
    pub(crate) fn certificate(&mut self, parts: &mut CertificateParts, issuer: &PublicKey) -> Result<()> {
        let mut outcome = Ok(());
        self.each(|operator| match operator {
            Operator::Certificate(operator) => operator.apply(parts, issuer).unwrap_or_else(|error| {
                outcome = Err(error);
                false
            }),
            Operator::Time(operator) => operator.certificate(parts),
            // Only a certificate with that extension can be named by it, and only the sender's own is named.
            Operator::Signer(Signer::SidKeyId {}) if parts.issuer == parts.subject => {
                let identifier = issuer.identifier().unwrap_or_default();
                set_extension(
                    &mut parts.extensions,
                    oid::SUBJECT_KEY_ID,
                    Some(Extension::subject_key_id(&identifier)),
                )
            }
            _ => false,
        });
        outcome
    }

    /// The signature of a certificate.
    pub(crate) fn certificate_signature(&mut self, signature: &mut [u8]) {
        self.each(|operator| match operator {
            Operator::Certificate(Certificate::SignatureXor { at, xor }) => xor_at(signature, *at, *xor),
            _ => false,
        });
    }
}

impl Certificate {
    fn apply(&self, parts: &mut CertificateParts, issuer: &PublicKey) -> Result<bool> {
        Ok(match self {
            Self::OtherKey {} => replace(&mut parts.spki, Some(issuer.spki().to_vec())),
            Self::Subject { name } => replace(&mut parts.subject, Some(name::parse(name)?)),
            Self::Issuer { name } => replace(&mut parts.issuer, Some(name::parse(name)?)),
            Self::Name { name } => {
                let name = name::parse(name)?;
                let is_issuer_other = replace(&mut parts.issuer, Some(name.clone()));
                replace(&mut parts.subject, Some(name)) || is_issuer_other
            }
            Self::Serial { hex } => {
                let first = unhex(hex);
                let rest = parts.serial.get(first.len()..).unwrap_or_default();
                let wanted = [first.as_slice(), rest].concat();
                replace(&mut parts.serial, Some(wanted))
            }
            Self::Digest { digest } => replace(&mut parts.digest, Digest::parse(digest)),
            Self::KeyUsage { bits } => {
                set_extension(&mut parts.extensions, oid::KEY_USAGE, bits.map(Extension::key_usage))
            }
            Self::IsCa { ca } => {
                let wanted = Extension::basic_constraints(*ca);
                set_extension(&mut parts.extensions, oid::BASIC_CONSTRAINTS, Some(wanted))
            }
            Self::Extension { oid, critical, hex } => match oid::parse(oid) {
                Some(oid) => {
                    let wanted = Extension { oid, critical: *critical, value: unhex(hex) };
                    set_extension(&mut parts.extensions, oid, Some(wanted))
                }
                None => false,
            },
            Self::SignatureXor { .. } => false,
        })
    }
}

/// Changes an extension in its place, adds it at the end, or takes it away; true when that changed anything.
fn set_extension(all: &mut Vec<Extension>, oid: ObjectIdentifier, wanted: Option<Extension>) -> bool {
    match (all.iter_mut().find(|extension| extension.oid == oid), wanted) {
        (Some(found), Some(wanted)) => replace(found, Some(wanted)),
        (Some(_), None) => {
            all.retain(|extension| extension.oid != oid);
            true
        }
        (None, Some(wanted)) => {
            all.push(wanted);
            true
        }
        (None, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use crate::certificate::{CertificateParts, Extension, KeyUsage};
    use crate::fault::{Faults, find};
    use crate::key::PrivateKey;
    use crate::{UnixTime, name};

    fn faults(id: &str) -> Faults {
        Faults::new(vec![find(id).unwrap()])
    }

    fn key() -> PrivateKey {
        PrivateKey::from_pem(scep_vectors::keys::named("pool-00").unwrap().pem.as_bytes()).unwrap()
    }

    #[rstest]
    #[case::usage_absent("certificate.no-key-usage", vec![Extension::basic_constraints(true)], None)]
    #[case::usage_gone(
        "certificate.no-key-usage",
        vec![Extension::key_usage(1), Extension::basic_constraints(true)],
        Some(vec![Extension::basic_constraints(true)])
    )]
    #[case::usage_is_so(
        "certificate.key-usage.no-ca-bits",
        vec![Extension::key_usage(KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_ENCIPHERMENT)],
        None
    )]
    #[case::usage_changed_in_its_place(
        "certificate.key-usage.no-ca-bits",
        vec![Extension::key_usage(1), Extension::basic_constraints(true)],
        Some(vec![Extension::key_usage(5), Extension::basic_constraints(true)])
    )]
    #[case::ca_is_so(
        "issue.is-ca",
        vec![Extension::basic_constraints(true), Extension::key_usage(1)],
        None
    )]
    #[case::ca_added(
        "issue.is-ca",
        vec![Extension::key_usage(1)],
        Some(vec![Extension::key_usage(1), Extension::basic_constraints(true)])
    )]
    fn an_extension_that_is_so_already_is_not_applied(
        #[case] id: &str,
        #[case] extensions: Vec<Extension>,
        #[case] changed: Option<Vec<Extension>>,
    ) {
        let (mut faults, key) = (faults(id), key());
        let mut parts = CertificateParts::self_signed(&[0x30, 0], key.public(), vec![1], UnixTime(0));
        parts.extensions.clone_from(&extensions);
        faults.certificate(&mut parts, key.public()).unwrap();
        assert_eq!(faults.applied().len(), usize::from(changed.is_some()));
        assert_eq!(parts.extensions, changed.unwrap_or(extensions));
    }

    #[test]
    fn a_name_of_which_only_the_issuer_changes_is_applied() {
        let (mut faults, key) = (faults("certificate.other-name"), key());
        let subject = name::parse("CN=somebody-else").unwrap();
        let mut parts = CertificateParts::self_signed(&subject, key.public(), vec![1], UnixTime(0));
        parts.issuer = name::parse("CN=CA").unwrap();
        faults.certificate(&mut parts, key.public()).unwrap();
        assert_eq!((parts.issuer, faults.applied().len()), (subject, 1));
    }
}
