//! The command line of sscep over a loopback socket, option by option.

use std::ffi::OsString;
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;

use mock_client::cli::{Io, Process};
use mock_client::{Clock as _, SystemClock, sscep};
use rstest::rstest;
use scep::attribute::{MessageType, TransactionId};
use scep::certificate::{Certificate, pem};
use scep::csr::CsrParts;
use scep::fault::Faults;
use scep::suite::Digest;
use tempfile::TempDir;

use crate::listener::Listener;
use crate::service::{CHALLENGE, Service, issuer, key, script};

/// A folder with a key and a request, and a server.
struct Lab {
    dir: TempDir,
    server: Listener,
}

struct Ran {
    code: u8,
    stdout: String,
    stderr: String,
}

fn service() -> Service {
    Service::at(SystemClock.now())
}

fn sscep(args: &[&str]) -> Ran {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let mut io = Io { stdout: &mut stdout, stderr: &mut stderr, process: Process::Shared };
    let code = sscep::run("sscep", args.iter().map(OsString::from), &mut io);
    let text = |octets| String::from_utf8(octets).unwrap();
    Ran { code, stdout: text(stdout), stderr: text(stderr) }
}

impl Lab {
    fn new(service: Service) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let lab = Self { server: Listener::start(service), dir };
        lab.request("local", "pool-05", CHALLENGE);
        let ca = lab.server.service.lock().unwrap().ca.certificate.to_pem();
        fs::write(lab.path("ca.crt"), ca).unwrap();
        lab
    }

    /// `NAME.key` and `NAME.csr`.
    fn request(&self, name: &str, key_name: &str, challenge: &str) {
        let key = key(key_name);
        let subject = scep::name::parse("CN=dev1,O=lab").unwrap();
        let parts = CsrParts::new(&subject, key.public(), Some(challenge));
        let csr = parts.write(&key, &mut Faults::none()).unwrap();
        fs::write(self.path(&format!("{name}.key")), key.to_traditional_pem().unwrap()).unwrap();
        fs::write(self.path(&format!("{name}.csr")), pem("CERTIFICATE REQUEST", &csr)).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn arg(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    fn certificate(&self, name: &str) -> Certificate {
        Certificate::from_pem(&fs::read(self.path(name)).unwrap()).unwrap()
    }

    /// `enroll` with everything that it needs; words that are files are put into the folder.
    fn enroll(&self, more: &[&str]) -> Ran {
        let [ca, key, csr, local] = ["ca.crt", "local.key", "local.csr", "local.crt"].map(|n| self.arg(n));
        let args = ["enroll", "-u", &self.server.url, "-c", &ca, "-k", &key, "-r", &csr, "-l", &local];
        sscep(&[&args, more].concat())
    }
}

#[test]
fn r9_getcaps_prints_the_capabilities_in_one_line() {
    let lab = Lab::new(service());
    let ran = sscep(&["getcaps", "-u", &lab.server.url]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (0, "sscep: scep capabilities: AES, POSTPKIOperation, SCEPStandard, SHA-256\n")
    );
}

#[rstest]
#[case::default(&[], "MD5", Digest::Md5)]
#[case::md5(&["-F", "md5"], "MD5", Digest::Md5)]
#[case::sha1(&["-F", "sha1"], "SHA1", Digest::Sha1)]
#[case::sha224(&["-F", "sha224"], "SHA224", Digest::Sha224)]
#[case::sha256(&["-F", "sha256"], "SHA256", Digest::Sha256)]
#[case::sha384(&["-F", "sha384"], "SHA384", Digest::Sha384)]
#[case::sha512(&["-F", "sha512"], "SHA512", Digest::Sha512)]
fn r9_getca_writes_one_certificate_and_prints_its_fingerprint(
    #[case] more: &[&str],
    #[case] name: &str,
    #[case] digest: Digest,
) {
    let lab = Lab::new(service());
    let file = lab.arg("new.crt");
    let ran = sscep(&[&["getca", "-u", &lab.server.url, "-c", &file, "-v"], more].concat());
    let ca = lab.certificate("new.crt");
    let pairs: Vec<String> = ca.fingerprint(digest).unwrap().iter().map(|o| format!("{o:02X}")).collect();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(
        ran.stdout.contains(&format!("\nsscep: {name} fingerprint: {}\n", pairs.join(":"))),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains(&format!("\nsscep: CA certificate written as {file}\n")), "{}", ran.stdout);
}

#[test]
fn r9_getca_numbers_the_certificates_of_a_list() {
    let lab = Lab::new(service().with_ra("ca-rsa"));
    let file = lab.arg("new.crt");
    let ran = sscep(&["getca", "-u", &lab.server.url, "-c", &file, "-v"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(lab.certificate("new.crt-0").subject_text(), "CN=RA");
    assert_eq!(lab.certificate("new.crt-1").subject_text(), "CN=CA");
    for line in
        ["sscep: found certificate with\n  subject: /CN=RA\n  issuer: /CN=CA\n  usage: ", "new.crt-1\n"]
    {
        assert!(ran.stdout.contains(line), "{}", ran.stdout);
    }
    assert!(!sscep(&["getca", "-u", &lab.server.url, "-c", &file]).stdout.contains("found"), "only with -v");
}

#[test]
fn r9_getca_names_the_ca_by_its_identifier() {
    let lab = Lab::new(service());
    let file = lab.arg("new.crt");
    sscep(&["getca", "-u", &lab.server.url, "-c", &file]);
    sscep(&["getca", "-u", &lab.server.url, "-c", &file, "-i", "my CA"]);
    let queries = lab.server.service.lock().unwrap().queries.clone();
    assert_eq!(queries[..2], ["operation=GetCACaps", "operation=GetCACert&message=CAIdentifier"]);
    assert_eq!(queries[2..], ["operation=GetCACaps", "operation=GetCACert&message=my%20CA"]);
}

#[test]
fn r9_enroll_sends_the_request_and_writes_the_certificate() {
    let lab = Lab::new(service());
    let ran = lab.enroll(&["-L", &lab.arg("self.crt")]);
    let own = key("pool-05");
    let id = TransactionId::of_key(own.public().spki(), Digest::Md5).unwrap();
    let expected = format!(
        "sscep: selfsigned certificate written as {}\nsscep: sending certificate request\n\
         sscep: valid response from server\nsscep: pkistatus: SUCCESS\n",
        lab.arg("self.crt")
    );
    assert_eq!((ran.code, ran.stdout, ran.stderr.as_str()), (0, expected, ""));
    assert_eq!(lab.certificate("local.crt").spki, own.public().spki());
    assert!(lab.certificate("self.crt").is_self_signed());
    let service = lab.server.service.lock().unwrap();
    assert_eq!(service.messages()[0].transaction_id, Some(id));
    assert_eq!(service.log(), ["GetCACaps", "PKCSReq"]);
}

#[test]
fn r9_enroll_polls_as_often_as_it_is_told() {
    let lab = Lab::new(Service { pending: 2, ..service() });
    let ran = lab.enroll(&["-t", "0", "-n", "5"]);
    let expected = "sscep: sending certificate request\nsscep: valid response from server\n\
                    sscep: pkistatus: PENDING\nsscep: requesting certificate (#1)\n\
                    sscep: valid response from server\nsscep: pkistatus: PENDING\n\
                    sscep: requesting certificate (#2)\nsscep: valid response from server\n\
                    sscep: pkistatus: SUCCESS\n";
    assert_eq!((ran.code, ran.stdout.as_str()), (0, expected), "{}", ran.stderr);
}

#[rstest]
#[case::number(&["-t", "0", "-n", "2"], 2)]
#[case::no_poll(&["-t", "0", "-n", "0"], 0)]
#[case::time(&["-t", "9", "-T", "9"], 0)]
fn r9_enroll_ends_with_3_when_it_is_still_pending(#[case] more: &[&str], #[case] polls: usize) {
    let lab = Lab::new(Service { pending: 99, ..service() });
    let ran = lab.enroll(more);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    let log = lab.server.log();
    assert_eq!(log.iter().filter(|entry| *entry == "CertPoll").count(), polls);
    assert!(!lab.path("local.crt").exists());
}

#[test]
fn r9_resume_polls_for_the_transaction_of_the_key() {
    let lab = Lab::new(Service { pending: 1, ..service() });
    assert_eq!(lab.enroll(&["-n", "0"]).code, 3);
    let ran = lab.enroll(&["-R", "-t", "0"]);
    let expected =
        "sscep: requesting certificate (#1)\nsscep: valid response from server\nsscep: pkistatus: SUCCESS\n";
    assert_eq!((ran.code, ran.stdout.as_str()), (0, expected), "{}", ran.stderr);
    assert_eq!(lab.server.log(), ["GetCACaps", "PKCSReq", "GetCACaps", "CertPoll"]);
    assert_eq!(lab.enroll(&["-R", "-n", "0"]).code, 0, "nothing to do");
}

#[test]
fn r9_the_old_certificate_signs_a_renewal_as_pkcsreq() {
    let lab = Lab::new(service());
    assert_eq!(lab.enroll(&[]).code, 0);
    lab.request("new", "pool-06", "");
    let [ca, old_key, old, key, csr, out] =
        ["ca.crt", "local.key", "local.crt", "new.key", "new.csr", "new.crt"].map(|name| lab.arg(name));
    let url = &lab.server.url;
    let args =
        ["enroll", "-u", url, "-c", &ca, "-k", &key, "-r", &csr, "-l", &out, "-K", &old_key, "-O", &old];
    let ran = sscep(&args);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(lab.certificate("new.crt").spki, self::key("pool-06").public().spki());
    let messages = lab.server.service.lock().unwrap().messages();
    assert_eq!(messages[1].message_type, Some(MessageType::PkcsReq));
    assert_eq!(sscep(&args[..13]).code, 93, "-K needs -O");
}

#[test]
fn r9_the_encryption_certificate_of_an_ra_may_be_another_one() {
    let lab = Lab::new(service().with_ra("ca-rsa"));
    // The answer of the server is signed by the RA; the request is for whom -e says.
    let ra = lab.server.service.lock().unwrap().agent.certificate.to_pem();
    fs::write(lab.path("ra.crt"), ra).unwrap();
    fs::rename(lab.path("ca.crt"), lab.path("root.crt")).unwrap();
    fs::copy(lab.path("ra.crt"), lab.path("ca.crt")).unwrap();
    let other = issuer("CN=X", "pool-09", "CN=CA", "ca-rsa", false, 1 << 2, SystemClock.now());
    fs::write(lab.path("other.crt"), other.certificate.to_pem()).unwrap();
    assert_eq!(lab.enroll(&["-e", &lab.arg("other.crt")]).code, 72, "nobody there can open it");
    let ran = lab.enroll(&["-e", &lab.arg("ra.crt")]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
}

#[test]
fn r9_numbered_files_stand_for_the_ca_certificate() {
    let lab = Lab::new(service().with_ra("ca-rsa"));
    fs::remove_file(lab.path("ca.crt")).unwrap();
    assert_eq!(sscep(&["getca", "-u", &lab.server.url, "-c", &lab.arg("ca.crt")]).code, 0);
    assert!(!lab.path("ca.crt").exists() && lab.path("ca.crt-1").exists());
    let ran = lab.enroll(&[]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
}

#[rstest]
#[case::default(&[], "aes128-cbc", "sha-256")]
#[case::des(&["-E", "des", "-S", "md5"], "des-cbc", "md5")]
#[case::triple(&["-E", "3des", "-S", "sha1"], "des-ede3-cbc", "sha-1")]
#[case::blowfish(&["-E", "blowfish", "-S", "sha224"], "blowfish-cbc", "sha-224")]
#[case::aes(&["-E", "aes", "-S", "sha384"], "aes128-cbc", "sha-384")]
#[case::aes192(&["-E", "aes192", "-S", "sha512"], "aes192-cbc", "sha-512")]
#[case::aes256(&["-E", "aes256", "-S", "sha256"], "aes256-cbc", "sha-256")]
fn r10_the_algorithms_are_those_of_the_options(
    #[case] more: &[&str],
    #[case] cipher: &str,
    #[case] digest: &str,
) {
    let lab = Lab::new(Service { legacy: true, ..service() });
    let ran = lab.enroll(more);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let message = lab.server.service.lock().unwrap().messages().remove(0);
    assert_eq!(message.digest.map(Digest::name), Some(digest));
    assert_eq!(message.cipher.as_deref(), Some(cipher));
}

#[test]
fn r10_without_capabilities_single_des_and_md5_are_left() {
    let lab = Lab::new(Service { legacy: true, capabilities: Vec::new(), ..service() });
    assert_eq!(lab.enroll(&[]).code, 0);
    let message = lab.server.service.lock().unwrap().messages().remove(0);
    assert_eq!((message.digest, message.cipher.as_deref()), (Some(Digest::Md5), Some("des-cbc")));
}

#[test]
fn r9_getcert_and_getcrl_write_what_they_are_told_to() {
    let lab = Lab::new(Service { revoked: vec![vec![5]], ..service() });
    assert_eq!(lab.enroll(&[]).code, 0);
    let [ca, key, local, cert, crl] =
        ["ca.crt", "local.key", "local.crt", "cert.crt", "crl.crl"].map(|name| lab.arg(name));
    let url = &lab.server.url;
    let args = ["-u", url, "-c", &ca, "-k", &key, "-l", &local];
    for serial in ["42", "2a", "00:2a"] {
        let ran = sscep(&[&["getcert"], &args[..], &["-s", serial, "-w", &cert]].concat());
        let expected =
            "sscep: requesting certificate\nsscep: valid response from server\nsscep: pkistatus: SUCCESS\n";
        assert_eq!((ran.code, ran.stdout.as_str()), (0, expected), "{}", ran.stderr);
        assert_eq!(lab.certificate("cert.crt"), lab.certificate("local.crt"));
    }
    assert_eq!(sscep(&[&["getcert"], &args[..], &["-s", "xyz", "-w", &cert]].concat()).code, 91);
    let ran = sscep(&[&["getcert"], &args[..], &["-s", "7", "-w", &cert]].concat());
    assert_eq!(ran.code, 74, "badCertId");
    assert!(ran.stdout.ends_with("sscep: pkistatus: FAILURE\nsscep: reason: badCertId\n"), "{}", ran.stdout);

    let ran = sscep(&[&["getcrl"], &args[..], &["-w", &crl]].concat());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.ends_with(&format!("sscep: CRL written as {crl}\n")), "{}", ran.stdout);
    assert!(fs::read_to_string(lab.path("crl.crl")).unwrap().starts_with("-----BEGIN X509 CRL-----\n"));
}

#[test]
fn r9_getnextca_verifies_with_the_chain() {
    let usage = 1 | 1 << 2 | 1 << 5;
    let next = issuer("CN=CA 2", "pool-09", "CN=CA 2", "pool-09", true, usage, SystemClock.now());
    let mut service = Service { next_ca: Some(next), ..service() };
    service.capabilities.push("GetNextCACert");
    let lab = Lab::new(service);
    let [ca, out, signer] = ["ca.crt", "next.crt", "signer.crt"].map(|name| lab.arg(name));
    let args = ["getnextca", "-u", &lab.server.url, "-c", &out];
    assert_eq!(sscep(&args).code, 1, "without -C");
    let ran = sscep(&[&args[..], &["-C", &ca, "-w", &signer]].concat());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(lab.certificate("next.crt-0").subject_text(), "CN=CA 2");
    assert_eq!(lab.certificate("signer.crt"), lab.certificate("ca.crt"));
}

#[test]
fn r9_the_configuration_file_stands_for_options() {
    let lab = Lab::new(service());
    let text = format!(
        "# made for a test\nURL {}\nCACertFile {}\nPrivateKeyFile {}\nCertReqFile {}\nLocalCertFile \"{}\"\n",
        lab.server.url,
        lab.arg("ca.crt"),
        lab.arg("local.key"),
        lab.arg("local.csr"),
        lab.arg("mine.crt")
    );
    fs::write(lab.path("sscep.conf"), text).unwrap();
    let ran = sscep(&["enroll", "-f", &lab.arg("sscep.conf")]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(lab.path("mine.crt").exists());
    assert_eq!(sscep(&["enroll", "-f", &lab.arg("missing.conf")]).code, 93);
}

#[rstest]
#[case::nothing(&[], "")]
#[case::operation(&["renew"], "missing or illegal operation parameter: renew")]
#[case::option(&["getca", "-x"], "invalid option -- 'x'")]
#[case::url(&["getcaps"], "missing URL (-u)")]
#[case::bad_url(&["getcaps", "-u", "ca.example"], "illegal URL ca.example")]
#[case::ca(&["getca", "-u", "http://127.0.0.1:1/"], "missing CA certificate (-c)")]
#[case::key(&["enroll", "-u", "http://127.0.0.1:1/", "-c", "c"], "missing private key (-k)")]
#[case::request(&["enroll", "-c", "c", "-k", "k"], "missing certificate request (-r)")]
#[case::local(&["enroll", "-c", "c", "-k", "k", "-r", "r"], "missing local certificate (-l)")]
#[case::serial(&["getcert", "-c", "c", "-k", "k", "-l", "l"], "missing serial number (-s)")]
#[case::output(&["getcrl", "-c", "c", "-k", "k", "-l", "l"], "missing output file (-w)")]
#[case::engine(&["getcaps", "-u", "http://127.0.0.1:1/", "-g", "pkcs11"], "no cryptographic engines")]
#[case::cipher(&["getcaps", "-u", "http://127.0.0.1:1/", "-E", "rot13"], "unsupported algorithm: rot13")]
#[case::digest(&["getcaps", "-u", "http://127.0.0.1:1/", "-S", "crc"], "unsupported algorithm: crc")]
#[case::fingerprint(&["getcaps", "-u", "http://127.0.0.1:1/", "-F", "crc"], "unsupported algorithm: crc")]
#[case::proxy(&["getcaps", "-u", "http://127.0.0.1:1/", "-p", "x"], "expected HOST:PORT")]
fn r9_what_makes_no_sense_ends_with_1(#[case] args: &[&str], #[case] says: &str) {
    let ran = sscep(args);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains(says), "{}", ran.stderr);
}

#[rstest]
#[case::nobody("no-one", 95)]
#[case::http_error("http.status-500", 95)]
#[case::signature("signer.signature.flip-bit", 97)]
#[case::html("http.body.html", 97)]
#[case::bad_request("wrong-challenge", 72)]
fn r9_a_failure_has_the_code_that_scripts_know(#[case] fault: &str, #[case] code: u8) {
    let lab = Lab::new(service());
    match fault {
        "no-one" => {
            let dead = Listener::start(service()).url.clone();
            let [ca, key, csr, local] = ["ca.crt", "local.key", "local.csr", "out.crt"].map(|n| lab.arg(n));
            let ran = sscep(&["enroll", "-u", &dead, "-c", &ca, "-k", &key, "-r", &csr, "-l", &local]);
            assert_eq!(ran.code, code, "{}", ran.stderr);
            return;
        }
        "wrong-challenge" => lab.request("local", "pool-05", "wrong"),
        fault => lab.server.service.lock().unwrap().script = script(fault, "CertRep"),
    }
    let ran = lab.enroll(&[]);
    assert_eq!(ran.code, code, "{}{}", ran.stdout, ran.stderr);
    assert!(!lab.path("local.crt").exists());
}

#[rstest]
#[case::key("local.key")]
#[case::request("local.csr")]
#[case::ca("ca.crt")]
fn r9_a_file_that_cannot_be_read_ends_with_93(#[case] name: &str) {
    let lab = Lab::new(service());
    fs::remove_file(lab.path(name)).unwrap();
    assert_eq!(lab.enroll(&[]).code, 93);
    fs::write(lab.path(name), "no PEM").unwrap();
    assert_eq!(lab.enroll(&[]).code, 93);
    assert_eq!(lab.server.log(), ["GetCACaps"; 0]);
}

#[test]
fn r9_monitor_information_goes_along_with_every_request() {
    let lab = Lab::new(service());
    assert_eq!(lab.enroll(&["-M", "host=a b", "-M", "id=7"]).code, 0);
    let queries = lab.server.service.lock().unwrap().queries.clone();
    assert!(queries.iter().all(|query| query.starts_with("host=a%20b&id=7&operation=")), "{queries:?}");
}

#[test]
fn r9_under_the_name_sscep_the_program_takes_its_command_line() {
    let lab = Lab::new(service());
    let program = env!("CARGO_BIN_EXE_mock-client");
    let called =
        Command::new(program).arg0("/opt/bin/sscep").args(["getcaps", "-u", &lab.server.url]).output();
    let called = String::from_utf8(called.unwrap().stdout).unwrap();
    assert!(called.starts_with("/opt/bin/sscep: scep capabilities: AES"), "{called}");
    let named = Command::new(program).args(["sscep", "getcaps", "-u", &lab.server.url]).output().unwrap();
    assert!(String::from_utf8(named.stdout).unwrap().starts_with("sscep: scep capabilities: AES"));
}

/// The program itself under the name sscep, with a second for each request.
fn program(args: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mock-client"));
    command.arg0("sscep").args(args).env("MOCK_CLIENT_TIMEOUT", "1");
    let ended = command.output().unwrap();
    (ended.status.code().unwrap(), String::from_utf8(ended.stderr).unwrap())
}

#[rstest]
#[case::timeout(89)]
#[case::self_signed(91)]
#[case::file(93)]
#[case::network(95)]
#[case::pkcs7(97)]
#[case::unset(99)]
fn r9_the_program_ends_with_the_code_that_scripts_know(#[case] code: i32) {
    let lab = Lab::new(service());
    let [ca, key, csr, local] = ["ca.crt", "local.key", "local.csr", "out.crt"].map(|name| lab.arg(name));
    // Takes connections, and never answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silent_url = format!("http://{}/scep", silent.local_addr().unwrap());
    let closed_url = "http://127.0.0.1:1/scep".to_owned();
    let url = match code {
        89 => &silent_url,
        95 => &closed_url,
        _ => &lab.server.url,
    };
    match code {
        93 => fs::remove_file(lab.path("local.key")).unwrap(),
        97 => lab.server.service.lock().unwrap().script = script("signer.signature.flip-bit", "CertRep"),
        99 => lab.server.service.lock().unwrap().script = script("attr.pkiStatus.remove", "CertRep"),
        _ => {}
    }
    let (found, stderr) = if code == 91 {
        assert_eq!(lab.enroll(&[]).code, 0);
        let own = lab.arg("local.crt");
        program(&["getcert", "-u", url, "-c", &ca, "-k", &key, "-l", &own, "-s", "xyz", "-w", &local])
    } else {
        program(&["enroll", "-u", url, "-c", &ca, "-k", &key, "-r", &csr, "-l", &local])
    };
    assert_eq!(found, code, "{stderr}");
    assert!(stderr.starts_with("sscep: "), "{stderr}");
    assert!(!lab.path("out.crt").exists());
}

#[test]
fn r9_w_waits_until_the_server_takes_a_connection() {
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let at = socket.local_addr().unwrap();
    drop(socket);
    let url = format!("http://{at}/scep");
    let (code, stderr) = program(&["getcaps", "-u", &url, "-W", "0"]);
    assert_eq!(code, 95, "{stderr}");
    let started = SystemClock.now();
    let (code, stderr) = program(&["getcaps", "-u", &url, "-W", "1", "-v"]);
    assert_eq!(code, 95, "{stderr}");
    assert!(SystemClock.now() > started, "a second has passed");
    let mut child = Command::new(env!("CARGO_BIN_EXE_mock-client"))
        .arg0("sscep")
        .args(["getcaps", "-u", &url, "-W", "30", "-v"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
    assert!(lines.by_ref().map_while(Result::ok).any(|line| line.contains("waiting for connectivity")));
    // Only now is there somebody.
    let _server = Listener::start_at(at, service());
    assert!(lines.map_while(Result::ok).any(|line| line.contains("scep capabilities: AES")));
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[rstest]
#[case::engine(&["-g", "pkcs11"], 1)]
#[case::key_in_engine(&["-h"], 1)]
#[case::h_means_nothing(&["-H"], 0)]
#[case::m_means_nothing(&["-m", "x"], 0)]
fn r9_what_has_no_meaning_is_taken_and_what_cannot_be_is_refused(#[case] more: &[&str], #[case] code: u8) {
    let lab = Lab::new(service());
    let ran = lab.enroll(more);
    assert_eq!(ran.code, code, "{}", ran.stderr);
    assert_eq!(code == 1, ran.stderr.contains("no cryptographic engines"), "{}", ran.stderr);
}
