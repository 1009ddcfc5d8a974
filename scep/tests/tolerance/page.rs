//! `docs/rules.md` has every rule with its source and its vectors, as the code and the data have them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use scep::Rule;

use crate::{AREAS, vectors};

const HEAD: &str = "\
# What a reader steps over

The readers of `scep` take what devices and servers send, and report every departure from the form that it should have: \
a rule, the octets that it is about, and what was expected there. A finding is data: whether it matters is decided by a \
check of the suite, by policy, or by a person. `sceptic decode FILE` prints the findings of any message.

This page is made from `scep/src/finding.rs` and `vectors/data`; a test compares it \
(`SCEPTIC_WRITE_PAGES=1 cargo test -p scep --test tolerance page` writes it).

| rule | what departs | source | vectors |
|---|---|---|---|
";

fn page() -> String {
    let all = vectors();
    let mut of_rule: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for vector in &all {
        let mut rules: Vec<&str> =
            vector.about.findings.iter().map(|finding| finding.rule.as_str()).collect();
        rules.sort_unstable();
        rules.dedup();
        for rule in rules {
            of_rule.entry(rule).or_default().push(&vector.about.id);
        }
    }
    let mut page = HEAD.to_owned();
    for rule in Rule::ALL {
        let vectors = match of_rule.get(rule.id()) {
            Some(ids) if ids.len() > SHOWN => {
                format!("{}, and {} more", quoted(&ids[..SHOWN]), ids.len() - SHOWN)
            }
            Some(ids) => quoted(ids),
            None => "none".to_owned(),
        };
        let (id, what, source) = (rule.id(), rule.description(), rule.source());
        writeln!(page, "| `{id}` | {what} | {source} | {vectors} |").unwrap();
    }
    page
}

/// Vectors that are named for each rule.
const SHOWN: usize = 4;

fn quoted(ids: &[&str]) -> String {
    ids.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ")
}

#[test]
fn every_vector_that_the_page_of_tolerances_names_is_there() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/tolerances.md");
    let all = vectors();
    let text = std::fs::read_to_string(path).unwrap();
    let named: Vec<&str> = text
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| AREAS.iter().any(|area| is_in(area, word)))
        .collect();
    let gone: Vec<&&str> =
        named.iter().filter(|id| !all.iter().any(|vector| vector.about.id == **id)).collect();
    assert!(named.len() > 70 && gone.is_empty(), "{} named, not there: {gone:?}", named.len());
}

fn is_in(area: &str, id: &str) -> bool {
    id.split_once('/').is_some_and(|(folder, _)| folder == area)
}

#[test]
fn the_page_of_rules_is_what_code_and_data_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/rules.md");
    let page = page();
    if std::env::var_os("SCEPTIC_WRITE_PAGES").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page, "docs/rules.md is out of date: see its second paragraph");
}
