//! Certificate revocation lists (RFC 5280 section 5): what a GetCRL brings, read as tolerantly as
//! certificates are, and written from parts.
//!
//! ```text
//! CertificateList ::= SEQUENCE { tbsCertList, signatureAlgorithm, signature BIT STRING }
//! TBSCertList ::= SEQUENCE { version 1 OPTIONAL, signature, issuer, thisUpdate, nextUpdate OPTIONAL,
//!   revokedCertificates SEQUENCE OF { serialNumber, revocationDate, extensions OPTIONAL } OPTIONAL,
//!   crlExtensions [0] OPTIONAL }
//! ```

use der::Decode;

use crate::certificate::{
    Certificate, Extension, pem, read_extensions, read_extensions_list, write_extensions,
};
use crate::error::{Error, Result};
use crate::fault::Faults;
use crate::finding::{Finding, Rule};
use crate::key::{PrivateKey, PublicKey};
use crate::serial::SerialNumber;
use crate::suite::{Digest, SignatureAlgorithm};
use crate::time::UnixTime;
use crate::tlv::{Source, Tlv, tag};
use crate::{Read, name, oid, write};

/// A CRL as received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crl {
    /// The whole list as received.
    pub der: Vec<u8>,
    /// issuer, DER.
    pub issuer: Vec<u8>,
    /// thisUpdate; None in a form that DER does not allow.
    pub this_update: Option<UnixTime>,
    /// nextUpdate; None when it is left out, or in a form that DER does not allow.
    pub next_update: Option<UnixTime>,
    /// What is revoked, in wire order.
    pub revoked: Vec<Revoked>,
    /// crlExtensions in order.
    pub extensions: Vec<Extension>,
    tbs: Vec<u8>,
    signature_algorithm: Option<SignatureAlgorithm>,
    signature: Vec<u8>,
}

/// One revoked certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoked {
    /// Its serial number.
    pub serial: SerialNumber,
    /// When it was revoked; None in a form that DER does not allow.
    pub at: Option<UnixTime>,
    /// CRLReason (RFC 5280 5.3.1), e.g. 1 for keyCompromise; None when it is not given.
    pub reason: Option<u8>,
}

