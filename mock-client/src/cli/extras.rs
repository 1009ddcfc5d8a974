//! `mock-client completions` and `man`, made from the definition that parses; and `personas`.

use clap::Command;
use clap_complete::Shell;

use super::{CommandError, Io};
use crate::exit::Exit;
use crate::persona::Persona;

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

/// Each persona with its habits and their sources, and the names of its settings.
pub(super) fn personas(io: &mut Io<'_>) -> Result<Exit, CommandError> {
    for persona in Persona::all().map_err(CommandError::Internal)? {
        io.say(format!("{}: {}", persona.name, persona.title));
        for habit in &persona.habits {
            io.say(format!("  {}", habit.what));
            io.say(format!("    {}", habit.source));
        }
        for item in &persona.items {
            io.say(format!("  {} = {}", item.name, item.setting));
        }
    }
    Ok(Exit::Done)
}
