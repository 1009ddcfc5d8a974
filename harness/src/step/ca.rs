//! GetCACaps and GetCACert.

use scep::http::Operation;

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
    let query = call.text("query").map_or_else(|| format!("operation={}", operation.name()), str::to_owned);
    stage.get(&call.id, &query).await;
    Ok(())
}
