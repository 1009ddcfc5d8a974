//! Stage 1: the parts of a pkiMessage, before anything is encoded.

use serde::Deserialize;

use super::octets::replace;
use super::{Faults, Operator};
use crate::attribute::{FailInfo, PkiStatus};
use crate::cms::Recipient;
use crate::message::{MessageParts, Outcome};
use crate::suite::{Cipher, Digest, KeyTransport, Oaep};

/// Operators on the parts of a message.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "op", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Message {
    /// CertRep: another pkiStatus. FAILURE drops the content and takes `failInfo` (badRequest by default).
    Status {
        /// `SUCCESS`, `FAILURE` or `PENDING`.
        status: String,
        /// Reason, for FAILURE.
        #[serde(default, rename = "failInfo")]
        fail_info: Option<String>,
    },
    /// FAILURE: another failInfo.
    FailInfo {
        /// `badAlg` … `badCertId`.
        value: String,
        /// The one that is replaced; others stay.
        of: String,
    },
    /// Another digest for messageDigest and signature.
    Digest {
        /// `md5`, `sha-1`, …
        digest: String,
    },
    /// The content key goes by RSAES-OAEP, used for real.
    KeyTransportOaep {
        /// Digest of label and mask: `sha-1`, …
        digest: String,
    },
    /// Another content cipher, used for real.
    Cipher {
        /// `des-cbc`, `des3-cbc`, …
        cipher: String,
    },
}

impl Faults {
    /// The parts of a pkiMessage.
    pub(crate) fn message(&mut self, parts: &mut MessageParts) {
        self.each(|operator| match operator {
            Operator::Message(operator) => operator.apply(parts),
            _ => false,
        });
    }
}

impl Message {
    fn apply(&self, parts: &mut MessageParts) -> bool {
        match self {
            Self::Status { status, fail_info } => {
                let (Some(status), true) = (PkiStatus::from_name(status), parts.outcome.is_some()) else {
                    return false;
                };
                let reason =
                    fail_info.as_deref().and_then(FailInfo::from_name).unwrap_or(FailInfo::BadRequest);
                let outcome = match status {
                    PkiStatus::Success => Outcome::Success,
                    PkiStatus::Pending => Outcome::Pending,
                    PkiStatus::Failure => Outcome::Failure(reason, None),
                };
                let is_content_dropped = status != PkiStatus::Success && parts.message_data.take().is_some();
                replace(&mut parts.outcome, Some(Some(outcome))) || is_content_dropped
            }
            Self::FailInfo { value, of } => match (&mut parts.outcome, FailInfo::from_name(value)) {
                (Some(Outcome::Failure(reason, _)), Some(value)) if reason.name() == of => {
                    *reason = value;
                    true
                }
                _ => false,
            },
            Self::Digest { digest } => replace(&mut parts.digest, Digest::parse(digest)),
            Self::KeyTransportOaep { digest } => match (&mut parts.recipient, Digest::parse(digest)) {
                (Some(Recipient::KeyTransport { transport, .. }), Some(digest))
                    if parts.message_data.is_some() =>
                {
                    replace(transport, Some(KeyTransport::Oaep(Oaep::with(digest))))
                }
                _ => false,
            },
            Self::Cipher { cipher } => {
                parts.message_data.is_some() && replace(&mut parts.cipher, Cipher::parse(cipher))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use crate::attribute::{FailInfo, MessageType, TransactionId};
    use crate::fault::{Faults, find};
    use crate::message::{MessageParts, Outcome};
    use crate::suite::{Cipher, Digest};

    #[rstest]
    #[case::pending("answer.pending", Outcome::Pending, false)]
    #[case::pending_instead("answer.pending", Outcome::Success, true)]
    #[case::success("answer.success-without-content", Outcome::Success, false)]
    #[case::success_instead("answer.success-without-content", Outcome::Pending, true)]
    #[case::failure("answer.failure", Outcome::Failure(FailInfo::BadRequest, None), false)]
    #[case::reason("answer.failure", Outcome::Failure(FailInfo::BadAlg, None), true)]
    #[case::text("answer.failure", Outcome::Failure(FailInfo::BadRequest, Some(String::new())), true)]
    fn a_status_that_is_there_already_is_not_applied(
        #[case] id: &str,
        #[case] outcome: Outcome,
        #[case] applied: bool,
    ) {
        let mut faults = Faults::new(vec![find(id).unwrap()]);
        let before = outcome.clone();
        let after = outcome_after(&mut faults, outcome);
        assert_eq!((before != after, faults.applied().len() == 1), (applied, applied));
    }

    fn outcome_after(faults: &mut Faults, outcome: Outcome) -> Outcome {
        let mut parts = MessageParts {
            message_type: MessageType::CertRep,
            transaction_id: TransactionId::parse(b"1").unwrap(),
            sender_nonce: None,
            recipient_nonce: None,
            outcome: Some(outcome),
            message_data: None,
            recipient: None,
            cipher: Cipher::Aes128,
            digest: Digest::Sha256,
            certificates: Vec::new(),
        };
        faults.message(&mut parts);
        parts.outcome.unwrap()
    }
}
