//! The end of a run: per failure what is required, what came instead and where; then drift, causes and sums.

use std::collections::BTreeMap;
use std::io;

use super::super::hex;
use super::super::printable::{one_line, plain, short};
use super::super::status::Status;
use super::{Terminal, tag};
use crate::exit::Exit;
use crate::results::{CaseLine, CheckLine, DriftLine, EndLine, RequirementLine};
use crate::verdict::CheckResult;

/// Rows of evidence under a failure.
const HEX_ROWS: usize = 4;

/// Most characters of one value.
const VALUE: usize = 400;

impl Terminal {
    /// Tells what somebody has to look at, then the sums.
    pub(super) fn finish(&mut self, end: &EndLine) -> io::Result<()> {
        self.bar.finish_and_clear();
        // What passed unexpectedly is told by its drift.
        let told = |case: &&CaseLine| {
            let status = Status::of(case);
            status.needs_attention() && status != Status::UnexpectedPass
        };
        let blocks: String = self.cases.iter().filter(told).map(|case| self.block(case)).collect();
        let drift = self.drift_block();
        let causes = self.causes();
        let summary = self.summary(end);
        self.out.write_all(format!("{blocks}{drift}{causes}\n{summary}").as_bytes())?;
        self.out.flush()
    }

    /// One case that somebody has to look at.
    fn block(&self, case: &CaseLine) -> String {
        let status = Status::of(case);
        let (style, bold) = (self.look.status(status), self.look.bold());
        let mut text = format!(
            "\n{style}{}{style:#} {bold}{}{bold:#}  {}\n",
            tag(status),
            one_line(&case.id),
            one_line(&case.title)
        );
        if let Some(change) = &case.change {
            text.push_str(&field("one change", change));
        }
        if let Some(because) = &case.because {
            text.push_str(&field("because", because));
        }
        for check in
            self.checks_of(case).filter(|check| check.result == CheckResult::Fail && !check.expected_by_file)
        {
            text.push_str(&self.failure(check));
        }
        if status == Status::Inconclusive {
            for check in self.checks_of(case).filter(|check| check.result == CheckResult::Unjudged) {
                let why = check.reason.as_deref().unwrap_or("no reason given");
                text.push_str(&field("unjudged", &format!("{} on {}: {why}", check.id, check.on)));
            }
        }
        text.push_str(&field("again", &case.again));
        text
    }

    /// One failed check: what is required, what came instead, where.
    fn failure(&self, check: &CheckLine) -> String {
        let (red, bold, dim) = (self.look.status(Status::Fail), self.look.bold(), self.look.dim());
        let reason = check.reason.as_deref().unwrap_or("no reason given");
        let mut text = format!(
            "  {bold}{}{bold:#} on {}: {red}{}{red:#}\n",
            one_line(&check.id),
            one_line(&check.on),
            one_line(reason)
        );
        for id in &check.req {
            let told = match self.requirements.get(id) {
                Some(row) => {
                    format!("{id} {} ({})\n{}", row.level, section(&row.section), row.statement)
                }
                None => format!("{id} {}", check.level),
            };
            text.push_str(&field("required", &told));
        }
        text.push_str(&field("expected", &check.expected));
        text.push_str(&field("actual", &check.actual));
        if let Some(note) = &check.note {
            text.push_str(&field("note", note));
        }
        if let Some(at) = &check.at {
            let [start, end] = at.bytes;
            text.push_str(&field("where", &format!("{} in {}, bytes {start}..{end}", at.path, at.file)));
            match hex::window(&self.root, at, HEX_ROWS) {
                Ok(window) => {
                    for row in window.to_string().lines() {
                        text.push_str(&format!("    {:10} {dim}{row}{dim:#}\n", ""));
                    }
                }
                Err(error) => text.push_str(&field("", &error.to_string())),
            }
        }
        text
    }

