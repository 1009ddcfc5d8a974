//! What an envelope is written from.

use const_oid::ObjectIdentifier;
use rand_core::RngCore;

use super::DEFAULT_MAC_LENGTH;
use crate::cms::content_info;
use crate::cms::recipient::{Recipient, RecipientForm};
use crate::error::Result;
use crate::fault::Faults;
use crate::suite::Cipher;
use crate::tlv::tag;
use crate::{oid, write};

/// What goes into an EnvelopedData or AuthEnvelopedData. Change a field to make a wrong one.
#[derive(Debug, Clone)]
pub struct EnvelopeParts {
    /// rid, encoded: issuer and serial number of the recipient's certificate; empty for a password.
    pub rid: Vec<u8>,
    /// The rest of the RecipientInfo.
    pub form: RecipientForm,
    /// How often the RecipientInfo is written: once.
    pub copies: usize,
    /// RecipientInfos in front of it, encoded: none.
    pub before: Vec<Vec<u8>>,
    /// RecipientInfos behind it, encoded: none.
    pub after: Vec<Vec<u8>>,
    /// contentType of the encrypted content.
    pub content_type: ObjectIdentifier,
    /// Identifier written for the cipher; the one used is [`EnvelopeParts::seal`]'s argument.
    pub cipher: ObjectIdentifier,
    /// Key encrypted to the recipient.
    pub encrypted_key: Vec<u8>,
    /// Initialisation vector, or nonce.
    pub iv: Vec<u8>,
    /// Encrypted octets.
    pub encrypted: Vec<u8>,
    /// mac; Some makes it an AuthEnvelopedData.
    pub mac: Option<Vec<u8>>,
}

/// Octets of the mac that we write: a whole tag, RFC 5084 3.2.
const MAC_LENGTH: usize = 16;

impl EnvelopeParts {
    /// Encrypts the plain octets to the recipient, key and IV from `rng`.
    ///
    /// # Errors
    /// When the recipient's key cannot do what its kind needs, or the content key cannot be wrapped.
    pub fn seal(plain: &[u8], recipient: &Recipient, cipher: Cipher, rng: &mut dyn RngCore) -> Result<Self> {
        let mut key = vec![0; cipher.key_length()];
        let mut iv = vec![0; cipher.iv_length()];
        rng.fill_bytes(&mut key);
        rng.fill_bytes(&mut iv);
        let (rid, encrypted_key, form) = recipient.seal(&key, rng)?;
        let (encrypted, mac) = if cipher.is_authenticated() {
            let (encrypted, mac) = cipher.seal(&key, &iv, &[], plain, MAC_LENGTH)?;
            (encrypted, Some(mac))
        } else {
            (cipher.encrypt(&key, &iv, plain)?, None)
        };
        Ok(Self {
            rid,
            form,
            copies: 1,
            before: Vec::new(),
            after: Vec::new(),
            content_type: oid::DATA,
            cipher: cipher.oid(),
            encrypted_key,
            iv,
            encrypted,
            mac,
        })
    }

    /// ContentInfo of type envelopedData or authEnvelopedData, changed by faults on envelopes.
    #[must_use]
    pub fn write(mut self, faults: &mut Faults) -> Vec<u8> {
        faults.envelope(&mut self);
        let recipient = self.form.write(&self.rid, &self.encrypted_key);
        let parameters = match self.mac.as_ref().map(|mac| u8::try_from(mac.len())) {
            // A default is not written (X.690 11.5).
            Some(Ok(DEFAULT_MAC_LENGTH)) => write::sequence(&[&write::octet_string(&self.iv)]),
            Some(length) => {
                let length = write::integer(length.unwrap_or(u8::MAX));
                write::sequence(&[&write::octet_string(&self.iv), &length])
            }
            None => write::octet_string(&self.iv),
        };
        let content = write::sequence(&[
            &write::oid(self.content_type),
            &write::algorithm(self.cipher, Some(&parameters)),
            &write::tlv(tag::context_primitive(0), &self.encrypted),
        ]);
        // RFC 5083 2.1: always 0; RFC 5652 6.1: by kind of recipient.
        let (kind, version) = match self.mac {
            Some(_) => (oid::AUTH_ENVELOPED_DATA, 0),
            None if self.rid.first() == Some(&tag::context_primitive(0)) => {
                (oid::ENVELOPED_DATA, self.form.envelope_version().max(2))
            }
            None => (oid::ENVELOPED_DATA, self.form.envelope_version()),
        };
        let enveloped = write::sequence(&[
            &write::integer(version),
            &write::set_as_given(&[self.before, vec![recipient; self.copies], self.after].concat()),
            &content,
            &self.mac.as_deref().map(write::octet_string).unwrap_or_default(),
        ]);
        content_info(kind, &enveloped)
    }
}
