//! Which CA certificates are used, RFC 8894 2.2: the one that the user named, and what it issued.

use std::fmt;

use crate::ca_cert::CaCertificates;
use crate::certificate::Certificate;
use crate::suite::Digest;
use crate::{Error, UnixTime, name};

/// How the CA is authenticated.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Trust {
    /// It is not: whatever the server sends is trusted, with a warning.
    #[default]
    Anything,
    /// One certificate of the answer has this fingerprint.
    Fingerprint(Fingerprint),
    /// One certificate of the answer is one of these or issued by one.
    Certificates(Vec<Certificate>),
}

/// A digest over a whole certificate, RFC 8894 2.2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// Which digest.
    pub digest: Digest,
    /// Its octets.
    pub octets: Vec<u8>,
}

/// No certificate of the answer is to be trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, got {actual}")]
pub struct Untrusted {
    /// What the user named.
    pub expected: String,
    /// What the server sent.
    pub actual: String,
}

impl Fingerprint {
    /// Reads hex digits, with colons or blanks between them if need be. Their number tells the digest:
    /// SHA-256, SHA-384, SHA-512, or SHA-1 for old configurations. MD5, which drafts of 1998 to 2005 used, is
    /// not read: whoever has nothing else makes the value himself.
    ///
    /// # Errors
    /// When they are no hex digits, or of no such number.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let digits: Vec<char> = text.chars().filter(|c| !matches!(c, ':' | ' ')).collect();
        let misuse = |detail: String| Error::Misuse { what: "fingerprint", detail };
        let digest = match digits.len() {
            64 => Digest::Sha256,
            96 => Digest::Sha384,
            128 => Digest::Sha512,
            40 => Digest::Sha1,
            other => {
                let expected = "64 hex digits (SHA-256), 96 (SHA-384), 128 (SHA-512) or 40 (SHA-1)";
                return Err(misuse(format!("expected {expected}, got {other} characters")));
            }
        };
        let octet = |pair: &[char]| {
            pair.iter()
                .try_fold(0, |octet: u8, digit| Some(octet << 4 | u8::try_from(digit.to_digit(16)?).ok()?))
        };
        let octets = digits.chunks(2).map(octet).collect::<Option<Vec<u8>>>();
        let octets = octets.ok_or_else(|| misuse(format!("expected hex digits, got `{text}`")))?;
        Ok(Self { digest, octets })
    }

    /// The fingerprint of a certificate.
    ///
    /// # Errors
    /// When the cryptographic library refuses the digest.
    pub fn of(certificate: &Certificate, digest: Digest) -> Result<Self, Error> {
        Ok(Self { digest, octets: certificate.fingerprint(digest)? })
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.digest.name())?;
        f.write_str(&hex::encode(&self.octets))
    }
}

impl Trust {
    /// Trusts every certificate of a PEM text.
    ///
    /// # Errors
    /// When there is none, or one is malformed.
    pub fn from_pem(pem: &[u8]) -> Result<Self, Error> {
        let all = crate::pem::read(pem, crate::pem::CERTIFICATE)?;
        if all.is_empty() {
            let detail = "expected PEM certificates, got none".to_owned();
            return Err(Error::Misuse { what: "CA file", detail });
        }
        all.iter().map(|der| Certificate::from_der(der)).collect::<Result<_, _>>().map(Self::Certificates)
    }

    /// The certificates of the answer that may be used: those that the user named, and, when `chain` is
    /// asked for, only such others as a usable CA certificate issued and that are valid now.
    ///
    /// # Errors
    /// When the answer has none that the user named.
    pub fn authenticate(
        &self,
        received: CaCertificates,
        chain: bool,
        now: UnixTime,
        warnings: &mut Vec<String>,
    ) -> Result<CaCertificates, Untrusted> {
        let anchors = self.anchors(&received.certificates)?;
        if *self == Self::Anything {
            warnings
                .push("the CA certificate was not authenticated: name it by fingerprint or file".to_owned());
        }
        if !chain {
            return Ok(received);
        }
        let certificates = usable(&received.certificates, anchors, now);
        for left in received.certificates.iter().filter(|one| !certificates.contains(one)) {
            let subject = left.subject_text();
            warnings.push(format!(
                "the CA certificate {subject} is not used: no trusted CA issued it, or not for now"
            ));
        }
        Ok(CaCertificates { certificates, is_chain: received.is_chain })
    }

