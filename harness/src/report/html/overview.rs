//! The first screen: subject, verdict, coverage. Below the cases: drift and how the run was made.

use std::io::{self, Write};

use super::super::headline::{Headline, Tone};
use super::super::printable::Html;
use super::super::status::Status;
use super::super::{Judged, RunFolder};
use crate::exit::Exit;
use crate::results::DriftKind;
use crate::verdict::CheckResult;

/// A part of a bar and of the legend below it.
struct Part {
    class: &'static str,
    words: &'static str,
    count: usize,
    /// False for what could neither be won nor lost, which the sum leaves out.
    counts: bool,
}

impl Part {
    fn new(class: &'static str, words: &'static str, count: usize) -> Self {
        Self { class, words, count, counts: true }
    }

    fn aside(class: &'static str, words: &'static str, count: usize) -> Self {
        Self { class, words, count, counts: false }
    }
}

/// Writes the head of the page.
pub(super) fn write(folder: &RunFolder, judged: &[Judged<'_>], out: &mut dyn Write) -> io::Result<()> {
    let (run, end) = (folder.run(), folder.end());
    let headline = Headline::of(end);
    let exit = Exit::of_code(end.exit).map_or_else(|| end.exit.to_string(), |exit| exit.to_string());
    let tone = match headline.tone {
        Tone::Good => "good",
        Tone::Known => "known",
        Tone::Bad => "bad",
        Tone::Unclear => "unclear",
    };
    let role = match run.role.as_str() {
        "server" => "SCEP server under test",
        "client" => "SCEP client under test",
        _ => "SCEP server and client",
    };
    writeln!(
        out,
        "<header>\n<p class=\"brand\"><b>sceptic</b> SCEP conformance report</p>\n<div class=\"hero\">\n<div>\n\
         <h1>{} <small>{}</small></h1>\n<p class=\"meta\"><span>{role}</span><span>{}</span>\
         <span>profile {}</span><span>{}, {}</span></p>\n</div>\n\
         <div class=\"verdict t-{tone}\"><strong>{}</strong><span>{}</span>\
         <span class=\"exit\">exit {}</span></div>\n</div>",
        Html(&run.subject),
        Html(run.subject_version.as_deref().unwrap_or("")),
        Html(&run.target),
        Html(&run.profile),
        Html(&when(&run.started)),
        seconds(end.ms),
        headline.text,
        Html(&headline.detail),
        Html(&exit),
    )?;
    if end.gate.len() > 1 {
        out.write_all(b"<ul class=\"gates\" aria-label=\"All that applies\">\n")?;
        for gate in &end.gate {
            let name = Exit::of_code(gate.code).map_or("", Exit::name);
            writeln!(out, "<li><b>{} {name}</b> {}</li>", gate.code, Html(&gate.why))?;
        }
        out.write_all(b"</ul>\n")?;
    }
    out.write_all(b"<div class=\"cards\">\n")?;
    card(out, "RFC 8894 requirements", "met", &requirement_parts(folder, false))?;
    let own = requirement_parts(folder, true);
    if own.iter().any(|part| part.count > 0) {
        card(out, "sceptic’s own requirements", "met", &own)?;
    }
    card(out, "Cases", "passed", &case_parts(judged))?;
    card(out, "Checks", "passed", &check_parts(judged))?;
    out.write_all(b"</div>\n</header>\n")
}

fn card(out: &mut dyn Write, title: &str, word: &str, parts: &[Part]) -> io::Result<()> {
    let total: usize = parts.iter().filter(|part| part.counts).map(|part| part.count).sum();
    let good = parts.first().map_or(0, |part| part.count);
    writeln!(
        out,
        "<div class=\"card\">\n<h2>{title}</h2>\n<p class=\"big\">{good}<small> of {total} {word}</small></p>\n\
         <div class=\"bar\" aria-hidden=\"true\">"
    )?;
    let present = || parts.iter().filter(|part| part.count > 0);
    for part in present() {
        writeln!(out, "<span class=\"b-{}\" style=\"flex-grow:{}\"></span>", part.class, part.count)?;
    }
    out.write_all(b"</div>\n<ul class=\"legend\">\n")?;
    for Part { class, words, count, .. } in present() {
        writeln!(out, "<li class=\"dot-{class}\"><b>{count}</b> {words}</li>")?;
    }
    out.write_all(b"</ul>\n</div>\n")
}

/// Requirements by their worst check: the RFC's, or our own.
fn requirement_parts(folder: &RunFolder, own: bool) -> Vec<Part> {
    let requirements = folder.requirements();
    let count = |result| {
        let of_kind = requirements.values().filter(|row| (row.section == "suite") == own);
        of_kind.filter(|row| row.result == result).count()
    };
    vec![
        Part::new("pass", "met", count(CheckResult::Pass)),
        Part::new("fail", "not met", count(CheckResult::Fail)),
        Part::new("warn", "with a warning", count(CheckResult::Warn)),
        Part::aside("variance", "left to the subject", count(CheckResult::Variance)),
        Part::aside("unjudged", "not judged", count(CheckResult::Unjudged)),
    ]
}

fn case_parts(judged: &[Judged<'_>]) -> Vec<Part> {
    let part = |status: Status, words| Part {
        class: status.word(),
        words,
        count: judged.iter().filter(|it| Status::of(it.case) == status).count(),
        counts: status != Status::Unsupported,
    };
    vec![
        part(Status::Pass, "pass"),
        part(Status::Fail, "fail"),
        part(Status::Error, "error"),
        part(Status::Inconclusive, "inconclusive"),
        part(Status::UnexpectedPass, "unexpected pass"),
        part(Status::Blocked, "blocked"),
        part(Status::Warn, "warn"),
        part(Status::ExpectedFail, "expected fail"),
        part(Status::Unsupported, "unsupported"),
    ]
}

fn check_parts(judged: &[Judged<'_>]) -> Vec<Part> {
    let count = |result, expected| {
        let checks = judged.iter().flat_map(|it| &it.checks);
        checks.filter(|check| check.result == result && check.expected_by_file == expected).count()
    };
    let either = |result| count(result, false) + count(result, true);
    vec![
        Part::new("pass", "pass", either(CheckResult::Pass)),
        Part::new("fail", "fail", count(CheckResult::Fail, false)),
        Part::new("expected-fail", "expected fail", count(CheckResult::Fail, true)),
        Part::new("warn", "warn", either(CheckResult::Warn)),
        Part::aside("variance", "variance", either(CheckResult::Variance)),
        Part::aside("unjudged", "unjudged", either(CheckResult::Unjudged)),
    ]
}

/// Writes where the expectations and the run differ, if they do.
pub(super) fn write_drift(folder: &RunFolder, out: &mut dyn Write) -> io::Result<()> {
    if folder.drift().next().is_none() {
        return Ok(());
    }
    out.write_all(
        b"<section id=\"drift\">\n<h2>Expectations that no longer fit</h2>\n<div class=\"scroll\"><table>\n\
          <thead><tr><th>Kind</th><th>Case and check</th><th>What differs</th></tr></thead>\n<tbody>\n",
    )?;
    for drift in folder.drift() {
        let kind = match drift.kind {
            DriftKind::UnexpectedPass => "unexpected pass",
            DriftKind::OtherReason => "other reason",
            DriftKind::Unknown => "unknown",
            DriftKind::Expired => "expired",
            DriftKind::TooWide => "too wide",
        };
        writeln!(
            out,
            "<tr><td><span class=\"chip c-unexpected-pass\">{kind}</span></td><td><code>{}</code><br>{}</td>\
             <td>{}</td></tr>",
            Html(&drift.case),
            Html(&drift.check),
            Html(&drift.message)
        )?;
    }
    out.write_all(b"</tbody></table></div>\n</section>\n")
}

/// Writes how the run was made.
pub(super) fn write_run(folder: &RunFolder, out: &mut dyn Write) -> io::Result<()> {
    let run = folder.run();
    let mut rows = vec![
        ("Run", run.id.clone()),
        ("Started", run.started.clone()),
        ("sceptic", run.suite.clone()),
        ("Seed", run.seed.clone()),
        ("Subject", run.subject.clone()),
        ("Version", run.subject_version.clone().unwrap_or_else(|| "not known".into())),
        ("Role", run.role.clone()),
        ("Target", run.target.clone()),
        ("Profile", run.profile.clone()),
        ("Expectations", run.expectations.clone().unwrap_or_else(|| "none".into())),
    ];
    if let Some(plan) = folder.plan() {
        let planned = format!("{} cases, {} unsupported, floor {}", plan.cases, plan.unsupported, plan.floor);
        rows.push(("Plan", planned));
    }
    rows.extend(run.notes.iter().map(|note| ("Note", note.clone())));
    out.write_all(b"<section id=\"run\">\n<h2>This run</h2>\n<dl class=\"run\">\n")?;
    for (name, value) in rows {
        writeln!(out, "<div><dt>{name}</dt><dd>{}</dd></div>", Html(&value))?;
    }
    out.write_all(b"</dl>\n</section>\n")
}

/// `2026-11-21 08:12 UTC` of an RFC 3339 time in UTC; any other text as it is.
fn when(started: &str) -> String {
    match (started.get(..10), started.get(10..11), started.get(11..16)) {
        (Some(day), Some("T"), Some(time)) if started.ends_with('Z') => format!("{day} {time} UTC"),
        _ => started.to_owned(),
    }
}

fn seconds(ms: u64) -> String {
    format!("{}.{} s", ms / 1000, ms % 1000 / 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_shortened_only_if_it_is_one() {
        assert_eq!(when("2026-11-21T08:12:03.5Z"), "2026-11-21 08:12 UTC");
        assert_eq!(when("2026-11-21T08:12:03+02:00"), "2026-11-21T08:12:03+02:00");
        assert_eq!(when("yesterday"), "yesterday");
        assert_eq!(seconds(8_412), "8.4 s");
    }
}
