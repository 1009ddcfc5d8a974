//! The operations, each over a transport: CA queries and enrolment.

pub mod enroll;
pub mod getca;
pub mod getcaps;

pub use enroll::{EnrolConfig, Enrolled, enroll};
pub use getca::getca;
pub use getcaps::getcaps;

use scep::Error;
use scep::fault::Script;
use scep::http::{HttpRequest, HttpResponse, Operation};

use crate::failure::Failure;
use crate::transport::Transport;

/// Sends a query without request data, changed by the faults for it, and returns the body of the answer;
/// `any_status` takes it from an HTTP error too.
fn query(
    operation: Operation,
    any_status: bool,
    transport: &mut dyn Transport,
    script: &mut Script,
) -> Result<HttpResponse, Failure> {
    let mut request = HttpRequest::query(operation);
    let mut faults = script.next(operation.name(), None);
    faults.request(&mut request);
    script.record(&faults);
    let response = transport.send(&request)?;
    if response.status == 200 || any_status {
        return Ok(response);
    }
    Err(Failure::Answer {
        operation: operation.name(),
        error: Error::Misbehaved {
            what: "HTTP status",
            expected: "200".to_owned(),
            actual: response.status.to_string(),
        },
    })
}