    fn anchors(&self, received: &[Certificate]) -> Result<Vec<Certificate>, Untrusted> {
        match self {
            // A certificate whose issuer is not in the answer, or itself: nothing here can vouch for it.
            Self::Anything => {
                let is_issued_here = |one: &Certificate| {
                    received
                        .iter()
                        .any(|o| name::same(&o.subject, &one.issuer) && !name::same(&o.subject, &one.subject))
                };
                let tops: Vec<Certificate> =
                    received.iter().filter(|one| !is_issued_here(one)).cloned().collect();
                Ok(tops)
            }
            Self::Fingerprint(wanted) => {
                let fits =
                    |one: &&Certificate| one.fingerprint(wanted.digest).is_ok_and(|f| f == wanted.octets);
                let found: Vec<Certificate> = received.iter().filter(fits).cloned().collect();
                if found.is_empty() {
                    let of = |one: &Certificate| Fingerprint::of(one, wanted.digest).map(|f| f.to_string());
                    let actual: Vec<String> = received.iter().filter_map(|one| of(one).ok()).collect();
                    return Err(Untrusted { expected: wanted.to_string(), actual: actual.join(", ") });
                }
                Ok(found)
            }
            Self::Certificates(given) => {
                let fits = |one: &Certificate| given.iter().any(|ca| ca == one || one.is_issued_by(ca));
                if !received.iter().any(fits) {
                    let names = |all: &[Certificate]| {
                        all.iter().map(Certificate::subject_text).collect::<Vec<_>>().join("; ")
                    };
                    return Err(Untrusted {
                        expected: format!("the given certificate ({}) or one that it issued", names(given)),
                        actual: names(received),
                    });
                }
                Ok(given.clone())
            }
        }
    }
}

/// The received certificates that are anchors or issued, over any number of steps, by one.
fn usable(received: &[Certificate], mut trusted: Vec<Certificate>, now: UnixTime) -> Vec<Certificate> {
    let anchors = trusted.len();
    loop {
        let is_next = |one: &&Certificate| {
            !trusted.contains(one)
                && is_valid(one, now)
                && trusted
                    .iter()
                    .enumerate()
                    .any(|(i, ca)| (i < anchors || ca.is_ca()) && one.is_issued_by(ca))
        };
        let Some(next) = received.iter().find(is_next).cloned() else { break };
        trusted.push(next);
    }
    received.iter().filter(|one| trusted.contains(one)).cloned().collect()
}

fn is_valid(certificate: &Certificate, now: UnixTime) -> bool {
    certificate.not_before.is_none_or(|from| from <= now) && certificate.not_after.is_none_or(|to| now <= to)
}

#[cfg(test)]
mod tests {
    use crate::UnixTime;
    use crate::ca_cert::CaCertificates;
    use crate::certificate::{Certificate, CertificateParts, Extension, KeyUsage};
    use crate::fault::Faults;
    use crate::key::PrivateKey;
    use crate::name;
    use crate::suite::Digest;
    use rstest::rstest;

    use super::{Fingerprint, Trust};

    const NOW: UnixTime = UnixTime(1_800_000_000);

    fn key(name: &str) -> PrivateKey {
        PrivateKey::from_pem(scep_vectors::keys::named(name).unwrap().pem.as_bytes()).unwrap()
    }

    /// A certificate of `subject` for the key, signed by `issuer` with its key.
    fn issue(subject: &str, own: &str, issuer: &str, signed_with: &str, ca: bool, days: u64) -> Certificate {
        let parts = CertificateParts {
            serial: vec![u8::try_from(days).unwrap()],
            issuer: name::parse(issuer).unwrap(),
            subject: name::parse(subject).unwrap(),
            not_before: NOW.minus(days * 86_400),
            not_after: NOW.minus(days * 86_400).plus(30 * 86_400),
            spki: key(own).public().spki().to_vec(),
            extensions: vec![
                Extension::basic_constraints(ca),
                Extension::key_usage(KeyUsage::KEY_ENCIPHERMENT),
            ],
            digest: Digest::Sha256,
        };
        Certificate::from_der(&parts.write(&key(signed_with), &mut Faults::none()).unwrap()).unwrap()
    }

    fn ca() -> Certificate {
        issue("CN=CA", "ca-rsa", "CN=CA", "ca-rsa", true, 1)
    }

    fn ra(signed_with: &str, days: u64) -> Certificate {
        issue("CN=RA", "ra-rsa", "CN=CA", signed_with, false, days)
    }

