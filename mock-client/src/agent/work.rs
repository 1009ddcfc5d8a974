//! Doing what the plan says.

use scep::UnixTime;
use scep::certificate::Certificate;
use scep::client::{Recovery, RequestForm, Trust, Verdict};
use scep::fault::Faults;
use scep::message::Sender;
use scep::suite::Digest;

use super::plan::{Situation, Span, Task, plan};
use super::script::{Environment, Runner};
use super::settings::Settings;
use super::state::{Activity, Outcome, State, place};
use crate::contact::Contact;
use crate::exit::Exit;
use crate::identity;
use crate::interrupted::Interrupted;
use crate::keystore::{Keystore, StoreError, serial_name};
use crate::ops::{
    EnrolConfig, Form, Identifier, Journal, Line, Progress, Signer, Wanted, enroll, getca, getnextca,
};

/// Most tasks of one check: bootstrap, enrolment, and what may follow. More means that the plan goes round.
const TASKS: usize = 8;

/// The agent could not do its work: not the server's fault.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// Keystore or state file.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// Keys or certificates of its own.
    #[error("{0}")]
    Crypto(#[from] scep::Error),
}

/// What came of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// What was done, in order.
    pub done: Vec<Task>,
    /// When the next check is due; None when the agent is disabled.
    pub next: Option<UnixTime>,
    /// Why the last attempt failed; None when the device is as it should be.
    pub error: Option<String>,
    /// Exit code of a program that does nothing else.
    pub exit: Exit,
    /// What the user should know.
    pub warnings: Vec<String>,
}

/// One device with its settings, keystore and state file.
pub struct Agent<'a> {
    settings: &'a Settings,
    store: &'a mut dyn Keystore,
    scripts: &'a mut dyn Runner,
    state: State,
    warnings: Vec<String>,
    /// Of the last attempt; one that failed in an earlier run is still pending.
    exit: Exit,
    /// Seconds for which the server wants to be left alone, by its last answer.
    retry_after: Option<u64>,
}

impl std::fmt::Debug for Agent<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Agent").field("state", &self.state).finish_non_exhaustive()
    }
}

