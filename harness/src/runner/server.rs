//! One server case: its steps against the server under test, with discovery before and a sign of life after.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rand_chacha::ChaCha20Rng;
use rand_core::RngCore as _;
use scep::UnixTime;
use scep::attribute::{MessageType, Nonce, PkiStatus, TransactionId};
use scep::ca_cert::CaCertificates;
use scep::certificate::{Certificate, CertificateParts};
use scep::fault::Faults;
use scep::http::{HttpRequest, Operation};
use scep::message::{MessageParts, PkiMessage, Sender};
use scep::suite::{Cipher, Digest};

use super::keys::Keys;
use super::operator::Operator;
use super::{Error, Http};
use crate::data::{Case, Instance, Name, Step};
use crate::step::{Call, verb};
use crate::transcript::{self, Exchange, Keys as OpeningKeys, Reply, Request, Transcript};

/// A server under test.
#[derive(Debug, Clone)]
pub struct ServerSubject {
    /// Name in reports.
    pub name: String,
    /// How it is reached.
    pub http: Http,
    /// The right challengePassword, when it has one.
    pub challenge: Option<String>,
    /// Who approves.
    pub operator: Operator,
}

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
    /// Self-signed certificate and its key.
    pub sender: Sender,
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
        Ok(Self { sender: Sender { certificate, key }, subject, transaction_id })
    }
}

/// A message to be written and sent.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// messageType.
    pub message_type: MessageType,
    /// Plain messageData, DER.
    pub data: Vec<u8>,
    /// Content cipher.
    pub cipher: Cipher,
    /// Digest.
    pub digest: Digest,
    /// Method.
    pub via: Via,
}

/// Everything that the steps of one case share.
#[derive(Debug)]
pub struct Stage<'a> {
    subject: &'a ServerSubject,
    keys: &'a Keys,
    rng: ChaCha20Rng,
    now: UnixTime,
    ca: Option<CaCertificates>,
    identities: BTreeMap<String, Identity>,
    exchanges: Vec<Exchange>,
    undelivered: Vec<String>,
    notes: Vec<String>,
}

/// What a run of a case left.
#[derive(Debug)]
pub struct Ran {
    /// The recorded exchanges.
    pub transcript: Transcript,
    /// Faults that found nothing to change: the case then proves nothing.
    pub undelivered: Vec<String>,
    /// Remarks of the runner for the log.
    pub notes: Vec<String>,
}

/// Runs one instance of a case against the server.
pub async fn run(
    case: &Case,
    instance: &Instance,
    subject: &ServerSubject,
    keys: &Keys,
    rng: ChaCha20Rng,
    now: UnixTime,
) -> Ran {
    let start = Instant::now();
    let mut stage = Stage {
        subject,
        keys,
        rng,
        now,
        ca: None,
        identities: BTreeMap::new(),
        exchanges: Vec::new(),
        undelivered: Vec::new(),
        notes: Vec::new(),
    };
    let harness_error = match tokio::time::timeout(case.timeout, stage.play(case, instance)).await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(error.to_string()),
        // Every exchange has its own limit, so this is a server that is slow many times over.
        Err(_) => {
            stage.notes.push(format!("stopped at the case's limit of {} s", case.timeout.as_secs()));
            None
        }
    };
    stage.get("alive", &format!("operation={}", Operation::GetCaCaps.name())).await;
    Ran {
        transcript: Transcript {
            schema: transcript::SCHEMA.to_owned(),
            case: case.id.clone(),
            instance: instance.id.clone(),
            exchanges: stage.exchanges,
            runs: BTreeMap::new(),
            delivered: BTreeMap::new(),
            harness_error,
            ms: milliseconds(start.elapsed()),
        },
        undelivered: stage.undelivered,
        notes: stage.notes,
    }
}

