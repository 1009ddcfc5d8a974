//! Cases, complete: what is done, what is judged, and the one change from the base.

mod file;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::Deserialize;

use super::axes::{Axes, Instance};
use super::check::Check;
use super::template::{self, MissingName, Name};
use super::time_limit;

pub(crate) use file::CaseFile;

/// Which side the subject is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The subject is a SCEP server: we send requests.
    Server,
    /// The subject is a SCEP client: we answer.
    Client,
}

/// How early a case runs, and how much of the suite it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// The few cases without which nothing else means anything.
    Smoke,
    /// What every implementation must get right.
    Core,
    /// Options, corners and legacy.
    Extended,
}

/// One case, complete: its base's steps with its one change, and its bundles' checks in place.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// Id by its path: `srv.enrol.granted`.
    pub id: String,
    /// Which side the subject is on.
    pub role: Role,
    /// Path from the data folder.
    pub file: String,
    /// What it claims, in one line.
    pub title: String,
    /// Why it exists.
    pub why: String,
    /// Version of the suite that it came with.
    pub since: String,
    /// Its tier, or its base's.
    pub tier: Tier,
    /// Abilities that the subject must have, its base's included, the axes' not (see [`Instance::needs`]).
    pub needs: Vec<String>,
    /// Time limit of the whole case.
    pub timeout: Duration,
    /// The case that it is one change away from, and which must succeed for it to be judged.
    pub base: Option<String>,
    /// Checks that must hold for the cases that name this one as base to be judged.
    pub control: Vec<String>,
    /// Values that steps use as `{vars.NAME}`.
    pub vars: toml::Table,
    /// What is varied. Axes of the base are here with their first value only.
    pub axes: Axes,
    /// What is done, in order.
    pub steps: Vec<Step>,
    /// What our server does wrong. Empty in server cases.
    pub serves: Vec<Served>,
    /// The one change from the base.
    pub change: Option<Change>,
    /// What is judged, bundles expanded.
    pub checks: Vec<Check>,
    /// Earlier ids.
    pub aliases: Vec<String>,
    /// Free words to select by.
    pub tags: Vec<String>,
}

/// One step: a verb with its parameters, which the verb itself interprets.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Id that references use.
    pub id: String,
    /// The verb (`do`).
    pub verb: String,
    /// Everything else that is written in the step, templates not yet filled in.
    pub parameters: toml::Table,
    /// Do it again while the answer is as said.
    pub repeat: Option<Repeat>,
    /// Faults applied to the request. Set by `[change]` only; more than one when a base has a base.
    pub faults: Vec<String>,
}

/// Do a step again while the answer has a pkiStatus.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    /// The pkiStatus, by name.
    #[serde(rename = "while")]
    pub status: String,
    /// How often at most, the first time included.
    pub at_most: u32,
    /// Pause between two. The runner's own when not given.
    #[serde(default, deserialize_with = "time_limit::deserialize_option")]
    pub every: Option<Duration>,
}

/// The one change of a case from its base.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// A parameter of a step has another value.
    Set {
        /// Step id.
        step: String,
        /// Parameter.
        key: String,
        /// Its value here.
        value: toml::Value,
    },
    /// A parameter of a step is not given.
    Unset {
        /// Step id.
        step: String,
        /// Parameter.
        key: String,
    },
    /// A fault is applied to what a step sends.
    Fault {
        /// Step id.
        step: String,
        /// Fault id.
        fault: String,
    },
    /// A fault is applied to what our server answers.
    Serve(Served),
}

/// A fault, and the messages it is applied to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    /// Fault id.
    pub fault: String,
    /// Which messages.
    pub to: MessageFilter,
}

/// Which messages a fault is applied to. Everything that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MessageFilter {
    /// messageType by name: `CertRep`.
    pub message: Option<String>,
    /// pkiStatus by name: `SUCCESS`.
    pub status: Option<String>,
    /// Only answers to a request of this messageType, by name: `RenewalReq`.
    pub to: Option<String>,
    /// Only the n-th message that fits, from 1.
    pub nth: Option<u32>,
    /// SCEP operation of the HTTP request: `GetCACaps`.
    pub operation: Option<String>,
}

impl Role {
    /// `server` or `client`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
        }
    }

    /// First part of the ids of its cases.
    #[must_use]
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Server => "srv",
            Self::Client => "cli",
        }
    }
}

impl Tier {
    /// The word used in files, lists and filters.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Smoke => "smoke",
            Self::Core => "core",
            Self::Extended => "extended",
        }
    }
}

impl Case {
    /// Everything before the last part of the id: `srv.enrol`.
    #[must_use]
    pub fn area(&self) -> &str {
        self.id.rsplit_once('.').map_or(&self.id, |(area, _)| area)
    }

    /// The step with this id.
    #[must_use]
    pub fn step(&self, id: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.id == id)
    }

    /// The parameters of a step in one instance, templates filled in.
    ///
    /// `{axes.X}` and `{vars.X}` are filled in here (a variable may itself use templates); every other name,
    /// such as `{subject.challenge}` or `{enrol.transactionID}`, is asked of `look_up`.
    ///
    /// # Errors
    ///
    /// The first name that nobody knows.
    pub fn parameters(
        &self,
        step: &Step,
        instance: &Instance,
        look_up: &dyn Fn(&Name) -> Option<String>,
    ) -> Result<toml::Table, MissingName> {
        let outer = |name: &Name| match name.scope.as_str() {
            "axes" => instance.axes.get(&name.field).cloned().map(toml::Value::String),
            _ => look_up(name).map(toml::Value::String),
        };
        let mut vars = BTreeMap::new();
        for (name, value) in &self.vars {
            vars.insert(name.as_str(), template::fill(value, &outer)?);
        }
        let all = |name: &Name| match name.scope.as_str() {
            "vars" => vars.get(name.field.as_str()).cloned(),
            _ => outer(name),
        };
        step.parameters.iter().map(|(key, value)| Ok((key.clone(), template::fill(value, &all)?))).collect()
    }
}

impl Change {
    /// The step that is changed; `None` when our server's answers are.
    #[must_use]
    pub fn step(&self) -> Option<&str> {
        match self {
            Self::Set { step, .. } | Self::Unset { step, .. } | Self::Fault { step, .. } => Some(step),
            Self::Serve(_) => None,
        }
    }
}

impl fmt::Display for MessageFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let to = self.to.as_ref().map(|to| format!("to {to}"));
        let nth = self.nth.map(|nth| format!("number {nth}"));
        let named = [self.operation.as_deref(), self.message.as_deref(), self.status.as_deref()];
        let parts = named.into_iter().chain([to.as_deref(), nth.as_deref()]);
        let parts: Vec<&str> = parts.flatten().collect();
        match parts.as_slice() {
            [] => f.write_str("every message"),
            parts => f.write_str(&parts.join(" ")),
        }
    }
}

/// The change in words, for the reader of a failure.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Set { step, key, value } => write!(f, "{step} with {key} = {value}"),
            Self::Unset { step, key } => write!(f, "{step} without {key}"),
            Self::Fault { step, fault } => write!(f, "{step} with fault {fault}"),
            Self::Serve(Served { fault, to }) => write!(f, "our server applies {fault} to {to}"),
        }
    }
}
