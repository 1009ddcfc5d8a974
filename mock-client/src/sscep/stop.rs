//! Ends before the end: what is complained about, and with which exit code.

use super::exit::SscepExit;
use crate::failure::Failure;
use crate::transport::TransportErrorKind;

/// Why an operation ended before its end.
pub(super) struct Stop(pub(super) SscepExit, pub(super) String);

pub(super) type Step<T> = Result<T, Stop>;

pub(super) fn stop<T>(exit: SscepExit, complaint: impl Into<String>) -> Step<T> {
    Err(Stop(exit, complaint.into()))
}

pub(super) fn of_network(kind: Option<TransportErrorKind>) -> SscepExit {
    if kind == Some(TransportErrorKind::Timeout) { SscepExit::Timeout } else { SscepExit::Network }
}

/// An HTTP error is the network's to sscep, everything else a message that does not hold.
pub(super) fn of_rejection(error: &scep::Error) -> SscepExit {
    match error {
        scep::Error::Misbehaved { what, .. } if what.starts_with("HTTP status") => SscepExit::Network,
        scep::Error::Misbehaved { what, .. } if what.starts_with("pkiStatus") => SscepExit::Unset,
        _ => SscepExit::Pkcs7,
    }
}

pub(super) fn of_request(error: &scep::Error) -> SscepExit {
    match error {
        scep::Error::Misuse { .. } => SscepExit::General,
        _ => SscepExit::Pkcs7,
    }
}

pub(super) fn of_failure(failure: Failure) -> Stop {
    let exit = match &failure {
        Failure::Network(error) => of_network(Some(error.kind)),
        Failure::Answer { error, .. } => of_rejection(error),
        Failure::Untrusted(_) => SscepExit::Pkcs7,
        Failure::Journal(_) => SscepExit::File,
        Failure::Request(error) => of_request(error),
    };
    Stop(exit, failure.to_string())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{SscepExit, of_failure, of_network, of_rejection};
    use crate::failure::Failure;
    use crate::transport::{TransportError, TransportErrorKind};

    fn misbehaved(what: &'static str) -> scep::Error {
        scep::Error::Misbehaved { what, expected: "1".to_owned(), actual: "2".to_owned() }
    }

    #[rstest]
    #[case::timeout(Some(TransportErrorKind::Timeout), SscepExit::Timeout)]
    #[case::refused(Some(TransportErrorKind::Refused), SscepExit::Network)]
    #[case::unknown(None, SscepExit::Network)]
    fn r9_no_answer_in_time_has_a_code_of_its_own(
        #[case] kind: Option<TransportErrorKind>,
        #[case] exit: SscepExit,
    ) {
        assert_eq!(of_network(kind), exit);
        if let Some(kind) = kind {
            let failure = Failure::Network(TransportError { kind, detail: "by the test".to_owned() });
            assert_eq!(of_failure(failure).0, exit);
        }
    }

    #[test]
    fn r9_an_http_error_is_the_networks_and_the_rest_is_pkcs7() {
        assert_eq!(of_rejection(&misbehaved("HTTP status (RFC 8894 4.3.1)")), SscepExit::Network);
        assert_eq!(of_rejection(&misbehaved("signature (RFC 8894 3.1)")), SscepExit::Pkcs7);
    }
}
