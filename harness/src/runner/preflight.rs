//! Before a run against a URL: is there a SCEP server, and are its settings ours? What is wrong here is
//! configuration, not conformance, and nothing is judged.

use std::collections::BTreeMap;

use scep::ca_cert::CaCertificates;
use scep::caps::Capabilities;
use scep::http::{HttpRequest, Operation};

use super::shown;
use super::subject::ServerSubject;
use crate::exit::Exit;
use crate::transcript::{Reply, Request};

/// What preflight found out.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// Keywords of GetCACaps; None when it was not answered with 200.
    pub keywords: Option<Vec<String>>,
    /// Number of CA certificates.
    pub certificates: usize,
    /// Abilities that the CA certificates show, or show to be missing.
    pub shown: BTreeMap<String, bool>,
}

/// Why a run cannot begin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Stop {
    /// Exit code: 3 for settings, 20 when nobody is there.
    pub exit: Exit,
    /// What was tried, expected and got.
    pub message: String,
    /// What to change.
    pub hint: String,
}

/// Connects, asks for capabilities and certificates.
///
/// # Errors
/// When nobody answers, or what answers is no SCEP server.
pub async fn discover(subject: &ServerSubject) -> Result<Found, Stop> {
    let caps = ask(subject, Operation::GetCaCaps).await;
    let url = subject.http.endpoint().to_string();
    if let Reply::Failed { kind, detail } = &caps
        && matches!(kind.as_str(), "refused" | "unreachable" | "timeout")
    {
        return Err(Stop {
            exit: Exit::SubjectDown,
            message: format!("reach {url}: {detail}"),
            hint: "is the server running, and are host and port right?".to_owned(),
        });
    }
    let cert = ask(subject, Operation::GetCaCert).await;
    let keywords = match &caps {
        Reply::Answered(response) if response.status == 200 => {
            Some(Capabilities::read(&response.body, &mut Vec::new()).keywords().to_vec())
        }
        _ => None,
    };
    let certificates = match &cert {
        Reply::Answered(response) if response.status == 200 => {
            CaCertificates::read(&response.body, &mut Vec::new())
                .map_err(|error| format!("no certificate: {error}"))
        }
        Reply::Answered(response) => Err(format!("HTTP status {}", response.status)),
        Reply::Failed { kind, detail } => Err(format!("{kind}, {detail}")),
        Reply::None => Err("nothing".to_owned()),
    };
    match certificates {
        Ok(ca) => Ok(Found { keywords, certificates: ca.certificates.len(), shown: shown::abilities(&ca) }),
        Err(why) => Err(Stop {
            exit: Exit::Config,
            message: format!("find a SCEP server at {url}: GetCACert answered {why}"),
            hint: "is the path of the URL right?".to_owned(),
        }),
    }
}

async fn ask(subject: &ServerSubject, operation: Operation) -> Reply {
    let request = Request {
        method: "GET".to_owned(),
        target: subject.http.target(&HttpRequest::query(operation).query),
        headers: Vec::new(),
        body: Vec::new(),
    };
    subject.http.send(&request).await.0
}
