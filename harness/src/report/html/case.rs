//! One case instance in the page: what went wrong in full, what went well in a line each.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::super::hex::Window;
use super::super::printable::{Html, Link};
use super::super::status::{Status, area};
use super::super::{Judged, RunFolder};
use super::{Chip, section};
use crate::results::{At, CheckLine, RequirementLine};
use crate::verdict::{CheckResult, Overlay};

/// Rows of evidence under a check.
const HEX_ROWS: usize = 16;

/// Writes all cases, gathered by area.
pub(super) fn write_list(folder: &RunFolder, judged: &[Judged<'_>], out: &mut dyn Write) -> io::Result<()> {
    let mut areas: BTreeMap<&str, Vec<&Judged<'_>>> = BTreeMap::new();
    for it in judged {
        areas.entry(area(it.case).0).or_default().push(it);
    }
    let page = Page { folder, requirements: folder.requirements() };
    for (area, cases) in areas {
        writeln!(out, "<div class=\"area\">\n<h3>{}</h3>", Html(area))?;
        for it in cases {
            page.case(it, out)?;
        }
        out.write_all(b"</div>\n")?;
    }
    Ok(())
}

struct Page<'a> {
    folder: &'a RunFolder,
    requirements: BTreeMap<&'a str, &'a RequirementLine>,
}

impl Page<'_> {
    fn case(&self, judged: &Judged<'_>, out: &mut dyn Write) -> io::Result<()> {
        let case = judged.case;
        let status = Status::of(case);
        let open = if status.needs_attention() { " open" } else { "" };
        writeln!(
            out,
            "<details class=\"case is-{0}\" id=\"{1}\"{open}>\n<summary>{2}<code>{1}</code>\
             <span class=\"title\">{3}</span><span class=\"muted\">{4}{5} ms</span></summary>\n<div class=\"inside\">",
            status.word(),
            Html(&case.id),
            Chip(status.word()),
            Html(&case.title),
            remarks(&case.overlay),
            case.ms,
        )?;
        if let Some(because) = &case.because {
            writeln!(out, "<p class=\"because\">{}</p>", Html(because))?;
        }
        if let Some(change) = &case.change {
            writeln!(out, "<p class=\"change\"><b>The one change</b> {}</p>", Html(change))?;
        }
        if status == Status::UnexpectedPass {
            for drift in self.folder.unexpected(case) {
                writeln!(
                    out,
                    "<p class=\"because\"><b>{}</b> {}</p>",
                    Html(&drift.check),
                    Html(&drift.message)
                )?;
            }
        }
        let (told, brief): (Vec<&CheckLine>, Vec<&CheckLine>) =
            judged.checks.iter().copied().partition(|check| is_told(check, status));
        for check in told {
            self.check(check, out)?;
        }
        brief_checks(&brief, out)?;
        out.write_all(b"<div class=\"again\">")?;
        write!(
            out,
            "<span class=\"muted\">Repeat</span><code>{}</code><button type=\"button\" class=\"copy\" hidden>Copy</button>",
            Html(&case.again)
        )?;
        if let Some(evidence) = &case.evidence {
            write!(out, "<a href=\"{}/\">Evidence</a>", Link(evidence))?;
        }
        out.write_all(b"</div>\n</div>\n</details>\n")
    }

    /// A check that did not simply pass, in full.
    fn check(&self, check: &CheckLine, out: &mut dyn Write) -> io::Result<()> {
        let word = if check.result == CheckResult::Fail && check.expected_by_file {
            Status::ExpectedFail.word()
        } else {
            check.result.word()
        };
        writeln!(out, "<article class=\"check k-{word}\">\n<h4>{}", Chip(word))?;
        writeln!(out, "<span>{}</span> <small>on {}</small>", Html(&check.id), Html(&check.on))?;
        if let Some(reason) = &check.reason {
            writeln!(out, "<code class=\"reason\">{}</code>", Html(reason))?;
        }
        out.write_all(b"</h4>\n")?;
        for id in &check.req {
            self.requirement(id, check, out)?;
        }
        out.write_all(b"<dl>\n")?;
        let mut row =
            |name: &str, value: &str| writeln!(out, "<dt>{name}</dt><dd><pre>{}</pre></dd>", Html(value));
        row("Expected", &check.expected)?;
        row("Actual", &check.actual)?;
        if let Some(note) = &check.note {
            row("Note", note)?;
        }
        if let Some(at) = &check.at {
            self.place(at, out)?;
        }
        out.write_all(b"</dl>\n</article>\n")
    }

    fn requirement(&self, id: &str, check: &CheckLine, out: &mut dyn Write) -> io::Result<()> {
        let Some(row) = self.requirements.get(id) else {
            return writeln!(
                out,
                "<p class=\"statement\"><span class=\"level\">{}</span> <code>{}</code></p>",
                check.level,
                Html(id)
            );
        };
        writeln!(
            out,
            "<p class=\"statement\"><span class=\"level\">{}</span> {}<br><span class=\"muted\">{} · \
             <a href=\"#req-{}\"><code>{}</code></a></span></p>",
            row.level,
            Html(&row.statement),
            Html(&section(&row.section)),
            Link(id),
            Html(id),
        )
    }

    /// Where in the evidence the check looked, with the bytes.
    fn place(&self, at: &At, out: &mut dyn Write) -> io::Result<()> {
        let [start, end] = at.bytes;
        writeln!(
            out,
            "<dt>Where</dt><dd><code>{}</code> <span class=\"muted\">bytes {start}–{end} of \
             <a href=\"{}\">{}</a></span>",
            Html(&at.path),
            Link(&at.file),
            Html(&at.file)
        )?;
        match self.folder.window(at, HEX_ROWS) {
            Ok(window) => hex(&window, out)?,
            Err(error) => writeln!(out, "<p class=\"muted\">{}</p>", Html(&error.to_string()))?,
        }
        out.write_all(b"</dd>\n")
    }
}

