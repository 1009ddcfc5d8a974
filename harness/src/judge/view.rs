//! Where a fact is looked up: the exchanges that a reference points to.

use scep::ca_cert::CaCertificates;
use scep::http::Operation;

use super::decoded::Decoded;
use crate::data::reference::{StepName, StepRef};
use crate::transcript::{ClientRun, Exchange, Transcript};

/// A transcript with every exchange read.
#[derive(Debug)]
pub(super) struct World<'a> {
    transcript: &'a Transcript,
    decoded: Vec<Decoded>,
}

/// One exchange, or one client run, and what surrounds it.
#[derive(Debug, Clone, Copy)]
pub(super) struct View<'a> {
    /// The exchange; None when the reference points to a client run that exchanged nothing.
    pub(super) exchange: Option<(usize, &'a Exchange, &'a Decoded)>,
    /// The client run of that step.
    pub(super) run: Option<&'a ClientRun>,
    /// pkiMessages of that step.
    pub(super) messages: usize,
    /// The CA certificates that the `ca` step of this transcript fetched.
    pub(super) ca: Option<&'a CaCertificates>,
    /// The certificates of the next CA that a step of this transcript fetched.
    pub(super) next_ca: Option<&'a CaCertificates>,
}

impl<'a> World<'a> {
    pub(super) fn new(transcript: &'a Transcript) -> Self {
        Self { transcript, decoded: transcript.exchanges.iter().map(Decoded::new).collect() }
    }

    /// Every view that the reference points to: one, or with `*` one for each exchange. Empty when the
    /// step left no trace.
    pub(super) fn views(&'a self, step: &StepRef) -> Vec<View<'a>> {
        let ca = self
            .decoded
            .iter()
            .rev()
            .find_map(|decoded| decoded.ca.as_ref()?.as_ref().ok())
            .map(|(ca, _)| ca);
        let next_ca = self.decoded.iter().rev().find_map(|decoded| decoded.next.as_ref()?.as_ref().ok());
        let next_ca = next_ca.map(|(next, _)| next.unverified());
        let all = self.transcript.exchanges.iter().zip(&self.decoded).enumerate();
        let fits = |exchange: &Exchange, decoded: &Decoded| match &step.of {
            StepName::Step(id) => exchange.step == *id,
            StepName::Saw(name) => exchange.step != AGAIN && decoded.is_named(name),
        };
        let messages = self.transcript.exchanges.iter().zip(&self.decoded);
        let messages = messages.filter(|(exchange, decoded)| {
            fits(exchange, decoded) && decoded.is_named(Operation::PkiOperation.name())
        });
        let messages = messages.count();
        let run = match &step.of {
            StepName::Step(id) => self.transcript.runs.get(id),
            StepName::Saw(_) => None,
        };
        let mut views: Vec<View<'a>> = all
            .filter(|(_, (exchange, decoded))| fits(exchange, decoded))
            .map(|(index, (exchange, decoded))| View {
                exchange: Some((index, exchange, decoded)),
                run,
                messages,
                ca,
                next_ca,
            })
            .collect();
        if views.is_empty() && run.is_some() {
            views.push(View { exchange: None, run, messages, ca, next_ca });
        }
        if !step.each && views.len() > 1 {
            views.drain(..views.len() - 1);
        }
        views
    }
}

/// Step id of the implicit second run of a client case.
pub(super) const AGAIN: &str = "again";
