//! Sub-commands that ask the admin port of a running server: what its pages do, for scripts.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use hyper::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::{Exit, say};
use crate::http::client;

/// Where the admin port is, and what it asks for.
#[derive(Debug, Args)]
pub(super) struct Admin {
    /// URL of the admin port, as printed at start
    #[arg(
        long,
        value_name = "URL",
        env = "MOCK_CA_ADMIN",
        global = true,
        required = false,
        default_value = ""
    )]
    admin: String,
    /// What it asks for, as printed at start
    #[arg(
        long,
        value_name = "TEXT",
        env = "MOCK_CA_ADMIN_TOKEN",
        hide_env_values = true,
        global = true,
        required = false,
        default_value = ""
    )]
    token: String,
    /// Certificate that it shows in TLS, or the CA that issued that one, PEM; without it the system decides
    #[arg(long, value_name = "FILE", env = "MOCK_CA_ADMIN_CA", global = true)]
    admin_ca: Option<PathBuf>,
}

/// What is asked.
#[derive(Debug, Subcommand)]
pub(super) enum Ask {
    /// List the requests that wait for the operator: transactionID, since, subject
    Pending {
        #[command(flatten)]
        admin: Admin,
    },
    /// Let a pending request have its certificate
    Approve {
        #[command(flatten)]
        admin: Admin,
        /// Its transactionID
        transaction: String,
    },
    /// Refuse a pending request
    Reject {
        #[command(flatten)]
        admin: Admin,
        /// Its transactionID
        transaction: String,
    },
    /// List issued certificates: serial number, expiry, subject, `revoked`
    Certificates {
        #[command(flatten)]
        admin: Admin,
        /// Text in subject, serial number or transactionID
        #[arg(default_value = "")]
        contains: String,
    },
    /// Revoke a certificate
    Revoke {
        #[command(flatten)]
        admin: Admin,
        /// Its serial number, hexadecimal
        serial: String,
        /// CRLReason of RFC 5280 5.3.1: 0 to 6 or 8 to 10
        #[arg(long, value_name = "NUMBER")]
        reason: Option<u8>,
    },
    /// Make the next CA, of which GetNextCACert tells
    Prepare {
        #[command(flatten)]
        admin: Admin,
    },
    /// Let the next CA take over
    Switch {
        #[command(flatten)]
        admin: Admin,
    },
    /// Make a challengePassword for one transaction
    Challenge {
        #[command(flatten)]
        admin: Admin,
        /// The only subject that it is right for
        #[arg(long, value_name = "NAME")]
        subject: Option<String>,
        /// Seconds until it expires
        #[arg(long, value_name = "SECONDS")]
        lifetime: Option<u64>,
    },
    /// Preregister clients
    Prereg {
        #[command(flatten)]
        admin: Admin,
        #[command(subcommand)]
        ask: Prereg,
    },
    /// Register devices
    Device {
        #[command(flatten)]
        admin: Admin,
        #[command(subcommand)]
        ask: DeviceAsk,
    },
}

impl Ask {
    fn admin(&self) -> &Admin {
        match self {
            Self::Pending { admin }
            | Self::Approve { admin, .. }
            | Self::Reject { admin, .. }
            | Self::Certificates { admin, .. }
            | Self::Revoke { admin, .. }
            | Self::Prepare { admin }
            | Self::Switch { admin }
            | Self::Challenge { admin, .. }
            | Self::Prereg { admin, .. }
            | Self::Device { admin, .. } => admin,
        }
    }
}

/// About preregistration.
#[derive(Debug, Subcommand)]
pub(super) enum Prereg {
    /// Preregister all clients of a file of comma separated values, or none
    Import {
        /// First line: client name,passphrase,template,subject,alternative names
        file: PathBuf,
        /// Nickname of the template for rows that name none
        #[arg(long, default_value = "5YSCEPP")]
        template: String,
    },
    /// Preregister one client; its passphrase is the first line of standard input
    Add {
        /// Client (device) name
        name: String,
        /// Nickname of the template
        #[arg(long, default_value = "5YSCEPP")]
        template: String,
        /// Subject, RFC 4514
        #[arg(long, default_value = "")]
        subject: String,
        /// Alternative names, e.g. DNS:r1.lab,IP:10.0.0.1
        #[arg(long, default_value = "")]
        alternative_names: String,
    },
    /// List preregistered clients: Requestor, template, subject
    List {
        /// Text in the Requestor
        #[arg(default_value = "")]
        contains: String,
    },
    /// Remove a preregistration
    Remove {
        /// Client name
        name: String,
    },
}

