//! Our programs against other people's, over real sockets, in a network namespace of their own.
//!
//! `SCEPTIC_PEERS=auto|require|off` says what a missing peer means: ignored, failed, or not looked for.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use ::sceptic::data::{Expectations, Suite};
use ::sceptic::exit::Exit;
use ::sceptic::expect::{self, Requirement, Strict};
use ::sceptic::report::RunFolder;
use libtest_mimic::Failed;
use tests::peers::{MockCa, Scepserver, http, mock_client, openssl, policy, process, scepclient, sceptic};
use tests::trials;

/// One test, with the programs that it cannot do without.
struct PeerTest {
    name: &'static str,
    programs: &'static [&'static str],
    run: fn() -> Result<(), Failed>,
}

const TESTS: &[PeerTest] = &[
    PeerTest {
        name: "openssl_tells_one_certificate_from_another",
        programs: &["openssl"],
        run: openssl_tells_one_certificate_from_another,
    },
    PeerTest {
        name: "scepserver_answers_getcacaps_and_ends_when_dropped",
        programs: &["scepserver"],
        run: scepserver_answers_getcacaps_and_ends_when_dropped,
    },
    PeerTest {
        name: "scepclient_enrols_with_scepserver",
        programs: &["scepserver", "scepclient", "openssl"],
        run: scepclient_enrols_with_scepserver,
    },
    PeerTest {
        name: "mock_client_enrols_with_mock_ca_by_fingerprint",
        programs: &["openssl"],
        run: mock_client_enrols_with_mock_ca_by_fingerprint,
    },
    PeerTest {
        name: "scepclient_enrols_with_mock_ca",
        programs: &["scepclient", "openssl"],
        run: scepclient_enrols_with_mock_ca,
    },
    PeerTest {
        name: "mock_ca_refuses_single_des_of_scepclient",
        programs: &["scepclient"],
        run: mock_ca_refuses_single_des_of_scepclient,
    },
    PeerTest {
        name: "mock_client_enrols_with_scepserver",
        programs: &["scepserver", "openssl"],
        run: mock_client_enrols_with_scepserver,
    },
    PeerTest {
        name: "mock_client_renews_with_scepserver_when_it_is_declared_old",
        programs: &["scepserver", "openssl"],
        run: mock_client_renews_with_scepserver_when_it_is_declared_old,
    },
    PeerTest {
        name: "the_command_line_of_sscep_enrols_with_scepserver",
        programs: &["scepserver", "openssl"],
        run: the_command_line_of_sscep_enrols_with_scepserver,
    },
    PeerTest {
        name: "the_agent_enrols_with_scepserver",
        programs: &["scepserver", "openssl"],
        run: the_agent_enrols_with_scepserver,
    },
    PeerTest {
        name: "mock_client_refuses_single_des_of_scepserver",
        programs: &["scepserver"],
        run: mock_client_refuses_single_des_of_scepserver,
    },
    PeerTest {
        name: "sceptic_finds_scepserver_as_its_expectations_say_and_each_is_needed",
        programs: &["scepserver"],
        run: sceptic_finds_scepserver_as_its_expectations_say_and_each_is_needed,
    },
    PeerTest {
        name: "openssl_shows_what_the_expectations_of_scepserver_say",
        programs: &["openssl"],
        run: openssl_shows_what_the_expectations_of_scepserver_say,
    },
];

/// Lets `mock-client` read single DES.
const SINGLE_DES: &[&str] = &["--laxity", "single-des"];

fn main() -> ExitCode {
    trials::run_apart(|asked, no_namespace| {
        let trial = |test: &PeerTest| {
            let mut missing = asked.missing(|| policy::missing_programs(test.programs));
            missing.extend(no_namespace.clone());
            asked.trial(test.name, &missing, Box::new(test.run))
        };
        TESTS.iter().map(trial).collect()
    })
}

