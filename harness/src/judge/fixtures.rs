//! One enrolment written by hand, with faults where a test wants them: the transcripts that the judge's own
//! tests look at. Keys, clock and generator are fixed, so the octets are too.

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use scep::UnixTime;
use scep::attribute::{FailInfo, MessageType, Nonce, TransactionId};
use scep::certificate::{Certificate, CertificateParts, Extension, KeyUsage};
use scep::cms::degenerate;
use scep::csr::CsrParts;
use scep::fault::Faults;
use scep::http::HttpResponse;
use scep::key::PrivateKey;
use scep::message::{IssuerAndSubject, MessageParts, Outcome, Sender};
use scep::suite::{Cipher, Digest};

use super::describe;
use super::facts::{self, Fact};
use super::view::World;
use crate::data::Source;
use crate::data::check::{Bundle, Check};
use crate::data::reference::{Reference, StepRef};
use crate::transcript::{ClientRun, Exchange, Keys, Reply, Request, Response, SCHEMA, Transcript};

const NOW: UnixTime = UnixTime(1_800_000_000);

/// What an answer is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Success,
    Failure,
    Pending,
}

/// A server, a device, and what they say to each other.
pub(super) struct Story {
    rng: ChaCha20Rng,
    ca: Sender,
    device: Sender,
    subject: Vec<u8>,
    transaction_id: TransactionId,
    nonce: Nonce,
}

impl Story {
    pub(super) fn new() -> Self {
        let mut rng = ChaCha20Rng::from_seed([5; 32]);
        let key = key("ca-rsa");
        let ca = Sender { certificate: written(ca_parts(&key), &key), key };

        let subject = scep::name::parse("CN=device,O=sceptic").unwrap();
        let key = PrivateKey::from_pem(scep_vectors::keys::pool()[0].pem.as_bytes()).unwrap();
        let parts = CertificateParts::self_signed(&subject, key.public(), vec![2], NOW);
        let device = Sender { certificate: written(parts, &key), key };
        let transaction_id = TransactionId::random(&mut rng);
        let nonce = Nonce::random(&mut rng);
        Self { rng, ca, device, subject, transaction_id, nonce }
    }

    fn request(&mut self, message_type: MessageType, data: Vec<u8>, faults: &mut Faults) -> Vec<u8> {
        let parts = MessageParts {
            message_type,
            transaction_id: self.transaction_id.clone(),
            sender_nonce: Some(self.nonce.clone()),
            recipient_nonce: None,
            outcome: None,
            message_data: Some(data),
            recipient: Some(self.ca.certificate.clone().into()),
            cipher: Cipher::Aes128,
            digest: Digest::Sha256,
            certificates: vec![self.device.certificate.der.clone()],
        };
        parts.write(&self.device.clone(), faults, &mut self.rng).unwrap()
    }

    /// A PKCSReq by POST and its answer, as step `enrol`; the request or the reply has the faults.
    pub(super) fn enrol(&mut self, answer: Answer, on_request: &[&str], on_reply: &[&str]) -> Exchange {
        let mut faults = list(on_request);
        let csr = CsrParts::new(&self.subject, self.device.key.public(), Some("secret"));
        let csr = csr.write(&self.device.key, &mut faults).unwrap();
        let body = self.request(MessageType::PkcsReq, csr.clone(), &mut faults);
        let request = post(body);
        let response = self.reply(answer, &mut list(on_reply));
        let device = self.device.key.to_pem().unwrap();
        Exchange {
            step: "enrol".to_owned(),
            request,
            reply: Reply::Answered(response),
            keys: Keys { request: None, reply: Some(device) },
            message_data: Some(csr),
            ms: 1,
        }
    }

    /// A CertPoll by POST and its answer, as step `poll`.
    pub(super) fn poll(&mut self, answer: Answer) -> Exchange {
        let data =
            IssuerAndSubject { issuer: self.ca.certificate.subject.clone(), subject: self.subject.clone() };
        let data = data.write();
        let body = self.request(MessageType::CertPoll, data.clone(), &mut Faults::none());
        let response = self.reply(answer, &mut Faults::none());
        Exchange {
            step: "poll".to_owned(),
            request: post(body),
            reply: Reply::Answered(response),
            keys: Keys { request: None, reply: Some(self.device.key.to_pem().unwrap()) },
            message_data: Some(data),
            ms: 1,
        }
    }

    fn reply(&mut self, answer: Answer, faults: &mut Faults) -> Response {
        let (outcome, message_data) = match answer {
            Answer::Success => {
                let parts = CertificateParts {
                    serial: vec![0x11, 0x22],
                    issuer: self.ca.certificate.subject.clone(),
                    extensions: vec![Extension::basic_constraints(false)],
                    ..CertificateParts::self_signed(&self.subject, self.device.key.public(), vec![3], NOW)
                };
                let leaf = parts.write(&self.ca.key, faults).unwrap();
                let mut payload = degenerate(&[leaf]);
                faults.degenerate(&mut payload);
                (Outcome::Success, Some(payload.write()))
            }
            Answer::Failure => (Outcome::Failure(FailInfo::BadRequest, None), None),
            Answer::Pending => (Outcome::Pending, None),
        };
        let parts = MessageParts {
            message_type: MessageType::CertRep,
            transaction_id: self.transaction_id.clone(),
            sender_nonce: Some(Nonce::random(&mut self.rng)),
            recipient_nonce: Some(self.nonce.clone()),
            outcome: Some(outcome),
            recipient: message_data.is_some().then(|| self.device.certificate.clone().into()),
            message_data,
            cipher: Cipher::Aes128,
            digest: Digest::Sha256,
            certificates: vec![self.ca.certificate.der.clone()],
        };
        let body = parts.write(&self.ca, faults, &mut self.rng).unwrap();
        served(scep::http::PKI_MESSAGE, body, faults)
    }

