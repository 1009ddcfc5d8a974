//! The agent under a clock that moves only when somebody waits: years in milliseconds.

use std::cell::{Cell, RefCell};
use std::path::Path;
use std::rc::Rc;

use mock_client::agent::plan::Task;
use mock_client::agent::{Agent, Checked, Environment, Outcome, Runner, Settings, State, status};
use mock_client::keystore::Keystore;
use mock_client::{Clock as _, Line, ManualClock, Transport, TransportError, TransportErrorKind};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use rstest::rstest;
use scep::UnixTime;
use scep::certificate::{Certificate, CertificateParts, Extension};
use scep::fault::Faults;
use scep::http::{HttpRequest, HttpResponse};
use scep::message::Sender;
use scep::suite::Digest;
use tempfile::TempDir;

use crate::service::{CHALLENGE, NOW, Service, key};

const DAY: u64 = 86_400;

/// A device, its server, and the time that both have.
struct World {
    dir: TempDir,
    clock: Rc<ManualClock>,
    service: Rc<RefCell<Service>>,
    /// Nobody answers.
    down: Rc<Cell<bool>>,
    /// The server has no time for the next message of that type, and says for how long.
    busy: Rc<RefCell<Option<(&'static str, &'static str)>>>,
    text: String,
    scripts: Scripts,
    rng: ChaCha20Rng,
}

/// Keeps what would have been run.
#[derive(Default)]
struct Scripts(Vec<(String, Environment)>);

impl Runner for Scripts {
    fn run(&mut self, script: &str, environment: &Environment) -> Result<(), String> {
        self.0.push((script.to_owned(), environment.clone()));
        Ok(())
    }
}

struct Wire {
    clock: Rc<ManualClock>,
    service: Rc<RefCell<Service>>,
    down: Rc<Cell<bool>>,
    busy: Rc<RefCell<Option<(&'static str, &'static str)>>>,
}

impl Transport for Wire {
    fn send(&mut self, request: &HttpRequest) -> Result<HttpResponse, TransportError> {
        if self.down.get() {
            let detail = "by the test".to_owned();
            return Err(TransportError { kind: TransportErrorKind::Refused, detail });
        }
        let mut service = self.service.borrow_mut();
        service.now = self.clock.now();
        let answer = service.send(request);
        let log = service.log();
        let mut busy = self.busy.borrow_mut();
        match *busy {
            Some((message, value)) if log.last().is_some_and(|last| last == message) => {
                *busy = None;
                let mut busy = HttpResponse::error(503, "busy");
                busy.headers.push(("retry-after".to_owned(), value.to_owned()));
                Ok(busy)
            }
            _ => answer,
        }
    }
}

/// A CA certificate of that key, valid for so many days from then.
fn authority(name: &str, key_name: &str, from: UnixTime, days: u64) -> Sender {
    let key = key(key_name);
    let subject = scep::name::parse(name).unwrap();
    let mut parts = CertificateParts::self_signed(&subject, key.public(), vec![1], from);
    (parts.not_before, parts.not_after) = (from, from.plus(days * DAY));
    parts.extensions = vec![Extension::basic_constraints(true), Extension::key_usage(1 | 1 << 2 | 1 << 5)];
    let certificate = Certificate::from_der(&parts.write(&key, &mut Faults::none()).unwrap()).unwrap();
    Sender { certificate, key }
}

