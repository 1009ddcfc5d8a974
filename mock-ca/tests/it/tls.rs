//! Ports in TLS: whom they serve, and what is said of files that cannot be used.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use mock_ca::{Config, Tls, TlsConfig};
use rstest::rstest;
use tempfile::TempDir;

use crate::openssl::openssl;
use crate::program::{ended, serve, word};
use crate::server::{Server, config};

/// A folder with a key of the public ones and a certificate for this machine.
fn files() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let key = scep_vectors::keys::named("pool-03").unwrap().pem;
    std::fs::write(folder.path().join("tls.key.pem"), key).unwrap();
    let words = [
        "req",
        "-x509",
        "-key",
        "tls.key.pem",
        "-subj",
        "/CN=mock-ca",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
        "-days",
        "2",
        "-out",
        "tls.pem",
    ];
    openssl(folder.path(), &words);
    folder
}

fn tls(folder: &Path) -> Tls {
    Tls::read(&folder.join("tls.pem"), &folder.join("tls.key.pem"), "").unwrap()
}

/// What the server at this address answers to a request by `openssl s_client`, which trusts the certificate.
fn ask(folder: &Path, address: &str, request: &str) -> String {
    let mut client = Command::new("openssl")
        .args(["s_client", "-quiet", "-verify_return_error", "-verify_ip", "127.0.0.1"])
        .args(["-CAfile", "tls.pem", "-connect", address])
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // It is kept open until the answer is there: at its end s_client hangs up.
    let mut stdin = client.stdin.take().unwrap();
    stdin.write_all(request.as_bytes()).unwrap();
    let mut said = String::new();
    client.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    drop(stdin);
    client.wait().unwrap();
    said
}

fn address(url: &str) -> &str {
    url.strip_prefix("https://").unwrap().split('/').next().unwrap()
}

const CAPABILITIES: &str =
    "GET /scep?operation=GetCACaps HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";