    /// Subjects that may be used, and the number of warnings; None when nothing is trusted.
    fn authenticate(trust: &Trust, received: &[Certificate]) -> Option<(Vec<String>, usize)> {
        let mut warnings = Vec::new();
        let received = CaCertificates { certificates: received.to_vec(), is_chain: true };
        let used = trust.authenticate(received, true, NOW, &mut warnings).ok()?;
        Some((used.certificates.iter().map(Certificate::subject_text).collect(), warnings.len()))
    }

    #[rstest]
    #[case::sha256(Digest::Sha256)]
    #[case::sha384(Digest::Sha384)]
    #[case::sha512(Digest::Sha512)]
    #[case::sha1(Digest::Sha1)]
    fn the_named_certificate_is_found_by_its_fingerprint_with_colons_or_without(#[case] digest: Digest) {
        let plain: String =
            ca().fingerprint(digest).unwrap().iter().map(|octet| format!("{octet:02X}")).collect();
        let pairs: Vec<&str> =
            plain.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap()).collect();
        for text in [plain.clone(), pairs.join(":")] {
            let trust = Trust::Fingerprint(Fingerprint::parse(&text).unwrap());
            assert_eq!(authenticate(&trust, &[ca()]), Some((vec!["CN=CA".to_owned()], 0)));
        }
    }

    #[rstest]
    #[case::md5(&"0".repeat(32), "got 32 characters")]
    #[case::no_hex(&"g".repeat(64), "expected hex digits")]
    fn what_is_no_fingerprint_is_refused_with_what_was_expected(#[case] text: &str, #[case] says: &str) {
        assert!(Fingerprint::parse(text).unwrap_err().to_string().contains(says));
    }

    #[test]
    fn another_fingerprint_trusts_nothing_and_says_both() {
        let trust = Trust::Fingerprint(Fingerprint::parse(&"0".repeat(64)).unwrap());
        let received = CaCertificates { certificates: vec![ca()], is_chain: false };
        let error = trust.authenticate(received, true, NOW, &mut Vec::new()).unwrap_err();
        assert_eq!(error.actual, Fingerprint::of(&ca(), Digest::Sha256).unwrap().to_string());
        assert!(error.to_string().starts_with("expected sha-256 0000"), "{error}");
    }

    #[rstest]
    #[case::issued(ra("ca-rsa", 1), &["CN=CA", "CN=RA"], 0)]
    #[case::bad_signature(ra("pool-00", 1), &["CN=CA"], 1)]
    #[case::expired(ra("ca-rsa", 31), &["CN=CA"], 1)]
    fn an_ra_certificate_is_used_when_the_ca_issued_it_and_it_is_valid(
        #[case] ra: Certificate,
        #[case] used: &[&str],
        #[case] warnings: usize,
    ) {
        let fingerprint = Trust::Fingerprint(Fingerprint::of(&ca(), Digest::Sha256).unwrap());
        let given = Trust::Certificates(vec![ca()]);
        let expected: Vec<String> = used.iter().map(|name| (*name).to_owned()).collect();
        for (trust, extra) in [(fingerprint, 0), (given, 0), (Trust::Anything, 1)] {
            let actual = authenticate(&trust, &[ca(), ra.clone()]);
            assert_eq!(actual, Some((expected.clone(), warnings + extra)), "{trust:?}");
        }
    }

    #[test]
    fn a_given_ca_vouches_for_what_it_issued_though_it_is_not_sent() {
        let trust = Trust::Certificates(vec![ca()]);
        assert_eq!(authenticate(&trust, &[ra("ca-rsa", 1)]), Some((vec!["CN=RA".to_owned()], 0)));
        assert_eq!(authenticate(&trust, &[ra("pool-00", 1)]), None);
    }

    #[test]
    fn a_certificate_that_is_no_ca_vouches_for_nothing() {
        let device = issue("CN=RA", "ra-rsa", "CN=CA", "ca-rsa", false, 2);
        let below = issue("CN=X", "pool-01", "CN=RA", "ra-rsa", false, 3);
        let trust = Trust::Certificates(vec![ca()]);
        assert_eq!(authenticate(&trust, &[ca(), device, below]).unwrap().0, ["CN=CA", "CN=RA"]);
    }

    #[test]
    fn every_certificate_of_a_ca_file_counts() {
        let pem = format!("{}{}", ra("ca-rsa", 1).to_pem(), ca().to_pem());
        assert_eq!(
            Trust::from_pem(pem.as_bytes()).unwrap(),
            Trust::Certificates(vec![ra("ca-rsa", 1), ca()])
        );
        assert!(Trust::from_pem(b"no PEM").is_err());
    }
}
