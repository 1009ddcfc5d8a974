//! GetCACert and GetNextCACert: the certificates of the CA, authenticated, RFC 8894 2.2, 4.2 and 4.7.

use scep::ca_cert::CaCertificates;
use scep::client::Discovered;
use scep::http::Operation;

use super::session::{Line, Remarks, Session};
use crate::contact::Contact;
use crate::failure::Failure;

/// Asks for the CA's certificates and returns those that may be used.
///
/// # Errors
/// When there is no answer, it holds no certificate, or none that is to be trusted.
pub fn getca(contact: &Contact, line: &mut Line<'_>) -> (Result<CaCertificates, Failure>, Remarks) {
    let mut session = Session::new(contact, line);
    let result = session.discover(false).map(|discovered| discovered.ca);
    (result, session.into_remarks())
}

/// The CA as it is and as it will be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generations {
    /// Certificates of the CA of today.
    pub current: CaCertificates,
    /// Certificates of the next one, signed by the one of today; None when there is none yet.
    pub next: Option<CaCertificates>,
}

/// Asks for the certificates of the CA and, when the server announces that it has some, for those of the
/// next one.
///
/// # Errors
/// As [`getca`], and when the next certificates are not signed by the CA of today.
pub fn getnextca(contact: &Contact, line: &mut Line<'_>) -> (Result<Generations, Failure>, Remarks) {
    let mut session = Session::new(contact, line);
    let result = session.discover(true).and_then(|Discovered { ca, next_ca, capabilities }| {
        if !capabilities.has("GetNextCACert") {
            session.remarks.warnings.push("the server does not announce GetNextCACert".to_owned());
        }
        let unusable = |error| Failure::Answer { operation: Operation::GetNextCaCert.name(), error };
        Ok(Generations { current: ca, next: next_ca.transpose().map_err(unusable)? })
    });
    (result, session.into_remarks())
}
