//! Other people's clients enrol with mock-ca, poll and renew, with the settings that each needs; and where
//! one cannot work with a server that is right, that is shown.
//!
//! `SCEPTIC_PEERS=auto|require|off` says what a missing client means: ignored, failed, or not looked for.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::thread;

use libtest_mimic::Failed;
use tests::binaries;
use tests::peers::policy::missing_programs;
use tests::peers::process::{self, LIMIT};
use tests::peers::{MockCa, openssl};
use tests::trials;

type Test = (&'static str, &'static [&'static str], fn() -> Result<(), Failed>);

const TESTS: &[Test] = &[
    ("strongswan_enrols_and_renews", &["pki", "openssl"], strongswan_enrols_and_renews),
    ("strongswan_polls_until_the_operator_approves", &["pki", "openssl"], strongswan_polls),
    ("strongswan_finds_no_aes_in_capabilities_that_list_it", &["pki"], strongswan_misreads_capabilities),
    (
        "certmonger_enrols_and_renews",
        &["getcert", "dbus-run-session", "gdbus", "openssl"],
        certmonger_enrols_and_renews,
    ),
];

fn main() -> ExitCode {
    trials::run(|asked| {
        let trial = |(name, programs, run): &Test| {
            let missing = asked.missing(|| missing_programs(programs));
            asked.trial(*name, &missing, Box::new(*run))
        };
        TESTS.iter().map(trial).collect()
    })
}

/// strongSwan's `pki` with a folder of its own.
struct Strongswan {
    folder: tempfile::TempDir,
    url: String,
}

impl Strongswan {
    /// A new key, and the certificates of the CA.
    fn new(ca: &MockCa) -> Result<Self, Failed> {
        let own = Self { folder: tempfile::tempdir()?, url: ca.url().to_owned() };
        own.new_key("device.key")?;
        fs::copy(ca.ca_certificate(), own.path("ca.pem"))?;
        Ok(own)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn new_key(&self, name: &str) -> Result<(), Failed> {
        let key = process::run(Command::new("openssl").args(["genpkey", "-quiet", "-algorithm", "RSA"]))?;
        Ok(fs::write(self.path(name), key)?)
    }

    /// `pki --scep` for a key, its certificate on standard output.
    fn scep(&self, key: &str, options: &[&str]) -> Command {
        // It complains about plugins that are not there on standard error: that is thrown away.
        let mut command = Command::new("sh");
        command.current_dir(self.folder.path()).args([
            "-c",
            "exec pki \"$@\" 2>pki.log",
            "sh",
            "--scep",
            "--url",
        ]);
        command.args([&self.url, "--in", key, "--dn", "C=CH, O=lab, CN=strongswan-1"]);
        command.args(["--cacert-enc", "ca.pem", "--cacert-sig", "ca.pem", "--outform", "pem"]).args(options);
        command
    }

    fn enrolled(&self, mut command: Command, key: &str, certificate: &str) -> Result<(), Failed> {
        let printed = process::run(&mut command).map_err(|error| self.with_log(&error.to_string()))?;
        fs::write(self.path(certificate), printed)?;
        openssl::verify(&self.path(certificate), &self.path("ca.pem"))?;
        let (certified, own) =
            (openssl::certified_key(&self.path(certificate))?, openssl::public_key(&self.path(key))?);
        if certified == own { Ok(()) } else { Err("the certificate is for another key".into()) }
    }

    fn with_log(&self, error: &str) -> String {
        format!("{error}\n{}", fs::read_to_string(self.path("pki.log")).unwrap_or_default())
    }
}

/// A mock-ca that every client in the field can work with.
fn tolerant(options: &[&str]) -> Result<MockCa, Failed> {
    Ok(MockCa::start_with(&[&["--persona", "tolerant"], options].concat())?)
}

fn strongswan_enrols_and_renews() -> Result<(), Failed> {
    let ca = tolerant(&[])?;
    let strongswan = Strongswan::new(&ca)?;
    let enrol = strongswan.scep("device.key", &["--password", MockCa::CHALLENGE, "--san", "s1.example.org"]);
    strongswan.enrolled(enrol, "device.key", "device.crt")?;
    // A new key, signed for with the old certificate and without a challenge.
    strongswan.new_key("next.key")?;
    let renew = strongswan.scep("next.key", &["--cert", "device.crt", "--key", "device.key"]);
    strongswan.enrolled(renew, "next.key", "next.crt")?;
    let log = ca.output();
    if log.matches("CertRep SUCCESS").count() == 2 { Ok(()) } else { Err(log.into()) }
}

fn strongswan_polls() -> Result<(), Failed> {
    let ca = tolerant(&["--mode", "manual"])?;
    let strongswan = Strongswan::new(&ca)?;
    let options = ["--password", MockCa::CHALLENGE, "--interval", "1", "--maxpolltime", "30"];
    let enrol = strongswan.scep("device.key", &options);
    thread::scope(|scope| -> Result<(), Failed> {
        let client = scope.spawn(|| strongswan.enrolled(enrol, "device.key", "device.crt"));
        let approved = approve(&ca);
        client.join().map_err(|_| "the client's thread panicked")??;
        approved
    })
}

/// Waits for a pending request and approves it, as an operator would.
fn approve(ca: &MockCa) -> Result<(), Failed> {
    let program = binaries::path_of("mock-ca")?;
    let (admin, token) = ca.admin();
    let operator = |words: &[&str]| {
        let mut command = Command::new(program);
        process::run(command.args(words).args(["--admin", &admin, "--token", &token]))
    };
    let start = std::time::Instant::now();
    loop {
        let pending = operator(&["pending"])?;
        if let Some(id) = pending.split_whitespace().next() {
            operator(&["approve", id])?;
            return Ok(());
        }
        if start.elapsed() > LIMIT {
            return Err(format!("nothing became pending\n{}", ca.output()).into());
        }
    }
}

/// strongSwan 5.9.8 keeps keywords as numbers and tests them as bits: `AES` is found when `SHA-384` is
/// listed. RFC 8894 3.5.2 has each as a keyword of its own, and ignores unknown ones.
fn strongswan_misreads_capabilities() -> Result<(), Failed> {
    let version = process::run(Command::new("pki").arg("--version")).unwrap_or_default();
    let ca = MockCa::start_with(&[])?;
    let strongswan = Strongswan::new(&ca)?;
    let enrol = strongswan.scep("device.key", &["--password", MockCa::CHALLENGE]);
    let ended = strongswan.enrolled(enrol, "device.key", "device.crt");
    let log = fs::read_to_string(strongswan.path("pki.log"))?;
    if ended.is_ok() {
        return Err(format!("strongSwan {version} reads the capabilities now: take the setting back").into());
    }
    if log.contains("encryption algorithm not supported by CA") { Ok(()) } else { Err(log.into()) }
}

/// certmonger in a session of its own: enrols, and renews with a new key. With the same key it cannot: its
/// transactionID is the digest of the key, as drafts before 2015 had it, and so that of the first enrolment,
/// with other content. RFC 8894 3.2.1.1 wants one of its own for each transaction.
fn certmonger_enrols_and_renews() -> Result<(), Failed> {
    let ca = tolerant(&[])?;
    let folder = tempfile::tempdir()?;
    fs::copy(ca.ca_certificate(), folder.path().join("ca.pem"))?;
    fs::write(folder.path().join("run.sh"), CERTMONGER)?;
    let mut command = Command::new("dbus-run-session");
    command.args(["--", "bash", "run.sh", ca.url(), MockCa::CHALLENGE]).current_dir(folder.path());
    for variable in ["HOME", "XDG_CONFIG_HOME", "TMPDIR"] {
        command.env(variable, folder.path());
    }
    let ended = process::run(&mut command).map_err(|error| format!("{error}\n{}", ca.output()))?;
    let check = |name: &str| verified(folder.path(), name);
    check("first.crt").and_then(|first| Ok((first, check("device.crt")?))).and_then(|(first, second)| {
        if first == second {
            return Err(format!("the certificate was not renewed\n{ended}\n{}", ca.output()).into());
        }
        Ok(())
    })?;
    let log = ca.output();
    let in_use = log.contains("the transactionID belongs to a request");
    // A message goes by GET although POST is announced: RFC 8894 4.1 has POST then.
    let by_get = log.contains("GET /scep?operation=PKIOperation");
    if log.matches("CertRep SUCCESS").count() == 2 && in_use && by_get {
        Ok(())
    } else {
        Err(format!("{ended}\n{log}").into())
    }
}

fn verified(folder: &Path, name: &str) -> Result<String, Failed> {
    openssl::verify(&folder.join(name), &folder.join("ca.pem"))?;
    Ok(fs::read_to_string(folder.join(name))?)
}

/// What a user types, but for the waiting.
const CERTMONGER: &str = r#"set -eu
/usr/lib/certmonger/certmonger-session -n -d 3 >session.log 2>&1 &
session=$!
trap 'kill $session 2>/dev/null || true; wait $session 2>/dev/null || true' EXIT
for _ in $(seq 300); do
    gdbus call --session --dest org.freedesktop.DBus --object-path /org/freedesktop/DBus --method \
        org.freedesktop.DBus.NameHasOwner org.fedorahosted.certmonger 2>/dev/null | grep -q true && break
    sleep 0.1
done
getcert add-scep-ca -s -c lab -u "$1" -N "$PWD/ca.pem"
for _ in $(seq 300); do getcert list-cas -s -c lab -v | grep -qi thumbprint && break; sleep 0.1; done
getcert request -s -c lab -I r1 -k "$PWD/device.key" -f "$PWD/device.crt" -N "CN=certmonger-1,O=lab" \
    -D certmonger-1.example.org -L "$2" -w --wait-timeout 30
getcert list -s
cp device.crt first.crt
getcert resubmit -s -i r1 -w --wait-timeout 30
getcert rekey -s -i r1 -w --wait-timeout 30
# It says that it is done before the file is written.
for _ in $(seq 300); do cmp -s first.crt device.crt || break; sleep 0.1; done
getcert list -s
"#;
