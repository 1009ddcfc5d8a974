//! The settings file of the agent: TOML, with a schema. Everything but the URL, the subject and the store
//! has a default.

mod file;

use std::path::{Path, PathBuf};
use std::time::Duration;

use scep::alt_name::{self, GeneralName};
use scep::certificate::Extension;
use scep::client::{BackOff, Edition, Fingerprint, PollPolicy, Trust};
use scep::fault::Script;
use scep::suite::Digest;

use super::plan::Policy;
use crate::challenge::Challenge;
use crate::cli::{cipher_named, digest_named, fingerprint_named};
use crate::contact::{CaIdentifier, Choice, Contact};
use crate::files;
use crate::identity::KeyKind;
use crate::keystore::{DirectoryStore, Keystore, Pkcs12Store, RouterStore, StoreError};
use crate::ops::Form;
use crate::request::{self, Usages};
use crate::subject;
use crate::transport::{Proxy, ServerUrl, TimeLimits, Tls, Way};
use file::{FormWord, ServerTable, StoreKind, StoreTable};

/// What the agent is told, checked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// When things are done.
    pub policy: Policy,
    /// Name of the module in the status.
    pub module: String,
    /// URL of the server.
    pub url: ServerUrl,
    /// The way to it.
    pub way: Way,
    /// How to deal with it; the trust is the one for the bootstrap.
    pub contact: Contact,
    /// subject, DER.
    pub subject: Vec<u8>,
    /// Requested extensions.
    pub extensions: Vec<Extension>,
    /// challengePassword.
    pub challenge: Option<Challenge>,
    /// Kind of new keys.
    pub key: KeyKind,
    /// A renewal certifies the same key again.
    pub same_key: bool,
    /// Which message renews.
    pub form: Form,
    /// The digest of the key that is the transactionID; None for a random one.
    pub key_digest: Option<Digest>,
    /// Polling.
    pub poll: PollPolicy,
    /// Script after a success.
    pub success: Option<String>,
    /// Script after a failure.
    pub failure: Option<String>,
    /// How long a script may take.
    pub script_limit: Duration,
    /// File or folder of the keystore.
    pub store_path: PathBuf,
    /// State file.
    pub state_path: PathBuf,
    store_kind: StoreKind,
    store_password: Challenge,
}

impl Settings {
    /// Reads the file. Paths in it are relative to its folder.
    ///
    /// # Errors
    /// In words, with the name of what is wrong.
    pub fn read(path: &Path) -> Result<Self, String> {
        let text = files::read(path).map_err(|error| error.to_string())?;
        let folder = files::folder_of(path);
        Self::parse(&String::from_utf8_lossy(&text), folder)
            .map_err(|error| format!("use {}: {error}", path.display()))
    }

