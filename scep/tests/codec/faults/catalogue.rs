//! The files of the catalogue as data.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use scep::fault::catalogue;
use toml::{Table, Value};

/// The TOML files of a folder of the workspace.
pub(super) fn files(folder: &str) -> Vec<(PathBuf, Table)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder);
    let mut files: Vec<PathBuf> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    files.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap().parse().unwrap())).collect()
}

/// The text of a key in every entry of a list.
fn texts(table: &Table, list: &str, key: &str) -> Vec<String> {
    let entries = table.get(list).and_then(Value::as_array).into_iter().flatten();
    entries.filter_map(|entry| entry.get(key)?.as_str()).map(str::to_owned).collect()
}

#[test]
fn ids_are_unique_and_every_file_is_embedded() {
    let embedded: Vec<&str> = catalogue().unwrap().iter().map(|fault| fault.id.as_str()).collect();
    let unique: BTreeSet<String> = embedded.iter().map(|id| (*id).to_owned()).collect();
    assert_eq!(unique.len(), embedded.len());
    let in_files: BTreeSet<String> =
        files("scep/faults").iter().flat_map(|(_, file)| texts(file, "fault", "id")).collect();
    assert_eq!(unique, in_files);
}

#[test]
fn every_fault_has_a_title_and_breaks_what_the_register_knows() {
    let mut known = BTreeSet::new();
    for (_, file) in files("harness/register") {
        known.extend(texts(&file, "requirement", "id"));
    }
    assert!(known.len() > 100, "the register is not where it was: {}", known.len());
    for fault in catalogue().unwrap() {
        assert!(!fault.title.is_empty(), "{}", fault.id);
        assert!(!fault.breaks.is_empty(), "{}", fault.id);
        for id in &fault.breaks {
            assert!(known.contains(id), "{}: `{id}` is not in the register", fault.id);
        }
    }
}

#[test]
fn hex_is_hex() {
    let mut count = 0;
    for (path, file) in files("scep/faults") {
        for fault in file["fault"].as_array().unwrap() {
            let Some(hex) = fault["do"].get("hex") else { continue };
            let hex = hex.as_str().unwrap();
            let digits = hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
            assert!(hex.len() % 2 == 0 && digits, "{}: `{hex}`", path.display());
            count += 1;
        }
    }
    assert!(count > 5, "{count}");
}
