//! `report.html`: one file that needs no network, no script and no other file but the evidence it links to.
//!
//! The first screen is the verdict and what it stands on; then what somebody has to look at; then
//! everything. Filtering by result works by style sheet alone; the script adds a search and a copy button.

mod case;
mod overview;
mod requirements;

use std::io::{self, Write};

use super::printable::Html;
use super::status::Status;
use super::{Judged, RunFolder};

const STYLE: &str = include_str!("html/style.css");
const SCRIPT: &str = include_str!("html/script.js");

/// Draws up the report.
pub(super) fn write(folder: &RunFolder, out: &mut dyn Write) -> io::Result<()> {
    let run = folder.run();
    let judged = folder.judged();
    writeln!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src 'unsafe-inline'; script-src 'sha256-{}'\">\n\
         <title>{} · {} · sceptic</title>\n<style>{STYLE}{}</style>\n</head>\n<body>",
        openssl::base64::encode_block(&openssl::sha::sha256(SCRIPT.as_bytes())),
        Html(&run.subject),
        Html(&run.profile),
        filter_rules(),
    )?;
    overview::write(folder, &judged, out)?;
    out.write_all(b"<main>\n")?;
    overview::write_drift(folder, out)?;
    write_cases(folder, &judged, out)?;
    requirements::write(folder, &judged, out)?;
    overview::write_run(folder, out)?;
    writeln!(
        out,
        "</main>\n<footer>Drawn up from <a href=\"results.jsonl\">results.jsonl</a> by sceptic {}.</footer>\n\
         <script>{SCRIPT}</script>\n</body>\n</html>",
        Html(&run.suite)
    )
}

/// A choice of the filter: its id in the page, its label, and the cases that it shows.
struct Choice {
    id: &'static str,
    label: &'static str,
    shows: fn(Status) -> bool,
}

const CHOICES: [Choice; 11] = [
    Choice { id: "all", label: "All", shows: |_| true },
    Choice { id: "attention", label: "To look at", shows: Status::needs_attention },
    Choice { id: "fail", label: "Fail", shows: |status| status == Status::Fail },
    Choice { id: "error", label: "Error", shows: |status| status == Status::Error },
    Choice { id: "inconclusive", label: "Inconclusive", shows: |status| status == Status::Inconclusive },
    Choice { id: "unexpected-pass", label: "Unexpected pass", shows: |it| it == Status::UnexpectedPass },
    Choice { id: "blocked", label: "Blocked", shows: |status| status == Status::Blocked },
    Choice { id: "warn", label: "Warn", shows: |status| status == Status::Warn },
    Choice { id: "expected-fail", label: "Expected fail", shows: |status| status == Status::ExpectedFail },
    Choice { id: "unsupported", label: "Unsupported", shows: |status| status == Status::Unsupported },
    Choice { id: "pass", label: "Pass", shows: |status| status == Status::Pass },
];

/// Style rules that hide what a checked choice does not show, and the areas that this leaves empty.
fn filter_rules() -> String {
    let mut rules = String::new();
    for Choice { id, shows, .. } in &CHOICES {
        let shown: Vec<String> = Status::ALL
            .into_iter()
            .filter(|status| shows(*status))
            .map(|status| format!(".is-{}", status.word()))
            .collect();
        let shown = shown.join(",");
        rules.push_str(&format!(
            "#show-{id}:checked~.list .case:not({shown},:target){{display:none}}\n\
             #show-{id}:checked~.list .area:not(:has(.case:is({shown}):not([hidden]),:target)){{display:none}}\n\
             #show-{id}:checked~.filters [for=show-{id}]{{background:var(--ink);color:var(--page)}}\n\
             #show-{id}:focus-visible~.filters [for=show-{id}]{{outline:2px solid var(--link)}}\n"
        ));
    }
    rules
}

