//! The TOML file of a configuration. Unknown keys are errors; paths are relative to the file.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use scep::fault::Order;
use serde::Deserialize;

use super::{CaConfig, Config, KeyPem};
use crate::ra::{Challenge, Mode, Policy, WithoutChallenge};

/// The configuration file with every key, its meaning and its default.
pub const DEFAULT_FILE: &str = include_str!("default.toml");

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
    allow_remote: Option<bool>,
    path: Option<String>,
    capabilities: Option<Vec<String>>,
    #[serde(default)]
    laxities: Vec<String>,
    #[serde(default)]
    faults: Vec<Order>,
    #[serde(default)]
    policy: PolicyTable,
    #[serde(default)]
    ca: CaTable,
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
    without_challenge: WithoutChallenge,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct CaTable {
    name: Option<String>,
    days: Option<u32>,
    key: Option<PathBuf>,
    certificate: Option<PathBuf>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct CertificateTable {
    days: Option<u32>,
}

impl Config {
    /// Reads a configuration file, and the key and certificate that it names.
    ///
    /// # Errors
    /// When a file cannot be read or is no configuration.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let file: File = parse(path, &text_of(path)?)?;
        let beside = |name: &Path| path.parent().unwrap_or_else(|| Path::new("")).join(name);
        let key = file.ca.key.as_deref().map(|name| CaConfig::read_key(&beside(name))).transpose()?;
        let certificate = file.ca.certificate.as_deref().map(|name| text_of(&beside(name))).transpose()?;
        Ok(file.into_config(key, certificate))
    }
}

impl CaConfig {
    /// Reads a private key from a PEM file.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read_key(path: &Path) -> Result<KeyPem, ConfigError> {
        text_of(path).map(KeyPem::new)
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
    fn into_config(self, key: Option<KeyPem>, certificate: Option<String>) -> Config {
        let default = Config::default();
        Config {
            listen: self.listen.unwrap_or(default.listen),
            admin: self.admin.unwrap_or(default.admin),
            allow_remote: self.allow_remote.unwrap_or(default.allow_remote),
            path: self.path,
            capabilities: self.capabilities.unwrap_or(default.capabilities),
            policy: Policy {
                mode: self.policy.mode,
                challenge: self.policy.challenge,
                without_challenge: self.policy.without_challenge,
            },
            ca: CaConfig {
                name: self.ca.name.unwrap_or(default.ca.name),
                days: self.ca.days.unwrap_or(default.ca.days),
                key,
                certificate,
            },
            certificate_days: self.certificate.days.unwrap_or(default.certificate_days),
            faults: self.faults,
            laxities: self.laxities,
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

    use super::{Config, DEFAULT_FILE, parse};

    fn config(text: &str) -> Config {
        parse(Path::new("mock-ca.toml"), text).unwrap().into_config(None, None)
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
        std::fs::write(folder.path().join("k.pem"), "the key").unwrap();
        std::fs::write(&path, "schema = \"sceptic/mock-ca/1\"\n[ca]\nkey = \"k.pem\"").unwrap();
        assert_eq!(Config::read(&path).unwrap().ca.key.unwrap().text(), "the key");
        std::fs::remove_file(folder.path().join("k.pem")).unwrap();
        assert!(Config::read(&path).unwrap_err().to_string().contains("k.pem"));
    }
}
