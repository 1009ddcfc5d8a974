//! Which transaction a message belongs to, and what is due to it: a pure function over what the server
//! remembers, RFC 8894 3.2.1.1, 3.3.3 and 5.2.
//!
//! ```text
//!  request  --transactionID unknown------------------> New ------------> the authority decides
//!           --known, same key, same content----------> Retransmission -> the same answer once more
//!           --known, anything else-------------------> Conflict -------> FAILURE
//!  CertPoll --transactionID unknown------------------> UnknownPoll ----> FAILURE badCertId
//!           --known----------------------------------> Poll -----------> how the transaction fares
//!
//!  a known transaction is   Waiting -> PENDING     Approved -> SUCCESS, its certificate is made now
//!                           Rejected -> FAILURE    Issued   -> SUCCESS, the certificate that there is
//! ```
//!
//! A lost answer is found again by a retransmission or a poll (resync cases 2 and 4), and by a new
//! transaction (cases 1 and 3), which to this module is a New one: that another certificate of the same
//! subject is there already is for the authority to judge. In no case does one transaction get two
//! certificates.

use super::{Content, Request};
use crate::attribute::{MessageType, TransactionId};
use crate::csr::Csr;
use crate::error::Result;
use crate::suite::Digest;

/// What makes a request the one that it is. A server stores it with the transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// transactionID.
    pub transaction_id: TransactionId,
    /// messageType: a retransmission has the same.
    pub message_type: MessageType,
    /// SubjectPublicKeyInfo of the certificate that signed the message, DER.
    pub signer_key: Vec<u8>,
    /// SubjectPublicKeyInfo of the PKCS#10, DER.
    pub requested_key: Vec<u8>,
    /// SHA-256 of certificationRequestInfo: without the signature, which is another one each time that an
    /// ECDSA key makes it.
    pub content: Vec<u8>,
}

/// How a message stands to what the server remembers of its transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// A request under a transactionID that there was not.
    New,
    /// A request that came before: the same message again, or the same PKCS#10 in a new one.
    Retransmission,
    /// A request under a transactionID that belongs to another one.
    Conflict(Conflict),
    /// A poll for a transaction that there is.
    Poll {
        /// True when the key that signed the request signed the poll. Whoever knows a transactionID may
        /// poll (RFC 8894 3.3.3 names nothing else), and gets the answer enveloped to his own key: a server
        /// may want to refuse a stranger.
        by_requester: bool,
    },
    /// A poll for a transaction that there is not.
    UnknownPoll,
    /// GetCert or GetCRL: one message, one answer, nothing to remember.
    OneShot,
}

/// In what a request differs from the one that its transactionID belongs to. The first that applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conflict {
    /// It asks to certify another key.
    OtherKey,
    /// Another key signed it.
    OtherSigner,
    /// It asks for something else for the same key, or by another messageType.
    OtherContent,
}

/// How far a transaction got, as the server remembers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Nobody decided yet.
    Waiting,
    /// Granted, its certificate not made yet.
    Approved,
    /// Refused.
    Rejected,
    /// Granted, and its certificate made.
    Issued,
}

/// What is due to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// The authority's decision: nothing is known yet.
    Decision,
    /// PENDING.
    Pending,
    /// SUCCESS with a certificate that is made now, and kept.
    Certificate,
    /// SUCCESS with the certificate that is kept.
    SameCertificate,
    /// FAILURE.
    Refusal(Denial),
    /// What GetCert or GetCRL asks for.
    Lookup,
}

/// Why a message gets a FAILURE because of its transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denial {
    /// The transactionID is another request's (RFC 8894 3.2.1.1: it is unique).
    #[error("the transactionID belongs to a request {}", .0.says())]
    InUse(Conflict),
    /// A poll without a request (4.4).
    #[error("there is no transaction of that transactionID")]
    UnknownPoll,
    /// The request was refused before.
    #[error("the request was rejected")]
    Rejected,
}

