//! The settings file as it stands: its tables, their defaults, and the items of a known product in their
//! place.

use std::path::PathBuf;

use serde::Deserialize;
use toml::{Table, Value};

use crate::persona::{Persona, Wire};

/// The file as it stands.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct File {
    pub(super) schema: u32,
    #[serde(default = "yes")]
    pub(super) enabled: bool,
    #[serde(default = "default_module")]
    pub(super) module: String,
    pub(super) server: ServerTable,
    pub(super) request: RequestTable,
    #[serde(default)]
    pub(super) renewal: RenewalTable,
    #[serde(default)]
    pub(super) polling: PollingTable,
    #[serde(default)]
    pub(super) retry: RetryTable,
    pub(super) store: StoreTable,
    #[serde(default)]
    pub(super) script: ScriptTable,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct ServerTable {
    pub(super) url: String,
    pub(super) ca_identifier: Option<String>,
    pub(super) ca_fingerprint: Option<String>,
    pub(super) ca_certificate: Option<String>,
    #[serde(default)]
    pub(super) legacy_ciphers: bool,
    pub(super) cipher: Option<String>,
    pub(super) digest: Option<String>,
    pub(super) proxy: Option<String>,
    pub(super) tls_ca: Option<PathBuf>,
    #[serde(default = "default_timeout")]
    pub(super) timeout_seconds: u64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RequestTable {
    pub(super) subject: String,
    pub(super) serial_number: Option<String>,
    pub(super) alternative_names: Option<String>,
    pub(super) template: Option<String>,
    #[serde(default)]
    pub(super) digital_signature: bool,
    #[serde(default)]
    pub(super) key_encipherment: bool,
    #[serde(default)]
    pub(super) server_auth: bool,
    #[serde(default)]
    pub(super) client_auth: bool,
    pub(super) challenge: Option<String>,
    pub(super) challenge_file: Option<PathBuf>,
    #[serde(default = "default_key")]
    pub(super) key: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(super) struct RenewalTable {
    pub(super) automatic: bool,
    pub(super) before_days: Option<u64>,
    pub(super) before_hours: Option<u64>,
    pub(super) same_key: bool,
    pub(super) form: FormWord,
    pub(super) ca_rollover: bool,
    pub(super) check_hours: u64,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum FormWord {
    #[default]
    Auto,
    RenewalReq,
    PkcsReq,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(super) struct PollingTable {
    pub(super) interval_seconds: u64,
    pub(super) max_minutes: u64,
    pub(super) max_polls: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(super) struct RetryTable {
    pub(super) interval_seconds: u64,
    pub(super) growth_percent: u32,
    pub(super) longest_seconds: u64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct StoreTable {
    pub(super) kind: StoreKind,
    pub(super) path: PathBuf,
    pub(super) password: Option<String>,
    pub(super) state: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum StoreKind {
    Directory,
    Router,
    Pkcs12,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(super) struct ScriptTable {
    pub(super) success: Option<String>,
    pub(super) failure: Option<String>,
    pub(super) limit_seconds: Option<u64>,
}

fn yes() -> bool {
    true
}

fn default_module() -> String {
    "scepClient".to_owned()
}

fn default_timeout() -> u64 {
    30
}

fn default_key() -> String {
    "2048".to_owned()
}

impl Default for RenewalTable {
    fn default() -> Self {
        Self {
            automatic: true,
            before_days: None,
            before_hours: None,
            same_key: false,
            form: FormWord::Auto,
            ca_rollover: true,
            check_hours: 24,
        }
    }
}

impl Default for PollingTable {
    fn default() -> Self {
        Self { interval_seconds: 60, max_minutes: 60, max_polls: u32::MAX }
    }
}

impl Default for RetryTable {
    fn default() -> Self {
        Self { interval_seconds: 60, growth_percent: 200, longest_seconds: 86_400 }
    }
}

/// The file as it stands, or the one that the items of a product stand for; and what that product does on
/// the wire.
pub(super) fn read(text: &str) -> Result<(File, Wire), String> {
    let words = |error: toml::de::Error| error.to_string();
    let mut table: Table = toml::from_str(text).map_err(words)?;
    let Some(name) = table.remove("persona") else {
        // From the text, so that an error names its line.
        return Ok((toml::from_str(text).map_err(words)?, Wire::default()));
    };
    let persona =
        Persona::find(name.as_str().unwrap_or_default()).map_err(|why| format!("persona: {why}"))?;
    let items = match table.remove("items") {
        Some(Value::Table(items)) => items,
        Some(other) => return Err(format!("items: expected a table, got {other}")),
        None => Table::new(),
    };
    let mut merged = persona.settings(&items)?;
    merge(&mut merged, table);
    Ok((Value::Table(merged).try_into().map_err(words)?, persona.wire))
}

/// Lays one table over another.
fn merge(below: &mut Table, above: Table) {
    for (key, value) in above {
        match (below.get_mut(&key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => merge(below, above),
            (_, value) => {
                below.insert(key, value);
            }
        }
    }
}
