//! A small run made by hand, with a case of every kind, for the tests of the reports.

use std::fs;

use tempfile::TempDir;

use super::{JsonLines, Reporter};
use crate::exit::Exit;
use crate::results::{
    At, CaseLine, CheckLine, DriftKind, DriftLine, EndLine, Line, PlanLine, RequirementLine, RunLine, SCHEMA,
};
use crate::verdict::{CaseResult, CheckResult, Level, Overlay};

const EVIDENCE: &str = "evidence/srv.enrol.message-signature/2.reply.der";

/// A run folder with results and evidence, removed when dropped.
pub(super) fn run_folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(EVIDENCE);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, (0..=255).collect::<Vec<u8>>()).unwrap();
    let results = fs::File::create(folder.path().join(super::RESULTS_FILE)).unwrap();
    let mut writer = JsonLines::new(results);
    for line in lines() {
        writer.event(&line).unwrap();
    }
    folder
}

/// The lines of that run.
pub(super) fn lines() -> Vec<Line> {
    let mut lines = vec![run(), Line::Plan(PlanLine { cases: 9, unsupported: 1, floor: 5 })];
    lines.extend(cases());
    lines.extend(requirements());
    lines.push(Line::Drift(DriftLine {
        kind: DriftKind::UnexpectedPass,
        case: "srv.caps.content-type".into(),
        check: "plain-text".into(),
        message: "listed as fail (other-type) since 2026-08-01, but is pass: remove the entry".into(),
    }));
    lines.push(Line::Drift(DriftLine {
        kind: DriftKind::Unknown,
        case: "srv.caps.gone".into(),
        check: "keywords".into(),
        message: "there is no case srv.caps.gone: correct or remove the entry".into(),
    }));
    lines.push(end());
    lines
}

fn run() -> Line {
    Line::Run(RunLine {
        schema: SCHEMA.into(),
        id: "7f3a91".into(),
        started: "2026-11-21T08:12:03.5Z".into(),
        suite: "0.1.0".into(),
        seed: "5b1e0c".into(),
        subject: "acme-ca".into(),
        role: "server".into(),
        target: "http://127.0.0.1:8080/scep".into(),
        subject_version: Some("5.1.2".into()),
        profile: "rfc8894-server".into(),
        expectations: Some("acme.toml".into()),
        notes: vec!["single DES was allowed: the subject speaks nothing else".into()],
    })
}

fn cases() -> Vec<Line> {
    let mut lines = Vec::new();

    lines.push(passed("srv.caps.content-type", "plain-text"));
    let mut unexpected = case("srv.caps.content-type", "srv.caps.content-type", CaseResult::Pass);
    unexpected.overlay = vec![Overlay::UnexpectedPass];
    lines.push(Line::Case(unexpected));

    lines.push(passed("srv.enrol.granted", "granted"));
    lines.push(Line::Case(case("srv.enrol.granted", "srv.enrol.granted", CaseResult::Pass)));

    lines.push(Line::Check(Box::new(CheckLine {
        result: CheckResult::Warn,
        level: Level::Should,
        reason: Some("no-date".into()),
        note: Some("a tolerated form".into()),
        req: vec!["8894-4.1-date".into()],
        ..check("srv.enrol.granted[via=get]", "date")
    })));
    lines.push(Line::Case(case("srv.enrol.granted[via=get]", "srv.enrol.granted", CaseResult::Warn)));

    lines.push(Line::Check(Box::new(CheckLine {
        result: CheckResult::Fail,
        reason: Some("bad-signature-accepted".into()),
        expected: "reply.pkiStatus = FAILURE\nor http.status in 4xx (warn)".into(),
        actual: "SUCCESS <script>alert(1)</script> \u{1b}[31m".into(),
        req: vec!["8894-3.2.1.4-badmessagecheck".into()],
        at: Some(At { path: "reply.pkiStatus".into(), file: EVIDENCE.into(), bytes: [0x42, 0x48] }),
        ..check("srv.enrol.message-signature", "refused")
    })));
    lines.push(Line::Check(Box::new(CheckLine {
        result: CheckResult::Unjudged,
        reason: Some("reply.pkiStatus is not FAILURE".into()),
        ..check("srv.enrol.message-signature", "reason")
    })));
    lines.push(passed("srv.enrol.message-signature", "refusal/nonce-echoed"));
    lines.push(Line::Case(CaseLine {
        title: "A PKCSReq whose signature does not verify is refused".into(),
        change: Some("step enrol with fault signer.signature.flip-bit".into()),
        evidence: Some("evidence/srv.enrol.message-signature".into()),
        ..case("srv.enrol.message-signature", "srv.enrol.message-signature", CaseResult::Fail)
    }));

    lines.push(Line::Check(Box::new(CheckLine {
        result: CheckResult::Fail,
        reason: Some("undefined-failInfo".into()),
        actual: "17".into(),
        note: Some("ACME-4711: fixed on main".into()),
        expected_by_file: true,
        ..check("srv.enrol.no-challenge", "reason")
    })));
    lines.push(Line::Case(CaseLine {
        overlay: vec![Overlay::ExpectedFail],
        ..case("srv.enrol.no-challenge", "srv.enrol.no-challenge", CaseResult::Fail)
    }));

    let odd = |id: &str, result, because: &str| {
        Line::Case(CaseLine { because: Some(because.into()), ms: 0, ..case(id, id, result) })
    };
    lines.push(odd("srv.enrol.ecdsa-key", CaseResult::Unsupported, "alg.ecdsa is not declared"));
    lines.push(odd("srv.poll.approved", CaseResult::Blocked, "base srv.poll.pending check pending"));
    lines.push(odd("srv.http.garbage", CaseResult::Error, "write evidence: no space left on device"));
    lines.push(Line::Check(Box::new(CheckLine {
        result: CheckResult::Unjudged,
        reason: Some("the envelope was not opened".into()),
        ..check("srv.http.empty-body", "refused")
    })));
    lines.push(odd("srv.http.empty-body", CaseResult::Inconclusive, "1 check stayed unjudged"));
    lines
}

