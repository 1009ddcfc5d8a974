//! PKIOperation: a message is received, decided on, and answered.

use std::sync::MutexGuard;

use scep::Rule;
use scep::attribute::{ATTRIBUTES, FailInfo, MessageType};
use scep::certificate::Certificate;
use scep::error::Result;
use scep::fault::Faults;
use scep::http::{HttpResponse, PKI_MESSAGE};
use scep::key::Password;
use scep::message::{Outcome, PkiMessage};
use scep::server::transaction::Identity;
use scep::server::{self, Content, Refusal, Reply, ReplyTo, Request};

use super::{Answer, Memory, Service};
use crate::ca;
use crate::ra::{self, Ask, Challenge, Decision};
use crate::strictness::{Strictness, Tolerance};
use crate::transaction::{State, Transaction};

impl Service {
    pub(super) fn pki_operation(&self, message: &[u8], strictness: &Strictness) -> Answer {
        if message.is_empty() {
            return if strictness.http.empty_body {
                self.error(400, "expected a pkiMessage, got nothing", "the message is empty")
            } else {
                let faults = self.memory().script.next("Error", None);
                let response = HttpResponse::ok(PKI_MESSAGE, Vec::new());
                self.finish(response, "Error", None, faults, "the message is empty".to_owned())
            };
        }
        let senders = [self.authority.sender()];
        let passwords: Vec<Password> = self.policy.challenge.iter().map(Challenge::password).collect();
        let request = match server::receive(message, &senders, &passwords, &strictness.message) {
            Ok(request) => request,
            Err((refusal, Some(to))) => {
                return self.refuse(&to, refusal.fail_info(), client_text(&refusal), &refusal.to_string());
            }
            Err((refusal, None)) => return self.unanswerable(&refusal, strictness),
        };
        let to = &request.reply_to;
        if let Some(form) = intolerable(message, &request, strictness.tolerance) {
            return self.refuse(to, FailInfo::BadRequest, form, form);
        }
        match (&request.content, request.message_type) {
            (Content::Enrol(csr), MessageType::PkcsReq) => {
                let signer_key = &request.signer.spki;
                match Identity::new(&to.transaction_id, request.message_type, signer_key, csr) {
                    Ok(identity) => self.decide(to, Ask::Enrol { csr, identity: &identity }, strictness),
                    Err(error) => self.internal_error(&error),
                }
            }
            (Content::Poll(_), _) => {
                self.decide(to, Ask::Poll { signer_key: &request.signer.spki }, strictness)
            }
            (Content::Enrol(_) | Content::Lookup(_), message_type) => {
                let log = format!("{} is not supported", message_type.name());
                self.refuse(to, FailInfo::BadRequest, "the messageType is not supported", &log)
            }
        }
    }

    /// What a CertRep cannot answer: it has no transactionID or no nonce, or is no message at all.
    fn unanswerable(&self, refusal: &Refusal, strictness: &Strictness) -> Answer {
        let is_garbage = matches!(refusal, Refusal::Unreadable(_));
        if is_garbage && !strictness.http.liveness {
            self.memory().is_down = true;
        }
        let status = if is_garbage && !strictness.http.garbage { 500 } else { 400 };
        self.error(
            status,
            &format!("expected a pkiMessage: failed to {refusal}"),
            format!("failed to {refusal}"),
        )
    }

    fn decide(&self, to: &ReplyTo, ask: Ask<'_>, strictness: &Strictness) -> Answer {
        let mut memory = self.memory();
        let known = memory.store.transaction(&to.transaction_id);
        // A poll does not hold the challengePassword that its answer may have to be for: the request did.
        let mut to = to.clone();
        let of_request = || known.as_ref().and_then(|transaction| transaction.csr.password());
        to.password = to.password.or_else(of_request);
        let to = &to;
        let decision = ra::decide(ask, known.as_ref(), &self.policy, &strictness.ra);
        let transaction = match (known, ask) {
            (Some(known), _) => Some(known),
            (None, Ask::Enrol { csr, identity }) => Some(Transaction {
                id: to.transaction_id.clone(),
                csr: csr.clone(),
                identity: identity.clone(),
                state: State::Pending,
                since: self.clock.now(),
            }),
            (None, Ask::Poll { .. }) => None,
        };
        match (decision, transaction) {
            (Decision::Refuse(refusal), _) => {
                drop(memory);
                self.refuse(to, refusal.fail_info, refusal.client, &refusal.log)
            }
            (Decision::Grant, Some(transaction)) => {
                let is_final = match ask {
                    Ask::Enrol { .. } => strictness.issue.on_repeat,
                    Ask::Poll { .. } => strictness.issue.on_poll,
                };
                self.grant(memory, to, transaction, is_final)
            }
            (Decision::Pending | Decision::Grant, transaction) => {
                if let Some(transaction) = transaction.filter(|t| t.state == State::Pending) {
                    memory.store.put(transaction);
                }
                let faults = memory
                    .script
                    .next("CertRep", Some(Outcome::Pending.status().name()))
                    .at(self.clock.now());
                drop(memory);
                self.reply(to, &Reply::Pending, faults, "pending")
            }
        }
    }

