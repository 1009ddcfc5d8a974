//! EnvelopedData and AuthEnvelopedData: the inner layer that keeps messageData confidential.
//!
//! ```text
//! EnvelopedData ::= SEQUENCE { version, recipientInfos SET OF, encryptedContentInfo { contentType,
//!   contentEncryptionAlgorithm, [0] IMPLICIT OCTET STRING } }
//! AuthEnvelopedData ::= SEQUENCE { version 0, recipientInfos SET OF, authEncryptedContentInfo,
//!   authAttrs [1] OPTIONAL, mac OCTET STRING }
//! GCMParameters ::= SEQUENCE { nonce OCTET STRING, icvLen INTEGER DEFAULT 12 }
//! ```
//!
//! The second is what CMS makes of a cipher that authenticates (RFC 5083, RFC 5084); RFC 8894 does not know
//! it, and nothing in it excludes it.

mod parts;

pub use parts::EnvelopeParts;

use const_oid::ObjectIdentifier;

use super::{Effort, Openers, RecipientInfo, read_content_info, read_oid};
use crate::error::{Error, Result};
use crate::finding::{Finding, Place, Rule};
use crate::key::Password;
use crate::suite::{Cipher, read_with_parameters};
use crate::tlv::{Source, Tlv, tag};
use crate::{limits, oid, write};

/// An EnvelopedData or AuthEnvelopedData as received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvelopedData {
    /// Where it stands.
    pub place: Place,
    /// Recipients in wire order.
    pub recipients: Vec<RecipientInfo>,
    /// contentType of the encrypted content.
    pub content_type: ObjectIdentifier,
    /// contentEncryptionAlgorithm.
    pub cipher: ObjectIdentifier,
    /// Where contentEncryptionAlgorithm stands.
    pub cipher_place: Place,
    /// Initialisation vector, or nonce of GCM; empty when the parameters hold neither.
    pub iv: Vec<u8>,
    /// Encrypted octets, put together from chunks if need be.
    pub encrypted: Vec<u8>,
    /// Of an AuthEnvelopedData only.
    pub authentication: Option<Authentication>,
}

/// What an AuthEnvelopedData has besides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authentication {
    /// mac.
    pub mac: Vec<u8>,
    /// icvLen: how many octets mac should have.
    pub mac_length: usize,
    /// authAttrs as they are authenticated, DER with the tag SET OF; empty when absent.
    pub attributes: Vec<u8>,
}

/// An envelope that was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened<'a> {
    /// The decrypted octets.
    pub plain: Vec<u8>,
    /// The password that opened it; None when a key did.
    pub password: Option<&'a Password>,
}

/// icvLen when it is absent, RFC 5084 3.2.
const DEFAULT_MAC_LENGTH: u8 = 12;

