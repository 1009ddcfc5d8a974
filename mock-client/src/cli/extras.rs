//! `mock-client completions` and `man`: made from the definition that parses.

use clap::Command;
use clap_complete::Shell;

use super::{CommandError, Io};
use crate::exit::Exit;

pub(super) fn completions(shell: Shell, mut command: Command, io: &mut Io<'_>) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "mock-client", &mut script);
    let _ = io.stdout.write_all(&script);
    Exit::Done
}

/// The page of the whole, followed by those of its commands.
pub(super) fn man(command: Command, io: &mut Io<'_>) -> Result<Exit, CommandError> {
    let mut page = Vec::new();
    let failed = |error: std::io::Error| CommandError::Internal(format!("write the page: {error}"));
    clap_mangen::Man::new(command.clone()).render(&mut page).map_err(failed)?;
    for subcommand in command.get_subcommands() {
        let name = format!("mock-client-{}", subcommand.get_name());
        clap_mangen::Man::new(subcommand.clone().display_name(name)).render(&mut page).map_err(failed)?;
    }
    let _ = io.stdout.write_all(&page);
    Ok(Exit::Done)
}
