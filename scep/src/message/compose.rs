//! Composing a pkiMessage: parts, then envelope, attributes, digest, signature, bytes. Faults act at the
//! stage that they name; without faults the result is what RFC 8894 section 3 describes.

use rand_core::RngCore;

use crate::attribute::{AttributeParts, FailInfo, MessageType, Nonce, PkiStatus, TransactionId};
use crate::certificate::Certificate;
use crate::cms::{EnvelopeParts, Recipient, SignedDataParts, SignerInfoParts};
use crate::error::Result;
use crate::fault::Faults;
use crate::key::PrivateKey;
use crate::suite::{Cipher, Digest};
use crate::tlv::tag;
use crate::{oid, write};

/// Who signs: a certificate and its private key.
#[derive(Debug, Clone)]
pub struct Sender {
    /// Certificate that the SignerInfo names.
    pub certificate: Certificate,
    /// Its private key.
    pub key: PrivateKey,
}

/// The part of a CertRep that a request does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// pkiStatus SUCCESS.
    Success,
    /// pkiStatus FAILURE, its reason, and a text for people.
    Failure(FailInfo, Option<String>),
    /// pkiStatus PENDING.
    Pending,
}

impl Outcome {
    /// The pkiStatus on the wire.
    #[must_use]
    pub fn status(&self) -> PkiStatus {
        match self {
            Self::Success => PkiStatus::Success,
            Self::Failure(..) => PkiStatus::Failure,
            Self::Pending => PkiStatus::Pending,
        }
    }
}

/// What goes into a pkiMessage. Change a field to make a wrong one.
#[derive(Debug, Clone)]
pub struct MessageParts {
    /// messageType.
    pub message_type: MessageType,
    /// transactionID.
    pub transaction_id: TransactionId,
    /// senderNonce; None leaves it out.
    pub sender_nonce: Option<Nonce>,
    /// recipientNonce; None leaves it out.
    pub recipient_nonce: Option<Nonce>,
    /// Of a CertRep only.
    pub outcome: Option<Outcome>,
    /// Plain messageData; None omits the whole envelope.
    pub message_data: Option<Vec<u8>>,
    /// Whom the envelope is for. Must be there when `message_data` is.
    pub recipient: Option<Recipient>,
    /// Content cipher.
    pub cipher: Cipher,
    /// Digest of messageDigest and signature.
    pub digest: Digest,
    /// Certificates to send along, DER.
    pub certificates: Vec<Vec<u8>>,
}

impl MessageParts {
    /// Encrypts, signs and encodes.
    ///
    /// # Errors
    /// When the recipient's key cannot encrypt, the signer's key has no signature with the digest (ECDSA and
    /// MD5), or the cryptographic library fails.
    pub fn write(mut self, sender: &Sender, faults: &mut Faults, rng: &mut dyn RngCore) -> Result<Vec<u8>> {
        faults.message(&mut self);
        faults.message_data(&mut self.message_data, rng);
        let mut content = match (&self.message_data, &self.recipient) {
            (Some(plain), Some(recipient)) if !faults.envelope_is_bare() => {
                let mut parts = EnvelopeParts::seal(plain, recipient, self.cipher, rng)?;
                faults.recipient(&mut parts, recipient);
                Some(parts.write(faults))
            }
            (plain, _) => plain.clone(),
        };
        faults.content(&mut content, rng);

        let digest = self.digest.of(content.as_deref().unwrap_or_default())?;
        let mut attributes = self.attributes(&digest);
        let mut unsigned = Vec::new();
        faults.attributes(&mut attributes, &mut unsigned, rng);
        let mut encoded: Vec<Vec<u8>> = attributes.iter().map(AttributeParts::write).collect();
        encoded.iter_mut().for_each(|attribute| faults.encoded_attribute(attribute, rng));
        if !faults.attributes_stay_unsorted() {
            encoded.sort();
        }

        let other_key = faults.signing_key();
        let key = other_key.as_ref().unwrap_or(&sender.key);
        let mut signature = key.sign(self.digest, &write::set_as_given(&encoded))?;
        faults.signature(&mut signature, rng);
        faults.content_after_signing(&mut content);
        let signature_algorithm = key.signature_algorithm(self.digest).write_for_signer()?;
        let digest_algorithm = write::algorithm(self.digest.oid(), Some(&write::null()));
        let mut signed = SignedDataParts {
            version: 1,
            digest_algorithms: vec![digest_algorithm.clone()],
            content_type: oid::DATA,
            content,
            certificates: self.certificates,
            crls: Vec::new(),
            signers: vec![SignerInfoParts {
                version: 1,
                sid: sender.certificate.issuer_and_serial(),
                digest_algorithm,
                signed_attributes: Some(encoded),
                signature_algorithm,
                signature,
                unsigned_attributes: unsigned.iter().map(AttributeParts::write).collect(),
            }],
        };
        faults.signed_data(&mut signed);
        let mut bytes = signed.write();
        faults.bytes(&mut bytes, rng);
        Ok(bytes)
    }

    fn attributes(&self, digest: &[u8]) -> Vec<AttributeParts> {
        let number = |n: u8| n.to_string().into_bytes();
        let mut attributes = vec![
            AttributeParts { oid: oid::CONTENT_TYPE, values: vec![write::oid(oid::DATA)] },
            AttributeParts::octets(oid::MESSAGE_DIGEST, digest),
            AttributeParts::printable(oid::MESSAGE_TYPE, &number(self.message_type.number())),
            AttributeParts::printable(oid::TRANSACTION_ID, self.transaction_id.octets()),
        ];
        if let Some(nonce) = &self.sender_nonce {
            attributes.push(AttributeParts::octets(oid::SENDER_NONCE, &nonce.0));
        }
        if let Some(nonce) = &self.recipient_nonce {
            attributes.push(AttributeParts::octets(oid::RECIPIENT_NONCE, &nonce.0));
        }
        if let Some(outcome) = &self.outcome {
            attributes.push(AttributeParts::printable(oid::PKI_STATUS, &number(outcome.status().number())));
            if let Outcome::Failure(fail_info, text) = outcome {
                attributes.push(AttributeParts::printable(oid::FAIL_INFO, &number(fail_info.number())));
                if let Some(text) = text {
                    let value = write::tlv(tag::UTF8_STRING, text.as_bytes());
                    attributes.push(AttributeParts { oid: oid::FAIL_INFO_TEXT, values: vec![value] });
                }
            }
        }
        attributes
    }
}