fn requirements() -> Vec<Line> {
    let row = |id: &str, level, section: &str, statement: &str, result, failed| {
        Line::Requirement(RequirementLine {
            id: id.into(),
            level,
            section: section.into(),
            statement: statement.into(),
            result,
            checks: 2,
            failed,
        })
    };
    vec![
        row(
            "8894-3.2.1.4-badmessagecheck",
            Level::Must,
            "3.2.1.4",
            "A message whose integrity check fails is refused with badMessageCheck.",
            CheckResult::Fail,
            1,
        ),
        row("8894-4.1-date", Level::Should, "4.1", "An answer carries a date.", CheckResult::Warn, 0),
        row(
            "8894-4.3.1-granted-success",
            Level::Must,
            "4.3.1",
            "A granted request is answered with SUCCESS & a certificate.",
            CheckResult::Pass,
            0,
        ),
        row("S-alive", Level::Must, "suite", "The subject still answers.", CheckResult::Pass, 0),
    ]
}

fn end() -> Line {
    let counts =
        |words: &[(&str, usize)]| words.iter().map(|(word, count)| ((*word).into(), *count)).collect();
    Line::End(EndLine {
        cases: counts(&[
            ("pass", 2),
            ("warn", 1),
            ("fail", 2),
            ("unsupported", 1),
            ("blocked", 1),
            ("error", 1),
            ("inconclusive", 1),
            ("expected-fail", 1),
            ("unexpected-pass", 1),
        ]),
        checks: counts(&[("pass", 3), ("warn", 1), ("fail", 2), ("unjudged", 2)]),
        gate: vec![
            Exit::Inconclusive.gate("2 cases could not be decided"),
            Exit::NotConformant.gate("1 check failed"),
            Exit::Drift.gate("2 entries of the expectations differ from the run"),
        ],
        exit: Exit::Inconclusive.code(),
        ms: 8412,
    })
}

fn passed(case: &str, id: &str) -> Line {
    Line::Check(Box::new(check(case, id)))
}

fn check(case: &str, id: &str) -> CheckLine {
    CheckLine {
        case: case.into(),
        id: id.into(),
        on: "enrol".into(),
        result: CheckResult::Pass,
        req: vec!["8894-4.3.1-granted-success".into()],
        level: Level::Must,
        reason: None,
        expected: "reply.pkiStatus = SUCCESS".into(),
        actual: "SUCCESS".into(),
        note: None,
        at: None,
        expected_by_file: false,
    }
}

/// A case instance that needs nothing said.
pub(super) fn case(id: &str, of: &str, result: CaseResult) -> CaseLine {
    CaseLine {
        id: id.into(),
        case: of.into(),
        title: "A case made by hand".into(),
        role: "server".into(),
        result,
        overlay: vec![],
        because: None,
        change: None,
        ms: 41,
        evidence: None,
        again: format!("sceptic run --url http://127.0.0.1:8080/scep '{id}'"),
    }
}
