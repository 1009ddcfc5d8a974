//! The reference server in the setups in which `try` and `selftest` run the server cases.

use std::sync::Arc;
use std::time::Duration;

use super::Failure;
use crate::data::{Instance, Known, Role, Setup, Suite};
use crate::runner::operator::Operator;
use crate::runner::session::Subject;
use crate::runner::subject::ServerSubject;
use crate::runner::{Endpoint, Http};

/// The challengePassword of the reference server.
const CHALLENGE: &str = "try-sceptic";

/// The reference server, set up in one way, and the instances that run there.
pub(super) struct Stand {
    /// Name of the setup.
    pub(super) setup: String,
    /// The server.
    pub(super) running: Arc<mock_ca::Running>,
    /// As a subject.
    pub(super) subject: Subject,
    /// What it can do.
    pub(super) known: Known,
    /// What runs there.
    pub(super) instances: Vec<Instance>,
}

/// Starts the reference server in every setup that one of these instances runs in, on loopback ports of its
/// own, with public test keys.
pub(super) async fn stands(
    suite: &Suite,
    instances: &[Instance],
    seed: [u8; 32],
) -> Result<Vec<Stand>, Failure> {
    let mut all = Vec::new();
    for setup in &suite.setups {
        let is_here = |instance: &&Instance| {
            suite.case(&instance.case).is_some_and(|case| case.role == Role::Server)
                && suite.setup(instance).is_some_and(|own| own.id == setup.id)
        };
        let here: Vec<Instance> = instances.iter().filter(is_here).cloned().collect();
        if !here.is_empty() {
            all.push(stand(setup, here, seed).await?);
        }
    }
    Ok(all)
}

async fn stand(setup: &Setup, instances: Vec<Instance>, seed: [u8; 32]) -> Result<Stand, Failure> {
    let failed = |what: &str, why: String| Failure::internal(format!("{what} of setup {}: {why}", setup.id));
    let pem = |name: &String| scep_vectors::keys::named(name).map(|key| key.pem.to_owned());
    let ready = |name: &Option<String>| name.as_ref().and_then(pem).map(mock_ca::KeyPem::new);
    let keys = &setup.keys;
    let mut config = mock_ca::Config::for_tests(CHALLENGE, pem(&keys.key));
    (config.ca.hierarchy, config.ca.registration) = (setup.hierarchy, setup.registration);
    config.ca.ready = mock_ca::ReadyKeys {
        root: ready(&keys.root),
        next: ready(&keys.next),
        signing: ready(&keys.signing),
        opening: ready(&keys.opening),
    };
    let server = mock_ca::MockCa::start(config, Arc::new(mock_ca::SystemClock), seed).await;
    let server = server.map_err(|e| failed("start the embedded server", e.to_string()))?;
    if keys.next.is_some() {
        // So that there is something to tell of: nobody is issued under it who does not ask for it.
        let prepared = server.service().prepare_next();
        prepared.map_err(|e| failed("prepare the next CA", e.to_string()))?;
    }
    let running = Arc::new(server);
    let endpoint = Endpoint::parse(&running.url()).map_err(Failure::internal)?;
    let subject = ServerSubject {
        name: "mock-ca".to_owned(),
        http: Http::new(endpoint, Duration::from_secs(5)),
        challenge: Some(CHALLENGE.to_owned()),
        operator: Operator::Embedded(running.clone()),
        spoken: None,
    };
    Ok(Stand {
        setup: setup.id.clone(),
        running,
        subject: Subject::Server(Arc::new(subject)),
        known: setup.known(),
        instances,
    })
}