/// True for a check whose expected and actual values a reader of this case wants to see.
fn is_told(check: &CheckLine, status: Status) -> bool {
    match check.result {
        CheckResult::Fail | CheckResult::Warn => true,
        CheckResult::Unjudged => status == Status::Inconclusive || check.expected_by_file,
        CheckResult::Pass | CheckResult::Variance => false,
    }
}

fn brief_checks(checks: &[&CheckLine], out: &mut dyn Write) -> io::Result<()> {
    if checks.is_empty() {
        return Ok(());
    }
    let count = |result| checks.iter().filter(|check| check.result == result).count();
    let counts: Vec<String> = [CheckResult::Pass, CheckResult::Variance, CheckResult::Unjudged]
        .into_iter()
        .map(|result| (count(result), result.word()))
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    writeln!(
        out,
        "<details class=\"brief\"><summary>Checks: {}</summary>\n<div class=\"scroll\"><table>\n<thead><tr>\
         <th>Result</th><th>Check</th><th>Requirement</th><th>Found</th></tr></thead>\n<tbody>",
        counts.join(", ")
    )?;
    for check in checks {
        write!(
            out,
            "<tr><td>{}</td><td>{} <span class=\"muted\">on {}</span></td><td>",
            Chip(check.result.word()),
            Html(&check.id),
            Html(&check.on)
        )?;
        for id in &check.req {
            write!(out, "<a href=\"#req-{}\"><code>{}</code></a> ", Link(id), Html(id))?;
        }
        let found = match (&check.note, &check.reason) {
            (Some(note), Some(reason)) => format!("{} ({reason}: {note})", check.actual),
            (None, Some(reason)) if check.result == CheckResult::Unjudged => reason.clone(),
            (None, Some(reason)) => format!("{} ({reason})", check.actual),
            (Some(note), None) => format!("{} ({note})", check.actual),
            (None, None) => check.actual.clone(),
        };
        writeln!(out, "</td><td class=\"found\">{}</td></tr>", Html(&found))?;
    }
    out.write_all(b"</tbody></table></div></details>\n")
}

/// Offset, bytes and characters; runs of judged bytes are marked.
fn hex(window: &Window, out: &mut dyn Write) -> io::Result<()> {
    if window.rows.is_empty() {
        return Ok(());
    }
    out.write_all(b"<pre class=\"hex\" tabindex=\"0\">")?;
    for row in &window.rows {
        write!(out, "<span class=\"offset\">{:08x}</span>  ", row.offset)?;
        let (mut bytes, mut text) = (String::new(), String::new());
        let mut inside = false;
        for (byte, shown, judged) in row.cells(&window.judged) {
            let (close, open) = match (inside, judged) {
                (false, true) => ("", "<mark>"),
                (true, false) => ("</mark>", ""),
                _ => ("", ""),
            };
            let gap = if bytes.is_empty() { "" } else { " " };
            bytes.push_str(&format!("{close}{gap}{open}{byte:02x}"));
            text.push_str(&format!("{close}{open}{}", Html(shown.encode_utf8(&mut [0; 4]))));
            inside = judged;
        }
        if inside {
            bytes.push_str("</mark>");
            text.push_str("</mark>");
        }
        let missing = (16 - row.bytes.len()) * 3;
        writeln!(out, "{bytes}{:missing$}  <span class=\"ascii\">{text}</span>", "")?;
    }
    if window.clipped {
        writeln!(out, "… up to byte {}", window.judged.end)?;
    }
    out.write_all(b"</pre>\n")
}

fn remarks(overlay: &[Overlay]) -> String {
    overlay
        .iter()
        .filter_map(|overlay| match overlay {
            Overlay::Slow => Some("slow · "),
            Overlay::Flaky => Some("passed on a repeat · "),
            Overlay::ExpectedFail | Overlay::UnexpectedPass => None,
        })
        .collect()
}