/// The oracle of the tests below can say no.
fn openssl_tells_one_certificate_from_another() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let file = |name: &str| folder.path().join(name);
    openssl::self_sign("one", &file("one.key"), &file("one.pem"))?;
    openssl::self_sign("two", &file("two.key"), &file("two.pem"))?;
    openssl::verify(&file("one.pem"), &file("one.pem"))?;
    openssl::verify(&file("one.pem"), &file("two.pem")).expect_err("another issuer");
    assert_eq!(openssl::certified_key(&file("one.pem"))?, openssl::public_key(&file("one.key"))?);
    assert_ne!(openssl::certified_key(&file("one.pem"))?, openssl::public_key(&file("two.key"))?);
    assert_eq!(openssl::subject(&file("one.pem"))?, "CN=one,O=lab");
    assert_eq!(openssl::fingerprint(&file("one.pem"))?.len(), 64);
    Ok(())
}

fn scepserver_answers_getcacaps_and_ends_when_dropped() -> Result<(), Failed> {
    let server = Scepserver::start()?;
    let port = server.port();
    let answer = http::ask(port, "/scep?operation=GetCACaps")?;
    assert_eq!(answer.status, 200);
    assert!(!answer.body.is_empty(), "it announces something");
    drop(server);
    assert!(http::ask(port, "/scep?operation=GetCACaps").is_err(), "nobody listens any more");
    Ok(())
}

/// Their client with their server: when this fails, the fault is not ours.
fn scepclient_enrols_with_scepserver() -> Result<(), Failed> {
    let server = Scepserver::start()?;
    let device = scepclient::enrol(&server.url(), Scepserver::CHALLENGE, "control")?;
    assert!(device.is_certified_by(&server.ca_certificate())?, "the certificate is for the device's key");
    scepclient::enrol(&server.url(), "wrong", "refused").expect_err("a wrong challenge is refused");
    Ok(())
}

/// Our client with our server, as programs. That they agree proves nothing about the protocol, but openssl
/// made the fingerprint and looks at the result.
fn mock_client_enrols_with_mock_ca_by_fingerprint() -> Result<(), Failed> {
    let server = MockCa::start(&[])?;
    let fingerprint = server.fingerprint()?;
    let trusting = |fingerprint: &str| {
        mock_client::enrol(server.url(), MockCa::CHALLENGE, "device-1", &["--ca-fingerprint", fingerprint])
    };
    assert!(trusting(&fingerprint)?.is_certified_by(&server.ca_certificate())?, "it is for the device's key");

    let other: String = fingerprint.chars().rev().collect();
    let error = trusting(&other).expect_err("another CA is not trusted").to_string();
    assert!(error.contains("exit status: 7"), "{error}");
    Ok(())
}

/// It speaks single DES and SHA-1 and nothing else, so the server must be told to take that.
fn scepclient_enrols_with_mock_ca() -> Result<(), Failed> {
    let server = MockCa::start(&["single-des"])?;
    let device = scepclient::enrol(server.url(), MockCa::CHALLENGE, "device-1")?;
    assert!(device.is_certified_by(&server.ca_certificate())?, "the certificate is for the device's key");
    let subject = openssl::subject(&device.certificate())?;
    assert!(subject.split(',').any(|part| part == "CN=device-1"), "{subject}");

    let refused = scepclient::enrol(server.url(), "wrong", "refused");
    let error = refused.expect_err("a wrong challenge is refused").to_string();
    assert!(error.contains("badRequest"), "{error}");
    Ok(())
}

fn mock_ca_refuses_single_des_of_scepclient() -> Result<(), Failed> {
    let server = MockCa::start(&[])?;
    let refused = scepclient::enrol(server.url(), MockCa::CHALLENGE, "careful");
    let error = refused.expect_err("single DES is refused unless it is allowed").to_string();
    assert!(error.contains("badAlg"), "{error}");
    Ok(())
}

