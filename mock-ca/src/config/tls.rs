//! What a port shows in TLS: a certificate and its key, and which ports are in TLS.

use std::fmt;
use std::path::{Path, PathBuf};

use openssl::error::ErrorStack;
use openssl::pkey::PKey;
use openssl::ssl::{SslAcceptor, SslContextRef, SslMethod};
use openssl::x509::X509;
use serde::Deserialize;

use super::ConfigError;
use super::ca_files::{octets_of, syntax};

/// The ports that speak HTTPS, each with what it shows. RFC 8894 4.1 has HTTP: by default none does.
#[derive(Debug, Clone, Default)]
pub struct TlsConfig {
    /// Of the SCEP port; None is in clear.
    pub scep: Option<Tls>,
    /// Of the admin port; None is in clear.
    pub admin: Option<Tls>,
}

/// A certificate and its key, ready for handshakes in TLS 1.2 or newer. It prints as nothing.
#[derive(Clone)]
pub struct Tls(SslAcceptor);

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}

impl Tls {
    /// Reads PEM files: the server's certificate, perhaps with those above it behind, and its key, opened by
    /// the password where it is encrypted.
    ///
    /// # Errors
    /// When a file cannot be read or holds something else, or the key is of another certificate.
    pub fn read(certificate: &Path, key: &Path, password: &str) -> Result<Self, ConfigError> {
        let wrong =
            |path: &Path, error: &ErrorStack| syntax(path, format!("cannot be used for TLS: {error}"));
        let of_certificate = |error: ErrorStack| wrong(certificate, &error);
        let mut chain = X509::stack_from_pem(&octets_of(certificate)?).map_err(of_certificate)?.into_iter();
        let Some(own) = chain.next() else {
            return Err(syntax(certificate, "expected certificates in PEM, got none".to_owned()));
        };
        // With a password at hand the library never asks for one.
        let private = PKey::private_key_from_pem_passphrase(&octets_of(key)?, password.as_bytes())
            .map_err(|error| wrong(key, &error))?;
        if !own.public_key().map_err(of_certificate)?.public_eq(&private) {
            let detail =
                format!("expected the key of the certificate in {}, got another", certificate.display());
            return Err(syntax(key, detail));
        }
        let mut builder =
            SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server()).map_err(of_certificate)?;
        builder.set_certificate(&own).map_err(of_certificate)?;
        for above in chain {
            builder.add_extra_chain_cert(above).map_err(of_certificate)?;
        }
        builder.set_private_key(&private).map_err(|error| wrong(key, &error))?;
        Ok(Self(builder.build()))
    }

    pub(crate) fn context(&self) -> &SslContextRef {
        self.0.context()
    }
}

/// A port that can be in TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Port {
    Scep,
    Admin,
}

/// The table of the file.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TlsTable {
    pub(super) ports: Option<Vec<Port>>,
    pub(super) certificate: Option<PathBuf>,
    pub(super) key: Option<PathBuf>,
    pub(super) password: Option<String>,
}

impl TlsConfig {
    /// Both ports with the same.
    #[must_use]
    pub fn both(tls: Tls) -> Self {
        Self { scep: Some(tls.clone()), admin: Some(tls) }
    }
}

impl TlsTable {
    /// Reads the files that the table of the configuration file at `path` names.
    pub(super) fn read(self, path: &Path) -> Result<TlsConfig, ConfigError> {
        let beside = |name: PathBuf| path.parent().unwrap_or_else(|| Path::new("")).join(name);
        let (certificate, key) = match (self.certificate, self.key) {
            (Some(certificate), Some(key)) => (beside(certificate), beside(key)),
            (None, None) => return Ok(TlsConfig::default()),
            (Some(_), None) => return Err(syntax(path, "tls: expected key beside certificate".to_owned())),
            (None, Some(_)) => return Err(syntax(path, "tls: expected certificate beside key".to_owned())),
        };
        let tls = Tls::read(&certificate, &key, self.password.as_deref().unwrap_or_default())?;
        let ports = self.ports.unwrap_or_else(|| vec![Port::Scep, Port::Admin]);
        let of = |port| ports.contains(&port).then(|| tls.clone());
        Ok(TlsConfig { scep: of(Port::Scep), admin: of(Port::Admin) })
    }
}