impl Crl {
    /// Reads one CRL; trailing bytes and odd encodings are findings.
    ///
    /// # Errors
    /// When one of the mandatory fields is missing or has no meaning.
    pub fn read(source: Source<'_>) -> Result<Read<Self>> {
        const WHAT: &str = "CertificateList";
        let mut findings = Vec::new();
        let outer = Tlv::read_whole(source, &mut findings)?.expect(WHAT, tag::SEQUENCE)?;
        outer.report_lengths(&mut findings);
        let [tbs, algorithm, signature] = outer.members()?[..] else {
            return Err(outer.malformed(WHAT, "expected tbsCertList, signatureAlgorithm and signature"));
        };
        let members = tbs.expect("TBSCertList", tag::SEQUENCE)?.members()?;
        let mut fields = members.into_iter().peekable();
        fields.next_if(|field| field.tag == tag::INTEGER);
        let mut next = |what: &'static str| {
            fields.next().ok_or_else(|| tbs.malformed("TBSCertList", format!("{what} is missing")))
        };
        next("signature")?.expect("signature", tag::SEQUENCE)?;
        let issuer = next("issuer")?.expect("CRL issuer", tag::SEQUENCE)?;
        let this_update = next("thisUpdate")?;
        let next_update = fields.next_if(|field| matches!(field.tag, tag::UTC_TIME | tag::GENERALIZED_TIME));
        let revoked = fields.next_if(|field| field.tag == tag::SEQUENCE);
        let mut extensions = Vec::new();
        for field in fields {
            if field.tag == tag::context(0) {
                extensions = read_extensions(&field)?;
            } else {
                findings.push(Finding {
                    rule: Rule::UnexpectedStructure,
                    at: field.place(),
                    detail: format!("TBSCertList member with tag 0x{:02x}", field.tag),
                });
            }
        }
        let value = Self {
            der: outer.bytes().to_vec(),
            issuer: issuer.bytes().to_vec(),
            this_update: read_time(&this_update),
            next_update: next_update.as_ref().and_then(read_time),
            revoked: match revoked {
                Some(list) => list.members()?.iter().map(Revoked::read).collect::<Result<_>>()?,
                None => Vec::new(),
            },
            extensions,
            tbs: tbs.bytes().to_vec(),
            signature_algorithm: SignatureAlgorithm::read(&algorithm, None).ok(),
            signature: signature
                .expect("CRL signature", tag::BIT_STRING)?
                .content()
                .get(1..)
                .unwrap_or_default()
                .to_vec(),
        };
        if let Err(error) =
            x509_cert::crl::CertificateList::<x509_cert::certificate::Rfc5280>::from_der(&value.der)
        {
            findings.push(Finding { rule: Rule::NotStrictCrl, at: outer.place(), detail: error.to_string() });
        }
        Ok(Read { value, findings })
    }

    /// Reads one CRL from DER, findings dropped.
    ///
    /// # Errors
    /// As [`Crl::read`].
    pub fn from_der(der: &[u8]) -> Result<Self> {
        Self::read(Source::message(der)).map(|read| read.value)
    }

    /// Reads the first CRL of a PEM text.
    ///
    /// # Errors
    /// When there is no PEM CRL, or it is malformed.
    pub fn from_pem(pem: &[u8]) -> Result<Self> {
        let blocks = crate::pem::read(pem, crate::pem::CRL)?;
        let first = blocks.first().ok_or_else(|| Error::Misuse {
            what: "PEM CRL",
            detail: "expected an X509 CRL block, got none".to_owned(),
        })?;
        Self::from_der(first)
    }

    /// PEM text.
    #[must_use]
    pub fn to_pem(&self) -> String {
        pem("X509 CRL", &self.der)
    }

    /// What it was written from, for one that is to be signed again: the digest is SHA-256. None when
    /// thisUpdate could not be read.
    #[must_use]
    pub fn parts(&self) -> Option<CrlParts> {
        Some(CrlParts {
            issuer: self.issuer.clone(),
            this_update: self.this_update?,
            next_update: self.next_update,
            revoked: self.revoked.clone(),
            extensions: self.extensions.clone(),
            digest: Digest::Sha256,
        })
    }

    /// True when the CRL's signature verifies with the key.
    #[must_use]
    pub fn verifies_with(&self, key: &PublicKey) -> bool {
        self.signature_algorithm.is_some_and(|algorithm| key.verifies(algorithm, &self.tbs, &self.signature))
    }

    /// True when the certificate names the CRL's issuer, and its key verifies the CRL.
    #[must_use]
    pub fn is_issued_by(&self, issuer: &Certificate) -> bool {
        name::same(&self.issuer, &issuer.subject)
            && issuer.public_key().is_ok_and(|key| self.verifies_with(&key))
    }

    /// The entry of a serial number; None when it is not revoked.
    #[must_use]
    pub fn entry(&self, serial: &SerialNumber) -> Option<&Revoked> {
        self.revoked.iter().find(|revoked| revoked.serial == *serial)
    }

    /// cRLNumber (RFC 5280 5.2.3); None without that extension.
    #[must_use]
    pub fn number(&self) -> Option<SerialNumber> {
        let extension = self.extensions.iter().find(|extension| extension.oid == oid::CRL_NUMBER)?;
        SerialNumber::read(Tlv::read(Source::message(&extension.value), 0).ok()?).ok()
    }

    /// True from thisUpdate to nextUpdate, both included. A time that is left out, or that cannot be
    /// read, bounds nothing.
    #[must_use]
    pub fn is_current_at(&self, now: UnixTime) -> bool {
        self.this_update.is_none_or(|from| from <= now) && self.next_update.is_none_or(|to| now <= to)
    }
}

