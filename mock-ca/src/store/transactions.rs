//! Transactions in the store: each is settled once, whoever tries it how often.

use scep::UnixTime;
use scep::attribute::{MessageType, TransactionId};
use scep::certificate::Certificate;
use scep::csr::Csr;
use scep::server::transaction::{Identity, Stage};
use scep::tlv::Source;
use serde::{Deserialize, Serialize};

use super::Store;
use super::certificates::{self, CertificateRecord};
use super::challenges;
use super::document::{self, broken, moment, octets};
use super::engine::{Kind, Result, StoreError, Tables};
use crate::ra::Credential;
use crate::transaction::{State, Transaction};

/// How a request is to be remembered.
#[derive(Debug, Clone, Copy)]
pub struct Settlement<'a> {
    /// The transaction as it is to be from now on: pending, or issued with its certificate.
    pub transaction: &'a Transaction,
    /// Generation of the authority that made the certificate.
    pub generation: u32,
    /// The time now.
    pub now: UnixTime,
    /// How far the transaction had got when that was decided; None when there was none.
    pub from: Option<Stage>,
}

/// What became of it.
#[derive(Debug, Clone)]
pub enum Settled {
    /// It is remembered.
    Done,
    /// Another message of the transaction was faster: this is how it stands, and nothing changed.
    Known(Box<Transaction>),
    /// Its one-time credential was spent by another transaction, and nothing changed.
    Spent,
    /// There is a certificate of that serial number already, and nothing changed.
    SerialTaken,
}

/// What the operator may say of a pending transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Decided {
    /// It is remembered.
    Done,
    /// There is no such transaction.
    Unknown,
    /// It waits for nobody.
    NotPending(&'static str),
}

/// A transaction as a document.
#[derive(Serialize, Deserialize)]
struct TransactionDocument {
    #[serde(with = "octets")]
    id: Vec<u8>,
    message_type: String,
    #[serde(with = "octets")]
    signer_key: Vec<u8>,
    #[serde(with = "octets")]
    csr: Vec<u8>,
    credential: Credential,
    state: StateDocument,
    since: u64,
    due: Option<u64>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum StateDocument {
    Pending,
    Approved,
    Rejected,
    /// Serial number of the certificate, as [`Kind::Certificate`] is named.
    Issued(String),
}

impl Store {
    /// The transaction of that name.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn transaction(&self, id: &TransactionId) -> Result<Option<Transaction>> {
        self.look(|tables| find(tables, id))
    }

    /// Remembers what became of a request, and spends what it was authorised by. A transaction that went on
    /// meanwhile stays as it is.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn settle(&self, settlement: Settlement<'_>) -> Result<Settled> {
        self.change(|tables| settle(tables, settlement))
    }

    /// Transactions that wait for the operator, the oldest first, at most `limit`.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn pending(&self, limit: u32) -> Result<Vec<Transaction>> {
        self.look(|tables| {
            let mut pending = Vec::new();
            for (key, _) in tables.range(Kind::Waiting, "", "", limit)? {
                let id = key.split_once('/').map_or("", |(_, id)| id);
                pending.extend(read(tables, id)?);
            }
            Ok(pending)
        })
    }

    /// Takes the operator's word on a transaction: approved, or rejected.
    pub(crate) fn decide(&self, id: &TransactionId, approve: bool) -> Result<Decided> {
        self.change(|tables| {
            let Some(mut transaction) = read(tables, &key_of(id))? else { return Ok(Decided::Unknown) };
            if transaction.state != State::Pending {
                return Ok(Decided::NotPending(transaction.state.name()));
            }
            transaction.state = if approve { State::Approved } else { State::Rejected };
            write(tables, &transaction)?;
            Ok(Decided::Done)
        })
    }
}

fn settle(tables: &mut dyn Tables, settlement: Settlement<'_>) -> Result<Settled> {
    let Settlement { transaction, generation, now, from } = settlement;
    // What was decided on another state than this one is decided no more.
    if let Some(known) = read(tables, &key_of(&transaction.id))? {
        let is_other = known.identity.conflict(&transaction.identity).is_some();
        if is_other || Some(known.state.stage()) != from {
            return Ok(Settled::Known(Box::new(known)));
        }
    }
    if !challenges::spend(tables, &transaction.credential, &transaction.id)? {
        return Ok(Settled::Spent);
    }
    if let State::Issued(certificate) = &transaction.state {
        let record = CertificateRecord {
            certificate: certificate.as_ref().clone(),
            generation,
            issued: now,
            transaction: transaction.id.clone(),
            credential: transaction.credential.clone(),
            revocation: None,
        };
        if !certificates::add(tables, &record)? {
            return Ok(Settled::SerialTaken);
        }
    }
    write(tables, transaction)?;
    Ok(Settled::Done)
}

pub(super) fn find(tables: &mut dyn Tables, id: &TransactionId) -> Result<Option<Transaction>> {
    read(tables, &key_of(id))
}

fn key_of(id: &TransactionId) -> String {
    hex::encode(id.octets())
}

fn read(tables: &mut dyn Tables, key: &str) -> Result<Option<Transaction>> {
    let Some(document) = document::read::<TransactionDocument>(tables, Kind::Transaction, key)? else {
        return Ok(None);
    };
    let fault = |error: scep::Error| broken(Kind::Transaction, key, error);
    let id = TransactionId::parse(&document.id).map_err(fault)?;
    let csr = Csr::read(Source::message_data(&document.csr)).map_err(fault)?.value;
    let message_type = MessageType::from_name(&document.message_type)
        .ok_or_else(|| broken(Kind::Transaction, key, "its messageType is unknown"))?;
    let identity = Identity::new(&id, message_type, &document.signer_key, &csr).map_err(fault)?;
    let state = match document.state {
        StateDocument::Pending => State::Pending,
        StateDocument::Approved => State::Approved,
        StateDocument::Rejected => State::Rejected,
        StateDocument::Issued(serial) => State::Issued(Box::new(certificate(tables, key, &serial)?)),
    };
    Ok(Some(Transaction {
        id,
        csr,
        identity,
        credential: document.credential,
        state,
        since: UnixTime(document.since),
        due: document.due.map(UnixTime),
    }))
}

fn certificate(tables: &mut dyn Tables, key: &str, serial: &str) -> Result<Certificate> {
    let record = certificates::read(tables, serial)?;
    let missing =
        || -> StoreError { broken(Kind::Transaction, key, format!("certificate {serial} is missing")) };
    record.map(|record| record.certificate).ok_or_else(missing)
}

fn write(tables: &mut dyn Tables, transaction: &Transaction) -> Result<()> {
    let key = key_of(&transaction.id);
    let document = TransactionDocument {
        id: transaction.id.octets().to_vec(),
        message_type: transaction.identity.message_type.name().to_owned(),
        signer_key: transaction.identity.signer_key.clone(),
        csr: transaction.csr.der.clone(),
        credential: transaction.credential.clone(),
        state: match &transaction.state {
            State::Pending => StateDocument::Pending,
            State::Approved => StateDocument::Approved,
            State::Rejected => StateDocument::Rejected,
            State::Issued(certificate) => StateDocument::Issued(hex::encode(&certificate.serial)),
        },
        since: transaction.since.0,
        due: transaction.due.map(|due| due.0),
    };
    let waiting = format!("{}/{key}", moment(transaction.since));
    match transaction.state {
        State::Pending => tables.put(Kind::Waiting, &waiting, "")?,
        State::Approved | State::Rejected | State::Issued(_) => tables.remove(Kind::Waiting, &waiting)?,
    }
    document::write(tables, Kind::Transaction, &key, &document)
}
