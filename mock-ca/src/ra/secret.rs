//! Words that authorise, as they are stored: salted and hashed, compared in constant time.
//!
//! A request in an envelope for a password (RFC 8894 3.1, keys that cannot encrypt) can be opened with the
//! word itself only, which is not kept here: clients with such keys can use the static challengePassword of
//! the configuration, and no other.

use openssl::hash::MessageDigest;
use openssl::memcmp;
use openssl::pkcs5::pbkdf2_hmac;
use rand_core::RngCore;
use scep::error::Result;
use serde::{Deserialize, Serialize};

/// A word, salted and hashed by PBKDF2 with HMAC-SHA-256 (RFC 8018 5.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HashedSecret {
    /// Hexadecimal.
    salt: String,
    rounds: u32,
    /// Hexadecimal.
    digest: String,
}

/// Octets of a salt.
const SALT: usize = 16;
const DIGEST: usize = 32;
/// For words that people made up: a few milliseconds a try.
const ROUNDS_OF_PEOPLE: u32 = 20_000;
/// For words of 80 random bits or more, which nobody finds by trying.
const ROUNDS_OF_CHANCE: u32 = 1;

impl HashedSecret {
    /// A word that somebody made up.
    ///
    /// # Errors
    /// When the cryptographic library has no PBKDF2.
    pub fn of_passphrase(word: &str, rng: &mut dyn RngCore) -> Result<Self> {
        Self::new(word, ROUNDS_OF_PEOPLE, rng)
    }

    /// A word that a generator made.
    ///
    /// # Errors
    /// When the cryptographic library has no PBKDF2.
    pub fn of_generated(word: &str, rng: &mut dyn RngCore) -> Result<Self> {
        Self::new(word, ROUNDS_OF_CHANCE, rng)
    }

    fn new(word: &str, rounds: u32, rng: &mut dyn RngCore) -> Result<Self> {
        let mut salt = [0; SALT];
        rng.fill_bytes(&mut salt);
        let salt = hex::encode(salt);
        let digest = hex::encode(derive(word, &salt, rounds)?);
        Ok(Self { salt, rounds, digest })
    }

    /// True for the word that it was made of. The time says nothing about how much of it is right.
    #[must_use]
    pub fn is(&self, offered: &str) -> bool {
        let Ok(digest) = derive(offered, &self.salt, self.rounds) else { return false };
        let (digest, own) = (hex::encode(digest), self.digest.as_bytes());
        digest.len() == own.len() && memcmp::eq(digest.as_bytes(), own)
    }
}

fn derive(word: &str, salt: &str, rounds: u32) -> Result<[u8; DIGEST]> {
    let mut digest = [0; DIGEST];
    let rounds = usize::try_from(rounds).unwrap_or(usize::MAX);
    pbkdf2_hmac(word.as_bytes(), salt.as_bytes(), rounds, MessageDigest::sha256(), &mut digest)?;
    Ok(digest)
}

/// A word of 80 random bits, as Microsoft's NDES shows them: hexadecimal in upper case, so that it can be
/// typed.
#[must_use]
pub fn generated(rng: &mut dyn RngCore) -> String {
    let mut octets = [0; 10];
    rng.fill_bytes(&mut octets);
    hex::encode_upper(octets)
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng as _;

    use super::{HashedSecret, generated};

    fn rng() -> ChaCha20Rng {
        ChaCha20Rng::from_seed([4; 32])
    }

    #[test]
    fn a_word_is_known_again_and_no_other_is() {
        for secret in [
            HashedSecret::of_passphrase("s3cret", &mut rng()),
            HashedSecret::of_generated("s3cret", &mut rng()),
        ] {
            let secret = secret.unwrap();
            assert!(secret.is("s3cret"));
            assert!(["", "s3cre", "S3cret", "s3cret "].iter().all(|other| !secret.is(other)));
        }
    }

    #[test]
    fn the_word_is_not_in_what_is_stored_and_equal_words_are_stored_differently() {
        let mut rng = rng();
        let [first, second] = [0, 1].map(|_| HashedSecret::of_passphrase("s3cret", &mut rng).unwrap());
        assert_ne!(first, second);
        let stored = serde_json::to_string(&first).unwrap();
        assert!(!stored.contains("s3cret"));
        assert!(serde_json::from_str::<HashedSecret>(&stored).unwrap().is("s3cret"));
    }

    #[test]
    fn python_derives_the_same() {
        let secret = HashedSecret::of_passphrase("s3cret", &mut rng()).unwrap();
        let program = "import hashlib, sys\n\
            print(hashlib.pbkdf2_hmac('sha256', b's3cret', sys.argv[1].encode(), 20000).hex())";
        let output = std::process::Command::new("/usr/bin/python3")
            .args(["-c", program, &secret.salt])
            .output()
            .unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), secret.digest);
    }

    #[test]
    fn generated_words_are_long_and_differ() {
        let mut rng = rng();
        let words: std::collections::BTreeSet<String> = (0..100).map(|_| generated(&mut rng)).collect();
        assert!(words.len() == 100 && words.iter().all(|word| word.len() == 20));
    }
}
