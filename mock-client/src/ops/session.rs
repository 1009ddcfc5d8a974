//! One conversation with a server: what every operation has in common. Machines of [`scep::client`] say what
//! to send; here it is changed by the faults that a test ordered, sent, and what came of it remembered.

use std::collections::BTreeMap;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rand_core::RngCore;
use scep::ca_cert::CaCertificates;
use scep::caps::Capabilities;
use scep::client::{Discovered, Discovery, DiscoveryVerdict, Step};
use scep::fault::{Faults, Script};
use scep::finding::Finding;
use scep::http::{HttpRequest, HttpResponse, Operation};

use crate::clock::Clock;
use crate::contact::{CaIdentifier, Contact};
use crate::failure::Failure;
use crate::files::fuse;
use crate::transport::{Transport, TransportError, TransportErrorKind};

/// The world outside, as far as an operation may touch it.
pub struct Line<'a> {
    /// The server.
    pub transport: &'a mut dyn Transport,
    /// The time.
    pub clock: &'a dyn Clock,
    /// Nonces, identifiers, paddings.
    pub rng: &'a mut dyn RngCore,
}

impl std::fmt::Debug for Line<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Line")
    }
}

/// A step for the fuse of a test.
fn lost_power() -> Result<(), TransportError> {
    if fuse::is_blown() {
        let detail = "the fuse of a test is blown".to_owned();
        return Err(TransportError { kind: TransportErrorKind::Closed, detail });
    }
    Ok(())
}

/// What the readers and rules had to say along the way.
#[derive(Debug, Clone, Default)]
pub struct Remarks {
    /// Departures that the readers stepped over.
    pub findings: Vec<Finding>,
    /// What the user should know.
    pub warnings: Vec<String>,
    /// Why the last answer was lost, when one was.
    pub lost: Option<TransportErrorKind>,
    /// Seconds for which the server wants to be left alone, by its last answer.
    pub retry_after: Option<u64>,
    /// How many messages each fault has changed.
    pub delivered: BTreeMap<String, u32>,
}

/// A conversation under way.
pub(super) struct Session<'a, 'b> {
    pub(super) contact: &'a Contact,
    pub(super) line: &'a mut Line<'b>,
    pub(super) remarks: Remarks,
    script: Script,
}

impl<'a, 'b> Session<'a, 'b> {
    pub(super) fn new(contact: &'a Contact, line: &'a mut Line<'b>) -> Self {
        let script = contact.faults.clone();
        Self { contact, line, remarks: Remarks::default(), script }
    }

    /// The faults of the next message of that name.
    pub(super) fn faults(&mut self, message: &str) -> Faults {
        self.script.next(message, None).at(self.line.clock.now())
    }

    /// Sends a request that these faults have changed.
    pub(super) fn send(
        &mut self,
        request: &HttpRequest,
        faults: &Faults,
    ) -> Result<HttpResponse, TransportError> {
        self.script.record(faults);
        lost_power()?;
        let answer = self.line.transport.send(request);
        lost_power()?;
        if let Ok(HttpResponse { status: 300..=399, headers, .. }) = &answer {
            let is_location = |(name, _): &&(String, String)| name.eq_ignore_ascii_case("location");
            if let Some((_, to)) = headers.iter().find(is_location) {
                self.remarks.warnings.push(format!("the server redirects to {to}, which was not followed"));
            }
        }
        if let Err(error) = &answer {
            self.remarks.lost = Some(error.kind);
        }
        self.remarks.retry_after =
            answer.as_ref().ok().and_then(|answer| answer.retry_after(self.line.clock.now()));
        answer
    }

    /// Sends a CA query, RFC 8894 4.2, 3.5 and 4.7. The CA's identifier goes along as older drafts have it.
    fn query(
        &mut self,
        operation: Operation,
        mut request: HttpRequest,
    ) -> Result<HttpResponse, TransportError> {
        let with_it = |one: &&CaIdentifier| one.with_capabilities || operation != Operation::GetCaCaps;
        if let Some(identifier) = self.contact.ca_identifier.as_ref().filter(with_it) {
            let escaped = utf8_percent_encode(&identifier.text, NON_ALPHANUMERIC);
            request.query.push_str(&format!("&message={escaped}"));
        }
        let mut faults = self.faults(operation.name());
        faults.request(&mut request);
        self.send(&request, &faults)
    }