    /// SUCCESS with the transaction's certificate: the one it has, or when it has none or may have several,
    /// a new one.
    fn grant(
        &self,
        mut memory: MutexGuard<'_, Memory>,
        to: &ReplyTo,
        mut transaction: Transaction,
        is_final: bool,
    ) -> Answer {
        let mut faults =
            memory.script.next("CertRep", Some(Outcome::Success.status().name())).at(self.clock.now());
        let certificate = match &transaction.state {
            State::Issued(issued) if is_final => issued.as_ref().clone(),
            // Issued under the lock: two copies of a request that arrive together get one certificate.
            _ => match self.issue(&mut memory, &transaction, &mut faults) {
                Ok(certificate) => certificate,
                Err(error) => {
                    drop(memory);
                    return self.internal_error(&error);
                }
            },
        };
        transaction.state = State::Issued(Box::new(certificate.clone()));
        memory.store.put(transaction);
        drop(memory);
        let note = format!("granted serial {} to {}", certificate.serial_hex(), certificate.subject_text());
        self.reply(to, &Reply::Certificates(&[certificate]), faults, &note)
    }

    fn issue(
        &self,
        memory: &mut Memory,
        transaction: &Transaction,
        faults: &mut Faults,
    ) -> Result<Certificate> {
        let Memory { store, rng, .. } = memory;
        let serial = ca::unused_serial(rng, |serial| store.has_serial(serial));
        let issuer = self.authority.issuer();
        let parts =
            ca::certificate_for(&transaction.csr, issuer, serial, self.clock.now(), self.certificate_days)?;
        let der = parts.write(&self.authority.sender().key, faults)?;
        let certificate = Certificate::from_der(&der)?;
        store.add_certificate(certificate.clone());
        Ok(certificate)
    }

    /// FAILURE: `client` goes into failInfoText, `log` stays here.
    fn refuse(&self, to: &ReplyTo, fail_info: FailInfo, client: &str, log: &str) -> Answer {
        let reply = Reply::Failure(fail_info, Some(client.to_owned()));
        let faults =
            self.memory().script.next("CertRep", Some(reply.outcome().status().name())).at(self.clock.now());
        self.reply(to, &reply, faults, &format!("refused with {}: {log}", fail_info.name()))
    }

    fn reply(&self, to: &ReplyTo, reply: &Reply<'_>, mut faults: Faults, note: &str) -> Answer {
        let mut rng = self.memory().fork_rng();
        let (sender, outcome) = (self.authority.sender(), reply.outcome());
        match server::answer(to, reply, sender, &mut faults, &mut rng) {
            Ok(body) => {
                let note = format!("transaction {}: {note}", to.transaction_id);
                self.finish(HttpResponse::ok(PKI_MESSAGE, body), "CertRep", Some(&outcome), faults, note)
            }
            // A key that verifies and cannot be encrypted to is the client's fault, not ours.
            Err(error) if outcome == Outcome::Success => self.refuse(
                to,
                FailInfo::BadAlg,
                "the signer's key cannot be encrypted to",
                &error.to_string(),
            ),
            Err(error) => self.internal_error(&error),
        }
    }
}

/// What a refused client is told. An envelope that does not open and one with the wrong content get the
/// same words: the difference would be a decryption oracle.
fn client_text(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Unreadable(_) => "the message cannot be read",
        Refusal::NoSignerCertificate => "the certificate of the signer is missing",
        Refusal::Algorithm(_) => "the algorithm is not supported",
        Refusal::MessageCheck(_) => "the message does not verify",
        Refusal::Attribute(_) => "a mandatory attribute is missing or undefined",
        Refusal::Content(_) => "the content cannot be read",
        Refusal::Possession => "the request is not signed with its own key",
    }
}

/// The lawful form that this server is told not to take.
fn intolerable(message: &[u8], request: &Request, tolerance: Tolerance) -> Option<&'static str> {
    const BER: [Rule; 3] = [Rule::IndefiniteLength, Rule::LongLength, Rule::ConstructedString];
    if !tolerance.ber && request.findings.iter().any(|finding| BER.contains(&finding.rule)) {
        return Some("the message is no DER");
    }
    if !tolerance.extra_attributes {
        let read = PkiMessage::read(message).ok()?.value;
        let attributes = read.signer()?.signed_attributes.as_ref()?;
        if attributes.iter().any(|attribute| ATTRIBUTES.iter().all(|(_, known)| *known != attribute.oid)) {
            return Some("a signed attribute is unknown");
        }
    }
    None
}
