//! The TOML file of a configuration. Unknown keys are errors; paths are relative to the file.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use scep::fault::Order;
use serde::Deserialize;

use super::ca_files::{self, CaFiles, CaPaths};
use super::tls::TlsTable;
use super::{
    AdminToken, CaConfig, Config, Hierarchy, KeyPem, ReadyKeys, Registration, StoreConfig, TlsConfig,
};
use crate::authority::KeyKind;
use crate::hook::{Asked, Hook};
use crate::persona::Persona;
use crate::ra::{Challenge, Mode, Policy, Renewal, Way, WithoutChallenge};
use crate::template::{Choice, Templates};

/// The configuration file with every key, its meaning and its default.
pub const DEFAULT_FILE: &str = include_str!("default.toml");

/// Seconds that a hook has when the file does not say.
const HOOK_SECONDS: u64 = 10;

const SCHEMA: &str = "sceptic/mock-ca/1";

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file cannot be read.
    #[error("read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is no configuration: its author's mistake.
    #[error("read {path}: {detail}")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// With line and column.
        detail: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema: String,
    listen: Option<SocketAddr>,
    admin: Option<SocketAddr>,
    admin_token: Option<AdminToken>,
    allow_remote: Option<bool>,
    persona: Option<String>,
    path: Option<String>,
    post_only: Option<bool>,
    authentication_failed: Option<u16>,
    capabilities: Option<Vec<String>>,
    #[serde(default)]
    laxities: Vec<String>,
    #[serde(default)]
    faults: Vec<Order>,
    #[serde(default)]
    policy: PolicyTable,
    renewal: Option<Renewal>,
    #[serde(default)]
    ca: CaTable,
    #[serde(default)]
    tls: TlsTable,
    #[serde(default)]
    store: StoreTable,
    #[serde(default)]
    certificate: CertificateTable,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyTable {
    #[serde(default)]
    mode: Mode,
    challenge: Option<Challenge>,
    #[serde(default)]
    without_challenge: Option<WithoutChallenge>,
    #[serde(default)]
    delay_seconds: u64,
    ways: Option<Vec<Way>>,
    wrong_tries: Option<u32>,
    wrong_tries_seconds: Option<u64>,
    hook: Option<Vec<String>>,
    webhook: Option<String>,
    hook_seconds: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct CaTable {
    name: Option<String>,
    days: Option<u32>,
    key_kind: Option<KeyKind>,
    #[serde(default)]
    hierarchy: Hierarchy,
    registration: Option<Registration>,
    registration_key_kind: Option<KeyKind>,
    next_serial: Option<Serial>,
    crl_days: Option<u32>,
    key: Option<PathBuf>,
    password: Option<String>,
    certificate: Option<PathBuf>,
    chain: Option<PathBuf>,
    pkcs12: Option<PathBuf>,
}

/// A serial number in hexadecimal, as content octets of its INTEGER.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Serial(Vec<u8>);

impl TryFrom<String> for Serial {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong =
            || format!("expected a positive serial number of 1 to 40 hexadecimal digits, got `{text}`");
        if text.is_empty() || text.len() > 40 || !text.is_ascii() {
            return Err(wrong());
        }
        let even = if text.len().is_multiple_of(2) { text.clone() } else { format!("0{text}") };
        let mut octets = hex::decode(even).map_err(|_| wrong())?;
        if octets.iter().all(|octet| *octet == 0) {
            return Err(wrong());
        }
        if octets.first().is_some_and(|first| *first >= 0x80) {
            octets.insert(0, 0);
        }
        let kept = scep::serial::SerialNumber::new(&octets).shortest().to_vec();
        if kept.len() > 20 { Err(wrong()) } else { Ok(Self(kept)) }
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoreTable {
    sqlite: Option<PathBuf>,
    postgresql: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct CertificateTable {
    days: Option<u32>,
    templates: Option<PathBuf>,
    template: Option<String>,
    profile_id: Option<String>,
    group_id: Option<String>,
}

impl Config {
    /// Reads a configuration file, and the key and certificates that it names.
    ///
    /// # Errors
    /// When a file cannot be read or is no configuration.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let mut file: File = parse(path, &text_of(path)?)?;
        let beside = |name: PathBuf| path.parent().unwrap_or_else(|| Path::new("")).join(name);
        let ca = &mut file.ca;
        let loaded = CaFiles::read(&CaPaths {
            key: ca.key.take().map(beside),
            password: ca.password.take(),
            certificate: ca.certificate.take().map(beside),
            chain: ca.chain.take().map(beside),
            pkcs12: ca.pkcs12.take().map(beside),
        })?;
        file.store.sqlite = file.store.sqlite.take().map(beside);
        file.certificate.templates = file.certificate.templates.take().map(beside);
        let tls = std::mem::take(&mut file.tls).read(path)?;
        file.into_config(loaded, tls).map_err(|detail| ConfigError::Syntax { path: path.to_owned(), detail })
    }
}

impl CaConfig {
    /// Reads an unencrypted private key from a PEM file.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read_key(path: &Path) -> Result<KeyPem, ConfigError> {
        ca_files::key(path, "")
    }

    /// Reads a certificate from a PEM file.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read_certificate(path: &Path) -> Result<String, ConfigError> {
        text_of(path)
    }
}

