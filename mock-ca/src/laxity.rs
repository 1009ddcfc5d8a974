//! Laxities: checks that the server can be told to skip. Each switches off one field of [`Strictness`];
//! `mock-ca laxities` prints them.

use std::fmt;

use crate::nearest::nearest;
use crate::strictness::Strictness;

/// One check that can be skipped.
#[derive(Clone, Copy)]
pub struct Laxity {
    /// Stable name.
    pub id: &'static str,
    /// What the server does then.
    pub title: &'static str,
    /// Requirement of the register that it violates.
    pub requirement: &'static str,
    /// Switches the check off.
    pub(crate) skip: fn(&mut Strictness),
}

impl fmt::Debug for Laxity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Laxity({})", self.id)
    }
}

/// There is no laxity of that id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownLaxity {
    /// The id.
    pub id: String,
    /// A known one that looks like it.
    pub nearest: Option<&'static str>,
}

impl std::error::Error for UnknownLaxity {}

impl fmt::Display for UnknownLaxity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "laxity `{}` is unknown", self.id)?;
        match self.nearest {
            Some(nearest) => write!(f, " (did you mean `{nearest}`?)"),
            None => f.write_str("; `mock-ca laxities` lists them"),
        }
    }
}

impl Strictness {
    /// All checks but those that these laxities switch off.
    ///
    /// # Errors
    /// When one is unknown.
    pub fn without<S: AsRef<str>>(laxities: &[S]) -> Result<Self, UnknownLaxity> {
        let mut strictness = Self::default();
        for id in laxities.iter().map(S::as_ref) {
            let laxity = LAXITIES.iter().find(|laxity| laxity.id == id).ok_or_else(|| UnknownLaxity {
                id: id.to_owned(),
                nearest: nearest(id, LAXITIES.iter().map(|laxity| laxity.id)),
            })?;
            (laxity.skip)(&mut strictness);
        }
        Ok(strictness)
    }
}

