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