impl Revoked {
    fn read(entry: &Tlv<'_>) -> Result<Self> {
        const WHAT: &str = "revokedCertificates entry";
        let members = entry.expect(WHAT, tag::SEQUENCE)?.members()?;
        let [serial, at, rest @ ..] = members.as_slice() else {
            return Err(entry.malformed(WHAT, "expected serialNumber and revocationDate"));
        };
        let extensions = rest.first().map(read_extensions_list).transpose()?.unwrap_or_default();
        let reason = extensions.iter().find(|extension| extension.oid == oid::CRL_REASON);
        Ok(Self {
            serial: SerialNumber::read(*serial)?,
            at: read_time(at),
            // ENUMERATED of one octet.
            reason: reason.and_then(|reason| match reason.value[..] {
                [ENUMERATED, 1, reason] => Some(reason),
                _ => None,
            }),
        })
    }

    fn write(&self) -> Result<Vec<u8>> {
        let at = self.at.ok_or_else(|| Error::Misuse {
            what: "CRL entry",
            detail: "expected a time of revocation".to_owned(),
        })?;
        let reason = self.reason.map(|reason| {
            let value = write::tlv(ENUMERATED, &[reason]);
            write_extensions(&[Extension { oid: oid::CRL_REASON, critical: false, value }])
        });
        Ok(write::sequence(&[&self.serial.write(), &write_time(at), &reason.unwrap_or_default()]))
    }
}

const ENUMERATED: u8 = 0x0a;

fn read_time(element: &Tlv<'_>) -> Option<UnixTime> {
    UnixTime::from_asn1(element.tag, element.content())
}

fn write_time(time: UnixTime) -> Vec<u8> {
    let (tag, text) = time.to_asn1();
    write::tlv(tag, text.as_bytes())
}

/// What goes into a CRL. Change a field to make a wrong one.
#[derive(Debug, Clone)]
pub struct CrlParts {
    /// issuer, DER.
    pub issuer: Vec<u8>,
    /// thisUpdate.
    pub this_update: UnixTime,
    /// nextUpdate; None leaves it out.
    pub next_update: Option<UnixTime>,
    /// What is revoked, each with its time; none leaves the field out (RFC 5280 5.1.2.6).
    pub revoked: Vec<Revoked>,
    /// crlExtensions in the order in which they are written; none leaves the field out.
    pub extensions: Vec<Extension>,
    /// Digest of the signature.
    pub digest: Digest,
}

impl CrlParts {
    /// A CRL of an issuer with its number (RFC 5280 5.2.3) and the key identifier of the issuer (5.2.1),
    /// that revokes nothing. The validity is in seconds.
    #[must_use]
    pub fn new(issuer: &[u8], key_identifier: &[u8], number: u32, now: UnixTime, validity: u64) -> Self {
        let number = Extension { oid: oid::CRL_NUMBER, critical: false, value: write::number(number) };
        Self {
            issuer: issuer.to_vec(),
            this_update: now,
            next_update: Some(now.plus(validity)),
            revoked: Vec::new(),
            extensions: vec![Extension::authority_key_id(key_identifier), number],
            digest: Digest::Sha256,
        }
    }

    /// Signs the parts with the issuer's key.
    ///
    /// # Errors
    /// When an entry has no time, or the cryptographic library fails.
    pub fn write(&self, issuer: &PrivateKey) -> Result<Crl> {
        self.clone().write_with(issuer, &mut Faults::none())
    }

    /// Signs the parts with the issuer's key, changed by faults on CRLs.
    ///
    /// # Errors
    /// As [`CrlParts::write`].
    pub fn write_with(mut self, issuer: &PrivateKey, faults: &mut Faults) -> Result<Crl> {
        faults.crl(&mut self)?;
        let algorithm = issuer.signature_algorithm(self.digest).write()?;
        let revoked = self.revoked.iter().map(Revoked::write).collect::<Result<Vec<_>>>()?;
        let revoked =
            if revoked.is_empty() { Vec::new() } else { write::tlv(tag::SEQUENCE, &revoked.concat()) };
        let extensions = if self.extensions.is_empty() {
            Vec::new()
        } else {
            write::tlv(tag::context(0), &write_extensions(&self.extensions))
        };
        let tbs = write::sequence(&[
            // v2 is 1.
            &write::integer(1),
            &algorithm,
            &self.issuer,
            &write_time(self.this_update),
            &self.next_update.map(write_time).unwrap_or_default(),
            &revoked,
            &extensions,
        ]);
        let mut signature = issuer.sign(self.digest, &tbs)?;
        faults.crl_signature(&mut signature);
        Crl::from_der(&write::sequence(&[&tbs, &algorithm, &write::bit_string(&signature)]))
    }
}

