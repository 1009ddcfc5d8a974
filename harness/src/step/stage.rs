//! The stage of a server case: what its steps share, and how they send and record.

use std::collections::BTreeMap;

use rand_chacha::ChaCha20Rng;
use rand_core::RngCore as _;
use scep::UnixTime;
use scep::attribute::{MessageType, Nonce, PkiStatus, TransactionId};
use scep::ca_cert::{CaCertificates, read_certificates_only};
use scep::certificate::{Certificate, CertificateParts};
use scep::cms::Recipient;
use scep::fault::Faults;
use scep::http::{Delivery, HttpRequest, Operation};
use scep::key::{Password, PrivateKey};
use scep::message::{MessageParts, PkiMessage, Sender};
use scep::suite::{Cipher, Digest};
use scep::tlv::Source;

use super::Call;
use crate::runner::Error;
use crate::runner::keys::Keys;
use crate::runner::operator::Operator;
use crate::runner::subject::ServerSubject;
use crate::transcript::{Exchange, Keys as OpeningKeys, Reply, Request};

/// By GET or by POST.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// RFC 8894 4.1, mandatory.
    Post,
    /// Historic.
    Get,
}

impl Via {
    /// `post` or `get`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "post" => Some(Self::Post),
            "get" => Some(Self::Get),
            _ => None,
        }
    }
}

/// A requester: certificate and key, name, and its transaction.
#[derive(Debug, Clone)]
pub struct Identity {
    /// Certificate and key that sign, and that answers are for.
    pub sender: Sender,
    /// The key that is to be certified: that of the sender, but for a renewal with a new one.
    pub requested: PrivateKey,
    /// Subject, DER.
    pub subject: Vec<u8>,
    /// transactionID.
    pub transaction_id: TransactionId,
}

impl Identity {
    /// A new requester with an unknown transactionID.
    pub(crate) fn new(stage: &mut Stage<'_>, subject: &str) -> scep::error::Result<Self> {
        let subject = scep::name::parse(subject)?;
        let key = stage.keys.next()?;
        let parts = CertificateParts::self_signed(&subject, key.public(), stage.random(8), stage.now);
        let certificate = Certificate::from_der(&parts.write(&key, &mut Faults::none())?)?;
        let transaction_id = TransactionId::random(stage.rng());
        Ok(Self { requested: key.clone(), sender: Sender { certificate, key }, subject, transaction_id })
    }
}

/// A message to be written and sent.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// messageType.
    pub message_type: MessageType,
    /// Plain messageData, DER.
    pub data: Vec<u8>,
    /// Certificates behind the signer's, DER.
    pub chain: Vec<Vec<u8>>,
    /// Content cipher.
    pub cipher: Cipher,
    /// Digest.
    pub digest: Digest,
    /// Method.
    pub via: Via,
    /// To whom.
    pub to: To,
}

/// Whom a message is enveloped to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum To {
    /// The CA, or its registration authority, by GetCACert.
    #[default]
    Current,
    /// The CA that issues, also where a registration authority speaks for it.
    Issuer,
    /// Whoever knows the challengePassword of the request: for a CA whose key cannot encrypt (RFC 8894 3.1).
    Challenge,
    /// The CA that GetNextCACert tells of.
    Next,
}

/// Everything that the steps of one case share.
#[derive(Debug)]
pub struct Stage<'a> {
    subject: &'a ServerSubject,
    keys: &'a Keys,
    rng: ChaCha20Rng,
    now: UnixTime,
    ca: Option<CaCertificates>,
    next_ca: Option<CaCertificates>,
    identities: BTreeMap<String, Identity>,
    exchanges: Vec<Exchange>,
    undelivered: Vec<String>,
    notes: Vec<String>,
}

/// What the steps of a case left.
#[derive(Debug)]
pub struct Left {
    /// The recorded exchanges.
    pub exchanges: Vec<Exchange>,
    /// Faults that found nothing to change.
    pub undelivered: Vec<String>,
    /// Remarks for the transcript.
    pub notes: Vec<String>,
}

