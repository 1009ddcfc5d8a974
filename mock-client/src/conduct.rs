//! How the client behaves: what it checks and what it does with the outcome. The default is right; a
//! [laxity row](crate::laxity::Laxity) changes one thing.

use scep::client::{Checks, Continuity, PollPolicy, Suite};
use scep::suite::{Cipher, Digest};

use crate::laxity::{self, UnknownLaxity};

/// How the client behaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conduct {
    /// Checks on a CertRep.
    pub checks: Checks,
    /// What the messages of one transaction have in common.
    pub continuity: Continuity,
    /// Compares the CA certificate with what the user said to trust.
    pub ca_pin: bool,
    /// Verifies the other certificates of the GetCACert answer under the CA.
    pub ca_chain: bool,
    /// Takes certificates of the next CA only from the current one.
    pub next_ca_signature: bool,
    /// Takes a CRL only while it is current.
    pub crl_current: bool,
    /// Signs a renewal with the certificate that it renews.
    pub renews_by_certificate: bool,
    /// Has the new key certified by a renewal.
    pub renews_with_new_key: bool,
    /// Sends RenewalReq only where Renewal is announced.
    pub renews_as_announced: bool,
    /// Takes no CA for the next one but one that GetNextCACert gives.
    pub next_ca_is_another: bool,
    /// Uses only what the server announces.
    pub announced_only: bool,
    /// Uses POST when it is announced.
    pub post_when_announced: bool,
    /// Polls after PENDING.
    pub polls: bool,
    /// Stops polling at the limit.
    pub poll_limit: bool,
    /// Signs with the key that it asks to certify.
    pub signs_with_requested_key: bool,
    /// Installs the certificate of a SUCCESS.
    pub installs_issued: bool,
    /// Installs its own certificate, not the CA's.
    pub installs_own: bool,
    /// Ends with [`Exit::Done`](crate::Exit::Done) after a SUCCESS.
    pub reports_issued: bool,
    /// Ends with another exit code after a refusal.
    pub reports_refusal: bool,
    /// Ends with another exit code while the request is pending.
    pub reports_pending: bool,
    /// Installs nothing from an answer that it rejected.
    pub discards_rejected: bool,
    /// Installs nothing after FAILURE.
    pub discards_on_failure: bool,
    /// Installs no certificate of its own making after an answer that it rejected, or none.
    pub discards_own: bool,
    /// What happens after a refusal was reported.
    pub on_refusal: OnRefusal,
}

/// What the program does once it has reported a FAILURE or a rejected answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnRefusal {
    /// Ends with its exit code.
    End,
    /// Is ended by a signal.
    Crash,
    /// Never ends.
    Hang,
}

impl Default for Conduct {
    fn default() -> Self {
        Self {
            checks: Checks::default(),
            continuity: Continuity::default(),
            ca_pin: true,
            ca_chain: true,
            next_ca_signature: true,
            crl_current: true,
            renews_by_certificate: true,
            renews_with_new_key: true,
            renews_as_announced: true,
            next_ca_is_another: true,
            announced_only: true,
            post_when_announced: true,
            polls: true,
            poll_limit: true,
            signs_with_requested_key: true,
            installs_issued: true,
            installs_own: true,
            reports_issued: true,
            reports_refusal: true,
            reports_pending: true,
            discards_rejected: true,
            discards_on_failure: true,
            discards_own: true,
            on_refusal: OnRefusal::End,
        }
    }
}

impl Conduct {
    /// Right but for these laxities.
    ///
    /// # Errors
    /// When there is no laxity of that id.
    pub fn with_laxities<S: AsRef<str>>(ids: &[S]) -> Result<Self, UnknownLaxity> {
        let mut conduct = Self::default();
        for id in ids {
            (laxity::find(id.as_ref())?.apply)(&mut conduct);
        }
        Ok(conduct)
    }

    /// What becomes of the algorithms and the transport that were negotiated.
    #[must_use]
    pub fn suite(&self, negotiated: Suite) -> Suite {
        let mut suite = if self.announced_only {
            negotiated
        } else {
            Suite { cipher: Cipher::Aes128, digest: Digest::Sha256, post: true }
        };
        suite.post &= self.post_when_announced;
        suite
    }

    /// The polling that comes of the configured one.
    #[must_use]
    pub fn poll_policy(&self, configured: PollPolicy) -> PollPolicy {
        let mut policy = configured;
        if !self.poll_limit {
            (policy.max_polls, policy.max_seconds) = (u32::MAX, u64::MAX);
        }
        if !self.polls {
            policy.max_polls = 0;
        }
        policy
    }
}
