//! Kinds of keys that the authority makes for itself.

use std::fmt;
use std::str::FromStr;

use openssl::ec::{EcGroup, EcKey};
use openssl::nid::Nid;
use openssl::rsa::Rsa;
use scep::error::Result;
use scep::key::PrivateKey;
use serde::Deserialize;

/// A kind of key, as the configuration names it: `rsa-2048`, `ec-p256`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum KeyKind {
    /// RSA with so many bits.
    Rsa(u32),
    /// NIST P-256.
    P256,
    /// NIST P-384.
    P384,
    /// NIST P-521.
    P521,
}

impl Default for KeyKind {
    /// The least that is still respectable, since it is made anew for every test.
    fn default() -> Self {
        Self::Rsa(2048)
    }
}

impl KeyKind {
    /// Makes a key; the cryptographic library draws the randomness.
    ///
    /// # Errors
    /// When the library fails.
    pub fn make(self) -> Result<PrivateKey> {
        let on = |nid| -> Result<PrivateKey> {
            let group = EcGroup::from_curve_name(nid)?;
            PrivateKey::from_ec(EcKey::generate(&group)?)
        };
        match self {
            Self::Rsa(bits) => PrivateKey::from_rsa(Rsa::generate(bits)?),
            Self::P256 => on(Nid::X9_62_PRIME256V1),
            Self::P384 => on(Nid::SECP384R1),
            Self::P521 => on(Nid::SECP521R1),
        }
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa(bits) => write!(f, "rsa-{bits}"),
            Self::P256 => f.write_str("ec-p256"),
            Self::P384 => f.write_str("ec-p384"),
            Self::P521 => f.write_str("ec-p521"),
        }
    }
}

impl FromStr for KeyKind {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text {
            "rsa-2048" => Ok(Self::Rsa(2048)),
            "rsa-3072" => Ok(Self::Rsa(3072)),
            "rsa-4096" => Ok(Self::Rsa(4096)),
            "rsa-8192" => Ok(Self::Rsa(8192)),
            "ec-p256" => Ok(Self::P256),
            "ec-p384" => Ok(Self::P384),
            "ec-p521" => Ok(Self::P521),
            _ => Err(format!(
                "expected rsa-2048, rsa-3072, rsa-4096, rsa-8192, ec-p256, ec-p384 or ec-p521, got `{text}`"
            )),
        }
    }
}

impl TryFrom<String> for KeyKind {
    type Error = String;

    fn try_from(text: String) -> std::result::Result<Self, String> {
        text.parse()
    }
}
