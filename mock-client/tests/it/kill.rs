//! The agent as a program, killed at every step, hundreds of times.

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Output};

use mock_client::{Clock as _, SystemClock};
use rstest::rstest;
use scep::certificate::Certificate;
use scep::key::PrivateKey;
use tempfile::TempDir;

use crate::listener::Listener;
use crate::service::{CHALLENGE, Service};

/// A folder in memory where there is one: everything is synchronised to the disk, hundreds of times.
pub(crate) fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let in_memory = memory.is_dir().then(|| tempfile::tempdir_in(memory).ok()).flatten();
    in_memory.unwrap_or_else(|| tempfile::tempdir().unwrap())
}

fn agent(folder: &Path, action: &str, fuse: Option<u32>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mock-client"));
    command.args(["agent", action, "--config"]).arg(folder.join("agent.toml"));
    if let Some(step) = fuse {
        command.env("MOCK_CLIENT_FUSE", step.to_string());
    }
    command.output().unwrap()
}

fn settings(folder: &Path, url: &str, store: &str, key: &str) {
    let path = if store == "pkcs12" { "store.p12" } else { "store" };
    let text = format!(
        "schema = 1\n[server]\nurl = \"{url}\"\n[request]\nsubject = \"CN=dev1,O=lab\"\nchallenge = \"{CHALLENGE}\"\n\
         key = \"{key}\"\n[renewal]\nbefore-days = 14\n[retry]\ninterval-seconds = 1\ngrowth-percent = 100\n\
         [store]\nkind = \"{store}\"\npath = \"{path}\"\npassword = \"changeit\"\n\
         [script]\nsuccess = \"echo $SCEP_SERIAL >> '{}'\"\n",
        folder.join("serials").display()
    );
    fs::write(folder.join("agent.toml"), text).unwrap();
}

/// The current certificate as the device has it, with its key; through the library, as a program would.
fn current(folder: &Path, store: &str) -> Option<(Certificate, PrivateKey)> {
    let text = fs::read_to_string(folder.join("agent.toml")).unwrap();
    let settings = mock_client::agent::Settings::parse(&text, folder).unwrap();
    let opened = settings.store().unwrap_or_else(|error| panic!("{store}: {error}"));
    opened.current().unwrap().map(|sender| (sender.certificate, sender.key))
}

/// How long what it issues from now on is valid, before and after now.
fn issue(server: &Listener, age: u64, validity: u64) {
    let mut service = server.service.lock().unwrap();
    (service.age, service.validity) = (age, validity);
}

/// Every step with the layout that has most of them, every third with the others. Only a debug build has the
/// fuse.
#[cfg(debug_assertions)]
#[rstest]
#[case::directory("directory", 3)]
#[case::router("router", 1)]
#[case::pkcs12("pkcs12", 3)]
fn killed_at_every_step_the_agent_loses_no_key_and_recovers(#[case] store: &str, #[case] stride: usize) {
    let server = Listener::start(Service { validity: 30 * 86_400, ..Service::at(SystemClock.now()) });
    server.service.lock().unwrap().capabilities.push("Renewal");
    let mut kills = 0;
    for renews in [false, true] {
        for step in (1..).step_by(stride) {
            let dir = folder();
            let folder = dir.path();
            settings(folder, &server.url, store, "1024");
            if renews {
                // Most of its life is over when it is issued.
                issue(&server, 3 * 86_400, 86_400);
                assert!(agent(folder, "check", None).status.success());
                issue(&server, 60, 30 * 86_400);
            }
            let before = server.service.lock().unwrap().issued.len();
            let killed = agent(folder, "check", Some(step));
            let is_over = killed.status.success();
            assert!(is_over || killed.status.signal() == Some(9), "{killed:?}");
            kills += u32::from(!is_over);
            if step % 10 == 0 {
                let status = String::from_utf8(agent(folder, "status", None).stdout).unwrap();
                assert!(status.starts_with("Module scepClient not running\nCertificate "), "{status}");
            }
            let recovered = agent(folder, "check", None);
            assert!(recovered.status.success(), "{step}: {recovered:?}");
            let (certificate, key) = current(folder, store).expect("enrolled");
            assert_eq!(certificate.spki, key.public().spki());
            let issued = server.service.lock().unwrap().issued[before..].to_vec();
            let lost = issued.iter().filter(|one| one.spki != key.public().spki()).count();
            assert_eq!(lost, 0, "{store} {step} {is_over}: {}", String::from_utf8_lossy(&recovered.stdout));
            let last = fs::read_to_string(folder.join("serials")).unwrap();
            assert_eq!(
                last.lines().last().unwrap(),
                certificate.serial_hex().to_uppercase(),
                "its script ran"
            );
            if is_over {
                break;
            }
        }
    }
    assert!(kills > 100 / u32::try_from(stride).unwrap(), "{kills} kills");
}