impl File {
    fn into_config(self, loaded: CaFiles, tls: TlsConfig) -> Result<Config, String> {
        let persona = self.persona.as_deref().map(Persona::named).transpose();
        let persona = persona.map_err(|error| error.to_string())?;
        let default = persona.as_ref().map_or_else(Config::default, Persona::config);
        Ok(Config {
            listen: self.listen.unwrap_or(default.listen),
            admin: self.admin.unwrap_or(default.admin),
            admin_token: self.admin_token,
            allow_remote: self.allow_remote.unwrap_or(default.allow_remote),
            tls,
            path: self.path.or(default.path),
            post_only: self.post_only.unwrap_or(default.post_only),
            authentication_failed: self.authentication_failed.or(default.authentication_failed),
            capabilities: self.capabilities.unwrap_or(default.capabilities),
            hook: self.policy.hook()?,
            policy: Policy {
                ways: self.policy.ways.unwrap_or(default.policy.ways),
                // 0 in a file stands for any number: TOML has no word for nothing.
                wrong_tries: match self.policy.wrong_tries {
                    Some(0) => None,
                    Some(most) => Some(most),
                    None => default.policy.wrong_tries,
                },
                wrong_tries_window: self
                    .policy
                    .wrong_tries_seconds
                    .unwrap_or(default.policy.wrong_tries_window),
                mode: self.policy.mode,
                challenge: self.policy.challenge,
                without_challenge: self.policy.without_challenge.unwrap_or(default.policy.without_challenge),
                delay: self.policy.delay_seconds,
                renewal: self.renewal.unwrap_or(default.policy.renewal),
            },
            ca: CaConfig {
                name: self.ca.name.unwrap_or(default.ca.name),
                days: self.ca.days.unwrap_or(default.ca.days),
                key_kind: self.ca.key_kind.unwrap_or(default.ca.key_kind),
                hierarchy: self.ca.hierarchy,
                registration: self.ca.registration.unwrap_or(default.ca.registration),
                registration_key_kind: self
                    .ca
                    .registration_key_kind
                    .unwrap_or(default.ca.registration_key_kind),
                chain: loaded.chain,
                next_serial: self.ca.next_serial.map(|serial| serial.0),
                crl_days: self.ca.crl_days.unwrap_or(default.ca.crl_days),
                key: loaded.key,
                certificate: loaded.certificate,
                ready: ReadyKeys::default(),
            },
            store: self.store.into_config()?,
            certificate_days: self.certificate.days.unwrap_or(default.certificate_days),
            template: self.certificate.choice()?.unwrap_or(default.template),
            templates: match &self.certificate.templates {
                Some(folder) => Templates::with_folder(folder).map_err(|error| error.to_string())?,
                None => default.templates,
            },
            faults: [default.faults, self.faults].concat(),
            laxities: [default.laxities, self.laxities].concat(),
        })
    }
}

