//! Personas: the habits of known products as data. As a test subject the client then sends what that device
//! sends; its settings may have the names of the product's own items.

use scep::client::{Edition, RequestForm};
use scep::fault::{Order, When};
use scep::oid;
use scep::suite::Digest;
use serde::Deserialize;
use toml::{Table, Value};

use crate::contact::CaIdentifier;

/// The files, each beside the name that it has to have.
const FILES: &[(&str, &str)] = &[
    ("advantech", include_str!("../personas/advantech.toml")),
    ("apple", include_str!("../personas/apple.toml")),
    ("cisco-ios", include_str!("../personas/cisco-ios.toml")),
    ("kura", include_str!("../personas/kura.toml")),
    ("sscep", include_str!("../personas/sscep.toml")),
    ("windows", include_str!("../personas/windows.toml")),
];

/// Schema of the files.
const SCHEMA: &str = "sceptic/mock-client-persona/1";

/// A known product.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Persona {
    schema: String,
    /// What it is called by.
    pub name: String,
    /// The product.
    pub title: String,
    /// What it does on the wire.
    #[serde(default)]
    pub wire: Wire,
    /// The names of its own settings.
    #[serde(default, rename = "item")]
    pub items: Vec<Item>,
    /// Settings of the agent that come with it.
    #[serde(default)]
    pub settings: Table,
    /// What is known of it.
    #[serde(rename = "habit")]
    pub habits: Vec<Habit>,
}

