//! GetCACert: the certificates of the CA, authenticated, RFC 8894 2.2 and 4.2.

use scep::UnixTime;
use scep::ca_cert::CaCertificates;
use scep::client::Trust;
use scep::fault::Script;
use scep::finding::Finding;
use scep::http::{CA_CERT, CA_RA_CERT, Operation};

use super::query;
use crate::conduct::Conduct;
use crate::failure::Failure;
use crate::transport::Transport;

/// What the reader and the trust rules had to say about the CA's certificates.
#[derive(Debug, Default)]
pub struct Remarks {
    /// Departures that the readers stepped over.
    pub findings: Vec<Finding>,
    /// What the user should know.
    pub warnings: Vec<String>,
}

/// Asks for the CA's certificates and returns those that may be used.
///
/// # Errors
/// When there is no answer, it holds no certificate, or none that is to be trusted.
pub fn getca(
    trust: &Trust,
    conduct: &Conduct,
    now: UnixTime,
    transport: &mut dyn Transport,
    script: &mut Script,
    remarks: &mut Remarks,
) -> Result<CaCertificates, Failure> {
    let response = query(Operation::GetCaCert, !conduct.checks.http_status, transport, script)?;
    let received = CaCertificates::read(&response.body, &mut remarks.findings)
        .map_err(|error| Failure::Answer { operation: Operation::GetCaCert.name(), error })?;
    let expected = if received.is_chain { CA_RA_CERT } else { CA_CERT };
    if response.media_type().as_deref() != Some(expected) {
        let actual = response.content_type.as_deref().unwrap_or("none");
        remarks.warnings.push(format!("GetCACert content type: expected {expected}, got {actual}"));
    }
    let trust = if conduct.ca_pin { trust } else { &Trust::Anything };
    Ok(trust.authenticate(received, conduct.ca_chain, now, &mut remarks.warnings)?)
}
