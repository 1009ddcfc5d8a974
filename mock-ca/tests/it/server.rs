//! A running server with a runtime of its own, so that tests can block.

use std::ops::Deref;
use std::sync::Arc;

use mock_ca::{Config, ManualClock, MockCa, Running};
use scep::UnixTime;
use tokio::runtime::Runtime;

pub(crate) const NOW: UnixTime = UnixTime(1_795_219_200);
pub(crate) const CHALLENGE: &str = "let me in";

pub(crate) struct Server {
    // Dropped before the runtime that it runs in.
    running: Running,
    runtime: Runtime,
    pub(crate) clock: Arc<ManualClock>,
}

impl Server {
    /// Grants with the challenge, asks the operator without.
    pub(crate) fn start() -> Self {
        Self::with(config())
    }

    pub(crate) fn with(config: Config) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let clock = Arc::new(ManualClock::at(NOW));
        let running = runtime.block_on(MockCa::start(config, clock.clone(), [7; 32])).unwrap();
        Self { running, runtime, clock }
    }

    pub(crate) fn lax(laxity: &str) -> Self {
        let server = Self::start();
        server.set_laxities(&[laxity.to_owned()]).unwrap();
        server
    }

    pub(crate) fn stop(self) {
        let Self { running, runtime, .. } = self;
        runtime.block_on(running.stop());
    }
}

pub(crate) fn config() -> Config {
    let key = scep_vectors::keys::named("ca-rsa").unwrap();
    Config::for_tests(CHALLENGE, Some(key.pem.to_owned()))
}

impl Deref for Server {
    type Target = Running;

    fn deref(&self) -> &Running {
        &self.running
    }
}