impl<'a> Stage<'a> {
    /// An empty stage.
    #[must_use]
    pub fn new(subject: &'a ServerSubject, keys: &'a Keys, rng: ChaCha20Rng, now: UnixTime) -> Self {
        Self {
            subject,
            keys,
            rng,
            now,
            ca: None,
            next_ca: None,
            identities: BTreeMap::new(),
            exchanges: Vec::new(),
            undelivered: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// The right challengePassword of the server, when it has one.
    #[must_use]
    pub fn challenge(&self) -> Option<&str> {
        self.subject.challenge.as_deref()
    }

    /// What is left at the end.
    #[must_use]
    pub fn leave(self) -> Left {
        Left { exchanges: self.exchanges, undelivered: self.undelivered, notes: self.notes }
    }

    /// Keys for new requesters.
    #[must_use]
    pub fn keys(&self) -> &Keys {
        self.keys
    }

    /// The case's generator.
    pub fn rng(&mut self) -> &mut ChaCha20Rng {
        &mut self.rng
    }

    /// Random octets from the case's generator; the first is below 0x80 and not zero, so that they are a
    /// positive INTEGER of that length.
    pub fn random(&mut self, length: usize) -> Vec<u8> {
        let mut octets = vec![0; length];
        self.rng.fill_bytes(&mut octets);
        if let Some(first) = octets.first_mut() {
            *first = *first & 0x7f | 0x01;
        }
        octets
    }

    /// The time of the run.
    #[must_use]
    pub fn now(&self) -> UnixTime {
        self.now
    }

    /// A subject name that no other case uses.
    pub fn unique_subject(&mut self) -> String {
        let tail = hex::encode(self.random(6));
        format!("CN=sceptic-{tail},O=sceptic")
    }

    /// Subject name of the issuing CA, DER; empty when GetCACert gave none.
    #[must_use]
    pub fn issuer_name(&self) -> Vec<u8> {
        self.ca.as_ref().and_then(CaCertificates::issuer).map(|ca| ca.subject.clone()).unwrap_or_default()
    }

    /// Keeps the requester of a step for later ones.
    pub fn remember(&mut self, step: &str, identity: Identity) {
        self.identities.insert(step.to_owned(), identity);
    }

    /// The requester of an earlier step.
    #[must_use]
    pub fn identity(&self, step: &str) -> Option<Identity> {
        self.identities.get(step).cloned()
    }

    /// The certificate that an earlier step was granted; None when it was not.
    #[must_use]
    pub fn granted(&self, step: &str) -> Option<Certificate> {
        let identity = self.identities.get(step)?;
        let mut replies = self.exchanges.iter().rev().filter(|exchange| exchange.step == step);
        replies.find_map(|exchange| {
            let Reply::Answered(response) = &exchange.reply else { return None };
            let message = PkiMessage::read(&response.body).ok()?.value;
            let envelope = message.envelope(&mut Vec::new()).ok()??;
            let opener = PrivateKey::from_pem(exchange.keys.reply.as_ref()?.as_bytes()).ok()?;
            let plain = envelope.open(&opener).ok()?;
            let signed = read_certificates_only(Source::message_data(&plain), &mut Vec::new()).ok()?;
            let mut certificates = signed.certificates.iter().filter_map(|raw| raw.read().ok());
            certificates.find(|certificate| certificate.spki == identity.requested.public().spki())
        })
    }

    /// The certificates of GetCACert, DER; none when it gave none.
    #[must_use]
    pub fn ca_certificates(&self) -> Vec<Vec<u8>> {
        let known = self.ca.iter().flat_map(|ca| &ca.certificates);
        known.map(|certificate| certificate.der.clone()).collect()
    }

    /// Keeps the next CA's certificates for later steps.
    pub fn remember_next(&mut self, next: CaCertificates) {
        self.next_ca = Some(next);
    }

    /// Who approves.
    #[must_use]
    pub fn operator(&self) -> &Operator {
        &self.subject.operator
    }

    /// A remark for the transcript.
    pub fn note(&mut self, remark: String) {
        self.notes.push(remark);
    }

    /// Path and query.
    #[must_use]
    pub fn target(&self, query: &str) -> String {
        self.subject.http.target(query)
    }

    /// GET with a query.
    pub async fn get(&mut self, step: &str, query: &str) {
        let request = Request {
            method: "GET".to_owned(),
            target: self.target(query),
            headers: Vec::new(),
            body: Vec::new(),
        };
        let reply = self.send(step, request, None, None).await;
        if let Reply::Answered(response) = reply
            && query == HttpRequest::query(Operation::GetCaCert).query
            && let Ok(ca) = CaCertificates::read(&response.body, &mut Vec::new())
        {
            self.ca = Some(ca);
        }
    }

    /// Sends a request and records the exchange; `key` opens the reply, `data` is what the envelope holds.
    pub async fn send(
        &mut self,
        step: &str,
        request: Request,
        key: Option<String>,
        data: Option<Vec<u8>>,
    ) -> Reply {
        self.deliver(step, request, &Delivery::default(), key, data).await
    }

    async fn deliver(
        &mut self,
        step: &str,
        request: Request,
        delivery: &Delivery,
        key: Option<String>,
        data: Option<Vec<u8>>,
    ) -> Reply {
        let (reply, ms) = self.subject.http.deliver(&request, delivery).await;
        self.exchanges.push(Exchange {
            step: step.to_owned(),
            request,
            reply: reply.clone(),
            keys: OpeningKeys { request: None, reply: key },
            message_data: data,
            ms,
        });
        reply
    }

    /// Changes a request by the faults of the step, sends and records it; keeps the CA certificates of an answer.
    pub async fn send_http(
        &mut self,
        call: &Call,
        mut http: HttpRequest,
        faults: &mut Faults,
        key: Option<String>,
        data: Option<Vec<u8>>,
    ) -> Reply {
        faults.request(&mut http);
        let missed = call.faults.iter().filter(|fault| !faults.applied().contains(&fault.id));
        self.undelivered.extend(missed.map(|fault| fault.id.clone()));
        let content_type = http.content_type.map(|value| ("content-type".to_owned(), value));
        let request = Request {
            method: http.delivery.line.method.clone().unwrap_or_else(|| http.method.name().to_owned()),
            target: http.delivery.target(&self.target(&http.query)),
            headers: content_type.into_iter().chain(http.headers).collect(),
            body: http.body,
        };
        let is_ca = http.query == HttpRequest::query(Operation::GetCaCert).query;
        let reply = self.deliver(&call.id, request, &http.delivery, key, data).await;
        if let (true, Reply::Answered(response)) = (is_ca, &reply)
            && let Ok(ca) = CaCertificates::read(&response.body, &mut Vec::new())
        {
            self.ca = Some(ca);
        }
        reply
    }

    /// Writes, sends and records a pkiMessage; says the pkiStatus of the answer.
    ///
    /// # Errors
    /// When the server gave no certificate to encrypt to, or the message cannot be written.
    pub async fn send_message(
        &mut self,
        call: &Call,
        identity: &Identity,
        mut outgoing: Outgoing,
        mut faults: Faults,
    ) -> Result<Option<PkiStatus>, Error> {
        let failed = call.write_error();
        let (known, source) = match outgoing.to {
            To::Current | To::Issuer | To::Challenge => (&self.ca, Operation::GetCaCert),
            To::Next => (&self.next_ca, Operation::GetNextCaCert),
        };
        let Some(recipient) = known.as_ref() else {
            // The checks on that step say what is wrong; this step leaves no trace and stays unjudged.
            let source = source.name();
            self.notes.push(format!("step {}: {source} gave no certificate, nothing was sent", call.id));
            return Ok(None);
        };
        let permitted = match outgoing.to {
            To::Issuer | To::Challenge => None,
            To::Current | To::Next => recipient.recipient().ok(),
        };
        let Some(recipient) = permitted.or_else(|| recipient.issuer()) else {
            return Err(call.wrong("there is nobody to envelope to"));
        };
        if let Some(spoken) = &self.subject.spoken {
            spoken.apply(&mut outgoing);
        }
        let recipient: Recipient = match (outgoing.to, self.challenge()) {
            (To::Challenge, Some(challenge)) => Password::from(challenge).into(),
            _ => recipient.clone().into(),
        };
        let parts = MessageParts {
            message_type: outgoing.message_type,
            transaction_id: identity.transaction_id.clone(),
            sender_nonce: Some(Nonce::random(&mut self.rng)),
            recipient_nonce: None,
            outcome: None,
            message_data: Some(outgoing.data.clone()),
            recipient: Some(recipient),
            cipher: outgoing.cipher,
            digest: outgoing.digest,
            certificates: [vec![identity.sender.certificate.der.clone()], outgoing.chain].concat(),
        };
        let message = parts.write(&identity.sender, &mut faults, &mut self.rng).map_err(&failed)?;
        let http = match outgoing.via {
            Via::Post => HttpRequest::post(message),
            Via::Get => HttpRequest::get(&message),
        };
        let key = identity.sender.key.to_pem().map_err(&failed)?;
        let reply = self.send_http(call, http, &mut faults, Some(key), Some(outgoing.data)).await;
        let Reply::Answered(response) = reply else { return Ok(None) };
        Ok(PkiMessage::read(&response.body).ok().and_then(|read| read.value.pki_status()))
    }
}
