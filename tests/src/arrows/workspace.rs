//! Reads the real workspace for the checker: manifests, dependency trees, source files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::{Dependency, Kind, Package, SourceFile};

/// Why the workspace could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// A file or folder.
    #[error("{path}: {source}")]
    File {
        /// What was to be read.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Cargo, asked about the workspace.
    #[error("cargo {arguments}: {message}")]
    Cargo {
        /// What it was asked.
        arguments: String,
        /// What it said.
        message: String,
    },
}

/// The folder of the workspace that this package was built in.
pub fn root() -> &'static Path {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests)
}

/// The packages of the workspace, and the fuzz targets, which are a workspace of their own.
///
/// # Errors
/// When cargo cannot be run, or answers something else than its documented JSON.
pub fn packages() -> Result<Vec<Package>, Unreadable> {
    let mut all = declared("Cargo.toml")?;
    for package in &mut all {
        package.tree = tree(&package.name)?;
    }
    for mut package in declared("fuzz/Cargo.toml")? {
        package.tree = locked(&root().join("fuzz/Cargo.lock"))?;
        all.push(package);
    }
    Ok(all)
}

/// The packages of a workspace with the dependencies that their manifests declare.
fn declared(manifest: &str) -> Result<Vec<Package>, Unreadable> {
    let arguments =
        ["metadata", "--no-deps", "--locked", "--format-version", "1", "--manifest-path", manifest];
    let odd =
        |message: &str| Unreadable::Cargo { arguments: arguments.join(" "), message: message.to_owned() };
    let metadata: Value =
        serde_json::from_str(&cargo(&arguments)?).map_err(|error| odd(&error.to_string()))?;
    let listed = metadata["packages"].as_array().ok_or_else(|| odd("no packages"))?;
    let mut packages = Vec::new();
    for package in listed {
        let name = package["name"].as_str().ok_or_else(|| odd("a package without a name"))?;
        let declared =
            package["dependencies"].as_array().ok_or_else(|| odd("a package without dependencies"))?;
        let dependencies = declared
            .iter()
            .map(|dependency| Dependency {
                name: dependency["name"].as_str().unwrap_or_default().to_owned(),
                kind: if dependency["kind"] == "dev" { Kind::Dev } else { Kind::Normal },
            })
            .collect();
        packages.push(Package { name: name.to_owned(), dependencies, tree: BTreeSet::new() });
    }
    Ok(packages)
}

/// Names of all packages that a normal build of `package` compiles.
fn tree(package: &str) -> Result<BTreeSet<String>, Unreadable> {
    let arguments = ["tree", "--locked", "--no-dedupe", "-e", "normal", "--prefix", "none", "-p", package];
    let lines = cargo(&arguments)?;
    Ok(lines.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect())
}

/// Names of all packages of a lock file: what is in none of its builds is not in it. Asking cargo for the
/// tree would fetch what only fuzzing needs.
fn locked(path: &Path) -> Result<BTreeSet<String>, Unreadable> {
    let text =
        std::fs::read_to_string(path).map_err(|source| Unreadable::File { path: path.to_owned(), source })?;
    let names = text.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'));
    Ok(names.map(str::to_owned).collect())
}

fn cargo(arguments: &[&str]) -> Result<String, Unreadable> {
    let failed = |message: String| Unreadable::Cargo { arguments: arguments.join(" "), message };
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .current_dir(root())
        .output()
        .map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        return Err(failed(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    String::from_utf8(output.stdout).map_err(|error| failed(error.to_string()))
}

/// Every file of Rust source in the `src` folder of a package, and every fuzz target.
///
/// # Errors
/// When a file or folder cannot be read.
pub fn sources() -> Result<Vec<SourceFile>, Unreadable> {
    let mut files = Vec::new();
    for package in entries(root())? {
        for source in [package.join("src"), package.join("targets")] {
            if source.is_dir() {
                collect(&source, &mut files)?;
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn collect(folder: &Path, files: &mut Vec<SourceFile>) -> Result<(), Unreadable> {
    for path in entries(folder)? {
        if path.is_dir() {
            // `tests.rs` and `tests/` hold the tests of the module above them.
            if !path.ends_with("tests") {
                collect(&path, files)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
            let text = std::fs::read_to_string(&path)
                .map_err(|source| Unreadable::File { path: path.clone(), source })?;
            let relative = path.strip_prefix(root()).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            files.push(SourceFile { path: relative, text });
        }
    }
    Ok(())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Unreadable> {
    let failed = |source| Unreadable::File { path: folder.to_owned(), source };
    let listed = folder.read_dir().map_err(failed)?;
    listed.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>().map_err(failed)
}
