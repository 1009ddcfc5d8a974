//! From what is wrong with a request to the failInfo that tells its sender, RFC 8894 3.2.1.4.
//!
//! One place, without a default arm: a new refusal or error does not compile before it has a row here.
//! What a policy refuses (a wrong challengePassword, an unknown certificate, a signingTime far off) never
//! comes here: whoever holds the policy names badRequest, badCertId or badTime itself.

use super::Refusal;
use super::transaction::Denial;
use crate::attribute::FailInfo;
use crate::error::Error;

impl Refusal {
    /// The failInfo of RFC 8894 3.2.1.4 for this refusal.
    #[must_use]
    pub fn fail_info(&self) -> FailInfo {
        match self {
            // An algorithm not known or not supported: digest, cipher and key type alike, whatever the
            // error says of the value.
            Self::Algorithm(_) => FailInfo::BadAlg,
            // The CMS signature cannot be verified without the certificate that it names (2.3).
            Self::NoSignerCertificate => FailInfo::BadMessageCheck,
            // Integrity of the CMS message: messageDigest, signature, signed attributes.
            Self::MessageCheck(_) => FailInfo::BadMessageCheck,
            // 3.2.1.2 and the like: not permitted, not supported. Nothing fits better than the catch-all.
            Self::Attribute(_) => FailInfo::BadRequest,
            // Whatever is wrong inside the envelope is one answer: the padding, the PKCS#10, its key or its
            // signature (7.9). Whoever changes the last blocks of somebody else's request could tell from two
            // answers when the padding is right, and read it (RFC 8017 7.2.2 has the same for RSA).
            Self::Content(_) | Self::Possession => FailInfo::BadRequest,
            Self::Unreadable(error) => error.fail_info(),
        }
    }
}

impl Error {
    /// The failInfo for a request whose reading or opening ended with this error.
    #[must_use]
    pub fn fail_info(&self) -> FailInfo {
        match self {
            Self::Unsupported { .. } => FailInfo::BadAlg,
            // Also when an envelope does not open: one answer, whatever went wrong in it, or it would tell
            // about the padding (RFC 8017 7.2.2).
            Self::WrongKey { .. } => FailInfo::BadRequest,
            Self::Malformed { .. } | Self::Misbehaved { .. } => FailInfo::BadRequest,
            // Ours, not the sender's: no failInfo is for that, and the request is not answered otherwise.
            Self::Misuse { .. } | Self::Crypto(_) => FailInfo::BadRequest,
        }
    }
}

impl Denial {
    /// The failInfo of RFC 8894 3.2.1.4 for a message whose transaction does not allow it.
    #[must_use]
    pub fn fail_info(self) -> FailInfo {
        match self {
            Self::InUse(_) | Self::Rejected => FailInfo::BadRequest,
            // A poll names its certificate by the transaction (4.4); badRequest would be lawful too.
            Self::UnknownPoll => FailInfo::BadCertId,
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{Denial, Error, FailInfo, Refusal};
    use crate::finding::{Part, Place};
    use crate::server::transaction::Conflict;

    fn malformed() -> Error {
        let at = Place { part: Part::Message, start: 0, end: 1 };
        Error::Malformed { what: "x", detail: String::new(), at }
    }

    fn unsupported() -> Error {
        Error::Unsupported { what: "digest", actual: "md4".to_owned() }
    }

    fn misbehaved() -> Error {
        Error::Misbehaved { what: "x", expected: String::new(), actual: String::new() }
    }

    #[rstest]
    #[case::digest(Refusal::Algorithm(unsupported()), FailInfo::BadAlg)]
    #[case::key(Refusal::Algorithm(malformed()), FailInfo::BadAlg)]
    #[case::no_certificate(Refusal::NoSignerCertificate, FailInfo::BadMessageCheck)]
    #[case::signature(Refusal::MessageCheck("x"), FailInfo::BadMessageCheck)]
    #[case::attribute(Refusal::Attribute("x"), FailInfo::BadRequest)]
    #[case::possession(Refusal::Possession, FailInfo::BadRequest)]
    #[case::unreadable(Refusal::Unreadable(malformed()), FailInfo::BadRequest)]
    #[case::payload(Refusal::Content(malformed()), FailInfo::BadRequest)]
    #[case::no_envelope(Refusal::Content(misbehaved()), FailInfo::BadRequest)]
    #[case::does_not_open(Refusal::Content(Error::WrongKey { what: "envelope" }), FailInfo::BadRequest)]
    #[case::key_type_inside(Refusal::Content(unsupported()), FailInfo::BadRequest)]
    #[case::library(Refusal::Content(Error::Crypto(String::new())), FailInfo::BadRequest)]
    fn every_refusal_has_the_fail_info_of_the_rfc(#[case] refusal: Refusal, #[case] expected: FailInfo) {
        assert_eq!(refusal.fail_info(), expected, "{refusal}");
    }

    #[rstest]
    #[case::in_use(Denial::InUse(Conflict::OtherKey), FailInfo::BadRequest)]
    #[case::rejected(Denial::Rejected, FailInfo::BadRequest)]
    #[case::unknown(Denial::UnknownPoll, FailInfo::BadCertId)]
    fn every_denial_has_the_fail_info_of_the_rfc(#[case] denial: Denial, #[case] expected: FailInfo) {
        assert_eq!(denial.fail_info(), expected, "{denial}");
    }
}