impl EnvelopedData {
    /// Reads a ContentInfo of type envelopedData or authEnvelopedData.
    ///
    /// # Errors
    /// When the framing has no meaning, or the type is another one.
    pub fn read(source: Source<'_>, findings: &mut Vec<Finding>) -> Result<Self> {
        const WHAT: &str = "EnvelopedData";
        let outer = Tlv::read_whole(source, findings)?;
        outer.report_lengths(findings);
        let (kind, content) = read_content_info(&outer)?;
        if kind != oid::ENVELOPED_DATA && kind != oid::AUTH_ENVELOPED_DATA {
            let detail = format!("expected envelopedData, got {}", oid::name(kind));
            return Err(outer.malformed("pkcsPKIEnvelope", detail));
        }
        let element = content.ok_or_else(|| outer.malformed(WHAT, "content is missing"))?;
        let members = element.expect(WHAT, tag::SEQUENCE)?.members()?;
        // originatorInfo [0] may stand between version and recipientInfos.
        let mut members = members.iter().filter(|member| member.tag != tag::context(0));
        let (Some(_version), Some(recipients), Some(content)) =
            (members.next(), members.next(), members.next())
        else {
            return Err(element.malformed(WHAT, "expected version, recipientInfos and encryptedContentInfo"));
        };
        let infos = recipients.expect("recipientInfos", tag::SET)?.members()?;
        limits::at_most(limits::RECIPIENTS, "RecipientInfos", infos.len(), recipients, WHAT)?;
        let recipients = infos
            .iter()
            .map(|recipient| RecipientInfo::read(recipient, findings))
            .collect::<Result<Vec<_>>>()?;
        let inner = content.expect("encryptedContentInfo", tag::SEQUENCE)?.members()?;
        let [content_type, algorithm, rest @ ..] = inner.as_slice() else {
            return Err(content.malformed("encryptedContentInfo", "expected contentType and algorithm"));
        };
        let encrypted = match rest.first() {
            Some(string) if string.tag & !tag::CONSTRUCTED == tag::context_primitive(0) => {
                string.string(findings)?
            }
            other => {
                findings.push(Finding {
                    rule: Rule::UnexpectedStructure,
                    at: content.place(),
                    detail: format!("encryptedContent: expected [0], got {:?}", other.map(|t| t.tag)),
                });
                Vec::new()
            }
        };
        let (cipher, parameters) = read_with_parameters(algorithm)?;
        let (iv, mac_length) = read_parameters(parameters, findings)?;
        let authentication = if kind == oid::AUTH_ENVELOPED_DATA {
            Some(read_authentication(&element, members, mac_length, findings)?)
        } else {
            None
        };
        Ok(Self {
            place: outer.place(),
            recipients,
            content_type: read_oid(content_type, "encryptedContentInfo contentType")?,
            cipher,
            cipher_place: algorithm.place(),
            iv,
            encrypted,
            authentication,
        })
    }

    /// Decrypts with keys and passwords: every recipient is tried with every opener, those first that name
    /// the certificate of a key.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for an unknown cipher, or when every recipient needs what is not implemented;
    /// [`Error::Misbehaved`] for an initialisation vector or a tag of another length than the cipher's, or a
    /// cipher in the wrong kind of envelope; [`Error::WrongKey`] without a reason when nothing opens.
    pub fn open<'a>(&self, openers: impl Into<Openers<'a>>) -> Result<Vec<u8>> {
        self.open_and_tell(openers, &mut Effort::default()).map(|opened| opened.plain)
    }

    /// As [`EnvelopedData::open`], and says which password it was. What it took is added to `effort`, whatever
    /// comes of it.
    ///
    /// # Errors
    /// As [`EnvelopedData::open`].
    pub fn open_and_tell<'a>(
        &self,
        openers: impl Into<Openers<'a>>,
        effort: &mut Effort,
    ) -> Result<Opened<'a>> {
        let openers = openers.into();
        let cipher = Cipher::from_oid(self.cipher)
            .ok_or_else(|| Error::Unsupported { what: "content cipher", actual: oid::name(self.cipher) })?;
        self.check_kind(cipher)?;
        let mut last = None;
        let is_named = |recipient: &&RecipientInfo| openers.certificates().any(|c| recipient.names(c));
        let (named, others): (Vec<_>, Vec<_>) = self.recipients.iter().partition(is_named);
        for recipient in named.into_iter().chain(others) {
            for (content_key, password) in recipient.content_keys(&openers, cipher, effort) {
                let (content_key, why) = match content_key {
                    Ok(key) if key.len() == cipher.key_length() => (key, None),
                    // Whether a block was well-formed is nobody's business (RFC 8017 7.2.2): a wrong one
                    // costs the same decryption, and its outcome is the same error.
                    Ok(_) => (vec![0; cipher.key_length()], Some(WRONG)),
                    Err(error) => (vec![0; cipher.key_length()], Some(error)),
                };
                effort.decryptions += 1;
                match (self.decrypt(cipher, &content_key), why) {
                    (Ok(plain), None) => return Ok(Opened { plain, password }),
                    // What is not implemented says more than what does not fit.
                    (_, Some(error @ Error::Unsupported { .. })) => last = last.or(Some(error)),
                    (Err(error @ Error::Misbehaved { .. }), _) => return Err(error),
                    (Ok(_) | Err(_), _) => last = Some(WRONG),
                }
            }
        }
        Err(last.unwrap_or(WRONG))
    }

    fn check_kind(&self, cipher: Cipher) -> Result<()> {
        let misbehaved =
            |what, expected: String, actual: String| Err(Error::Misbehaved { what, expected, actual });
        match &self.authentication {
            Some(authentication) if authentication.mac.len() != authentication.mac_length => misbehaved(
                "mac (RFC 5084 3.2)",
                format!("{} octets, as icvLen says", authentication.mac_length),
                authentication.mac.len().to_string(),
            ),
            Some(_) if !cipher.is_authenticated() => misbehaved(
                "AuthEnvelopedData (RFC 5083 2.1)",
                "a cipher that authenticates".to_owned(),
                cipher.name().to_owned(),
            ),
            None if cipher.is_authenticated() => misbehaved(
                "EnvelopedData (RFC 5084 1)",
                "a cipher that does not authenticate".to_owned(),
                cipher.name().to_owned(),
            ),
            Some(_) | None => Ok(()),
        }
    }

    fn decrypt(&self, cipher: Cipher, key: &[u8]) -> Result<Vec<u8>> {
        match &self.authentication {
            Some(Authentication { mac, attributes, .. }) => {
                cipher.unseal(key, &self.iv, attributes, &self.encrypted, mac)
            }
            None => cipher.decrypt(key, &self.iv, &self.encrypted),
        }
    }
}

