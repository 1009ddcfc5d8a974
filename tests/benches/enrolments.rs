//! Enrolments a second of one mock-ca over HTTP with its store on SQLite, beside scepserver's and beside the
//! three RSA private operations that one takes; in turns, on one machine, with requests made beforehand.
//!
//! `cargo bench -p tests --bench enrolments`; a number after `--` is the seconds of each turn.

use std::error::Error;
use std::fs;
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use openssl::rsa::{Padding, Rsa};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use scep::attribute::{MessageType, Nonce, PkiStatus, TransactionId};
use scep::certificate::{Certificate, CertificateParts};
use scep::csr::CsrParts;
use scep::fault::Faults;
use scep::key::PrivateKey;
use scep::message::{MessageParts, PkiMessage, Sender};
use scep::suite::{Cipher, Digest};
use scep::{UnixTime, name};
use tests::binaries;
use tests::peers::http::KeptAlive;
use tests::peers::namespace::{Place, enter};
use tests::peers::{Process, Scepserver};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Turns of each side.
const TURNS: usize = 3;

/// Connections at once: enough to keep two processors busy while some of them wait for the disk.
const CONNECTIONS: usize = 16;

/// More enrolments a second than either does.
const MOST: usize = 1500;

const CHALLENGE: &str = "secret";

