//! Certificate templates: what goes into a certificate, given what was asked for. A template is a TOML file;
//! some are built in, a folder of the configuration adds others.
//!
//! ```text
//!  request --+
//!  record  --+-> Template::contents -> Contents -> ca::certificate_for -> certificate
//!                    |
//!                    +-> Unfit: the request is not what the template is for
//! ```
//!
//! The names of the constants are those of IBM z/OS PKI Services (`AuthInfoAcc`, `CertPolicies`, `Critical`,
//! `ExtKeyUsage`, `KeyUsage`, `NotAfter`, `NotBefore`).

mod contents;
mod extensions;
mod file;
mod set;

pub use contents::{Contents, Unfit, Values};
pub use file::TemplateError;
pub use set::{Choice, Templates};

use const_oid::ObjectIdentifier;
use scep::certificate::Extension;
use scep::key::Curve;
use scep::suite::Digest;

use crate::ra::Challenge;

/// What goes into certificates of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Short name by which records and configuration name it; compared without regard to letter case.
    pub nickname: String,
    /// What people call it.
    pub title: String,
    /// It is offered on the page that preregisters a client.
    pub preregistration: bool,
    /// Id of the certificate profile, by which a configuration may choose it.
    pub profile_id: Option<String>,
    /// Id of the group that the profile belongs to.
    pub group_id: Option<String>,
    /// challengePassword that authorises whoever offers it, and chooses this template.
    pub challenge: Option<Challenge>,
    /// Where the subject comes from.
    pub subject: SubjectRule,
    /// Where the alternative names come from.
    pub alternative_names: AltNameRule,
    /// Days from now until the certificate is valid; 0 makes it valid since a little while.
    pub not_before: u32,
    /// Days from now until it expires; None for what the configuration says.
    pub not_after: Option<u32>,
    /// Bits of keyUsage; None for those that fit the key. Those that the key cannot do are left out.
    pub key_usage: Option<u16>,
    /// keyUsage is critical.
    pub key_usage_is_critical: bool,
    /// Every other extension, as it stands in the certificate, but for the distribution points of CRLs.
    pub constants: Vec<Extension>,
    /// Where CRLs are, URIs; `{generation}` in one stands for the number of the CA that issues.
    pub distribution_points: Vec<String>,
    /// Which keys get a certificate.
    pub key: KeyRule,
}

/// From where values are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// From the request; a record's values are not looked at.
    Request,
    /// From the record of a preregistered client; without one there are none.
    Record,
    /// From the request, and where the record has a value too, from the record.
    #[default]
    Both,
}

/// Where the subject comes from, and what it has to have.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SubjectRule {
    /// From where.
    pub from: Origin,
    /// Attribute types that there have to be.
    pub required: Vec<ObjectIdentifier>,
    /// RDNs that are put before the others, as a Name in DER; None for none.
    pub within: Option<Vec<u8>>,
}

/// Where the alternative names come from, and which kinds there may be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AltNameRule {
    /// From where.
    pub from: Origin,
    /// Kinds that are taken over; others in a request are left out, others in a record are an error.
    pub kinds: Vec<AltNameKind>,
    /// There has to be one.
    pub required: bool,
}

/// A kind of alternative name, by the word that stands for it in lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
pub enum AltNameKind {
    /// dNSName.
    #[serde(rename = "DNS")]
    Dns,
    /// iPAddress.
    #[serde(rename = "IP")]
    Ip,
    /// rfc822Name.
    #[serde(rename = "email")]
    Email,
    /// uniformResourceIdentifier.
    #[serde(rename = "URI")]
    Uri,
    /// registeredID.
    #[serde(rename = "RID")]
    RegisteredId,
    /// directoryName.
    #[serde(rename = "dirName")]
    Directory,
    /// otherName.
    #[serde(rename = "otherName")]
    OtherName,
}

/// Which keys get a certificate, and by which digests requests are signed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyRule {
    /// Least length of an RSA key in bits; 0 refuses RSA, None takes any.
    pub rsa: Option<u32>,
    /// Curves; None takes any, an empty list refuses keys on curves.
    pub curves: Option<Vec<Curve>>,
    /// Digests by which the PKCS#10 may be signed; None takes any.
    pub digests: Option<Vec<Digest>>,
}
