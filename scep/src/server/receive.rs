//! Checking and opening of a request, in the order in which a refusal can be answered best.

use crate::attribute::{HistoricType, MessageType, Nonce, StatedType, TransactionId};
use crate::certificate::{Certificate, CertificateParts};
use crate::cms::{Effort, Openers};
use crate::csr::Csr;
use crate::error::Error;
use crate::fault::Faults;
use crate::finding::Finding;
use crate::key::Password;
use crate::message::{IssuerAndSerial, IssuerAndSubject, PkiMessage, Sender, SignatureCheck};
use crate::suite::{Cipher, Digest};
use crate::tlv::{Source, Tlv};
use crate::{UnixTime, oid};

/// Which checks are made. All of them, unless a test wants a server that skips one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checks {
    /// The message carries its signer's certificate (RFC 8894 2.3).
    pub signer_certificate: bool,
    /// The digest is not MD5 (2.9).
    pub md5: bool,
    /// The content cipher is not single DES (2.9).
    pub single_des: bool,
    /// The content cipher is one that we know (3.2.1.4 badAlg). Without the check it is guessed.
    pub known_cipher: bool,
    /// messageDigest equals the digest of the content (3.2.1, RFC 5652 11.2).
    pub message_digest: bool,
    /// The SignerInfo's signature verifies (3.1).
    pub message_signature: bool,
    /// messageType is there and defined (3.2.1.2).
    pub message_type: bool,
    /// transactionID is there (3.2.1.1).
    pub transaction_id: bool,
    /// senderNonce is there (3.2.1.5).
    pub sender_nonce: bool,
    /// The PKCS#10 is signed with its own key (7.9).
    pub possession: bool,
}

impl Default for Checks {
    fn default() -> Self {
        Self {
            signer_certificate: true,
            md5: true,
            single_des: true,
            known_cipher: true,
            message_digest: true,
            message_signature: true,
            message_type: true,
            transaction_id: true,
            sender_nonce: true,
            possession: true,
        }
    }
}

/// A request that passed every check.
#[derive(Debug, Clone)]
pub struct Request {
    /// The message as it was read.
    pub message: PkiMessage,
    /// What the answer copies and mirrors.
    pub reply_to: ReplyTo,
    /// messageType.
    pub message_type: MessageType,
    /// Certificate that signed it.
    pub signer: Certificate,
    /// The opened messageData.
    pub content: Content,
    /// Departures that the readers stepped over.
    pub findings: Vec<Finding>,
}

/// The opened messageData, by messageType.
#[derive(Debug, Clone)]
pub enum Content {
    /// PKCSReq and RenewalReq.
    Enrol(Box<Csr>),
    /// CertPoll.
    Poll(IssuerAndSubject),
    /// GetCert and GetCRL: the certificate that is meant.
    Lookup(IssuerAndSerial),
}

/// What an answer copies from the request, and what it mirrors.
#[derive(Debug, Clone)]
pub struct ReplyTo {
    /// messageType of the request; None when it is absent or undefined.
    pub message_type: Option<MessageType>,
    /// transactionID.
    pub transaction_id: TransactionId,
    /// senderNonce of the request, the answer's recipientNonce.
    pub sender_nonce: Option<Nonce>,
    /// Digest of the request.
    pub digest: Digest,
    /// Content cipher of the request, once it is known.
    pub cipher: Cipher,
    /// Certificate of the signer, once it is known: the envelope of the answer is for it (RFC 8894 2.3).
    pub signer: Option<Certificate>,
    /// Whom the envelope is for when the signer's key cannot encrypt (RFC 8894 3.1): the password that opened
    /// the request, else the challengePassword in it. A poll holds neither: the caller knows the request.
    pub password: Option<Password>,
    /// What opening its envelope took.
    pub effort: Effort,
}