impl PolicyTable {
    fn hook(&self) -> Result<Option<Hook>, String> {
        let asked = match (&self.hook, &self.webhook) {
            (None, None) => return Ok(None),
            (Some(command), None) => Asked::Program(command.clone()),
            (None, Some(url)) => Asked::Server(url.clone()),
            (Some(_), Some(_)) => return Err("policy: expected hook or webhook, got both".to_owned()),
        };
        let patience = Duration::from_secs(self.hook_seconds.unwrap_or(HOOK_SECONDS));
        Ok(Some(Hook { asked, patience }))
    }
}

impl CertificateTable {
    fn choice(&self) -> Result<Option<Choice>, String> {
        match (&self.template, &self.profile_id, &self.group_id) {
            (Some(nickname), None, None) => Ok(Some(Choice::Nickname(nickname.clone()))),
            (None, Some(profile), group) => {
                Ok(Some(Choice::Ids { profile: profile.clone(), group: group.clone() }))
            }
            (None, None, None) => Ok(None),
            _ => Err("certificate: expected template, or profile_id and group_id".to_owned()),
        }
    }
}

impl StoreTable {
    fn into_config(self) -> Result<StoreConfig, String> {
        match (self.sqlite, self.postgresql) {
            (None, None) => Ok(StoreConfig::Memory),
            (Some(path), None) => Ok(StoreConfig::Sqlite(path)),
            (None, Some(url)) => Ok(StoreConfig::Postgres(url)),
            (Some(_), Some(_)) => Err("store: expected sqlite or postgresql, got both".to_owned()),
        }
    }
}

fn text_of(path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })
}

fn parse(path: &Path, text: &str) -> Result<File, ConfigError> {
    let syntax = |detail: String| ConfigError::Syntax { path: path.to_owned(), detail };
    let file: File = toml::from_str(text).map_err(|e| syntax(e.to_string()))?;
    if file.schema != SCHEMA {
        return Err(syntax(format!("expected schema `{SCHEMA}`, got `{}`", file.schema)));
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use rstest::rstest;

    use super::{CaFiles, Config, DEFAULT_FILE, TlsConfig, parse};

    fn config(text: &str) -> Config {
        parse(Path::new("mock-ca.toml"), text)
            .unwrap()
            .into_config(CaFiles::default(), TlsConfig::default())
            .unwrap()
    }

    #[test]
    fn the_documented_file_states_the_defaults() {
        assert_eq!(format!("{:?}", config(DEFAULT_FILE)), format!("{:?}", Config::default()));
    }

    #[test]
    fn the_keys_without_a_default_are_documented_as_they_are_written() {
        let text: String = DEFAULT_FILE
            .lines()
            .filter(|line| *line != "faults = []")
            .map(|line| {
                let bare = line.strip_prefix('#').filter(|rest| !rest.starts_with(' '));
                format!("{}\n", bare.unwrap_or(line))
            })
            .collect();
        let file = parse(Path::new("mock-ca.toml"), &text).unwrap();
        assert!(file.ca.key.is_some() && file.ca.certificate.is_some());
        assert!(file.policy.challenge.is_some() && file.path.is_some() && file.faults.len() == 1);
    }

    #[rstest]
    #[case::unknown_key("schema = \"sceptic/mock-ca/1\"\nlisen = \"127.0.0.1:0\"", "lisen")]
    #[case::unknown_key_in_a_table("schema = \"sceptic/mock-ca/1\"\n[policy]\nsecret = \"x\"", "secret")]
    #[case::other_schema("schema = \"sceptic/case/1\"", "expected schema `sceptic/mock-ca/1`")]
    #[case::no_schema("admin = \"127.0.0.1:0\"", "schema")]
    fn a_wrong_file_is_refused_with_its_mistake(#[case] text: &str, #[case] expected: &str) {
        let error = parse(Path::new("mock-ca.toml"), text).err().unwrap().to_string();
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn files_that_it_names_lie_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mock-ca.toml");
        let pem = scep_vectors::keys::named("pool-00").unwrap().pem;
        std::fs::write(folder.path().join("k.pem"), pem).unwrap();
        std::fs::write(&path, "schema = \"sceptic/mock-ca/1\"\n[ca]\nkey = \"k.pem\"").unwrap();
        assert!(Config::read(&path).unwrap().ca.key.is_some());
        std::fs::remove_file(folder.path().join("k.pem")).unwrap();
        assert!(Config::read(&path).unwrap_err().to_string().contains("k.pem"));
    }
}
