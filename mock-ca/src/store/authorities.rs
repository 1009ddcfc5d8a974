//! Generations of the authority in the store: one is current, the next may be prepared, the former ones are
//! kept for as long as what they issued has to be renewed, looked up or revoked.

use serde::{Deserialize, Serialize};

use super::Store;
use super::document;
use super::engine::{Kind, Result, Tables};

/// Keys and certificates of one generation. The keys are secrets: it prints without them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generation {
    /// Its number; the first is 1.
    pub number: u32,
    /// What it is there for now.
    pub standing: Standing,
    /// Private keys as PKCS#8 PEM, by role.
    pub keys: Vec<Credentials>,
    /// Certificates above the issuing one, PEM: the issuer of each stands after it.
    pub chain: Vec<String>,
}

/// A key of the authority, and its certificate.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credentials {
    /// What it is for.
    pub role: Role,
    /// PKCS#8 PEM.
    pub key: String,
    /// PEM.
    pub certificate: String,
}

/// What a key of the authority is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Issues certificates and CRLs, and does what no other key is there for.
    Issue,
    /// Signs CertReps.
    Sign,
    /// Opens requests.
    Open,
    /// The root of an issuing key that is none.
    Root,
}

/// What a generation is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// GetNextCACert tells of it; who envelopes to it already is issued under it.
    Next,
    /// It issues.
    Current,
    /// It issues no more. What it issued is known, may be renewed, and is on its CRL.
    Retired,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("role", &self.role).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Generation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Generation")
            .field("number", &self.number)
            .field("standing", &self.standing)
            .finish_non_exhaustive()
    }
}

/// What became of a change of generations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Changed {
    /// It is as asked.
    Done,
    /// It cannot be: the reason.
    Refused(&'static str),
}

impl Store {
    /// All generations, the first one first, and how often they were changed.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn generations(&self) -> Result<(u64, Vec<Generation>)> {
        self.look(|tables| Ok((version(tables)?, all(tables)?)))
    }

    /// How often the generations were changed: whoever has them in memory looks whether they are the same
    /// still, since another process may change them.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn generations_version(&self) -> Result<u64> {
        self.look(version)
    }

    /// Founds the authority with a first generation, unless another process was faster.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn found(&self, first: &Generation) -> Result<()> {
        self.change(|tables| if all(tables)?.is_empty() { put(tables, first) } else { Ok(()) })
    }

    /// Prepares the next generation.
    pub(crate) fn prepare(&self, next: &Generation) -> Result<Changed> {
        self.change(|tables| {
            let known = all(tables)?;
            if known.iter().any(|generation| generation.standing == Standing::Next) {
                return Ok(Changed::Refused("a next CA is prepared already"));
            }
            if known.iter().any(|generation| generation.number == next.number) {
                return Ok(Changed::Refused("another next CA was prepared at the same time"));
            }
            put(tables, next)?;
            Ok(Changed::Done)
        })
    }

    /// Makes the next generation the current one, and the current one a retired one.
    pub(crate) fn switch(&self) -> Result<Changed> {
        self.change(|tables| {
            let known = all(tables)?;
            if known.iter().all(|generation| generation.standing != Standing::Next) {
                return Ok(Changed::Refused("no next CA is prepared"));
            }
            for mut generation in known {
                generation.standing = match generation.standing {
                    Standing::Next => Standing::Current,
                    Standing::Current | Standing::Retired => Standing::Retired,
                };
                put(tables, &generation)?;
            }
            Ok(Changed::Done)
        })
    }
}

const VERSION: &str = "generations";

pub(super) fn version(tables: &mut dyn Tables) -> Result<u64> {
    Ok(document::read(tables, Kind::Counter, VERSION)?.unwrap_or(0))
}

fn all(tables: &mut dyn Tables) -> Result<Vec<Generation>> {
    document::range(tables, Kind::Authority, "", "", u32::MAX)
}

fn put(tables: &mut dyn Tables, generation: &Generation) -> Result<()> {
    let changes = version(tables)? + 1;
    document::write(tables, Kind::Counter, VERSION, &changes)?;
    document::write(tables, Kind::Authority, &format!("{:06}", generation.number), generation)
}
