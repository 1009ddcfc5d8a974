//! Personas: how known servers behave, as data. A persona is a set of defaults; the configuration file and
//! the command line go before it. Each habit names where it is documented or was seen.

use scep::fault::Order;
use serde::Deserialize;

use crate::config::{Config, Registration};
use crate::nearest::nearest;
use crate::ra::{RenewalMode, Way, WithoutChallenge};
use crate::template::Choice;

/// A known server.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Persona {
    schema: String,
    /// Stable name.
    pub name: String,
    /// What it stands for.
    pub title: String,
    path: Option<String>,
    capabilities: Option<Vec<String>>,
    post_only: Option<bool>,
    ways: Option<Vec<Way>>,
    without_challenge: Option<WithoutChallenge>,
    registration: Option<Registration>,
    renewal: Option<RenewalMode>,
    template: Option<TemplateTable>,
    #[serde(default)]
    http: HttpTable,
    #[serde(default)]
    faults: Vec<Order>,
    #[serde(default)]
    laxities: Vec<String>,
    /// Where its habits are from.
    #[serde(default, rename = "habit")]
    pub habits: Vec<Habit>,
}

/// Something that the server does, and where that is documented or was seen.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Habit {
    /// The key of the persona, the fault or the laxity that it is about.
    pub of: String,
    /// What it does.
    pub what: String,
    /// A URL, or the title of a document.
    pub source: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct TemplateTable {
    nickname: Option<String>,
    profile_id: Option<String>,
    group_id: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct HttpTable {
    authentication_failed: Option<u16>,
}

/// There is no persona of that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnknownPersona {
    /// None has that name.
    #[error("persona `{name}` is unknown{}", hint(.nearest.as_deref()))]
    Name {
        /// The name.
        name: String,
        /// A known one that looks like it.
        nearest: Option<String>,
    },
    /// A file that is built in does not parse: a defect of the build, whose tests read them all.
    #[error("persona {file}: {detail}")]
    File {
        /// The file.
        file: &'static str,
        /// With line and column.
        detail: String,
    },
}

fn hint(nearest: Option<&str>) -> String {
    match nearest {
        Some(nearest) => format!(" (did you mean `{nearest}`?)"),
        None => "; `mock-ca personas` lists them".to_owned(),
    }
}

const SCHEMA: &str = "sceptic/mock-ca-persona/1";

const FILES: &[(&str, &str)] = &[
    ("rfc8894.toml", include_str!("../personas/rfc8894.toml")),
    ("tolerant.toml", include_str!("../personas/tolerant.toml")),
    ("emca.toml", include_str!("../personas/emca.toml")),
    ("ibm-pki-services.toml", include_str!("../personas/ibm-pki-services.toml")),
    ("ndes.toml", include_str!("../personas/ndes.toml")),
    ("openxpki.toml", include_str!("../personas/openxpki.toml")),
    ("ejbca.toml", include_str!("../personas/ejbca.toml")),
    ("cisco-ios-ca.toml", include_str!("../personas/cisco-ios-ca.toml")),
    ("legacy-draft.toml", include_str!("../personas/legacy-draft.toml")),
];

impl Persona {
    /// All of them.
    ///
    /// # Errors
    /// When a file does not parse, which is a defect of the build.
    pub fn all() -> Result<Vec<Self>, UnknownPersona> {
        FILES
            .iter()
            .map(|(file, text)| {
                let broken = |detail: String| UnknownPersona::File { file, detail };
                let persona: Self = toml::from_str(text).map_err(|error| broken(error.to_string()))?;
                if persona.schema != SCHEMA {
                    return Err(broken(format!("expected schema `{SCHEMA}`, got `{}`", persona.schema)));
                }
                Ok(persona)
            })
            .collect()
    }

