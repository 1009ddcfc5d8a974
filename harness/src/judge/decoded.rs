//! One exchange with its octets read: what facts are taken from.

use scep::Finding;
use scep::attribute::MessageType;
use scep::ca_cert::CaCertificates;
use scep::caps::Capabilities;
use scep::certificate::Certificate;
use scep::cms::{EnvelopedData, SignedData};
use scep::crl::Crl;
use scep::csr::Csr;
use scep::http::{Incoming, Operation};
use scep::key::PrivateKey;
use scep::message::{IssuerAndSerial, IssuerAndSubject, PkiMessage};
use scep::next_ca::NextCa;
use scep::tlv::Source;

use crate::transcript::{Exchange, Reply};

/// An exchange, read.
#[derive(Debug)]
pub(super) struct Decoded {
    /// Query and message of the request, taken apart.
    pub(super) incoming: Option<Incoming>,
    /// Findings about the query.
    pub(super) query_findings: Vec<Finding>,
    /// The request's pkiMessage.
    pub(super) request: Side,
    /// The reply's pkiMessage.
    pub(super) reply: Side,
    /// The reply to GetCACaps.
    pub(super) caps: Option<(Capabilities, Vec<Finding>)>,
    /// The reply to GetCACert, or why it is none.
    pub(super) ca: Option<Result<(CaCertificates, Vec<Finding>), String>>,
    /// The reply to GetNextCACert, or why it is none.
    pub(super) next: Option<Result<(NextCa, Vec<Finding>), String>>,
}

/// One pkiMessage, as far as it can be read.
#[derive(Debug, Default)]
pub(super) struct Side {
    /// The message, or why there is none.
    pub(super) message: Option<Result<PkiMessage, String>>,
    /// Findings of every layer.
    pub(super) findings: Vec<Finding>,
    /// The certificate that signed it, when it carries it.
    pub(super) signer: Option<Certificate>,
    /// The envelope, or why it cannot be read; None when eContent is omitted or empty.
    pub(super) envelope: Option<Result<EnvelopedData, String>>,
    /// The opened messageData, or why it does not open.
    pub(super) plain: Option<Result<Vec<u8>, String>>,
    /// messageData of a CertRep: certificates only.
    pub(super) payload: Option<Result<SignedData, String>>,
    /// Its certificates.
    pub(super) certificates: Vec<Certificate>,
    /// messageData of a PKCSReq or RenewalReq.
    pub(super) csr: Option<Result<Csr, String>>,
    /// messageData of a CertPoll.
    pub(super) poll: Option<Result<IssuerAndSubject, String>>,
    /// messageData of a GetCert or GetCRL.
    pub(super) lookup: Option<Result<IssuerAndSerial, String>>,
    /// The first CRL of a CertRep.
    pub(super) crl: Option<Result<Crl, String>>,
}

impl Decoded {
    pub(super) fn new(exchange: &Exchange) -> Self {
        let mut query_findings = Vec::new();
        let incoming = exchange.request.incoming(&mut query_findings).ok();
        let operation = incoming.as_ref().and_then(|incoming| incoming.operation.clone()).unwrap_or_default();
        let message = incoming.as_ref().and_then(|incoming| incoming.message.clone());
        let mut decoded = Self {
            incoming,
            query_findings,
            request: message
                .map(|message| {
                    Side::read(&message, exchange.keys.request.as_deref(), exchange.message_data.as_deref())
                })
                .unwrap_or_default(),
            reply: Side::default(),
            caps: None,
            ca: None,
            next: None,
        };
        if let Reply::Answered(response) = &exchange.reply {
            let mut findings = Vec::new();
            if operation == Operation::GetCaCaps.name() {
                let caps = Capabilities::read(&response.body, &mut findings);
                decoded.caps = Some((caps, findings));
            } else if operation == Operation::GetCaCert.name() {
                let ca = CaCertificates::read(&response.body, &mut findings);
                decoded.ca = Some(ca.map(|ca| (ca, findings)).map_err(|error| error.to_string()));
            } else if operation == Operation::GetNextCaCert.name() {
                let next = NextCa::read(&response.body).map(|read| (read.value, read.findings));
                decoded.next = Some(next.map_err(|error| error.to_string()));
            } else {
                decoded.reply = Side::read(&response.body, exchange.keys.reply.as_deref(), None);
            }
        }
        decoded
    }

    /// Names by which `saw.NAME` finds the exchange: the operation, and the messageType.
    pub(super) fn is_named(&self, name: &str) -> bool {
        let operation = self.incoming.as_ref().and_then(|incoming| incoming.operation.as_deref());
        // A wrong letter case is what a check on the query is about, so it must find the request.
        operation.is_some_and(|operation| operation.eq_ignore_ascii_case(name))
            || self.request.message_type().is_some_and(|kind| kind.name() == name)
    }
}

impl Side {
    /// Reads a message; `key` opens its envelope, `plain` is what we put into it ourselves.
    fn read(octets: &[u8], key: Option<&str>, plain: Option<&[u8]>) -> Self {
        let mut side = Self::default();
        let message = match PkiMessage::read(octets) {
            Ok(read) => {
                side.findings = read.findings;
                read.value
            }
            Err(error) => {
                side.message = Some(Err(error.to_string()));
                return side;
            }
        };
        side.signer = message.signer_certificate();
        side.envelope = message.envelope(&mut side.findings).map_err(|error| error.to_string()).transpose();
        let key = key.and_then(|pem| PrivateKey::from_pem(pem.as_bytes()).ok());
        if let (Some(Ok(envelope)), Some(key)) = (&side.envelope, &key) {
            side.plain = Some(envelope.open(key).map_err(|error| error.to_string()));
        } else if let Some(plain) = plain {
            side.plain = Some(Ok(plain.to_vec()));
        }
        let kind = message.message_type();
        side.message = Some(Ok(message));
        side.read_message_data(kind);
        side
    }

    fn read_message_data(&mut self, kind: Option<MessageType>) {
        let Some(Ok(plain)) = &self.plain else { return };
        let words = |error: scep::Error| error.to_string();
        match kind {
            Some(MessageType::PkcsReq | MessageType::RenewalReq) => {
                let read = Csr::read(Source::message_data(plain)).map_err(words);
                self.csr = Some(read.map(|read| {
                    self.findings.extend(read.findings);
                    read.value
                }));
            }
            Some(MessageType::CertPoll) => self.poll = Some(IssuerAndSubject::read(plain).map_err(words)),
            Some(MessageType::GetCert | MessageType::GetCrl) => {
                let read = IssuerAndSerial::read(plain).map_err(words);
                self.lookup = Some(read.map(|read| {
                    self.findings.extend(read.findings);
                    read.value
                }));
            }
            // A CertRep, and an answer whose messageType is wrong: its own check says so, the content is
            // read all the same.
            Some(MessageType::CertRep) | None => {
                let read = SignedData::read(Source::message_data(plain), &mut self.findings);
                if let Ok(payload) = &read {
                    self.certificates =
                        payload.certificates.iter().filter_map(|raw| raw.read().ok()).collect();
                    self.crl = payload.crls.first().map(|der| Crl::from_der(der).map_err(words));
                }
                self.payload = Some(read.map_err(words));
            }
        }
    }

    /// The message, when it could be read.
    pub(super) fn message(&self) -> Option<&PkiMessage> {
        self.message.as_ref()?.as_ref().ok()
    }

    pub(super) fn message_type(&self) -> Option<MessageType> {
        self.message()?.message_type()
    }
}
