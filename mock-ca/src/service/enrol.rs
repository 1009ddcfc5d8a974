//! Requests for certificates and polls: decided on, issued, and settled in the store.

use scep::attribute::FailInfo;
use scep::certificate::Certificate;
use scep::csr::Csr;
use scep::fault::Faults;
use scep::message::Outcome;
use scep::server::renewal::Standing;
use scep::server::transaction::Identity;
use scep::server::{Reply, ReplyTo, Request};

use super::{Answer, Service, Trouble};
use crate::authority::{Authorities, Authority};
use crate::ca;
use crate::ra::{self, Ask, Cause, Credential, Decision, Facts, Mode, Record, Signer};
use crate::store::{self, Settled, Settlement};
use crate::strictness::Strictness;
use crate::template::{Contents, Unfit};
use crate::transaction::{State, Transaction};

/// Serial numbers that are tried for one certificate.
const SERIALS: usize = 4;

impl Service {
    /// The answer to a request or a poll.
    pub(super) fn decide(
        &self,
        authorities: &Authorities,
        request: &Request,
        ask: Ask<'_>,
        strictness: &Strictness,
    ) -> Result<Answer, Trouble> {
        let mut to = request.reply_to.clone();
        let store::Facts { transaction: known, claims, .. } =
            self.facts(authorities, &to.transaction_id, ask)?;
        // A poll does not hold the challengePassword that its answer may have to be for: the request did.
        let of_request = || known.as_ref().and_then(|transaction| transaction.csr.password());
        to.password = to.password.or_else(of_request);
        let authority = match strictness.issue.under_addressed {
            true => authorities.addressed_by(&request.message),
            false => authorities.current(),
        };
        let now = self.clock.now();
        let signer = self.signer(authorities, request)?;
        let facts = Facts { known: known.as_ref(), signer: &signer, claims: &claims, now };
        match (ra::decide(ask, &facts, &self.policy, &strictness.ra), ask) {
            (Decision::Refuse(refusal), _) => {
                if let (Ask::Enrol { csr, .. }, Cause::Authentication { is_wrong: true }) =
                    (ask, refusal.cause)
                {
                    self.count_wrong_try(csr)?;
                }
                let mut answer = self.refuse(authority, &to, refusal.fail_info, refusal.client, &refusal.log);
                if let (Cause::Authentication { .. }, Some(status), 200) =
                    (refusal.cause, self.authentication_failed, answer.response.status)
                {
                    answer.response.status = status;
                }
                Ok(answer)
            }
            (Decision::Grant(Credential::Certificate { .. }), Ask::Enrol { .. })
                if !strictness.issue.on_renewal =>
            {
                let certificates = with_chain(authority, &request.signer);
                let note = format!("granted serial {} once more", request.signer.serial_hex());
                Ok(self.succeed(authority, &to, &Reply::Certificates(&certificates), &note))
            }
            (Decision::Grant(credential), _) => {
                let is_final = match ask {
                    Ask::Enrol { .. } => strictness.issue.on_repeat,
                    Ask::Poll { .. } => strictness.issue.on_poll,
                };
                let is_known = known.is_some();
                let transaction = match (known, ask) {
                    (Some(known), _) => known,
                    (None, Ask::Enrol { csr, identity }) => self.begun(csr, identity, credential),
                    (None, Ask::Poll { .. }) => return Ok(self.pending_reply(authority, &to)),
                };
                self.grant(authority, &to, transaction, is_known, is_final)
            }
            (Decision::Pending(credential), Ask::Enrol { csr, identity }) if known.is_none() => {
                // Nobody is asked to approve what could not be issued.
                if let Err(unfit) = self.contents(csr, &credential)? {
                    return Ok(self.refuse_unfit(authority, &to, &unfit));
                }
                let transaction = self.begun(csr, identity, credential);
                let settlement =
                    Settlement { transaction: &transaction, generation: authority.number(), now, from: None };
                match self.store.settle(settlement)? {
                    Settled::Spent => Ok(self.refuse_spent(authority, &to)),
                    // A copy of the request was faster, and waits too.
                    Settled::Done | Settled::Known(_) | Settled::SerialTaken => {
                        Ok(self.pending_reply(authority, &to))
                    }
                }
            }
            (Decision::Pending(_), _) => Ok(self.pending_reply(authority, &to)),
        }
    }

    /// A transaction that begins now.
    fn begun(&self, csr: &Csr, identity: &Identity, credential: Credential) -> Transaction {
        let since = self.clock.now();
        let due = (self.policy.mode == Mode::Delayed).then(|| since.plus(self.policy.delay));
        let (id, csr, identity) = (identity.transaction_id.clone(), csr.clone(), identity.clone());
        Transaction { id, csr, identity, credential, state: State::Pending, since, due }
    }