impl Conflict {
    fn says(self) -> &'static str {
        match self {
            Self::OtherKey => "for another key",
            Self::OtherSigner => "that another key signed",
            Self::OtherContent => "with other content",
        }
    }
}

impl Identity {
    /// The identity of a request for a certificate.
    ///
    /// # Errors
    /// When the cryptographic library has no SHA-256.
    pub fn new(
        transaction_id: &TransactionId,
        message_type: MessageType,
        signer_key: &[u8],
        csr: &Csr,
    ) -> Result<Self> {
        Ok(Self {
            transaction_id: transaction_id.clone(),
            message_type,
            signer_key: signer_key.to_vec(),
            requested_key: csr.spki.clone(),
            content: Digest::Sha256.of(csr.info())?,
        })
    }

    /// The identity of a received request; None when it asks for no certificate.
    ///
    /// # Errors
    /// When the cryptographic library has no SHA-256.
    pub fn of(request: &Request) -> Result<Option<Self>> {
        match &request.content {
            Content::Enrol(csr) => {
                let Request { reply_to, message_type, signer, .. } = request;
                Self::new(&reply_to.transaction_id, *message_type, &signer.spki, csr).map(Some)
            }
            Content::Poll(_) | Content::Lookup(_) => Ok(None),
        }
    }

    /// How a request of identity `other`, under the same transactionID, differs from this one.
    #[must_use]
    pub fn conflict(&self, other: &Self) -> Option<Conflict> {
        if self.requested_key != other.requested_key {
            Some(Conflict::OtherKey)
        } else if self.signer_key != other.signer_key {
            Some(Conflict::OtherSigner)
        } else if (&self.content, self.message_type) != (&other.content, other.message_type) {
            Some(Conflict::OtherContent)
        } else {
            None
        }
    }
}

impl Arrival {
    /// How a request of this identity stands to the one that the server remembers under its transactionID.
    #[must_use]
    pub fn of_request(request: &Identity, known: Option<&Identity>) -> Self {
        match known.map(|known| known.conflict(request)) {
            None => Self::New,
            Some(None) => Self::Retransmission,
            Some(Some(conflict)) => Self::Conflict(conflict),
        }
    }

    /// How a poll, signed with the key of this SubjectPublicKeyInfo, stands to the request that the server
    /// remembers under its transactionID.
    #[must_use]
    pub fn of_poll(signer_key: &[u8], known: Option<&Identity>) -> Self {
        known.map_or(Self::UnknownPoll, |known| Self::Poll { by_requester: known.signer_key == signer_key })
    }

    /// How a received message stands to the request that the server remembers under its transactionID.
    ///
    /// # Errors
    /// When the cryptographic library has no SHA-256.
    pub fn of(message: &Request, known: Option<&Identity>) -> Result<Self> {
        Ok(match (&message.content, Identity::of(message)?) {
            (_, Some(identity)) => Self::of_request(&identity, known),
            (Content::Lookup(_), None) => Self::OneShot,
            (Content::Poll(_) | Content::Enrol(_), None) => Self::of_poll(&message.signer.spki, known),
        })
    }

