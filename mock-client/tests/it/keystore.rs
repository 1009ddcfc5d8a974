//! The three layouts: the same behaviour, a crash at every step, and what other programs see.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use mock_client::Challenge;
use mock_client::files::fuse::{self, Blow};
use mock_client::keystore::{DirectoryStore, Keystore, Pkcs12Store, RouterStore, StoreError};
use rstest::rstest;
use scep::certificate::{Certificate, CertificateParts};
use scep::fault::Faults;
use scep::message::Sender;

use crate::service::{NOW, issuer, key};

#[derive(Debug, Clone, Copy)]
enum Layout {
    Directory,
    Router,
    Pkcs12,
}

const PASSWORD: &str = "changeit";

impl Layout {
    fn open(self, folder: &Path) -> Result<Box<dyn Keystore>, StoreError> {
        Ok(match self {
            Self::Directory => Box::new(DirectoryStore::open(folder)?),
            Self::Router => Box::new(RouterStore::open(folder)?),
            Self::Pkcs12 => Box::new(Pkcs12Store::open(&folder.join("store.p12"), Challenge::new(PASSWORD))?),
        })
    }
}

/// A key with a certificate of that serial number.
fn sender(name: &str, serial: u8) -> Sender {
    let key = key(name);
    let subject = scep::name::parse("CN=dev1,O=lab").unwrap();
    let parts = CertificateParts::self_signed(&subject, key.public(), vec![serial], NOW);
    let certificate = Certificate::from_der(&parts.write(&key, &mut Faults::none()).unwrap()).unwrap();
    Sender { certificate, key }
}

fn ca(name: &str) -> Certificate {
    issuer(&format!("CN={name}"), "ca-rsa", &format!("CN={name}"), "ca-rsa", true, 1 << 5, NOW).certificate
}

fn same(one: Option<&Sender>, other: &Sender) -> bool {
    one.is_some_and(|one| one.certificate == other.certificate && one.key.public() == other.key.public())
}

#[rstest]
#[case::directory(Layout::Directory)]
#[case::router(Layout::Router)]
#[case::pkcs12(Layout::Pkcs12)]
fn what_was_put_is_there_when_it_is_opened_again(#[case] layout: Layout) {
    let dir = tempfile::tempdir().unwrap();
    let (first, second, request) = (sender("pool-05", 1), sender("pool-06", 2), sender("pool-07", 3));
    let mut store = layout.open(dir.path()).unwrap();
    assert!(store.ca().unwrap().is_empty());
    assert!(store.request().unwrap().is_none() && store.current().unwrap().is_none());

    store.put_ca(&[ca("A"), ca("B"), ca("C")]).unwrap();
    store.put_request(&first).unwrap();
    assert!(same(layout.open(dir.path()).unwrap().request().unwrap().as_ref(), &first));
    store.install(&first, &[ca("A")]).unwrap();
    store.put_request(&request).unwrap();
    store.put_ca(&[ca("B")]).unwrap();
    store.install(&second, &[]).unwrap();

    let store = layout.open(dir.path()).unwrap();
    assert_eq!(store.ca().unwrap(), [ca("B")]);
    assert!(same(store.current().unwrap().as_ref(), &second));
}

