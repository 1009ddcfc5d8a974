//! CRLs in the store: one for each generation of the authority, made anew when it no longer tells all.

use scep::UnixTime;
use scep::crl::{self, Crl};
use scep::serial::SerialNumber;
use serde::{Deserialize, Serialize};

use super::Store;
use super::certificates::Revocation;
use super::document::{self, broken, octets};
use super::engine::{Kind, Result, Tables};

/// A CRL, and what it tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrlRecord {
    /// The list.
    pub crl: Crl,
    /// Its number, RFC 5280 5.2.3.
    pub number: u32,
    /// Revocations of the generation that it tells of.
    pub covers: u64,
}

/// Whether there is a CRL that will do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fresh {
    /// This one.
    Is(Box<CrlRecord>),
    /// None: one has to be made, of these entries.
    Wanted {
        /// Its number.
        number: u32,
        /// How many revocations it has to tell of.
        covers: u64,
        /// Its entries, in the order of their serial numbers.
        entries: Vec<crl::Revoked>,
    },
}

#[derive(Serialize, Deserialize)]
struct CrlDocument {
    #[serde(with = "octets")]
    crl: Vec<u8>,
    number: u32,
    covers: u64,
}

impl Store {
    /// The CRL of a generation of the authority, if it tells all and was made no earlier than `since`.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn crl(&self, generation: u32, since: UnixTime) -> Result<Fresh> {
        self.look(|tables| {
            let covers = counted(tables, generation)?;
            let record = read(tables, generation)?;
            let number = record.as_ref().map_or(1, |record| record.number.saturating_add(1));
            let will_do = |record: &CrlRecord| {
                record.covers == covers && record.crl.this_update.is_some_and(|made| made >= since)
            };
            if let Some(record) = record.filter(will_do) {
                return Ok(Fresh::Is(Box::new(record)));
            }
            Ok(Fresh::Wanted { number, covers, entries: entries(tables, generation)? })
        })
    }

    /// Remembers a CRL; when another one of its number was faster, that one stays, and comes back.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn put_crl(&self, generation: u32, record: &CrlRecord) -> Result<CrlRecord> {
        self.change(|tables| {
            if let Some(faster) = read(tables, generation)?.filter(|known| known.number >= record.number) {
                return Ok(faster);
            }
            let CrlRecord { crl, number, covers } = record;
            let document = CrlDocument { crl: crl.der.clone(), number: *number, covers: *covers };
            document::write(tables, Kind::Crl, &name(generation), &document)?;
            Ok(record.clone())
        })
    }
}

/// Enters a revocation for the CRLs to come.
pub(super) fn enter(
    tables: &mut dyn Tables,
    generation: u32,
    serial: &[u8],
    revocation: Revocation,
) -> Result<()> {
    let count = counted(tables, generation)? + 1;
    document::write(tables, Kind::Counter, &counter(generation), &count)?;
    document::write(
        tables,
        Kind::Revocation,
        &format!("{}/{}", name(generation), hex::encode(serial)),
        &revocation,
    )
}

fn entries(tables: &mut dyn Tables, generation: u32) -> Result<Vec<crl::Revoked>> {
    let prefix = format!("{}/", name(generation));
    let mut entries = Vec::new();
    for (key, text) in tables.range(Kind::Revocation, &prefix, "", u32::MAX)? {
        let Revocation { at, reason } = document::parse(Kind::Revocation, &key, &text)?;
        let serial = key.strip_prefix(&prefix).and_then(|serial| hex::decode(serial).ok());
        let serial = serial.ok_or_else(|| broken(Kind::Revocation, &key, "its name is no serial number"))?;
        entries.push(crl::Revoked { serial: SerialNumber::new(&serial), at: Some(at), reason });
    }
    Ok(entries)
}

fn counted(tables: &mut dyn Tables, generation: u32) -> Result<u64> {
    Ok(document::read(tables, Kind::Counter, &counter(generation))?.unwrap_or(0))
}

fn counter(generation: u32) -> String {
    format!("revocations/{}", name(generation))
}

fn name(generation: u32) -> String {
    format!("{generation:06}")
}

fn read(tables: &mut dyn Tables, generation: u32) -> Result<Option<CrlRecord>> {
    let key = name(generation);
    let Some(document) = document::read::<CrlDocument>(tables, Kind::Crl, &key)? else { return Ok(None) };
    let crl = Crl::from_der(&document.crl).map_err(|error| broken(Kind::Crl, &key, error))?;
    Ok(Some(CrlRecord { crl, number: document.number, covers: document.covers }))
}