/// Its answers are in single DES whatever it is asked with, so the client must be told to read that.
fn mock_client_enrols_with_scepserver() -> Result<(), Failed> {
    let server = Scepserver::start()?;
    let device = mock_client::enrol(&server.url(), Scepserver::CHALLENGE, "device-1", SINGLE_DES)?;
    assert!(device.is_certified_by(&server.ca_certificate())?, "the certificate is for the device's key");
    assert_eq!(openssl::subject(&device.certificate())?, "CN=device-1,O=lab");
    assert_eq!(fs::read(device.ca_certificates())?, fs::read(server.ca_certificate())?);

    let by_get = mock_client::enrol(
        &server.url(),
        Scepserver::CHALLENGE,
        "by-get",
        &["--laxity", "single-des", "--laxity", "get-always"],
    )?;
    assert!(by_get.is_certified_by(&server.ca_certificate())?, "the certificate is for the device's key");

    let refused = mock_client::enrol(&server.url(), "wrong", "refused", SINGLE_DES);
    let error = refused.expect_err("a wrong challenge is refused").to_string();
    assert!(error.contains("FAILURE badRequest"), "{error}");
    Ok(())
}

/// Whether openssl finds that the CA of the server issued this certificate, for this key.
fn is_certified(
    server: &Scepserver,
    certificate: &Path,
    key: &Path,
) -> Result<bool, Box<dyn std::error::Error>> {
    openssl::verify(certificate, &server.ca_certificate())?;
    Ok(openssl::certified_key(certificate)? == openssl::public_key(key)?)
}

/// Declared to be of the old drafts it needs no laxity: single DES is then what was to be expected.
fn mock_client_renews_with_scepserver_when_it_is_declared_old() -> Result<(), Failed> {
    let server = Scepserver::start()?;
    let folder = tempfile::tempdir()?;
    let at = |name: &str| folder.path().join(name);
    let url = server.url();
    fs::copy(server.ca_certificate(), at("ca.pem"))?;
    let common = ["--url", &url, "--legacy", "--ca", "ca.pem"];
    let first = ["--subject", "CN=dev1,O=lab", "--challenge", Scepserver::CHALLENGE];
    let files = ["--key-out", "dev1.key", "--out", "dev1.crt"];
    mock_client::run(folder.path(), &[&["enroll"], &common[..], &first, &files].concat())?;
    assert!(is_certified(&server, &at("dev1.crt"), &at("dev1.key"))?, "enrolled");
    for form in ["renewalreq", "pkcsreq"] {
        let key = format!("{form}.key");
        let out = format!("{form}.crt");
        let more = [
            "--cert",
            "dev1.crt",
            "--cert-key",
            "dev1.key",
            "--form",
            form,
            "--key-out",
            &key,
            "--out",
            &out,
        ];
        // It asks for the challengePassword whatever the messageType, and whoever signs.
        let challenge = ["--challenge", Scepserver::CHALLENGE];
        mock_client::run(folder.path(), &[&["renew"], &common[..], &more, &challenge].concat())?;
        assert!(is_certified(&server, &at(&out), &at(&key))?, "{form}");
    }
    Ok(())
}

fn the_command_line_of_sscep_enrols_with_scepserver() -> Result<(), Failed> {
    let server = Scepserver::start()?;
    let folder = tempfile::tempdir()?;
    let at = |name: &str| folder.path().join(name);
    let configuration = "[req]\nprompt=no\ndistinguished_name=dn\nattributes=at\n[dn]\nO=lab\nCN=dev1\n\
                         [at]\nchallengePassword=secret\n";
    fs::write(at("req.cnf"), configuration)?;
    process::run(Command::new("openssl").current_dir(&folder).args([
        "req",
        "-new",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-config",
        "req.cnf",
        "-keyout",
        "local.key",
        "-out",
        "local.csr",
    ]))?;
    let url = server.url();
    mock_client::run(folder.path(), &["sscep", "getca", "-u", &url, "-c", "ca.crt"])?;
    let files = ["-c", "ca.crt", "-k", "local.key", "-r", "local.csr", "-l", "local.crt"];
    let printed = mock_client::run(folder.path(), &[&["sscep", "enroll", "-u", &url], &files[..]].concat())?;
    assert!(printed.contains("sscep: pkistatus: SUCCESS"), "{printed}");
    assert!(is_certified(&server, &at("local.crt"), &at("local.key"))?, "for the device's key");
    Ok(())
}