#[rstest]
#[case::directory(Layout::Directory)]
#[case::router(Layout::Router)]
#[case::pkcs12(Layout::Pkcs12)]
fn a_crash_at_any_step_leaves_the_old_or_the_new_state_whole(#[case] layout: Layout) {
    let (old, new) = (sender("pool-05", 1), sender("pool-06", 2));
    for step in 1.. {
        let dir = tempfile::tempdir().unwrap();
        let mut store = layout.open(dir.path()).unwrap();
        store.put_ca(&[ca("A")]).unwrap();
        store.install(&old, &[]).unwrap();

        fuse::set(Some((step, Blow::Fail)));
        let put = store.put_request(&new);
        let ended =
            put.and_then(|()| store.install(&new, &[ca("A")])).and_then(|()| store.put_ca(&[ca("B")]));
        let is_over = fuse::steps() < step;
        fuse::set(None);
        drop(store);

        let mut store = layout.open(dir.path()).unwrap();
        let current = store.current().unwrap();
        assert!(same(current.as_ref(), &old) || same(current.as_ref(), &new), "{layout:?} {step}");
        let request = store.request().unwrap();
        assert!(request.is_none() || same(request.as_ref(), &new), "{layout:?} {step}");
        let authorities = store.ca().unwrap();
        assert!(authorities == [ca("A")] || authorities == [ca("B")], "{layout:?} {step}");
        store.tidy();
        let unfinished = fs::read_dir(dir.path()).unwrap().flatten();
        assert!(
            !unfinished.into_iter().any(|one| one.file_name().to_string_lossy().starts_with(".mock-client-"))
        );
        // It goes on from there.
        store.install(&new, &[]).unwrap();
        assert!(same(store.current().unwrap().as_ref(), &new));
        if is_over {
            assert!(ended.is_ok() && step > 5, "{step} steps");
            break;
        }
        assert!(ended.is_err());
    }
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn r6_each_certificate_is_kept_under_its_serial_number() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = RouterStore::open(dir.path()).unwrap();
    store.put_ca(&[ca("A"), ca("B")]).unwrap();
    store.install(&sender("pool-05", 0x1a), &[]).unwrap();
    store.install(&sender("pool-06", 0x2b), &[]).unwrap();
    let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    let mut names: Vec<String> = fs::read_dir(dir.path()).unwrap().map(name).collect();
    names.retain(|name| !name.starts_with('.'));
    names.sort();
    assert_eq!(
        names,
        ["1A.crt", "1A.key", "2B.crt", "2B.key", "ca.crt-0", "ca.crt-1", "latest.crt", "latest.key"]
    );
    for (link, file) in [("latest.key", "2B.key"), ("latest.crt", "2B.crt")] {
        assert!(fs::symlink_metadata(dir.path().join(link)).unwrap().is_symlink());
        assert_eq!(fs::read(dir.path().join(link)).unwrap(), fs::read(dir.path().join(file)).unwrap());
        assert_eq!(
            fs::canonicalize(dir.path().join(link)).unwrap(),
            fs::canonicalize(dir.path().join(file)).unwrap()
        );
    }
    assert_eq!(mode(&dir.path().join("1A.key")), 0o600);
    assert_eq!(mode(&dir.path().join("2B.key")), 0o600);
}

#[test]
fn r6_latest_links_switch_atomically() {
    let dir = tempfile::tempdir().unwrap();
    let senders = [sender("pool-05", 1), sender("pool-06", 2)];
    RouterStore::open(dir.path()).unwrap().install(&senders[0], &[]).unwrap();
    // Who resolves one link has to find the other one beside it, whatever is written meanwhile.
    let folder = dir.path().to_owned();
    let done = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let watched = std::sync::Arc::clone(&done);
    let reader = std::thread::spawn(move || {
        let mut seen = 0_u32;
        while !watched.load(std::sync::atomic::Ordering::SeqCst) {
            // Opened at one moment: the folder to which both links lead.
            let pair = fs::canonicalize(folder.join(".latest")).unwrap();
            let certificate = Certificate::from_pem(&fs::read(pair.join("crt")).unwrap()).unwrap();
            let key = scep::key::PrivateKey::from_pem(&fs::read(pair.join("key")).unwrap()).unwrap();
            assert_eq!(certificate.spki, key.public().spki());
            assert!(folder.join("latest.key").exists() && folder.join("latest.crt").exists());
            seen += 1;
        }
        seen
    });
    let mut store = RouterStore::open(dir.path()).unwrap();
    for round in 0..100 {
        store.install(&senders[round % 2], &[]).unwrap();
    }
    done.store(true, std::sync::atomic::Ordering::SeqCst);
    assert!(reader.join().unwrap() > 0);
}

