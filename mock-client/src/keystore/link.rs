//! Symbolic links that are switched in one step.

use std::path::Path;

use crate::files::{self, FileError};

/// Makes `link` point to `target`, whatever it pointed to before. Whoever follows it sees the old target or
/// the new one, and never nothing.
#[cfg(unix)]
pub(super) fn switch(link: &Path, target: &Path) -> Result<(), FileError> {
    if std::fs::read_link(link).is_ok_and(|now| now == target) {
        return Ok(());
    }
    let failed = |source| FileError::new("write", link, source);
    let name = link.file_name().unwrap_or_default().to_string_lossy();
    let beside = files::folder_of(link).join(format!("{}link-{name}", files::UNFINISHED));
    files::remove(&beside)?;
    std::os::unix::fs::symlink(target, &beside).map_err(failed)?;
    files::step("write", link)?;
    std::fs::rename(&beside, link).map_err(failed)?;
    files::step("write", link)?;
    files::sync_folder_of(link)
}

/// There are no links to rely on.
#[cfg(not(unix))]
pub(super) fn switch(link: &Path, _target: &Path) -> Result<(), FileError> {
    Err(FileError::new("write", link, std::io::ErrorKind::Unsupported.into()))
}