    /// Reads the text of the file; relative paths are those of the folder.
    ///
    /// # Errors
    /// In words, with the name of what is wrong.
    pub fn parse(text: &str, folder: &Path) -> Result<Self, String> {
        let (file, wire) = file::read(text)?;
        if file.schema != 1 {
            return Err(format!("expected schema 1, got {}", file.schema));
        }
        let at = |path: &Path| folder.join(path);
        let read = |path: &Path| files::read(&at(path)).map_err(|error| error.to_string());
        let (server, wanted) = (&file.server, &file.request);
        let trust = match (&server.ca_fingerprint, &server.ca_certificate) {
            (Some(_), Some(_)) => {
                return Err("server: expected ca-fingerprint or ca-certificate, got both".to_owned());
            }
            (Some(text), None) => Trust::Fingerprint(fingerprint(text)?),
            (None, Some(text)) => {
                // The certificate itself, as Kura has it, or the name of its file.
                let is_pem = text.contains("-----BEGIN");
                let pem = if is_pem { text.clone().into_bytes() } else { read(Path::new(text))? };
                Trust::from_pem(&pem).map_err(|error| error.to_string())?
            }
            (None, None) => Trust::Anything,
        };
        let challenge = match (&wanted.challenge, &wanted.challenge_file) {
            (Some(text), _) => Some(text.clone()),
            (None, Some(path)) => Some(String::from_utf8_lossy(&read(path)?).trim_end().to_owned()),
            (None, None) => None,
        };
        let before = match (file.renewal.before_hours, file.renewal.before_days) {
            (Some(_), Some(_)) => {
                return Err("renewal: expected before-hours or before-days, got both".to_owned());
            }
            (Some(hours), None) => hours.saturating_mul(3_600),
            (None, days) => days.unwrap_or(14).saturating_mul(86_400),
        };
        let names: Vec<GeneralName> = match wanted.alternative_names.as_deref() {
            None | Some("") => Vec::new(),
            Some(text) => alt_name::parse(text).map_err(|error| format!("alternative-names: {error}"))?,
        };
        let usages = Usages {
            digital_signature: wanted.digital_signature,
            key_encipherment: wanted.key_encipherment,
            server_auth: wanted.server_auth,
            client_auth: wanted.client_auth,
        };
        let url = ServerUrl::parse(&server.url).map_err(|error| format!("server: {error}"))?;
        Ok(Self {
            policy: Policy {
                enabled: file.enabled,
                settings: identity_of(server, &trust)?,
                renew: file.renewal.automatic,
                before,
                rollover: file.renewal.ca_rollover,
                period: file.renewal.check_hours.max(1).saturating_mul(3_600),
                retry: file.retry.interval_seconds.max(1),
                back_off: BackOff { percent: file.retry.growth_percent, longest: file.retry.longest_seconds },
            },
            module: file.module.clone(),
            url,
            way: Way {
                limits: TimeLimits::within(Duration::from_secs(server.timeout_seconds.max(1))),
                proxy: server.proxy.as_deref().map(Proxy::parse).transpose()?,
                tls: Tls { roots: server.tls_ca.as_deref().map(read).transpose()? },
                redirects: 0,
            },
            contact: Contact {
                trust,
                ca_identifier: server
                    .ca_identifier
                    .clone()
                    .map(|text| CaIdentifier { text, with_capabilities: true })
                    .or_else(|| wire.ca_identifier()),
                edition: if server.legacy_ciphers {
                    Edition::Nourse
                } else {
                    wire.edition().unwrap_or_default()
                },
                choice: Choice {
                    cipher: server.cipher.as_deref().map(cipher_named).transpose()?,
                    digest: server.digest.as_deref().map(digest_named).transpose()?,
                    post: wire.post(),
                },
                strongest_digest: wire.strongest_digest,
                extension_request: wire.extension_request(),
                faults: Script::new(&wire.faults()).map_err(|error| error.to_string())?,
                ..Contact::default()
            },
            subject: subject::parse(&wanted.subject, wanted.serial_number.as_deref())
                .map_err(|error| format!("subject: {error}"))?,
            extensions: request::extensions(&names, wanted.template.as_deref(), usages)
                .map_err(|error| format!("template: {error}"))?,
            challenge: challenge.map(Challenge::new),
            key: KeyKind::parse(&wanted.key)?,
            same_key: file.renewal.same_key,
            form: match file.renewal.form {
                FormWord::Auto => Form::Negotiated,
                FormWord::RenewalReq => Form::Always(scep::client::RequestForm::RenewalReq),
                FormWord::PkcsReq => Form::Always(scep::client::RequestForm::PkcsReq),
            },
            key_digest: wire.key_digest(),
            poll: PollPolicy {
                interval: file.polling.interval_seconds,
                max_polls: file.polling.max_polls,
                max_seconds: file.polling.max_minutes.saturating_mul(60),
                back_off: BackOff::NONE,
            },
            success: file.script.success.clone(),
            failure: file.script.failure.clone(),
            script_limit: Duration::from_secs(file.script.limit_seconds.unwrap_or(300)),
            store_path: at(&file.store.path),
            state_path: at(&file.store.state.clone().unwrap_or_else(|| state_beside(&file.store))),
            store_kind: file.store.kind,
            store_password: Challenge::new(file.store.password.clone().unwrap_or_default()),
        })
    }

    /// Opens the keystore.
    ///
    /// # Errors
    /// When it cannot be made or read.
    pub fn store(&self) -> Result<Box<dyn Keystore>, StoreError> {
        Ok(match self.store_kind {
            StoreKind::Directory => Box::new(DirectoryStore::open(&self.store_path)?),
            StoreKind::Router => Box::new(RouterStore::open(&self.store_path)?),
            StoreKind::Pkcs12 => Box::new(Pkcs12Store::open(&self.store_path, self.store_password.clone())?),
        })
    }
}

/// Kura's form, 64 small hex digits, and every other.
fn fingerprint(text: &str) -> Result<Fingerprint, String> {
    fingerprint_named(text).map_err(|error| format!("ca-fingerprint: {error}"))
}

fn state_beside(store: &StoreTable) -> PathBuf {
    match store.kind {
        StoreKind::Pkcs12 => store.path.with_extension("state.json"),
        StoreKind::Directory | StoreKind::Router => store.path.join(".agent.json"),
    }
}

