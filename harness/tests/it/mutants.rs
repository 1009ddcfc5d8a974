//! Mutants are data: nothing in the code knows one by its name.

use std::path::{Path, PathBuf};

/// Every Rust file of the workspace that is no test.
fn sources(root: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let is_test = name == "tests" || name == "tests.rs" || name.starts_with("fixtures");
            if is_test || name == "target" || name.starts_with('.') {
                continue;
            }
            if path.is_dir() {
                open.push(path);
            } else if name.ends_with(".rs") {
                all.push(path);
            }
        }
    }
    all
}

/// The code of a file, without the tests at its end.
fn code(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests {").next().unwrap_or(text)
}

/// Words of a text that could be ids: `ca.lax.ber` in `"ca.lax.ber"`, but not in `ca.lax.bertha`.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '-' | '_')))
        .map(|word| word.trim_matches('.'))
}

#[test]
fn no_mutant_id_occurs_in_code() {
    let suite = sceptic::data::Suite::embedded().unwrap();
    assert!(suite.mutants.len() > 100);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let sources = sources(root);
    assert!(sources.len() > 100, "{}", sources.len());
    for path in sources {
        let text = std::fs::read_to_string(&path).unwrap();
        let named: Vec<&str> = words(code(&text)).filter(|word| suite.mutants.contains_key(*word)).collect();
        assert_eq!(named, Vec::<&str>::new(), "{}", path.display());
    }
}

#[test]
fn the_search_finds_an_id_that_is_there() {
    let planted =
        "if mutant == \"ca.lax.ber\" { /* client.lax.x. */ }\n#[cfg(test)]\nmod tests { \"ca.other\" }";
    let found: Vec<&str> = words(code(planted)).filter(|word| word.contains('.')).collect();
    assert_eq!(found, ["ca.lax.ber", "client.lax.x"]);
}
