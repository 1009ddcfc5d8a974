//! The command line in this process, over a loopback socket, with real files and real time.

use std::fs;
use std::path::{Path, PathBuf};

use mock_client::cli::{Io, Process, run};
use mock_client::{Clock as _, Exit, SystemClock};
use rstest::rstest;
use scep::certificate::Certificate;
use scep::key::PrivateKey;
use scep::suite::Digest;
use tempfile::TempDir;

use crate::listener::Listener;
use crate::service::{CHALLENGE, Service, key};

/// A run of the client in a folder of its own.
struct Ran {
    code: u8,
    stdout: String,
    stderr: String,
}

fn client(args: &[&str]) -> Ran {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let mut io = Io { stdout: &mut stdout, stderr: &mut stderr, process: Process::Shared };
    let code = run(args, &mut io);
    let text = |octets| String::from_utf8(octets).unwrap();
    Ran { code, stdout: text(stdout), stderr: text(stderr) }
}

/// A folder for a device, with a key in it.
struct Device {
    dir: TempDir,
}

impl Device {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("key.pem"), key("pool-06").to_pem().unwrap()).unwrap();
        Self { dir }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn arg(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    fn enroll(&self, url: &str, more: &[&str]) -> Ran {
        self.enroll_with(url, CHALLENGE, &["--key", &self.arg("key.pem")], more)
    }

    fn enroll_with(&self, url: &str, challenge: &str, key: &[&str], more: &[&str]) -> Ran {
        let out = self.arg("cert.pem");
        let args =
            ["enroll", "--url", url, "--challenge", challenge, "--subject", "CN=dev1,O=lab", "--out", &out];
        client(&[&args, key, &["--poll-interval", "0", "--timeout", "30"], more].concat())
    }

    fn files(&self) -> Vec<String> {
        let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
        let mut names: Vec<String> = self.dir.path().read_dir().unwrap().map(name).collect();
        names.sort();
        names
    }
}

fn service() -> Service {
    Service::at(SystemClock.now())
}

fn read(path: &Path) -> Certificate {
    Certificate::from_pem(&fs::read(path).unwrap()).unwrap()
}

fn sha256(certificate: &Certificate) -> String {
    certificate.fingerprint(Digest::Sha256).unwrap().iter().map(|octet| format!("{octet:02X}")).collect()
}

#[test]
fn getcaps_prints_the_keywords() {
    let server = Listener::start(service());
    let ran = client(&["getcaps", "--url", &server.url]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "AES\nPOSTPKIOperation\nSCEPStandard\nSHA-256\n"));
    let json = client(&["getcaps", "--url", &server.url, "--json"]).stdout;
    assert_eq!(json, "{\"capabilities\":[\"AES\",\"POSTPKIOperation\",\"SCEPStandard\",\"SHA-256\"]}\n");
}

#[test]
fn getca_writes_the_certificate_that_has_the_fingerprint() {
    let server = Listener::start(service());
    let device = Device::new();
    let ca = server.service.lock().unwrap().ca.certificate.clone();
    let args =
        ["getca", "--url", &server.url, "--out", &device.arg("ca.crt"), "--ca-fingerprint", &sha256(&ca)];
    let ran = client(&args);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert_eq!(read(&device.path("ca.crt")), ca);
    assert!(ran.stdout.contains(&sha256(&ca).to_lowercase()), "{}", ran.stdout);
}

#[test]
fn getca_numbers_several_certificates() {
    let server = Listener::start(service().with_ra("ca-rsa"));
    let device = Device::new();
    assert_eq!(client(&["getca", "--url", &server.url, "--out", &device.arg("ca.crt")]).code, 0);
    assert_eq!(device.files(), ["ca.crt-0", "ca.crt-1", "key.pem"]);
    assert_eq!(read(&device.path("ca.crt-1")).subject_text(), "CN=CA");
}

#[test]
fn getca_writes_nothing_when_the_fingerprint_is_another() {
    let server = Listener::start(service());
    let device = Device::new();
    let wrong = "00".repeat(32);
    let ran =
        client(&["getca", "--url", &server.url, "--out", &device.arg("ca.crt"), "--ca-fingerprint", &wrong]);
    assert_eq!((ran.code, device.files()), (7, vec!["key.pem".to_owned()]));
    assert!(ran.stderr.contains("failed to trust the CA: expected sha-256 0000"), "{}", ran.stderr);
}

