//! Setups: configurations of the reference server, in which `try` and `selftest` run the server cases.
//!
//! No case names one. An instance runs in the first setup that has every ability that it needs, so a case that
//! needs a registration authority runs where there is one, and nowhere else.

use std::collections::BTreeSet;

use mock_ca::config::{Hierarchy, Registration};
use serde::Deserialize;

use super::ability::{Declaration, Known};
use super::axes::Instance;
use super::broken::Broken;
use super::check::Origin;
use super::source::Source;
use super::{AbilityRole, Suite};

/// Schema of the file.
const SCHEMA: &str = "sceptic/setups/1";

/// One configuration of the reference server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setup {
    /// Its name.
    pub id: String,
    /// What it is, in one line.
    pub title: String,
    /// Its keys, as names of public test keys.
    pub keys: SetupKeys,
    /// What issues.
    pub hierarchy: Hierarchy,
    /// Who speaks SCEP for the CA.
    pub registration: Registration,
    /// Abilities that it has.
    pub has: BTreeSet<String>,
    /// Where it is written.
    pub origin: Origin,
}

/// Names of the keys of a setup among the public test keys; one that is not named is made at the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetupKeys {
    /// The CA's.
    pub key: String,
    /// The root's above it.
    pub root: Option<String>,
    /// The next CA's, which is prepared then.
    pub next: Option<String>,
    /// The registration authority's: its only one, or the one that signs.
    pub signing: Option<String>,
    /// The registration authority's that opens, where it has two.
    pub opening: Option<String>,
}

impl SetupKeys {
    /// Each key by its field.
    pub(crate) fn named(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let others = [
            ("root", &self.root),
            ("next", &self.next),
            ("signing", &self.signing),
            ("opening", &self.opening),
        ];
        let others = others.into_iter().filter_map(|(field, name)| Some((field, name.as_deref()?)));
        std::iter::once(("key", self.key.as_str())).chain(others)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenSetups {
    #[serde(rename = "schema")]
    _schema: String,
    common: Vec<String>,
    #[serde(default)]
    setup: Vec<WrittenSetup>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenSetup {
    id: String,
    title: String,
    key: String,
    root: Option<String>,
    next: Option<String>,
    signing: Option<String>,
    opening: Option<String>,
    #[serde(default)]
    hierarchy: Hierarchy,
    #[serde(default)]
    registration: Registration,
    has: Vec<String>,
}

impl Setup {
    /// What is known of the reference server that is set up so.
    #[must_use]
    pub fn known(&self) -> Known {
        let has = |id: &String| (id.clone(), Declaration { has: true, because: None });
        Known { declared: self.has.iter().map(has).collect(), ..Known::default() }
    }
}

impl Suite {
    /// The setup that an instance of a server case runs in; None when none has what it needs.
    #[must_use]
    pub fn setup(&self, instance: &Instance) -> Option<&Setup> {
        self.setups.iter().find(|setup| self.missing(instance, setup).next().is_none())
    }

    /// Abilities that the instance needs of a server, and that the setup has not.
    pub(crate) fn missing<'a>(
        &'a self,
        instance: &'a Instance,
        setup: &'a Setup,
    ) -> impl Iterator<Item = &'a String> {
        let of_servers =
            |need: &&String| self.abilities.get(*need).is_some_and(|one| one.role != AbilityRole::Client);
        instance.needs.iter().filter(of_servers).filter(|need| !setup.has.contains(*need))
    }
}

/// Reads the setups, in their order.
pub(crate) fn read(source: &Source) -> Result<Vec<Setup>, Vec<Broken>> {
    let written: WrittenSetups = source.parse(SCHEMA)?;
    let mut broken = Vec::new();
    let mut setups: Vec<Setup> = Vec::new();
    for (index, one) in written.setup.into_iter().enumerate() {
        let WrittenSetup { id, title, key, root, next, signing, opening, hierarchy, registration, has } = one;
        if setups.iter().any(|other| other.id == id) {
            broken.push(source.at(&format!("setup.{index}.id"), format!("a second setup `{id}`")));
        }
        let has = has.into_iter().chain(written.common.iter().cloned()).collect();
        let origin = Origin { file: source.path.clone(), index };
        let keys = SetupKeys { key, root, next, signing, opening };
        setups.push(Setup { id, title, keys, hierarchy, registration, has, origin });
    }
    match broken.is_empty() {
        true => Ok(setups),
        false => Err(broken),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::sample;

    fn setup(instance: &str) -> Option<String> {
        let suite = sample::suite();
        suite.setup(&suite.instance(instance).unwrap()).map(|setup| setup.id.clone())
    }

    #[test]
    fn an_instance_runs_in_the_first_setup_that_has_what_it_needs() {
        assert_eq!(setup("srv.enrol.granted").as_deref(), Some("plain"));
        assert_eq!(setup("srv.enrol.granted[via=get]").as_deref(), Some("other"));
    }

    #[test]
    fn a_setup_declares_what_it_has() {
        let suite = sample::suite();
        let declared: Vec<Vec<String>> =
            suite.setups.iter().map(|setup| setup.known().declared.into_keys().collect()).collect();
        assert_eq!(
            declared,
            [vec!["op.certpoll", "op.pkcsreq"], vec!["op.certpoll", "op.pkcsreq", "transport.get"]]
        );
    }

    #[test]
    fn mistakes_are_refused() {
        let refused = |setups: &str| {
            let text = format!("schema = \"sceptic/setups/1\"\ncommon = []\n{setups}");
            let source = Source { path: "register/setups.toml".into(), shown: "setups.toml".into(), text };
            read(&source).unwrap_err().iter().map(ToString::to_string).collect::<String>()
        };
        let one = "[[setup]]\nid = \"a\"\ntitle = \"t\"\nkey = \"ca-rsa\"\nhas = []\n";
        assert!(refused(&one.repeat(2)).contains("setups.toml:9:1: a second setup `a`"));
        assert!(refused(&format!("{one}hierarchy = \"leaf\"\n")).contains("unknown variant `leaf`"));
    }
}
