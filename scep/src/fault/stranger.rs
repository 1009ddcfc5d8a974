//! Somebody who has nothing to do with the transaction: a public test key, and a certificate for it.

use std::sync::LazyLock;

use serde::Deserialize;

use super::Faults;
use crate::certificate::{Certificate, CertificateParts, Extension};
use crate::error::Result;
use crate::key::PrivateKey;
use crate::{UnixTime, name};

/// A key whose private half is in the source, for everybody to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Key {
    /// RSA with 2048 bits.
    Stranger,
    /// RSA with 1024 bits.
    Short,
}

/// The private key.
pub(super) fn key(key: Key) -> Result<PrivateKey> {
    static STRANGER: LazyLock<Result<PrivateKey>> =
        LazyLock::new(|| PrivateKey::from_pem(include_bytes!("../../faults/keys/stranger.pem")));
    static SHORT: LazyLock<Result<PrivateKey>> =
        LazyLock::new(|| PrivateKey::from_pem(include_bytes!("../../faults/keys/short.pem")));
    match key {
        Key::Stranger => STRANGER.clone(),
        Key::Short => SHORT.clone(),
    }
}

/// The stranger's certificate, signed by himself.
pub(super) fn certificate() -> Result<Certificate> {
    static CERTIFICATE: LazyLock<Result<Certificate>> = LazyLock::new(|| {
        let key = key(Key::Stranger)?;
        let mut parts =
            CertificateParts::self_signed(&name::parse("CN=stranger")?, key.public(), vec![0x53], SINCE);
        parts.not_after = UNTIL;
        parts.extensions.push(Extension::subject_key_id(&key.public().identifier()?));
        Certificate::from_der(&parts.write(&key, &mut Faults::none())?)
    });
    CERTIFICATE.clone()
}

/// Puts the stranger's certificate among others; false when it cannot be made.
pub(super) fn join(certificates: &mut Vec<Vec<u8>>, first: bool) -> bool {
    let Ok(stranger) = certificate() else { return false };
    let at = if first { 0 } else { certificates.len() };
    certificates.insert(at, stranger.der);
    true
}

/// 2020-01-01T00:00:00Z.
const SINCE: UnixTime = UnixTime(1_577_836_800);
/// 2049-12-31T23:59:59Z: he is never refused for his age.
const UNTIL: UnixTime = UnixTime(2_524_607_999);
