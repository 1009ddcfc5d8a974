//! The record: every exchange of the SCEP port, for whoever judges a client or wants to know why.

use std::collections::VecDeque;
use std::fmt::Debug;
use std::sync::{Mutex, PoisonError};

use scep::UnixTime;
use scep::cms::Effort;

/// One exchange as it went over the wire, and what the server thought of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// When it was answered.
    pub at: UnixTime,
    /// Method.
    pub method: String,
    /// Path and query as sent.
    pub target: String,
    /// Header fields of the request.
    pub headers: Vec<(String, String)>,
    /// Body of the request.
    pub body: Vec<u8>,
    /// Status code of the answer.
    pub status: u16,
    /// Header fields of the answer; the HTTP library adds Date and Connection.
    pub response_headers: Vec<(String, String)>,
    /// Body of the answer, as far as it was sent.
    pub response_body: Vec<u8>,
    /// False when a fault ended the connection before the head of the answer.
    pub is_answered: bool,
    /// What the answer is: `GetCACaps`, `GetCACert`, `CertRep` or `Error`.
    pub message: &'static str,
    /// pkiStatus that was decided on, of a CertRep; a fault may have sent another one.
    pub pki_status: Option<&'static str>,
    /// Faults that changed the answer.
    pub faults: Vec<String>,
    /// What opening the envelope of the request took.
    pub effort: Effort,
    /// What was decided, and why. For the operator, never for the client.
    pub note: String,
}

/// Sees every exchange before its answer is sent.
pub trait Observer: Debug + Send + Sync {
    /// One exchange.
    fn exchange(&self, exchange: &Recorded);

    /// A connection on which something else than HTTP arrived, or that broke off; in the words of the HTTP
    /// library, which has answered already if it could.
    fn broken(&self, at: UnixTime, why: &str) {
        let _ = (at, why);
    }
}

/// Keeps the latest exchanges.
#[derive(Debug, Default)]
pub struct Recorder(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    exchanges: VecDeque<Recorded>,
    octets: usize,
}

/// Most exchanges kept. A client run has under ten; a load test is not read exchange by exchange.
const EXCHANGES: usize = 4096;
/// Most octets of bodies kept: a small machine has that to spare.
const OCTETS: usize = 64 << 20;

impl Recorder {
    /// Takes the exchanges out.
    pub fn take(&self) -> Vec<Recorded> {
        std::mem::take(&mut *self.kept()).exchanges.into()
    }

    /// The exchanges, left in.
    #[must_use]
    pub fn all(&self) -> Vec<Recorded> {
        self.kept().exchanges.iter().cloned().collect()
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        // A panic elsewhere does not make the record wrong.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Recorder {
    fn exchange(&self, exchange: &Recorded) {
        let size = |exchange: &Recorded| exchange.body.len() + exchange.response_body.len();
        let mut kept = self.kept();
        kept.octets += size(exchange);
        kept.exchanges.push_back(exchange.clone());
        while kept.exchanges.len() > EXCHANGES || kept.octets > OCTETS {
            let Some(oldest) = kept.exchanges.pop_front() else { break };
            kept.octets -= size(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use scep::UnixTime;
    use scep::cms::Effort;

    use super::{EXCHANGES, OCTETS, Observer as _, Recorded, Recorder};

    fn exchange(at: u64, octets: usize) -> Recorded {
        Recorded {
            at: UnixTime(at),
            method: "POST".to_owned(),
            target: "/".to_owned(),
            headers: Vec::new(),
            body: vec![0; octets],
            status: 200,
            response_headers: Vec::new(),
            response_body: Vec::new(),
            is_answered: true,
            message: "CertRep",
            pki_status: None,
            faults: Vec::new(),
            effort: Effort::default(),
            note: String::new(),
        }
    }

    #[test]
    fn the_oldest_exchanges_go_when_there_are_too_many() {
        let recorder = Recorder::default();
        (0..=EXCHANGES as u64).for_each(|at| recorder.exchange(&exchange(at, 1)));
        let all = recorder.all();
        assert_eq!((all.len(), all[0].at), (EXCHANGES, UnixTime(1)));
    }

    #[test]
    fn the_oldest_exchanges_go_when_they_are_too_large() {
        let recorder = Recorder::default();
        (0..3).for_each(|at| recorder.exchange(&exchange(at, OCTETS / 2)));
        assert_eq!(recorder.take().iter().map(|e| e.at.0).collect::<Vec<_>>(), [1, 2]);
        assert!(recorder.take().is_empty());
    }
}
