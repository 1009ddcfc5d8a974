//! GetCACaps: what the server says it can, RFC 8894 3.5.

use scep::caps::Capabilities;
use scep::http::Operation;

use super::session::{Line, Remarks, Session};
use crate::contact::Contact;
use crate::failure::Failure;

/// Asks for the capabilities. Nothing about the answer is judged but its status: what is no keyword is
/// ignored.
///
/// # Errors
/// When there is no answer, or an HTTP error. In an enrolment that means no capability at all.
pub fn getcaps(contact: &Contact, line: &mut Line<'_>) -> (Result<Capabilities, Failure>, Remarks) {
    let mut session = Session::new(contact, line);
    let result = session
        .query_for(Operation::GetCaCaps)
        .map(|response| Capabilities::read(&response.body, &mut session.remarks.findings));
    (result, session.into_remarks())
}
