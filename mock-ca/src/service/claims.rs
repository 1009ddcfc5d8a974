//! Who a client is and what it gets: the facts that decide it, from the store and the hook.

use scep::attribute::TransactionId;
use scep::csr::Csr;
use scep::server::transaction::Identity;

use super::{Service, Trouble, current};
use crate::authority::Authorities;
use crate::ra::{Ask, Credential, Way, client_of};
use crate::store::{Facts, Offered};
use crate::template::{Contents, Template, Unfit};

/// Most certificates that a renewal is traced back through to the credential of the first one: ten years of
/// a certificate a day.
const GENERATIONS: usize = 3660;

impl Service {
    /// What is known about a request of that transaction, and what may authorise it.
    pub(super) fn facts(
        &self,
        authorities: &Authorities,
        id: &TransactionId,
        ask: Ask<'_>,
    ) -> Result<Facts, Trouble> {
        let challenge = match ask {
            Ask::Enrol { csr, .. } => csr.challenge.as_ref().map(|text| text.lossy()),
            Ask::Poll { .. } => None,
        };
        let challenge = challenge.filter(|text| !text.is_empty());
        let (Ask::Enrol { csr, identity }, Some(challenge)) = (ask, challenge) else {
            let facts = self.store.facts(id, None)?;
            return current(authorities, facts.generations_version).map(|()| facts);
        };
        let (now, window) = (self.clock.now(), self.policy.wrong_tries_window);
        let mut facts = self.store.facts(id, Some(Offered { csr, challenge: &challenge, now, window }))?;
        current(authorities, facts.generations_version)?;
        let template = self.templates.with_challenge(&challenge);
        facts.claims.template = template.map(|template| template.nickname.clone());
        facts.claims.hook = self.ask_hook(csr, identity, &challenge);
        Ok(facts)
    }

    /// Counts a wrong try of a client.
    pub(super) fn count_wrong_try(&self, csr: &Csr) -> Result<(), Trouble> {
        let Some(most) = self.policy.wrong_tries else { return Ok(()) };
        let client = client_of(csr);
        let wrong = self.store.count_wrong_try(&client, self.clock.now(), self.policy.wrong_tries_window)?;
        if wrong == most {
            self.audit("lock-out", &client, &format!("{wrong} wrong challengePasswords"));
        }
        Ok(())
    }

    /// What goes into the certificate for a request that is authorised by this credential; or why nothing
    /// does.
    pub(super) fn contents(
        &self,
        csr: &Csr,
        credential: &Credential,
    ) -> Result<Result<Contents, Unfit>, Trouble> {
        let first = self.first_credential(credential.clone())?;
        let missing = |what: &str| Ok(Err(Unfit::Names(format!("{what} is there no more"))));
        let (nickname, record) = match &first {
            Credential::Preregistration { requestor } => {
                let record = match crate::preregistration::Requestor::parse(requestor) {
                    Ok(requestor) => self.store.preregistration(&requestor)?,
                    Err(_) => None,
                };
                let Some(record) = record else { return missing("the preregistration record") };
                (Some(record.template.clone()), Some(record))
            }
            Credential::Device { id } => {
                let device = self.store.device(&crate::preregistration::ClientName::new(id))?;
                let Some(device) = device else { return missing("the registered device") };
                (device.template().map(str::to_owned), None)
            }
            Credential::Template { nickname } => (Some(nickname.clone()), None),
            Credential::Nothing
            | Credential::Challenge
            | Credential::OneTime { .. }
            | Credential::Hook
            | Credential::Certificate { .. } => (None, None),
        };
        let template: Option<&Template> = match &nickname {
            Some(nickname) => self.templates.named(nickname),
            None => Some(&self.template),
        };
        let Some(template) = template else { return missing("the template of the record") };
        Ok(template.contents(csr, record.as_ref().map(|record| record.values())))
    }

    /// The credential of the first enrolment, when this one is a certificate that was renewed.
    fn first_credential(&self, credential: Credential) -> Result<Credential, Trouble> {
        let mut credential = credential;
        for _ in 0..GENERATIONS {
            let Credential::Certificate { serial } = &credential else { break };
            let Some(record) = self.store.certificate_named(serial)? else { break };
            credential = record.credential;
        }
        Ok(credential)
    }

    fn ask_hook(&self, csr: &Csr, identity: &Identity, offered: &str) -> Option<crate::ra::HookVerdict> {
        let hook = self.hook.as_ref().filter(|_| self.policy.ways.contains(&Way::Hook))?;
        Some(hook.ask(csr, identity, offered))
    }
}
