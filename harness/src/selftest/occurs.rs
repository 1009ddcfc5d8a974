//! Whether the message that a mutant spoils occurs in a case at all: only then is it worth running.

use scep::http::{Incoming, Operation};
use scep::message::PkiMessage;

use crate::data::{Departure, MessageFilter, ReferencePeer};
use crate::transcript::{Exchange, Reply, Transcript};

/// True when something that the mutant changes occurs in the clean transcript. A laxity may show anywhere.
#[must_use]
pub fn occurs(departure: &Departure, peer: ReferencePeer, clean: &Transcript) -> bool {
    let Departure::Fault { when, .. } = departure else { return true };
    clean.exchanges.iter().any(|exchange| match peer {
        ReferencePeer::MockCa => fits(when, &answer(exchange)),
        ReferencePeer::MockClient => fits(when, &question(exchange)),
    })
}

/// Name of a message, and its pkiStatus.
type Named = (Option<String>, Option<String>);

fn fits(when: &MessageFilter, (message, status): &Named) -> bool {
    let wanted = when.message.as_ref().or(when.operation.as_ref());
    wanted.is_none_or(|wanted| Some(wanted) == message.as_ref())
        && when.status.as_ref().is_none_or(|wanted| Some(wanted) == status.as_ref())
}

fn incoming(exchange: &Exchange) -> Option<Incoming> {
    exchange.request.incoming(&mut Vec::new()).ok()
}

fn answer(exchange: &Exchange) -> Named {
    let Reply::Answered(response) = &exchange.reply else { return (None, None) };
    let operation = incoming(exchange).and_then(|incoming| incoming.operation).unwrap_or_default();
    if response.status != 200 {
        return (Some("Error".to_owned()), None);
    }
    let own = [Operation::GetCaCaps, Operation::GetCaCert, Operation::GetNextCaCert];
    if own.iter().any(|own| operation == own.name()) {
        return (Some(operation), None);
    }
    let status = PkiMessage::read(&response.body).ok().and_then(|read| read.value.pki_status());
    (Some("CertRep".to_owned()), status.map(|status| status.name().to_owned()))
}

fn question(exchange: &Exchange) -> Named {
    let Some(incoming) = incoming(exchange) else { return (None, None) };
    let message = incoming.message.and_then(|message| PkiMessage::read(&message).ok());
    let kind = message.and_then(|read| read.value.message_type());
    (kind.map(|kind| kind.name().to_owned()).or(incoming.operation), None)
}
