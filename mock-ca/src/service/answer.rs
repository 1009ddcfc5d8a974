//! CertReps: what every answer to a pkiMessage goes through, its faults included.

use scep::attribute::{FailInfo, MessageType};
use scep::fault::{About, Faults};
use scep::http::{HttpResponse, PKI_MESSAGE};
use scep::message::Outcome;
use scep::server::{self, Reply, ReplyTo};

use super::{Answer, Service};
use crate::authority::Authority;
use crate::preregistration::ClientName;

impl Service {
    /// The faults for an answer of this outcome.
    pub(super) fn next_faults(&self, outcome: &Outcome, to: &ReplyTo) -> Faults {
        let transaction = to.transaction_id.to_string();
        let device = to.signer.as_ref().and_then(|signer| ClientName::of_subject(&signer.subject));
        let about = About {
            transaction: Some(&transaction),
            to: to.message_type.map(MessageType::name),
            device: device.as_ref().map(ClientName::text),
        };
        let status = outcome.status().name();
        self.memory().script.next_about("CertRep", Some(status), about).at(self.clock.now())
    }

    /// SUCCESS.
    pub(super) fn succeed(
        &self,
        authority: &Authority,
        to: &ReplyTo,
        reply: &Reply<'_>,
        note: &str,
    ) -> Answer {
        let faults = self.next_faults(&reply.outcome(), to);
        self.reply(authority, to, reply, faults, note)
    }

    /// FAILURE: `client` goes into failInfoText, `log` stays here.
    pub(super) fn refuse(
        &self,
        authority: &Authority,
        to: &ReplyTo,
        fail_info: FailInfo,
        client: &str,
        log: &str,
    ) -> Answer {
        let reply = Reply::Failure(fail_info, Some(client.to_owned()));
        let faults = self.next_faults(&reply.outcome(), to);
        self.reply(authority, to, &reply, faults, &format!("refused with {}: {log}", fail_info.name()))
    }

    pub(super) fn reply(
        &self,
        authority: &Authority,
        to: &ReplyTo,
        reply: &Reply<'_>,
        mut faults: Faults,
        note: &str,
    ) -> Answer {
        let (mut rng, conduct) = {
            let mut memory = self.memory();
            (memory.fork_rng(), memory.strictness.authority)
        };
        let outcome = reply.outcome();
        match server::answer(to, reply, authority.answering(conduct), &mut faults, &mut rng) {
            Ok(body) => {
                let note = format!("transaction {}: {note}", to.transaction_id);
                let response = HttpResponse::ok(PKI_MESSAGE, body);
                let answer = self.finish(response, "CertRep", Some(&outcome), faults, note);
                Answer { effort: to.effort, ..answer }
            }
            // A key that verifies and cannot be encrypted to is the client's fault, not ours.
            Err(error) if outcome == Outcome::Success => self.refuse(
                authority,
                to,
                FailInfo::BadAlg,
                "the signer's key cannot be encrypted to",
                &error.to_string(),
            ),
            Err(error) => self.internal_error(&error.into()),
        }
    }
}