impl<'a> Agent<'a> {
    /// Takes up where the state file says. It has the store to itself from now on.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn new(
        settings: &'a Settings,
        store: &'a mut dyn Keystore,
        scripts: &'a mut dyn Runner,
    ) -> Result<Self, AgentError> {
        let state = State::read(&settings.state_path)?;
        store.tidy();
        Ok(Self {
            settings,
            store,
            scripts,
            state,
            warnings: Vec::new(),
            exit: Exit::Pending,
            retry_after: None,
        })
    }

    /// Does everything that is due now.
    ///
    /// # Errors
    /// When the keystore or the state file cannot be used. What the server does is no error here.
    pub fn check(&mut self, line: &mut Line<'_>) -> Result<Checked, AgentError> {
        self.finish_script()?;
        let (mut done, mut failed_before) = (Vec::new(), self.state.failures);
        let next = loop {
            let now = line.clock.now();
            let task = plan(now, &self.situation()?, &self.settings.policy);
            match task {
                Task::Disabled => break None,
                Task::Rest(until) => break Some(until),
                _ if done.len() == TASKS => break Some(now.plus(self.settings.policy.period)),
                _ => {}
            }
            done.push(task);
            self.perform(task, line)?;
            if self.state.failures > failed_before {
                failed_before = self.state.failures;
                self.script(Outcome::Failure)?;
            }
        };
        let error = self.state.last_error.clone().filter(|_| self.state.failures > 0);
        let exit = if error.is_some() { self.exit } else { Exit::Done };
        Ok(Checked { done, next, error, exit, warnings: std::mem::take(&mut self.warnings) })
    }

    /// What the device has.
    fn situation(&self) -> Result<Situation, AgentError> {
        let span = |one: &Certificate| Some(Span { from: one.not_before?, to: one.not_after? });
        let authorities = self.store.ca()?;
        let current = self.store.current()?;
        let issuer = current.as_ref().and_then(|current| {
            authorities.iter().find(|ca| current.certificate.is_issued_by(ca)).and_then(span)
        });
        Ok(Situation {
            bootstrapped: self.state.bootstrapped.clone(),
            enrolled: self.state.enrolled.clone(),
            authorities: authorities
                .iter()
                .filter(|one| one.is_ca() || one.is_self_signed())
                .filter_map(span)
                .collect(),
            issuer,
            current: current.as_ref().and_then(|current| span(&current.certificate)),
            pending: self.state.pending.clone().filter(|_| self.state.request().is_some()),
            failures: self.state.failures,
            failed_at: State::at(self.state.failed_at),
            not_before: State::at(self.state.not_before),
            next_ca_asked: State::at(self.state.next_ca_asked),
            issued_at: State::at(self.state.issued_at),
        })
    }

    fn save(&self) -> Result<(), AgentError> {
        Ok(self.state.write(&self.settings.state_path)?)
    }

    fn perform(&mut self, task: Task, line: &mut Line<'_>) -> Result<(), AgentError> {
        match task {
            Task::Disabled | Task::Rest(_) => Ok(()),
            Task::Bootstrap => self.bootstrap(line),
            Task::DropExpiredCa => self.drop_expired(line.clock.now()),
            Task::FetchNextCa => self.fetch_next_ca(line),
            Task::Enrol => self.enrol(line),
            Task::Renew => self.renew(line),
            Task::Resume => self.resume(line),
        }
    }

    fn failed(&mut self, now: UnixTime, exit: Exit, why: String) -> Result<(), AgentError> {
        self.exit = exit;
        self.state.failures = self.state.failures.saturating_add(1);
        (self.state.failed_at, self.state.last_error) = (Some(now.0), Some(why));
        self.state.not_before = self.retry_after.take().map(|seconds| now.plus(seconds).0);
        self.state.activity = None;
        self.save()
    }

    fn bootstrap(&mut self, line: &mut Line<'_>) -> Result<(), AgentError> {
        let (ca, remarks) = getca(&self.settings.contact, line);
        self.retry_after = remarks.retry_after;
        self.warnings.extend(remarks.warnings);
        let now = line.clock.now();
        match ca {
            Ok(ca) => {
                self.store.put_ca(&ca.certificates)?;
                self.state.bootstrapped = Some(self.settings.policy.settings.clone());
                (self.state.failures, self.state.last_error) = (0, None);
                self.state.next_ca_asked = None;
                self.save()
            }
            Err(failure) => {
                // Nothing that was built on other settings counts any more.
                if self.state.bootstrapped.as_ref() != Some(&self.settings.policy.settings) {
                    (self.state.failures, self.state.pending, self.state.interrupted) = (0, None, None);
                    self.state.bootstrapped = Some(self.settings.policy.settings.clone());
                    self.state.enrolled = None;
                    self.store.put_ca(&[])?;
                }
                self.failed(now, failure.exit(), format!("failed to {failure}"))
            }
        }
    }

    fn drop_expired(&mut self, now: UnixTime) -> Result<(), AgentError> {
        let mut certificates = self.store.ca()?;
        certificates.retain(|one| one.not_after.is_none_or(|to| now <= to));
        Ok(self.store.put_ca(&certificates)?)
    }

    /// Puts the certificates of the next CA beside those of today: whichever the server then answers with is
    /// trusted.
    fn fetch_next_ca(&mut self, line: &mut Line<'_>) -> Result<(), AgentError> {
        let contact = self.contact()?;
        let (generations, remarks) = getnextca(&contact, line);
        self.warnings.extend(remarks.warnings);
        self.state.next_ca_asked = Some(line.clock.now().0);
        match generations {
            Ok(generations) => {
                let mut certificates = self.store.ca()?;
                for one in generations.next.into_iter().flat_map(|next| next.certificates) {
                    if !certificates.contains(&one) {
                        certificates.push(one);
                    }
                }
                self.store.put_ca(&certificates)?;
            }
            Err(failure) => self.warnings.push(format!("failed to {failure}")),
        }
        self.save()
    }

    /// Trusts what the bootstrap brought, and nothing else.
    fn contact(&self) -> Result<Contact, AgentError> {
        Ok(Contact { trust: Trust::Certificates(self.store.ca()?), ..self.settings.contact.clone() })
    }

    /// A key that no certificate was issued for yet: one that an earlier attempt left, or a new one, which is
    /// safe in the store when this returns.
    fn fresh(&mut self, line: &mut Line<'_>) -> Result<Sender, AgentError> {
        let certified = self.store.current()?.map(|current| current.certificate.spki);
        if let Some(left) = self.store.request()?
            && Some(&left.certificate.spki) != certified.as_ref()
            && left.certificate.subject == self.settings.subject
            && left.certificate.not_after.is_some_and(|to| line.clock.now().plus(86_400) <= to)
        {
            return Ok(left);
        }
        let key = match self.store.request()? {
            // Its self-signed certificate has run out; the key has not.
            Some(left) if Some(&left.certificate.spki) != certified.as_ref() => left.key,
            _ => identity::generate_key(self.settings.key)?,
        };
        let none = &mut Faults::none();
        let now = line.clock.now();
        let digest = if self.settings.contact.choice.digest.is_some_and(Digest::is_insecure) {
            Digest::Sha1
        } else {
            Digest::Sha256
        };
        let sender = identity::self_signed(&self.settings.subject, &key, digest, now, none, line.rng)?;
        self.store.put_request(&sender)?;
        Ok(sender)
    }

    fn enrol(&mut self, line: &mut Line<'_>) -> Result<(), AgentError> {
        let signer = self.fresh(line)?;
        self.begin(Activity::Enrolment)?;
        let config = EnrolConfig {
            key: signer.key.clone(),
            signer: Signer::Given(Box::new(signer)),
            ..self.config()?
        };
        self.run(&config, [false, false], line)
    }

    fn renew(&mut self, line: &mut Line<'_>) -> Result<(), AgentError> {
        let Some(old) = self.store.current()? else { return Ok(()) };
        let key = if self.settings.same_key { old.key.clone() } else { self.fresh(line)?.key };
        self.begin(Activity::ReEnrolment)?;
        let form = match self.settings.form {
            Form::Negotiated if self.state.old_form => Form::Always(RequestForm::PkcsReq),
            form => form,
        };
        let config = EnrolConfig {
            key,
            // The old key signs: the challengePassword is for those who have none (RFC 8894 3.3.1.1).
            challenge: self.settings.challenge.clone().filter(|_| !old.key.public().can_encrypt()),
            signer: Signer::Given(Box::new(old)),
            form,
            ..self.config()?
        };
        self.run(&config, [self.settings.same_key, true], line)
    }

    fn resume(&mut self, line: &mut Line<'_>) -> Result<(), AgentError> {
        let Some(Interrupted { progress, key, signer_key }) = self.state.request() else { return Ok(()) };
        let (current, request) = (self.store.current()?, self.store.request()?);
        let at = |named: &std::path::Path| {
            let is_current = named == place(true);
            (is_current, if is_current { current.clone() } else { request.clone() })
        };
        let ((of_key, key), (of_signer, signer)) = (at(&key), at(&signer_key));
        // The store is elsewhere than when the request was made: then there is nothing to go on with.
        let fits = |sender: &Sender, spki: &[u8]| sender.certificate.spki == spki;
        let csr =
            scep::csr::Csr::read(scep::tlv::Source::message(&progress.csr)).ok().map(|read| read.value.spki);
        if let Some(current) =
            current.as_ref().filter(|one| !of_key && Some(&one.certificate.spki) == csr.as_ref())
        {
            // It was installed, and then the power failed.
            let at = current.certificate.not_before.map_or(0, |from| from.0);
            return self.conclude(UnixTime(at));
        }
        let key = key.filter(|key| csr.as_deref().is_some_and(|spki| fits(key, spki)));
        let signer = signer.filter(|signer| fits(signer, &progress.signer.spki));
        let (Some(key), Some(signer)) = (key, signer) else {
            (self.state.pending, self.state.interrupted, self.state.activity) = (None, None, None);
            return self.save();
        };
        let activity = if of_signer { Activity::ReEnrolment } else { Activity::Enrolment };
        self.state.activity = Some(activity);
        self.save()?;
        let config = EnrolConfig {
            key: key.key,
            wanted: Wanted::Csr(progress.csr),
            signer: Signer::Given(Box::new(Sender { certificate: progress.signer, key: signer.key })),
            form: Form::Always(progress.form),
            // Time runs from now: what ran out was the patience of another check.
            identifier: Identifier::Resumed {
                transaction_id: progress.transaction_id,
                started: line.clock.now(),
            },
            ..self.config()?
        };
        self.run(&config, [of_key, of_signer], line)
    }

    fn begin(&mut self, activity: Activity) -> Result<(), AgentError> {
        self.state.activity = Some(activity);
        self.save()
    }

    fn config(&self) -> Result<EnrolConfig, AgentError> {
        let Some(placeholder) = self.store.request()?.or(self.store.current()?) else {
            let detail = "no key in the keystore".to_owned();
            return Err(scep::Error::Misuse { what: "agent", detail }.into());
        };
        Ok(EnrolConfig {
            contact: self.contact()?,
            key: placeholder.key,
            wanted: Wanted::Parts {
                subject: self.settings.subject.clone(),
                extensions: self.settings.extensions.clone(),
            },
            challenge: self.settings.challenge.clone(),
            signer: Signer::SelfSigned,
            form: self.settings.form,
            identifier: self.settings.key_digest.map_or(Identifier::Random, Identifier::OfKey),
            ca: None,
            poll: self.settings.poll,
            recovery: Recovery::End,
        })
    }

    /// Enrols, and keeps what comes of it. `places`: whether the key, and the signer's, are the current ones.
    fn run(
        &mut self,
        config: &EnrolConfig,
        places: [bool; 2],
        line: &mut Line<'_>,
    ) -> Result<(), AgentError> {
        let mut journal = StateJournal { settings: self.settings, state: &mut self.state, places };
        let enrolled = enroll(config, &mut journal, line);
        self.warnings.extend_from_slice(&enrolled.warnings);
        self.retry_after = enrolled.retry_after;
        let now = line.clock.now();
        match &enrolled.ended {
            Ok(Verdict::Issued { certificate, others }) => self.installed(config, certificate, others, now),
            Ok(Verdict::Refused { fail_info, text }) => {
                let was_poll = matches!(config.identifier, Identifier::Resumed { .. });
                (self.state.pending, self.state.interrupted) = (None, None);
                if enrolled.form == Some(RequestForm::RenewalReq) && !was_poll {
                    // Some servers announce Renewal and mean the form of older drafts.
                    self.state.old_form = !self.state.old_form;
                }
                if was_poll {
                    // It does not know the transaction, or refused it: what is left is a new one, at once.
                    self.warnings.push("the interrupted request is not known any more".to_owned());
                    self.state.activity = None;
                    return self.save();
                }
                let reason = fail_info.map_or("without a defined failInfo", |info| info.name());
                let text = text.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
                self.failed(
                    now,
                    enrolled.exit,
                    format!("the server refused the request: FAILURE {reason}{text}"),
                )
            }
            Ok(Verdict::Rejected(error)) => {
                if matches!(config.identifier, Identifier::Resumed { .. }) {
                    // Polling brought nothing that can be used: a new transaction may, with the same key.
                    (self.state.pending, self.state.interrupted) = (None, None);
                }
                self.failed(now, enrolled.exit, format!("failed to accept the answer: {error}"))
            }
            Ok(Verdict::NoAnswer(why)) => {
                self.failed(now, enrolled.exit, format!("failed to reach the server: {why}"))
            }
            Ok(Verdict::StillPending { polls }) => {
                self.failed(now, enrolled.exit, format!("still pending after {polls} polls"))
            }
            Err(failure) => self.failed(now, failure.exit(), format!("failed to {failure}")),
        }
    }

    fn installed(
        &mut self,
        config: &EnrolConfig,
        certificate: &Certificate,
        others: &[Certificate],
        now: UnixTime,
    ) -> Result<(), AgentError> {
        let sender = Sender { certificate: certificate.clone(), key: config.key.clone() };
        self.store.install(&sender, others)?;
        self.conclude(now)
    }

    /// A certificate is installed: what is remembered is made to fit.
    fn conclude(&mut self, issued_at: UnixTime) -> Result<(), AgentError> {
        self.state = State {
            bootstrapped: self.state.bootstrapped.clone(),
            enrolled: Some(self.settings.policy.settings.clone()),
            next_ca_asked: self.state.next_ca_asked,
            issued_at: Some(issued_at.0),
            old_form: self.state.old_form,
            script: self.settings.success.as_ref().map(|_| Outcome::Success),
            ..State::default()
        };
        self.save()?;
        self.finish_script()
    }

    /// Runs a script that an earlier run did not see the end of.
    fn finish_script(&mut self) -> Result<(), AgentError> {
        match self.state.script {
            Some(outcome) => self.script(outcome),
            None => Ok(()),
        }
    }

    fn script(&mut self, outcome: Outcome) -> Result<(), AgentError> {
        let script = match outcome {
            Outcome::Success => self.settings.success.clone(),
            Outcome::Failure => self.settings.failure.clone(),
        };
        if let Some(script) = script {
            let serial = self.store.current()?.map(|current| serial_name(&current.certificate));
            let environment = Environment {
                outcome,
                url: self.settings.url.to_string(),
                store: self.settings.store_path.display().to_string(),
                serial: serial.unwrap_or_default(),
                error: self
                    .state
                    .last_error
                    .clone()
                    .filter(|_| outcome == Outcome::Failure)
                    .unwrap_or_default(),
            };
            if let Err(why) = self.scripts.run(&script, &environment) {
                self.warnings.push(format!("failed to {why}"));
            }
        }
        if self.state.script.take().is_some() {
            self.save()?;
        }
        Ok(())
    }
}

/// Writes into the state file what is needed to go on, before anything is sent.
struct StateJournal<'a> {
    settings: &'a Settings,
    state: &'a mut State,
    places: [bool; 2],
}

impl Journal for StateJournal<'_> {
    fn note(&mut self, progress: &Progress) -> Result<(), String> {
        let [of_key, of_signer] = self.places;
        let interrupted =
            Interrupted { progress: progress.clone(), key: place(of_key), signer_key: place(of_signer) };
        self.state.interrupted = Some(interrupted.write().map_err(|error| error.to_string())?);
        self.state.pending = Some(self.settings.policy.settings.clone());
        self.state.write(&self.settings.state_path).map_err(|error| error.to_string())
    }
}
