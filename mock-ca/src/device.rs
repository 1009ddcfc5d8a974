//! Registered devices (eMudhra emCA): a device is described, and a challengePassword of its own is made for
//! it, shown once and kept as a hash.

use rand_core::RngCore;
use scep::UnixTime;
use serde::{Deserialize, Serialize};

use crate::preregistration::ClientName;
use crate::ra::{HashedSecret, generated};
use crate::template::Templates;

/// What is filled in to register a device. Whatever else a form has is ignored.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DeviceForm {
    /// Who made it.
    pub manufacturer: String,
    /// What kind of thing it is.
    #[serde(rename = "type")]
    pub device_type: String,
    /// Which one of its kind.
    pub model: String,
    /// Its id: the name that its requests have, compared without regard to letter case.
    pub id: String,
    /// What else people want to know.
    pub description: String,
    /// Nickname of the template; empty for that of everybody.
    pub template: String,
}

/// A registered device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// What was filled in.
    #[serde(flatten)]
    pub form: DeviceForm,
    /// Hash of its challengePassword.
    pub challenge: HashedSecret,
    /// When it was registered, in seconds since 1970.
    pub since: u64,
}

/// Why a form registers no device.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadDevice {
    /// A field that has to be filled in is empty, or too long.
    #[error("{field}: expected 1 to {LONGEST} characters, got {actual}")]
    Field {
        /// Its name.
        field: &'static str,
        /// How many there are.
        actual: usize,
    },
    /// There is no such template.
    #[error("template: expected one of {expected}, got `{actual}`")]
    Template {
        /// Nicknames of those that there are.
        expected: String,
        /// What was asked for.
        actual: String,
    },
    /// The cryptographic library failed: not the form's fault.
    #[error("failed to hash the challenge: {0}")]
    Library(#[from] scep::Error),
}

/// Most characters of a field.
const LONGEST: usize = 200;

impl DeviceForm {
    /// The device, and its challengePassword, which is not to be had again.
    ///
    /// # Errors
    /// What is wrong with the form.
    pub fn device(
        &self,
        templates: &Templates,
        now: UnixTime,
        rng: &mut dyn RngCore,
    ) -> Result<(Device, String), BadDevice> {
        let trimmed = |text: &str| text.trim().to_owned();
        let form = Self {
            manufacturer: trimmed(&self.manufacturer),
            device_type: trimmed(&self.device_type),
            model: trimmed(&self.model),
            id: trimmed(&self.id),
            description: trimmed(&self.description),
            template: trimmed(&self.template),
        };
        let needed = [
            ("manufacturer", &form.manufacturer, 1),
            ("type", &form.device_type, 1),
            ("model", &form.model, 1),
            ("id", &form.id, 1),
            ("description", &form.description, 0),
        ];
        for (field, text, least) in needed {
            let actual = text.chars().count();
            if actual < least || actual > LONGEST {
                return Err(BadDevice::Field { field, actual });
            }
        }
        if !form.template.is_empty() && templates.named(&form.template).is_none() {
            return Err(BadDevice::Template { expected: templates.nicknames(), actual: form.template });
        }
        let challenge = generated(rng);
        let hashed = HashedSecret::of_generated(&challenge, rng)?;
        Ok((Device { form, challenge: hashed, since: now.0 }, challenge))
    }
}

impl Device {
    /// The name by which its requests are known.
    #[must_use]
    pub fn name(&self) -> ClientName {
        ClientName::new(&self.form.id)
    }

    /// Nickname of its template; None for that of everybody.
    #[must_use]
    pub fn template(&self) -> Option<&str> {
        Some(self.form.template.as_str()).filter(|nickname| !nickname.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng as _;
    use rstest::rstest;
    use scep::UnixTime;

    use super::{BadDevice, Device, DeviceForm};
    use crate::template::Templates;

    fn form() -> DeviceForm {
        DeviceForm {
            manufacturer: "Acme".to_owned(),
            device_type: "router".to_owned(),
            model: "R-1".to_owned(),
            id: "FTX-0001".to_owned(),
            description: "in the cellar".to_owned(),
            template: "device".to_owned(),
        }
    }

    fn registered(form: &DeviceForm) -> Result<(Device, String), BadDevice> {
        form.device(&Templates::built_in().unwrap(), UnixTime(7), &mut ChaCha20Rng::from_seed([8; 32]))
    }

    #[test]
    fn a_device_is_kept_with_the_hash_of_its_challenge() {
        let (device, challenge) = registered(&form()).unwrap();
        assert!(device.challenge.is(&challenge) && challenge.len() == 20);
        let stored = serde_json::to_string(&device).unwrap();
        assert!(!stored.contains(&challenge) && stored.contains("\"type\":\"router\""), "{stored}");
        assert_eq!(serde_json::from_str::<Device>(&stored).unwrap(), device);
    }

    #[rstest]
    #[case::id(DeviceForm { id: " ".to_owned(), ..form() }, "id: expected 1 to 200 characters, got 0")]
    #[case::maker(DeviceForm { manufacturer: String::new(), ..form() }, "manufacturer")]
    #[case::long(DeviceForm { description: "x".repeat(201), ..form() }, "got 201")]
    #[case::template(DeviceForm { template: "x".to_owned(), ..form() }, "got `x`")]
    fn a_form_with_a_mistake_registers_no_device(#[case] form: DeviceForm, #[case] expected: &str) {
        let error = registered(&form).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}