    /// Who signed a request, to this CA.
    fn signer(&self, authorities: &Authorities, request: &Request) -> Result<Signer, Trouble> {
        let certificate = &request.signer;
        let now = self.clock.now();
        let standing = request.standing(&authorities.issuers(), now);
        let record = match standing {
            Standing::SelfSigned | Standing::Stranger => None,
            Standing::Issued(_) => self.store.certificate(&certificate.serial)?,
        };
        let record = record.filter(|record| record.certificate.der == certificate.der);
        Ok(Signer {
            standing,
            subject: certificate.subject.clone(),
            serial: certificate.serial_hex(),
            expired_for: certificate.not_after.map_or(0, |end| now.0.saturating_sub(end.0)),
            record: match record {
                None => Record::Unknown,
                Some(record) if record.revocation.is_some() => Record::Revoked,
                Some(_) => Record::Good,
            },
        })
    }

    /// SUCCESS with the transaction's certificate: the one it has, or when it has none or may have several,
    /// a new one.
    fn grant(
        &self,
        authority: &Authority,
        to: &ReplyTo,
        mut transaction: Transaction,
        is_known: bool,
        is_final: bool,
    ) -> Result<Answer, Trouble> {
        if let (State::Issued(issued), true) = (&transaction.state, is_final) {
            let certificates = with_chain(authority, issued);
            let note = format!("granted serial {} again", issued.serial_hex());
            return Ok(self.succeed(authority, to, &Reply::Certificates(&certificates), &note));
        }
        let from = is_known.then(|| transaction.state.stage());
        let contents = match self.contents(&transaction.csr, &transaction.credential)? {
            Ok(contents) => contents,
            Err(unfit) => return Ok(self.refuse_unfit(authority, to, &unfit)),
        };
        let mut faults = self.next_faults(&Outcome::Success, to);
        // One is never taken by chance: more would be a fault that fixes it.
        for _ in 0..SERIALS {
            let certificate = self.issue(authority, &transaction.csr, contents.clone(), &mut faults)?;
            transaction.state = State::Issued(Box::new(certificate.clone()));
            let settlement = Settlement {
                transaction: &transaction,
                generation: authority.number(),
                now: self.clock.now(),
                from,
            };
            match self.store.settle(settlement)? {
                Settled::Done => {
                    let note = format!(
                        "granted serial {} to {}",
                        certificate.serial_hex(),
                        certificate.subject_text()
                    );
                    let certificates = with_chain(authority, &certificate);
                    return Ok(self.reply(authority, to, &Reply::Certificates(&certificates), faults, &note));
                }
                // Two copies of a request that arrive together get one certificate.
                Settled::Known(faster) => {
                    return Ok(match &faster.state {
                        State::Issued(issued)
                            if faster.identity.conflict(&transaction.identity).is_none() =>
                        {
                            let certificates = with_chain(authority, issued);
                            let note = format!("granted serial {}, as to its copy", issued.serial_hex());
                            self.reply(authority, to, &Reply::Certificates(&certificates), faults, &note)
                        }
                        _ => {
                            let log = "another request of that transactionID was faster";
                            self.refuse(
                                authority,
                                to,
                                FailInfo::BadRequest,
                                "the transactionID is in use",
                                log,
                            )
                        }
                    });
                }
                Settled::Spent => return Ok(self.refuse_spent(authority, to)),
                Settled::SerialTaken => {}
            }
        }
        let detail = format!("{SERIALS} in a row are taken");
        Err(scep::Error::Misuse { what: "serial number", detail }.into())
    }

    fn issue(
        &self,
        authority: &Authority,
        csr: &Csr,
        contents: Contents,
        faults: &mut Faults,
    ) -> Result<Certificate, Trouble> {
        let serial = ca::serial(&mut self.memory().fork_rng());
        let parts = ca::certificate_for(
            csr,
            contents,
            authority.issuer(),
            serial,
            self.clock.now(),
            self.certificate_days,
        )?;
        Ok(Certificate::from_der(&parts.write(&authority.issuing().key, faults)?)?)
    }

    fn pending_reply(&self, authority: &Authority, to: &ReplyTo) -> Answer {
        let faults = self.next_faults(&Outcome::Pending, to);
        self.reply(authority, to, &Reply::Pending, faults, "pending")
    }

    fn refuse_unfit(&self, authority: &Authority, to: &ReplyTo, unfit: &Unfit) -> Answer {
        match unfit {
            Unfit::Algorithm(log) => {
                self.refuse(authority, to, FailInfo::BadAlg, "the key or its algorithm is not allowed", log)
            }
            Unfit::Names(log) => {
                self.refuse(authority, to, FailInfo::BadRequest, "the requested names are not allowed", log)
            }
        }
    }

    fn refuse_spent(&self, authority: &Authority, to: &ReplyTo) -> Answer {
        let log = "its one-time challengePassword was spent by another request";
        self.refuse(authority, to, FailInfo::BadRequest, "the challengePassword is wrong", log)
    }
}

/// An issued certificate, and the CA certificates above it when the CA is no root: a client that has the
/// root alone could not verify it (RFC 8894 3.3.2.1 permits them).
fn with_chain(authority: &Authority, certificate: &Certificate) -> Vec<Certificate> {
    let mut certificates = vec![certificate.clone()];
    if !authority.chain().is_empty() {
        certificates.push(authority.issuing().certificate.clone());
        certificates.extend(authority.chain().iter().cloned());
    }
    certificates
}
