//! The files that the options name.

use std::path::{Path, PathBuf};

use scep::ca_cert::CaCertificates;
use scep::certificate::{Certificate, Extension, KeyUsage};
use scep::key::PrivateKey;

use super::exit::SscepExit;
use super::options::Options;
use super::stop::{Step, Stop, stop};
use crate::files;

/// The file of an option that was seen to be there.
pub(super) fn path_of(option: &Option<PathBuf>) -> &Path {
    option.as_deref().unwrap_or_else(|| Path::new(""))
}

/// `FILE-0`, `FILE-1`, ...
pub(super) fn numbered(path: &Path, index: usize) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!("-{index}"));
    name.into()
}

/// The certificates of `-c`, and of `-e`.
pub(super) fn authority(options: &Options) -> Step<CaCertificates> {
    let path = path_of(&options.ca);
    let mut certificates = Vec::new();
    if path.exists() {
        certificates.push(certificate(path)?);
        if let Some(encrypt_to) = &options.encrypt_to {
            certificates.push(for_encryption(certificate(encrypt_to)?));
        }
    } else {
        for file in (0..).map(|index| numbered(path, index)).take_while(|file| file.exists()) {
            certificates.push(certificate(&file)?);
        }
    }
    if certificates.is_empty() {
        return stop(SscepExit::File, format!("cannot read the CA certificate (-c) {}", path.display()));
    }
    Ok(CaCertificates { is_chain: certificates.len() > 1, certificates })
}

/// A certificate that is chosen as recipient before all others, since the user says so: the choice goes by
/// keyUsage, which is overlooked here.
fn for_encryption(mut certificate: Certificate) -> Certificate {
    certificate.extensions = vec![Extension::key_usage(KeyUsage::KEY_ENCIPHERMENT)];
    certificate
}

pub(super) fn certificate(path: &Path) -> Step<Certificate> {
    Certificate::from_pem(&read(path)?).map_err(|why| {
        Stop(SscepExit::File, format!("cannot read the certificate {}: {why}", path.display()))
    })
}

pub(super) fn key(path: &Path) -> Step<PrivateKey> {
    PrivateKey::from_pem(&read(path)?).map_err(|why| {
        Stop(SscepExit::File, format!("cannot read the private key {}: {why}", path.display()))
    })
}

pub(super) fn read(path: &Path) -> Step<Vec<u8>> {
    files::read(path).map_err(|why| Stop(SscepExit::File, why.to_string()))
}

pub(super) fn write(path: &Path, text: &str) -> Step<()> {
    files::write_public(path, text).map_err(|why| Stop(SscepExit::File, why.to_string()))
}
