//! Where data files come from: built into the program, a folder, or a test.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use include_dir::{Dir, DirEntry, include_dir};

use super::broken::{Broken, BrokenData};
use super::source::Source;

/// The folders of data, as they were when the program was built.
static EMBEDDED: [(&str, Dir<'static>); 6] = [
    ("cases", include_dir!("$CARGO_MANIFEST_DIR/cases")),
    ("bundles", include_dir!("$CARGO_MANIFEST_DIR/bundles")),
    ("mutants", include_dir!("$CARGO_MANIFEST_DIR/mutants")),
    ("profiles", include_dir!("$CARGO_MANIFEST_DIR/profiles")),
    ("register", include_dir!("$CARGO_MANIFEST_DIR/register")),
    ("peers", include_dir!("$CARGO_MANIFEST_DIR/peers")),
];

/// Data files before they are read.
#[derive(Debug, Clone, Default)]
pub struct Files {
    /// What a reader is for, by path from the data folder.
    pub(crate) sources: BTreeMap<String, Source>,
    /// Every other file, such as evidence: only that it is there counts.
    others: BTreeSet<String>,
}

impl Files {
    /// The files that this program was built with, shown as under `harness/`.
    #[must_use]
    pub fn embedded() -> Self {
        let mut files = Self::default();
        for (folder, dir) in &EMBEDDED {
            files.add_embedded(folder, dir);
        }
        files
    }

    /// The files of a folder that is laid out as `harness/`.
    ///
    /// # Errors
    ///
    /// The folder or a file in it cannot be read, or holds none of the folders of data.
    pub fn from_dir(folder: &Path) -> Result<Self, BrokenData> {
        let mut files = Self::default();
        let mut broken = Vec::new();
        let mut found = false;
        for (name, _) in &EMBEDDED {
            let inside = folder.join(name);
            if inside.is_dir() {
                found = true;
                files.add_folder(name, &inside, &mut broken);
            }
        }
        if !found {
            let folders: Vec<&str> = EMBEDDED.iter().map(|(name, _)| *name).collect();
            let message = format!("no data folder: none of {} is in it", folders.join(", "));
            broken.push(Broken { file: folder.display().to_string(), line: 0, column: 0, message });
        }
        BrokenData::check(broken)?;
        Ok(files)
    }

    /// Files given as path from the data folder and text.
    pub(crate) fn given<P: Into<String>, T: Into<String>>(given: impl IntoIterator<Item = (P, T)>) -> Self {
        let mut files = Self::default();
        for (path, text) in given {
            let path = path.into();
            files.add(path.clone(), path, text.into().into_bytes(), &mut Vec::new());
        }
        files
    }

    /// True when there is such a file, whatever it is.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.sources.contains_key(path) || self.others.contains(path)
    }

    fn add(&mut self, path: String, shown: String, content: Vec<u8>, broken: &mut Vec<Broken>) {
        if !is_data(&path) {
            self.others.insert(path);
            return;
        }
        match String::from_utf8(content) {
            Ok(text) => {
                self.sources.insert(path.clone(), Source { path, shown, text });
            }
            Err(_) => {
                broken.push(Broken {
                    file: shown,
                    line: 0,
                    column: 0,
                    message: "is not UTF-8 text".to_owned(),
                });
            }
        }
    }

    fn add_embedded(&mut self, folder: &str, dir: &Dir<'static>) {
        for entry in dir.entries() {
            match entry {
                DirEntry::Dir(dir) => self.add_embedded(folder, dir),
                DirEntry::File(file) => {
                    let inside = file.path().to_string_lossy().replace('\\', "/");
                    let path = format!("{folder}/{inside}");
                    let shown = format!("harness/{path}");
                    self.add(path, shown, file.contents().to_vec(), &mut Vec::new());
                }
            }
        }
    }

    fn add_folder(&mut self, path: &str, folder: &Path, broken: &mut Vec<Broken>) {
        let refuse = |file: &Path, error: &std::io::Error| {
            let file = file.display().to_string();
            Broken { file, line: 0, column: 0, message: format!("cannot be read: {error}") }
        };
        let entries = match std::fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) => return broken.push(refuse(folder, &error)),
        };
        for entry in entries {
            let entry = match entry {
                Ok(entry) => entry.path(),
                Err(error) => {
                    broken.push(refuse(folder, &error));
                    continue;
                }
            };
            let name = entry.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let path = format!("{path}/{name}");
            if name.starts_with('.') {
                continue;
            }
            if entry.is_dir() {
                self.add_folder(&path, &entry, broken);
                continue;
            }
            match std::fs::read(&entry) {
                Ok(content) => self.add(path, entry.display().to_string(), content, broken),
                Err(error) => broken.push(refuse(&entry, &error)),
            }
        }
    }
}

/// True for files that have a reader, or would need one: beside a peer lie evidence and its own files.
fn is_data(path: &str) -> bool {
    match path.strip_prefix("peers/") {
        Some(path) => path.ends_with("/peer.toml") || path.ends_with("/expectations.toml"),
        None => path.ends_with(".toml"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_read_with_the_names_of_its_files() {
        let folder = tempfile::tempdir().unwrap();
        let evidence = folder.path().join("peers/x/evidence");
        std::fs::create_dir_all(&evidence).unwrap();
        std::fs::write(evidence.join("reply.der"), [0xff]).unwrap();
        std::fs::write(folder.path().join("peers/x/peer.toml"), "a = 1").unwrap();
        std::fs::write(folder.path().join("peers/.hidden.toml"), "").unwrap();
        let files = Files::from_dir(folder.path()).unwrap();
        assert!(files.has("peers/x/evidence/reply.der"));
        let source = &files.sources["peers/x/peer.toml"];
        assert_eq!(source.text, "a = 1");
        assert_eq!(source.shown, folder.path().join("peers/x/peer.toml").display().to_string());
        assert_eq!(files.sources.len(), 1);
    }

    #[test]
    fn a_folder_without_data_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let found = Files::from_dir(folder.path()).unwrap_err().to_string();
        assert!(found.contains("no data folder: none of cases, bundles"), "{found}");
    }
}
