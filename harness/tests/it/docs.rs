//! What docs/ says is what the program does.

use std::path::{Path, PathBuf};

use crate::program::{files, sceptic};

fn document(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Blocks of a language, without their fences.
fn blocks<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    text.split(&fence).skip(1).filter_map(|rest| Some(rest.split_once("```")?.0)).collect()
}

#[test]
fn the_table_of_exit_codes_is_what_explain_exit_prints() {
    let folder = tempfile::tempdir().unwrap();
    let printed = sceptic(folder.path(), &["explain", "exit"]).stdout;
    let text = document("exit-codes.md");
    assert_eq!(blocks(&text, "text").first().copied(), Some(printed.as_str()), "paste the new table");
}

#[test]
fn the_catalogue_of_faults_is_what_explain_fault_prints() {
    let folder = tempfile::tempdir().unwrap();
    let printed = sceptic(folder.path(), &["explain", "fault"]).stdout;
    let text = document("faults.md");
    assert_eq!(blocks(&text, "text").first().copied(), Some(printed.as_str()), "paste the new table");
}

/// The files of docs/cases.md, in a copy of the data folders.
fn with_the_example(folder: &Path) -> PathBuf {
    let data = folder.join("data");
    let harness = Path::new(env!("CARGO_MANIFEST_DIR"));
    for kind in ["cases", "bundles", "mutants", "profiles", "register", "peers"] {
        for file in files(&harness.join(kind)) {
            let target = data.join(kind).join(&file);
            std::fs::create_dir_all(target.parent().unwrap()).unwrap();
            std::fs::copy(harness.join(kind).join(&file), target).unwrap();
        }
    }
    let text = document("cases.md");
    let mut written = 0;
    for block in blocks(&text, "toml") {
        let Some(path) = block.lines().next().and_then(|line| line.strip_prefix("# harness/")) else {
            continue;
        };
        let target = data.join(path);
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::write(target, block).unwrap();
        written += 1;
    }
    assert!(written > 0, "docs/cases.md has an example");
    data
}

#[test]
fn the_example_of_how_to_write_a_case_passes_lint_and_the_reference_server() {
    let folder = tempfile::tempdir().unwrap();
    let data = with_the_example(folder.path());
    let data = data.to_str().unwrap();
    let lint = sceptic(folder.path(), &["--data", data, "lint"]);
    assert_eq!(lint.code, 0, "{}", lint.stderr);
    let ran =
        sceptic(folder.path(), &["--data", data, "try", "--no-open", "--out", "run", "srv.enrol.example"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("srv.enrol.example"), "{}", ran.stdout);
}

#[test]
fn every_command_line_in_the_readme_and_docs_is_one_that_the_program_has() {
    let folder = tempfile::tempdir().unwrap();
    let help = sceptic(folder.path(), &["--help"]).stdout;
    for name in
        ["../README.md", "../CONTRIBUTING.md", "cases.md", "evidence.md", "exit-codes.md", "faults.md"]
    {
        let text = document(name);
        let after = |lead: &str| {
            let starts = text.match_indices(lead).map(|(at, _)| &text[at + lead.len()..]).collect::<Vec<_>>();
            starts.into_iter().filter_map(|rest| rest.split([' ', '`', '\n', ',']).next()).collect::<Vec<_>>()
        };
        let said = [after("`sceptic "), after("--release -- ")].concat();
        for command in
            said.into_iter().filter(|word| word.chars().all(|c| c.is_ascii_lowercase() || c == '-'))
        {
            let known = help.lines().any(|line| line.split_whitespace().next() == Some(command));
            assert!(known || command.starts_with('-'), "{name} says `sceptic {command}`");
        }
    }
}
