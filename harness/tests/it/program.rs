//! Running the program, and reading what it left.

use std::path::Path;
use std::process::{Command, Output};

use sceptic::report::RunFolder;
use sceptic::results::{CaseLine, CheckLine, Line};
use sceptic::verdict::CaseResult;

/// The binary under test.
pub(crate) const SCEPTIC: &str = env!("CARGO_BIN_EXE_sceptic");

/// How the program ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The program, in a folder of its own, so that a default run folder lands nowhere else.
pub(crate) fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(SCEPTIC);
    command.args(arguments).current_dir(folder).env_remove("SCEPTIC_CHALLENGE");
    command
}

/// Runs the program to its end.
pub(crate) fn sceptic(folder: &Path, arguments: &[&str]) -> Ended {
    let Output { status, stdout, stderr } = command(folder, arguments).output().unwrap();
    let text = |octets: Vec<u8>| String::from_utf8(octets).unwrap();
    Ended { code: status.code().unwrap(), stdout: text(stdout), stderr: text(stderr) }
}

/// The run in `folder`, which must be whole.
pub(crate) fn open(folder: &Path) -> RunFolder {
    RunFolder::open(folder).unwrap()
}

pub(crate) fn cases(run: &RunFolder) -> impl Iterator<Item = &CaseLine> {
    run.lines().iter().filter_map(|line| if let Line::Case(case) = line { Some(case) } else { None })
}

pub(crate) fn checks(run: &RunFolder) -> impl Iterator<Item = &CheckLine> {
    run.lines().iter().filter_map(|line| if let Line::Check(check) = line { Some(&**check) } else { None })
}

/// Ids of the cases that ended so.
pub(crate) fn ended(run: &RunFolder, result: CaseResult) -> Vec<&str> {
    cases(run).filter(|case| case.result == result).map(|case| case.id.as_str()).collect()
}

/// Exit codes of the gates, the deciding one first.
pub(crate) fn gates(run: &RunFolder) -> Vec<u8> {
    run.end().gate.iter().map(|gate| gate.code).collect()
}

/// Every file below a folder, relative to it, in order.
pub(crate) fn files(root: &Path) -> Vec<String> {
    let mut all = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                all.push(path.strip_prefix(root).unwrap().display().to_string());
            }
        }
    }
    all.sort();
    all
}
