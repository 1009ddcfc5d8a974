//! GetCACaps and GetCACert.

use scep::fault::Faults;
use scep::http::{HttpRequest, Operation};

use super::Call;
use super::stage::Stage;
use crate::runner::Error;

/// GET GetCACaps.
pub(super) async fn get_ca_caps(stage: &mut Stage<'_>, call: &Call) -> Result<(), Error> {
    query(stage, call, Operation::GetCaCaps).await
}

/// GET GetCACert.
pub(super) async fn get_ca_cert(stage: &mut Stage<'_>, call: &Call) -> Result<(), Error> {
    query(stage, call, Operation::GetCaCert).await
}

async fn query(stage: &mut Stage<'_>, call: &Call, operation: Operation) -> Result<(), Error> {
    let mut request = HttpRequest::query(operation);
    if let Some(query) = call.text("query") {
        request.query = query.to_owned();
    }
    stage.send_http(call, request, &mut Faults::new(call.faults.clone()), None, None).await;
    Ok(())
}
