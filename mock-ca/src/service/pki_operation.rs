//! PKIOperation: a message is received, and goes to whoever answers its kind.

use scep::Rule;
use scep::attribute::{ATTRIBUTES, FailInfo};
use scep::http::{HttpResponse, PKI_MESSAGE};
use scep::key::Password;
use scep::message::PkiMessage;
use scep::server::transaction::Identity;
use scep::server::{self, Content, Refusal, Request};

use super::{Answer, Service, Trouble};
use crate::ra::{Ask, Challenge};
use crate::strictness::{Strictness, Tolerance};

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
        let authorities = match self.authorities() {
            Ok(authorities) => authorities,
            Err(error) => return self.internal_error(&error),
        };
        let of_templates = self.templates.iter().filter_map(|template| template.challenge.as_ref());
        let passwords: Vec<Password> =
            self.policy.challenge.iter().chain(of_templates).map(Challenge::password).collect();
        let current = authorities.current();
        let request = match server::receive(message, &authorities.openers(), &passwords, &strictness.message)
        {
            Ok(request) => request,
            Err((refusal, Some(to))) => {
                let client = client_text(&refusal);
                return self.refuse(current, &to, refusal.fail_info(), client, &refusal.to_string());
            }
            Err((refusal, None)) => return self.unanswerable(&refusal, strictness),
        };
        let to = &request.reply_to;
        if let Some(form) = intolerable(message, &request, strictness.tolerance) {
            return self.refuse(current, to, FailInfo::BadRequest, form, form);
        }
        let answered = match &request.content {
            Content::Enrol(csr) => {
                let signer_key = &request.signer.spki;
                Identity::new(&to.transaction_id, request.message_type, signer_key, csr)
                    .map_err(Trouble::from)
                    .and_then(|identity| {
                        let ask = Ask::Enrol { csr, identity: &identity };
                        self.decide(&authorities, &request, ask, strictness)
                    })
            }
            Content::Poll(_) => {
                let ask = Ask::Poll { signer_key: &request.signer.spki };
                self.decide(&authorities, &request, ask, strictness)
            }
            Content::Lookup(named) => {
                Ok(self.look_up(&authorities, to, request.message_type, named, strictness.lookup))
            }
        };
        answered.unwrap_or_else(|error| self.internal_error(&error))
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
}

/// What a refused client is told. An envelope that does not open and one with the wrong content get the
/// same words, and so does a PKCS#10 without proof of possession: the difference would be a decryption oracle.
fn client_text(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Unreadable(_) => "the message cannot be read",
        Refusal::NoSignerCertificate => "the certificate of the signer is missing",
        Refusal::Algorithm(_) => "the algorithm is not supported",
        Refusal::MessageCheck(_) => "the message does not verify",
        Refusal::Attribute(_) => "a mandatory attribute is missing or undefined",
        Refusal::Content(_) | Refusal::Possession => "the content cannot be read",
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
