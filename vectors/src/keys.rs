//! The public test keys of `vectors/keys`: where every key of a loopback run comes from.
//!
//! Making an RSA-2048 key costs between 20 ms and a second; a suite that runs hundreds of enrolments takes
//! its keys from here instead. Their private halves are published with the source, so they may only ever
//! be used between programs on the same machine.

/// Keys of the pool, as [`pool`] returns them.
const POOL_SIZE: usize = 24;

/// A private key that everybody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TestKey {
    /// File name in `vectors/keys` without its extension, e.g. `pool-07`.
    pub name: &'static str,
    /// PKCS#8 `PrivateKeyInfo`, PEM.
    pub pem: &'static str,
}

/// Interchangeable RSA-2048 keys for end entities.
///
/// A key of the pool serves at most one device at a time: two that share one would look alike to every
/// check that compares public keys.
pub fn pool() -> &'static [TestKey] {
    &KEYS[..POOL_SIZE]
}

/// Every key: the pool first, then those that have a part of their own.
pub fn all() -> &'static [TestKey] {
    &KEYS
}

/// The key of this name: `ca-rsa`, `ra-rsa`, `rsa-1024` … `rsa-8192`, `ec-p256`, `ec-p384`, `ec-p521`,
/// `ca-ec-p256`, `ca-ec-p384`, `ca-ec-p521` or one of the pool.
pub fn named(name: &str) -> Option<&'static TestKey> {
    KEYS.iter().find(|key| key.name == name)
}

macro_rules! embedded {
    ($($name:literal)*) => {
        [$(TestKey { name: $name, pem: include_str!(concat!("../keys/", $name, ".pem")) }),*]
    };
}

static KEYS: [TestKey; 36] = embedded! {
    "pool-00" "pool-01" "pool-02" "pool-03" "pool-04" "pool-05" "pool-06" "pool-07"
    "pool-08" "pool-09" "pool-10" "pool-11" "pool-12" "pool-13" "pool-14" "pool-15"
    "pool-16" "pool-17" "pool-18" "pool-19" "pool-20" "pool-21" "pool-22" "pool-23"
    "ca-rsa" "ra-rsa" "rsa-1024" "rsa-3072" "rsa-4096" "rsa-8192"
    "ec-p256" "ec-p384" "ec-p521" "ca-ec-p256" "ca-ec-p384" "ca-ec-p521"
};

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use openssl::nid::Nid;
    use openssl::pkey::{PKey, Private};

    use super::*;

    fn parse(key: &TestKey) -> PKey<Private> {
        PKey::private_key_from_pem(key.pem.as_bytes()).expect(key.name)
    }

    #[test]
    fn every_rsa_key_is_of_the_size_its_name_says() {
        for key in all().iter().filter(|key| !key.name.contains("ec-p")) {
            let bits = key.name.strip_prefix("rsa-").map_or(2048, |bits| bits.parse().unwrap());
            let parsed = parse(key).rsa().expect(key.name);
            // Testing the primes of the longest takes a quarter of a minute: that they are its factors must do.
            let (p, q) = (parsed.p().unwrap(), parsed.q().unwrap());
            assert_eq!(parsed.n(), &*(p * q), "{} is inconsistent", key.name);
            assert!(bits > 4096 || parsed.check_key().unwrap(), "{} is inconsistent", key.name);
            assert_eq!(parsed.size() * 8, bits, "{}", key.name);
        }
    }

    #[test]
    fn every_other_key_is_on_the_curve_its_name_says() {
        for key in all().iter().filter(|key| key.name.contains("ec-p")) {
            let curve = match key.name.rsplit('-').next() {
                Some("p256") => Nid::X9_62_PRIME256V1,
                Some("p384") => Nid::SECP384R1,
                _ => Nid::SECP521R1,
            };
            let parsed = parse(key).ec_key().expect(key.name);
            parsed.check_key().expect(key.name);
            assert_eq!(parsed.group().curve_name(), Some(curve), "{}", key.name);
        }
    }

    #[test]
    fn every_key_is_pkcs8() {
        for key in all() {
            assert!(key.pem.starts_with("-----BEGIN PRIVATE KEY-----\n"), "{}", key.name);
        }
    }

    #[test]
    fn names_and_keys_are_unique() {
        let names: BTreeSet<_> = all().iter().map(|key| key.name).collect();
        let public: BTreeSet<_> = all().iter().map(|key| parse(key).public_key_to_der().unwrap()).collect();
        assert_eq!((names.len(), public.len()), (all().len(), all().len()));
    }

    #[test]
    fn the_pool_is_all_keys_that_are_called_so() {
        let called_so: Vec<_> = all().iter().filter(|key| key.name.starts_with("pool-")).collect();
        assert_eq!(pool().iter().collect::<Vec<_>>(), called_so);
    }

    #[test]
    fn no_file_in_the_folder_is_left_out() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("keys");
        let files: BTreeSet<String> = folder
            .read_dir()
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "pem"))
            .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
            .collect();
        let embedded: BTreeSet<String> = all().iter().map(|key| key.name.to_owned()).collect();
        assert_eq!(files, embedded);
    }

    #[test]
    fn a_key_is_found_by_name() {
        assert_eq!(named("ca-rsa").map(|key| key.name), Some("ca-rsa"));
        assert_eq!(named("ca-rsa.pem"), None);
    }
}
