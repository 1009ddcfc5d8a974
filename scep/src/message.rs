//! pkiMessage: what SCEP puts into SignedData, read and written.
//!
//! Reading never stops at a departure past the outermost framing: what is missing is None, what is odd is a
//! finding, and whether the signature verifies is a value ([`Verification`]).

mod compose;
mod departures;
mod query;

pub use compose::{MessageParts, Outcome, Sender};
pub use query::{IssuerAndSerial, IssuerAndSubject};

use crate::attribute::{FailInfo, MessageType, Nonce, PkiStatus, StatedType, Text, TransactionId};
use crate::ca_cert::roles;
use crate::certificate::Certificate;
use crate::cms::{AttributeValue, EnvelopedData, SignedData, SignerInfo};
use crate::error::{Error, Result};
use crate::finding::{Finding, Rule};
use crate::key::PublicKey;
use crate::tlv::{Source, tag};
use crate::{Read, limits, oid};
use const_oid::ObjectIdentifier;

/// A pkiMessage as received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PkiMessage {
    /// The outer layer.
    pub signed: SignedData,
}

/// Whether the signature of a message holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verification {
    /// messageDigest equals the digest over eContent (over nothing, when it is omitted). False too when
    /// the attribute or the algorithm is missing.
    pub digest: bool,
    /// The signature over the signed attributes.
    pub signature: SignatureCheck,
}

/// Over what the signature verifies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureCheck {
    /// The attributes as received.
    AsReceived,
    /// The attributes as DER has them only, though they were sent in another order or form.
    Sorted,
    /// Nothing.
    Fails,
}

impl Verification {
    /// True when digest and signature both hold, whatever the order of the attributes.
    #[must_use]
    pub fn holds(self) -> bool {
        self.digest && self.signature != SignatureCheck::Fails
    }
}

impl PkiMessage {
    /// Reads a message of any type.
    ///
    /// # Errors
    /// When the outermost framing has no meaning, the content is no SignedData, or it is larger than
    /// [`limits::MESSAGE`].
    pub fn read(bytes: &[u8]) -> Result<Read<Self>> {
        let source = Source::message(bytes);
        if bytes.len() > limits::MESSAGE {
            return Err(Error::Malformed {
                what: "pkiMessage",
                detail: format!("expected at most {} bytes, got {}", limits::MESSAGE, bytes.len()),
                at: source.place(0, bytes.len()),
            });
        }
        let mut findings = Vec::new();
        let signed = SignedData::read(source, &mut findings)?;
        let value = Self { signed };
        value.report(&mut findings);
        Ok(Read { value, findings })
    }

    /// The first SignerInfo.
    #[must_use]
    pub fn signer(&self) -> Option<&SignerInfo> {
        self.signed.signers.first()
    }

    /// The first value of the first signed attribute of a type.
    #[must_use]
    pub fn attribute(&self, oid: ObjectIdentifier) -> Option<&AttributeValue> {
        self.signer()?.attributes(oid).next()?.values.first()
    }

    fn text(&self, oid: ObjectIdentifier) -> Option<Text> {
        self.attribute(oid)
            .map(|value| Text { tag: value.tag & !tag::CONSTRUCTED, octets: value.content.clone() })
    }

    /// messageType, of whatever ASN.1 type; None when absent or undefined.
    #[must_use]
    pub fn message_type(&self) -> Option<MessageType> {
        self.stated_type()?.defined()
    }

    /// messageType as it is stated, defined or not; None when absent.
    #[must_use]
    pub fn stated_type(&self) -> Option<StatedType> {
        self.attribute(oid::MESSAGE_TYPE).map(|value| StatedType::read(departures::number_text(value)))
    }

    /// pkiStatus; None when absent or undefined.
    #[must_use]
    pub fn pki_status(&self) -> Option<PkiStatus> {
        PkiStatus::parse(&departures::number_text(self.attribute(oid::PKI_STATUS)?).octets)
    }

    /// failInfo; None when absent or undefined.
    #[must_use]
    pub fn fail_info(&self) -> Option<FailInfo> {
        FailInfo::parse(&departures::number_text(self.attribute(oid::FAIL_INFO)?).octets)
    }

