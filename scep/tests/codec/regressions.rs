//! Inputs that once broke a reader. They lie in `fuzz/regressions`, in a folder for each fuzz target.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::readers;

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz")
}

fn names(folder: &Path) -> BTreeSet<String> {
    let paths = folder.read_dir().unwrap().map(|entry| entry.unwrap().path());
    paths.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
}

#[test]
fn what_once_broke_a_reader_is_survived() {
    for target in names(&fuzz().join("regressions")).into_iter().filter(|name| name != "README") {
        let reader = readers::named(&target);
        for input in fuzz().join("regressions").join(&target).read_dir().unwrap() {
            reader(&std::fs::read(input.unwrap().path()).unwrap());
        }
    }
}

#[test]
fn every_reader_has_its_fuzz_target() {
    let readers: BTreeSet<String> = readers::ALL.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names(&fuzz().join("targets")), readers);
}