    /// The answer to a CA query, with HTTP status 200.
    pub(super) fn query_for(&mut self, operation: Operation) -> Result<HttpResponse, Failure> {
        let response = self.query(operation, HttpRequest::query(operation))?;
        if response.status == 200 {
            return Ok(response);
        }
        Err(Failure::Answer {
            operation: operation.name(),
            error: scep::Error::Misbehaved {
                what: "HTTP status",
                expected: "200".to_owned(),
                actual: response.status.to_string(),
            },
        })
    }

    /// The capabilities alone. An HTTP error, a closed connection or an empty answer mean the same: none
    /// (RFC 8894 3.5.2).
    pub(super) fn capabilities(&mut self) -> Capabilities {
        let request = HttpRequest::query(Operation::GetCaCaps);
        let why = match self.query(Operation::GetCaCaps, request) {
            Ok(response) if response.status == 200 => {
                let capabilities = Capabilities::read(&response.body, &mut self.remarks.findings);
                if !capabilities.keywords().is_empty() {
                    return capabilities;
                }
                "the answer is empty".to_owned()
            }
            Ok(response) => format!("HTTP status {}", response.status),
            Err(error) => error.to_string(),
        };
        self.remarks.warnings.push(format!("the server is taken to have no capability: {why}"));
        Capabilities::default()
    }

    /// What the server can do, and the certificates of the CA, authenticated.
    pub(super) fn discover(&mut self, next_ca: bool) -> Result<Discovered, Failure> {
        let mut machine = Discovery::new(self.contact.discovery(next_ca));
        let mut lost = None;
        let verdict = loop {
            let operation = machine.operation();
            match (machine.poll()?, operation) {
                (Step::Send(request), Some(operation)) => match self.query(operation, request) {
                    Ok(response) => machine.handle(&response, self.line.clock.now()),
                    Err(error) => {
                        machine.handle_no_answer(&error.to_string(), self.line.clock.now());
                        lost = Some(error);
                    }
                },
                (Step::Done(verdict), _) => break *verdict,
                (Step::Wait(until), _) => self.line.clock.wait_until(until),
                (Step::Send(_), None) => {
                    let detail = "a request after the end".to_owned();
                    return Err(scep::Error::Misuse { what: "discovery", detail }.into());
                }
            }
        };
        self.remarks.findings.extend_from_slice(machine.findings());
        self.remarks.warnings.extend_from_slice(machine.warnings());
        match (verdict, lost) {
            (DiscoveryVerdict::Discovered(discovered), _) => Ok(discovered),
            (DiscoveryVerdict::Untrusted(untrusted), _) => Err(Failure::Untrusted(untrusted)),
            (DiscoveryVerdict::Rejected(error), _) => {
                Err(Failure::Answer { operation: Operation::GetCaCert.name(), error })
            }
            (DiscoveryVerdict::NoAnswer(_), Some(error)) => Err(Failure::Network(error)),
            (DiscoveryVerdict::NoAnswer(why), None) => {
                Err(scep::Error::Misuse { what: "discovery", detail: why }.into())
            }
        }
    }

    /// The capabilities, and the certificates that the caller holds already, or those that the server sends.
    pub(super) fn meet(
        &mut self,
        known: Option<&CaCertificates>,
    ) -> Result<(Capabilities, CaCertificates), Failure> {
        let (capabilities, ca) = match known {
            Some(known) => (self.capabilities(), known.clone()),
            None => {
                let Discovered { capabilities, ca, .. } = self.discover(false)?;
                (capabilities, ca)
            }
        };
        if let Err(error) = ca.recipient() {
            self.remarks.warnings.push(format!("keyUsage of the CA is overlooked: {error}"));
        }
        Ok((capabilities, ca))
    }

    /// What there is to say, at the end.
    pub(super) fn into_remarks(mut self) -> Remarks {
        self.remarks.delivered = self.script.delivered().clone();
        self.remarks
    }
}
