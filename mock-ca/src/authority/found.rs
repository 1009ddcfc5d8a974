//! New generations: their keys are made or imported, their certificates signed.

use rand_core::RngCore;
use scep::certificate::{Certificate, CertificateParts};
use scep::error::Result;
use scep::fault::Faults;
use scep::key::PrivateKey;
use scep::{UnixTime, name};

use super::{KeyKind, identifier, misuse};
use crate::ca::{self, Own, Purpose};
use crate::config::{CaConfig, Hierarchy, KeyPem, Registration};
use crate::store::{Credentials, Generation, Role, Standing};

/// Seconds by which clocks of devices are allowed to be behind.
const GRACE: u64 = 86_400;

/// The first generation: what the configuration names is loaded, the rest is made.
///
/// # Errors
/// When the PEM texts do not parse or do not belong together, or the name is no RFC 4514 name.
pub fn first(config: &CaConfig, now: UnixTime, rng: &mut dyn RngCore) -> Result<Generation> {
    let key = taken(config.key.as_ref(), config.key_kind)?;
    let issuing = match &config.certificate {
        Some(pem) => {
            if config.key.is_none() {
                return Err(misuse("expected its private key too"));
            }
            let certificate = Certificate::from_pem(pem.as_bytes())?;
            if certificate.public_key()? != *key.public() {
                return Err(misuse("expected the certificate of the CA key, got one for another key"));
            }
            Made { role: Role::Issue, key, certificate }
        }
        None if config.hierarchy == Hierarchy::Intermediate => {
            let root = root(&name::parse(&format!("CN=root of {}", common_name(config)))?, config, now, rng)?;
            let mut founding = Founding { config, now, rng };
            let issuing = founding.issuing(Some(&root), key, None)?;
            return founding.generation(1, Standing::Current, issuing, vec![root]);
        }
        None => {
            let mut founding = Founding { config, now, rng };
            founding.issuing(None, key, None)?
        }
    };
    let mut founding = Founding { config, now, rng };
    let mut generation = founding.generation(1, Standing::Current, issuing, Vec::new())?;
    generation.chain.extend(config.chain.iter().cloned());
    Ok(generation)
}

/// The generation after this one: new keys under the same name, and under the same root where there is one.
///
/// # Errors
/// When the configuration cannot be used, or the cryptographic library fails.
pub fn next(
    config: &CaConfig,
    last: &Generation,
    now: UnixTime,
    rng: &mut dyn RngCore,
) -> Result<Generation> {
    let root =
        last.keys.iter().find(|credentials| credentials.role == Role::Root).map(Made::load).transpose()?;
    // The one after the next must not have its key.
    let ready = config.ready.next.as_ref().filter(|_| last.number == 1);
    let key = taken(ready, config.key_kind)?;
    let mut founding = Founding { config, now, rng };
    let issuing = founding.issuing(root.as_ref(), key, config.next_serial.clone())?;
    founding.generation(last.number + 1, Standing::Next, issuing, root.into_iter().collect())
}

struct Founding<'a> {
    config: &'a CaConfig,
    now: UnixTime,
    rng: &'a mut dyn RngCore,
}

/// A key and its certificate.
struct Made {
    role: Role,
    key: PrivateKey,
    certificate: Certificate,
}

impl Made {
    fn load(credentials: &Credentials) -> Result<Self> {
        Ok(Self {
            role: credentials.role,
            key: PrivateKey::from_pem(credentials.key.as_bytes())?,
            certificate: Certificate::from_pem(credentials.certificate.as_bytes())?,
        })
    }

    fn store(&self) -> Result<Credentials> {
        Ok(Credentials { role: self.role, key: self.key.to_pem()?, certificate: self.certificate.to_pem() })
    }

    /// Signs parts with this key.
    fn sign(&self, own: Own<'_>) -> Result<Certificate> {
        let parts = own.issued_by(&self.certificate.subject, &identifier(&self.certificate)?)?;
        signed(parts, &self.key)
    }
}

