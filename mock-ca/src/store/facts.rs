//! All that the store knows about a request, read in one act: each act costs a look at what others changed.

use scep::UnixTime;
use scep::attribute::TransactionId;
use scep::csr::Csr;

use super::engine::{Kind, Result, Tables};
use super::{Store, attempts, authorities, document, transactions};
use crate::preregistration::{ClientName, Requestor};
use crate::ra::{self, Claims};
use crate::transaction::Transaction;

/// A challengePassword that a request offers.
#[derive(Debug, Clone, Copy)]
pub struct Offered<'a> {
    /// The request.
    pub csr: &'a Csr,
    /// What it offers.
    pub challenge: &'a str,
    /// The time now.
    pub now: UnixTime,
    /// Seconds for which wrong tries count.
    pub window: u64,
}

/// What the store knows.
#[derive(Debug, Clone)]
pub struct Facts {
    /// How often the generations of the authority were changed, as [`Store::generations_version`] has it.
    pub generations_version: u64,
    /// The transaction of the request.
    pub transaction: Option<Transaction>,
    /// What may authorise it.
    pub claims: Claims,
}

impl Store {
    /// What is known about a request of that transaction; without an offer nothing authorises it.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn facts(&self, id: &TransactionId, offered: Option<Offered<'_>>) -> Result<Facts> {
        self.look(|tables| {
            Ok(Facts {
                generations_version: authorities::version(tables)?,
                transaction: transactions::find(tables, id)?,
                claims: offered.map(|offered| claims(tables, offered)).transpose()?.unwrap_or_default(),
            })
        })
    }
}

fn claims(tables: &mut dyn Tables, offered: Offered<'_>) -> Result<Claims> {
    let Offered { csr, challenge, now, window } = offered;
    let name = ClientName::of_request(csr);
    let requestor = name.as_ref().and_then(|name| Requestor::parse(name.text()).ok());
    Ok(Claims {
        one_time: document::read(tables, Kind::Challenge, &ra::digest(challenge))?,
        device: match &name {
            Some(name) => document::read(tables, Kind::Device, name.text())?,
            None => None,
        },
        preregistration: match &requestor {
            Some(requestor) => document::read(tables, Kind::Preregistration, requestor.text())?,
            None => None,
        },
        wrong_tries: attempts::count(tables, &ra::client_of(csr), now, window)?,
        template: None,
        hook: None,
    })
}
