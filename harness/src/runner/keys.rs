//! RSA keys for cases: the public pool against loopback, fresh ones against any other host.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use openssl::ec::{EcGroup, EcKey};
use openssl::nid::Nid;
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

    /// Keys of one case alone: as many as a case needs, and no two of them alike, though other cases take keys
    /// of the same pool meanwhile.
    #[must_use]
    pub fn of_one_case(&self) -> Self {
        const MOST: usize = 8;
        let first = self.next.fetch_add(MOST, Ordering::Relaxed);
        let pool = self.pool.iter().cycle().skip(first % self.pool.len().max(1)).take(MOST).cloned();
        let pool = if self.pool.is_empty() { Vec::new() } else { pool.collect() };
        let ready = self.made.lock().map(|mut made| {
            let rest = made.len().saturating_sub(MOST);
            made.split_off(rest)
        });
        Self {
            pool,
            next: AtomicUsize::new(0),
            fresh: self.fresh,
            made: Mutex::new(ready.unwrap_or_default()),
        }
    }

    /// A new key on P-256: it costs next to nothing to make.
    ///
    /// # Errors
    /// When the cryptographic library cannot make one.
    pub fn ec() -> scep::error::Result<PrivateKey> {
        let curve = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
        PrivateKey::from_ec(EcKey::generate(&curve)?)
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
