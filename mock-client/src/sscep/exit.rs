//! The exit codes of sscep, as scripts know them.

use scep::attribute::FailInfo;

/// How an operation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SscepExit {
    /// Granted, or the query answered.
    Success,
    /// The command line makes no sense, or something without a code of its own.
    General,
    /// FAILURE without a defined failInfo.
    Failure,
    /// PENDING when polling ended.
    Pending,
    /// FAILURE with this failInfo.
    FailInfo(FailInfo),
    /// No answer in time.
    Timeout,
    /// The self-signed certificate could not be made, or a serial number is none.
    SelfSigned,
    /// A file could not be read or written.
    File,
    /// The request could not be sent, or its answer not received.
    Network,
    /// A message could not be written, or its answer not be accepted.
    Pkcs7,
    /// The answer has no pkiStatus, or an undefined one.
    Unset,
}

impl SscepExit {
    /// The number.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::General => 1,
            Self::Failure => 2,
            Self::Pending => 3,
            Self::FailInfo(reason) => 70 + reason.number(),
            Self::Timeout => 89,
            Self::SelfSigned => 91,
            Self::File => 93,
            Self::Network => 95,
            Self::Pkcs7 => 97,
            Self::Unset => 99,
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use scep::attribute::FailInfo;

    use super::SscepExit;

    #[rstest]
    #[case::granted(SscepExit::Success, 0)]
    #[case::general(SscepExit::General, 1)]
    #[case::failure(SscepExit::Failure, 2)]
    #[case::pending(SscepExit::Pending, 3)]
    #[case::bad_alg(SscepExit::FailInfo(FailInfo::BadAlg), 70)]
    #[case::bad_message_check(SscepExit::FailInfo(FailInfo::BadMessageCheck), 71)]
    #[case::bad_request(SscepExit::FailInfo(FailInfo::BadRequest), 72)]
    #[case::bad_time(SscepExit::FailInfo(FailInfo::BadTime), 73)]
    #[case::bad_cert_id(SscepExit::FailInfo(FailInfo::BadCertId), 74)]
    #[case::timeout(SscepExit::Timeout, 89)]
    #[case::self_signed(SscepExit::SelfSigned, 91)]
    #[case::file(SscepExit::File, 93)]
    #[case::network(SscepExit::Network, 95)]
    #[case::pkcs7(SscepExit::Pkcs7, 97)]
    #[case::unset(SscepExit::Unset, 99)]
    fn r9_exit_codes_are_those_that_scripts_know(#[case] exit: SscepExit, #[case] code: u8) {
        assert_eq!(exit.code(), code);
    }
}