#[test]
fn enroll_writes_certificate_and_ca_and_says_so() {
    let server = Listener::start(service());
    let device = Device::new();
    let ran = device.enroll(&server.url, &["--ca-out", &device.arg("ca.pem"), "--dns", "dev1.example.org"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(device.files(), ["ca.pem", "cert.pem", "key.pem"]);
    assert_eq!(read(&device.path("cert.pem")).spki, key("pool-06").public().spki());
    assert_eq!(read(&device.path("ca.pem")), server.service.lock().unwrap().ca.certificate);
    assert!(ran.stdout.contains("subject    CN=dev1,O=lab\nserial     2a\n"), "{}", ran.stdout);
    assert!(ran.stderr.contains("warning: the CA certificate was not authenticated"), "{}", ran.stderr);
}

#[test]
fn enroll_makes_a_key_for_its_owner_only_and_keeps_it_when_refused() {
    let server = Listener::start(Service { refuses: true, ..service() });
    let device = Device::new();
    let new = device.arg("new.pem");
    let key_out = ["--key-out", &new, "--key-bits", "1024"];
    assert_eq!(device.enroll_with(&server.url, CHALLENGE, &key_out, &[]).code, 4);
    assert_eq!(device.files(), ["key.pem", "new.pem"]);
    let made = PrivateKey::from_pem(&fs::read(&new).unwrap()).unwrap();
    assert_eq!(made.public().bits(), 1024);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&new).unwrap().permissions().mode() & 0o777, 0o600);
    }

    server.service.lock().unwrap().refuses = false;
    assert_eq!(device.enroll_with(&server.url, CHALLENGE, &["--key", &new], &[]).code, 0);
    assert_eq!(read(&device.path("cert.pem")).spki, made.public().spki());
}

#[test]
fn a_key_that_is_there_is_not_replaced_and_nothing_is_sent() {
    let server = Listener::start(service());
    let device = Device::new();
    let before = fs::read(device.path("key.pem")).unwrap();
    let ran = device.enroll_with(
        &server.url,
        CHALLENGE,
        &["--key-out", &device.arg("key.pem")],
        &["--key-bits", "1024"],
    );
    assert_eq!((ran.code, server.log().len()), (8, 0), "{}", ran.stderr);
    assert_eq!(fs::read(device.path("key.pem")).unwrap(), before);
}

#[rstest]
#[case::refused(Service { refuses: true, ..service() }, Exit::Refused, "FAILURE badRequest: not today")]
#[case::rejected(
    service().with_faults("attr.recipientNonce.flip", "CertRep"),
    Exit::Rejected,
    "failed to accept the answer: recipientNonce"
)]
#[case::pending(Service { pending: 99, ..service() }, Exit::Pending, "still pending after 10 polls")]
#[case::no_ca(
    service().with_faults("http.status-404", "GetCACert"),
    Exit::Rejected,
    "failed to use the answer to GetCACert: HTTP status (RFC 8894 4.2.1): expected 200, got 404"
)]
fn without_success_an_existing_certificate_is_left_alone(
    #[case] service: Service,
    #[case] exit: Exit,
    #[case] says: &str,
) {
    let server = Listener::start(service);
    let device = Device::new();
    fs::write(device.path("cert.pem"), "the one before").unwrap();
    let ran = device.enroll(&server.url, &["--ca-out", &device.arg("ca.pem")]);
    assert_eq!((ran.code, ran.stdout.as_str()), (exit.code(), ""), "{}", ran.stderr);
    assert!(ran.stderr.contains(says), "{}", ran.stderr);
    assert_eq!(fs::read_to_string(device.path("cert.pem")).unwrap(), "the one before");
    assert_eq!(device.files(), ["cert.pem", "key.pem"]);
}

#[test]
fn nobody_there_is_a_network_error() {
    let url = Listener::start(service()).url.clone();
    let ran = Device::new().enroll(&url, &[]);
    assert_eq!(ran.code, 6);
    assert!(ran.stderr.contains("failed to reach the server: connection refused"), "{}", ran.stderr);
}

#[test]
fn another_ca_than_the_given_one_is_not_trusted() {
    let server = Listener::start(service());
    let device = Device::new();
    let other = service().with_ra("ca-rsa").agent.certificate;
    fs::write(device.path("other.pem"), other.to_pem()).unwrap();
    assert_eq!(device.enroll(&server.url, &["--ca", &device.arg("other.pem")]).code, 7);
    assert_eq!(server.log(), ["GetCACaps", "GetCACert"]);
}

#[test]
fn a_folder_that_is_not_there_is_noticed_before_anything_is_sent() {
    let server = Listener::start(service());
    let device = Device::new();
    let ran = device.enroll(&server.url, &["--ca-out", &device.arg("no/ca.pem")]);
    assert_eq!((ran.code, server.log().len()), (8, 0));
    assert!(ran.stderr.contains("failed to write ") && ran.stderr.contains("no/ca.pem"), "{}", ran.stderr);
}

