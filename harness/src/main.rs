//! The `sceptic` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(sceptic::cli::run())
}