/// What the trust is built on, as one text: endpoint, identifier, fingerprint, CA certificate (row K7).
fn identity_of(server: &ServerTable, trust: &Trust) -> Result<String, String> {
    let trust = match trust {
        Trust::Anything => "anything".to_owned(),
        Trust::Fingerprint(fingerprint) => fingerprint.to_string(),
        Trust::Certificates(all) => all
            .iter()
            .map(|one| Fingerprint::of(one, Digest::Sha256).map(|print| print.to_string()))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| error.to_string())?
            .join(","),
    };
    Ok(format!("{} {} {trust}", server.url, server.ca_identifier.as_deref().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use rstest::rstest;
    use scep::client::{Edition, Trust};
    use scep::csr::CsrParts;

    use super::Settings;
    use crate::identity::KeyKind;

    const SMALLEST: &str = "schema = 1\n[server]\nurl = \"http://ca.example:8999\"\n[request]\n\
                            subject = \"CN=dev1\"\n[store]\nkind = \"directory\"\npath = \"store\"\n";

    #[test]
    fn k6_the_defaults_are_those_of_the_products() {
        let settings = Settings::parse(SMALLEST, Path::new("/etc/scep")).unwrap();
        assert_eq!(
            (settings.key, settings.policy.period, settings.policy.enabled),
            (KeyKind::Rsa(2048), 86_400, true)
        );
        assert_eq!(settings.contact.trust, Trust::Anything);
        assert_eq!(settings.store_path, Path::new("/etc/scep/store"));
        assert_eq!(settings.state_path, Path::new("/etc/scep/store/.agent.json"));
    }

    #[test]
    fn r3_to_r5_every_item_of_the_router_has_its_place() {
        let text = "schema = 1\nmodule = \"scepClient\"\n[server]\nurl = \"http://ca.example/scep\"\nlegacy-ciphers = true\n\
                    [request]\nsubject = \"/DC=org/DC=Test Deployment/CN=router-SN\"\nserial-number = \"5301\"\n\
                    alternative-names = \"DNS:one.example,email:a@b.example,IP:10.0.0.1,RID:1.2.3.4\"\n\
                    template = \"pc-client\"\ndigital-signature = true\nkey-encipherment = true\n\
                    server-auth = true\nclient-auth = true\nkey = \"1024\"\n\
                    [renewal]\nbefore-days = 30\n[polling]\ninterval-seconds = 20\nmax-minutes = 5\n\
                    [store]\nkind = \"router\"\npath = \"s\"\n[script]\nsuccess = \"true\"\nfailure = \"false\"\n";
        let settings = Settings::parse(text, Path::new(".")).unwrap();
        assert_eq!(scep::name::print(&settings.subject), "CN=router-5301,DC=Test Deployment,DC=org");
        assert_eq!(settings.contact.edition, Edition::Nourse);
        assert_eq!(
            (settings.policy.before, settings.poll.interval, settings.poll.max_seconds),
            (30 * 86_400, 20, 300)
        );
        let names: Vec<String> = settings.extensions.iter().map(|one| scep::oid::name(one.oid)).collect();
        assert_eq!(names, ["subjectAltName", "keyUsage", "extKeyUsage", "msCertificateTemplateName"]);
        let key = scep::key::PrivateKey::from_pem(scep_vectors::keys::pool()[0].pem.as_bytes()).unwrap();
        let mut parts = CsrParts::new(&settings.subject, key.public(), None);
        parts.extensions = settings.extensions;
        let der = parts.write(&key, &mut scep::fault::Faults::none()).unwrap();
        let csr = scep::csr::Csr::read(scep::tlv::Source::message(&der)).unwrap().value;
        assert_eq!((csr.alt_names().len(), csr.templates().len()), (4, 1));
    }

    #[rstest]
    #[case::schema("schema = 1", "schema = 2", "expected schema 1, got 2")]
    #[case::unknown("[request]", "[request]\nsubjet = 1", "subjet")]
    #[case::url("http://ca", "ftp://ca", "only http and https")]
    #[case::subject("CN=dev1", "dev1", "subject: ")]
    #[case::key("[request]", "[request]\nkey = \"512\"", "got `512`")]
    #[case::fingerprint("[request]", "ca-fingerprint = \"00\"\n[request]", "ca-fingerprint: ")]
    #[case::both("[store]", "[renewal]\nbefore-days = 1\nbefore-hours = 1\n[store]", "got both")]
    #[case::names("[request]", "[request]\nalternative-names = \"DNS\"", "alternative-names: ")]
    fn what_is_wrong_is_named(#[case] from: &str, #[case] to: &str, #[case] says: &str) {
        let error = Settings::parse(&SMALLEST.replace(from, to), Path::new(".")).unwrap_err();
        assert!(error.contains(says), "{error}");
    }

    #[test]
    fn k7_endpoint_fingerprint_and_identifier_make_the_settings_others() {
        let id = |text: &str| Settings::parse(text, Path::new(".")).unwrap().policy.settings;
        let print = format!("ca-fingerprint = \"{}\"\n[request]", "0".repeat(64));
        let others = [
            SMALLEST.replace("8999", "9000"),
            SMALLEST.replace("[request]", &print),
            SMALLEST.replace("[request]", "ca-identifier = \"x\"\n[request]"),
        ];
        assert!(others.iter().all(|other| id(other) != id(SMALLEST)));
        assert_eq!(id(&SMALLEST.replace("CN=dev1", "CN=dev2")), id(SMALLEST), "a subject is no trust");
    }
}
