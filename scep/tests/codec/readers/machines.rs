//! Server and client as a whole: what arrives, and what is inside a message that is right but for it.

use std::sync::LazyLock;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use scep::attribute::{MessageType, Nonce, TransactionId};
use scep::ca_cert::CaCertificates;
use scep::client::{
    BackOff, Checks, Continuity, Discovery, DiscoveryPlan, Enrolment, Lookup, LookupPlan, Plan, PollPolicy,
    Query, Recovery, RequestForm, Step, Suite, Trust,
};
use scep::fault::Faults;
use scep::http::{CA_CERT, HttpResponse, PKI_MESSAGE};
use scep::key::Password;
use scep::message::{MessageParts, Outcome, PkiMessage, Sender};
use scep::server::{self, Reply, answer, receive};
use scep::suite::{Cipher, Digest};

use crate::material::{NOW, ca, csr, device, query};

/// The octets as a request, to a strict server and to one that checks nothing.
pub(super) fn server_receive(octets: &[u8]) {
    let (ca, device) = (ca(), device());
    for checks in [server::Checks::default(), LAX_SERVER] {
        match receive(octets, &[&ca, &device], &[Password::from("hunter2")], &checks) {
            Ok(request) => {
                for finding in &request.findings {
                    let _ = finding.to_string();
                }
            }
            Err((refusal, reply_to)) => {
                let _ = (refusal.fail_info(), refusal.to_string());
                if let Some(to) = reply_to {
                    let reply = Reply::Failure(refusal.fail_info(), None);
                    let _ = answer(&to, &reply, &ca, &mut Faults::none(), &mut rng());
                }
            }
        }
    }
}

/// Lets everything through that a server can be told to let through, so that what comes behind is reached.
const LAX_SERVER: server::Checks = server::Checks {
    signer_certificate: false,
    md5: false,
    single_des: false,
    known_cipher: false,
    message_digest: false,
    message_signature: false,
    message_type: false,
    transaction_id: false,
    sender_nonce: false,
    possession: false,
};

/// The octets as messageData of a request that is right but for them; the first says of which type.
pub(super) fn server_content(octets: &[u8]) {
    const TYPES: [MessageType; 5] = [
        MessageType::PkcsReq,
        MessageType::RenewalReq,
        MessageType::CertPoll,
        MessageType::GetCert,
        MessageType::GetCrl,
    ];
    let Some((first, content)) = octets.split_first() else { return };
    let message_type = TYPES[usize::from(*first) % TYPES.len()];
    let id = TransactionId::parse(b"TX-1").unwrap();
    let message = wrapped(message_type, id, None, content, &device(), &ca());
    for possession in [true, false] {
        let checks = server::Checks { possession, ..server::Checks::default() };
        match receive(&message, &[&ca()], &[], &checks) {
            Ok(request) => assert_eq!(request.message_type, message_type),
            Err((refusal, reply_to)) => {
                // The message was opened: its sender can be told.
                assert!(reply_to.is_some_and(|to| to.signer.is_some()), "{refusal}");
            }
        }
    }
}

/// The message; an answer is one to the request with that nonce.
fn wrapped(
    message_type: MessageType,
    transaction_id: TransactionId,
    recipient_nonce: Option<Nonce>,
    content: &[u8],
    from: &Sender,
    to: &Sender,
) -> Vec<u8> {
    let parts = MessageParts {
        message_type,
        transaction_id,
        sender_nonce: Some(Nonce(vec![7; 16])),
        outcome: recipient_nonce.is_some().then_some(Outcome::Success),
        recipient_nonce,
        message_data: Some(content.to_vec()),
        recipient: Some(to.certificate.clone().into()),
        cipher: Cipher::Aes128,
        digest: Digest::Sha256,
        certificates: vec![from.certificate.der.clone()],
    };
    parts.write(from, &mut Faults::none(), &mut rng()).unwrap()
}

/// The octets as the answer to a request that was sent, to a strict client and to one that checks nothing.
pub(super) fn client_answer(octets: &[u8]) {
    for checks in [Checks::default(), Checks::NONE] {
        take_enrolment(&HttpResponse::ok(PKI_MESSAGE, octets.to_vec()), checks);
    }
    let response = HttpResponse::ok(PKI_MESSAGE, octets.to_vec());
    WAITING.lookups.iter().for_each(|(machine, _)| take_lookup(machine, &response));
}

