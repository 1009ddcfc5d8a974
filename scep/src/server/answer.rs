//! Writing of a CertRep.

use rand_core::RngCore;

use super::ReplyTo;
use crate::attribute::{MessageType, Nonce};
use crate::certificate::Certificate;
use crate::cms::degenerate;
use crate::error::Result;
use crate::fault::Faults;
use crate::message::{MessageParts, Outcome, Sender};

/// The CertRep for a request. `issued` are the certificates of a SUCCESS, the requested one first; they are
/// ignored otherwise. Digest and cipher mirror the request; the senderNonce is fresh.
///
/// # Errors
/// When the signer of the request has a key that cannot be encrypted to, or the cryptographic library fails.
pub fn answer(
    to: &ReplyTo,
    outcome: Outcome,
    issued: &[Certificate],
    sender: &Sender,
    faults: &mut Faults,
    rng: &mut dyn RngCore,
) -> Result<Vec<u8>> {
    let message_data = (outcome == Outcome::Success).then(|| {
        let certificates: Vec<Vec<u8>> = issued.iter().map(|certificate| certificate.der.clone()).collect();
        let mut parts = degenerate(&certificates);
        faults.degenerate(&mut parts);
        parts.write()
    });
    let parts = MessageParts {
        message_type: MessageType::CertRep,
        transaction_id: to.transaction_id.clone(),
        sender_nonce: Some(Nonce::random(rng)),
        recipient_nonce: to.sender_nonce.clone(),
        outcome: Some(outcome),
        recipient: to.signer.clone(),
        message_data,
        cipher: to.cipher,
        digest: to.digest,
        certificates: vec![sender.certificate.der.clone()],
    };
    parts.write(sender, faults, rng)
}
