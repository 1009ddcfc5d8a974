//! The link between one client and the server: what becomes of a request and of its answer, by a schedule.
//!
//! ```text
//!  client --request--> [ schedule: delivered, lost, twice, late, ... ] --> server
//!         <--answer--- [                                             ] <--
//! ```
//!
//! As with HTTP an answer comes on the connection of its request or not at all: what comes too late finds
//! nobody. A request may come twice, or after later ones.

use proptest::prelude::*;
use scep::UnixTime;
use scep::http::{HttpRequest, HttpResponse};

use crate::server::Server;

/// Seconds after which a client takes an answer for lost.
pub(crate) const TIMEOUT: u64 = 30;

/// What becomes of one request and its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Both arrive, together after so many seconds.
    Delivered(u64),
    /// The server never sees it.
    RequestLost,
    /// The server acts on it, and nobody hears its answer.
    AnswerLost,
    /// It arrives, when the client has given up: after so many seconds, and later messages before it.
    RequestLate(u64),
    /// It arrives twice; the client gets the answer to the second copy.
    RequestTwice,
    /// It arrives, and a copy of it again after so many seconds.
    RequestAgainLater(u64),
}

impl Fate {
    /// True when the client hears nothing.
    pub(crate) fn is_loss(self) -> bool {
        matches!(self, Self::RequestLost | Self::AnswerLost | Self::RequestLate(_))
    }
}

/// Any fate, with delays from a second to half an hour.
pub(crate) fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        3 => (0..TIMEOUT).prop_map(Fate::Delivered),
        1 => Just(Fate::RequestLost),
        2 => Just(Fate::AnswerLost),
        1 => (TIMEOUT..1800).prop_map(Fate::RequestLate),
        1 => Just(Fate::RequestTwice),
        1 => (1_u64..1800).prop_map(Fate::RequestAgainLater),
    ]
}

/// A schedule of so many fates at most; after it everything is delivered at once.
pub(crate) fn schedule(length: usize) -> impl Strategy<Value = Vec<Fate>> {
    prop::collection::vec(fate(), 0..=length)
}

/// The link, the server at its end, and the time.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) server: Server,
    pub(crate) now: UnixTime,
    schedule: std::vec::IntoIter<Fate>,
    late: Vec<(UnixTime, HttpRequest)>,
    /// Requests whose answer the client did not get.
    pub(crate) losses: u32,
}

impl Link {
    pub(crate) fn new(server: Server, schedule: Vec<Fate>, now: UnixTime) -> Self {
        Self { server, now, schedule: schedule.into_iter(), late: Vec::new(), losses: 0 }
    }

    /// Lets time pass: what was late arrives.
    pub(crate) fn pass_until(&mut self, until: UnixTime) {
        self.late.sort_by_key(|(at, _)| *at);
        while let Some(index) = self.late.iter().position(|(at, _)| *at <= until) {
            let (at, request) = self.late.remove(index);
            // Its answer finds nobody.
            self.server.answer(&request, at);
        }
        self.now = until;
    }

    /// Sends a request; None when the client hears nothing.
    pub(crate) fn send(&mut self, request: &HttpRequest) -> Option<HttpResponse> {
        let fate = self.schedule.next().unwrap_or(Fate::Delivered(0));
        let after = |seconds| self.now.plus(seconds);
        match fate {
            Fate::RequestLate(seconds) | Fate::RequestAgainLater(seconds) => {
                self.late.push((after(seconds), request.clone()));
            }
            Fate::AnswerLost | Fate::RequestTwice => {
                self.server.answer(request, self.now);
            }
            Fate::Delivered(_) | Fate::RequestLost => {}
        }
        if fate.is_loss() {
            self.losses += 1;
            self.pass_until(after(TIMEOUT));
            return None;
        }
        if let Fate::Delivered(seconds) = fate {
            self.pass_until(after(seconds));
        }
        Some(self.server.answer(request, self.now))
    }
}
