//! The vectors that are no captures come from a generator that shares no code with `scep`: it writes them
//! again, octet for octet.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::Failed;

use crate::Run;
use crate::command::{Folder, python};

/// Name, and what is done.
pub(crate) fn tests() -> Vec<(String, Run)> {
    vec![("python_writes_the_vectors_again".to_owned(), Box::new(writes_again))]
}

fn writes_again() -> Result<(), Failed> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors");
    let folder = Folder::new()?;
    let made = folder.path("data");
    let python = python().ok_or("no python")?;
    let output = Command::new(python)
        .arg("-B") // leaves no compiled files in the source
        .arg(source.join("gen/generate.py"))
        .arg(&made)
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    let (mut kept, made) = (files(&source.join("data"))?, files(&made)?);
    kept.retain(|path, _| !path.starts_with("captures"));
    let differ: Vec<&PathBuf> =
        kept.keys().chain(made.keys()).filter(|path| kept.get(*path) != made.get(*path)).collect();
    assert!(made.len() > 400, "{} files", made.len());
    assert!(differ.is_empty(), "vectors/gen/generate.py writes these otherwise: {differ:?}");
    Ok(())
}

/// The files in the folders of a folder, by their path in it.
fn files(folder: &Path) -> Result<BTreeMap<PathBuf, Vec<u8>>, Failed> {
    let mut files = BTreeMap::new();
    for area in fs::read_dir(folder)? {
        let area = area?.path();
        for file in fs::read_dir(&area)? {
            let path = file?.path();
            files.insert(path.strip_prefix(folder)?.to_owned(), fs::read(&path)?);
        }
    }
    Ok(files)
}
