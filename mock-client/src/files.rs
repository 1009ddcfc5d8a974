//! Files that the client writes: whole or not at all, keys for their owner only.

pub mod fuse;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

/// What the names of files begin with that are not finished yet.
pub(crate) const UNFINISHED: &str = ".mock-client-";

/// A file could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{action} {}: {source}", path.display())]
pub struct FileError {
    /// `read`, `write` or `remove`.
    pub action: &'static str,
    /// Which file.
    pub path: PathBuf,
    /// Why.
    pub source: std::io::Error,
}

impl FileError {
    pub(crate) fn new(action: &'static str, path: &Path, source: std::io::Error) -> Self {
        Self { action, path: path.to_owned(), source }
    }
}

/// Reads a whole file.
///
/// # Errors
/// When it cannot be read.
pub fn read(path: &Path) -> Result<Vec<u8>, FileError> {
    std::fs::read(path).map_err(|source| FileError::new("read", path, source))
}

/// Writes a file that everybody may read. What stood there before stays until the new one is complete.
///
/// # Errors
/// When it cannot be written.
pub fn write_public(path: &Path, text: &str) -> Result<(), FileError> {
    replace(path, text.as_bytes(), 0o644)
}

/// Writes a file that only its owner may read, and never over another one: a key in use is not replaced.
///
/// # Errors
/// When it is there already or cannot be written.
pub fn write_new_secret(path: &Path, text: &str) -> Result<(), FileError> {
    let file = write_beside(path, text.as_bytes(), 0o600)?;
    file.persist_noclobber(path).map_err(|error| FileError::new("write", path, error.error))?;
    sync_folder_of(path)
}

/// Writes a file that only its owner may read, over what stood there before.
///
/// # Errors
/// When it cannot be written.
pub fn write_secret(path: &Path, content: &[u8]) -> Result<(), FileError> {
    replace(path, content, 0o600)
}

/// Writes a file with these permissions; what stood there before stays until the new one is complete, and
/// neither is lost when the power fails.
///
/// # Errors
/// When it cannot be written.
pub fn replace(path: &Path, content: &[u8], mode: u32) -> Result<(), FileError> {
    let file = write_beside(path, content, mode)?;
    step("write", path)?;
    file.persist(path).map_err(|error| FileError::new("write", path, error.error))?;
    step("write", path)?;
    sync_folder_of(path)
}

/// The permissions of a file.
///
/// # Errors
/// When it is not there.
pub fn mode_of(path: &Path) -> Result<u32, FileError> {
    let metadata = std::fs::metadata(path).map_err(|source| FileError::new("read", path, source))?;
    #[cfg(unix)]
    return Ok(std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o7777);
    #[cfg(not(unix))]
    return Ok(if metadata.permissions().readonly() { 0o444 } else { 0o644 });
}

/// Makes a folder for its owner only; one that is there stays as it is.
///
/// # Errors
/// When it cannot be made.
pub fn private_folder(path: &Path) -> Result<(), FileError> {
    step("write", path)?;
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|source| FileError::new("write", path, source))?;
    sync_folder_of(path)
}

/// Removes a file; that it is not there is what was wanted.
///
/// # Errors
/// When it stays.
pub fn remove(path: &Path) -> Result<(), FileError> {
    step("remove", path)?;
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(FileError::new("remove", path, error))
        }
        Ok(()) | Err(_) => sync_folder_of(path),
    }
}

/// One step of [`fuse`].
pub(crate) fn step(action: &'static str, path: &Path) -> Result<(), FileError> {
    if fuse::is_blown() {
        return Err(FileError::new(action, path, std::io::Error::other("the fuse of a test is blown")));
    }
    Ok(())
}

/// A name in a folder survives a loss of power only once the folder is on the disk.
///
/// # Errors
/// When the folder cannot be opened.
pub(crate) fn sync_folder_of(path: &Path) -> Result<(), FileError> {
    let folder = folder_of(path);
    match std::fs::File::open(folder).and_then(|folder| folder.sync_all()) {
        // Some file systems cannot; then nothing better can be done.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(FileError::new("write", path, error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Makes sure that the file could be written later: its folder is there.
///
/// # Errors
/// When it is not.
pub fn expect_folder_of(path: &Path) -> Result<(), FileError> {
    let folder = folder_of(path);
    let metadata = std::fs::metadata(folder).map_err(|source| FileError::new("write", path, source))?;
    if !metadata.is_dir() || path.is_dir() {
        return Err(FileError::new("write", path, std::io::ErrorKind::NotADirectory.into()));
    }
    Ok(())
}

pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

fn write_beside(path: &Path, content: &[u8], mode: u32) -> Result<NamedTempFile, FileError> {
    let failed = |source| FileError::new("write", path, source);
    let mut builder = Builder::new();
    builder.prefix(UNFINISHED);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
    #[cfg(not(unix))]
    let _ = mode;
    step("write", path)?;
    let mut file = builder.tempfile_in(folder_of(path)).map_err(failed)?;
    step("write", path)?;
    file.write_all(content).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::{expect_folder_of, folder_of, write_new_secret, write_public};

    #[test]
    fn a_file_is_replaced_as_a_whole_and_nothing_else_remains() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("cert.pem");
        write_public(&path, "old").unwrap();
        write_public(&path, "new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_secret_never_replaces_another() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key.pem");
        write_new_secret(&path, "first").unwrap();
        let error = write_new_secret(&path, "second").unwrap_err();
        assert!(error.to_string().starts_with("write "), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "first");
    }

    #[cfg(unix)]
    #[test]
    fn a_secret_is_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key.pem");
        write_new_secret(&path, "secret").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_missing_folder_is_noticed_before_anything_is_sent() {
        let dir = tempfile::tempdir().unwrap();
        assert!(expect_folder_of(&dir.path().join("cert.pem")).is_ok());
        assert!(expect_folder_of(&dir.path().join("no").join("cert.pem")).is_err());
        assert!(expect_folder_of(dir.path()).is_err(), "a folder is no file");
        assert_eq!(folder_of(Path::new("cert.pem")), Path::new("."));
    }
}
