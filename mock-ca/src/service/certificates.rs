//! What the operator sees of certificates and of the CA's generations.

use scep::certificate::Certificate;

use super::{OperatorError, SHOWN, Service};
use crate::store::{CertificateRecord, Standing};

/// A certificate of a list, with the name that the next list begins after.
#[derive(Debug, Clone)]
pub struct IssuedCertificate {
    /// Its place in the order of issue.
    pub name: String,
    /// What is known of it.
    pub record: CertificateRecord,
}

/// A generation of the CA, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GenerationSummary {
    /// Its number; the first is 1.
    pub number: u32,
    /// `next`, `current` or `retired`.
    pub standing: &'static str,
    /// Subject of the issuing certificate, RFC 4514.
    pub subject: String,
    /// Its serial number, hexadecimal.
    pub serial: String,
    /// Its notAfter, when it is in a form of RFC 5280.
    pub not_after: Option<String>,
}

/// Certificates that are read at once while searching.
const STRIDE: u32 = 500;

impl Service {
    /// Issued certificates with the text in their subject, serial number or transactionID, whatever its
    /// letter case, the oldest first, after that name; at most a thousand.
    ///
    /// # Errors
    /// When the store fails.
    pub fn certificates(&self, contains: &str, after: &str) -> Result<Vec<IssuedCertificate>, OperatorError> {
        let text = contains.trim().to_lowercase();
        let most = usize::try_from(SHOWN).unwrap_or(usize::MAX);
        let (mut found, mut after) = (Vec::new(), after.to_owned());
        while found.len() < most {
            let some = self.store.certificates(&after, STRIDE)?;
            let Some((last, _)) = some.last() else { break };
            after.clone_from(last);
            let wanted = some.into_iter().filter(|(_, record)| {
                let certificate = &record.certificate;
                [certificate.subject_text(), certificate.serial_hex(), record.transaction.to_string()]
                    .iter()
                    .any(|field| field.to_lowercase().contains(&text))
            });
            found.extend(wanted.map(|(name, record)| IssuedCertificate { name, record }));
        }
        found.truncate(most);
        Ok(found)
    }

    /// Revokes the certificate of that serial number, hexadecimal, as [`Service::revoke`] does.
    ///
    /// # Errors
    /// As [`Service::revoke`].
    pub fn revoke_named(&self, serial: &str, reason: Option<u8>) -> Result<(), OperatorError> {
        let serial = serial.trim().to_lowercase();
        match self.store.certificate_named(&serial)? {
            Some(record) => self.revoke(&record.certificate.serial, reason),
            None => Err(OperatorError::NoCertificate { serial }),
        }
    }

    /// All generations of the CA, the first one first, for people.
    ///
    /// # Errors
    /// When the store fails, or a certificate in it cannot be read.
    pub fn authority_summary(&self) -> Result<Vec<GenerationSummary>, OperatorError> {
        let mut summaries = Vec::new();
        for generation in self.generations()? {
            let issuing =
                generation.keys.iter().find(|credentials| credentials.role == crate::store::Role::Issue);
            let Some(issuing) = issuing else { continue };
            let certificate = Certificate::from_pem(issuing.certificate.as_bytes())?;
            summaries.push(GenerationSummary {
                number: generation.number,
                standing: match generation.standing {
                    Standing::Next => "next",
                    Standing::Current => "current",
                    Standing::Retired => "retired",
                },
                subject: certificate.subject_text(),
                serial: certificate.serial_hex(),
                not_after: certificate.not_after.map(|at| at.to_string()),
            });
        }
        Ok(summaries)
    }
}
