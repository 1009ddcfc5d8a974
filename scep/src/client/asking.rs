//! One request by PKIOperation and the judgement of its answer: what every machine that sends pkiMessages
//! shares. All checks on answers are here and in [`super::payload`].
//!
//! ```text
//!  compose: content -> envelope -> signature -> HTTP request       what it sent stays as `Asked`
//!  judge:   HTTP answer -> CertRep -> signer, digest, type, transactionID, nonce -> status -> open
//! ```

use rand_core::RngCore;

use super::{Checks, Suite};
use crate::attribute::{FailInfo, MessageType, Nonce, PkiStatus, TransactionId};
use crate::ca_cert::{CaCertificates, read_certificates_only};
use crate::cms::{Openers, Recipient, SignedData};
use crate::error::{Error, Result};
use crate::fault::Faults;
use crate::finding::Finding;
use crate::http::{HttpRequest, HttpResponse};
use crate::key::Password;
use crate::message::{MessageParts, PkiMessage, Sender, SignatureCheck};
use crate::oid;
use crate::suite::Cipher;
use crate::tlv::Source;

/// With whom a machine talks, and how.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer<'a> {
    pub(super) ca: &'a CaCertificates,
    pub(super) suite: Suite,
    pub(super) signer: &'a Sender,
    pub(super) password: Option<&'a Password>,
    pub(super) checks: Checks,
}

/// What was asked, as far as an answer has to fit it.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) transaction_id: TransactionId,
    pub(super) sender_nonce: Nonce,
}

/// What a CertRep that passed the checks says.
#[derive(Debug)]
pub(super) enum Answered {
    /// SUCCESS, opened: certificates or a CRL.
    Success(Box<SignedData>),
    /// FAILURE: failInfo (None when absent or undefined) and failInfoText.
    Failure(Option<FailInfo>, Option<String>),
    /// PENDING.
    Pending,
}