fn fingerprint(service: &Service) -> String {
    let octets = service.ca.certificate.fingerprint(Digest::Sha256).unwrap();
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

impl World {
    fn new(store: &str, more: &str) -> Self {
        let mut service = Service::new();
        service.use_ca(authority("CN=CA", "ca-rsa", NOW.minus(DAY), 3_650));
        service.capabilities.push("Renewal");
        service.validity = 90 * DAY;
        let print = fingerprint(&service);
        let path = if store == "pkcs12" { "store.p12" } else { "store" };
        let text = format!(
            "schema = 1\n[server]\nurl = \"http://ca.example/scep\"\nca-fingerprint = \"{print}\"\n\
             [request]\nsubject = \"CN=dev1,O=lab\"\nchallenge = \"{CHALLENGE}\"\nkey = \"1024\"\n\
             [store]\nkind = \"{store}\"\npath = \"{path}\"\npassword = \"changeit\"\n\
             [script]\nsuccess = \"ok\"\nfailure = \"bad\"\n{more}"
        );
        Self {
            dir: crate::kill::folder(),
            clock: Rc::new(ManualClock::at(NOW)),
            service: Rc::new(RefCell::new(service)),
            down: Rc::default(),
            busy: Rc::default(),
            text,
            scripts: Scripts::default(),
            rng: ChaCha20Rng::from_seed([3; 32]),
        }
    }

    fn settings(&self) -> Settings {
        Settings::parse(&self.text, self.dir.path()).unwrap()
    }

    fn check(&mut self) -> Checked {
        let settings = self.settings();
        let mut store = settings.store().unwrap();
        let mut agent = Agent::new(&settings, store.as_mut(), &mut self.scripts).unwrap();
        let mut wire = Wire {
            clock: Rc::clone(&self.clock),
            service: Rc::clone(&self.service),
            down: Rc::clone(&self.down),
            busy: Rc::clone(&self.busy),
        };
        let clock = Rc::clone(&self.clock);
        agent.check(&mut Line { transport: &mut wire, clock: &*clock, rng: &mut self.rng }).unwrap()
    }

    /// Checks whenever it is due, for so many days; gives back all that was done.
    fn live(&mut self, days: u64) -> Vec<Task> {
        let end = self.clock.now().plus(days * DAY);
        let mut done = Vec::new();
        while self.clock.now() < end {
            let checked = self.check();
            done.extend(checked.done);
            let next = checked.next.unwrap_or(end);
            assert!(next > self.clock.now());
            self.clock.wait_until(next.min(end));
        }
        done
    }

    fn store(&self) -> Box<dyn Keystore> {
        self.settings().store().unwrap()
    }

    fn current(&self) -> Sender {
        self.store().current().unwrap().expect("enrolled")
    }

    fn status(&self, is_at_work: bool) -> String {
        let settings = self.settings();
        let state = State::read(&settings.state_path).unwrap();
        let store = settings.store().unwrap();
        let status = status(&settings.module, settings.policy.enabled, is_at_work, &state, store.as_ref());
        status.unwrap().to_string()
    }

    fn count(&self, name: &str) -> usize {
        self.service.borrow().log().iter().filter(|entry| *entry == name).count()
    }
}

#[rstest]
#[case::directory("directory")]
#[case::router("router")]
#[case::pkcs12("pkcs12")]
fn r1_a_device_without_a_certificate_enrols_and_then_rests(#[case] store: &str) {
    let mut world = World::new(store, "");
    let checked = world.check();
    assert_eq!(checked.done, [Task::Bootstrap, Task::Enrol], "{checked:?}");
    assert_eq!((checked.next, checked.error), (Some(NOW.plus(DAY)), None));
    let current = world.current();
    assert_eq!(current.certificate.spki, current.key.public().spki());
    assert_eq!(world.check().done, []);
    let (script, environment) = &world.scripts.0[0];
    assert_eq!(
        (script.as_str(), environment.outcome, environment.serial.as_str()),
        ("ok", Outcome::Success, "2A")
    );
    assert_eq!(world.scripts.0.len(), 1);
}

#[rstest]
#[case::new_key("", true)]
#[case::same_key("[renewal]\nsame-key = true\n", false)]
fn k5_a_year_of_renewals(#[case] more: &str, #[case] new_keys: bool) {
    let mut world = World::new("router", more);
    let done = world.live(365);
    // 90 days, renewed 14 before the end.
    assert_eq!(done.iter().filter(|task| **task == Task::Renew).count(), 4, "{done:?}");
    assert_eq!(done.iter().filter(|task| **task == Task::Enrol).count(), 1);
    assert_eq!((world.count("RenewalReq"), world.count("PKCSReq")), (4, 1));
    let service = world.service.borrow();
    let mut keys: Vec<&[u8]> = service.issued.iter().map(|one| one.spki.as_slice()).collect();
    keys.dedup();
    assert_eq!(keys.len(), if new_keys { 5 } else { 1 });
    // Never without a valid certificate.
    for pair in service.issued.windows(2) {
        assert!(pair[1].not_before < pair[0].not_after);
        assert_eq!(pair[0].subject, pair[1].subject);
    }
}

#[test]
fn k5_the_check_is_every_24_hours_by_default_and_the_time_before_expiry_in_hours() {
    let mut world = World::new("pkcs12", "[renewal]\nbefore-hours = 48\nsame-key = true\n");
    world.check();
    let mut checks = 0;
    loop {
        let next = world.check().next.unwrap();
        assert!(next.0 - world.clock.now().0 <= DAY);
        if world.count("RenewalReq") > 0 {
            break;
        }
        world.clock.wait_until(next);
        checks += 1;
    }
    let left = world.service.borrow().issued[0].not_after.unwrap().0 - world.clock.now().0;
    assert!(left <= 48 * 3_600 && left > 24 * 3_600, "{left}");
    assert!((88..=90).contains(&checks), "{checks}");
}

#[test]
fn k5_a_rollover_of_the_ca_is_lived_through() {
    let mut world = World::new("directory", "");
    {
        let mut service = world.service.borrow_mut();
        // The CA of today lasts another 200 days, the next one begins 60 days before its end.
        service.use_ca(authority("CN=CA", "ca-rsa", NOW.minus(DAY), 201));
        service.capabilities.push("GetNextCACert");
        let print = fingerprint(&service);
        let old = world.text.split("ca-fingerprint = \"").nth(1).unwrap()[..64].to_owned();
        world.text = world.text.replace(&old, &print);
    }
    world.live(100);
    let next = authority("CN=CA", "pool-09", NOW.plus(140 * DAY), 3_650);
    world.service.borrow_mut().next_ca = Some(next.clone());
    let done = world.live(95);
    assert!(done.contains(&Task::FetchNextCa), "{done:?}");
    assert!(world.store().ca().unwrap().contains(&next.certificate));
    // The server changes over.
    {
        let mut service = world.service.borrow_mut();
        service.former = vec![service.ca.certificate.clone()];
        service.use_ca(next.clone());
        service.next_ca = None;
    }
    world.live(170);
    let current = world.current();
    assert!(current.certificate.is_issued_by(&next.certificate), "{}", current.certificate.serial_hex());
    assert_eq!(world.store().ca().unwrap(), [next.certificate], "the expired one is gone");
    let log = world.service.borrow().issued.clone();
    for pair in log.windows(2) {
        assert!(pair[1].not_before < pair[0].not_after, "never without a certificate");
    }
    assert_eq!(world.count("PKCSReq"), 1, "one enrolment, everything else renewals");
}

#[test]
fn k7_another_endpoint_means_a_new_bootstrap_and_a_new_enrolment() {
    let mut world = World::new("pkcs12", "");
    world.check();
    let first = world.current();
    world.text = world.text.replace("http://ca.example/scep", "http://other.example/scep");
    assert_eq!(world.check().done, [Task::Bootstrap, Task::Enrol]);
    assert_ne!(world.current().certificate, first.certificate);
    assert_eq!(world.check().done, []);
}

#[test]
fn k7_a_fingerprint_that_fits_nothing_is_no_reason_to_trust() {
    let mut world = World::new("directory", "");
    world.check();
    let print = fingerprint(&world.service.borrow());
    world.text = world.text.replace(&print, &"0".repeat(64));
    let checked = world.check();
    assert_eq!(checked.done, [Task::Bootstrap]);
    assert!(checked.error.unwrap().contains("failed to trust the CA"), "what is wrong is said");
    assert!(world.store().ca().unwrap().is_empty(), "the trust of before counts no more");
}

#[test]
fn k3_the_ca_is_trusted_by_fingerprint_once_and_by_its_certificate_from_then_on() {
    let mut world = World::new("directory", "");
    world.check();
    let ca = world.service.borrow().ca.certificate.clone();
    assert_eq!(world.store().ca().unwrap(), [ca]);
    // Somebody else under the same name gets no request.
    world.service.borrow_mut().use_ca(authority("CN=CA", "pool-08", NOW.minus(DAY), 3_650));
    world.clock.wait_until(NOW.plus(80 * DAY));
    let before = world.count("RenewalReq");
    let checked = world.check();
    assert!(checked.error.unwrap().contains("failed to trust the CA"));
    assert_eq!(world.count("RenewalReq"), before);
}

#[test]
fn r2_a_pending_request_is_polled_at_its_interval_until_its_time_is_over() {
    let mut world = World::new("router", "[polling]\ninterval-seconds = 20\nmax-minutes = 5\n");
    world.service.borrow_mut().pending = 1_000;
    let checked = world.check();
    assert_eq!(world.count("CertPoll"), 15);
    assert_eq!(world.clock.now().0 - NOW.0, 300);
    assert_eq!(checked.error.as_deref(), Some("still pending after 15 polls"));
    // Later it is approved: no second request is needed.
    world.service.borrow_mut().pending = 0;
    world.clock.wait_until(checked.next.unwrap());
    assert_eq!(world.check().done, [Task::Resume]);
    assert_eq!((world.count("PKCSReq"), world.service.borrow().issued.len()), (1, 1));
}

#[test]
fn k6_the_waits_after_failures_grow_to_the_longest() {
    let mut world = World::new(
        "directory",
        "[retry]\ninterval-seconds = 60\ngrowth-percent = 200\nlongest-seconds = 1000\n",
    );
    world.down.set(true);
    let mut waits = Vec::new();
    for _ in 0..7 {
        let before = world.clock.now();
        let next = world.check().next.unwrap();
        waits.push(next.0 - before.0);
        world.clock.wait_until(next);
    }
    assert_eq!(waits, [60, 120, 240, 480, 960, 1_000, 1_000]);
    assert!(
        world.scripts.0.iter().all(|(script, e)| script == "bad" && e.error.contains("connection refused"))
    );
    assert_eq!(world.scripts.0.len(), 7);
    world.down.set(false);
    let checked = world.check();
    assert_eq!(checked.error, None);
    world.current();
}

#[test]
fn a_refused_renewal_is_tried_in_the_old_form_next() {
    let mut world = World::new("directory", "");
    world.check();
    world.service.borrow_mut().refuses_renewal_req = true;
    world.clock.wait_until(NOW.plus(80 * DAY));
    let checked = world.check();
    assert!(checked.error.unwrap().contains("FAILURE badRequest"));
    world.clock.wait_until(checked.next.unwrap());
    assert_eq!(world.check().done, [Task::Renew]);
    assert_eq!(world.service.borrow().issued.len(), 2);
}

#[test]
fn an_expired_certificate_is_replaced_by_a_new_enrolment() {
    let mut world = World::new("directory", "");
    world.check();
    world.clock.wait_until(NOW.plus(91 * DAY));
    assert_eq!(world.check().done, [Task::Enrol]);
}

#[test]
fn a_transaction_that_the_server_forgot_is_begun_again_with_the_same_key() {
    let mut world = World::new("directory", "[polling]\nmax-polls = 0\n");
    world.service.borrow_mut().pending = 1;
    let checked = world.check();
    let key = world.store().request().unwrap().unwrap().key;
    world.service.borrow_mut().waiting.clear();
    world.clock.wait_until(checked.next.unwrap());
    world.text = world.text.replace("max-polls = 0", "max-polls = 3");
    assert_eq!(world.check().done, [Task::Resume, Task::Enrol]);
    assert_eq!(world.current().key.public(), key.public());
}

#[test]
fn r8_the_status_is_in_the_words_of_the_router() {
    let mut world = World::new("router", "");
    assert_eq!(world.status(false), "Module scepClient not running\nCertificate not enrolled");
    world.service.borrow_mut().refuses = true;
    let next = world.check().next.unwrap();
    assert_eq!(world.status(false), "Module scepClient not running\nCertificate not enrolled");
    world.service.borrow_mut().refuses = false;
    world.clock.wait_until(next);
    world.check();
    assert_eq!(world.status(false), "Module scepClient not running\nCertificate enrolled 2A");
    world.text = format!("enabled = false\n{}", world.text);
    assert_eq!(world.status(false), "Module scepClient disabled\nCertificate enrolled 2A");
    assert_eq!(world.check().next, None);
}

#[test]
fn r8_while_it_is_at_work_it_says_at_what() {
    /// Asks for the status whenever it is to answer.
    struct Curious {
        wire: Wire,
        settings: Settings,
        seen: Vec<String>,
    }
    impl Transport for Curious {
        fn send(&mut self, request: &HttpRequest) -> Result<HttpResponse, TransportError> {
            if request.query.contains("PKIOperation") {
                let state = State::read(&self.settings.state_path).unwrap();
                let store = self.settings.store().unwrap();
                self.seen.push(status("scepClient", true, true, &state, store.as_ref()).unwrap().to_string());
            }
            self.wire.send(request)
        }
    }
    let mut world = World::new("router", "");
    for (days, expected) in [(0, "Certificate enrollment"), (80, "Certificate re-enrollment")] {
        world.clock.wait_until(NOW.plus(days * DAY));
        let wire = Wire {
            clock: Rc::clone(&world.clock),
            service: Rc::clone(&world.service),
            down: Rc::clone(&world.down),
            busy: Rc::clone(&world.busy),
        };
        let settings = world.settings();
        let mut curious = Curious { wire, settings: settings.clone(), seen: Vec::new() };
        let mut store = settings.store().unwrap();
        let mut agent = Agent::new(&settings, store.as_mut(), &mut world.scripts).unwrap();
        let clock = Rc::clone(&world.clock);
        agent.check(&mut Line { transport: &mut curious, clock: &*clock, rng: &mut world.rng }).unwrap();
        assert_eq!(curious.seen, [format!("Module scepClient running\n{expected}")]);
    }
}

#[test]
fn a_script_that_was_interrupted_is_run_again() {
    let mut world = World::new("directory", "");
    world.check();
    let path = world.settings().state_path;
    let state = State { script: Some(Outcome::Success), ..State::read(Path::new(&path)).unwrap() };
    state.write(&path).unwrap();
    world.check();
    assert_eq!(world.scripts.0.len(), 2);
    assert_eq!(State::read(&path).unwrap().script, None);
}

/// Keys that the device has: in the store, and in every generation that it kept.
#[rstest]
#[case::directory("directory")]
#[case::router("router")]
#[case::pkcs12("pkcs12")]
fn a_loss_of_power_at_any_step_of_enrolment_and_renewal_loses_no_key(#[case] store: &str) {
    use mock_client::files::fuse::{self, Blow};
    for renews in [false, true] {
        for step in 1.. {
            let mut world = World::new(store, "");
            if renews {
                world.check();
                world.clock.wait_until(NOW.plus(80 * DAY));
            }
            let before = world.service.borrow().issued.len();
            let settings = world.settings();
            let mut opened = settings.store().unwrap();
            let mut wire = Wire {
                clock: Rc::clone(&world.clock),
                service: Rc::clone(&world.service),
                down: Rc::clone(&world.down),
                busy: Rc::clone(&world.busy),
            };
            let clock = Rc::clone(&world.clock);
            fuse::set(Some((step, Blow::Fail)));
            let ended = {
                let line = &mut Line { transport: &mut wire, clock: &*clock, rng: &mut world.rng };
                Agent::new(&settings, opened.as_mut(), &mut world.scripts)
                    .and_then(|mut agent| agent.check(line))
            };
            let is_over = fuse::steps() < step;
            fuse::set(None);
            drop(opened);
            // The device comes back, perhaps after a wait.
            let granted: Vec<Certificate> = world.service.borrow().issued[before..].to_vec();
            let mut tries = 0;
            while world.service.borrow().issued.len() == before
                || !world.service.borrow().issued[before..]
                    .contains(&world.current_or_none().unwrap_or_else(|| world.ca()))
            {
                let checked = world.check();
                world.clock.wait_until(checked.next.unwrap());
                tries += 1;
                assert!(tries < 5, "{store} {step}: {checked:?}");
            }
            let current = world.current();
            assert_eq!(current.certificate.spki, current.key.public().spki());
            // What was issued before the loss is for a key that the device still had.
            for certificate in granted {
                assert_eq!(certificate.spki, current.key.public().spki(), "{store} {step}");
            }
            if is_over {
                assert!(ended.is_ok() && step > 10, "{step} steps");
                break;
            }
        }
    }
}

impl World {
    fn current_or_none(&self) -> Option<Certificate> {
        self.store().current().unwrap().map(|current| current.certificate)
    }

    fn ca(&self) -> Certificate {
        self.service.borrow().ca.certificate.clone()
    }
}

#[rstest]
#[case::bootstrap("GetCACert", "7200", 7_200)]
#[case::enrolment("PKCSReq", "7200", 7_200)]
#[case::a_date("PKCSReq", "Fri, 15 Jan 2027 10:00:00 GMT", 7_200)]
#[case::less_than_the_policy_waits("PKCSReq", "5", 60)]
#[case::more_than_the_policy_allows("PKCSReq", "9999999999", 86_400)]
fn a_busy_server_is_left_alone_for_as_long_as_it_says(
    #[case] message: &'static str,
    #[case] value: &'static str,
    #[case] seconds: u64,
) {
    let mut world = World::new("directory", "");
    *world.busy.borrow_mut() = Some((message, value));
    let checked = world.check();
    assert!(checked.error.is_some());
    assert_eq!(checked.next, Some(NOW.plus(seconds)), "{:?}", checked.error);
    world.clock.wait_until(NOW.plus(seconds - 1));
    assert_eq!(world.check().done, [], "still left alone");
    world.clock.wait_until(NOW.plus(seconds));
    assert_eq!(world.check().error, None);
}

#[test]
fn a_poll_that_is_answered_busy_is_made_later_in_the_same_transaction() {
    let mut world = World::new("directory", "[polling]\ninterval-seconds = 60\nmax-minutes = 600\n");
    world.service.borrow_mut().pending = 1;
    *world.busy.borrow_mut() = Some(("CertPoll", "3600"));
    let checked = world.check();
    assert_eq!(checked.error, None);
    assert_eq!(world.clock.now(), NOW.plus(60 + 3_600));
    let messages = world.service.borrow().messages();
    assert!(messages.iter().all(|one| one.transaction_id == messages[0].transaction_id));
}
