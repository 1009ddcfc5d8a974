//! A public key that is built once, however often its certificate is asked for it.

use std::fmt;
use std::sync::OnceLock;

use super::PublicKey;
use crate::error::Result;

/// The key of a SubjectPublicKeyInfo, once somebody has asked. OpenSSL sets a key up on its first use: a
/// server that verifies a request with the key, and then encrypts the answer to it, pays for that once.
///
/// No part of the value that keeps it: two are equal whatever they keep.
#[derive(Clone, Default)]
pub(crate) struct KeptKey(OnceLock<PublicKey>);

impl KeptKey {
    /// The key of the SubjectPublicKeyInfo.
    pub(crate) fn of(&self, spki: &[u8]) -> Result<PublicKey> {
        match self.0.get().filter(|key| key.spki() == spki) {
            Some(key) => Ok(key.clone()),
            None => {
                let key = PublicKey::from_spki(spki)?;
                // A second one is not kept: whoever changes the field again and again builds it each time.
                let _ = self.0.set(key.clone());
                Ok(key)
            }
        }
    }
}

impl PartialEq for KeptKey {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for KeptKey {}

impl fmt::Debug for KeptKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.get().is_some() { "kept" } else { "not asked for" })
    }
}

#[cfg(test)]
mod tests {
    use super::KeptKey;
    use crate::key::PrivateKey;

    #[test]
    fn a_kept_key_is_that_of_its_octets() {
        let spki = |index: usize| {
            let pem = scep_vectors::keys::pool()[index].pem;
            PrivateKey::from_pem(pem.as_bytes()).unwrap().public().spki().to_vec()
        };
        let kept = KeptKey::default();
        for index in [0, 0, 1, 0] {
            assert_eq!(kept.of(&spki(index)).unwrap().spki(), spki(index));
        }
        assert!(kept.of(b"no key").is_err());
        assert_eq!(kept, KeptKey::default());
    }
}
