//! Facts of a GetNextCACert answer.

use scep::Finding;
use scep::next_ca::{Form, NextCa};

use super::ca::some;
use super::{Fact, Find, Kind, Row};
use crate::judge::view::View;

const NEXT: &str = "an answer to GetNextCACert that holds certificates";

pub(super) const ROWS: &[Row] = &[
    Row {
        path: "nextCa.readable",
        kind: Kind::Bool,
        parent: "an HTTP answer to GetNextCACert",
        doc: "the body is a SignedData with a certificate at least, in its content or beside it",
        find: Find::View(|view| match view.exchange.and_then(|(_, _, decoded)| decoded.next.as_ref()) {
            Some(next) => Fact::bool(next.is_ok()),
            None => Fact::missing("there is no HTTP answer to GetNextCACert"),
        }),
    },
    Row {
        path: "nextCa.findings",
        kind: Kind::List,
        parent: NEXT,
        doc: "ids of reader rules that the body departs from; absent when there is none",
        find: Find::View(|view| {
            next(view, |_, findings| some(findings.iter().map(|finding| finding.rule.id())))
        }),
    },
    Row {
        path: "nextCa.covered",
        kind: Kind::Bool,
        parent: NEXT,
        doc: "the certificates are in the signed content",
        find: Find::View(|view| next(view, |next, _| Fact::bool(next.form == Form::Wrapped))),
    },
    Row {
        path: "nextCa.signature",
        kind: Kind::Text,
        parent: NEXT,
        doc: "`verifies` with a certificate of GetCACert, wherever the certificates are, or `fails`",
        find: Find::View(|view| {
            next(view, |next, _| match view.ca {
                Some(ca) => {
                    let holds = next.authenticate(&ca.certificates, true, &mut Vec::new()).is_ok();
                    Fact::text(if holds { "verifies" } else { "fails" })
                }
                None => Fact::missing("there are no CA certificates"),
            })
        }),
    },
    Row {
        path: "nextCa.isCa",
        kind: Kind::Bool,
        parent: NEXT,
        doc: "one of the certificates says cA TRUE",
        find: Find::View(|view| {
            next(view, |next, _| Fact::bool(next.unverified().certificates.iter().any(|one| one.is_ca())))
        }),
    },
    Row {
        path: "nextCa.isNew",
        kind: Kind::Bool,
        parent: NEXT,
        doc: "its issuing key is none of those of GetCACert",
        find: Find::View(|view| {
            next(view, |next, _| match (view.ca, next.unverified().issuer()) {
                (Some(ca), Some(issuer)) => {
                    Fact::bool(ca.certificates.iter().all(|current| current.spki != issuer.spki))
                }
                (None, _) => Fact::missing("there are no CA certificates"),
                (_, None) => Fact::missing("there is no CA certificate in the answer"),
            })
        }),
    },
];

fn next(view: &View<'_>, find: impl Fn(&NextCa, &[Finding]) -> Fact) -> Fact {
    match view.exchange.and_then(|(_, _, decoded)| decoded.next.as_ref()) {
        Some(Ok((next, findings))) => find(next, findings),
        Some(Err(error)) => Fact::missing(format!("GetNextCACert: {error}")),
        None => Fact::missing("there is no answer to GetNextCACert"),
    }
}
