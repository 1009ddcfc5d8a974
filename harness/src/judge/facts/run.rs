//! Facts of a run of the client under test.

use scep::certificate::Certificate;
use scep::serial::SerialNumber;

use super::{Fact, Find, Kind, Row};
use crate::judge::view::View;
use crate::transcript::ClientRun;

const RUN: &str = "a run of the client";

pub(super) const ROWS: &[Row] = &[
    Row {
        path: "run.outcome",
        kind: Kind::Text,
        parent: RUN,
        doc: "`installed`, `rejected`, `pending`, `network` or `unclear`, by the peer file's map; not known of a run \
              that was ended by a signal or at its time limit",
        find: Find::View(|view| {
            run(view, |run| match (run.signal, run.timed_out) {
                (None, false) => Fact::text(run.outcome.clone()),
                _ => Fact::missing("the client did not end by itself"),
            })
        }),
    },
    Row {
        path: "run.installed",
        kind: Kind::Bool,
        parent: RUN,
        doc: "the file that it was run for is there and holds what it is to hold (of a renewal, another certificate than \
              before), whatever the exit code",
        find: Find::View(|view| run(view, |run| Fact::bool(run.installed))),
    },
    Row {
        path: "run.exit",
        kind: Kind::Number,
        parent: RUN,
        doc: "exit code; absent when a signal ended it",
        find: Find::View(|view| run(view, |run| Fact::from(run.exit.map(Fact::number)))),
    },
    Row {
        path: "run.signal",
        kind: Kind::Number,
        parent: RUN,
        doc: "number of the signal that ended it; absent when it exited",
        find: Find::View(|view| run(view, |run| Fact::from(run.signal.map(Fact::number)))),
    },
    Row {
        path: "run.timedOut",
        kind: Kind::Bool,
        parent: RUN,
        doc: "it was ended at its time limit",
        find: Find::View(|view| run(view, |run| Fact::bool(run.timed_out))),
    },
    Row {
        path: "run.messages",
        kind: Kind::Number,
        parent: RUN,
        doc: "requests of operation PKIOperation that our server saw during the run",
        find: Find::View(|view| run(view, |_| Fact::number(view.messages))),
    },
    Row {
        path: "run.challenge",
        kind: Kind::Text,
        parent: RUN,
        doc: "challengePassword that the client was configured with",
        find: Find::View(|view| run(view, |run| Fact::text(run.challenge.clone()))),
    },
    Row {
        path: "run.certificate.publicKey",
        kind: Kind::Octets,
        parent: "an installed certificate",
        doc: "SubjectPublicKeyInfo of the installed certificate, DER",
        find: Find::View(|view| certificate(view, |certificate| Fact::octets(&certificate.spki))),
    },
    Row {
        path: "run.certificate.serial",
        kind: Kind::Octets,
        parent: "an installed certificate",
        doc: "content octets of its serialNumber",
        find: Find::View(|view| {
            certificate(view, |certificate| Fact::octets(SerialNumber::of(certificate).octets()))
        }),
    },
];

fn certificate(view: &View<'_>, find: impl Fn(&Certificate) -> Fact) -> Fact {
    run(view, |run| match run.certificate.as_deref().map(Certificate::from_der) {
        Some(Ok(certificate)) => find(&certificate),
        Some(Err(error)) => Fact::missing(error.to_string()),
        None => Fact::missing("no certificate is installed"),
    })
}

fn run(view: &View<'_>, find: impl Fn(&ClientRun) -> Fact) -> Fact {
    match view.run {
        Some(run) => find(run),
        None => Fact::missing("the client was not run in this step"),
    }
}
