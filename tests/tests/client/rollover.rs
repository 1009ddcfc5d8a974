//! K5: the agent lives through a rollover of mock-ca over HTTP, both under clocks that move when the agent
//! waits: two months in a second.

use std::sync::Arc;

use mock_ca::{Config, ManualClock, MockCa};
use mock_client::agent::plan::Task;
use mock_client::agent::{Agent, Environment, Runner, Settings};
use mock_client::{Clock, HttpTransport, Line, ServerUrl, TimeLimits};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use scep::UnixTime;
use scep::suite::Digest;

const DAY: u64 = 86_400;
const NOW: UnixTime = UnixTime(1_800_000_000);

/// The clock of both.
struct Shared(Arc<ManualClock>);

impl Clock for Shared {
    fn now(&self) -> UnixTime {
        mock_ca::Clock::now(&*self.0)
    }

    fn wait_until(&self, at: UnixTime) {
        self.0.advance(at.0.saturating_sub(self.now().0));
    }
}

struct NoScripts;

impl Runner for NoScripts {
    fn run(&mut self, _: &str, _: &Environment) -> Result<(), String> {
        Ok(())
    }
}

#[test]
fn k5_a_rollover_of_the_ca_is_lived_through_over_http() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let clock = Arc::new(ManualClock::at(NOW));
    let mut config = Config::for_tests("secret", None);
    (config.ca.days, config.certificate_days) = (60, 20);
    let server = runtime.block_on(MockCa::start(config, clock.clone(), [7; 32])).unwrap();
    let first = server.ca_certificate();
    let print = hex(&first.fingerprint(Digest::Sha256).unwrap());
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "schema = 1\n[server]\nurl = \"{}\"\nca-fingerprint = \"{print}\"\n\
         [request]\nsubject = \"CN=dev1,O=lab\"\nchallenge = \"secret\"\n\
         [renewal]\nbefore-days = 5\n[store]\nkind = \"directory\"\npath = \"store\"\n",
        server.url()
    );
    let settings = Settings::parse(&text, folder.path()).unwrap();
    let url = ServerUrl::parse(&server.url()).unwrap();
    let mut transport = HttpTransport::new(url, TimeLimits::default()).unwrap();
    let (shared, mut rng) = (Shared(clock), ChaCha20Rng::from_seed([3; 32]));
    let mut done = Vec::new();
    let (mut prepared, mut switched) = (false, false);
    while shared.now() < NOW.plus(90 * DAY) {
        // What the operator does: the next CA ten days before the end, and over to it three days before.
        if !prepared && shared.now() >= NOW.plus(50 * DAY) {
            server.service().prepare_next().unwrap();
            prepared = true;
        }
        if !switched && shared.now() >= NOW.plus(57 * DAY) {
            server.service().switch_to_next().unwrap();
            switched = true;
        }
        let mut store = settings.store().unwrap();
        let (checked, held) = {
            let mut scripts = NoScripts;
            let mut agent = Agent::new(&settings, store.as_mut(), &mut scripts).unwrap();
            let line = &mut Line { transport: &mut transport, clock: &shared, rng: &mut rng };
            let checked = agent.check(line).unwrap();
            (checked, settings.store().unwrap().current().unwrap())
        };
        assert_eq!(checked.error, None, "{:?}", checked.done);
        // Never without a certificate that is valid.
        let held = held.unwrap().certificate;
        assert!(shared.now() <= held.not_after.unwrap(), "at {}", shared.now());
        done.extend(checked.done);
        shared.wait_until(checked.next.unwrap());
    }
    assert!(done.contains(&Task::FetchNextCa), "{done:?}");
    assert_eq!(
        done.iter().filter(|task| **task == Task::Bootstrap).count(),
        1,
        "trust is handed on: {done:?}"
    );
    assert_eq!(done.iter().filter(|task| **task == Task::Enrol).count(), 1, "{done:?}");
    let second = server.ca_certificate();
    assert_ne!(first.spki, second.spki);
    let store = settings.store().unwrap();
    let current = store.current().unwrap().unwrap().certificate;
    assert!(current.is_issued_by(&second), "issued by the next CA");
    assert_eq!(store.ca().unwrap(), [second], "the one that expired is forgotten");
    runtime.block_on(server.stop());
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}
