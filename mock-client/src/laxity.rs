//! Laxities: checks that the client can be told to skip, and habits that it can be told to have. Each
//! changes one field of [`Conduct`]; `mock-client laxities` prints them.

use crate::conduct::{Conduct, OnRefusal};

/// One check that can be skipped, or one habit.
#[derive(Clone, Copy)]
pub struct Laxity {
    /// Stable name.
    pub id: &'static str,
    /// What the client does then.
    pub title: &'static str,
    /// Requirement of the register that it violates.
    pub requirement: &'static str,
    /// The change.
    pub(crate) apply: fn(&mut Conduct),
}

impl std::fmt::Debug for Laxity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Laxity({})", self.id)
    }
}

/// There is no laxity of that id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("laxity `{id}` is unknown; `mock-client laxities` lists them")]
pub struct UnknownLaxity {
    /// The id.
    pub id: String,
}

/// The laxity of that id.
///
/// # Errors
/// When there is none.
pub fn find(id: &str) -> Result<&'static Laxity, UnknownLaxity> {
    LAXITIES.iter().find(|laxity| laxity.id == id).ok_or_else(|| UnknownLaxity { id: id.to_owned() })
}

/// Every laxity: first the checks that are skipped, then the habits.
pub const LAXITIES: &[Laxity] = &[
    Laxity {
        id: "http-status",
        title: "reads the answer whatever the HTTP status is",
        requirement: "S-client-installs-granted",
        apply: |conduct| conduct.checks.http_status = false,
    },
    Laxity {
        id: "message-type",
        title: "takes an answer that is no CertRep",
        requirement: "S-client-installs-granted",
        apply: |conduct| conduct.checks.message_type = false,
    },
    Laxity {
        id: "transaction-id",
        title: "takes an answer of another transactionID",
        requirement: "S-client-transaction",
        apply: |conduct| conduct.checks.transaction_id = false,
    },
    Laxity {
        id: "recipient-nonce",
        title: "takes an answer whose recipientNonce is not the senderNonce that was sent",
        requirement: "8894-3.2.1.5-reject-nonce-mismatch",
        apply: |conduct| conduct.checks.recipient_nonce = false,
    },
    Laxity {
        id: "message-digest",
        title: "does not compare messageDigest with the content",
        requirement: "S-client-certrep-signature",
        apply: |conduct| conduct.checks.message_digest = false,
    },
    Laxity {
        id: "message-signature",
        title: "does not verify the signature of the answer",
        requirement: "S-client-certrep-signature",
        apply: |conduct| conduct.checks.message_signature = false,
    },
    Laxity {
        id: "md5",
        title: "takes an answer signed with MD5",
        requirement: "8894-2.9-client-no-md5",
        apply: |conduct| conduct.checks.md5 = false,
    },
    Laxity {
        id: "single-des",
        title: "takes an answer in single DES",
        requirement: "8894-2.9-client-no-des-response",
        apply: |conduct| conduct.checks.single_des = false,
    },
    Laxity {
        id: "certificate-key",
        title: "installs a certificate for another key",
        requirement: "S-client-own-key",
        apply: |conduct| conduct.checks.certificate_key = false,
    },
    Laxity {
        id: "ca-fingerprint",
        title: "trusts any CA certificate, whatever it was told to trust",
        requirement: "S-client-ca-pin",
        apply: |conduct| conduct.ca_pin = false,
    },
    Laxity {
        id: "ca-chain",
        title: "uses every certificate of the GetCACert answer, whoever signed it",
        requirement: "8894-2.2-verify-intermediate-signature",
        apply: |conduct| conduct.ca_chain = false,
    },
    Laxity {
        id: "queried",
        title: "takes whatever certificate or CRL comes as answer to a query",
        requirement: "S-client-looked-up",
        apply: |conduct| conduct.checks.queried = false,
    },
    Laxity {
        id: "crl-signature",
        title: "takes a CRL that no certificate of the CA verifies",
        requirement: "S-client-crl-signature",
        apply: |conduct| conduct.checks.crl_signature = false,
    },
    Laxity {
        id: "crl-current",
        title: "takes a CRL whose time is over",
        requirement: "S-client-crl-current",
        apply: |conduct| conduct.crl_current = false,
    },
    Laxity {
        id: "next-ca-signature",
        title: "takes certificates of the next CA from anybody",
        requirement: "8894-4.7.1-client-validates-signature",
        apply: |conduct| conduct.next_ca_signature = false,
    },
    Laxity {
        id: "next-ca-current",
        title: "takes the current CA for the next one when there is none",
        requirement: "8894-4.7.1-client-validates-signature",
        apply: |conduct| conduct.next_ca_is_another = false,
    },
    Laxity {
        id: "poll-limit",
        title: "polls on when time and number of polls have run out",
        requirement: "8894-2.5.1-poll-limit-ends",
        apply: |conduct| conduct.poll_limit = false,
    },
    Laxity {
        id: "stop-after-pending",
        title: "gives up at the first PENDING, without a poll",
        requirement: "8894-2.5.1-pending-keeps-polling",
        apply: |conduct| conduct.polls = false,
    },
    Laxity {
        id: "poll-new-transaction",
        title: "polls under a new transactionID each time",
        requirement: "8894-2.5-single-request-then-polls",
        apply: |conduct| conduct.continuity.same_transaction = false,
    },
    Laxity {
        id: "poll-same-nonce",
        title: "polls with the senderNonce of the request",
        requirement: "8894-3.2.1.5-fresh-sendernonce",
        apply: |conduct| conduct.continuity.fresh_nonce = false,
    },
    Laxity {
        id: "renewal-self-signed",
        title: "signs a renewal with a certificate of its own making",
        requirement: "8894-2.3-renewal-uses-existing-cert",
        apply: |conduct| conduct.renews_by_certificate = false,
    },
    Laxity {
        id: "renewal-same-key",
        title: "has the old key certified again, though it has a new one",
        requirement: "8894-2.5-renewal-new-key",
        apply: |conduct| conduct.renews_with_new_key = false,
    },
    Laxity {
        id: "renewal-unannounced",
        title: "renews by RenewalReq though Renewal is not announced",
        requirement: "S-client-renewal-announced",
        apply: |conduct| conduct.renews_as_announced = false,
    },
    Laxity {
        id: "get-always",
        title: "sends messages by GET though POSTPKIOperation is announced",
        requirement: "8894-4.1-post-when-supported",
        apply: |conduct| conduct.post_when_announced = false,
    },
    Laxity {
        id: "ignore-caps",
        title: "uses AES, SHA-256 and POST whatever is announced",
        requirement: "8894-3.5.2-client-empty-means-none",
        apply: |conduct| conduct.announced_only = false,
    },
    Laxity {
        id: "report-refusal",
        title: "ends with exit code 0 though it was refused, rejected the answer or got none",
        requirement: "S-client-reports",
        apply: |conduct| conduct.reports_refusal = false,
    },
    Laxity {
        id: "report-pending",
        title: "ends with exit code 0 though the request is still pending",
        requirement: "S-client-reports",
        apply: |conduct| conduct.reports_pending = false,
    },
    Laxity {
        id: "discard-refused",
        title: "installs what a rejected answer holds, and reports the rejection all the same",
        requirement: "S-client-installs-granted",
        apply: |conduct| conduct.discards_rejected = false,
    },
    Laxity {
        id: "install-on-failure",
        title: "installs its self-signed certificate after FAILURE",
        requirement: "S-client-installs-granted",
        apply: |conduct| conduct.discards_on_failure = false,
    },
    Laxity {
        id: "install-on-rejection",
        title: "installs its self-signed certificate after an answer that it rejected, or none",
        requirement: "S-client-installs-granted",
        apply: |conduct| conduct.discards_own = false,
    },
    Laxity {
        id: "other-signer-key",
        title: "signs its request with another key than the one to be certified",
        requirement: "8894-2.3-selfsigned-same-key",
        apply: |conduct| conduct.signs_with_requested_key = false,
    },
    Laxity {
        id: "install-ca",
        title: "installs the certificate of the CA after SUCCESS",
        requirement: "S-client-own-key",
        apply: |conduct| conduct.installs_own = false,
    },
    Laxity {
        id: "discard-issued",
        title: "writes no certificate after SUCCESS, and ends with exit code 0",
        requirement: "8894-2.5.1-success-to-issued",
        apply: |conduct| conduct.installs_issued = false,
    },
    Laxity {
        id: "exit-installed",
        title: "installs the certificate and ends with exit code 1",
        requirement: "8894-2.5.1-success-to-issued",
        apply: |conduct| conduct.reports_issued = false,
    },
    Laxity {
        id: "crash-on-failure",
        title: "is ended by a signal after it reported FAILURE, a rejected answer or none",
        requirement: "S-client-survives",
        apply: |conduct| conduct.on_refusal = OnRefusal::Crash,
    },
    Laxity {
        id: "hang-on-failure",
        title: "never ends after it reported FAILURE, a rejected answer or none",
        requirement: "S-client-survives",
        apply: |conduct| conduct.on_refusal = OnRefusal::Hang,
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{LAXITIES, find};
    use crate::conduct::Conduct;

    #[test]
    fn ids_are_unique_and_each_changes_something() {
        let ids: BTreeSet<_> = LAXITIES.iter().map(|laxity| laxity.id).collect();
        assert_eq!(ids.len(), LAXITIES.len());
        for laxity in LAXITIES {
            assert_ne!(Conduct::with_laxities(&[laxity.id]).unwrap(), Conduct::default(), "{}", laxity.id);
        }
    }

    #[test]
    fn an_unknown_one_is_named() {
        assert!(find("nonce").unwrap_err().to_string().contains("`nonce`"));
    }
}
