//! The programs of this workspace, built: cargo gives a test the path of its own package's programs only.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

use crate::arrows::workspace;

/// The program of this name, as the source is now. The first call builds, and all others wait for it.
///
/// # Errors
/// When the workspace does not build, or has no such program.
pub fn path_of(name: &str) -> Result<&'static Path, String> {
    static BUILT: OnceLock<Result<BTreeMap<String, PathBuf>, String>> = OnceLock::new();
    let built = BUILT.get_or_init(build).as_ref().map_err(Clone::clone)?;
    built.get(name).map(PathBuf::as_path).ok_or_else(|| format!("the workspace has no program {name}"))
}

/// Builds all programs at once: the whole workspace, so that the same features are on as in its tests and
/// nothing is compiled twice.
fn build() -> Result<BTreeMap<String, PathBuf>, String> {
    let output = Command::new(env!("CARGO"))
        .args([
            "build",
            "--workspace",
            "--bins",
            "--locked",
            "--quiet",
            "--message-format",
            "json-render-diagnostics",
        ])
        // What measures measures what users run.
        .args((!cfg!(debug_assertions)).then_some("--release"))
        .current_dir(workspace::root())
        .output()
        .map_err(|error| format!("cargo build: {error}"))?;
    if !output.status.success() {
        return Err(format!("cargo build --workspace --bins: {}", String::from_utf8_lossy(&output.stderr)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).lines().filter_map(program).collect())
}

/// Name and path, when this line of cargo's is about a finished program.
fn program(line: &str) -> Option<(String, PathBuf)> {
    let message: Value = serde_json::from_str(line).ok()?;
    let path = message["executable"].as_str()?;
    Some((message["target"]["name"].as_str()?.to_owned(), PathBuf::from(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_recognised_among_the_other_lines() {
        let line = r#"{"reason":"compiler-artifact","target":{"name":"mock-ca"},"executable":"target/debug/mock-ca"}"#;
        assert_eq!(program(line), Some(("mock-ca".to_owned(), PathBuf::from("target/debug/mock-ca"))));
        assert_eq!(
            program(r#"{"reason":"compiler-artifact","target":{"name":"scep"},"executable":null}"#),
            None
        );
        assert_eq!(program("warning: something"), None);
    }
}
