//! The register against the cases: whatever a server could be judged by is judged, or says why not.

use std::collections::BTreeSet;

use sceptic::data::{Party, Role, Suite};

#[test]
fn every_requirement_on_servers_is_judged_by_a_case_or_says_why_not() {
    let suite = Suite::embedded().unwrap();
    let of_servers = suite.cases.values().filter(|case| case.role == Role::Server);
    let judged: BTreeSet<&String> =
        of_servers.flat_map(|case| &case.checks).flat_map(|check| &check.claim.req).collect();
    assert!(judged.len() > 100, "{}", judged.len());
    let rows = suite.register.rows.values();
    let (mut silent, mut idle) = (Vec::new(), Vec::new());
    for row in rows.filter(|row| row.party != Party::Client && row.not_for(Role::Server).is_none()) {
        match (judged.contains(&row.id), &row.open) {
            (false, None) => silent.push(&row.id),
            (true, Some(_)) => idle.push(&row.id),
            (true, None) | (false, Some(_)) => {}
        }
    }
    assert_eq!(silent, Vec::<&String>::new(), "no server case judges them, and nothing says why");
    assert_eq!(idle, Vec::<&String>::new(), "a case judges them: `open` is out of date");
}