/// Why a request is refused before anybody asks who may enrol.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Refusal {
    /// Not a pkiMessage, or without what an answer needs.
    #[error("read the request: {0}")]
    Unreadable(Error),
    /// No certificate of the signer.
    #[error("verify the request: the certificate that signed it is not in the message (RFC 8894 2.3)")]
    NoSignerCertificate,
    /// Digest, cipher or key type.
    #[error("process the request: {0}")]
    Algorithm(Error),
    /// Digest or signature.
    #[error("verify the request: {0} (RFC 8894 3.2.1.4 badMessageCheck)")]
    MessageCheck(&'static str),
    /// A mandatory attribute is absent, or its value undefined.
    #[error("process the request: {0}")]
    Attribute(&'static str),
    /// The envelope does not open, or holds something else than messageType says.
    #[error("open the request: {0}")]
    Content(Error),
    /// The PKCS#10 is not signed with its own key.
    #[error("process the request: the PKCS#10 signature does not verify (RFC 8894 7.9)")]
    Possession,
}

impl Refusal {
    /// Why an envelope does not open: what it says in the clear may be an algorithm that is not supported.
    fn of_envelope(error: Error) -> Self {
        match error {
            Error::Unsupported { .. } => Self::Algorithm(error),
            _ => Self::Content(error),
        }
    }
}

/// Reads, verifies and opens a message. `recipients` are tried in turn, then `passwords`: candidates for an
/// envelope that is for a challengePassword, since the key of the recipient cannot encrypt (RFC 8894 3.1).
///
/// # Errors
/// The refusal, with what an answer needs when the message has it: then the answer is a CertRep FAILURE,
/// else only an HTTP error is possible.
pub fn receive(
    message: &[u8],
    recipients: &[&Sender],
    passwords: &[Password],
    checks: &Checks,
) -> Result<Request, (Refusal, Option<Box<ReplyTo>>)> {
    let read = PkiMessage::read(message).map_err(|error| (Refusal::Unreadable(error), None))?;
    let mut opening = Opening { message: read.value, findings: read.findings, reply_to: None };
    match opening.run(message, recipients, passwords, checks) {
        Ok((message_type, signer, content, reply_to)) => Ok(Request {
            message: opening.message,
            reply_to,
            message_type,
            signer,
            content,
            findings: opening.findings,
        }),
        Err(refusal) => Err((refusal, opening.reply_to.map(Box::new))),
    }
}

struct Opening {
    message: PkiMessage,
    findings: Vec<Finding>,
    reply_to: Option<ReplyTo>,
}

impl Opening {
    fn run(
        &mut self,
        message: &[u8],
        recipients: &[&Sender],
        passwords: &[Password],
        checks: &Checks,
    ) -> Result<(MessageType, Certificate, Content, ReplyTo), Refusal> {
        let mut reply_to = self.reply_to(message, checks)?;
        // An answer to an unverified request copies its attributes: it proves nothing to anybody, and tells
        // the client what went wrong (summary of RFC 8894 3.2.1.4).
        self.reply_to = Some(reply_to.clone());
        let signer = self.verify(checks)?;
        reply_to.signer = signer.clone();
        self.reply_to = Some(reply_to.clone());
        let message_type = self.request_type(checks)?;
        let plain = self.open(recipients, passwords, checks, &mut reply_to)?;
        self.reply_to = Some(reply_to.clone());
        let content = read_content(message_type, &plain, checks, &mut self.findings)?;
        if let Content::Enrol(csr) = &content
            && reply_to.password.is_none()
        {
            reply_to.password = csr.password();
        }
        let signer = match signer {
            Some(signer) => signer,
            None => self.stand_in(&content, recipients).ok_or(Refusal::NoSignerCertificate)?,
        };
        reply_to.signer = Some(signer.clone());
        Ok((message_type, signer, content, reply_to))
    }

    fn request_type(&self, checks: &Checks) -> Result<MessageType, Refusal> {
        let refusal = match self.message.stated_type() {
            Some(StatedType::Defined(defined)) if defined != MessageType::CertRep => return Ok(defined),
            Some(StatedType::Defined(_)) => "messageType CertRep is no request (RFC 8894 3.2.1.2)",
            // Not RenewalReq under another number: whoever sends it expects the rules of its draft.
            Some(StatedType::Historic(HistoricType::UpdateReq)) => {
                "messageType UpdateReq of an older draft is undefined (RFC 8894 3.2.1.2)"
            }
            Some(StatedType::Undefined(_)) | None => "messageType is absent or undefined (RFC 8894 3.2.1.2)",
        };
        if checks.message_type { Err(Refusal::Attribute(refusal)) } else { Ok(MessageType::PkcsReq) }
    }

    fn reply_to(&self, message: &[u8], checks: &Checks) -> Result<ReplyTo, Refusal> {
        let transaction_id = match self.message.transaction_id() {
            Some(id) => id,
            None if checks.transaction_id => {
                return Err(Refusal::Attribute("transactionID is absent (RFC 8894 3.2.1.1)"));
            }
            // The laxity: a name that no other message has.
            None => {
                let digest = Digest::Sha256.of(message).map_err(Refusal::Unreadable)?;
                let name = hex::encode_upper(digest);
                TransactionId::parse(name.as_bytes()).map_err(Refusal::Unreadable)?
            }
        };
        let sender_nonce = self.message.sender_nonce();
        if sender_nonce.is_none() && checks.sender_nonce {
            return Err(Refusal::Attribute("senderNonce is absent (RFC 8894 3.2.1.5)"));
        }
        Ok(ReplyTo {
            message_type: self.message.message_type(),
            transaction_id,
            sender_nonce,
            digest: Digest::Sha256,
            cipher: Cipher::Aes128,
            signer: None,
            password: None,
            effort: Effort::default(),
        })
    }

    /// The laxity: a certificate for the requested key, under the name by which the SignerInfo calls the
    /// one that is missing. Without a requested key there is nobody to answer.
    fn stand_in(&self, content: &Content, recipients: &[&Sender]) -> Option<Certificate> {
        let (Content::Enrol(csr), Some(ca)) = (content, recipients.first()) else { return None };
        let sid = &self.message.signer()?.sid;
        let names = Tlv::read(Source::message(sid), 0).ok()?.members().ok()?;
        let [issuer, serial] = names.as_slice() else { return None };
        let key = csr.public_key().ok()?;
        let mut parts =
            CertificateParts::self_signed(&csr.subject, &key, serial.content().to_vec(), UnixTime(0));
        parts.issuer = issuer.bytes().to_vec();
        Certificate::from_der(&parts.write(&ca.key, &mut Faults::none()).ok()?).ok()
    }

    /// The signer's certificate; None when it is absent and need not be there.
    fn verify(&mut self, checks: &Checks) -> Result<Option<Certificate>, Refusal> {
        let Some(signer) = self.message.signer() else {
            return Err(Refusal::MessageCheck("there is no SignerInfo"));
        };
        let refused = |algorithm| {
            Refusal::Algorithm(Error::Unsupported { what: "digest", actual: oid::name(algorithm) })
        };
        let digest = signer.digest().ok_or_else(|| refused(signer.digest_algorithm))?;
        // The signature may name a digest of its own.
        if let Some(insecure) = signer.digests().find(|digest| digest.is_insecure() && checks.md5) {
            return Err(refused(insecure.oid()));
        }
        if let Err(error) = &signer.algorithm {
            return Err(Refusal::Algorithm(error.clone()));
        }
        if let Some(reply_to) = &mut self.reply_to {
            reply_to.digest = digest;
        }
        let certificate = match self.message.signer_certificate() {
            Some(certificate) => certificate,
            None if checks.signer_certificate => return Err(Refusal::NoSignerCertificate),
            None => return Ok(None),
        };
        let key = certificate.public_key().map_err(Refusal::Algorithm)?;
        let verification = self.message.verify(&key);
        if signer.signed_attributes.is_none() {
            return Err(Refusal::MessageCheck("there are no signed attributes"));
        }
        if checks.message_digest && !verification.digest {
            return Err(Refusal::MessageCheck("messageDigest is not the digest of the content"));
        }
        if checks.message_signature && verification.signature == SignatureCheck::Fails {
            return Err(Refusal::MessageCheck("the signature does not verify"));
        }
        self.message.report_signature(verification.signature, &mut self.findings);
        Ok(Some(certificate))
    }

    fn open(
        &mut self,
        recipients: &[&Sender],
        passwords: &[Password],
        checks: &Checks,
        reply_to: &mut ReplyTo,
    ) -> Result<Vec<u8>, Refusal> {
        let missing = || {
            Refusal::Content(Error::Misbehaved {
                what: "request content (RFC 8894 3.2)",
                expected: "an envelope".to_owned(),
                actual: "nothing".to_owned(),
            })
        };
        if let Some(signer) = self.message.signer().and_then(|signer| signer.digest()) {
            reply_to.digest = signer;
        }
        let mut findings = Vec::new();
        let mut envelope =
            self.message.envelope(&mut findings).map_err(Refusal::of_envelope)?.ok_or_else(missing)?;
        self.findings.extend(findings);
        if !checks.known_cipher && Cipher::from_oid(envelope.cipher).is_none() {
            // The laxity: the block length gives the commonest cipher away.
            let guess =
                if envelope.iv.len() == Cipher::Des3.block_length() { Cipher::Des3 } else { Cipher::Aes128 };
            envelope.cipher = guess.oid();
        }
        let cipher = Cipher::from_oid(envelope.cipher)
            .filter(|cipher| !cipher.is_insecure() || !checks.single_des)
            .ok_or_else(|| {
                let actual = oid::name(envelope.cipher);
                Refusal::Algorithm(Error::Unsupported { what: "content cipher", actual })
            })?;
        reply_to.cipher = cipher;
        let keys = recipients.iter().fold(Openers::default(), |all, recipient| all.and_sender(recipient));
        let opened = envelope.open_and_tell(keys.and_passwords(passwords), &mut reply_to.effort);
        if let Some(known) = &mut self.reply_to {
            known.effort = reply_to.effort;
        }
        let opened = opened.map_err(Refusal::of_envelope)?;
        reply_to.password = opened.password.cloned();
        Ok(opened.plain)
    }
}

fn read_content(
    message_type: MessageType,
    plain: &[u8],
    checks: &Checks,
    findings: &mut Vec<Finding>,
) -> Result<Content, Refusal> {
    match message_type {
        MessageType::PkcsReq | MessageType::RenewalReq | MessageType::CertRep => {
            let read = Csr::read(Source::message_data(plain)).map_err(Refusal::Content)?;
            findings.extend(read.findings);
            read.value.public_key().map_err(Refusal::Content)?;
            if checks.possession && !read.value.proves_possession() {
                return Err(Refusal::Possession);
            }
            Ok(Content::Enrol(Box::new(read.value)))
        }
        MessageType::CertPoll => IssuerAndSubject::read(plain).map(Content::Poll).map_err(Refusal::Content),
        MessageType::GetCert | MessageType::GetCrl => {
            let read = IssuerAndSerial::read(plain).map_err(Refusal::Content)?;
            findings.extend(read.findings);
            Ok(Content::Lookup(read.value))
        }
    }
}
