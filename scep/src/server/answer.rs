//! Writing of a CertRep.

use rand_core::RngCore;

use super::ReplyTo;
use crate::attribute::{FailInfo, MessageType, Nonce};
use crate::certificate::Certificate;
use crate::cms::{Recipient, degenerate, degenerate_crl};
use crate::crl::Crl;
use crate::error::Result;
use crate::fault::Faults;
use crate::message::{MessageParts, Outcome, Sender};

/// What a CertRep says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply<'a> {
    /// SUCCESS with certificates, the wanted one first, the others its chain: to PKCSReq, RenewalReq,
    /// CertPoll and GetCert (RFC 8894 3.3.2.1).
    Certificates(&'a [Certificate]),
    /// SUCCESS with a CRL and no certificate: to GetCRL (4.6.1).
    Crl(&'a Crl),
    /// FAILURE, its reason, and a text for people (3.3.2.2).
    Failure(FailInfo, Option<String>),
    /// PENDING (3.3.2.3).
    Pending,
}

impl<'a> Reply<'a> {
    /// The reply of an outcome; the certificates are those of a SUCCESS, and not looked at otherwise.
    #[must_use]
    pub fn new(outcome: Outcome, certificates: &'a [Certificate]) -> Self {
        match outcome {
            Outcome::Success => Self::Certificates(certificates),
            Outcome::Failure(reason, text) => Self::Failure(reason, text),
            Outcome::Pending => Self::Pending,
        }
    }

    /// The part of it that is in the attributes.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Certificates(_) | Self::Crl(_) => Outcome::Success,
            Self::Failure(reason, text) => Outcome::Failure(*reason, text.clone()),
            Self::Pending => Outcome::Pending,
        }
    }
}

/// The CertRep for a request. Digest and cipher mirror the request; the senderNonce is fresh.
///
/// # Errors
/// When the signer of the request has a key that cannot encrypt and there is no password, or the
/// cryptographic library fails.
pub fn answer(
    to: &ReplyTo,
    reply: &Reply<'_>,
    sender: &Sender,
    faults: &mut Faults,
    rng: &mut dyn RngCore,
) -> Result<Vec<u8>> {
    let payload = match reply {
        Reply::Certificates(certificates) => {
            let certificates: Vec<Vec<u8>> = certificates.iter().map(|one| one.der.clone()).collect();
            Some(degenerate(&certificates))
        }
        Reply::Crl(crl) => {
            let mut parts = degenerate_crl(&crl.der);
            faults.crl_payload(&mut parts);
            Some(parts)
        }
        Reply::Failure(..) | Reply::Pending => None,
    };
    let message_data = payload.map(|mut parts| {
        faults.degenerate(&mut parts);
        parts.write()
    });
    let recipient = match (&message_data, &to.signer) {
        (Some(_), Some(signer)) => Some(Recipient::choose(signer, to.password.as_ref())?),
        _ => None,
    };
    let parts = MessageParts {
        message_type: MessageType::CertRep,
        transaction_id: to.transaction_id.clone(),
        sender_nonce: Some(Nonce::random(rng)),
        recipient_nonce: to.sender_nonce.clone(),
        outcome: Some(reply.outcome()),
        recipient,
        message_data,
        cipher: to.cipher,
        digest: to.digest,
        certificates: vec![sender.certificate.der.clone()],
    };
    parts.write(sender, faults, rng)
}
