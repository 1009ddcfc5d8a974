//! Whether the message that a mutant spoils occurs in a case at all: only then is it worth running.

use scep::http::{Incoming, Operation};
use scep::message::PkiMessage;

use crate::data::{Case, Departure, MessageFilter, ReferencePeer};
use crate::transcript::{Exchange, Reply, Transcript};

/// True when something that the mutant changes occurs in the clean transcript. A laxity may show anywhere. A
/// mutant of the client is itself only in the last step and when that is done again.
#[must_use]
pub fn occurs(departure: &Departure, peer: ReferencePeer, clean: &Transcript, case: Option<&Case>) -> bool {
    let Departure::Fault { when, .. } = departure else { return true };
    let prepares = case.map(|case| case.steps.as_slice()).and_then(<[_]>::split_last).map(|(_, first)| first);
    let is_tested = |exchange: &&Exchange| {
        !prepares.is_some_and(|steps| steps.iter().any(|step| step.id == exchange.step))
    };
    clean.exchanges.iter().filter(|one| peer == ReferencePeer::MockCa || is_tested(one)).any(|exchange| {
        match peer {
            ReferencePeer::MockCa => fits(when, &answer(exchange)),
            ReferencePeer::MockClient => fits(when, &question(exchange)),
        }
    })
}

/// A message that is written: its name, its pkiStatus, and the name of the request that it answers.
#[derive(Default)]
struct Written {
    message: Option<String>,
    status: Option<String>,
    to: Option<String>,
}

fn fits(when: &MessageFilter, written: &Written) -> bool {
    let wanted = when.message.as_ref().or(when.operation.as_ref());
    let is = |wanted: Option<&String>, actual: &Option<String>| {
        wanted.is_none_or(|wanted| Some(wanted) == actual.as_ref())
    };
    is(wanted, &written.message)
        && is(when.status.as_ref(), &written.status)
        && is(when.to.as_ref(), &written.to)
}

fn incoming(exchange: &Exchange) -> Option<Incoming> {
    exchange.request.incoming(&mut Vec::new()).ok()
}

fn answer(exchange: &Exchange) -> Written {
    let Reply::Answered(response) = &exchange.reply else { return Written::default() };
    let operation = incoming(exchange).and_then(|incoming| incoming.operation).unwrap_or_default();
    if response.status != 200 {
        return Written { message: Some("Error".to_owned()), ..Written::default() };
    }
    let own = [Operation::GetCaCaps, Operation::GetCaCert, Operation::GetNextCaCert];
    if own.iter().any(|own| operation == own.name()) {
        return Written { message: Some(operation), ..Written::default() };
    }
    let status = PkiMessage::read(&response.body).ok().and_then(|read| read.value.pki_status());
    Written {
        message: Some("CertRep".to_owned()),
        status: status.map(|status| status.name().to_owned()),
        to: message_type(exchange),
    }
}

fn question(exchange: &Exchange) -> Written {
    let operation = incoming(exchange).and_then(|incoming| incoming.operation);
    Written { message: message_type(exchange).or(operation), ..Written::default() }
}

/// messageType of the request, when it is a pkiMessage.
fn message_type(exchange: &Exchange) -> Option<String> {
    let message = PkiMessage::read(&incoming(exchange)?.message?).ok()?;
    Some(message.value.message_type()?.name().to_owned())
}
