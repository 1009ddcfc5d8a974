//! The requirements of the run: what is not met first, then all of them by section.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use super::super::printable::{Html, Link};
use super::super::{Judged, RunFolder};
use super::{Chip, section};
use crate::results::RequirementLine;
use crate::verdict::CheckResult;

/// Cases that failed a requirement, by requirement id.
type Failed<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

/// Writes both tables.
pub(super) fn write(folder: &RunFolder, judged: &[Judged<'_>], out: &mut dyn Write) -> io::Result<()> {
    let by_id = folder.requirements();
    let mut rows: Vec<&RequirementLine> = by_id.values().copied().collect();
    if rows.is_empty() {
        return Ok(());
    }
    rows.sort_by_key(|row| (place(&row.section), row.id.as_str()));
    let failed = failed(judged);
    let (unmet, others): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.result == CheckResult::Fail);

    out.write_all(b"<section id=\"requirements\">\n<h2>Requirements</h2>\n")?;
    if !unmet.is_empty() {
        table("Not met", &unmet, &failed, out)?;
    }
    if !others.is_empty() {
        let words = if unmet.is_empty() { "All" } else { "The other" };
        writeln!(
            out,
            "<details class=\"fold\"><summary>{words} {} requirements that this run judged</summary>",
            others.len()
        )?;
        table("By section", &others, &failed, out)?;
        out.write_all(b"</details>\n")?;
    }
    out.write_all(b"</section>\n")
}

fn table(
    caption: &str,
    rows: &[&RequirementLine],
    failed: &Failed<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(
        out,
        "<div class=\"scroll\"><table class=\"requirements\">\n<caption>{caption}</caption>\n<thead><tr>\
         <th>Result</th><th>Level</th><th>Requirement</th><th>Checks</th></tr></thead>\n<tbody>"
    )?;
    for row in rows {
        write!(
            out,
            "<tr id=\"req-{0}\"><td>{1}</td><td><span class=\"level\">{2}</span></td><td>{3}<br>\
             <span class=\"muted\">{4} · <code>{0}</code></span>",
            Html(&row.id),
            Chip(row.result.word()),
            row.level,
            Html(&row.statement),
            Html(&section(&row.section)),
        )?;
        for case in failed.get(row.id.as_str()).into_iter().flatten() {
            write!(out, "<br><a href=\"#{}\"><code>{}</code></a>", Link(case), Html(case))?;
        }
        let checks = match row.failed {
            0 => row.checks.to_string(),
            failed => format!("{failed} of {} failed", row.checks),
        };
        writeln!(out, "</td><td class=\"number\">{checks}</td></tr>")?;
    }
    out.write_all(b"</tbody></table></div>\n")
}

fn failed<'a>(judged: &'a [Judged<'a>]) -> Failed<'a> {
    let mut failed = Failed::new();
    for check in judged.iter().flat_map(|it| &it.checks).filter(|check| check.result == CheckResult::Fail) {
        for id in &check.req {
            failed.entry(id).or_default().insert(&check.case);
        }
    }
    failed
}

/// Sorts `3.10` behind `3.2`, and what is no section of the RFC behind all.
fn place(section: &str) -> (bool, Vec<u32>, &str) {
    let numbers: Vec<u32> = section.split('.').map_while(|part| part.parse().ok()).collect();
    (numbers.is_empty(), numbers, section)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_ordered_by_number() {
        let mut sections = ["suite", "4.10", "4.2", "Appendix A", "4", "3.3.2.1"];
        sections.sort_by_key(|section| place(section));
        assert_eq!(sections, ["3.3.2.1", "4", "4.2", "4.10", "Appendix A", "suite"]);
    }
}