impl Peer<'_> {
    /// A request around the plain content. A nonce that is given is used instead of a fresh one.
    pub(super) fn compose(
        &self,
        message_type: MessageType,
        transaction_id: &TransactionId,
        content: Vec<u8>,
        nonce: Option<Nonce>,
        faults: &mut Faults,
        rng: &mut dyn RngCore,
    ) -> Result<(HttpRequest, Asked)> {
        let sender_nonce = nonce.unwrap_or_else(|| Nonce::random(rng));
        // RFC 8894 3.5.2 lets a client overlook keyUsage: some servers decrypt with a key that may only sign.
        let recipient = self.ca.recipient().or_else(|error| self.ca.issuer().ok_or(error))?;
        let recipient = Recipient::choose(recipient, self.password)?;
        let message = MessageParts {
            message_type,
            transaction_id: transaction_id.clone(),
            sender_nonce: Some(sender_nonce.clone()),
            recipient_nonce: None,
            outcome: None,
            message_data: Some(content),
            recipient: Some(recipient),
            cipher: self.suite.cipher,
            digest: self.suite.digest,
            certificates: vec![self.signer.certificate.der.clone()],
        }
        .write(self.signer, faults, rng)?;
        let mut request =
            if self.suite.post { HttpRequest::post(message) } else { HttpRequest::get(&message) };
        faults.request(&mut request);
        Ok((request, Asked { transaction_id: transaction_id.clone(), sender_nonce }))
    }

    /// Makes every check on an answer that does not depend on what was asked for.
    pub(super) fn judge(
        &self,
        response: &HttpResponse,
        asked: &Asked,
        findings: &mut Vec<Finding>,
    ) -> Result<Answered> {
        let checks = self.checks;
        if checks.http_status && response.status != 200 {
            return Err(misbehaved("HTTP status (RFC 8894 4.3.1)", "200", response.status));
        }
        let read = PkiMessage::read(&response.body)?;
        findings.extend(read.findings);
        let message = read.value;
        self.verify(&message, findings)?;
        if checks.message_type && message.message_type() != Some(MessageType::CertRep) {
            let actual = message.stated_type().map_or_else(|| "none".to_owned(), |stated| stated.to_string());
            return Err(misbehaved("messageType (RFC 8894 3.2.1.2)", "CertRep", actual));
        }
        let id = message.transaction_id();
        if checks.transaction_id && id.as_ref() != Some(&asked.transaction_id) {
            let actual = id.map_or_else(|| "none".to_owned(), |id| id.to_string());
            return Err(misbehaved("transactionID (RFC 8894 3.2.1.1)", &asked.transaction_id, actual));
        }
        let nonce = message.recipient_nonce();
        if checks.recipient_nonce && nonce.as_ref() != Some(&asked.sender_nonce) {
            let actual = nonce.map_or_else(|| "none".to_owned(), |nonce| nonce.to_string());
            return Err(misbehaved("recipientNonce (RFC 8894 3.2.1.5)", &asked.sender_nonce, actual));
        }
        match message.pki_status() {
            Some(PkiStatus::Success) => {
                self.open(&message, findings).map(|payload| Answered::Success(Box::new(payload)))
            }
            Some(PkiStatus::Failure) => {
                let text = message.fail_info_text().map(|text| text.lossy());
                Ok(Answered::Failure(message.fail_info(), text))
            }
            Some(PkiStatus::Pending) => Ok(Answered::Pending),
            None => {
                Err(misbehaved("pkiStatus (RFC 8894 3.2.1.3)", "0, 2 or 3", "an absent or undefined one"))
            }
        }
    }

    fn verify(&self, message: &PkiMessage, findings: &mut Vec<Finding>) -> Result<()> {
        let checks = self.checks;
        let Some(signer) = message.signer() else {
            return Err(misbehaved("CertRep (RFC 8894 3)", "one SignerInfo", "none"));
        };
        if checks.message_digest && signer.digest().is_none() {
            return Err(Error::Unsupported { what: "digest", actual: oid::name(signer.digest_algorithm) });
        }
        if checks.md5
            && let Some(digest) = signer.digests().find(|digest| digest.is_insecure())
        {
            return Err(misbehaved("signature (RFC 8894 2.9)", "another digest than MD5", digest.name()));
        }
        let verifications: Vec<_> = self
            .ca
            .signers()
            .into_iter()
            .filter_map(|certificate| Some((certificate, certificate.public_key().ok()?)))
            .map(|(certificate, key)| (certificate, message.verify(&key)))
            .collect();
        if checks.message_digest && !verifications.iter().any(|(_, v)| v.digest) {
            return Err(misbehaved(
                "messageDigest (RFC 5652 11.2)",
                "the digest of eContent",
                "another value",
            ));
        }
        let verified = verifications.iter().find(|(_, v)| v.signature != SignatureCheck::Fails);
        match verified {
            Some((certificate, verification)) => {
                message.report_signature(verification.signature, findings);
                message.report_key_usage(certificate, findings);
            }
            None if checks.message_signature => {
                return Err(misbehaved(
                    "signature (RFC 8894 3.1)",
                    "one that verifies with a certificate of the CA",
                    "none does",
                ));
            }
            None => {}
        }
        Ok(())
    }

    fn open(&self, message: &PkiMessage, findings: &mut Vec<Finding>) -> Result<SignedData> {
        let envelope = message
            .envelope(findings)?
            .ok_or_else(|| misbehaved("SUCCESS (RFC 8894 3.3.2.1)", "an envelope", "none"))?;
        if self.checks.single_des && Cipher::from_oid(envelope.cipher).is_some_and(Cipher::is_insecure) {
            let actual = oid::name(envelope.cipher);
            return Err(misbehaved("content cipher (RFC 8894 2.9)", "another than single DES", actual));
        }
        let plain = envelope.open(Openers::from(self.signer).and_passwords(self.password))?;
        read_certificates_only(Source::message_data(&plain), findings)
    }
}

pub(super) fn misbehaved(what: &'static str, expected: impl ToString, actual: impl ToString) -> Error {
    Error::Misbehaved { what, expected: expected.to_string(), actual: actual.to_string() }
}
