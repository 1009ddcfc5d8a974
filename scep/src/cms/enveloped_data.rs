//! EnvelopedData: the inner layer that keeps messageData confidential, with RSA key transport.
//!
//! ```text
//! EnvelopedData ::= SEQUENCE { version, recipientInfos SET OF, encryptedContentInfo { contentType,
//!   contentEncryptionAlgorithm, [0] IMPLICIT OCTET STRING } }
//! KeyTransRecipientInfo ::= SEQUENCE { version, rid, keyEncryptionAlgorithm, encryptedKey }
//! ```

use const_oid::ObjectIdentifier;
use rand_core::RngCore;

use super::{content_info, read_content_info, read_oid};
use crate::certificate::{Certificate, read_algorithm};
use crate::error::{Error, Result};
use crate::fault::Faults;
use crate::finding::{Finding, Place, Rule};
use crate::key::PrivateKey;
use crate::suite::Cipher;
use crate::tlv::{Source, Tlv, tag};
use crate::{oid, write};

/// An EnvelopedData as received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvelopedData {
    /// Where it stands.
    pub place: Place,
    /// Recipients in wire order.
    pub recipients: Vec<Recipient>,
    /// contentType of the encrypted content.
    pub content_type: ObjectIdentifier,
    /// contentEncryptionAlgorithm.
    pub cipher: ObjectIdentifier,
    /// Where contentEncryptionAlgorithm stands.
    pub cipher_place: Place,
    /// Initialisation vector; empty when the parameters are no OCTET STRING.
    pub iv: Vec<u8>,
    /// Encrypted octets, put together from chunks if need be.
    pub encrypted: Vec<u8>,
}

/// One RecipientInfo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// `ktri`, `kari`, `kekri`, `pwri` or `ori`.
    pub kind: &'static str,
    /// rid of a ktri, as received: IssuerAndSerialNumber or `[0]` subject key identifier.
    pub rid: Vec<u8>,
    /// keyEncryptionAlgorithm of a ktri.
    pub algorithm: Option<ObjectIdentifier>,
    /// encryptedKey of a ktri.
    pub encrypted_key: Vec<u8>,
    /// Where it stands.
    pub place: Place,
}

