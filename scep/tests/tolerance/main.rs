//! Every vector of `vectors/data`: what our readers understand of it and what they report about it is what
//! its file says, no more and no less. The files were made by other software, or by Python's.

#![expect(clippy::unwrap_used, reason = "a test that cannot prepare its material has failed")]

mod facts;
mod page;

use std::collections::BTreeSet;

use rstest::rstest;
use scep::Rule;
use scep_vectors::data::{self, Finding, Vector};

/// The folders of `vectors/data`, each with a case below.
const AREAS: [&str; 10] =
    ["attributes", "ber", "caps", "captures", "cms", "crl", "csr", "getcacert", "getnextcacert", "http"];

fn vectors() -> Vec<Vector> {
    data::read(&data::folder()).unwrap()
}

fn area(vector: &Vector) -> &str {
    vector.about.id.split_once('/').unwrap().0
}

/// What differs, a line each; none when all is as expected.
fn differences(vector: &Vector) -> Vec<String> {
    let id = &vector.about.id;
    let (said, found) = match facts::of(vector) {
        Ok(read) => read,
        Err(error) => return vec![format!("{id}: not read: {error}")],
    };
    let mut differences = Vec::new();
    let keys: BTreeSet<&String> = said.keys().chain(vector.about.expect.keys()).collect();
    for key in keys {
        let (actual, expected) = (said.get(key), vector.about.expect.get(key));
        if actual != expected {
            differences.push(format!("{id}: {key}: expected {expected:?}, got {actual:?}"));
        }
    }
    let mut found: Vec<Finding> = found
        .into_iter()
        .map(|finding| Finding {
            rule: finding.rule.id().to_owned(),
            part: finding.at.part.name().to_owned(),
            start: finding.at.start,
            end: finding.at.end,
        })
        .collect();
    let mut expected = vector.about.findings.clone();
    found.sort();
    expected.sort();
    for finding in &found {
        if !expected.contains(finding) {
            differences.push(format!("{id}: reported and not expected: {finding:?}"));
        }
    }
    for finding in &expected {
        if !found.contains(finding) {
            differences.push(format!("{id}: expected and not reported: {finding:?}"));
        }
    }
    if differences.is_empty() && found.len() != expected.len() {
        differences.push(format!("{id}: expected {} findings, got {}", expected.len(), found.len()));
    }
    differences
}

#[rstest]
fn every_vector_reads_as_its_file_says(
    #[values(
        "attributes",
        "ber",
        "caps",
        "captures",
        "cms",
        "crl",
        "csr",
        "getcacert",
        "getnextcacert",
        "http"
    )]
    name: &str,
) {
    let all = vectors();
    let of_area: Vec<&Vector> = all.iter().filter(|vector| area(vector) == name).collect();
    assert!(!of_area.is_empty(), "there are no vectors of {name}");
    let differences: Vec<String> = of_area.into_iter().flat_map(differences).collect();
    assert!(differences.is_empty(), "\n{}", differences.join("\n"));
}

#[test]
fn every_area_is_looked_at() {
    let looked_at: BTreeSet<&str> = AREAS.into_iter().collect();
    let all = vectors();
    assert_eq!(all.iter().map(area).collect::<BTreeSet<_>>(), looked_at);
}

#[test]
fn another_value_or_finding_is_a_difference() {
    let all = vectors();
    let vector = all.iter().find(|vector| vector.about.id == "cms/failure-content-one-zero-octet").unwrap();
    assert_eq!(differences(vector), [""; 0]);
    let mut other = vector.clone();
    other.about.expect.insert("failInfo".to_owned(), "badAlg".into());
    other.about.expect.remove("pkiStatus");
    other.about.findings[0].end += 1;
    let text = differences(&other).join("\n");
    for words in [
        "failInfo: expected",
        "pkiStatus: expected None",
        "reported and not expected",
        "expected and not reported",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn every_rule_is_departed_from_by_a_vector() {
    let all = vectors();
    let departed: BTreeSet<&str> =
        all.iter().flat_map(|vector| &vector.about.findings).map(|finding| finding.rule.as_str()).collect();
    let without: Vec<&str> =
        Rule::ALL.iter().map(|rule| rule.id()).filter(|id| !departed.contains(id)).collect();
    assert_eq!(without, [""; 0]);
    let known: BTreeSet<&str> = Rule::ALL.iter().map(|rule| rule.id()).collect();
    assert!(departed.is_subset(&known), "{:?}", departed.difference(&known));
}
