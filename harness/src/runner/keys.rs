//! RSA keys for cases: the public pool against loopback, fresh ones against any other host.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use openssl::rsa::Rsa;
use scep::key::PrivateKey;

/// Hands out keys.
#[derive(Debug)]
pub struct Keys {
    pool: Vec<PrivateKey>,
    next: AtomicUsize,
    fresh: bool,
    made: Mutex<Vec<PrivateKey>>,
}

impl Keys {
    /// The pool of `scep-vectors`: fast, and public, so for loopback only.
    ///
    /// # Errors
    /// When a pool key does not load, which its own tests exclude.
    pub fn public_pool() -> scep::error::Result<Self> {
        let pool = scep_vectors::keys::pool()
            .iter()
            .map(|key| PrivateKey::from_pem(key.pem.as_bytes()))
            .collect::<scep::error::Result<_>>()?;
        Ok(Self { pool, next: AtomicUsize::new(0), fresh: false, made: Mutex::default() })
    }

    /// Keys made for this run, RSA-2048 from the library's own generator.
    #[must_use]
    pub fn fresh() -> Self {
        Self { pool: Vec::new(), next: AtomicUsize::new(0), fresh: true, made: Mutex::default() }
    }

    /// The next key: one of the pool in turn, or a new one.
    ///
    /// # Errors
    /// When the cryptographic library cannot make one.
    pub fn next(&self) -> scep::error::Result<PrivateKey> {
        if self.fresh {
            if let Some(ready) = self.made.lock().ok().and_then(|mut made| made.pop()) {
                return Ok(ready);
            }
            return PrivateKey::from_rsa(Rsa::generate(2048)?);
        }
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        self.pool
            .get(turn % self.pool.len().max(1))
            .cloned()
            .ok_or_else(|| scep::Error::Misuse { what: "key pool", detail: "it is empty".to_owned() })
    }

    /// Makes `count` keys ahead, so that cases do not wait for them. Nothing to do for the pool.
    ///
    /// # Errors
    /// When the cryptographic library cannot make one.
    pub fn make_ahead(&self, count: usize) -> scep::error::Result<()> {
        for _ in 0..if self.fresh { count } else { 0 } {
            let key = PrivateKey::from_rsa(Rsa::generate(2048)?)?;
            if let Ok(mut made) = self.made.lock() {
                made.push(key);
            }
        }
        Ok(())
    }
}