    /// The persona of that name.
    ///
    /// # Errors
    /// When there is none.
    pub fn named(name: &str) -> Result<Self, UnknownPersona> {
        let all = Self::all()?;
        let names: Vec<String> = all.iter().map(|persona| persona.name.clone()).collect();
        all.into_iter().find(|persona| persona.name == name).ok_or_else(|| UnknownPersona::Name {
            name: name.to_owned(),
            nearest: nearest(name, names.iter().map(String::as_str)).map(str::to_owned),
        })
    }

    /// A configuration with the habits of this server.
    #[must_use]
    pub fn config(&self) -> Config {
        let mut config = Config::default();
        let persona = self.clone();
        config.path = persona.path.or(config.path);
        config.capabilities = persona.capabilities.unwrap_or(config.capabilities);
        config.post_only = persona.post_only.unwrap_or(config.post_only);
        config.policy.ways = persona.ways.unwrap_or(config.policy.ways);
        config.policy.without_challenge =
            persona.without_challenge.unwrap_or(config.policy.without_challenge);
        config.policy.renewal.mode = persona.renewal.unwrap_or(config.policy.renewal.mode);
        config.ca.registration = persona.registration.unwrap_or(config.ca.registration);
        config.authentication_failed = persona.http.authentication_failed;
        config.faults = persona.faults;
        config.laxities = persona.laxities;
        config.template = match persona.template {
            Some(TemplateTable { nickname: Some(nickname), .. }) => Choice::Nickname(nickname),
            Some(TemplateTable { profile_id: Some(profile), group_id: group, .. }) => {
                Choice::Ids { profile, group }
            }
            Some(_) | None => config.template,
        };
        config
    }

    /// Everything in which it differs from what the RFC says, by the names that habits have.
    #[must_use]
    pub fn differences(&self) -> Vec<String> {
        let keys = [
            ("path", self.path.is_some()),
            ("capabilities", self.capabilities.is_some()),
            ("post_only", self.post_only.is_some()),
            ("ways", self.ways.is_some()),
            ("without_challenge", self.without_challenge.is_some()),
            ("registration", self.registration.is_some()),
            ("renewal", self.renewal.is_some()),
            ("template", self.template.is_some()),
            ("http.authentication_failed", self.http.authentication_failed.is_some()),
        ];
        let set = keys.into_iter().filter(|(_, is_set)| *is_set).map(|(key, _)| key.to_owned());
        let faults = self.faults.iter().map(|order| order.fault.clone());
        let mut all: Vec<String> = set.chain(faults).chain(self.laxities.iter().cloned()).collect();
        all.sort();
        all.dedup();
        all
    }
}

#[cfg(test)]
mod tests {
    use super::Persona;
    use crate::config::Config;
    use crate::strictness::Strictness;

    #[test]
    fn every_habit_of_a_persona_has_its_source_and_no_other_habit_is_told() {
        for persona in Persona::all().unwrap() {
            let mut told: Vec<String> = persona.habits.iter().map(|habit| habit.of.clone()).collect();
            told.sort();
            assert_eq!(told, persona.differences(), "{}", persona.name);
            for habit in &persona.habits {
                assert!(!habit.what.is_empty() && habit.source.len() > 10, "{}: {habit:?}", persona.name);
            }
        }
    }

    #[test]
    fn every_persona_can_be_set_up() {
        for persona in Persona::all().unwrap() {
            let config = persona.config();
            crate::service::script(&config.faults).unwrap();
            Strictness::without(&config.laxities).unwrap();
            config.template.find(&config.templates).unwrap();
        }
    }

    #[test]
    fn the_default_persona_is_the_default_configuration() {
        let persona = Persona::named("rfc8894").unwrap();
        assert_eq!(format!("{:?}", persona.config()), format!("{:?}", Config::default()));
    }

    #[test]
    fn an_unknown_persona_is_refused_with_the_nearest_one() {
        let error = Persona::named("ndse").unwrap_err().to_string();
        assert_eq!(error, "persona `ndse` is unknown (did you mean `ndes`?)");
        assert!(Persona::named("quantum").unwrap_err().to_string().contains("mock-ca personas"));
    }
}