#[test]
fn keys_are_for_their_owner_only_in_every_layout() {
    let dir = tempfile::tempdir().unwrap();
    for layout in [Layout::Directory, Layout::Router, Layout::Pkcs12] {
        let folder = dir.path().join(format!("{layout:?}"));
        fs::create_dir(&folder).unwrap();
        let mut store = layout.open(&folder).unwrap();
        store.put_request(&sender("pool-07", 3)).unwrap();
        store.install(&sender("pool-05", 1), &[]).unwrap();
        store.put_request(&sender("pool-06", 2)).unwrap();
        let mut waiting = vec![folder];
        while let Some(folder) = waiting.pop() {
            for entry in fs::read_dir(folder).unwrap().flatten() {
                let kind = entry.file_type().unwrap();
                if kind.is_dir() {
                    waiting.push(entry.path());
                } else if kind.is_file() {
                    let text = fs::read(entry.path()).unwrap();
                    let has_key =
                        text.windows(11).any(|w| w == b"PRIVATE KEY") || text.first() == Some(&0x30);
                    assert!(!has_key || mode(&entry.path()) == 0o600, "{}", entry.path().display());
                }
            }
        }
    }
}

/// What a program prints; None when it is not installed.
fn output(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).output().ok()?;
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    assert!(output.status.success(), "{program}: {}{}", text(&output.stdout), text(&output.stderr));
    Some(text(&output.stdout) + &text(&output.stderr))
}

#[test]
fn k4_openssl_and_java_find_the_aliases_of_kura() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Layout::Pkcs12.open(dir.path()).unwrap();
    store.put_ca(&[ca("A"), ca("B")]).unwrap();
    store.put_request(&sender("pool-05", 1)).unwrap();
    store.install(&sender("pool-05", 2), &[ca("A")]).unwrap();
    let file = dir.path().join("store.p12");
    let file = file.to_str().unwrap();

    let password = format!("pass:{PASSWORD}");
    let seen = output("openssl", &["pkcs12", "-in", file, "-passin", &password, "-nodes"]).unwrap();
    for alias in ["scep-cacerts_0", "scep-cacerts_1", "sce-request-key-pair", "scep-enrolled-key-pair"] {
        assert!(seen.contains(&format!("friendlyName: {alias}\n")), "{alias} in {seen}");
    }
    assert_eq!(seen.matches("-----BEGIN PRIVATE KEY-----").count(), 2);

    let list = ["-list", "-keystore", file, "-storetype", "PKCS12", "-storepass", PASSWORD];
    if let Some(seen) = output("keytool", &list) {
        for (alias, kind) in [
            ("scep-cacerts_0", "trustedCertEntry"),
            ("scep-cacerts_1", "trustedCertEntry"),
            ("sce-request-key-pair", "PrivateKeyEntry"),
            ("scep-enrolled-key-pair", "PrivateKeyEntry"),
        ] {
            let line = seen.lines().find(|line| line.starts_with(&format!("{alias},")));
            assert!(line.is_some_and(|line| line.contains(kind)), "{alias} in {seen}");
        }
    }
}

#[test]
fn a_wrong_password_is_named_and_nothing_is_changed() {
    let dir = tempfile::tempdir().unwrap();
    Layout::Pkcs12.open(dir.path()).unwrap().put_ca(&[ca("A")]).unwrap();
    let path = dir.path().join("store.p12");
    let before = fs::read(&path).unwrap();
    let error = Pkcs12Store::open(&path, Challenge::new("other")).unwrap_err().to_string();
    assert!(error.starts_with("use ") && error.contains("store.p12"), "{error}");
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn only_who_has_a_store_to_itself_tidies_up() {
    let dir = tempfile::tempdir().unwrap();
    let unfinished = dir.path().join(".mock-client-x");
    let stores: [Box<dyn Keystore>; 3] = [
        Box::new(RouterStore::open(dir.path()).unwrap()),
        Box::new(DirectoryStore::open(dir.path()).unwrap()),
        Box::new(Pkcs12Store::open(&dir.path().join("store.p12"), Challenge::new(PASSWORD)).unwrap()),
    ];
    for store in stores {
        fs::write(&unfinished, "half").unwrap();
        assert!(
            store.current().unwrap().is_none() && unfinished.exists(),
            "another process may be writing it"
        );
        store.tidy();
        assert!(!unfinished.exists());
    }
}
