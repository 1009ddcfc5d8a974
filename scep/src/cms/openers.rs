//! What may open an envelope: private keys, passwords, or both.

use crate::certificate::Certificate;
use crate::key::{Password, PrivateKey};
use crate::message::Sender;

/// A set of keys and passwords. A key, a sender or a password alone turns into one.
#[derive(Debug, Clone, Default)]
pub struct Openers<'a> {
    keys: Vec<(&'a PrivateKey, Option<&'a Certificate>)>,
    passwords: Vec<&'a Password>,
}

impl<'a> Openers<'a> {
    /// The same and one more private key with its certificate.
    #[must_use]
    pub fn and_sender(mut self, sender: &'a Sender) -> Self {
        self.keys.push((&sender.key, Some(&sender.certificate)));
        self
    }

    /// The same and more private keys, whose certificates nobody knows.
    #[must_use]
    pub fn and_keys(mut self, keys: impl IntoIterator<Item = &'a PrivateKey>) -> Self {
        self.keys.extend(keys.into_iter().map(|key| (key, None)));
        self
    }

    /// The same and more passwords, tried in turn. Each costs a derivation: see
    /// [`PBKDF2_ITERATIONS`](crate::limits::PBKDF2_ITERATIONS).
    #[must_use]
    pub fn and_passwords(mut self, passwords: impl IntoIterator<Item = &'a Password>) -> Self {
        self.passwords.extend(passwords);
        self
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &'a PrivateKey> {
        self.keys.iter().map(|(key, _)| *key)
    }

    pub(super) fn certificates(&self) -> impl Iterator<Item = &'a Certificate> {
        self.keys.iter().filter_map(|(_, certificate)| *certificate)
    }

    pub(super) fn passwords(&self) -> impl Iterator<Item = &'a Password> {
        self.passwords.iter().copied()
    }
}

impl<'a> From<&'a PrivateKey> for Openers<'a> {
    fn from(key: &'a PrivateKey) -> Self {
        Self { keys: vec![(key, None)], passwords: Vec::new() }
    }
}

impl<'a> From<&'a Sender> for Openers<'a> {
    fn from(sender: &'a Sender) -> Self {
        Self::default().and_sender(sender)
    }
}

impl<'a> From<&'a Password> for Openers<'a> {
    fn from(password: &'a Password) -> Self {
        Self { keys: Vec::new(), passwords: vec![password] }
    }
}
