//! One server case: its steps against the server under test, with discovery before and a sign of life after.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rand_chacha::ChaCha20Rng;
use scep::UnixTime;
use scep::http::Operation;

use super::Error;
use super::keys::Keys;
use super::subject::ServerSubject;
use crate::data::{Case, Instance, Name, Step};
use crate::step::stage::{Left, Stage};
use crate::step::{Call, verb};
use crate::transcript::{self, Transcript};

/// What a run of a case left.
#[derive(Debug)]
pub struct Ran {
    /// The recorded exchanges.
    pub transcript: Transcript,
    /// Faults that found nothing to change: the case then proves nothing.
    pub undelivered: Vec<String>,
}

/// Runs one instance of a case against the server.
pub async fn run(
    case: &Case,
    instance: &Instance,
    subject: &ServerSubject,
    keys: &Keys,
    rng: ChaCha20Rng,
    now: UnixTime,
) -> Ran {
    let start = Instant::now();
    let mut stage = Stage::new(subject, keys, rng, now);
    let harness_error = match tokio::time::timeout(case.timeout, play(&mut stage, case, instance)).await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(error.to_string()),
        // Every exchange has its own limit, so this is a server that is slow many times over.
        Err(_) => {
            stage.note(format!("stopped at the case's limit of {} s", case.timeout.as_secs()));
            None
        }
    };
    stage.get("alive", &format!("operation={}", Operation::GetCaCaps.name())).await;
    let Left { exchanges, undelivered, notes } = stage.leave();
    let transcript = Transcript {
        schema: transcript::SCHEMA.to_owned(),
        case: case.id.clone(),
        instance: instance.id.clone(),
        exchanges,
        runs: BTreeMap::new(),
        delivered: BTreeMap::new(),
        harness_error,
        notes,
        ms: milliseconds(start.elapsed()),
    };
    Ran { transcript, undelivered }
}

async fn play(stage: &mut Stage<'_>, case: &Case, instance: &Instance) -> Result<(), Error> {
    stage.get("ca", &format!("operation={}", Operation::GetCaCert.name())).await;
    for step in &case.steps {
        let call = call(stage, case, instance, step)?;
        let act = verb(&step.verb).and_then(|row| row.act);
        let act = act.ok_or_else(|| call.wrong(format!("`{}` is no verb of server cases", step.verb)))?;
        act(stage, &call).await?;
    }
    Ok(())
}

/// A step with its templates filled in and its faults looked up.
fn call(stage: &Stage<'_>, case: &Case, instance: &Instance, step: &Step) -> Result<Call, Error> {
    let wrong = |detail: String| Error::Step { step: step.id.clone(), detail };
    let look_up = |name: &Name| match (name.scope.as_str(), name.field.as_str()) {
        // A case that needs a challenge is not planned for a server without one.
        ("subject", "challenge") => Some(stage.challenge().unwrap_or_default().to_owned()),
        (step, "transactionID") => stage.identity(step).map(|identity| identity.transaction_id.to_string()),
        _ => None,
    };
    let parameters =
        case.parameters(step, instance, &look_up).map_err(|missing| wrong(missing.to_string()))?;
    let faults = step.faults.iter().map(|id| scep::fault::find(id)).collect::<Result<_, _>>();
    let faults = faults.map_err(|error| wrong(error.to_string()))?;
    Ok(Call { id: step.id.clone(), parameters, faults, repeat: step.repeat.clone() })
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