const WRONG: Error = Error::WrongKey { what: "envelope" };

/// Initialisation vector or nonce, and icvLen.
fn read_parameters(parameters: Option<Tlv<'_>>, findings: &mut Vec<Finding>) -> Result<(Vec<u8>, usize)> {
    let Some(parameters) = parameters else { return Ok((Vec::new(), usize::from(DEFAULT_MAC_LENGTH))) };
    if parameters.tag & !tag::CONSTRUCTED == tag::OCTET_STRING {
        return Ok((parameters.string(findings)?, usize::from(DEFAULT_MAC_LENGTH)));
    }
    if parameters.tag != tag::SEQUENCE {
        return Ok((Vec::new(), usize::from(DEFAULT_MAC_LENGTH)));
    }
    let members = parameters.members()?;
    let nonce = members.first().filter(|nonce| nonce.tag & !tag::CONSTRUCTED == tag::OCTET_STRING);
    let nonce = nonce.map(|nonce| nonce.string(findings)).transpose()?;
    let length = match members.get(1) {
        // Too large for a number is too large for a tag: no mac is so long.
        Some(length) => length.small_number().map_or(usize::MAX, |length| length as usize),
        None => usize::from(DEFAULT_MAC_LENGTH),
    };
    Ok((nonce.unwrap_or_default(), length))
}

/// What follows authEncryptedContentInfo.
fn read_authentication<'t, 'b: 't>(
    element: &Tlv<'_>,
    members: impl Iterator<Item = &'t Tlv<'b>>,
    mac_length: usize,
    findings: &mut Vec<Finding>,
) -> Result<Authentication> {
    let (mut attributes, mut mac) = (Vec::new(), None);
    for member in members {
        if member.tag == tag::context(1) {
            // RFC 5083 2.2: authenticated in DER, with the tag SET OF, whatever form they were sent in.
            attributes = write::set_sorted(member.members()?.iter().map(Tlv::der).collect());
        } else if member.tag & !tag::CONSTRUCTED == tag::OCTET_STRING {
            mac = Some(member.string(findings)?);
        }
    }
    let mac = mac.ok_or_else(|| element.malformed("AuthEnvelopedData", "mac is missing"))?;
    Ok(Authentication { mac, mac_length, attributes })
}

#[cfg(test)]
mod tests;
