//! A device that asks for many certificates, each in a transaction of its own.

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use scep::attribute::{MessageType, Nonce, PkiStatus, TransactionId};
use scep::ca_cert::{CaCertificates, read_certificates_only};
use scep::certificate::{Certificate, CertificateParts};
use scep::csr::CsrParts;
use scep::fault::Faults;
use scep::key::PrivateKey;
use scep::message::{MessageParts, PkiMessage, Sender};
use scep::name;
use scep::suite::{Cipher, Digest};
use scep::tlv::Source;
use tests::peers::http;

use crate::material::{NOW, Outcome, key, said};

/// The device and the CA that it asks.
pub(crate) struct Device {
    signer: Sender,
    ca: Certificate,
}

/// What the server said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Said {
    Granted(Vec<u8>),
    Refused,
}

impl Device {
    /// Gets the CA's certificate from the server on that port.
    pub(crate) fn new(port: u16) -> Outcome<Self> {
        let answer = http::ask(port, "/scep?operation=GetCACert").map_err(said)?;
        let ca = CaCertificates::read(&answer.body, &mut Vec::new()).map_err(said)?;
        let ca = ca.recipient().map_err(said)?.clone();
        let key: PrivateKey = key("pool-00")?;
        let subject = name::parse("CN=device").map_err(said)?;
        let parts = CertificateParts::self_signed(&subject, key.public(), vec![1], NOW);
        let der = parts.write(&key, &mut Faults::none()).map_err(said)?;
        let certificate = Certificate::from_der(&der).map_err(said)?;
        Ok(Self { signer: Sender { certificate, key }, ca })
    }

    /// The PKCSReq of a transaction; the same octets each time.
    pub(crate) fn message(&self, transaction_id: &TransactionId, challenge: &str) -> Outcome<Vec<u8>> {
        let mut rng = ChaCha20Rng::from_seed([5; 32]);
        // Named apart: a client that is wrong too often is locked out.
        let subject = name::parse(&format!("CN={transaction_id}")).map_err(said)?;
        let csr = CsrParts::new(&subject, self.signer.key.public(), Some(challenge));
        let parts = MessageParts {
            message_type: MessageType::PkcsReq,
            transaction_id: transaction_id.clone(),
            sender_nonce: Some(Nonce::random(&mut rng)),
            recipient_nonce: None,
            outcome: None,
            message_data: Some(csr.write(&self.signer.key, &mut Faults::none()).map_err(said)?),
            recipient: Some(self.ca.clone().into()),
            cipher: Cipher::Aes128,
            digest: Digest::Sha256,
            certificates: vec![self.signer.certificate.der.clone()],
        };
        parts.write(&self.signer, &mut Faults::none(), &mut rng).map_err(said)
    }

    /// Sends a message; None when no whole answer comes.
    pub(crate) fn send(&self, port: u16, message: &[u8]) -> Outcome<Option<Said>> {
        let Ok(answer) = http::post(port, "/scep?operation=PKIOperation", message) else { return Ok(None) };
        if answer.status != 200 {
            return Err(format!("HTTP status {}", answer.status));
        }
        let message = PkiMessage::read(&answer.body).map_err(said)?.value;
        match message.pki_status() {
            Some(PkiStatus::Failure) => Ok(Some(Said::Refused)),
            Some(PkiStatus::Success) => {
                let envelope = message.envelope(&mut Vec::new()).map_err(said)?.ok_or("no envelope")?;
                let plain = envelope.open(&self.signer.key).map_err(said)?;
                let signed =
                    read_certificates_only(Source::message_data(&plain), &mut Vec::new()).map_err(said)?;
                let raw = signed.certificates.first().ok_or("no certificate")?;
                Ok(Some(Said::Granted(raw.read().map_err(said)?.der)))
            }
            other => Err(format!("pkiStatus {other:?}")),
        }
    }
}
