//! GetCACaps: what the server says it can, RFC 8894 3.5.

use scep::caps::Capabilities;
use scep::fault::Script;
use scep::finding::Finding;
use scep::http::Operation;

use super::query;
use crate::failure::Failure;
use crate::transport::Transport;

/// Asks for the capabilities. Nothing about the answer is judged but its status: what is no keyword is
/// ignored.
///
/// # Errors
/// When there is no answer, or an HTTP error. In an enrolment that means no capability at all.
pub fn getcaps(
    transport: &mut dyn Transport,
    script: &mut Script,
    findings: &mut Vec<Finding>,
) -> Result<Capabilities, Failure> {
    let response = query(Operation::GetCaCaps, false, transport, script)?;
    Ok(Capabilities::read(&response.body, findings))
}