impl EnvelopedData {
    /// Reads a ContentInfo of type envelopedData.
    ///
    /// # Errors
    /// When the framing has no meaning, or the type is another one.
    pub fn read(source: Source<'_>, findings: &mut Vec<Finding>) -> Result<Self> {
        const WHAT: &str = "EnvelopedData";
        let outer = Tlv::read_whole(source, findings)?;
        outer.report_lengths(findings);
        let (kind, content) = read_content_info(&outer)?;
        if kind != oid::ENVELOPED_DATA {
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
        let recipients = recipients
            .expect("recipientInfos", tag::SET)?
            .members()?
            .iter()
            .map(|recipient| Recipient::read(recipient, findings))
            .collect::<Result<Vec<_>>>()?;
        let inner = content.expect("encryptedContentInfo", tag::SEQUENCE)?.members()?;
        let [content_type, algorithm, rest @ ..] = inner.as_slice() else {
            return Err(content.malformed("encryptedContentInfo", "expected contentType and algorithm"));
        };
        let iv = algorithm
            .members()?
            .get(1)
            .filter(|parameters| parameters.tag & !tag::CONSTRUCTED == tag::OCTET_STRING)
            .map(|parameters| parameters.string(findings))
            .transpose()?;
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
        Ok(Self {
            place: outer.place(),
            recipients,
            content_type: read_oid(content_type, "encryptedContentInfo contentType")?,
            cipher: read_algorithm(algorithm)?,
            cipher_place: algorithm.place(),
            iv: iv.unwrap_or_default(),
            encrypted,
        })
    }

    /// Decrypts with the recipient's key: every key transport recipient is tried.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for an unknown cipher, [`Error::Misbehaved`] for an initialisation vector of
    /// another length than the cipher's, [`Error::WrongKey`] without a reason when nothing opens.
    pub fn open(&self, key: &PrivateKey) -> Result<Vec<u8>> {
        let cipher = Cipher::from_oid(self.cipher)
            .ok_or_else(|| Error::Unsupported { what: "content cipher", actual: oid::name(self.cipher) })?;
        let mut last = Error::WrongKey { what: "envelope" };
        for recipient in self.recipients.iter().filter(|r| r.kind == "ktri") {
            let Ok(content_key) = key.decrypt(&recipient.encrypted_key) else { continue };
            // Whether the block was well-formed is nobody's business: RFC 8017 7.2.2.
            if content_key.len() != cipher.key_length() {
                continue;
            }
            match cipher.decrypt(&content_key, &self.iv, &self.encrypted) {
                Ok(plain) => return Ok(plain),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

impl Recipient {
    fn read(element: &Tlv<'_>, findings: &mut Vec<Finding>) -> Result<Self> {
        let kind = match element.tag {
            tag::SEQUENCE => "ktri",
            0xa1 => "kari",
            0xa2 => "kekri",
            0xa3 => "pwri",
            _ => "ori",
        };
        let mut value = Self {
            kind,
            rid: Vec::new(),
            algorithm: None,
            encrypted_key: Vec::new(),
            place: element.place(),
        };
        if kind == "ktri" {
            let members = element.members()?;
            let [_version, rid, algorithm, encrypted_key, ..] = members.as_slice() else {
                return Err(element.malformed("KeyTransRecipientInfo", "expected four members"));
            };
            value.rid = rid.bytes().to_vec();
            value.algorithm = Some(read_algorithm(algorithm)?);
            value.encrypted_key = encrypted_key.string(findings)?;
        }
        Ok(value)
    }

    /// True when rid names the certificate.
    #[must_use]
    pub fn names(&self, certificate: &Certificate) -> bool {
        certificate.is_named_by(&self.rid)
    }
}

/// What goes into an EnvelopedData. Change a field to make a wrong one.
#[derive(Debug, Clone)]
pub struct EnvelopeParts {
    /// rid, encoded: issuer and serial number of the recipient's certificate.
    pub rid: Vec<u8>,
    /// How often the RecipientInfo is written: once.
    pub copies: usize,
    /// contentType of the encrypted content.
    pub content_type: ObjectIdentifier,
    /// Identifier written for the cipher; the one used is [`EnvelopeParts::write`]'s argument.
    pub cipher: ObjectIdentifier,
    /// Key encrypted to the recipient.
    pub encrypted_key: Vec<u8>,
    /// Initialisation vector.
    pub iv: Vec<u8>,
    /// Encrypted octets.
    pub encrypted: Vec<u8>,
}

impl EnvelopeParts {
    /// Encrypts the plain octets to the recipient's certificate, key and IV from `rng`.
    ///
    /// # Errors
    /// When the recipient's key cannot encrypt.
    pub fn seal(
        plain: &[u8],
        recipient: &Certificate,
        cipher: Cipher,
        rng: &mut dyn RngCore,
    ) -> Result<Self> {
        let mut key = vec![0; cipher.key_length()];
        let mut iv = vec![0; cipher.block_length()];
        rng.fill_bytes(&mut key);
        rng.fill_bytes(&mut iv);
        Ok(Self {
            rid: recipient.issuer_and_serial(),
            copies: 1,
            content_type: oid::DATA,
            cipher: cipher.oid(),
            encrypted_key: recipient.public_key()?.encrypt(&key, rng)?,
            encrypted: cipher.encrypt(&key, &iv, plain)?,
            iv,
        })
    }

    /// ContentInfo of type envelopedData, changed by faults on envelopes.
    #[must_use]
    pub fn write(mut self, faults: &mut Faults) -> Vec<u8> {
        faults.envelope(&mut self);
        let recipient = write::sequence(&[
            &write::integer(0),
            &self.rid,
            &write::algorithm(oid::RSA_ENCRYPTION, Some(&write::null())),
            &write::octet_string(&self.encrypted_key),
        ]);
        let content = write::sequence(&[
            &write::oid(self.content_type),
            &write::algorithm(self.cipher, Some(&write::octet_string(&self.iv))),
            &write::tlv(tag::context_primitive(0), &self.encrypted),
        ]);
        let enveloped = write::sequence(&[
            &write::integer(0),
            &write::set_as_given(&vec![recipient; self.copies]),
            &content,
        ]);
        content_info(oid::ENVELOPED_DATA, &enveloped)
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::{EnvelopeParts, EnvelopedData};
    use crate::certificate::{Certificate, CertificateParts};
    use crate::error::Error;
    use crate::fault::Faults;
    use crate::key::PrivateKey;
    use crate::suite::Cipher;
    use crate::tlv::Source;
    use crate::{UnixTime, name};

    fn open(change: impl FnOnce(&mut EnvelopeParts)) -> Result<Vec<u8>, Error> {
        let pem = scep_vectors::keys::named("pool-00").unwrap().pem;
        let key = PrivateKey::from_pem(pem.as_bytes()).unwrap();
        let subject = name::parse("CN=recipient").unwrap();
        let parts = CertificateParts::self_signed(&subject, key.public(), vec![1], UnixTime(0));
        let certificate = Certificate::from_der(&parts.write(&key, &mut Faults::none()).unwrap()).unwrap();
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let mut parts = EnvelopeParts::seal(b"secret", &certificate, Cipher::Aes128, &mut rng).unwrap();
        change(&mut parts);
        let der = parts.write(&mut Faults::none());
        EnvelopedData::read(Source::message(&der), &mut Vec::new()).unwrap().open(&key)
    }

    #[test]
    fn what_is_wrong_with_a_secret_is_not_told() {
        assert_eq!(open(|_| ()), Ok(b"secret".to_vec()));
        // A content key of another length than the cipher's is as wrong as a broken block.
        for change in [
            |parts: &mut EnvelopeParts| parts.cipher = Cipher::Aes256.oid(),
            |parts: &mut EnvelopeParts| parts.encrypted_key[9] ^= 1,
        ] {
            assert!(matches!(open(change), Err(Error::WrongKey { .. })), "{:?}", open(change));
        }
    }

    #[test]
    fn a_wrong_initialisation_vector_is_told_it_is_no_secret() {
        let error = open(|parts| parts.iv.truncate(8)).unwrap_err();
        assert!(error.to_string().contains("IV of 8 octets"), "{error}");
    }
}
