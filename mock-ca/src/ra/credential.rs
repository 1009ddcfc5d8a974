//! By what a request is authorised.

use serde::{Deserialize, Serialize};

/// What was found to be right about a request. It is kept with the transaction and the certificate, so that
/// it can be told later why a certificate was issued.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "by")]
pub enum Credential {
    /// Nothing: nothing was asked for, or nothing was offered and the operator decides.
    #[default]
    Nothing,
    /// The challengePassword of everybody.
    Challenge,
    /// A challengePassword for one transaction.
    OneTime {
        /// Its digest, as the store names it.
        digest: String,
    },
    /// The challengePassword of a registered device.
    Device {
        /// Its id, as the store names it.
        id: String,
    },
    /// The passphrase of a preregistered client.
    Preregistration {
        /// The Requestor.
        requestor: String,
    },
    /// The challengePassword of a template.
    Template {
        /// Its nickname.
        nickname: String,
    },
    /// What a hook said.
    Hook,
    /// An existing certificate, which signed the request.
    Certificate {
        /// Its serial number, hexadecimal.
        serial: String,
    },
}
