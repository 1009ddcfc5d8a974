//! GetCACaps, GetCACert and GetNextCACert.

use scep::fault::Faults;
use scep::http::{HttpRequest, Operation};
use scep::next_ca::NextCa;

use super::Call;
use super::stage::Stage;
use crate::runner::Error;
use crate::transcript::Reply;

/// GET GetCACaps.
pub(super) async fn get_ca_caps(stage: &mut Stage<'_>, call: &Call) -> Result<(), Error> {
    query(stage, call, Operation::GetCaCaps).await
}

/// GET GetCACert.
pub(super) async fn get_ca_cert(stage: &mut Stage<'_>, call: &Call) -> Result<(), Error> {
    query(stage, call, Operation::GetCaCert).await
}

/// GET GetNextCACert; the certificates are kept, for requests that are enveloped to the next CA.
pub(super) async fn get_next_ca_cert(stage: &mut Stage<'_>, call: &Call) -> Result<(), Error> {
    let request = HttpRequest::query(Operation::GetNextCaCert);
    let reply = stage.send_http(call, request, &mut Faults::new(call.faults.clone()), None, None).await;
    // Whether its signature holds is for a check to say.
    if let Reply::Answered(response) = reply
        && let Ok(read) = NextCa::read(&response.body)
    {
        stage.remember_next(read.value.unverified().clone());
    }
    Ok(())
}

async fn query(stage: &mut Stage<'_>, call: &Call, operation: Operation) -> Result<(), Error> {
    let mut request = HttpRequest::query(operation);
    if let Some(query) = call.text("query") {
        request.query = query.to_owned();
    }
    stage.send_http(call, request, &mut Faults::new(call.faults.clone()), None, None).await;
    Ok(())
}
