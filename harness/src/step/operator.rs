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

/// Revokes the certificate of the step `of`.
pub(super) async fn revoke(stage: &mut Stage<'_>, call: &Call) -> Result<(), Error> {
    let of = call.text("of").unwrap_or_default();
    match stage.granted(of) {
        Some(certificate) => {
            if let Err(why) = stage.operator().revoke(&certificate.serial).await {
                stage.note(format!("operator: {why}"));
            }
        }
        None => stage.note(format!("step {}: step {of} was granted nothing, nothing is revoked", call.id)),
    }
    Ok(())
}

async fn decide(stage: &mut Stage<'_>, call: &Call, decision: Decision) -> Result<(), Error> {
    let transaction = call.text("transaction").unwrap_or_default();
    // A server that granted or refused at once has nothing to decide: the checks say so.
    if let Err(why) = stage.operator().decide(decision, transaction).await {
        stage.note(format!("operator: {why}"));
    }
    Ok(())
}
