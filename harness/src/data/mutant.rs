//! Mutants: a reference peer with one fault or one laxity. What a check must notice to be worth having.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::broken::Broken;
use super::case::{MessageFilter, Role};
use super::check::Origin;
use super::source::Source;

/// Schema of a mutants file.
pub(crate) const SCHEMA: &str = "sceptic/mutants/1";

/// One reference peer gone wrong in one way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mutant {
    /// Id that `killed_by` names.
    pub id: String,
    /// Which of our peers.
    pub peer: ReferencePeer,
    /// What it does wrong.
    pub departure: Departure,
    /// Where it is written.
    pub origin: Origin,
}

/// Our two peers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReferencePeer {
    /// The reference server.
    MockCa,
    /// The reference client.
    MockClient,
}

/// What a mutant does wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Departure {
    /// It commits a fault.
    Fault {
        /// Fault id.
        fault: String,
        /// On which messages.
        when: MessageFilter,
    },
    /// It skips a real check that it has.
    Laxity(String),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenMutants {
    #[serde(rename = "schema")]
    _schema: String,
    peer: ReferencePeer,
    #[serde(default)]
    mutant: Vec<WrittenMutant>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenMutant {
    id: String,
    fault: Option<String>,
    when: Option<MessageFilter>,
    laxity: Option<String>,
}

impl ReferencePeer {
    /// Package and program name.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::MockCa => "mock-ca",
            Self::MockClient => "mock-client",
        }
    }

    /// Which side it stands on when it is the subject.
    #[must_use]
    pub fn role(self) -> Role {
        match self {
            Self::MockCa => Role::Server,
            Self::MockClient => Role::Client,
        }
    }
}

/// Reads a mutants file.
pub(crate) fn read(source: &Source) -> Result<Vec<Mutant>, Vec<Broken>> {
    let written: WrittenMutants = source.parse(SCHEMA)?;
    let prefix = match written.peer {
        ReferencePeer::MockCa => "ca.",
        ReferencePeer::MockClient => "client.",
    };
    let mut broken = Vec::new();
    let mut mutants = Vec::new();
    let mut ids = BTreeSet::new();
    for (index, WrittenMutant { id, fault, when, laxity }) in written.mutant.into_iter().enumerate() {
        let at = |key: &str, message: String| source.at(&format!("mutant.{index}.{key}"), message);
        if !id.starts_with(prefix) {
            broken.push(at(
                "id",
                format!("mutant `{id}` of {} does not start with `{prefix}`", written.peer.word()),
            ));
        }
        if !ids.insert(id.clone()) {
            broken.push(at("id", format!("a second mutant `{id}`")));
        }
        if when.as_ref().is_some_and(|when| when.nth == Some(0)) {
            broken.push(at("when", "`nth` counts from 1".to_owned()));
        }
        if written.peer == ReferencePeer::MockClient && when.as_ref().is_some_and(|when| when.to.is_some()) {
            broken.push(at("when", "`to` narrows answers down, and a client gives none".to_owned()));
        }
        let departure = match (fault, laxity) {
            (Some(fault), None) => Departure::Fault { fault, when: when.unwrap_or_default() },
            (None, Some(laxity)) if when.is_none() => Departure::Laxity(laxity),
            (None, Some(_)) => {
                broken.push(at("when", "`when` goes with `fault`: a laxity holds throughout".to_owned()));
                continue;
            }
            (Some(_), Some(_)) | (None, None) => {
                broken.push(at("id", format!("mutant `{id}` has `fault` or `laxity`, exactly one")));
                continue;
            }
        };
        let origin = Origin { file: source.path.clone(), index };
        mutants.push(Mutant { id, peer: written.peer, departure, origin });
    }
    match broken.is_empty() {
        true => Ok(mutants),
        false => Err(broken),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        refused_of("mock-ca", text)
    }

    fn refused_of(peer: &str, text: &str) -> String {
        let text = format!("schema = \"sceptic/mutants/1\"\npeer = \"{peer}\"\n[[mutant]]\n{text}");
        let source = Source { path: "mutants/ca.toml".into(), shown: "ca.toml".into(), text };
        read(&source).unwrap_err().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_mutant_has_one_fault_or_one_laxity() {
        for (text, message) in [
            ("id = \"ca.x\"", "ca.toml:4:1: mutant `ca.x` has `fault` or `laxity`, exactly one"),
            ("id = \"ca.x\"\nfault = \"f\"\nlaxity = \"l\"", "exactly one"),
            ("id = \"ca.x\"\nlaxity = \"l\"\nwhen = { message = \"CertRep\" }", "a laxity holds throughout"),
            ("id = \"client.x\"\nlaxity = \"l\"", "does not start with `ca.`"),
            ("id = \"ca.x\"\nfault = \"f\"\nwhen = { nth = 0 }", "`nth` counts from 1"),
            (
                "id = \"ca.x\"\nlaxity = \"l\"\n[[mutant]]\nid = \"ca.x\"\nlaxity = \"m\"",
                "a second mutant `ca.x`",
            ),
        ] {
            let found = refused(text);
            assert!(found.contains(message), "{text}: {found}");
        }
    }

    #[test]
    fn a_client_answers_nothing() {
        let text = "id = \"client.x\"\nfault = \"f\"\nwhen = { to = \"PKCSReq\" }";
        assert!(refused_of("mock-client", text).contains("`to` narrows answers down"));
    }
}
