//! What a client finds out before it asks for a certificate: what the server can do, whose certificates
//! answer it, and which will, RFC 8894 2.2, 3.5, 4.2 and 4.7.
//!
//! ```text
//!  GetCACaps ----- no answer, HTTP error, nothing: no capability, and a warning
//!     v
//!  GetCACert ----- authenticated as the plan's trust says, else it is over
//!     v
//!  GetCACertChain  only for servers of old drafts, when the plan says so and a certificate came alone
//!     v
//!  GetNextCACert   only when the plan wants it and the server announces it; an HTTP error: there is none
//!     v
//!  Discovered
//! ```

use super::{Step, Trust, Untrusted};
use crate::UnixTime;
use crate::ca_cert::CaCertificates;
use crate::caps::Capabilities;
use crate::error::{Error, Result};
use crate::finding::Finding;
use crate::http::{CA_CERT, CA_CERT_CHAIN, CA_RA_CERT, HttpRequest, HttpResponse, NEXT_CA_CERT, Operation};
use crate::name;
use crate::next_ca::NextCa;

use super::asking::misbehaved;

/// What to find out and whom to trust.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscoveryPlan {
    /// How the CA is authenticated.
    pub trust: Trust,
    /// Every other certificate has to be issued by a trusted one and be valid now (RFC 8894 2.2).
    pub check_chain: bool,
    /// Certificates come with HTTP status 200 only.
    pub check_http_status: bool,
    /// Asks for the chain as drafts before 2011 had it, when a certificate came alone that somebody else
    /// issued.
    pub old_chain: bool,
    /// Asks for the next CA, when the server announces that it has one.
    pub next_ca: bool,
    /// Takes next CA certificates that stand beside the signed content, where no signature covers them, as in
    /// drafts before 2011.
    pub uncovered_next_ca: bool,
    /// The current CA has to have signed the certificates of the next one (RFC 8894 4.7.1).
    pub check_next_ca: bool,
}

impl DiscoveryPlan {
    /// Capabilities and certificates of the CA, every check made.
    #[must_use]
    pub fn new(trust: Trust) -> Self {
        Self {
            trust,
            check_chain: true,
            check_http_status: true,
            old_chain: false,
            next_ca: false,
            uncovered_next_ca: false,
            check_next_ca: true,
        }
    }
}

/// What was found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discovered {
    /// What the server says that it can do.
    pub capabilities: Capabilities,
    /// Certificates of the CA, authenticated.
    pub ca: CaCertificates,
    /// Certificates of the next CA, signed by this one; why they were not used; None when there are none, or
    /// none were asked for.
    pub next_ca: Option<Result<CaCertificates>>,
}

/// How a discovery ended.
#[derive(Debug, Clone, PartialEq)]
pub enum DiscoveryVerdict {
    /// The CA is known and authenticated.
    Discovered(Discovered),
    /// None of the certificates is the one to be trusted.
    Untrusted(Untrusted),
    /// The answer to GetCACert is no such answer.
    Rejected(Error),
    /// GetCACert got no answer; in the transport's words.
    NoAnswer(String),
}

#[derive(Debug, Clone)]
enum State {
    Capabilities,
    Certificates,
    Chain(CaCertificates),
    Next(CaCertificates),
    Over(Box<DiscoveryVerdict>),
}

/// One discovery.
#[derive(Debug, Clone)]
pub struct Discovery {
    plan: DiscoveryPlan,
    state: State,
    is_asked: bool,
    capabilities: Capabilities,
    findings: Vec<Finding>,
    warnings: Vec<String>,
}