fn signed(parts: CertificateParts, key: &PrivateKey) -> Result<Certificate> {
    Certificate::from_der(&parts.write(key, &mut Faults::none())?)
}

/// The key that is there already, or a new one.
fn taken(ready: Option<&KeyPem>, kind: KeyKind) -> Result<PrivateKey> {
    match ready {
        Some(pem) => PrivateKey::from_pem(pem.text().as_bytes()),
        None => kind.make(),
    }
}

fn root(subject: &[u8], config: &CaConfig, now: UnixTime, rng: &mut dyn RngCore) -> Result<Made> {
    let key = taken(config.ready.root.as_ref(), config.key_kind)?;
    let own = Own {
        subject,
        key: key.public(),
        purpose: Purpose::Issue,
        serial: ca::serial(rng),
        from: now.minus(GRACE),
        // It has to outlive what it issues.
        days: config.days.saturating_mul(2),
    };
    let certificate = signed(own.root()?, &key)?;
    Ok(Made { role: Role::Root, key, certificate })
}

impl Founding<'_> {
    /// The issuing CA's certificate, by the root or by itself.
    fn issuing(&mut self, root: Option<&Made>, key: PrivateKey, serial: Option<Vec<u8>>) -> Result<Made> {
        let subject = name::parse(&self.config.name)?;
        let alone = self.config.registration == Registration::None;
        let own = Own {
            subject: &subject,
            key: key.public(),
            purpose: if alone { Purpose::Everything } else { Purpose::Issue },
            serial: serial.unwrap_or_else(|| ca::serial(self.rng)),
            from: self.now.minus(GRACE),
            days: self.config.days,
        };
        let certificate = match root {
            Some(root) => root.sign(own)?,
            None => signed(own.root()?, &key)?,
        };
        Ok(Made { role: Role::Issue, key, certificate })
    }

    fn generation(
        &mut self,
        number: u32,
        standing: Standing,
        issuing: Made,
        above: Vec<Made>,
    ) -> Result<Generation> {
        let mut keys = vec![issuing.store()?];
        match self.config.registration {
            Registration::None => {}
            Registration::Single => {
                let made = self.registration(number, &issuing, Role::Sign, Purpose::Register, "RA")?;
                keys.push(made.store()?);
                keys.push(Credentials { role: Role::Open, ..made.store()? });
            }
            Registration::Split => {
                for (role, purpose, called) in
                    [(Role::Sign, Purpose::Sign, "RA signing"), (Role::Open, Purpose::Open, "RA encryption")]
                {
                    keys.push(self.registration(number, &issuing, role, purpose, called)?.store()?);
                }
            }
        }
        let chain = above.iter().map(|made| made.certificate.to_pem()).collect();
        for made in &above {
            keys.push(made.store()?);
        }
        Ok(Generation { number, standing, keys, chain })
    }

    fn registration(
        &mut self,
        number: u32,
        issuing: &Made,
        role: Role,
        purpose: Purpose,
        called: &str,
    ) -> Result<Made> {
        let ready = match role {
            Role::Open => &self.config.ready.opening,
            _ => &self.config.ready.signing,
        };
        // Those of a later generation are its own.
        let ready = ready.as_ref().filter(|_| number == 1);
        let key = taken(ready, self.config.registration_key_kind)?;
        let subject = name::parse(&format!("CN={called} of {}", common_name(self.config)))?;
        let certificate = issuing.sign(Own {
            subject: &subject,
            key: key.public(),
            purpose,
            serial: ca::serial(self.rng),
            from: self.now.minus(GRACE),
            days: self.config.days,
        })?;
        Ok(Made { role, key, certificate })
    }
}

/// The name of the CA without its type and without what an RFC 4514 name would have to escape.
fn common_name(config: &CaConfig) -> String {
    let first = config.name.split(',').next().unwrap_or_default();
    let value = first.split_once('=').map_or(first, |(_, value)| value);
    value
        .chars()
        .filter(|character| character.is_ascii_alphanumeric() || " -.".contains(*character))
        .collect()
}