fn write_cases(folder: &RunFolder, judged: &[Judged<'_>], out: &mut dyn Write) -> io::Result<()> {
    let count = |choice: &Choice| judged.iter().filter(|it| (choice.shows)(Status::of(it.case))).count();
    let shown: Vec<(&Choice, usize)> =
        CHOICES.iter().map(|choice| (choice, count(choice))).filter(|(_, count)| *count > 0).collect();
    let first = shown.iter().find(|(choice, _)| choice.id == "attention").or_else(|| shown.first());

    out.write_all(b"<section id=\"cases\" class=\"cases\">\n<h2>Cases</h2>\n")?;
    for (choice, _) in &shown {
        let checked = if first.is_some_and(|(first, _)| first.id == choice.id) { " checked" } else { "" };
        writeln!(
            out,
            "<input class=\"choice\" type=\"radio\" name=\"show\" id=\"show-{}\"{checked}>",
            choice.id
        )?;
    }
    out.write_all(b"<div class=\"filters\">\n")?;
    for (choice, count) in &shown {
        writeln!(
            out,
            "<label for=\"show-{}\" class=\"dot-{}\">{} <b>{count}</b></label>",
            choice.id, choice.id, choice.label
        )?;
    }
    out.write_all(
        b"<span class=\"scripted\" hidden><input id=\"search\" type=\"search\" \
          placeholder=\"Search cases, requirements, values\" aria-label=\"Search\"> \
          <button type=\"button\" id=\"fold\">Open all</button></span>\n</div>\n\
          <p id=\"none\" class=\"muted\" hidden>Nothing matches.</p>\n<div class=\"list\">\n",
    )?;
    case::write_list(folder, judged, out)?;
    out.write_all(b"</div>\n</section>\n")
}

/// A coloured word for a status or a result.
struct Chip<'a>(&'a str);

impl std::fmt::Display for Chip<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<span class=\"chip c-{0}\">{0}</span>", self.0)
    }
}

/// Section of a requirement as a reader should see it.
fn section(section: &str) -> String {
    if section == "suite" { "sceptic’s own".to_owned() } else { format!("RFC 8894 § {section}") }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures;
    use super::*;

    fn page() -> String {
        let run = fixtures::run_folder();
        let folder = RunFolder::open(run.path()).unwrap();
        let mut out = Vec::new();
        write(&folder, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    /// The page without its style sheet and script, which are not what a change of a report is about.
    fn body() -> String {
        let page = page();
        let body = page.split_once("<body>").unwrap().1;
        body.split_once("<script>").unwrap().0.to_owned()
    }

    #[test]
    fn a_small_run_looks_as_it_always_did() {
        insta::assert_snapshot!(body());
    }

    #[test]
    fn values_of_the_subject_are_text() {
        let body = body();
        assert!(!body.contains("<script>") && body.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
        assert!(!body.contains('\u{1b}') && body.contains("\\u{1b}[31m"));
        assert!(body.contains("SUCCESS &amp; a certificate"));
    }

    #[test]
    fn the_page_needs_no_network() {
        let page = page();
        for reference in page.split(['<', ';']).flat_map(|part| {
            ["src=\"", "href=\"", "url("].into_iter().filter_map(move |key| Some(part.split_once(key)?.1))
        }) {
            assert!(!reference.starts_with("http") && !reference.starts_with("//"), "{reference}");
        }
        assert!(!STYLE.contains("@import") && !STYLE.contains("url("));
        assert!(!SCRIPT.contains("fetch") && !SCRIPT.contains("</"));
    }

    #[test]
    fn every_status_can_be_chosen_alone() {
        for status in Status::ALL {
            let choice = CHOICES.iter().find(|choice| choice.id == status.word()).unwrap();
            let shown: Vec<Status> = Status::ALL.into_iter().filter(|it| (choice.shows)(*it)).collect();
            assert_eq!(shown, [status]);
        }
    }

    #[test]
    fn elements_are_closed_in_order() {
        const VOID: [&str; 3] = ["input", "meta", "br"];
        let mut open: Vec<String> = Vec::new();
        for tag in
            body().split('<').skip(1).filter_map(|rest| rest.split_once('>').map(|(tag, _)| tag.to_owned()))
        {
            let name: String =
                tag.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect();
            if tag.starts_with('/') {
                assert_eq!(open.pop().as_deref(), Some(name.as_str()), "after {open:?}");
            } else if !VOID.contains(&name.as_str()) {
                open.push(name);
            }
        }
        assert_eq!(open, Vec::<String>::new());
    }
}
