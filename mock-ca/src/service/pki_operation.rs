//! PKIOperation: a message is received, and goes to whoever answers its kind.

use scep::attribute::{ATTRIBUTES, FailInfo};
use scep::certificate::Certificate;
use scep::http::{HttpResponse, PKI_MESSAGE};
use scep::key::Password;
use scep::message::{IssuerAndSubject, PkiMessage};
use scep::server::transaction::Identity;
use scep::server::{self, Content, Refusal, ReplyTo, Request};
use scep::{Rule, name};

use super::{Answer, Service, Trouble, current};
use crate::authority::Authorities;
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
        let mut authorities = self.known_authorities();
        loop {
            match self.operate(&authorities, message, strictness) {
                Ok(answer) => return answer,
                Err(Trouble::Stale) => {}
                Err(error) => return self.internal_error(&error),
            }
            match self.authorities() {
                Ok(read) => authorities = read,
                Err(error) => return self.internal_error(&error),
            }
        }
    }

    /// The answer with these generations of the authority; [`Trouble::Stale`] when there are others by now.
    fn operate(
        &self,
        authorities: &Authorities,
        message: &[u8],
        strictness: &Strictness,
    ) -> Result<Answer, Trouble> {
        let of_templates = self.templates.iter().filter_map(|template| template.challenge.as_ref());
        let passwords: Vec<Password> =
            self.policy.challenge.iter().chain(of_templates).map(Challenge::password).collect();
        let is_current = || current(authorities, self.store.generations_version()?);
        let received = server::receive(message, &authorities.openers(), &passwords, &strictness.message);
        let request = match received {
            Ok(request) => request,
            Err((refusal, to)) => {
                is_current()?;
                return Ok(match to {
                    Some(to) => {
                        let (client, log) = (client_text(&refusal), refusal.to_string());
                        self.refuse(authorities.current(), &to, refusal.fail_info(), client, &log)
                    }
                    None => self.unanswerable(&refusal, strictness),
                });
            }
        };
        let to = &request.reply_to;
        if let Some(form) = intolerable(message, &request, strictness.tolerance) {
            is_current()?;
            return Ok(self.refuse(authorities.current(), to, FailInfo::BadRequest, form, form));
        }
        match &request.content {
            Content::Enrol(csr) => {
                let signer_key = &request.signer.spki;
                let identity = Identity::new(&to.transaction_id, request.message_type, signer_key, csr)?;
                let ask = Ask::Enrol { csr, identity: &identity };
                self.decide(authorities, &request, ask, strictness)
            }
            Content::Poll(names) => {
                let ask = Ask::Poll { signer_key: &request.signer.spki };
                if !strictness.tolerance.poll_names && !self.is_named_right(authorities, to, names) {
                    is_current()?;
                    let (client, log) =
                        ("no such transaction", "the poll has other names than its transaction");
                    return Ok(self.refuse(authorities.current(), to, FailInfo::BadCertId, client, log));
                }
                self.decide(authorities, &request, ask, strictness)
            }
            Content::Lookup(named) => {
                is_current()?;
                Ok(self.look_up(authorities, to, request.message_type, named, strictness.lookup))
            }
        }
    }

    /// Whether a poll has the names of its transaction: which only a laxity asks for.
    fn is_named_right(&self, authorities: &Authorities, to: &ReplyTo, names: &IssuerAndSubject) -> bool {
        let Ok(Some(known)) = self.store.transaction(&to.transaction_id) else { return true };
        let is_issuer = |issuer: &Certificate| name::same(&issuer.subject, &names.issuer);
        name::same(&known.csr.subject, &names.subject) && authorities.issuers().iter().any(is_issuer)
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
    let is_hex = |octet: &u8| octet.is_ascii_hexdigit();
    if !tolerance.transaction_ids && !request.reply_to.transaction_id.octets().iter().all(is_hex) {
        return Some("the transactionID is not hexadecimal");
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