impl Discovery {
    /// A discovery that has not begun.
    #[must_use]
    pub fn new(plan: DiscoveryPlan) -> Self {
        Self {
            plan,
            state: State::Capabilities,
            is_asked: false,
            capabilities: Capabilities::default(),
            findings: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Departures in the answers that the readers stepped over.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// What the user should know.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// How it ended; None while it is under way.
    #[must_use]
    pub fn verdict(&self) -> Option<&DiscoveryVerdict> {
        match &self.state {
            State::Over(verdict) => Some(verdict),
            State::Capabilities | State::Certificates | State::Chain(_) | State::Next(_) => None,
        }
    }

    /// The operation that [`Discovery::poll`] asks for now; None when it is over.
    #[must_use]
    pub fn operation(&self) -> Option<Operation> {
        match self.state {
            State::Capabilities => Some(Operation::GetCaCaps),
            State::Certificates => Some(Operation::GetCaCert),
            State::Chain(_) => Some(Operation::GetCaCertChain),
            State::Next(_) => Some(Operation::GetNextCaCert),
            State::Over(_) => None,
        }
    }

    /// What to do now. It never waits.
    ///
    /// # Errors
    /// When the last answer was not given yet.
    pub fn poll(&mut self) -> Result<Step<DiscoveryVerdict>> {
        if let State::Over(verdict) = &self.state {
            return Ok(Step::Done(verdict.clone()));
        }
        match self.operation().filter(|_| !self.is_asked) {
            Some(operation) => {
                self.is_asked = true;
                Ok(Step::Send(HttpRequest::query(operation)))
            }
            None => Err(Error::Misuse {
                what: "discovery",
                detail: "expected the answer to the last request first".to_owned(),
            }),
        }
    }

    /// Takes the answer to the last request.
    pub fn handle(&mut self, response: &HttpResponse, now: UnixTime) {
        if std::mem::take(&mut self.is_asked) {
            self.advance(Ok(response), now);
        }
    }

    /// Takes note that there will be no answer, and why, in the transport's words.
    pub fn handle_no_answer(&mut self, why: &str, now: UnixTime) {
        if std::mem::take(&mut self.is_asked) {
            self.advance(Err(why), now);
        }
    }

    fn advance(&mut self, answer: Result<&HttpResponse, &str>, now: UnixTime) {
        let before = std::mem::replace(&mut self.state, State::Certificates);
        self.state = match before {
            State::Capabilities => {
                self.take_capabilities(answer);
                State::Certificates
            }
            State::Certificates => self.take_certificates(answer, now),
            State::Chain(alone) => self.take_chain(alone, answer, now),
            State::Next(ca) => self.take_next(ca, answer),
            over @ State::Over(_) => over,
        };
    }

    /// RFC 8894 3.5.2: an HTTP error or an empty answer means no capability. Nothing else can be concluded
    /// from a closed connection either, which is what some servers do.
    fn take_capabilities(&mut self, answer: Result<&HttpResponse, &str>) {
        let why = match answer {
            Ok(response) if response.status == 200 => {
                self.capabilities = Capabilities::read(&response.body, &mut self.findings);
                if !self.capabilities.keywords().is_empty() {
                    return;
                }
                "the answer is empty".to_owned()
            }
            Ok(response) => format!("HTTP status {}", response.status),
            Err(why) => why.to_owned(),
        };
        self.warnings.push(format!("the server is taken to have no capability: {why}"));
    }

    fn take_certificates(&mut self, answer: Result<&HttpResponse, &str>, now: UnixTime) -> State {
        let over = |verdict| State::Over(Box::new(verdict));
        let response = match answer {
            Ok(response) => response,
            Err(why) => return over(DiscoveryVerdict::NoAnswer(why.to_owned())),
        };
        match self.read(response, &[CA_CERT, CA_RA_CERT]) {
            Err(error) => over(DiscoveryVerdict::Rejected(error)),
            Ok(received) => match received.certificates.as_slice() {
                [alone] if self.plan.old_chain && !name::same(&alone.issuer, &alone.subject) => {
                    State::Chain(received)
                }
                _ => self.authenticate(received, now),
            },
        }
    }

    fn take_chain(
        &mut self,
        alone: CaCertificates,
        answer: Result<&HttpResponse, &str>,
        now: UnixTime,
    ) -> State {
        let chain = match answer {
            Ok(response) => self.read(response, &[CA_CERT_CHAIN]).map_err(|error| error.to_string()),
            Err(why) => Err(why.to_owned()),
        };
        match chain {
            Ok(chain) => self.authenticate(alone.with_chain(chain), now),
            Err(why) => {
                self.warnings.push(format!("there is no chain beside the certificate: {why}"));
                self.authenticate(alone, now)
            }
        }
    }

    fn read(&mut self, response: &HttpResponse, expected: &[&str]) -> Result<CaCertificates> {
        if self.plan.check_http_status && response.status != 200 {
            return Err(misbehaved("HTTP status (RFC 8894 4.2.1)", "200", response.status));
        }
        let received = CaCertificates::read(&response.body, &mut self.findings)?;
        let expected = match expected {
            [single, _] if !received.is_chain => single,
            [.., several] => several,
            [] => return Ok(received),
        };
        self.warn_of_media_type(response, expected);
        Ok(received)
    }

    fn warn_of_media_type(&mut self, response: &HttpResponse, expected: &str) {
        if response.media_type().as_deref() != Some(expected) {
            let actual = response.content_type.as_deref().unwrap_or("none");
            self.warnings.push(format!("Content-Type: expected {expected}, got {actual}"));
        }
    }

    fn authenticate(&mut self, received: CaCertificates, now: UnixTime) -> State {
        let DiscoveryPlan { trust, check_chain, next_ca, .. } = &self.plan;
        match trust.authenticate(received, *check_chain, now, &mut self.warnings) {
            Err(untrusted) => State::Over(Box::new(DiscoveryVerdict::Untrusted(untrusted))),
            Ok(ca) if *next_ca && self.capabilities.has("GetNextCACert") => State::Next(ca),
            Ok(ca) => self.discovered(ca, None),
        }
    }

    fn take_next(&mut self, ca: CaCertificates, answer: Result<&HttpResponse, &str>) -> State {
        let why = match answer {
            Ok(response) if response.status == 200 => {
                let next_ca = self.read_next(&ca, response);
                return self.discovered(ca, Some(next_ca));
            }
            // With an HTTP error a server says that it has none (RFC 8894 says nothing).
            Ok(response) => format!("HTTP status {}", response.status),
            Err(why) => why.to_owned(),
        };
        self.warnings.push(format!("there is no next CA, though it is announced: {why}"));
        self.discovered(ca, None)
    }

    fn read_next(&mut self, ca: &CaCertificates, response: &HttpResponse) -> Result<CaCertificates> {
        let read = NextCa::read(&response.body)?;
        self.findings.extend(read.findings);
        self.warn_of_media_type(response, NEXT_CA_CERT);
        if !self.plan.check_next_ca {
            return Ok(read.value.unverified().clone());
        }
        let uncovered = self.plan.uncovered_next_ca;
        read.value.authenticate(&ca.certificates, uncovered, &mut self.findings).cloned()
    }

    fn discovered(&self, ca: CaCertificates, next_ca: Option<Result<CaCertificates>>) -> State {
        let capabilities = self.capabilities.clone();
        State::Over(Box::new(DiscoveryVerdict::Discovered(Discovered { capabilities, ca, next_ca })))
    }
}
