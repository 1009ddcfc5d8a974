//! Abilities: the closed list of words for what a subject can do, and what a subject declares about them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::broken::Broken;
use super::check::Origin;
use super::source::Source;

/// The ability by which a subject is declared to be an old one. No case needs it: it changes what the runner
/// speaks with the subject.
pub const LEGACY: &str = "legacy.algorithms";

/// Schema of the abilities file.
pub(crate) const SCHEMA: &str = "sceptic/abilities/1";

/// One thing that a subject can do, or its operator has set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ability {
    /// Id that `needs` uses.
    pub id: String,
    /// What it is.
    pub title: String,
    /// Which subjects can have it.
    pub role: AbilityRole,
    /// What declares it: a flag, a key of the peer file.
    pub declared_by: String,
    /// Keyword of GetCACaps that advertises it.
    pub advertised_by: Option<String>,
    /// Case that probes it.
    pub probe: Option<String>,
    /// What is assumed of a subject that declares nothing.
    pub default: Has,
    /// Where it is written.
    pub origin: Origin,
}

/// Which subjects can have an ability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AbilityRole {
    /// Servers.
    Server,
    /// Clients.
    Client,
    /// Each of them.
    Both,
}

/// Whether a subject has an ability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Has {
    /// It has.
    Yes,
    /// It has not.
    No,
    /// To be found out.
    Probe,
}

/// What a subject declares about one ability.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "WrittenDeclaration")]
pub struct Declaration {
    /// Whether it has it.
    pub has: bool,
    /// Why it has not.
    pub because: Option<String>,
}

/// What is known about a subject's abilities, from the strongest source to the weakest but the default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// Keywords of its GetCACaps answer; `None` before it was asked, and for clients.
    pub announced: Option<BTreeSet<String>>,
    /// What its peer file or its user declares.
    pub declared: BTreeMap<String, Declaration>,
    /// What probe cases showed.
    pub probed: BTreeMap<String, bool>,
}

/// What is known about one ability.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// The subject has it.
    Has,
    /// The subject lacks it, because of this.
    Lacks(String),
    /// Not known yet: to be announced or probed.
    Open,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected true, false, or { value = false, because = \"...\" }")]