#[rstest]
#[case::laxity(&["--laxity", "nonce"], "laxity `nonce` is unknown")]
#[case::fault(&["--fault", "attr.nothing"], "`attr.nothing` is not in the catalogue")]
#[case::fault_nth(&["--fault", "attr.extra:PKCSReq:0"], "expected a number from 1 on")]
#[case::fingerprint(&["--ca-fingerprint", "abc"], "expected 64 hex digits (SHA-256)")]
#[case::key_kind(&["--key-bits", "512"], "expected 1024 to 8192 bits, p-256, p-384 or p-521, got `512`")]
#[case::cipher(&["--cipher", "rot13"], "expected des, 3des, blowfish, aes128, aes192 or aes256, got `rot13`")]
#[case::digest(&["--digest", "crc32"], "got `crc32`")]
#[case::proxy(&["--proxy", "nowhere"], "expected HOST:PORT, got `nowhere`")]
#[case::alt_names(&["--alt-names", "DNS"], "DNS")]
#[case::usage(&["--usage", "decipher"], "decipher")]
#[case::seed(&["--seed", "xyz"], "expected 1 to 64 hex digits")]
#[case::flag(&["--no-such-flag"], "unexpected argument")]
#[case::crash(&["--laxity", "crash-on-failure"], "needs a process of its own")]
#[case::hang(&["--laxity", "hang-on-failure"], "needs a process of its own")]
fn a_command_line_that_makes_no_sense_is_explained(#[case] more: &[&str], #[case] says: &str) {
    let ran = Device::new().enroll("http://127.0.0.1:1/scep", more);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.contains(says), "{}", ran.stderr);
}

#[rstest]
#[case::no_key(&["enroll", "--url", "http://a/", "--subject", "CN=a", "--out", "x"], "--key")]
#[case::url(&["getcaps", "--url", "ftp://a/"], "only http and https are supported")]
#[case::subject(&["enroll", "--url", "http://a/", "--subject", "a", "--key", "k", "--out", "x"], "expected TYPE=value, got `a`")]
#[case::command(&["enrol"], "unrecognized subcommand")]
fn so_is_one_that_is_incomplete(#[case] args: &[&str], #[case] says: &str) {
    let ran = client(args);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains(says), "{}", ran.stderr);
}

#[test]
fn a_key_file_that_is_none_is_a_usage_error_and_a_missing_one_a_file_error() {
    let device = Device::new();
    fs::write(device.path("text.pem"), "no key").unwrap();
    let with =
        |name: &str| device.enroll_with("http://127.0.0.1:1/", CHALLENGE, &["--key", &device.arg(name)], &[]);
    assert_eq!((with("text.pem").code, with("missing.pem").code), (2, 8));
}

#[rstest]
#[case::whole(&["--help"])]
#[case::command(&["enroll", "--help"])]
fn help_lists_the_exit_codes(#[case] args: &[&str]) {
    let ran = client(args);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert!(ran.stdout.contains(&Exit::table()), "{}", ran.stdout);
}

#[test]
fn json_tells_how_it_ended() {
    let server = Listener::start(Service { pending: 1, ..service() });
    let device = Device::new();
    let ran = device.enroll(&server.url, &["--json", "--fault", "attr.extra:CertPoll"]);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((json["outcome"].as_str(), json["exit"].as_u64()), (Some("issued"), Some(0)), "{json}");
    assert_eq!((json["polls"].as_u64(), json["delivered"]["attr.extra"].as_u64()), (Some(1), Some(1)));
    assert_eq!(json["certificate"]["file"].as_str(), Some(device.arg("cert.pem").as_str()));

    server.service.lock().unwrap().refuses = true;
    let refused = device.enroll(&server.url, &["--json"]);
    let json: serde_json::Value = serde_json::from_str(&refused.stdout).unwrap();
    assert_eq!((json["outcome"].as_str(), json["exit"].as_u64()), (Some("refused"), Some(4)), "{json}");
    assert_eq!(
        (json["failInfo"].as_str(), json["failInfoText"].as_str()),
        (Some("badRequest"), Some("not today"))
    );
}

#[test]
fn neither_the_challenge_nor_a_bell_reaches_the_terminal() {
    let server = Listener::start(service());
    let device = Device::new();
    let ran = device.enroll_with(&server.url, "hunter2", &["--key", &device.arg("key.pem")], &[]);
    assert_eq!(ran.code, 4);
    assert!(ran.stderr.contains("wrong\u{fffd} challengePassword"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("hunter2") && !ran.stdout.contains("hunter2"));
}

#[test]
fn laxities_are_listed_one_a_line() {
    let ran = client(&["laxities"]);
    assert_eq!(ran.code, 0);
    assert_eq!(ran.stdout.lines().count(), mock_client::laxity::LAXITIES.len());
    assert!(ran.stdout.contains("\nrecipient-nonce\t8894-3.2.1.5-reject-nonce-mismatch\t"), "{}", ran.stdout);
}
