//! All that the store knows about what a request may be authorised by, read in one act.

use scep::UnixTime;
use scep::csr::Csr;

use super::engine::{Kind, Result};
use super::{Store, attempts, document};
use crate::preregistration::{ClientName, Requestor};
use crate::ra::{self, Claims};

impl Store {
    /// What is known about a request that offers a challengePassword. Wrong tries count for `window`
    /// seconds.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn claims(&self, csr: &Csr, offered: &str, now: UnixTime, window: u64) -> Result<Claims> {
        let (digest, client) = (ra::digest(offered), ra::client_of(csr));
        let name = ClientName::of_request(csr);
        let requestor = name.as_ref().and_then(|name| Requestor::parse(name.text()).ok());
        self.look(|tables| {
            Ok(Claims {
                one_time: document::read(tables, Kind::Challenge, &digest)?,
                device: match &name {
                    Some(name) => document::read(tables, Kind::Device, name.text())?,
                    None => None,
                },
                preregistration: match &requestor {
                    Some(requestor) => document::read(tables, Kind::Preregistration, requestor.text())?,
                    None => None,
                },
                wrong_tries: attempts::count(tables, &client, now, window)?,
                template: None,
                hook: None,
            })
        })
    }
}
