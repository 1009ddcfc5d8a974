//! Which of the CA's certificates does what. By what a certificate says, never by its place: a SET OF has
//! no order, and servers shuffle.
//!
//! ```text
//!                       keyUsage of the registration authority's certificates (not CAs)
//!  requests go to       keyEncipherment, alone before together; else no keyUsage; else the issuer
//!  CertReps come from   digitalSignature or no keyUsage; the others as a last resort
//!  the issuer is        the CA that issued those, else the lowest CA of the chain
//! ```
//!
//! RFC 8894 2.1.2 demands digitalSignature and, of a CA that is written to, keyEncipherment; 3.5.2 knows
//! that a well-known server sets them wrong. So a role that nobody may have is [`CaCertificates::recipient`]'s
//! error, and the caller's to overlook.

use super::CaCertificates;
use crate::certificate::{Certificate, KeyUsage};
use crate::error::{Error, Result};
use crate::name;

impl CaCertificates {
    /// The certificate that requests are enveloped to, as keyUsage has it: see the table above.
    ///
    /// # Errors
    /// When keyUsage permits it to no certificate.
    pub fn recipient(&self) -> Result<&Certificate> {
        let rank = |one: &Certificate| one.key_usage().map(|usage| !usage.has(KeyUsage::DIGITAL_SIGNATURE));
        let permitted = |one: &&Certificate| permits(one, KeyUsage::KEY_ENCIPHERMENT);
        best(self.registration_authorities().filter(permitted), rank)
            .or_else(|| self.issuer().filter(permitted))
            .or_else(|| newest(self.certificates.iter().filter(permitted)))
            .ok_or_else(|| Error::Misbehaved {
                what: "CA certificates (RFC 8894 2.1.2)",
                expected: "one whose keyUsage permits keyEncipherment".to_owned(),
                actual: self
                    .certificates
                    .iter()
                    .map(Certificate::subject_text)
                    .collect::<Vec<_>>()
                    .join("; "),
            })
    }

    /// Certificates that a CertRep may be signed with, those first whose keyUsage permits it. The others
    /// are there for servers that set keyUsage wrong: [`may_sign`] tells them apart.
    #[must_use]
    pub fn signers(&self) -> Vec<&Certificate> {
        let (permitted, others): (Vec<_>, Vec<_>) =
            self.certificates.iter().partition(|certificate| may_sign(certificate));
        [permitted, others].concat()
    }

    /// The certificate that issues: the CA that issued the registration authority's certificates, else
    /// the CA that issued no other CA here. None of an empty list only.
    #[must_use]
    pub fn issuer(&self) -> Option<&Certificate> {
        let authorities = || self.certificates.iter().filter(|one| one.is_ca());
        let of_a_registration_authority =
            authorities().filter(|ca| self.registration_authorities().any(|ra| ra.is_issued_by(ca)));
        let is_lowest = |ca: &&Certificate| {
            !authorities().any(|other| {
                name::same(&other.issuer, &ca.subject) && !name::same(&other.subject, &ca.subject)
            })
        };
        newest(of_a_registration_authority)
            .or_else(|| newest(authorities().filter(is_lowest)))
            .or_else(|| newest(authorities()))
            // Old CAs have certificates without basicConstraints.
            .or_else(|| newest(self.certificates.iter().filter(|one| name::same(&one.issuer, &one.subject))))
            .or_else(|| newest(self.certificates.iter()))
    }

    /// Certificates that are no CA's: beside the CA's they are a registration authority's.
    fn registration_authorities(&self) -> impl Iterator<Item = &Certificate> {
        self.certificates.iter().filter(|one| !one.is_ca())
    }
}

/// True when keyUsage permits signing a CertRep, or says nothing.
#[must_use]
pub fn may_sign(certificate: &Certificate) -> bool {
    permits(certificate, KeyUsage::DIGITAL_SIGNATURE)
}

fn permits(certificate: &Certificate, usage: u16) -> bool {
    certificate.key_usage().is_none_or(|stated| stated.has(usage))
}

/// The highest in rank; of equals the newest, and of those of one second one that their octets tell.
fn best<'a, R: Ord>(
    among: impl Iterator<Item = &'a Certificate>,
    rank: impl Fn(&Certificate) -> R,
) -> Option<&'a Certificate> {
    among.max_by(|a, b| {
        let key = |one: &Certificate| (rank(one), one.not_before);
        key(a).cmp(&key(b)).then_with(|| a.der.cmp(&b.der))
    })
}

