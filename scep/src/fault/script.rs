//! Which messages a peer writes with which faults: always, the nth time, for one status.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Fault, Faults, find};
use crate::error::Result;

/// Which messages a fault is for. All that is given must match.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// What is written: a messageType's name (`PKCSReq`, `CertRep`, …), or `GetCACaps` or `GetCACert` for
    /// these requests and their answers. None: everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// pkiStatus of a CertRep: `SUCCESS`, `FAILURE`, `PENDING`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Only answers to a request of this messageType, by its name (`PKCSReq`, `RenewalReq`, …).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Only the nth message that matches, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nth: Option<u32>,
    /// Only the next so many messages that match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<u32>,
    /// Only messages of the transaction with this transactionID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction: Option<String>,
    /// Only messages to or from the device of this name, whatever its letter case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
}

/// Whose message is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct About<'a> {
    /// Its transactionID, when it has one.
    pub transaction: Option<&'a str>,
    /// messageType of the request that it answers, by name, when it answers one.
    pub to: Option<&'a str>,
    /// Name of the device, when it is known.
    pub device: Option<&'a str>,
}

/// A fault by name, and the messages that it is for. The form in files and admin calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// Id in the catalogue.
    pub fault: String,
    /// Which messages.
    #[serde(default)]
    pub when: When,
}

/// What a peer does wrong, and how often it did.
#[derive(Debug, Clone, Default)]
pub struct Script {
    rows: Vec<Row>,
    delivered: BTreeMap<String, u32>,
}

#[derive(Debug, Clone)]
struct Row {
    fault: Fault,
    when: When,
    seen: u32,
}

impl When {
    fn is_about(&self, about: About<'_>) -> bool {
        let transaction = self.transaction.as_deref().is_none_or(|id| about.transaction == Some(id));
        let to = self.to.as_deref().is_none_or(|name| about.to == Some(name));
        let is_device =
            |name: &str| about.device.is_some_and(|own| own.to_lowercase() == name.to_lowercase());
        transaction && to && self.device.as_deref().is_none_or(is_device)
    }
}

impl Script {
    /// Looks every fault up in the catalogue.
    ///
    /// # Errors
    /// When one is not there.
    pub fn new(orders: &[Order]) -> Result<Self> {
        let row = |order: &Order| Ok(Row { fault: find(&order.fault)?, when: order.when.clone(), seen: 0 });
        Ok(Self { rows: orders.iter().map(row).collect::<Result<_>>()?, delivered: BTreeMap::new() })
    }

    /// The faults for the next message of that name and status. Counts it for `nth`.
    pub fn next(&mut self, message: &str, status: Option<&str>) -> Faults {
        self.next_about(message, status, About::default())
    }

    /// As [`Script::next`], for a message of this transaction or device, or in answer to such a
    /// request. Counts it for `nth` and `next`.
    pub fn next_about(&mut self, message: &str, status: Option<&str>, about: About<'_>) -> Faults {
        let mut list = Vec::new();
        for row in &mut self.rows {
            let matches = row.when.message.as_deref().is_none_or(|wanted| wanted == message)
                && (row.when.status.is_none() || row.when.status.as_deref() == status)
                && row.when.is_about(about);
            if matches {
                row.seen += 1;
                let is_wanted = row.when.nth.is_none_or(|nth| nth == row.seen)
                    && row.when.next.is_none_or(|next| row.seen <= next);
                if is_wanted {
                    list.push(row.fault.clone());
                }
            }
        }
        Faults::new(list)
    }

    /// Notes what the written message was changed by.
    pub fn record(&mut self, faults: &Faults) {
        for id in faults.applied() {
            *self.delivered.entry(id.clone()).or_default() += 1;
        }
    }

    /// How many messages each fault has changed so far.
    #[must_use]
    pub fn delivered(&self) -> &BTreeMap<String, u32> {
        &self.delivered
    }
}