    /// What is due, by the stage of the transaction that the server remembers. Without one a request is
    /// decided on, however it stands.
    #[must_use]
    pub fn due(self, stage: Option<Stage>) -> Due {
        match (self, stage) {
            (Self::OneShot, _) => Due::Lookup,
            (Self::Conflict(conflict), _) => Due::Refusal(Denial::InUse(conflict)),
            (Self::UnknownPoll, _) | (Self::Poll { .. }, None) => Due::Refusal(Denial::UnknownPoll),
            (Self::New, _) | (Self::Retransmission, None) => Due::Decision,
            (Self::Retransmission | Self::Poll { .. }, Some(stage)) => match stage {
                Stage::Waiting => Due::Pending,
                Stage::Approved => Due::Certificate,
                Stage::Issued => Due::SameCertificate,
                Stage::Rejected => Due::Refusal(Denial::Rejected),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{Arrival, Conflict, Denial, Due, Identity, Stage};
    use crate::attribute::{MessageType, TransactionId};
    use crate::csr::{Csr, CsrParts};
    use crate::fault::Faults;
    use crate::key::PrivateKey;
    use crate::name;
    use crate::tlv::Source;

    fn key(name: &str) -> PrivateKey {
        PrivateKey::from_pem(scep_vectors::keys::named(name).unwrap().pem.as_bytes()).unwrap()
    }

    #[derive(Clone, Copy)]
    struct Asks {
        key: &'static str,
        signer: &'static str,
        challenge: &'static str,
        by: MessageType,
    }

    const FIRST: Asks =
        Asks { key: "pool-00", signer: "pool-00", challenge: "hunter2", by: MessageType::PkcsReq };

    fn identity(asks: Asks) -> Identity {
        let own = key(asks.key);
        let parts = CsrParts::new(&name::parse("CN=dev1").unwrap(), own.public(), Some(asks.challenge));
        let der = parts.write(&own, &mut Faults::none()).unwrap();
        let csr = Csr::read(Source::message_data(&der)).unwrap().value;
        let id = TransactionId::parse(b"1").unwrap();
        Identity::new(&id, asks.by, key(asks.signer).public().spki(), &csr).unwrap()
    }

    #[rstest]
    #[case::same(FIRST, Arrival::Retransmission)]
    #[case::key(Asks { key: "pool-01", ..FIRST }, Arrival::Conflict(Conflict::OtherKey))]
    #[case::signer(Asks { signer: "pool-01", ..FIRST }, Arrival::Conflict(Conflict::OtherSigner))]
    #[case::content(Asks { challenge: "other", ..FIRST }, Arrival::Conflict(Conflict::OtherContent))]
    #[case::message_type(Asks { by: MessageType::RenewalReq, ..FIRST }, Arrival::Conflict(Conflict::OtherContent))]
    fn a_request_under_a_known_transaction_id_is_the_same_or_in_conflict(
        #[case] again: Asks,
        #[case] expected: Arrival,
    ) {
        let (known, again) = (identity(FIRST), identity(again));
        assert_eq!(Arrival::of_request(&again, Some(&known)), expected);
        assert_eq!(Arrival::of_request(&again, None), Arrival::New);
    }

    #[test]
    fn a_poll_is_known_by_its_transaction_id_and_tells_its_signer() {
        let known = identity(FIRST);
        let poll = |key_name| Arrival::of_poll(key(key_name).public().spki(), Some(&known));
        assert_eq!(poll("pool-00"), Arrival::Poll { by_requester: true });
        assert_eq!(poll("pool-01"), Arrival::Poll { by_requester: false });
        assert_eq!(Arrival::of_poll(key("pool-00").public().spki(), None), Arrival::UnknownPoll);
    }

    const STAGES: [Stage; 4] = [Stage::Waiting, Stage::Approved, Stage::Rejected, Stage::Issued];

    #[test]
    fn a_retransmission_and_a_poll_are_due_the_same() {
        let due = [Due::Pending, Due::Certificate, Due::Refusal(Denial::Rejected), Due::SameCertificate];
        for (stage, due) in STAGES.into_iter().zip(due) {
            assert_eq!(Arrival::Retransmission.due(Some(stage)), due);
            assert_eq!(Arrival::Poll { by_requester: true }.due(Some(stage)), due);
        }
    }

    #[test]
    fn nothing_but_a_new_request_is_decided_on() {
        assert_eq!(Arrival::New.due(None), Due::Decision);
        let others = [
            Arrival::Conflict(Conflict::OtherKey),
            Arrival::Poll { by_requester: true },
            Arrival::UnknownPoll,
            Arrival::OneShot,
        ];
        for (arrival, stage) in others.into_iter().zip(STAGES.into_iter().map(Some).chain([None])) {
            assert_ne!(arrival.due(stage), Due::Decision);
            assert_ne!(arrival.due(None), Due::Decision);
        }
    }
}