#[cfg(test)]
mod tests {
    use super::{Crl, CrlParts, Revoked};
    use crate::key::PrivateKey;
    use crate::serial::SerialNumber;
    use crate::tlv::Source;
    use crate::{Rule, UnixTime, name};

    const NOW: UnixTime = UnixTime(1_800_000_000);

    fn key(name: &str) -> PrivateKey {
        PrivateKey::from_pem(scep_vectors::keys::named(name).unwrap().pem.as_bytes()).unwrap()
    }

    fn parts() -> CrlParts {
        let issuer = name::parse("CN=CA").unwrap();
        let mut parts = CrlParts::new(&issuer, &[1, 2, 3], 7, NOW, 3600);
        parts.revoked = vec![
            Revoked { serial: SerialNumber::new(&[0x2a]), at: Some(NOW.minus(60)), reason: Some(1) },
            Revoked { serial: SerialNumber::new(&[0x11; 20]), at: Some(NOW.minus(50)), reason: None },
        ];
        parts
    }

    #[test]
    fn it_reads_back_as_it_was_written() {
        let crl = parts().write(&key("ca-rsa")).unwrap();
        let read = Crl::read(Source::message(&crl.der)).unwrap();
        assert_eq!(read.findings, []);
        assert_eq!(read.value, crl);
        assert_eq!((crl.this_update, crl.next_update), (Some(NOW), Some(NOW.plus(3600))));
        assert_eq!(
            (crl.revoked.as_slice(), crl.number()),
            (&parts().revoked[..], Some(SerialNumber::new(&[7])))
        );
        assert_eq!(crl.entry(&SerialNumber::new(&[0, 0x2a])).and_then(|entry| entry.reason), Some(1));
        assert_eq!(crl.entry(&SerialNumber::new(&[0x2b])), None);
        assert!(crl.verifies_with(key("ca-rsa").public()) && !crl.verifies_with(key("ra-rsa").public()));
    }

    #[test]
    fn one_without_entries_extensions_and_next_update_is_a_crl() {
        let bare = CrlParts { next_update: None, revoked: Vec::new(), extensions: Vec::new(), ..parts() };
        let crl = bare.write(&key("ca-rsa")).unwrap();
        assert_eq!((crl.next_update, crl.revoked.len(), crl.number()), (None, 0, None));
        assert!(crl.is_current_at(UnixTime(u64::MAX)) && !crl.is_current_at(NOW.minus(1)));
    }

    #[test]
    fn it_is_current_until_the_next_update() {
        let crl = parts().write(&key("ca-rsa")).unwrap();
        assert!(crl.is_current_at(NOW) && crl.is_current_at(NOW.plus(3600)));
        assert!(!crl.is_current_at(NOW.plus(3601)));
    }

    #[test]
    fn a_negative_serial_number_is_read_and_the_strict_reader_said_to_refuse() {
        let mut parts = parts();
        parts.revoked[0].serial = SerialNumber::new(&[0x80, 1]);
        let crl = parts.write(&key("ca-rsa")).unwrap();
        assert!(crl.entry(&SerialNumber::new(&[0x80, 1])).is_some());
        let findings = Crl::read(Source::message(&crl.der)).unwrap().findings;
        assert!(findings.iter().all(|finding| finding.rule == Rule::NotStrictCrl), "{findings:?}");
    }

    #[test]
    fn a_certificate_is_no_crl() {
        let subject = name::parse("CN=CA").unwrap();
        let key = key("ca-rsa");
        let parts = crate::certificate::CertificateParts::self_signed(&subject, key.public(), vec![1], NOW);
        let der = parts.write(&key, &mut crate::fault::Faults::none()).unwrap();
        let error = Crl::from_der(&der).unwrap_err();
        assert!(
            error.to_string().contains("TBSCertList") || error.to_string().contains("signature"),
            "{error}"
        );
    }
}
