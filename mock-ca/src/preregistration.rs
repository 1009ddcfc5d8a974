//! Preregistration: a client is made known to the CA, with a passphrase, before it requests (IBM z/OS PKI
//! Services). One at a time on the admin port, many at a time from a file.
//!
//! ```text
//!  form, row of a batch -> Form -> Record -> store ...  request -> names of the client -> record -> template
//! ```

mod batch;
mod requestor;

pub use batch::{BadRow, Batch, Row};
pub use requestor::{ClientName, NoName, Requestor};

use rand_core::RngCore;
use scep::UnixTime;
use serde::{Deserialize, Serialize};

use crate::ra::HashedSecret;
use crate::template::{Template, Templates, Values};

/// What is filled in to preregister a client. Whatever else a form has is ignored.
#[derive(Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct Form {
    /// Name of the client or device.
    pub client_name: String,
    /// Passphrase that authenticates it.
    pub passphrase: String,
    /// Nickname of the template.
    pub template: String,
    /// Subject, RFC 4514 or slash form; empty for none.
    pub subject: String,
    /// Alternative names as a list, e.g. `DNS:r1.lab,IP:10.0.0.1`; empty for none.
    pub alternative_names: String,
}

/// The record of a client: what is kept until it requests. It is no request, and holds no constant of the
/// template: these are applied when the client requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The client's name, lower-cased and cut; its name in the store.
    pub requestor: Requestor,
    /// Nickname of the template.
    pub template: String,
    /// Hash of the passphrase.
    pub passphrase: HashedSecret,
    /// Subject, as filled in; None for none.
    pub subject: Option<String>,
    /// Alternative names, as filled in; None for none.
    pub alternative_names: Option<String>,
    /// When it was made, in seconds since 1970.
    pub since: u64,
}

/// Why a form makes no record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadForm {
    /// There is no client name.
    #[error("{0}")]
    Name(#[from] NoName),
    /// There is no passphrase.
    #[error("passphrase: expected one, got none")]
    NoPassphrase,
    /// There is no such template, or it is for other purposes.
    #[error("template: expected {expected}, got `{actual}`")]
    Template {
        /// Nicknames of those that there are.
        expected: String,
        /// What was asked for.
        actual: String,
    },
    /// The template cannot have these values.
    #[error("subject or alternative names: {0}")]
    Values(String),
    /// The cryptographic library failed: not the form's fault.
    #[error("failed to hash the passphrase: {0}")]
    Library(#[from] scep::Error),
}

/// The passphrase does not print.
impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Form")
            .field("client_name", &self.client_name)
            .field("template", &self.template)
            .finish_non_exhaustive()
    }
}

impl Form {
    /// The record that the form makes.
    ///
    /// # Errors
    /// What is wrong with the form.
    pub fn record(
        &self,
        templates: &Templates,
        now: UnixTime,
        rng: &mut dyn RngCore,
    ) -> Result<Record, BadForm> {
        let requestor = Requestor::parse(&self.client_name)?;
        if self.passphrase.is_empty() {
            return Err(BadForm::NoPassphrase);
        }
        let offered: Vec<_> = templates.iter().filter(|template| template.preregistration).collect();
        let named = |template: &&&Template| template.is_named(self.template.trim());
        let Some(template) = offered.iter().find(named) else {
            let expected =
                offered.iter().map(|template| template.nickname.as_str()).collect::<Vec<_>>().join(", ");
            return Err(BadForm::Template { expected, actual: self.template.clone() });
        };
        let filled = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let (subject, alternative_names) = (filled(&self.subject), filled(&self.alternative_names));
        let values = Values { subject: subject.as_deref(), alternative_names: alternative_names.as_deref() };
        template.check(values).map_err(BadForm::Values)?;
        Ok(Record {
            requestor,
            template: template.nickname.clone(),
            passphrase: HashedSecret::of_passphrase(&self.passphrase, rng)?,
            subject,
            alternative_names,
            since: now.0,
        })
    }
}

impl Record {
    /// What the record has for the certificate.
    #[must_use]
    pub fn values(&self) -> Values<'_> {
        Values { subject: self.subject.as_deref(), alternative_names: self.alternative_names.as_deref() }
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng as _;
    use rstest::rstest;
    use scep::UnixTime;

    use super::{BadForm, Form, Record};
    use crate::template::Templates;

    pub(super) fn form() -> Form {
        Form {
            client_name: "Router-1.Lab".to_owned(),
            passphrase: "open sesame".to_owned(),
            template: "5YSCEPP".to_owned(),
            subject: "O=lab".to_owned(),
            alternative_names: "DNS:router-1.lab".to_owned(),
        }
    }

    fn record(form: &Form) -> Result<Record, BadForm> {
        let templates = Templates::built_in().unwrap();
        form.record(&templates, UnixTime(7), &mut ChaCha20Rng::from_seed([5; 32]))
    }

    #[test]
    fn a_record_holds_nickname_passphrase_subject_and_alternative_names_and_no_constant() {
        let record = record(&form()).unwrap();
        assert_eq!(record.requestor.text(), "router-1.lab");
        assert!(record.passphrase.is("open sesame"));
        let stored: serde_json::Value = serde_json::to_value(&record).unwrap();
        let keys: Vec<&str> = stored.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["alternative_names", "passphrase", "requestor", "since", "subject", "template"]);
        assert!(!stored.to_string().contains("open sesame"));
        assert_eq!(
            (&stored["template"], &stored["subject"], &stored["alternative_names"]),
            (&"5YSCEPP".into(), &"O=lab".into(), &"DNS:router-1.lab".into())
        );
    }

    #[test]
    fn anything_else_in_a_form_is_ignored() {
        let text = r#"{"client_name":"r1","passphrase":"p","template":"5YSCEPP","KeyUsage":"keyCertSign","NotAfter":9}"#;
        let form: Form = serde_json::from_str(text).unwrap();
        let stored = serde_json::to_string(&record(&form).unwrap()).unwrap();
        assert!(!stored.contains("keyCertSign") && !stored.contains("NotAfter"), "{stored}");
    }

    #[rstest]
    #[case::no_name(Form { client_name: "  ".to_owned(), ..form() }, "client name")]
    #[case::no_passphrase(Form { passphrase: String::new(), ..form() }, "passphrase")]
    #[case::no_template(Form { template: String::new(), ..form() }, "expected 5YSCEPP, got ``")]
    #[case::other_template(Form { template: "device".to_owned(), ..form() }, "got `device`")]
    #[case::subject(Form { subject: "lab".to_owned(), ..form() }, "lab")]
    #[case::names(Form { alternative_names: "RID:1.2".to_owned(), ..form() }, "RID:1.2")]
    fn a_form_with_a_mistake_makes_no_record(#[case] form: Form, #[case] expected: &str) {
        let error = record(&form).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn a_form_does_not_print_its_passphrase() {
        assert!(!format!("{:?}", form()).contains("sesame"));
    }
}
