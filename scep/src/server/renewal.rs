//! Who signed a request, as far as an authority has to know it to decide on a renewal, RFC 8894 2.4 and 2.5.
//! Whether that is enough is policy and not here; nor is revocation.

use super::Request;
use crate::UnixTime;
use crate::certificate::Certificate;

/// What the certificate that signed a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Signed with its own key: a first enrolment. It proves nothing about its subject (RFC 8894 2.3).
    SelfSigned,
    /// Issued by one of the given CA certificates.
    Issued(Validity),
    /// Anything else: no given certificate verifies it.
    Stranger,
}

/// Where a point in time lies in the validity of a certificate, RFC 5280 4.1.2.5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// Before notBefore.
    NotYet,
    /// Between both, which belong to it.
    Valid,
    /// After notAfter.
    Expired,
    /// One of the times is not in the form of DER.
    Unreadable,
}

impl Validity {
    /// Where `now` lies in the validity of the certificate.
    #[must_use]
    pub fn of(certificate: &Certificate, now: UnixTime) -> Self {
        match (certificate.not_before, certificate.not_after) {
            (Some(from), _) if now < from => Self::NotYet,
            (_, Some(to)) if to < now => Self::Expired,
            (Some(_), Some(_)) => Self::Valid,
            (None, _) | (_, None) => Self::Unreadable,
        }
    }
}

impl Standing {
    /// What a certificate is to a CA of these certificates: the current one, and those of former keys.
    #[must_use]
    pub fn of(signer: &Certificate, ca: &[Certificate], now: UnixTime) -> Self {
        if ca.iter().any(|issuer| signer.is_issued_by(issuer)) {
            Self::Issued(Validity::of(signer, now))
        } else if signer.is_self_signed() {
            Self::SelfSigned
        } else {
            Self::Stranger
        }
    }
}

impl Request {
    /// What the certificate that signed the request is to a CA of these certificates.
    #[must_use]
    pub fn standing(&self, ca: &[Certificate], now: UnixTime) -> Standing {
        Standing::of(&self.signer, ca, now)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{Standing, Validity};
    use crate::certificate::{Certificate, CertificateParts};
    use crate::fault::Faults;
    use crate::key::PrivateKey;
    use crate::{UnixTime, name};

    const NOW: UnixTime = UnixTime(1_800_000_000);
    const DAY: u64 = 86_400;

    /// A certificate of `own`, valid from a day before [`NOW`] to seven days after it.
    fn issue(own: &str, issuer: &str) -> Certificate {
        let key = |name: &str| {
            PrivateKey::from_pem(scep_vectors::keys::named(name).unwrap().pem.as_bytes()).unwrap()
        };
        let own_name = name::parse(&format!("CN={own}")).unwrap();
        let mut parts = CertificateParts::self_signed(&own_name, key(own).public(), vec![1], NOW);
        parts.issuer = name::parse(&format!("CN={issuer}")).unwrap();
        Certificate::from_der(&parts.write(&key(issuer), &mut Faults::none()).unwrap()).unwrap()
    }

    #[rstest]
    #[case::first_enrolment("pool-00", "pool-00", NOW, Standing::SelfSigned)]
    #[case::issued("pool-00", "ca-rsa", NOW, Standing::Issued(Validity::Valid))]
    #[case::last_second("pool-00", "ca-rsa", NOW.plus(7 * DAY), Standing::Issued(Validity::Valid))]
    #[case::expired("pool-00", "ca-rsa", NOW.plus(7 * DAY + 1), Standing::Issued(Validity::Expired))]
    #[case::not_yet("pool-00", "ca-rsa", NOW.minus(DAY + 1), Standing::Issued(Validity::NotYet))]
    #[case::of_another_ca("pool-00", "ra-rsa", NOW, Standing::Stranger)]
    fn the_standing_of_a_signer_is_told_by_its_issuer_and_the_time(
        #[case] own: &str,
        #[case] issuer: &str,
        #[case] now: UnixTime,
        #[case] expected: Standing,
    ) {
        assert_eq!(Standing::of(&issue(own, issuer), &[issue("ca-rsa", "ca-rsa")], now), expected);
    }

    #[test]
    fn a_name_alone_makes_no_issuer() {
        let mut stranger = issue("pool-00", "ra-rsa");
        stranger.issuer = name::parse("CN=ca-rsa").unwrap();
        let standing = Standing::of(&stranger, &[issue("ca-rsa", "ca-rsa")], NOW);
        assert_eq!(standing, Standing::Stranger);
    }

    #[test]
    fn a_certificate_of_a_former_key_of_the_ca_counts_when_it_is_given() {
        let ca = [issue("ra-rsa", "ra-rsa"), issue("ca-rsa", "ca-rsa")];
        assert_eq!(Standing::of(&issue("pool-00", "ca-rsa"), &ca, NOW), Standing::Issued(Validity::Valid));
    }
}