fn newest<'a>(among: impl Iterator<Item = &'a Certificate>) -> Option<&'a Certificate> {
    best(among, |_| ())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use crate::ca_cert::CaCertificates;
    use crate::certificate::{Certificate, CertificateParts, Extension, KeyUsage};
    use crate::fault::Faults;
    use crate::key::PrivateKey;
    use crate::{UnixTime, name};

    const SIGN: u16 = KeyUsage::DIGITAL_SIGNATURE;
    const ENCRYPT: u16 = KeyUsage::KEY_ENCIPHERMENT;
    const ISSUE: u16 = KeyUsage::KEY_CERT_SIGN;

    /// A certificate of `subject` by `issuer`; the key's name goes with the common name.
    fn issue(subject: &str, issuer: &str, is_ca: bool, usage: Option<u16>, days: u64) -> Certificate {
        let key = |of: &str| {
            let name = match of {
                "ROOT" => "ca-rsa",
                "CA" => "ra-rsa",
                "RA1" => "pool-01",
                _ => "pool-02",
            };
            PrivateKey::from_pem(scep_vectors::keys::named(name).unwrap().pem.as_bytes()).unwrap()
        };
        let named = |of: &str| name::parse(&format!("CN={of}")).unwrap();
        let own = key(subject);
        let now = UnixTime(1_800_000_000 + days * 86_400);
        let mut parts = CertificateParts::self_signed(&named(subject), own.public(), vec![1], now);
        parts.issuer = named(issuer);
        parts.extensions = usage.map(Extension::key_usage).into_iter().collect();
        if is_ca {
            parts.extensions.push(Extension::basic_constraints(true));
        }
        Certificate::from_der(&parts.write(&key(issuer), &mut Faults::none()).unwrap()).unwrap()
    }

    /// Every order of the certificates.
    fn orders(all: &[Certificate]) -> Vec<Vec<Certificate>> {
        if all.is_empty() {
            return vec![Vec::new()];
        }
        let mut orders = Vec::new();
        for first in 0..all.len() {
            let mut rest = all.to_vec();
            let chosen = rest.remove(first);
            let tails = self::orders(&rest).into_iter();
            orders.extend(tails.map(|tail| [vec![chosen.clone()], tail].concat()));
        }
        orders
    }

    #[derive(Debug, Clone, Copy)]
    struct Roles {
        recipient: Option<&'static str>,
        signer: &'static str,
        issuer: &'static str,
    }

    /// The roles are the same in whatever order the certificates come.
    fn check(all: &[Certificate], expected: Roles) {
        for certificates in orders(all) {
            let ca = CaCertificates { certificates, is_chain: true };
            let name = |one: &Certificate| one.subject_text().replace("CN=", "");
            assert_eq!(ca.recipient().ok().map(name).as_deref(), expected.recipient);
            assert_eq!(ca.issuer().map(name).as_deref(), Some(expected.issuer));
            let signers = ca.signers();
            assert_eq!(signers.len(), all.len());
            // Those that may are before those that may not, and the expected one is among them.
            let may = signers.iter().filter(|one| super::may_sign(one)).count();
            let at = signers.iter().position(|one| name(one) == expected.signer);
            assert!(signers.iter().take(may).all(|one| super::may_sign(one)));
            assert!(at.is_some_and(|at| at < may || may == 0));
        }
    }

    fn root() -> Certificate {
        issue("ROOT", "ROOT", true, Some(ISSUE | SIGN | ENCRYPT), 0)
    }

    fn ca(usage: u16) -> Certificate {
        issue("CA", "ROOT", true, Some(usage), 1)
    }

    #[rstest]
    #[case::one_ca(&[root()], Some("ROOT"), "ROOT", "ROOT")]
    #[case::chain(&[root(), ca(ISSUE | SIGN | ENCRYPT)], Some("CA"), "CA", "CA")]
    #[case::split(
        &[ca(ISSUE), issue("RA1", "CA", false, Some(SIGN), 2), issue("RA2", "CA", false, Some(ENCRYPT), 2)],
        Some("RA2"), "RA1", "CA"
    )]
    #[case::split_with_root(
        &[root(), ca(ISSUE | SIGN | ENCRYPT), issue("RA1", "CA", false, Some(SIGN), 2),
          issue("RA2", "CA", false, Some(ENCRYPT), 2)],
        Some("RA2"), "RA1", "CA"
    )]
    #[case::one_ra_for_both(
        &[ca(ISSUE), issue("RA1", "CA", false, Some(SIGN | ENCRYPT), 2)], Some("RA1"), "RA1", "CA"
    )]
    #[case::dedicated_before_both(
        &[ca(ISSUE), issue("RA1", "CA", false, Some(SIGN | ENCRYPT), 3),
          issue("RA2", "CA", false, Some(ENCRYPT), 2)],
        Some("RA2"), "RA1", "CA"
    )]
    #[case::ra_without_key_usage(&[ca(ISSUE | SIGN), issue("RA1", "CA", false, None, 2)], Some("RA1"), "RA1", "CA")]
    #[case::signing_ra_leaves_the_envelope_to_the_ca(
        &[ca(ISSUE | ENCRYPT), issue("RA1", "CA", false, Some(SIGN), 2)], Some("CA"), "RA1", "CA"
    )]
    #[case::newer_of_two(
        &[issue("RA1", "CA", false, Some(ENCRYPT), 2), issue("RA2", "CA", false, Some(ENCRYPT), 3), ca(ISSUE)],
        Some("RA2"), "RA2", "CA"
    )]
    #[case::ra_of_the_root_beside_a_lower_ca(
        &[root(), ca(ISSUE), issue("RA1", "ROOT", false, Some(SIGN | ENCRYPT), 2)], Some("RA1"), "RA1", "ROOT"
    )]
    #[case::nobody_may_be_written_to(&[ca(ISSUE), issue("RA1", "CA", false, Some(SIGN), 2)], None, "RA1", "CA")]
    #[case::no_basic_constraints(&[issue("ROOT", "ROOT", false, None, 0)], Some("ROOT"), "ROOT", "ROOT")]
    fn roles_are_told_by_key_usage_and_issuer_in_every_order(
        #[case] all: &[Certificate],
        #[case] recipient: Option<&'static str>,
        #[case] signer: &'static str,
        #[case] issuer: &'static str,
    ) {
        check(all, Roles { recipient, signer, issuer });
    }
}