/// The octets as messageData of an answer that is right but for them.
pub(super) fn client_content(octets: &[u8]) {
    let answered = |(id, nonce): (&TransactionId, &Nonce)| {
        let reply = wrapped(MessageType::CertRep, id.clone(), Some(nonce.clone()), octets, &ca(), &device());
        HttpResponse::ok(PKI_MESSAGE, reply)
    };
    let (enrolment, nonce) = &WAITING.enrolment;
    let response = answered((enrolment.transaction_id(), nonce));
    for certificate_key in [true, false] {
        take_enrolment(&response, Checks { certificate_key, ..Checks::default() });
    }
    for (lookup, nonce) in &WAITING.lookups {
        take_lookup(lookup, &answered((lookup.transaction_id(), nonce)));
    }
}

/// The octets as the answer to every request of a discovery after the first.
pub(super) fn client_discovery(octets: &[u8]) {
    for trust in [Trust::Anything, Trust::Certificates(vec![ca().certificate])] {
        let plan = DiscoveryPlan {
            old_chain: true,
            next_ca: true,
            uncovered_next_ca: true,
            ..DiscoveryPlan::new(trust)
        };
        let mut machine = Discovery::new(plan);
        let mut body = b"GetNextCACert\n".to_vec();
        // Capabilities, certificates, chain, next CA, and one more that must not be.
        for _ in 0..5 {
            let Ok(Step::Send(_)) = machine.poll() else { break };
            machine.handle(&HttpResponse::ok(CA_CERT, std::mem::replace(&mut body, octets.to_vec())), NOW);
        }
        for finding in machine.findings() {
            let _ = finding.to_string();
        }
        assert!(machine.verdict().is_some(), "four questions are all");
    }
}

fn take_enrolment(response: &HttpResponse, checks: Checks) {
    let mut machine = WAITING.enrolment.0.clone().with_checks(checks);
    machine.handle(response, NOW);
    for finding in machine.findings() {
        let _ = finding.to_string();
    }
    let _ = machine.poll(NOW, &mut Faults::none(), &mut rng());
}

fn take_lookup(machine: &Lookup, response: &HttpResponse) {
    let mut machine = machine.clone();
    machine.handle(response);
    for finding in machine.findings() {
        let _ = finding.to_string();
    }
    assert!(machine.verdict().is_some(), "a lookup has one answer");
}

/// Machines whose request is on its way, each with the senderNonce of that request.
struct Waiting {
    enrolment: (Enrolment, Nonce),
    lookups: [(Lookup, Nonce); 2],
}

static WAITING: LazyLock<Waiting> = LazyLock::new(|| {
    let ca_certificates = || CaCertificates { certificates: vec![ca().certificate], is_chain: false };
    let suite = Suite { cipher: Cipher::Aes128, digest: Digest::Sha256, post: true };
    let device = device();
    let plan = Plan {
        ca: ca_certificates(),
        suite,
        csr: csr(&mut Faults::none()),
        subject: device.certificate.subject.clone(),
        spki: device.key.public().spki().to_vec(),
        signer: device.clone(),
        request: RequestForm::PkcsReq,
        password: Some(Password::from("hunter2")),
        poll: PollPolicy { interval: 60, max_polls: 3, max_seconds: 600, back_off: BackOff::NONE },
        recovery: Recovery::End,
        checks: Checks::default(),
        continuity: Continuity::default(),
    };
    let mut enrolment = Enrolment::new(plan, NOW, &mut rng());
    let nonce = sent(enrolment.poll(NOW, &mut Faults::none(), &mut rng()).unwrap());
    let lookups = [Query::Certificate(query()), Query::Crl(query())].map(|query| {
        let (ca, signer, password) = (ca_certificates(), device.clone(), None);
        let mut lookup = Lookup::new(
            LookupPlan { ca, suite, signer, password, query, checks: Checks::default() },
            &mut rng(),
        );
        let nonce = sent(lookup.poll(&mut Faults::none(), &mut rng()).unwrap());
        (lookup, nonce)
    });
    Waiting { enrolment: (enrolment, nonce), lookups }
});

fn sent<V: std::fmt::Debug>(step: Step<V>) -> Nonce {
    let Step::Send(request) = step else { panic!("the first step is a request: {step:?}") };
    PkiMessage::read(&request.body).unwrap().value.sender_nonce().unwrap()
}

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(8894)
}
