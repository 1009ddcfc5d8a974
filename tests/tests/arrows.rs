//! The arrows of ARCHITECTURE.md hold in the workspace as it is.

use tests::arrows::{check, rules, workspace};

#[test]
fn every_arrow_points_down() {
    let packages = workspace::packages().unwrap();
    let files = workspace::sources().unwrap();
    let breaches = check(&rules::RULES, &packages, &files);
    let printed: Vec<String> = breaches.iter().map(ToString::to_string).collect();
    assert!(printed.is_empty(), "\n{}\n", printed.join("\n"));
}

#[test]
fn the_whole_workspace_is_read() {
    let packages = workspace::packages().unwrap();
    let files = workspace::sources().unwrap();
    for rule in rules::RULES.packages {
        let package = packages.iter().find(|package| package.name == rule.package);
        assert!(package.is_some_and(|package| package.tree.contains(rule.package)), "{}", rule.package);
    }
    assert!(files.iter().any(|file| file.path == "tests/src/arrows/workspace.rs"));
}