#[test]
fn openssl_speaks_with_both_ports() {
    let folder = files();
    let server = Server::with(Config { tls: TlsConfig::both(tls(folder.path())), ..config() });
    let said = ask(folder.path(), address(&server.url()), CAPABILITIES);
    assert!(said.starts_with("HTTP/1.1 200 OK\r\n") && said.contains("\r\n\r\nAES\nDES3\n"), "{said}");
    let health = "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
    let said = ask(folder.path(), address(&server.admin_url()), health);
    assert!(said.starts_with("HTTP/1.1 200 OK\r\n"), "{said}");
    let body = format!("token={}", server.admin_token());
    let login = format!(
        "POST /pages/login HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let said = ask(folder.path(), address(&server.admin_url()), &login);
    assert!(said.contains("SameSite=Strict; Secure\r\n"), "{said}");
    server.stop();
}

#[test]
fn an_answer_that_no_library_would_send_is_sent_in_tls_too() {
    let folder = files();
    let server = Server::with(Config { tls: TlsConfig::both(tls(folder.path())), ..config() });
    let order = |fault: &str| scep::fault::Order { fault: fault.to_owned(), when: Default::default() };
    server.set_faults(&[order("http.slow")]).unwrap();
    let said = ask(folder.path(), address(&server.url()), CAPABILITIES);
    assert!(said.ends_with("SCEPStandard\n"), "{said}");
    server.set_faults(&[order("http.closed")]).unwrap();
    assert_eq!(ask(folder.path(), address(&server.url()), CAPABILITIES), "");
}

#[test]
fn who_speaks_no_tls_is_hung_up_on_and_hurts_nobody() {
    let folder = files();
    let server = Server::with(Config { tls: TlsConfig::both(tls(folder.path())), ..config() });
    let url = server.url();
    // The beginning of a handshake that does not go on, while others are served.
    let mut half = TcpStream::connect(address(&url)).unwrap();
    half.write_all(&[0x16, 0x03, 0x01, 0x02, 0x00, 0x01]).unwrap();
    let silent: Vec<TcpStream> = (0..100).map(|_| TcpStream::connect(address(&url)).unwrap()).collect();
    let start = Instant::now();
    let mut plain = TcpStream::connect(address(&url)).unwrap();
    plain.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    plain.write_all(CAPABILITIES.as_bytes()).unwrap();
    let mut arrived = Vec::new();
    plain.read_to_end(&mut arrived).unwrap();
    assert!(!arrived.starts_with(b"HTTP") && arrived.len() <= 7, "an alert at most: {arrived:?}");
    assert!(ask(folder.path(), address(&url), CAPABILITIES).contains("AES\n"));
    assert!(start.elapsed() < Duration::from_secs(5), "beside them, not after them");
    drop((half, silent));
    server.stop();
}

#[test]
fn the_program_serves_and_is_administered_in_tls() {
    let folder = files();
    let file = folder.path().join("mock-ca.toml");
    let text = "schema = \"sceptic/mock-ca/1\"\n[tls]\ncertificate = \"tls.pem\"\nkey = \"tls.key.pem\"\n";
    std::fs::write(&file, text).unwrap();
    let (_program, lines, _stdout) =
        serve(&["serve", "--challenge", "x", "--config", file.to_str().unwrap()]);
    let admin = word(&lines, "admin ").unwrap();
    assert!(word(&lines, "scep ").unwrap().starts_with("https://") && admin.starts_with("https://"));
    let line = lines.iter().find(|line| line.starts_with("admin ")).unwrap();
    let token = line.rsplit(' ').next().unwrap();
    let root = folder.path().join("tls.pem");
    let challenge = ["challenge", "--admin", admin, "--token", token];
    let (code, said) = ended(&[&challenge[..], &["--admin-ca", root.to_str().unwrap()]].concat());
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = ended(&challenge);
    assert!(code == Some(1) && said.contains("TLS handshake: self-signed certificate"), "{code:?} {said}");

    let (cert, key) = (root.to_str().unwrap(), folder.path().join("tls.key.pem"));
    let flags = ["serve", "--challenge", "x", "--tls-cert", cert, "--tls-key", key.to_str().unwrap()];
    let (_program, lines, _stdout) = serve(&flags);
    assert!(word(&lines, "scep ").unwrap().starts_with("https://"));
}

#[test]
fn one_port_can_be_in_tls_alone() {
    let folder = files();
    let file = folder.path().join("mock-ca.toml");
    let tls = "[tls]\nports = [\"admin\"]\ncertificate = \"tls.pem\"\nkey = \"tls.key.pem\"\n";
    std::fs::write(&file, format!("schema = \"sceptic/mock-ca/1\"\n{tls}")).unwrap();
    let config = Config::read(&file).unwrap();
    assert!(config.tls.scep.is_none() && config.tls.admin.is_some());
}

#[rstest]
#[case::no_file("certificate = \"gone.pem\"\nkey = \"tls.key.pem\"", &["gone.pem", "No such file"])]
#[case::no_certificate("certificate = \"tls.key.pem\"\nkey = \"tls.key.pem\"", &["tls.key.pem", "expected certificates"])]
#[case::no_key("certificate = \"tls.pem\"\nkey = \"tls.pem\"", &["tls.pem", "cannot be used for TLS"])]
#[case::another_key("certificate = \"tls.pem\"\nkey = \"other.pem\"", &["other.pem", "the key of the certificate in", "tls.pem"])]
#[case::half("certificate = \"tls.pem\"", &["mock-ca.toml", "expected key beside certificate"])]
#[case::other_half("key = \"tls.key.pem\"", &["mock-ca.toml", "expected certificate beside key"])]
#[case::unknown_key("cert = \"tls.pem\"", &["mock-ca.toml", "unknown field `cert`"])]
#[case::unknown_port("ports = [\"ldap\"]", &["mock-ca.toml", "unknown variant `ldap`"])]
fn a_file_that_cannot_be_used_is_named_with_its_reason(#[case] table: &str, #[case] says: &[&str]) {
    let folder = files();
    let other = scep_vectors::keys::named("pool-04").unwrap().pem;
    std::fs::write(folder.path().join("other.pem"), other).unwrap();
    let file = folder.path().join("mock-ca.toml");
    std::fs::write(&file, format!("schema = \"sceptic/mock-ca/1\"\n[tls]\n{table}\n")).unwrap();
    let (code, said) = ended(&["serve", "--config", file.to_str().unwrap()]);
    assert!(code == Some(3) && says.iter().all(|words| said.contains(words)), "{code:?} {said}");
}
