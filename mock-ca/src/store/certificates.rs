//! Issued certificates in the store, and which of them are revoked.

use scep::UnixTime;
use scep::attribute::TransactionId;
use scep::certificate::Certificate;
use serde::{Deserialize, Serialize};

use super::document::{self, broken, moment, octets};
use super::engine::{Kind, Result, Tables};
use super::{Store, crls};
use crate::ra::Credential;

/// A certificate that was issued, and how that came about.
#[derive(Debug, Clone)]
pub struct CertificateRecord {
    /// The certificate.
    pub certificate: Certificate,
    /// Generation of the authority that issued it.
    pub generation: u32,
    /// When it was issued.
    pub issued: UnixTime,
    /// The transaction that it was issued in.
    pub transaction: TransactionId,
    /// By what that transaction was authorised.
    pub credential: Credential,
    /// Since when and why it is revoked.
    pub revocation: Option<Revocation>,
}

/// Since when and why a certificate is revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// When.
    #[serde(with = "seconds")]
    pub at: UnixTime,
    /// CRLReason, RFC 5280 5.3.1; None for none given.
    pub reason: Option<u8>,
}

/// What became of a revocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revoked {
    /// It is revoked from now on.
    Done,
    /// It was revoked before, and stays so.
    Already(Revocation),
    /// No such certificate was issued.
    Unknown,
}

#[derive(Serialize, Deserialize)]
struct CertificateDocument {
    #[serde(with = "octets")]
    certificate: Vec<u8>,
    generation: u32,
    issued: u64,
    #[serde(with = "octets")]
    transaction: Vec<u8>,
    credential: Credential,
    revocation: Option<Revocation>,
}

mod seconds {
    use scep::UnixTime;
    use serde::{Deserialize as _, Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
    pub(super) fn serialize<S: Serializer>(time: &UnixTime, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(time.0)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<UnixTime, D::Error> {
        u64::deserialize(deserializer).map(UnixTime)
    }
}

impl Store {
    /// The certificate of that serial number, content octets of its INTEGER.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn certificate(&self, serial: &[u8]) -> Result<Option<CertificateRecord>> {
        self.look(|tables| read(tables, &hex::encode(serial)))
    }

    /// The certificate of that serial number, hexadecimal.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn certificate_named(&self, serial: &str) -> Result<Option<CertificateRecord>> {
        self.look(|tables| read(tables, serial))
    }

    /// Issued certificates, the oldest first, at most `limit`, those after the one of that name. The name
    /// goes back in to have the ones after it.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn certificates(&self, after: &str, limit: u32) -> Result<Vec<(String, CertificateRecord)>> {
        self.look(|tables| {
            let mut found = Vec::new();
            for (name, serial) in tables.range(Kind::Issue, "", after, limit)? {
                found.extend(read(tables, &serial)?.map(|record| (name, record)));
            }
            Ok(found)
        })
    }

    /// Revokes a certificate.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn revoke(&self, serial: &[u8], revocation: Revocation) -> Result<Revoked> {
        self.change(|tables| {
            let key = hex::encode(serial);
            let Some(mut record) = read(tables, &key)? else { return Ok(Revoked::Unknown) };
            if let Some(before) = record.revocation {
                return Ok(Revoked::Already(before));
            }
            record.revocation = Some(revocation);
            write(tables, &record)?;
            crls::enter(tables, record.generation, serial, revocation)?;
            Ok(Revoked::Done)
        })
    }
}

/// Puts a new certificate in; false when there is one of its serial number.
pub(super) fn add(tables: &mut dyn Tables, record: &CertificateRecord) -> Result<bool> {
    let serial = hex::encode(&record.certificate.serial);
    if tables.document(Kind::Certificate, &serial)?.is_some() {
        return Ok(false);
    }
    tables.put(Kind::Issue, &format!("{}/{serial}", moment(record.issued)), &serial)?;
    write(tables, record)?;
    Ok(true)
}

pub(super) fn read(tables: &mut dyn Tables, serial: &str) -> Result<Option<CertificateRecord>> {
    let Some(document) = document::read::<CertificateDocument>(tables, Kind::Certificate, serial)? else {
        return Ok(None);
    };
    let fault = |error: scep::Error| broken(Kind::Certificate, serial, error);
    Ok(Some(CertificateRecord {
        certificate: Certificate::from_der(&document.certificate).map_err(fault)?,
        generation: document.generation,
        issued: UnixTime(document.issued),
        transaction: TransactionId::parse(&document.transaction).map_err(fault)?,
        credential: document.credential,
        revocation: document.revocation,
    }))
}

fn write(tables: &mut dyn Tables, record: &CertificateRecord) -> Result<()> {
    let document = CertificateDocument {
        certificate: record.certificate.der.clone(),
        generation: record.generation,
        issued: record.issued.0,
        transaction: record.transaction.octets().to_vec(),
        credential: record.credential.clone(),
        revocation: record.revocation,
    };
    document::write(tables, Kind::Certificate, &hex::encode(&record.certificate.serial), &document)
}
