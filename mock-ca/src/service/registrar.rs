//! What the administrator does about clients: preregisters them, registers devices, hands out one-time
//! challenges. Each act leaves an audit event.

use scep::name;

use super::{SHOWN, Service};
use crate::device::{BadDevice, Device, DeviceForm};
use crate::preregistration::{BadForm, BadRow, Batch, ClientName, Form, NoName, Record, Requestor};
use crate::ra::{self, OneTime};
use crate::store::{AuditEvent, Page, StoreError};

/// Why the administrator's wish cannot be fulfilled.
#[derive(Debug, thiserror::Error)]
pub enum RegistrarError {
    /// The form makes no record.
    #[error(transparent)]
    Form(#[from] BadForm),
    /// The form registers no device.
    #[error(transparent)]
    Device(#[from] BadDevice),
    /// Rows of a batch are bad; nothing was imported.
    #[error("{} bad rows, nothing was imported: {}", .0.len(), rows(.0))]
    Batch(Vec<BadRow>),
    /// There is a record of that Requestor.
    #[error(
        "client name `{0}` is taken: names have to differ in their first 32 characters, whatever the letter case"
    )]
    NameTaken(Requestor),
    /// There is a device of that id.
    #[error("device id `{0}` is taken")]
    IdTaken(String),
    /// There is none of that name.
    #[error("{what} `{name}` is unknown")]
    Unknown {
        /// What is looked for.
        what: &'static str,
        /// By which name.
        name: String,
    },
    /// The subject of a one-time challenge is no name.
    #[error("subject: {0}")]
    Subject(scep::Error),
    /// What the server remembers cannot be read or changed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn rows(rows: &[BadRow]) -> String {
    rows.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl From<NoName> for RegistrarError {
    fn from(error: NoName) -> Self {
        Self::Form(BadForm::Name(error))
    }
}

impl Service {
    /// Makes a preregistration record.
    ///
    /// # Errors
    /// When the form has a mistake, the name is taken, or the store fails.
    pub fn preregister(&self, form: &Form) -> Result<Record, RegistrarError> {
        let mut rng = self.memory().fork_rng();
        let record = form.record(&self.templates, self.clock.now(), &mut rng)?;
        if let Some(taken) = self.store.preregister(std::slice::from_ref(&record))?.pop() {
            return Err(RegistrarError::NameTaken(taken));
        }
        self.audit("preregister", record.requestor.text(), &format!("template {}", record.template));
        Ok(record)
    }

    /// Makes a record of every row of comma separated values, or none. `template` is the nickname for rows
    /// that name none. Returns how many were made.
    ///
    /// # Errors
    /// Every bad row with its line, those whose name is taken too; or when the store fails.
    pub fn import(&self, text: &str, template: &str) -> Result<usize, RegistrarError> {
        let mut rng = self.memory().fork_rng();
        let batch = Batch::read(text, template).map_err(RegistrarError::Batch)?;
        let numbered =
            batch.records(&self.templates, self.clock.now(), &mut rng).map_err(RegistrarError::Batch)?;
        let records: Vec<Record> = numbered.iter().map(|(_, record)| record.clone()).collect();
        let taken = self.store.preregister(&records)?;
        if !taken.is_empty() {
            let bad = numbered.iter().filter(|(_, record)| taken.contains(&record.requestor));
            return Err(RegistrarError::Batch(
                bad.map(|(line, record)| BadRow {
                    line: *line,
                    detail: RegistrarError::NameTaken(record.requestor.clone()).to_string(),
                })
                .collect(),
            ));
        }
        self.audit("import", &format!("{} clients", records.len()), "preregistration batch");
        Ok(records.len())
    }

    /// Preregistration records whose Requestor contains the text, in order, after that Requestor.
    ///
    /// # Errors
    /// When the store fails.
    pub fn preregistrations(&self, contains: &str, after: &str) -> Result<Vec<Record>, RegistrarError> {
        Ok(self.store.preregistrations(&Page { contains, after, limit: SHOWN })?)
    }

    /// Takes a preregistration record out.
    ///
    /// # Errors
    /// When there is none of that name, or the store fails.
    pub fn remove_preregistration(&self, name: &str) -> Result<(), RegistrarError> {
        let requestor = Requestor::parse(name)?;
        if !self.store.remove_preregistration(&requestor)? {
            return Err(RegistrarError::Unknown { what: "client", name: requestor.text().to_owned() });
        }
        self.audit("remove-preregistration", requestor.text(), "");
        Ok(())
    }