fn the_agent_enrols_with_scepserver() -> Result<(), Failed> {
    let server = Scepserver::start()?;
    let folder = tempfile::tempdir()?;
    let print = openssl::fingerprint(&server.ca_certificate())?.to_lowercase();
    let settings = format!(
        "schema = 1\n[server]\nurl = \"{}\"\nca-fingerprint = \"{print}\"\nlegacy-ciphers = true\n[request]\n\
         subject = \"CN=router,O=lab\"\nchallenge = \"{}\"\n[store]\nkind = \"router\"\npath = \"store\"\n",
        server.url(),
        Scepserver::CHALLENGE
    );
    fs::write(folder.path().join("agent.toml"), settings)?;
    mock_client::run(folder.path(), &["agent", "check", "--config", "agent.toml"])?;
    let store = folder.path().join("store");
    assert!(
        is_certified(&server, &store.join("latest.crt"), &store.join("latest.key"))?,
        "for the device's key"
    );
    let status = mock_client::run(folder.path(), &["agent", "status", "--config", "agent.toml"])?;
    assert!(status.starts_with("Module scepClient not running\nCertificate enrolled "), "{status}");
    Ok(())
}

fn mock_client_refuses_single_des_of_scepserver() -> Result<(), Failed> {
    let server = Scepserver::start()?;
    let refused = mock_client::enrol(&server.url(), Scepserver::CHALLENGE, "careful", &[]);
    let error = refused.expect_err("single DES is refused unless it is allowed").to_string();
    assert!(error.contains("des-cbc"), "{error}");
    Ok(())
}

/// One run, concluded again with each entry left out in turn: every one stands for a failure that gates.
fn sceptic_finds_scepserver_as_its_expectations_say_and_each_is_needed() -> Result<(), Failed> {
    let server = Scepserver::start()?;
    let folder = tempfile::tempdir()?;
    let path = sceptic::scepserver_folder().join("expectations.toml");
    let out = folder.path().join("run");
    let ran = sceptic::run(&server, &path, &out, &[])?;
    assert_eq!(ran.status.code(), Some(0), "{}", ran.output);
    drop(server);
    for report in ["results.jsonl", "junit.xml", "report.html"] {
        assert!(out.join(report).is_file(), "no {report}:\n{}", ran.output);
    }

    let suite = Suite::embedded()?;
    let run = RunFolder::open(&out)?;
    let listed = Expectations::load(&path)?;
    let today = run.run().started[..10].parse()?;
    let concluded = |entries| {
        let file = Expectations { entries, ..listed.clone() };
        let version = run.run().subject_version.as_deref();
        let expectations = expect::Expectations::listed(&suite, file, today, version);
        let mut lines = run.lines().to_vec();
        expect::conclude_again(&mut lines, &expectations, Strict::Must, &Requirement::of(&suite)).exit
    };
    assert_eq!(concluded(listed.entries.clone()), Exit::Satisfied);
    assert!(!listed.entries.is_empty());
    for (index, entry) in listed.entries.iter().enumerate() {
        let mut others = listed.entries.clone();
        others.remove(index);
        assert_eq!(concluded(others), Exit::NotConformant, "without {} {}", entry.case, entry.check);
    }
    Ok(())
}

/// The evidence beside the expectations says what they say, by software that is not ours.
fn openssl_shows_what_the_expectations_of_scepserver_say() -> Result<(), Failed> {
    let folder = sceptic::scepserver_folder();
    let expectations = Expectations::load(&folder.join("expectations.toml"))?;
    assert!(!expectations.entries.is_empty());
    for entry in &expectations.entries {
        let shown = process::run(Command::new("sh").args(["-c", &entry.openssl]).current_dir(&folder))?;
        assert!(!shown.is_empty(), "{} {}: `{}` shows nothing", entry.case, entry.check, entry.openssl);
    }
    Ok(())
}