    /// GetCACert and its answer, as step `ca`; certificate and answer have the faults.
    pub(super) fn ca(&self, faults: &[&str]) -> Exchange {
        let mut faults = list(faults);
        let certificate = ca_parts(&self.ca.key).write(&self.ca.key, &mut faults).unwrap();
        asked("ca", "GetCACert", served("application/x-x509-ca-cert", certificate, &mut faults))
    }

    /// GetCACaps and its answer, as step `caps`.
    pub(super) fn caps(text: &str) -> Exchange {
        asked("caps", "GetCACaps", served("text/plain", text.as_bytes().to_vec(), &mut Faults::none()))
    }

    /// A run of a client, which installed the CA's certificate if anything.
    pub(super) fn run(&self, change: impl FnOnce(&mut ClientRun)) -> ClientRun {
        let mut run = ClientRun {
            outcome: "installed".to_owned(),
            installed: true,
            exit: Some(0),
            signal: None,
            timed_out: false,
            command: Vec::new(),
            stdout: String::new(),
            stderr: String::new(),
            files: [].into(),
            certificate: Some(self.ca.certificate.der.clone()),
            crl: None,
            challenge: "secret".to_owned(),
        };
        change(&mut run);
        run
    }
}

fn ca_parts(key: &PrivateKey) -> CertificateParts {
    let name = scep::name::parse("CN=test CA,O=sceptic").unwrap();
    let usage = KeyUsage::DIGITAL_SIGNATURE
        | KeyUsage::KEY_ENCIPHERMENT
        | KeyUsage::KEY_CERT_SIGN
        | KeyUsage::CRL_SIGN;
    CertificateParts {
        extensions: vec![Extension::basic_constraints(true), Extension::key_usage(usage)],
        ..CertificateParts::self_signed(&name, key.public(), vec![1], NOW)
    }
}

fn key(name: &str) -> PrivateKey {
    PrivateKey::from_pem(scep_vectors::keys::named(name).unwrap().pem.as_bytes()).unwrap()
}

fn written(parts: CertificateParts, key: &PrivateKey) -> Certificate {
    Certificate::from_der(&parts.write(key, &mut Faults::none()).unwrap()).unwrap()
}

fn list(ids: &[&str]) -> Faults {
    Faults::new(ids.iter().map(|id| scep::fault::find(id).unwrap()).collect())
}

fn served(content_type: &str, body: Vec<u8>, faults: &mut Faults) -> Response {
    let mut response = HttpResponse::ok(content_type, body);
    faults.response(&mut response);
    let headers = response.content_type.map(|value| ("content-type".to_owned(), value));
    Response { status: response.status, headers: headers.into_iter().collect(), body: response.body }
}

fn post(body: Vec<u8>) -> Request {
    Request {
        method: "POST".to_owned(),
        target: "/scep?operation=PKIOperation".to_owned(),
        headers: vec![("content-type".to_owned(), scep::http::PKI_MESSAGE.to_owned())],
        body,
    }
}

fn asked(step: &str, operation: &str, response: Response) -> Exchange {
    Exchange {
        step: step.to_owned(),
        request: Request {
            method: "GET".to_owned(),
            target: format!("/scep?operation={operation}"),
            headers: Vec::new(),
            body: Vec::new(),
        },
        reply: Reply::Answered(response),
        keys: Keys::default(),
        message_data: None,
        ms: 1,
    }
}

/// The same exchange, of which nothing came back.
pub(super) fn unanswered(exchange: Exchange, kind: &str) -> Exchange {
    Exchange {
        reply: Reply::Failed { kind: kind.to_owned(), detail: "as the test says".to_owned() },
        ..exchange
    }
}

pub(super) fn transcript(exchanges: impl IntoIterator<Item = Exchange>) -> Transcript {
    Transcript {
        schema: SCHEMA.to_owned(),
        case: "srv.enrol.granted".to_owned(),
        instance: "srv.enrol.granted".to_owned(),
        exchanges: exchanges.into_iter().collect(),
        runs: [].into(),
        delivered: [].into(),
        harness_error: None,
        notes: Vec::new(),
        ms: 4,
    }
}

/// Discovery and an enrolment that is answered so, with faults on the answer.
pub(super) fn enrolment(answer: Answer, on_reply: &[&str]) -> Transcript {
    let mut story = Story::new();
    let exchange = story.enrol(answer, &[], on_reply);
    transcript([story.ca(&[]), exchange])
}

/// What `STEP:PATH` finds.
pub(super) fn fact(transcript: &Transcript, reference: &str) -> Fact {
    let reference: Reference = reference.parse().unwrap();
    let world = World::new(transcript);
    let views = world.views(reference.step.as_ref().unwrap());
    facts::look_up(&reference.path, views.last().unwrap())
}

/// The same in the words of a report.
pub(super) fn told(transcript: &Transcript, reference: &str) -> String {
    describe::fact(&fact(transcript, reference))
}

/// A check from the lines of a case file, on a step.
pub(super) fn check(on: &str, lines: &str) -> Check {
    let text = format!(
        "schema = \"sceptic/bundle/1\"\ntitle = \"t\"\n[[check]]\nid = \"c\"\nreq = [\"S-alive\"]\nelse = \"missed\"\n\
         killed_by = [\"m\"]\n{lines}\n"
    );
    let source = Source { path: "bundles/b.toml".into(), shown: "b.toml".into(), text };
    let bundle = Bundle::read(&source).unwrap();
    let on: StepRef = on.parse().unwrap();
    let (_, claim) = bundle.checks.into_iter().next().unwrap();
    Check { id: "b/c".into(), on, claim, added: Vec::new() }
}
