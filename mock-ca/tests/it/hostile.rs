//! Twenty thousand requests that nobody would send in good faith, to the program: it answers or closes, and
//! serves the next one.

use std::fs;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore as _, SeedableRng as _};
use scep::attribute::MessageType;
use scep::certificate::Certificate;
use scep::fault::{Faults, catalogue};

use crate::device::Device;
use crate::program::{Program, serve, word};
use crate::wire::get;

const REQUESTS: u32 = 20_000;
const WORKERS: u32 = 4;

/// The program, with what its clients need.
struct Subject {
    program: Program,
    url: String,
    ca: Certificate,
}

impl Subject {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("key.pem");
        fs::write(&key, scep_vectors::keys::named("ca-rsa").unwrap().pem).unwrap();
        let arguments = ["serve", "--challenge", crate::server::CHALLENGE, "--ca-key", key.to_str().unwrap()];
        let (mut program, lines, _) = serve(&arguments);
        program.discard_log();
        let url = word(&lines, "scep ").unwrap().to_owned();
        let ca = Certificate::from_der(&get(&url, "operation=GetCACert").body).unwrap();
        Self { program, url, ca }
    }

    fn address(&self) -> SocketAddr {
        self.url.strip_prefix("http://").unwrap().split('/').next().unwrap().parse().unwrap()
    }

    /// Resident memory in KiB.
    fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.program.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// A good enrolment works.
    fn serves(&self, key: &str) {
        let mut device = Device::new(key);
        let (message, nonce) = device.message(&self.ca, MessageType::PkcsReq, &[]);
        let reply = crate::wire::post(&self.url, "operation=PKIOperation", &message);
        assert_eq!(device.open(reply, nonce).word(), "SUCCESS");
    }
}

/// Sends one request on a connection of its own; the status, or None when the server closes without one.
fn send(address: SocketAddr, request: &[u8]) -> Option<u16> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    // It may close while this is still writing: then it has made up its mind.
    let _ = stream.write_all(request);
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        Err(error) => panic!("no answer and no close: {error}"),
    }
    let head = String::from_utf8_lossy(answer.get(..answer.len().min(64))?).into_owned();
    head.split(' ').nth(1)?.parse().ok()
}

fn post(body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST /scep?operation=PKIOperation HTTP/1.0\r\nContent-Type: application/x-pki-message\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// Messages to start from: every message with every fault of the catalogue that applies to it.
fn messages(ca: &Certificate) -> Vec<Vec<u8>> {
    let mut device = Device::new("pool-01");
    let types = [MessageType::PkcsReq, MessageType::CertPoll, MessageType::GetCert, MessageType::RenewalReq];
    let mut messages = Vec::new();
    for (number, fault) in catalogue().unwrap().iter().enumerate() {
        let message_type = types[number % types.len()];
        let faults = Faults::new(vec![fault.clone()]);
        messages.push(device.faulty(ca, message_type, faults).0);
    }
    messages
}

/// One hostile request: a message with a fault, with octets changed, cut, or repeated; random octets; a
/// query of them; HTTP that is none.
fn hostile(rng: &mut ChaCha20Rng, messages: &[Vec<u8>]) -> Vec<u8> {
    let mut below = |limit: usize| rng.next_u32() as usize % limit.max(1);
    let mut message = messages[below(messages.len())].clone();
    match below(8) {
        0 => post(&message),
        1..=3 => {
            for _ in 0..=below(8) {
                let at = below(message.len());
                if let Some(octet) = message.get_mut(at) {
                    *octet ^= 1 << below(8);
                }
            }
            post(&message)
        }
        4 => {
            message.truncate(below(message.len()));
            post(&message)
        }
        5 => {
            let random: Vec<u8> = (0..below(4000)).map(|_| below(256) as u8).collect();
            post(&random)
        }
        6 => {
            let query: String = (0..below(200)).map(|_| format!("%{:02x}", below(256))).collect();
            format!("GET /scep?operation=PKIOperation&message={query} HTTP/1.0\r\n\r\n").into_bytes()
        }
        _ => {
            // The server's time for a head is not what this is about: it is told that nothing follows.
            let mut random: Vec<u8> = (0..below(300)).map(|_| below(256) as u8).collect();
            random.extend(b"\r\n\r\n");
            random
        }
    }
}

#[test]
fn twenty_thousand_hostile_requests_leave_it_as_it_was() {
    let subject = Subject::start();
    let (address, messages) = (subject.address(), messages(&subject.ca));
    let failures = AtomicU32::new(0);
    let run = |requests: u32, seed: u8| {
        thread::scope(|scope| {
            for worker in 0..WORKERS {
                let (messages, failures) = (&messages, &failures);
                scope.spawn(move || {
                    let mut rng = ChaCha20Rng::from_seed([seed + worker as u8; 32]);
                    for _ in 0..requests / WORKERS {
                        let request = hostile(&mut rng, messages);
                        if send(address, &request).is_some_and(|status| status >= 500) {
                            failures.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
    };
    // The record of the latest exchanges has to be full before memory can be compared.
    run(REQUESTS / 2, 1);
    let before = subject.memory();
    run(REQUESTS / 2, 101);
    let after = subject.memory();
    assert_eq!(failures.into_inner(), 0, "answers with 5xx");
    assert!(after < before + before / 10 + 4096, "memory: {before} KiB, then {after} KiB");
    subject.serves("pool-00");
}

#[test]
fn who_is_slow_or_idle_or_too_long_hurts_nobody_else() {
    let subject = Subject::start();
    let address = subject.address();
    let idle: Vec<TcpStream> = (0..1000).map(|_| TcpStream::connect(address).unwrap()).collect();
    // Half a head, half a body, each on connections of its own.
    let slow: Vec<TcpStream> = (0..50)
        .map(|number| {
            let mut stream = TcpStream::connect(address).unwrap();
            let half = if number % 2 == 0 { &b"POST /scep?oper"[..] } else { &post(&[0x30; 500])[..300] };
            stream.write_all(half).unwrap();
            stream
        })
        .collect();
    let start = Instant::now();
    subject.serves("pool-00");
    assert!(start.elapsed() < Duration::from_secs(5), "served beside them, not after them");

    let before = subject.memory();
    let endless = post(&vec![0x30; 8 << 20]);
    for _ in 0..5 {
        assert_eq!(send(address, &endless), Some(413));
    }
    assert!(subject.memory() < before + (16 << 10), "a body over the limit is not kept");
    subject.serves("pool-02");
    drop((idle, slow));
}
