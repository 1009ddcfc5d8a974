//! Lines and entries in small, for the tests of this module.

use jiff::civil::{Date, date};

use super::{Entry, Expectations, Known, Requirement};
use crate::results::{CaseLine, CheckLine, Line};
use crate::verdict::{CaseResult, CheckResult, Level};

pub(super) const TODAY: Date = date(2026, 11, 21);

pub(super) fn known() -> Known {
    let mut known = Known::default();
    for id in ["srv.a.one", "srv.a.one[via=get]", "srv.a.one[cipher=des3-cbc]", "srv.a.two"] {
        known.insert(id, ["granted", "mine", "answer/nonce-echoed"]);
    }
    known
}

pub(super) fn entry(case: &str, check: &str, reason: &str) -> Entry {
    Entry {
        case: case.into(),
        check: check.into(),
        result: CheckResult::Fail,
        reason: reason.into(),
        because: "known".into(),
        owner: "pki-team".into(),
        since: date(2026, 8, 1),
        expires: None,
        version: None,
        max: 1,
    }
}

pub(super) fn expectations(entries: Vec<Entry>) -> Expectations {
    Expectations::new(entries, known(), TODAY, Some("2.1.0"))
}

pub(super) fn check(case: &str, id: &str, result: CheckResult, reason: Option<&str>) -> Line {
    let reason = if result == CheckResult::Pass { None } else { reason };
    Line::Check(Box::new(CheckLine {
        case: case.into(),
        id: id.into(),
        on: "enrol".into(),
        result,
        req: vec!["8894-4.3.1-granted-success".into()],
        level: Level::Must,
        reason: reason.map(str::to_owned),
        expected: "SUCCESS".into(),
        actual: "FAILURE".into(),
        note: None,
        at: None,
        expected_by_file: false,
    }))
}

pub(super) fn case(id: &str, result: CaseResult) -> Line {
    Line::Case(CaseLine {
        id: id.into(),
        case: super::names::case_of(id).into(),
        title: "A case".into(),
        role: "server".into(),
        result,
        overlay: vec![],
        because: None,
        change: None,
        ms: 5,
        evidence: None,
        again: format!("sceptic run '{id}'"),
    })
}

pub(super) fn register(id: &str) -> Option<Requirement> {
    (id == "8894-4.3.1-granted-success").then(|| Requirement {
        level: Level::Must,
        section: "4.3.1".into(),
        statement: "A granted request is answered with SUCCESS.".into(),
    })
}