    /// failInfoText.
    #[must_use]
    pub fn fail_info_text(&self) -> Option<Text> {
        self.text(oid::FAIL_INFO_TEXT)
    }

    /// transactionID; None when absent, empty or too long.
    #[must_use]
    pub fn transaction_id(&self) -> Option<TransactionId> {
        TransactionId::parse(&self.attribute(oid::TRANSACTION_ID)?.content).ok()
    }

    /// senderNonce, of whatever length.
    #[must_use]
    pub fn sender_nonce(&self) -> Option<Nonce> {
        self.attribute(oid::SENDER_NONCE).map(|value| Nonce(value.content.clone()))
    }

    /// recipientNonce, of whatever length.
    #[must_use]
    pub fn recipient_nonce(&self) -> Option<Nonce> {
        self.attribute(oid::RECIPIENT_NONCE).map(|value| Nonce(value.content.clone()))
    }

    /// The signer's certificate, when the message carries it.
    #[must_use]
    pub fn signer_certificate(&self) -> Option<Certificate> {
        self.signed.signer_certificate(self.signer()?)
    }

    /// Checks digest and signature with the key.
    #[must_use]
    pub fn verify(&self, key: &PublicKey) -> Verification {
        let failed = Verification { digest: false, signature: SignatureCheck::Fails };
        let Some(signer) = self.signer() else { return failed };
        let Some(digest) = signer.digest() else { return failed };
        let verifies = |octets: &[u8]| {
            signer
                .algorithm
                .as_ref()
                .is_ok_and(|algorithm| key.verifies(*algorithm, octets, &signer.signature))
        };
        if signer.signed_attributes.is_none() {
            // Without signed attributes the signature covers the content itself: nothing of SCEP is signed.
            return failed;
        }
        let signature = if verifies(&signer.signed_octets) {
            SignatureCheck::AsReceived
        } else if verifies(&signer.sorted_octets()) {
            SignatureCheck::Sorted
        } else {
            SignatureCheck::Fails
        };
        let content =
            self.signed.content.as_ref().map(|content| content.bytes.as_slice()).unwrap_or_default();
        let expected = digest.of(content).ok();
        let stated = self.attribute(oid::MESSAGE_DIGEST).map(|value| value.content.clone());
        Verification { digest: expected.is_some() && expected == stated, signature }
    }

    /// Notes a signature that holds over the DER form of the attributes only (RFC 5652 5.4), when that is what
    /// [`PkiMessage::verify`] said.
    pub fn report_signature(&self, check: SignatureCheck, findings: &mut Vec<Finding>) {
        if let (SignatureCheck::Sorted, Some(signer)) = (check, self.signer()) {
            findings.push(Finding {
                rule: Rule::SignedSortedForm,
                at: signer.signature_place,
                detail: "expected a signature over the attributes as sent, got one over their DER form"
                    .to_owned(),
            });
        }
    }

    /// Notes that the certificate that verified a CertRep forbids its key to sign (RFC 8894 2.1.2).
    pub fn report_key_usage(&self, signer: &Certificate, findings: &mut Vec<Finding>) {
        if let Some(info) = self.signer()
            && !roles::may_sign(signer)
        {
            findings.push(Finding {
                rule: Rule::SignerKeyUsage,
                at: info.place,
                detail: format!(
                    "expected keyUsage digitalSignature of {}, got {}",
                    signer.subject_text(),
                    signer.key_usage().unwrap_or_default().names().join(", "),
                ),
            });
        }
    }

    /// The inner layer; None when eContent is omitted or has no octets.
    ///
    /// # Errors
    /// When eContent is no ContentInfo of type envelopedData.
    pub fn envelope(&self, findings: &mut Vec<Finding>) -> Result<Option<EnvelopedData>> {
        match &self.signed.content {
            Some(content) if !content.bytes.is_empty() => {
                EnvelopedData::read(content.source(), findings).map(Some)
            }
            _ => Ok(None),
        }
    }
}