    fn drift_block(&self) -> String {
        let style = self.look.status(Status::UnexpectedPass);
        let row = |drift: &DriftLine| {
            let (case, check) = (one_line(&drift.case), one_line(&drift.check));
            format!("{style}DRIFT{style:#} {case} {check}\n    {}\n", one_line(&drift.message))
        };
        let rows: String = self.drift.iter().map(row).collect();
        if rows.is_empty() { rows } else { format!("\n{rows}") }
    }

    /// Blocked and unsupported cases, gathered by cause.
    fn causes(&self) -> String {
        let mut causes: BTreeMap<(Status, String), Vec<String>> = BTreeMap::new();
        for case in &self.cases {
            let status = Status::of(case);
            if matches!(status, Status::Blocked | Status::Unsupported) {
                let cause = case.because.as_deref().map(one_line).unwrap_or_default();
                causes.entry((status, cause)).or_default().push(one_line(&case.id));
            }
        }
        let row = |((status, cause), ids): (&(Status, String), &Vec<String>)| {
            let style = self.look.status(*status);
            let shown = ids.iter().take(4).cloned().collect::<Vec<_>>().join(", ");
            let more = if ids.len() > 4 { format!(" and {} more", ids.len() - 4) } else { String::new() };
            format!("{style}{}{style:#} {}: {cause}\n    {shown}{more}\n", ids.len(), status.word())
        };
        let rows: String = causes.iter().map(row).collect();
        if rows.is_empty() { rows } else { format!("\n{rows}") }
    }

    fn summary(&self, end: &EndLine) -> String {
        let bold = self.look.bold();
        let mut text = format!(
            "{:<13} {} in {}.{} s: {}\n",
            "cases",
            self.cases.len(),
            end.ms / 1000,
            end.ms % 1000 / 100,
            self.so_far()
        );
        for (head, name, ours) in [("requirements", "RFC 8894", false), ("", "our own", true)] {
            let rows = self.requirements.values().filter(|row| (row.section == "suite") == ours);
            let told = met(rows);
            if !told.is_empty() {
                text.push_str(&format!("{head:<13} {name}: {told}\n"));
            }
        }
        for (at, gate) in end.gate.iter().enumerate() {
            let name = Exit::of_code(gate.code).map_or("?", Exit::name);
            let head = if at == 0 { "gates" } else { "" };
            text.push_str(&format!("{head:<13} {} {name}: {}\n", gate.code, one_line(&gate.why)));
        }
        let exit = Exit::of_code(end.exit).map_or_else(|| end.exit.to_string(), |exit| exit.to_string());
        let status = if end.exit == 0 { Status::Pass } else { Status::Fail };
        let style = self.look.status(status);
        text.push_str(&format!("{:<13} {style}{bold}{exit}{bold:#}{style:#}\n", "exit"));
        text
    }
}

/// A named value, its further lines below the first.
fn field(name: &str, value: &str) -> String {
    let value = plain(value);
    let value = short(&value, VALUE);
    let mut text = String::new();
    for (at, line) in value.lines().enumerate() {
        let head = if at == 0 { name } else { "" };
        text.push_str(&format!("    {head:<10} {line}\n"));
    }
    text
}

fn met<'a>(rows: impl Iterator<Item = &'a RequirementLine>) -> String {
    let mut counts: BTreeMap<CheckResult, usize> = BTreeMap::new();
    for row in rows {
        *counts.entry(row.result).or_default() += 1;
    }
    let told = [
        (CheckResult::Pass, "met"),
        (CheckResult::Fail, "not met"),
        (CheckResult::Warn, "met with a warning"),
        (CheckResult::Variance, "left to the subject"),
        (CheckResult::Unjudged, "not judged"),
    ];
    let counted = told.iter().filter_map(|(result, word)| {
        let count = counts.get(result)?;
        Some(format!("{count} {word}"))
    });
    counted.collect::<Vec<_>>().join(", ")
}

fn section(section: &str) -> String {
    if section == "suite" { "suite".to_owned() } else { format!("RFC 8894 {section}") }
}
