//! What the operator of the server under test does.

use super::Call;
use super::stage::Stage;
use crate::runner::Error;
use crate::runner::operator::Decision;

/// Grants the pending request of `transaction`.
pub(super) async fn approve(stage: &mut Stage<'_>, call: &Call) -> Result<(), Error> {
    decide(stage, call, Decision::Approve).await
}

/// Refuses the pending request of `transaction`.
pub(super) async fn reject(stage: &mut Stage<'_>, call: &Call) -> Result<(), Error> {
    decide(stage, call, Decision::Reject).await
}

async fn decide(stage: &mut Stage<'_>, call: &Call, decision: Decision) -> Result<(), Error> {
    let transaction = call.text("transaction").unwrap_or_default();
    // A server that granted or refused at once has nothing to decide: the checks say so.
    if let Err(why) = stage.operator().decide(decision, transaction).await {
        stage.note(format!("operator: {why}"));
    }
    Ok(())
}