/// About devices.
#[derive(Debug, Subcommand)]
pub(super) enum DeviceAsk {
    /// Register a device, and print its challengePassword, this once
    Register {
        /// Device id
        id: String,
        /// Who made it
        #[arg(long)]
        manufacturer: String,
        /// What kind of thing it is
        #[arg(long = "type")]
        device_type: String,
        /// Which one of its kind
        #[arg(long)]
        model: String,
        /// What else people want to know
        #[arg(long, default_value = "")]
        description: String,
        /// Nickname of its template
        #[arg(long, default_value = "")]
        template: String,
    },
    /// Print a new challengePassword for a device
    Challenge {
        /// Device id
        id: String,
    },
    /// Remove a device
    Remove {
        /// Device id
        id: String,
    },
}

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("find the admin port: expected --admin URL and --token TEXT")]
    NoAdmin,
    #[error("read {path}: {source}")]
    Read { path: PathBuf, source: std::io::Error },
    #[error("read the passphrase: {0}")]
    Passphrase(std::io::Error),
    #[error("ask {url}: {detail}")]
    Connection { url: String, detail: String },
    /// The server said no; one line for each thing that is wrong.
    #[error("do it: {0}")]
    Refused(String),
}

impl Failure {
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::NoAdmin => Exit::Usage,
            Self::Read { .. } | Self::Passphrase(_) => Exit::Files,
            Self::Connection { .. } => Exit::Internal,
            Self::Refused(_) => Exit::Refused,
        }
    }
}

/// One request to the admin port.
struct Question {
    method: Method,
    path: String,
    body: Vec<u8>,
}

impl Question {
    fn new(method: Method, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), body: Vec::new() }
    }

    fn json(mut self, body: &Value) -> Self {
        self.body = body.to_string().into_bytes();
        self
    }
}

pub(super) fn run(ask: &Ask) -> Result<(), Failure> {
    let admin = ask.admin();
    if admin.admin.is_empty() || admin.token.is_empty() {
        return Err(Failure::NoAdmin);
    }
    let question = question(ask)?;
    let connection = |detail: String| Failure::Connection { url: admin.admin.clone(), detail };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| connection(error.to_string()))?;
    let url = format!("{}{}", admin.admin.trim_end_matches('/'), question.path);
    let read =
        |path: &PathBuf| std::fs::read(path).map_err(|source| Failure::Read { path: path.clone(), source });
    let roots = admin.admin_ca.as_ref().map(read).transpose()?;
    let asked = client::Question {
        method: question.method,
        url: &url,
        token: &admin.token,
        body: question.body,
        roots: roots.as_deref(),
    };
    let (status, text) = runtime.block_on(client::send(asked)).map_err(connection)?;
    let answer: Value = serde_json::from_slice(&text).map_err(|error| connection(error.to_string()))?;
    if status < 300 {
        print(ask, &answer);
        return Ok(());
    }
    let rows = answer["rows"].as_array().map(|rows| {
        let line = |row: &Value| format!("line {}: {}", row["line"], word(&row["detail"]));
        let rows: Vec<String> = rows.iter().map(line).collect();
        format!("{} bad rows, nothing was imported\n{}", rows.len(), rows.join("\n"))
    });
    Err(Failure::Refused(rows.unwrap_or_else(|| word(&answer["error"]))))
}