impl Stage<'_> {
    async fn play(&mut self, case: &Case, instance: &Instance) -> Result<(), Error> {
        self.get("ca", &format!("operation={}", Operation::GetCaCert.name())).await;
        for step in &case.steps {
            let call = self.call(case, instance, step)?;
            let act = verb(&step.verb).and_then(|row| row.act);
            let act = act.ok_or_else(|| call.wrong(format!("`{}` is no verb of server cases", step.verb)))?;
            act(self, &call).await?;
        }
        Ok(())
    }

    fn call(&self, case: &Case, instance: &Instance, step: &Step) -> Result<Call, Error> {
        let wrong = |detail: String| Error::Step { step: step.id.clone(), detail };
        let look_up = |name: &Name| match (name.scope.as_str(), name.field.as_str()) {
            // A case that needs a challenge is not planned for a server without one.
            ("subject", "challenge") => Some(self.subject.challenge.clone().unwrap_or_default()),
            (step, "transactionID") => {
                self.identities.get(step).map(|identity| identity.transaction_id.to_string())
            }
            _ => None,
        };
        let parameters =
            case.parameters(step, instance, &look_up).map_err(|missing| wrong(missing.to_string()))?;
        let faults = step.faults.iter().map(|id| scep::fault::find(id)).collect::<Result<_, _>>();
        let faults = faults.map_err(|error| wrong(error.to_string()))?;
        Ok(Call { id: step.id.clone(), parameters, faults, repeat: step.repeat.clone() })
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
        let tail: String = self.random(6).iter().map(|octet| format!("{octet:02x}")).collect();
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

    /// Who approves.
    #[must_use]
    pub fn operator(&self) -> &Operator {
        &self.subject.operator
    }

    /// A remark for the log.
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
        let (reply, ms) = self.subject.http.send(&request).await;
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

    /// Writes, sends and records a pkiMessage; says the pkiStatus of the answer.
    ///
    /// # Errors
    /// When the server gave no certificate to encrypt to, or the message cannot be written.
    pub async fn send_message(
        &mut self,
        call: &Call,
        identity: &Identity,
        outgoing: Outgoing,
        mut faults: Faults,
    ) -> Result<Option<PkiStatus>, Error> {
        let failed = call.write_error();
        let Some(recipient) = self.ca.as_ref() else {
            // The checks on the `ca` step say what is wrong; this step leaves no trace and stays unjudged.
            self.notes.push(format!("step {}: GetCACert gave no certificate, nothing was sent", call.id));
            return Ok(None);
        };
        let recipient = recipient.recipient().map_err(&failed).or_else(|error| match recipient.issuer() {
            Some(issuer) => Ok(issuer),
            None => Err(error),
        })?;
        let parts = MessageParts {
            message_type: outgoing.message_type,
            transaction_id: identity.transaction_id.clone(),
            sender_nonce: Some(Nonce::random(&mut self.rng)),
            recipient_nonce: None,
            outcome: None,
            message_data: Some(outgoing.data.clone()),
            recipient: Some(recipient.clone()),
            cipher: outgoing.cipher,
            digest: outgoing.digest,
            certificates: vec![identity.sender.certificate.der.clone()],
        };
        let message = parts.write(&identity.sender, &mut faults, &mut self.rng).map_err(&failed)?;
        let mut http = match outgoing.via {
            Via::Post => HttpRequest::post(message),
            Via::Get => HttpRequest::get(&message),
        };
        faults.request(&mut http);
        let missed = call.faults.iter().filter(|fault| !faults.applied().contains(&fault.id));
        self.undelivered.extend(missed.map(|fault| fault.id.clone()));
        let request = Request {
            method: http.method.name().to_owned(),
            target: self.target(&http.query),
            headers: http.content_type.map(|value| ("content-type".to_owned(), value)).into_iter().collect(),
            body: http.body,
        };
        let key = identity.sender.key.to_pem().map_err(&failed)?;
        let reply = self.send(&call.id, request, Some(key), Some(outgoing.data)).await;
        let Reply::Answered(response) = reply else { return Ok(None) };
        Ok(PkiMessage::read(&response.body).ok().and_then(|read| read.value.pki_status()))
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
