//! Every check that the server makes, as one value: what a laxity switches off.

use crate::authority::Conduct;
use crate::ra;

/// Which checks are made, by the part that makes them. All of them by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Strictness {
    /// Checks on a message, made by the protocol core.
    pub message: scep::server::Checks,
    /// Forms of a message that have to be taken.
    pub tolerance: Tolerance,
    /// Checks on who may enrol.
    pub ra: ra::Checks,
    /// Which requests get the certificate that is there already.
    pub issue: OneCertificate,
    /// Checks on lookups.
    pub lookup: LookupChecks,
    /// What the authority shows of itself, and who answers.
    pub authority: Conduct,
    /// Checks on HTTP.
    pub http: HttpChecks,
}

/// Unusual but lawful forms of a message, and whether they are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tolerance {
    /// Signed attributes that SCEP does not know (RFC 8894 3.2.1).
    pub extra_attributes: bool,
    /// BER that is no DER: indefinite lengths, chunked strings (4.3).
    pub ber: bool,
    /// A transactionID of any form (3.2.1.1).
    pub transaction_ids: bool,
    /// A poll that has the transactionID, whatever names it has (3.3.3).
    pub poll_names: bool,
}

/// Whether a transaction has at most one certificate, and under which CA.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OneCertificate {
    /// A repeated PKCSReq gets the first one again.
    pub on_repeat: bool,
    /// A further CertPoll gets the first one again.
    pub on_poll: bool,
    /// A renewal gets a certificate of its own (2.5).
    pub on_renewal: bool,
    /// A request that is enveloped to the next CA is issued under it (5.1).
    pub under_addressed: bool,
}

/// What GetCert and GetCRL find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LookupChecks {
    /// What there is, is found.
    pub finds: bool,
    /// The certificate is the one that was named (RFC 8894 3.3.2.1).
    pub named: bool,
}

/// Checks on what arrives by HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HttpChecks {
    /// The operation is one that there is (RFC 8894 4.1).
    pub operation: bool,
    /// There is a message.
    pub empty_body: bool,
    /// The message of a GET is base64 (4.1).
    pub base64: bool,
    /// The message is a SignedData.
    pub garbage: bool,
    /// The body is no larger than a message may be.
    pub body_limit: bool,
    /// What cannot be read does no harm to the requests that come after it.
    pub liveness: bool,
}

impl Default for Tolerance {
    fn default() -> Self {
        Self { extra_attributes: true, ber: true, transaction_ids: true, poll_names: true }
    }
}

impl Default for OneCertificate {
    fn default() -> Self {
        Self { on_repeat: true, on_poll: true, on_renewal: true, under_addressed: true }
    }
}

impl Default for LookupChecks {
    fn default() -> Self {
        Self { finds: true, named: true }
    }
}

impl Default for HttpChecks {
    fn default() -> Self {
        Self {
            operation: true,
            empty_body: true,
            base64: true,
            garbage: true,
            body_limit: true,
            liveness: true,
        }
    }
}