enum WrittenDeclaration {
    Plain(bool),
    Reasoned(Reasoned),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reasoned {
    value: bool,
    because: Option<String>,
}

/// What SCEPStandard stands for, RFC 8894 3.5.2.
const SCEP_STANDARD: [&str; 3] = ["AES", "POSTPKIOperation", "SHA-256"];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenAbilities {
    #[serde(rename = "schema")]
    _schema: String,
    #[serde(default)]
    ability: Vec<WrittenAbility>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenAbility {
    id: String,
    title: String,
    role: AbilityRole,
    declared_by: String,
    advertised_by: Option<String>,
    probe: Option<String>,
    default: Has,
}

impl From<WrittenDeclaration> for Declaration {
    fn from(written: WrittenDeclaration) -> Self {
        match written {
            WrittenDeclaration::Plain(has) => Self { has, because: None },
            WrittenDeclaration::Reasoned(Reasoned { value, because }) => Self { has: value, because },
        }
    }
}

impl Known {
    /// Declares an ability; a later declaration of the same one replaces it.
    pub fn declare(&mut self, ability: impl Into<String>, has: bool, because: Option<String>) {
        self.declared.insert(ability.into(), Declaration { has, because });
    }

    /// Whether the subject has the ability: announced, else declared, else probed, else the default.
    ///
    /// A declaration never outweighs a keyword: what a server announces, it is judged by.
    #[must_use]
    pub fn about(&self, ability: &Ability) -> Standing {
        let keyword = ability.advertised_by.as_deref();
        if keyword.is_some_and(|keyword| self.announces(keyword)) {
            return Standing::Has;
        }
        let id = &ability.id;
        if let Some(Declaration { has, because }) = self.declared.get(id) {
            let because = because.as_deref().unwrap_or("declared so");
            return if *has { Standing::Has } else { Standing::Lacks(format!("{id}: {because}")) };
        }
        match (self.probed.get(id), keyword, ability.default) {
            (Some(true), _, _) => Standing::Has,
            (Some(false), _, _) => Standing::Lacks(format!("{id}: probed, and found missing")),
            (None, _, Has::Yes) => Standing::Has,
            (None, Some(_), Has::No) if self.announced.is_none() => Standing::Open,
            (None, Some(keyword), Has::No) => {
                Standing::Lacks(format!("{id}: GetCACaps does not list {keyword}, and nothing declares it"))
            }
            (None, None, Has::No) => Standing::Lacks(format!("{id}: not declared ({})", ability.declared_by)),
            (None, _, Has::Probe) => Standing::Open,
        }
    }

    fn announces(&self, keyword: &str) -> bool {
        let lists = |word: &str| {
            self.announced.iter().flatten().any(|announced| announced.eq_ignore_ascii_case(word))
        };
        lists(keyword) || (SCEP_STANDARD.contains(&keyword) && lists("SCEPStandard"))
    }
}

/// Reads the abilities file.
pub(crate) fn read(source: &Source) -> Result<BTreeMap<String, Ability>, Vec<Broken>> {
    let written: WrittenAbilities = source.parse(SCHEMA)?;
    let mut broken = Vec::new();
    let mut abilities = BTreeMap::new();
    for (index, one) in written.ability.into_iter().enumerate() {
        let at = |key: &str, message: String| source.at(&format!("ability.{index}.{key}"), message);
        if one.default == Has::Probe && one.probe.is_none() && one.advertised_by.is_none() {
            let message =
                format!("`{}` is to be probed, but has neither `probe` nor `advertised_by`", one.id);
            broken.push(at("default", message));
        }
        let WrittenAbility { id, title, role, declared_by, advertised_by, probe, default } = one;
        let origin = Origin { file: source.path.clone(), index };
        let ability =
            Ability { id: id.clone(), title, role, declared_by, advertised_by, probe, default, origin };
        if abilities.insert(id.clone(), ability).is_some() {
            broken.push(at("id", format!("a second ability `{id}`")));
        }
    }
    match broken.is_empty() {
        true => Ok(abilities),
        false => Err(broken),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn abilities(text: &str) -> Result<BTreeMap<String, Ability>, Vec<Broken>> {
        let text = format!("schema = \"sceptic/abilities/1\"\n{text}");
        read(&Source { path: "register/abilities.toml".into(), shown: "abilities.toml".into(), text })
    }

    const POLL: &str =
        "[[ability]]\nid = \"op.certpoll\"\ntitle = \"t\"\nrole = \"server\"\ndeclared_by = \"--can\"\n";

    fn standing(ability: &str, known: &Known) -> Standing {
        known.about(&abilities(&format!("{POLL}{ability}")).unwrap()["op.certpoll"])
    }

    #[test]
    fn a_default_no_says_what_declares_it() {
        let lacks = Standing::Lacks("op.certpoll: not declared (--can)".into());
        assert_eq!(standing("default = \"no\"", &Known::default()), lacks);
        assert_eq!(standing("default = \"yes\"", &Known::default()), Standing::Has);
    }

    #[test]
    fn a_declaration_wins_over_the_default() {
        let text = "\"op.certpoll\" = { value = false, because = \"never pends\" }";
        let known = Known { declared: toml::from_str(text).unwrap(), ..Known::default() };
        let lacks = Standing::Lacks("op.certpoll: never pends".into());
        assert_eq!(standing("default = \"yes\"", &known), lacks);
    }

    #[test]
    fn a_keyword_wins_over_a_declaration() {
        let aes = "advertised_by = \"AES\"\ndefault = \"no\"";
        let mut known = Known::default();
        assert_eq!(standing(aes, &known), Standing::Open);
        known.announced = Some(BTreeSet::new());
        assert!(
            matches!(standing(aes, &known), Standing::Lacks(because) if because.contains("does not list AES"))
        );
        known.declare("op.certpoll", false, None);
        for keyword in ["aes", "SCEPStandard"] {
            known.announced = Some(BTreeSet::from([keyword.to_owned()]));
            assert_eq!(standing(aes, &known), Standing::Has, "{keyword}");
        }
    }

    #[test]
    fn a_probe_decides_where_nothing_is_declared() {
        let probe = "probe = \"srv.a.b\"\ndefault = \"probe\"";
        let mut known = Known::default();
        assert_eq!(standing(probe, &known), Standing::Open);
        known.probed.insert("op.certpoll".into(), false);
        assert!(matches!(standing(probe, &known), Standing::Lacks(_)));
    }

    #[test]
    fn mistakes_are_refused() {
        let message = |text: &str| abilities(text).unwrap_err()[0].to_string();
        assert!(
            message(&format!("{POLL}default = \"probe\"\n"))
                .contains("abilities.toml:7:1: `op.certpoll` is to be probed")
        );
        let twice = format!("{POLL}default = \"no\"\n{POLL}default = \"no\"\n");
        assert!(message(&twice).contains("a second ability `op.certpoll`"));
    }
}
