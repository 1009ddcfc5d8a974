//! A PostgreSQL server for one test: its own folder, no port, ended when it is dropped.

use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::PeerError;
use super::process::{self, Process};

/// Debian keeps the programs of a server out of PATH, by version.
const DEBIAN: &str = "/usr/lib/postgresql";

/// The account that Debian's packages make: the server does not run as root.
const ACCOUNT: &str = "postgres";

/// A running server, reached by a socket in its folder.
#[derive(Debug)]
pub struct Postgresql {
    _process: Process, // ends before its folder goes
    folder: TempDir,
}

/// What is missing for one, in words.
pub fn missing() -> Vec<String> {
    match program("initdb") {
        Some(_) => Vec::new(),
        None => vec!["initdb is not installed (Debian package postgresql)".to_owned()],
    }
}

impl Postgresql {
    /// Makes a database cluster and starts a server on it.
    ///
    /// # Errors
    /// When a program is missing or fails; the error has what it printed.
    pub fn start() -> Result<Self, PeerError> {
        let folder = tempfile::tempdir().map_err(PeerError::io("folder for postgresql"))?;
        let as_account = is_root(folder.path())?;
        if let Some((user, group)) = as_account {
            chown(folder.path(), Some(user), Some(group))
                .map_err(PeerError::io("owner of the folder for postgresql"))?;
        }
        let data = folder.path().join("data");
        let mut initdb = command("initdb", as_account)?;
        initdb.args([
            "--auth=trust",
            "--username=mock_ca",
            "--no-sync",
            "--encoding=UTF8",
            "--locale=C",
            "-D",
        ]);
        process::run(initdb.arg(&data))?;
        let mut server = command("postgres", as_account)?;
        server.args(["-c", "listen_addresses=", "-c", "max_connections=200", "-k"]).arg(folder.path());
        let mut process = Process::start(server.arg("-D").arg(&data), &folder.path().join("log"))?;
        process.wait_for(|process| process.output().contains("ready to accept connections").then_some(()))?;
        Ok(Self { _process: process, folder })
    }

    /// A new database of this name, and what connects to it.
    ///
    /// # Errors
    /// What the server says.
    pub fn database(&self, name: &str) -> Result<String, PeerError> {
        let mut createdb = Command::new(program("createdb").unwrap_or_else(|| PathBuf::from("createdb")));
        process::run(createdb.arg("-h").arg(self.folder.path()).args(["-U", "mock_ca", name]))?;
        Ok(format!("host={} user=mock_ca dbname={name}", self.folder.path().display()))
    }
}

/// User and group of the account that the server runs as, when it is root who starts it.
fn is_root(own: &Path) -> Result<Option<(u32, u32)>, PeerError> {
    let owner = own.metadata().map_err(PeerError::io("folder for postgresql"))?.uid();
    if owner != 0 {
        return Ok(None);
    }
    let id = |flag| -> Result<u32, PeerError> {
        let printed = process::run(Command::new("id").args([flag, ACCOUNT]))?;
        Ok(printed.trim().parse().unwrap_or(u32::MAX))
    };
    Ok(Some((id("-u")?, id("-g")?)))
}

fn command(name: &'static str, as_account: Option<(u32, u32)>) -> Result<Command, PeerError> {
    let missing = || std::io::Error::from(std::io::ErrorKind::NotFound);
    let program = program(name).ok_or_else(missing).map_err(PeerError::io(format!("start of {name}")))?;
    Ok(match as_account {
        None => Command::new(program),
        Some((user, group)) => {
            let mut command = Command::new("setpriv");
            command
                .arg(format!("--reuid={user}"))
                .arg(format!("--regid={group}"))
                .args(["--clear-groups", "--"])
                .arg(program);
            command
        }
    })
}

/// Where a program of PostgreSQL is: on PATH, or in the newest version that Debian has installed.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let mut versions: Vec<PathBuf> = std::fs::read_dir(DEBIAN)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .collect();
    versions.sort();
    folders.extend(versions.into_iter().rev());
    folders.into_iter().map(|folder| folder.join(name)).find(|program| program.is_file())
}