/// What a product does on the wire.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Wire {
    method: Option<Method>,
    edition: Option<EditionWord>,
    transaction_id: Option<IdentifierWord>,
    ca_identifier: Option<String>,
    #[serde(default)]
    ca_identifier_with_capabilities: bool,
    renewal: Option<RenewalWord>,
    /// The strongest digest that is announced.
    #[serde(default)]
    pub strongest_digest: bool,
    extension_request: Option<ExtensionRequest>,
    #[serde(default, rename = "fault")]
    faults: Vec<FaultOf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Method {
    Get,
    Post,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum EditionWord {
    Rfc8894,
    Nourse,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum IdentifierWord {
    Random,
    #[serde(rename = "md5-of-key")]
    Md5OfKey,
    #[serde(rename = "sha1-of-key")]
    Sha1OfKey,
    #[serde(rename = "sha256-of-key")]
    Sha256OfKey,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum RenewalWord {
    Pkcsreq,
    Renewalreq,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ExtensionRequest {
    Pkcs9,
    Microsoft,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultOf {
    id: String,
    message: String,
}

/// One setting of a product, and the agent's setting that it stands for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Its name there.
    pub name: String,
    /// The agent's: `table.key`.
    pub setting: String,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Text,
    Flag,
    Number,
    /// 64 hex digits in small letters, without colons.
    Sha256,
}

/// Something that is known of a product.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Habit {
    /// What it does.
    pub what: String,
    /// Who says so.
    pub source: String,
}

impl Persona {
    /// The persona of that name.
    ///
    /// # Errors
    /// When there is none, or its file is broken; in words.
    pub fn find(name: &str) -> Result<Self, String> {
        let names: Vec<&str> = FILES.iter().map(|(name, _)| *name).collect();
        let (_, text) = FILES
            .iter()
            .find(|(known, _)| *known == name)
            .ok_or_else(|| format!("expected {}, got `{name}`", names.join(", ")))?;
        let persona: Self = toml::from_str(text).map_err(|error| format!("persona {name}: {error}"))?;
        if persona.schema != SCHEMA || persona.name != name {
            return Err(format!("persona {name}: expected schema {SCHEMA} and its own name"));
        }
        Ok(persona)
    }

    /// All of them.
    ///
    /// # Errors
    /// When a file is broken.
    pub fn all() -> Result<Vec<Self>, String> {
        FILES.iter().map(|(name, _)| Self::find(name)).collect()
    }

    /// The settings of the agent that these items of the product stand for, over what comes with it.
    ///
    /// # Errors
    /// When an item is not one of the product, or its value of another kind; in words.
    pub fn settings(&self, items: &Table) -> Result<Table, String> {
        let mut settings = self.settings.clone();
        for (name, value) in items {
            let item = self.items.iter().find(|item| item.name == *name);
            let item = item.ok_or_else(|| format!("`{name}` is no item of {}", self.title))?;
            put(&mut settings, &item.setting, item.kind.read(name, value)?);
        }
        Ok(settings)
    }
}

impl Kind {
    fn read(self, name: &str, value: &Value) -> Result<Value, String> {
        let bad = |expected: &str| format!("{name}: expected {expected}, got {value}");
        match (self, value) {
            (Self::Text, Value::String(_))
            | (Self::Flag, Value::Boolean(_))
            | (Self::Number, Value::Integer(0..)) => Ok(value.clone()),
            (Self::Text, Value::Integer(number)) => Ok(Value::String(number.to_string())),
            (Self::Sha256, Value::String(text)) => {
                let is_hex = |c: char| c.is_ascii_digit() || matches!(c, 'a'..='f');
                let fits = text.len() == 64 && text.chars().all(is_hex);
                if fits { Ok(value.clone()) } else { Err(bad("64 small hex digits without colons")) }
            }
            (Self::Text, _) => Err(bad("a text")),
            (Self::Flag, _) => Err(bad("true or false")),
            (Self::Number, _) => Err(bad("a number")),
            (Self::Sha256, _) => Err(bad("64 small hex digits without colons")),
        }
    }
}

/// Puts a value at `table.key`, or at `key`.
fn put(settings: &mut Table, at: &str, value: Value) {
    match at.split_once('.') {
        Some((table, key)) => {
            let entry = settings.entry(table).or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(table) = entry {
                table.insert(key.to_owned(), value);
            }
        }
        None => {
            settings.insert(at.to_owned(), value);
        }
    }
}

impl Wire {
    /// POST (true), GET (false), or as announced.
    #[must_use]
    pub fn post(&self) -> Option<bool> {
        self.method.map(|method| method == Method::Post)
    }

    /// Which edition it speaks.
    #[must_use]
    pub fn edition(&self) -> Option<Edition> {
        self.edition.map(|edition| match edition {
            EditionWord::Rfc8894 => Edition::Rfc8894,
            EditionWord::Nourse => Edition::Nourse,
        })
    }

    /// What it names the CA by.
    #[must_use]
    pub fn ca_identifier(&self) -> Option<CaIdentifier> {
        let with_capabilities = self.ca_identifier_with_capabilities;
        self.ca_identifier.clone().map(|text| CaIdentifier { text, with_capabilities })
    }

    /// The digest of the key that it takes for a transactionID; None for a random one.
    #[must_use]
    pub fn key_digest(&self) -> Option<Digest> {
        match self.transaction_id? {
            IdentifierWord::Random => None,
            IdentifierWord::Md5OfKey => Some(Digest::Md5),
            IdentifierWord::Sha1OfKey => Some(Digest::Sha1),
            IdentifierWord::Sha256OfKey => Some(Digest::Sha256),
        }
    }

    /// The message that it renews by; None for what the server announces.
    #[must_use]
    pub fn renewal(&self) -> Option<RequestForm> {
        self.renewal.map(|renewal| match renewal {
            RenewalWord::Pkcsreq => RequestForm::PkcsReq,
            RenewalWord::Renewalreq => RequestForm::RenewalReq,
        })
    }

    /// The attribute in which it asks for extensions.
    #[must_use]
    pub fn extension_request(&self) -> Option<const_oid::ObjectIdentifier> {
        self.extension_request.map(|attribute| match attribute {
            ExtensionRequest::Pkcs9 => oid::EXTENSION_REQUEST,
            ExtensionRequest::Microsoft => oid::MS_EXTENSION_REQUEST,
        })
    }

    /// Departures that it always commits.
    #[must_use]
    pub fn faults(&self) -> Vec<Order> {
        let order = |fault: &FaultOf| Order {
            fault: fault.id.clone(),
            when: When { message: Some(fault.message.clone()), ..When::default() },
        };
        self.faults.iter().map(order).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use rstest::rstest;
    use scep::fault::Script;

    use super::{FILES, Persona};
    use crate::agent::Settings;

    #[test]
    fn every_file_is_a_persona_whose_faults_are_in_the_catalogue_and_whose_habits_have_sources() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("personas");
        assert_eq!(std::fs::read_dir(folder).unwrap().count(), FILES.len(), "a file that is not listed");
        for persona in Persona::all().unwrap() {
            Script::new(&persona.wire.faults()).unwrap();
            assert!(!persona.habits.is_empty(), "{}", persona.name);
            assert!(persona.habits.iter().all(|habit| !habit.what.is_empty() && !habit.source.is_empty()));
        }
    }

    const KURA: &str = "schema = 1\npersona = \"kura\"\n[items]\n\"SCEP server endpoint\" = \"http://ca:8999\"\n\
                        \"Subject Distinguished Name (DN)\" = \"CN=dev1\"\n\"RSA key length\" = 4096\n\
                        \"Certificate expiration check time\" = 48\n\"KeystoreService Target Filter\" = \"k.p12\"\n\
                        \"CA root certificate fingerprint\" = \"cf93ee54a9c5c590b62e680d8aaa78d436a936b9750ed100c7aab045810a73f0\"\n";

    #[test]
    fn k3_and_k6_the_items_of_kura_are_settings_of_the_agent() {
        let settings = Settings::parse(KURA, Path::new("/d")).unwrap();
        assert_eq!(settings.store_path, Path::new("/d/k.p12"));
        assert_eq!(
            (settings.policy.before, settings.same_key, settings.policy.period),
            (48 * 3_600, true, 86_400)
        );
        assert_eq!(settings.key, crate::identity::KeyKind::Rsa(4096));
        assert!(settings.policy.settings.contains("sha-256 cf93ee54"));
    }

    #[rstest]
    #[case::capitals("cf93ee", "CF93EE", "64 small hex digits")]
    #[case::short("cf93ee", "cf93", "64 small hex digits")]
    #[case::unknown("RSA key length", "Key length", "`Key length` is no item of Eclipse Kura")]
    #[case::kind("= 48", "= \"48\"", "expected a number")]
    #[case::persona("\"kura\"", "\"kurra\"", "got `kurra`")]
    fn k3_what_the_product_would_refuse_is_refused(#[case] from: &str, #[case] to: &str, #[case] says: &str) {
        let error = Settings::parse(&KURA.replace(from, to), Path::new("/d")).unwrap_err();
        assert!(error.contains(says), "{error}");
    }
}