/// Every laxity, in the order in which a request meets the checks.
pub const LAXITIES: &[Laxity] = &[
    Laxity {
        id: "operation",
        title: "answers an operation that there is not as if it were GetCACaps",
        requirement: "S-unknown-operation",
        skip: |checks| checks.http.operation = false,
    },
    Laxity {
        id: "body-limit",
        title: "takes a body of any length",
        requirement: "S-refusal-shape",
        skip: |checks| checks.http.body_limit = false,
    },
    Laxity {
        id: "empty-body",
        title: "answers an empty message with 200 and no body",
        requirement: "S-refusal-shape",
        skip: |checks| checks.http.empty_body = false,
    },
    Laxity {
        id: "base64",
        title: "answers a GET whose message is no base64 with 500",
        requirement: "S-no-5xx",
        skip: |checks| checks.http.base64 = false,
    },
    Laxity {
        id: "garbage",
        title: "answers what is no SignedData with 500",
        requirement: "S-no-5xx",
        skip: |checks| checks.http.garbage = false,
    },
    Laxity {
        id: "liveness",
        title: "answers everything with 500 after a message that it could not read, until it is restarted",
        requirement: "S-alive",
        skip: |checks| checks.http.liveness = false,
    },
    Laxity {
        id: "ber",
        title: "refuses BER that is no DER",
        requirement: "8894-4.3-ber-accepted",
        skip: |checks| checks.tolerance.ber = false,
    },
    Laxity {
        id: "extra-attributes",
        title: "refuses signed attributes that it does not know",
        requirement: "8894-3.2.1-extra-attributes-tolerated",
        skip: |checks| checks.tolerance.extra_attributes = false,
    },
    Laxity {
        id: "transaction-form",
        title: "refuses a transactionID that is not hexadecimal",
        requirement: "8894-3.2.1.1-id-need-not-be-random",
        skip: |checks| checks.tolerance.transaction_ids = false,
    },
    Laxity {
        id: "transaction-id",
        title: "makes up a transactionID when there is none",
        requirement: "8894-3.2.1.1-same-id-whole-operation",
        skip: |checks| checks.message.transaction_id = false,
    },
    Laxity {
        id: "sender-nonce",
        title: "takes a request without senderNonce",
        requirement: "8894-3.2.1.5-fresh-sendernonce",
        skip: |checks| checks.message.sender_nonce = false,
    },
    Laxity {
        id: "md5",
        title: "takes MD5, and signs its answer with it",
        requirement: "8894-2.9-server-no-md5",
        skip: |checks| checks.message.md5 = false,
    },
    Laxity {
        id: "signer-certificate",
        title: "takes a request without its signer's certificate, unverified",
        requirement: "8894-2.3-missing-signing-cert",
        skip: |checks| checks.message.signer_certificate = false,
    },
    Laxity {
        id: "message-digest",
        title: "does not compare messageDigest with the content",
        requirement: "8894-3.2.1.4-badmessagecheck",
        skip: |checks| checks.message.message_digest = false,
    },
    Laxity {
        id: "message-signature",
        title: "does not verify the signature of the request",
        requirement: "8894-3.2.1.4-badmessagecheck",
        skip: |checks| checks.message.message_signature = false,
    },
    Laxity {
        id: "message-type",
        title: "takes an undefined messageType for PKCSReq",
        requirement: "8894-3.2.1.2-undefined-type-error",
        skip: |checks| checks.message.message_type = false,
    },
    Laxity {
        id: "unknown-cipher",
        title: "guesses a content cipher that it does not know",
        requirement: "8894-3.2.1.4-badalg",
        skip: |checks| checks.message.known_cipher = false,
    },
    Laxity {
        id: "single-des",
        title: "takes single DES, and answers with it",
        requirement: "8894-2.9-server-no-des-request",
        skip: |checks| checks.message.single_des = false,
    },
    Laxity {
        id: "possession",
        title: "does not verify the signature of the PKCS#10",
        requirement: "S-pop",
        skip: |checks| checks.message.possession = false,
    },
    Laxity {
        id: "challenge-required",
        title: "grants a request without a challengePassword",
        requirement: "8894-2.4-omitted-challenge-handled",
        skip: |checks| checks.ra.challenge_required = false,
    },
    Laxity {
        id: "challenge-value",
        title: "takes any challengePassword for the right one",
        requirement: "8894-2.4-unauthorised-reject-or-manual",
        skip: |checks| checks.ra.challenge_value = false,
    },
    Laxity {
        id: "repeat-transaction",
        title: "issues a second certificate to a repeated request",
        requirement: "S-retransmission",
        skip: |checks| checks.issue.on_repeat = false,
    },
    Laxity {
        id: "poll-unknown",
        title: "answers a poll for an unknown transaction with PENDING",
        requirement: "8894-3.2.1.4-badcertid",
        skip: |checks| checks.ra.poll_known = false,
    },
    Laxity {
        id: "poll-names",
        title: "answers a poll only when it has the names of its request",
        requirement: "8894-3.3.3-poll-by-transactionid",
        skip: |checks| checks.tolerance.poll_names = false,
    },
    Laxity {
        id: "poll-approval",
        title: "grants a pending request on the first poll, whatever the operator says",
        requirement: "8894-2.4-manual-mode-pending",
        skip: |checks| checks.ra.poll_approval = false,
    },
    Laxity {
        id: "poll-rejection",
        title: "grants a request on a poll that the operator rejected",
        requirement: "8894-2.4-manual-mode-pending",
        skip: |checks| checks.ra.poll_rejection = false,
    },
    Laxity {
        id: "poll-again",
        title: "answers a poll with PENDING after the certificate was handed out",
        requirement: "8894-2.5-final-status-once",
        skip: |checks| checks.ra.poll_final = false,
    },
    Laxity {
        id: "poll-reissue",
        title: "issues another certificate to every further poll",
        requirement: "8894-5.2-poll-after-issue",
        skip: |checks| checks.issue.on_poll = false,
    },
    Laxity {
        id: "renewal-off",
        title: "renews nothing, though it announces Renewal",
        requirement: "8894-3.5.2-kw-renewal",
        skip: |checks| checks.ra.renewal = false,
    },
    Laxity {
        id: "renewal-subject",
        title: "renews for another subject",
        requirement: "8894-2.3-renewal-uses-renewalreq",
        skip: |checks| checks.ra.renewal_subject = false,
    },
    Laxity {
        id: "renewal-signer",
        title: "renews for whoever signs, with a certificate of its own or of another CA",
        requirement: "8894-2.4-no-auth-by-selfsigned",
        skip: |checks| checks.ra.renewal_signer = false,
    },
    Laxity {
        id: "renewal-revoked",
        title: "renews with a revoked certificate",
        requirement: "S-revoked-signer",
        skip: |checks| checks.ra.renewal_revoked = false,
    },
    Laxity {
        id: "renewal-alone",
        title: "asks for the challengePassword in a renewal too",
        requirement: "S-renewal-without-challenge",
        skip: |checks| checks.ra.renewal_alone = false,
    },
    Laxity {
        id: "renewal-same",
        title: "answers a renewal with the certificate that signed it",
        requirement: "8894-2.5-renewal-new-cert",
        skip: |checks| checks.issue.on_renewal = false,
    },
    Laxity {
        id: "lookup",
        title: "finds no certificate and no CRL",
        requirement: "8894-3.3.2.1-getcert-requested-cert",
        skip: |checks| checks.lookup.finds = false,
    },
    Laxity {
        id: "lookup-other",
        title: "answers GetCert with the CA's certificate, whichever was named",
        requirement: "8894-3.3.2.1-getcert-requested-cert",
        skip: |checks| checks.lookup.named = false,
    },
    Laxity {
        id: "ra-hidden",
        title: "leaves the registration authority's certificates out of GetCACert",
        requirement: "S-ra-certificates",
        skip: |checks| checks.authority.shows_registration = false,
    },
    Laxity {
        id: "ra-signer",
        title: "signs CertReps with the registration authority's key for encryption",
        requirement: "8894-2.1.2-ca-keyusage-digitalsignature",
        skip: |checks| checks.authority.signs_with_signer = false,
    },
    Laxity {
        id: "chain",
        title: "hands the issuing CA's certificate out alone, though it is no root",
        requirement: "8894-2.2-chain-when-intermediate",
        skip: |checks| checks.authority.shows_chain = false,
    },
    Laxity {
        id: "chain-root",
        title: "leaves the root out of GetCACert",
        requirement: "8894-2.2-chain-when-intermediate",
        skip: |checks| checks.authority.shows_root = false,
    },
    Laxity {
        id: "next-ca",
        title: "issues under the current CA what is enveloped to the next one",
        requirement: "8894-5.1-rollover-request-to-new-cert",
        skip: |checks| checks.issue.under_addressed = false,
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::LAXITIES;
    use crate::strictness::Strictness;

    #[test]
    fn every_laxity_switches_off_a_check_of_its_own() {
        let results: Vec<Strictness> =
            LAXITIES.iter().map(|laxity| Strictness::without(&[laxity.id]).unwrap()).collect();
        for (index, strictness) in results.iter().enumerate() {
            assert_ne!(*strictness, Strictness::default(), "{:?}", LAXITIES[index]);
            assert!(!results[..index].contains(strictness), "{:?}", LAXITIES[index]);
        }
        let ids: BTreeSet<_> = LAXITIES.iter().map(|laxity| laxity.id).collect();
        assert_eq!(ids.len(), LAXITIES.len());
    }

    #[test]
    fn an_unknown_laxity_is_refused_with_the_nearest_one() {
        let error = Strictness::without(&["message-signatur"]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "laxity `message-signatur` is unknown (did you mean `message-signature`?)"
        );
        assert!(Strictness::without(&["quantum"]).unwrap_err().to_string().contains("mock-ca laxities"));
    }
}
