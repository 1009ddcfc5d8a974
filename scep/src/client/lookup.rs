//! GetCert and GetCRL: one request, one answer, RFC 8894 4.5 and 4.6.
//!
//! ```text
//!  Begun --GetCert or GetCRL--> Asked --SUCCESS--> Found
//!                                 |
//!                                 +--FAILURE, PENDING, no answer--> without
//! ```

use rand_core::RngCore;

use super::asking::{Answered, Asked, Peer, misbehaved};
use super::{Checks, Step, Suite, payload};
use crate::attribute::{FailInfo, MessageType, TransactionId};
use crate::ca_cert::CaCertificates;
use crate::certificate::Certificate;
use crate::crl::Crl;
use crate::error::{Error, Result};
use crate::fault::Faults;
use crate::finding::Finding;
use crate::http::HttpResponse;
use crate::key::Password;
use crate::message::{IssuerAndSerial, Sender};

/// What is looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Query {
    /// The certificate itself, by GetCert.
    Certificate(IssuerAndSerial),
    /// The CRL on which the certificate would be, by GetCRL. Older drafts name the CA's own certificate.
    Crl(IssuerAndSerial),
}

impl Query {
    /// messageType on the wire.
    #[must_use]
    pub fn message_type(&self) -> MessageType {
        match self {
            Self::Certificate(_) => MessageType::GetCert,
            Self::Crl(_) => MessageType::GetCrl,
        }
    }

    fn content(&self) -> &IssuerAndSerial {
        match self {
            Self::Certificate(named) | Self::Crl(named) => named,
        }
    }
}

/// What to look up, with whom and how.
#[derive(Debug, Clone)]
pub struct LookupPlan {
    /// Certificates of the CA, authenticated by the caller.
    pub ca: CaCertificates,
    /// Algorithms and transport.
    pub suite: Suite,
    /// Signer of the request, whose key opens the answer.
    pub signer: Sender,
    /// challengePassword: what keys that cannot encrypt are enveloped for, in both directions (RFC 8894 3.1).
    pub password: Option<Password>,
    /// What is asked for.
    pub query: Query,
    /// Checks on the answer.
    pub checks: Checks,
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// The certificate that was named, and those that came with it.
    Certificate {
        /// The one that was asked for.
        certificate: Box<Certificate>,
        /// The others.
        others: Vec<Certificate>,
    },
    /// A CRL of the issuer that was named. Whether it is current is for who knows the time to judge:
    /// [`Crl::is_current_at`].
    Crl(Box<Crl>),
}

/// How a lookup ended.
#[derive(Debug, Clone, PartialEq)]
pub enum LookupVerdict {
    /// SUCCESS, and every check passed.
    Found(Found),
    /// FAILURE: the server's own word; badCertId when there is no such certificate.
    Refused {
        /// failInfo; None when absent or undefined.
        fail_info: Option<FailInfo>,
        /// failInfoText.
        text: Option<String>,
    },
    /// The answer is against the protocol and was not used.
    Rejected(Error),
    /// The server did not answer; in the transport's words.
    NoAnswer(String),
}

#[derive(Debug, Clone)]
enum State {
    Begun,
    Asked(Asked),
    Over(Box<LookupVerdict>),
}

/// One lookup transaction.
#[derive(Debug, Clone)]
pub struct Lookup {
    plan: LookupPlan,
    transaction_id: TransactionId,
    state: State,
    findings: Vec<Finding>,
}

impl Lookup {
    /// A new transaction with a random transactionID.
    pub fn new(plan: LookupPlan, rng: &mut dyn RngCore) -> Self {
        let transaction_id = TransactionId::random(rng);
        Self { plan, transaction_id, state: State::Begun, findings: Vec::new() }
    }

    /// transactionID of its messages.
    #[must_use]
    pub fn transaction_id(&self) -> &TransactionId {
        &self.transaction_id
    }

    /// Departures in the answer that the readers stepped over.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// How it ended; None while it is under way.
    #[must_use]
    pub fn verdict(&self) -> Option<&LookupVerdict> {
        match &self.state {
            State::Over(verdict) => Some(verdict),
            State::Begun | State::Asked(_) => None,
        }
    }

    /// What to do now. It never waits.
    ///
    /// # Errors
    /// When the request cannot be written: the CA has no certificate to encrypt to, or the library fails.
    pub fn poll(&mut self, faults: &mut Faults, rng: &mut dyn RngCore) -> Result<Step<LookupVerdict>> {
        match &self.state {
            State::Begun => {
                let (message_type, content) =
                    (self.plan.query.message_type(), self.plan.query.content().write());
                let peer = self.peer();
                let (request, asked) =
                    peer.compose(message_type, &self.transaction_id, content, None, faults, rng)?;
                self.state = State::Asked(asked);
                Ok(Step::Send(request))
            }
            State::Asked(_) => Err(Error::Misuse {
                what: "lookup",
                detail: "expected the answer to the request first".to_owned(),
            }),
            State::Over(verdict) => Ok(Step::Done(verdict.clone())),
        }
    }

    fn peer(&self) -> Peer<'_> {
        let LookupPlan { ca, suite, signer, password, checks, .. } = &self.plan;
        Peer { ca, suite: *suite, signer, password: password.as_ref(), checks: *checks }
    }

    /// Takes the answer.
    pub fn handle(&mut self, response: &HttpResponse) {
        let State::Asked(asked) = &self.state else { return };
        let mut findings = Vec::new();
        let verdict = self.judge(response, asked, &mut findings).unwrap_or_else(LookupVerdict::Rejected);
        self.findings.extend(findings);
        self.state = State::Over(Box::new(verdict));
    }

    /// Takes note that there will be no answer, and why, in the transport's words.
    pub fn handle_no_answer(&mut self, why: &str) {
        if matches!(self.state, State::Asked(_)) {
            self.state = State::Over(Box::new(LookupVerdict::NoAnswer(why.to_owned())));
        }
    }

    fn judge(
        &self,
        response: &HttpResponse,
        asked: &Asked,
        findings: &mut Vec<Finding>,
    ) -> Result<LookupVerdict> {
        let LookupPlan { ca, query, checks, .. } = &self.plan;
        match (self.peer().judge(response, asked, findings)?, query) {
            (Answered::Success(payload), Query::Certificate(named)) => {
                let (certificate, others) = payload::queried(&payload, named, *checks)?;
                Ok(LookupVerdict::Found(Found::Certificate { certificate, others }))
            }
            (Answered::Success(payload), Query::Crl(named)) => {
                let crl = payload::crl(&payload, named, ca, *checks, findings)?;
                Ok(LookupVerdict::Found(Found::Crl(Box::new(crl))))
            }
            (Answered::Failure(fail_info, text), _) => Ok(LookupVerdict::Refused { fail_info, text }),
            // Nothing here is ever polled for.
            (Answered::Pending, _) => {
                Err(misbehaved("pkiStatus (RFC 8894 4.5.1)", "SUCCESS or FAILURE", "PENDING"))
            }
        }
    }
}
