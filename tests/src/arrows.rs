//! Which part of the workspace may name which other: the rules, and the checker that holds them.
//!
//! [`check`] is a plain function from packages and files to breaches, so that it can be shown trees that it
//! must refuse. [`workspace`] reads the real tree, [`rules`] is what ARCHITECTURE.md draws as arrows.

use std::collections::BTreeSet;
use std::fmt;

pub mod paths;
pub mod rules;
pub mod workspace;

use paths::NamedPath;
pub use rules::{PackageRule, Rules, SourceRule};

/// A package of the workspace with what its manifest declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Package name.
    pub name: String,
    /// Declared dependencies, optional ones included.
    pub dependencies: Vec<Dependency>,
    /// Names of all packages that a normal build compiles for it, itself included.
    pub tree: BTreeSet<String>,
}

/// One declared dependency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// Package name, whatever it is renamed to.
    pub name: String,
    /// When it is compiled in.
    pub kind: Kind,
}

/// When a dependency is compiled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Always, or in build scripts.
    Normal,
    /// For tests, examples and benchmarks.
    Dev,
}

/// A file of Rust source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Path from the root of the workspace, with `/`.
    pub path: String,
    /// The whole text.
    pub text: String,
}

/// One departure from the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// Package, or `file:line`.
    pub place: String,
    /// What is there and should not be.
    pub what: String,
    /// Why it should not.
    pub why: &'static str,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.place, self.what, self.why)
    }
}

/// Every departure of these packages and files from the rules, in the order of the rules.
pub fn check(rules: &Rules, packages: &[Package], files: &[SourceFile]) -> Vec<Breach> {
    let mut breaches = check_packages(rules.packages, packages);
    let mut read = Vec::new();
    for file in files {
        match paths::named(&module_of(&file.path), &file.text) {
            Ok(named) => read.push((file.path.as_str(), named)),
            Err(error) => breaches.push(Breach {
                place: format!("{}:{}", file.path, error.line),
                what: "not readable as Rust".to_owned(),
                why: "a file that cannot be read cannot be checked",
            }),
        }
    }
    for rule in rules.sources {
        breaches.extend(check_source(rule, &read));
    }
    breaches
}

fn check_packages(rules: &[PackageRule], packages: &[Package]) -> Vec<Breach> {
    let ours: BTreeSet<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    let mut breaches = Vec::new();
    let mut refuse = |package: &Package, what: String, why| {
        breaches.push(Breach { place: package.name.clone(), what, why });
    };
    for package in packages {
        let Some(rule) = rules.iter().find(|rule| rule.package == package.name) else {
            refuse(
                package,
                "no rule names this package".to_owned(),
                "every package has its place in the arrows",
            );
            continue;
        };
        for dependency in package.dependencies.iter().filter(|to| ours.contains(to.name.as_str())) {
            let name = dependency.name.as_str();
            let allowed = match dependency.kind {
                Kind::Normal => rule.may.contains(&name),
                Kind::Dev => rule.may.contains(&name) || rule.may_in_tests.contains(&name),
            };
            if !allowed {
                let kind = if dependency.kind == Kind::Dev { "dev-dependency" } else { "dependency" };
                refuse(package, format!("{kind} on {name}"), rule.why);
            }
        }
        let normal = package.dependencies.iter().filter(|to| to.kind == Kind::Normal).map(|to| &to.name);
        let compiled: BTreeSet<&String> = package.tree.iter().chain(normal).collect();
        for name in compiled.into_iter().filter(|name| rule.never_compiles.contains(&name.as_str())) {
            refuse(package, format!("compiles {name}"), rule.why);
        }
    }
    breaches
}

fn check_source(rule: &SourceRule, files: &[(&str, Vec<NamedPath>)]) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for place in rule.within {
        let mut covered = files.iter().filter(|(path, _)| is_within(path, place)).peekable();
        if covered.peek().is_none() {
            // A folder that moved would otherwise switch its rule off in silence.
            breaches.push(Breach {
                place: (*place).to_owned(),
                what: "no file is there".to_owned(),
                why: "a rule over no file holds nothing",
            });
        }
        for (path, named) in covered {
            breaches.extend(named.iter().filter(|named| rule.refuses(named)).map(|named| Breach {
                place: format!("{path}:{}", named.line),
                what: format!("names {named}"),
                why: rule.why,
            }));
        }
    }
    breaches
}

/// `harness/src/judge` covers `harness/src/judge.rs` and all of the folder `harness/src/judge`.
fn is_within(path: &str, place: &str) -> bool {
    path.strip_prefix(place).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
}

/// The module that a file is, from the root of its crate: `harness/src/report/html.rs` is `report::html`.
fn module_of(path: &str) -> Vec<String> {
    let inside = path.split_once("src/").map_or(path, |(_, inside)| inside);
    let module = inside.strip_suffix(".rs").unwrap_or(inside);
    match module {
        "lib" | "main" => Vec::new(),
        binary if binary.starts_with("bin/") => Vec::new(),
        _ => module.split('/').map(str::to_owned).collect(),
    }
}

#[cfg(test)]
mod tests;
