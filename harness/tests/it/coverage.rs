//! The register against the cases: whatever a subject could be judged by is judged, or says why not.

use std::collections::BTreeSet;

use rstest::rstest;
use sceptic::data::{Party, Role, Suite};

/// A row that is for both is held to what it says of servers: `open` is one for a row.
#[rstest]
#[case::servers(Role::Server, &[Party::Server, Party::Both, Party::CaOperator])]
#[case::clients(Role::Client, &[Party::Client])]
fn every_requirement_is_judged_by_a_case_or_says_why_not(#[case] role: Role, #[case] parties: &[Party]) {
    let suite = Suite::embedded().unwrap();
    let cases = suite.cases.values().filter(|case| case.role == role);
    let judged: BTreeSet<&String> =
        cases.flat_map(|case| &case.checks).flat_map(|check| &check.claim.req).collect();
    assert!(judged.len() > 100, "{}", judged.len());
    let (mut silent, mut idle) = (Vec::new(), Vec::new());
    let rows = suite.register.rows.values().filter(|row| parties.contains(&row.party));
    for row in rows.filter(|row| row.not_for(role).is_none()) {
        match (judged.contains(&row.id), &row.open) {
            (false, None) => silent.push(&row.id),
            (true, Some(_)) => idle.push(&row.id),
            (true, None) | (false, Some(_)) => {}
        }
    }
    assert_eq!(silent, Vec::<&String>::new(), "no case judges them, and nothing says why");
    assert_eq!(idle, Vec::<&String>::new(), "a case judges them: `open` is out of date");
}