fn main() -> ExitCode {
    match enter() {
        Place::Ran(code) => return code,
        Place::Outside(why) => {
            eprintln!("outside of a network namespace, where scepserver listens on all addresses: {why}")
        }
        Place::Inside => {}
    }
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("enrolments: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Outcome<()> {
    let seconds = std::env::args().find_map(|word| word.parse().ok()).unwrap_or(3);
    let turn = Duration::from_secs(seconds);
    let folder = tempfile::tempdir()?;
    let config = folder.path().join("mock-ca.toml");
    let database = folder.path().join("store.db").display().to_string();
    fs::write(
        &config,
        format!(
            "schema = \"sceptic/mock-ca/1\"\n[policy]\nchallenge = {CHALLENGE:?}\n[store]\nsqlite = {database:?}\n"
        ),
    )?;
    let ca_file = folder.path().join("ca.pem");
    let mut command = Command::new(binaries::path_of("mock-ca")?);
    command.args(["serve", "--config"]).arg(&config).arg("--ca-out").arg(&ca_file);
    let mut process = Process::start(&mut command, &folder.path().join("log"))?;
    let port = process.wait_for(|process| {
        let output = process.output();
        let line =
            output.lines().find(|line| line.starts_with("scep ") && output.contains("for tests only:"))?;
        line.rsplit_once(':')?.1.split('/').next()?.parse::<u16>().ok()
    })?;
    let scepserver = Scepserver::start()?;

    let wanted = MOST * usize::try_from(seconds)?;
    let mut ours = Side::new(port, &fs::read(&ca_file)?, Cipher::Aes128, Digest::Sha256, wanted)?;
    let mut theirs = Side::new(
        scepserver.port(),
        &fs::read(scepserver.ca_certificate())?,
        Cipher::Des,
        Digest::Sha1,
        wanted / 3,
    )?;
    let (mut rates, mut bounds, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..TURNS {
        bounds.push(bound(turn)?);
        rates.push(ours.run(turn)?);
        others.push(theirs.run(turn)?);
    }
    let (rate, bound, other) = (middle(rates), middle(bounds), middle(others));
    println!("mock-ca, SQLite      {rate:7.0} enrolments/s");
    println!(
        "scepserver           {other:7.0} enrolments/s   mock-ca does {:.1} times as many",
        rate / other
    );
    println!("3 RSA-2048 private   {bound:7.0} a second       mock-ca reaches {:.2} of that", rate / bound);
    Ok(())
}

fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// How often a second all processors do three private operations.
fn bound(turn: Duration) -> Outcome<f64> {
    let key = Rsa::generate(2048)?;
    let processors = thread::available_parallelism()?.get();
    let start = Instant::now();
    let done: usize = thread::scope(|scope| {
        let threads: Vec<_> = (0..processors)
            .map(|_| {
                scope.spawn(|| {
                    let (mut done, mut out) = (0, [0; 256]);
                    while start.elapsed() < turn {
                        // Whether the number is a signature or a key is all the same to the operation.
                        if key.private_encrypt(&[1; 32], &mut out, Padding::PKCS1).is_ok() {
                            done += 1;
                        }
                    }
                    done
                })
            })
            .collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).sum()
    });
    Ok(done as f64 / start.elapsed().as_secs_f64() / 3.0)
}

/// A server and requests for it.
struct Side {
    port: u16,
    requests: Vec<Vec<u8>>,
    next: usize,
}

impl Side {
    fn new(port: u16, ca: &[u8], cipher: Cipher, digest: Digest, wanted: usize) -> Outcome<Self> {
        let ca = Certificate::from_pem(ca)?;
        let key = scep_vectors::keys::named("pool-00").ok_or("no key pool-00")?;
        let key = PrivateKey::from_pem(key.pem.as_bytes())?;
        let make = |number: usize| request(number, &key, &ca, cipher, digest);
        let numbers: Vec<usize> = (0..wanted * TURNS).collect();
        let requests = thread::scope(|scope| {
            let halves: Vec<_> = numbers
                .chunks(numbers.len().div_ceil(2).max(1))
                .map(|half| {
                    scope.spawn(move || half.iter().map(|number| make(*number)).collect::<Outcome<Vec<_>>>())
                })
                .collect();
            halves
                .into_iter()
                .map(|half| half.join().map_err(|_| "a thread panicked")?)
                .collect::<Outcome<Vec<_>>>()
        })?;
        Ok(Self { port, requests: requests.concat(), next: 0 })
    }

    /// Certificates a second.
    fn run(&mut self, turn: Duration) -> Outcome<f64> {
        let (next, port, requests) = (AtomicUsize::new(self.next), self.port, &self.requests);
        let start = Instant::now();
        let granted = thread::scope(|scope| -> Outcome<usize> {
            let threads: Vec<_> = (0..CONNECTIONS)
                .map(|_| {
                    let next = &next;
                    scope.spawn(move || -> Outcome<usize> {
                        let (mut connection, mut granted) = (KeptAlive::open(port)?, 0);
                        while start.elapsed() < turn {
                            let number = next.fetch_add(1, Ordering::Relaxed);
                            let message = requests.get(number).ok_or("there are too few requests")?;
                            let answer = connection.post("/scep?operation=PKIOperation", message)?;
                            if answer.status != 200 {
                                return Err(format!("HTTP status {}", answer.status).into());
                            }
                            granted += 1;
                        }
                        Ok(granted)
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().map_err(|_| "a thread panicked")?).sum()
        })?;
        let rate = granted as f64 / start.elapsed().as_secs_f64();
        self.next = next.into_inner();
        // That the last one was granted says that they all had what they need.
        let last = requests.get(self.next).ok_or("there are too few requests")?;
        let answer = KeptAlive::open(port)?.post("/scep?operation=PKIOperation", last)?;
        self.next += 1;
        match status(&answer.body) {
            Some(PkiStatus::Success) => Ok(rate),
            other => Err(format!("pkiStatus {other:?}").into()),
        }
    }
}

fn status(body: &[u8]) -> Option<PkiStatus> {
    PkiMessage::read(body).ok()?.value.pki_status()
}

/// The PKCSReq of one device.
fn request(
    number: usize,
    key: &PrivateKey,
    ca: &Certificate,
    cipher: Cipher,
    digest: Digest,
) -> Outcome<Vec<u8>> {
    const NOW: UnixTime = UnixTime(1_795_219_200);
    let mut rng = ChaCha20Rng::seed_from_u64(number as u64);
    let subject = name::parse(&format!("CN=device-{number}"))?;
    let own = CertificateParts::self_signed(&subject, key.public(), vec![1], NOW);
    let certificate = Certificate::from_der(&own.write(key, &mut Faults::none())?)?;
    let csr = CsrParts::new(&subject, key.public(), Some(CHALLENGE)).write(key, &mut Faults::none())?;
    let parts = MessageParts {
        message_type: MessageType::PkcsReq,
        transaction_id: TransactionId::random(&mut rng),
        sender_nonce: Some(Nonce::random(&mut rng)),
        recipient_nonce: None,
        outcome: None,
        message_data: Some(csr),
        recipient: Some(ca.clone().into()),
        cipher,
        digest,
        certificates: vec![certificate.der.clone()],
    };
    Ok(parts.write(&Sender { certificate, key: key.clone() }, &mut Faults::none(), &mut rng)?)
}