    /// Registers a device. Returns it with its challengePassword, which is not to be had again.
    ///
    /// # Errors
    /// When the form has a mistake, the id is taken, or the store fails.
    pub fn register_device(&self, form: &DeviceForm) -> Result<(Device, String), RegistrarError> {
        let mut rng = self.memory().fork_rng();
        let (device, challenge) = form.device(&self.templates, self.clock.now(), &mut rng)?;
        if !self.store.register(&device)? {
            return Err(RegistrarError::IdTaken(device.form.id));
        }
        self.audit("register-device", device.name().text(), &device.form.model);
        Ok((device, challenge))
    }

    /// Makes a new challengePassword for a device; the old one is right no more.
    ///
    /// # Errors
    /// When there is no such device, or the store fails.
    pub fn renew_device_challenge(&self, id: &str) -> Result<String, RegistrarError> {
        let unknown = || RegistrarError::Unknown { what: "device", name: id.to_owned() };
        let known = self.store.device(&ClientName::new(id))?.ok_or_else(unknown)?;
        let mut rng = self.memory().fork_rng();
        let (renewed, challenge) = known.form.device(&self.templates, self.clock.now(), &mut rng)?;
        if !self.store.replace_device(&Device { since: known.since, ..renewed })? {
            return Err(unknown());
        }
        self.store.forget_wrong_tries(known.name().text())?;
        self.audit("device-challenge", known.name().text(), "a new challengePassword");
        Ok(challenge)
    }

    /// Registered devices of which a field contains the text, in the order of their ids, after that id.
    ///
    /// # Errors
    /// When the store fails.
    pub fn devices(&self, contains: &str, after: &str) -> Result<Vec<Device>, RegistrarError> {
        Ok(self.store.devices(&Page { contains, after, limit: SHOWN })?)
    }

    /// Takes a device out: its challengePassword is right no more.
    ///
    /// # Errors
    /// When there is no such device, or the store fails.
    pub fn remove_device(&self, id: &str) -> Result<(), RegistrarError> {
        if !self.store.remove_device(&ClientName::new(id))? {
            return Err(RegistrarError::Unknown { what: "device", name: id.to_owned() });
        }
        self.audit("remove-device", id, "");
        Ok(())
    }

    /// Makes a challengePassword for one transaction. `subject` is the only one that it is right for, in
    /// RFC 4514 or slash form; `lifetime` its seconds.
    ///
    /// # Errors
    /// When the subject is no name, or the store fails.
    pub fn one_time_challenge(&self, subject: Option<&str>, lifetime: u64) -> Result<String, RegistrarError> {
        if let Some(subject) = subject {
            name::parse(subject).map_err(RegistrarError::Subject)?;
        }
        let challenge = ra::generated(&mut self.memory().fork_rng());
        self.store.add_one_time(&OneTime {
            digest: ra::digest(&challenge),
            subject: subject.map(str::to_owned),
            expires: Some(self.clock.now().plus(lifetime).0),
            spent: None,
        })?;
        self.audit("one-time-challenge", subject.unwrap_or("any subject"), &format!("for {lifetime} s"));
        Ok(challenge)
    }

    /// Forgets the wrong tries of a client, so that it may try again.
    ///
    /// # Errors
    /// When the store fails.
    pub fn forget_wrong_tries(&self, client: &str) -> Result<(), RegistrarError> {
        self.store.forget_wrong_tries(ClientName::new(client).text())?;
        self.audit("unlock", client, "");
        Ok(())
    }

    /// Audit events with the text in them, the oldest first.
    ///
    /// # Errors
    /// When the store fails.
    pub fn audit_events(&self, contains: &str, after: &str) -> Result<Vec<AuditEvent>, RegistrarError> {
        Ok(self.store.audit_events(&Page { contains, after, limit: SHOWN })?)
    }

    /// Keeps an audit event.
    pub(super) fn audit(&self, event: &str, object: &str, detail: &str) {
        let text = str::to_owned;
        let kept = AuditEvent {
            at: self.clock.now().0,
            event: text(event),
            object: text(object),
            detail: text(detail),
        };
        // What was done is done: an event that cannot be kept is no reason to say otherwise.
        let _ = self.store.audit(&kept);
    }

    /// The templates that there are.
    #[must_use]
    pub fn templates(&self) -> &crate::template::Templates {
        &self.templates
    }
}
