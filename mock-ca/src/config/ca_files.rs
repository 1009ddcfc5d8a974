//! The files that a CA is imported from: PEM, encrypted PKCS#8, PKCS#12.

use std::path::{Path, PathBuf};

use openssl::pkcs12::Pkcs12;
use openssl::pkey::{PKey, Private};
use openssl::x509::X509;

use super::{CaConfig, ConfigError, KeyPem};

/// What was read from them.
#[derive(Debug, Default)]
pub(super) struct CaFiles {
    pub(super) key: Option<KeyPem>,
    pub(super) certificate: Option<String>,
    pub(super) chain: Vec<String>,
}

/// Where they are, and what opens them.
#[derive(Debug, Clone, Default)]
pub(super) struct CaPaths {
    pub(super) key: Option<PathBuf>,
    pub(super) password: Option<String>,
    pub(super) certificate: Option<PathBuf>,
    pub(super) chain: Option<PathBuf>,
    pub(super) pkcs12: Option<PathBuf>,
}

impl CaFiles {
    pub(super) fn read(paths: &CaPaths) -> Result<Self, ConfigError> {
        let password = paths.password.as_deref().unwrap_or_default();
        if let Some(path) = &paths.pkcs12 {
            return from_pkcs12(path, password);
        }
        let chain = match &paths.chain {
            Some(path) => {
                let stack =
                    X509::stack_from_pem(&octets_of(path)?).map_err(|error| unusable(path, &error))?;
                stack.iter().map(|one| pem(path, one.to_pem())).collect::<Result<_, _>>()?
            }
            None => Vec::new(),
        };
        Ok(Self {
            key: paths.key.as_deref().map(|path| key(path, password)).transpose()?,
            certificate: paths.certificate.as_deref().map(CaConfig::read_certificate).transpose()?,
            chain,
        })
    }
}

/// A private key from a PEM file, PKCS#8 or traditional, encrypted or not.
pub(super) fn key(path: &Path, password: &str) -> Result<KeyPem, ConfigError> {
    // With a password at hand the library never asks for one.
    let key = PKey::private_key_from_pem_passphrase(&octets_of(path)?, password.as_bytes())
        .map_err(|error| unusable(path, &error))?;
    key_pem(path, &key)
}

fn from_pkcs12(path: &Path, password: &str) -> Result<CaFiles, ConfigError> {
    let parsed = Pkcs12::from_der(&octets_of(path)?)
        .and_then(|archive| archive.parse2(password))
        .map_err(|error| unusable(path, &error))?;
    let (Some(private), Some(certificate)) = (parsed.pkey, parsed.cert) else {
        return Err(syntax(path, "expected a private key and its certificate".to_owned()));
    };
    let chain = parsed.ca.into_iter().flatten();
    Ok(CaFiles {
        key: Some(key_pem(path, &private)?),
        certificate: Some(pem(path, certificate.to_pem())?),
        chain: chain.map(|one| pem(path, one.to_pem())).collect::<Result<_, _>>()?,
    })
}

fn key_pem(path: &Path, key: &PKey<Private>) -> Result<KeyPem, ConfigError> {
    pem(path, key.private_key_to_pem_pkcs8()).map(KeyPem::new)
}

fn pem(path: &Path, written: Result<Vec<u8>, openssl::error::ErrorStack>) -> Result<String, ConfigError> {
    let octets = written.map_err(|error| unusable(path, &error))?;
    Ok(String::from_utf8_lossy(&octets).into_owned())
}

pub(super) fn octets_of(path: &Path) -> Result<Vec<u8>, ConfigError> {
    std::fs::read(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })
}

fn unusable(path: &Path, error: &openssl::error::ErrorStack) -> ConfigError {
    syntax(path, format!("{error}; is the password right?"))
}

pub(super) fn syntax(path: &Path, detail: String) -> ConfigError {
    ConfigError::Syntax { path: path.to_owned(), detail }
}