fn question(ask: &Ask) -> Result<Question, Failure> {
    let segment = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let (get, post, delete) = (Method::GET, Method::POST, Method::DELETE);
    Ok(match ask {
        Ask::Pending { .. } => Question::new(get, "/pending"),
        Ask::Approve { transaction, .. } => {
            Question::new(post, format!("/pending/{}/approve", segment(transaction)))
        }
        Ask::Reject { transaction, .. } => {
            Question::new(post, format!("/pending/{}/reject", segment(transaction)))
        }
        Ask::Certificates { contains, .. } => {
            Question::new(get, format!("/certificates?contains={}", segment(contains)))
        }
        Ask::Revoke { serial, reason, .. } => {
            Question::new(post, format!("/certificates/{}/revoke", segment(serial)))
                .json(&json!({ "reason": reason }))
        }
        Ask::Prepare { .. } => Question::new(post, "/authority/prepare"),
        Ask::Switch { .. } => Question::new(post, "/authority/switch"),
        Ask::Challenge { subject, lifetime, .. } => Question::new(post, "/challenges")
            .json(&json!({ "subject": subject, "lifetimeSeconds": lifetime })),
        Ask::Prereg { ask: Prereg::Import { file, template }, .. } => {
            let read = std::fs::read(file);
            let body = read.map_err(|source| Failure::Read { path: file.clone(), source })?;
            let path = format!("/preregistrations/import?template={}", segment(template));
            Question { body, ..Question::new(post, path) }
        }
        Ask::Prereg { ask: Prereg::Add { name, template, subject, alternative_names }, .. } => {
            let mut line = String::new();
            std::io::stdin().read_line(&mut line).map_err(Failure::Passphrase)?;
            Question::new(post, "/preregistrations").json(&json!({
                "clientName": name, "passphrase": line.trim_end_matches(['\r', '\n']), "template": template,
                "subject": subject, "alternativeNames": alternative_names,
            }))
        }
        Ask::Prereg { ask: Prereg::List { contains }, .. } => {
            Question::new(get, format!("/preregistrations?contains={}", segment(contains)))
        }
        Ask::Prereg { ask: Prereg::Remove { name }, .. } => {
            Question::new(delete, format!("/preregistrations/{}", segment(name)))
        }
        Ask::Device {
            ask: DeviceAsk::Register { id, manufacturer, device_type, model, description, template },
            ..
        } => Question::new(post, "/devices").json(&json!({
            "id": id, "manufacturer": manufacturer, "type": device_type, "model": model,
            "description": description, "template": template,
        })),
        Ask::Device { ask: DeviceAsk::Challenge { id }, .. } => {
            Question::new(post, format!("/devices/{}/challenge", segment(id)))
        }
        Ask::Device { ask: DeviceAsk::Remove { id }, .. } => {
            Question::new(delete, format!("/devices/{}", segment(id)))
        }
    })
}

/// A line a thing, tab-separated; a challengePassword alone.
fn print(ask: &Ask, answer: &Value) {
    let line = |row: &Value, names: &[&str]| {
        say(&names.iter().map(|name| word(&row[*name])).collect::<Vec<_>>().join("\t"));
    };
    let rows = answer.as_array().map(Vec::as_slice).unwrap_or_default();
    match ask {
        Ask::Pending { .. } => rows.iter().for_each(|row| line(row, &["transactionID", "since", "subject"])),
        Ask::Certificates { .. } => {
            for row in rows {
                let revoked = if row["revoked"].is_null() { "" } else { "revoked" };
                let words = ["serial", "notAfter", "subject"].map(|name| word(&row[name])).join("\t");
                say(&format!("{words}\t{revoked}"));
            }
        }
        Ask::Prepare { .. } | Ask::Switch { .. } => {
            rows.iter().for_each(|row| line(row, &["number", "standing", "serial", "subject"]));
        }
        Ask::Prereg { ask: Prereg::List { .. }, .. } => {
            rows.iter().for_each(|row| line(row, &["requestor", "template", "subject"]));
        }
        Ask::Prereg { ask: Prereg::Import { .. }, .. } => {
            say(&format!("{} clients are preregistered", answer["imported"]));
        }
        Ask::Prereg { ask: Prereg::Add { .. }, .. } => line(answer, &["requestor"]),
        Ask::Challenge { .. }
        | Ask::Device { ask: DeviceAsk::Register { .. } | DeviceAsk::Challenge { .. }, .. } => {
            line(answer, &["challengePassword"]);
        }
        Ask::Approve { .. }
        | Ask::Reject { .. }
        | Ask::Revoke { .. }
        | Ask::Prereg { ask: Prereg::Remove { .. }, .. }
        | Ask::Device { ask: DeviceAsk::Remove { .. }, .. } => {}
    }
}

/// A string without its quotes, anything else as JSON; nothing for null.
fn word(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
