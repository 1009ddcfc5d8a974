//! Ways to be authorised by a challengePassword, and what is known of each of them for one request.

use clap::ValueEnum;
use scep::csr::Csr;
use serde::Deserialize;

use super::{OneTime, digest};
use crate::device::Device;
use crate::preregistration::{self, ClientName};

/// A way to be authorised by a challengePassword. A policy has those that are on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// The challengePassword of everybody.
    Challenge,
    /// One that was made for one transaction.
    OneTime,
    /// One that was made for a registered device.
    Device,
    /// The passphrase of a preregistered client.
    Preregistration,
    /// That of a template, which it chooses.
    Template,
    /// A program or another server is asked.
    Hook,
}

/// What is known about a request beside what is in it: each is there because the request names it, and has
/// yet to be compared with the challengePassword that it offers.
#[derive(Debug, Clone, Default)]
pub struct Claims {
    /// The one-time challenge that it offers.
    pub one_time: Option<OneTime>,
    /// The registered device whose id is the client's name.
    pub device: Option<Device>,
    /// The record of the client's name.
    pub preregistration: Option<preregistration::Record>,
    /// Nickname of the template whose challengePassword it offers.
    pub template: Option<String>,
    /// How often the client was wrong lately.
    pub wrong_tries: u32,
    /// What the hook says; None when it was not asked.
    pub hook: Option<HookVerdict>,
}

/// What a hook says of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HookVerdict {
    /// It is authorised.
    Grant,
    /// The operator decides.
    Pending,
    /// It is not; why, for the log.
    Refuse(String),
}

/// The name under which wrong tries are counted: the client's, or when the subject has none, one that is
/// made of the subject.
#[must_use]
pub fn client_of(csr: &Csr) -> String {
    let of_subject = || format!("subject {}", digest(&scep::name::print(&csr.subject)));
    ClientName::of_request(csr).map_or_else(of_subject, |name| name.text().to_owned())
}
