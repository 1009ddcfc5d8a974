//! All generations of the authority, as a request sees them.

use std::sync::Arc;

use scep::certificate::Certificate;
use scep::error::Result;
use scep::message::{PkiMessage, Sender};

use super::{Authority, misuse};
use crate::store::{Generation, Standing};

/// The generations: one that issues, perhaps the one after it, and those before it.
#[derive(Debug, Clone)]
pub struct Authorities {
    /// How often the store had changed them when they were read.
    pub version: u64,
    current: Arc<Authority>,
    next: Option<Arc<Authority>>,
    retired: Vec<Arc<Authority>>,
}

impl Authorities {
    /// Takes them out of their stored form.
    ///
    /// # Errors
    /// When one cannot be used, or none is current.
    pub fn new(version: u64, generations: &[Generation]) -> Result<Self> {
        let (mut current, mut next, mut retired) = (None, None, Vec::new());
        for generation in generations {
            let authority = Arc::new(Authority::new(generation)?);
            match generation.standing {
                Standing::Current => current = Some(authority),
                Standing::Next => next = Some(authority),
                // The newest first: it is the one that is asked for.
                Standing::Retired => retired.insert(0, authority),
            }
        }
        let current = current.ok_or_else(|| misuse("expected a current generation"))?;
        Ok(Self { version, current, next, retired })
    }

    /// The one that issues.
    #[must_use]
    pub fn current(&self) -> &Arc<Authority> {
        &self.current
    }

    /// The one that is prepared.
    #[must_use]
    pub fn next(&self) -> Option<&Arc<Authority>> {
        self.next.as_ref()
    }

    /// All of them, the current one first.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Authority>> {
        std::iter::once(&self.current).chain(&self.next).chain(&self.retired)
    }

    /// The one of that number.
    #[must_use]
    pub fn numbered(&self, number: u32) -> Option<&Arc<Authority>> {
        self.all().find(|authority| authority.number() == number)
    }

    /// Who opens requests: of all generations, since a device may not have heard of a change.
    #[must_use]
    pub fn openers(&self) -> Vec<&Sender> {
        self.all().map(|authority| authority.opener()).collect()
    }

    /// Certificates that issued what is known here.
    #[must_use]
    pub fn issuers(&self) -> Vec<Certificate> {
        self.all().map(|authority| authority.issuing().certificate.clone()).collect()
    }

    /// The generation that a message is for: the next one when it is enveloped to that, RFC 8894 5.1, else
    /// the current one.
    #[must_use]
    pub fn addressed_by(&self, message: &PkiMessage) -> &Arc<Authority> {
        let Some(next) = &self.next else { return &self.current };
        let names_next = message.envelope(&mut Vec::new()).ok().flatten().is_some_and(|envelope| {
            envelope.recipients.iter().any(|recipient| recipient.names(&next.opener().certificate))
        });
        if names_next { next } else { &self.current }
    }
}
