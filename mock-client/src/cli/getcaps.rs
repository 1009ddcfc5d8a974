//! `mock-client getcaps`: the keywords, one a line.

use scep::client::Trust;

use super::args::GetcapsArgs;
use super::report::remark;
use super::{CommandError, Io, generator};
use crate::clock::SystemClock;
use crate::exit::Exit;
use crate::ops::{Line, getcaps};

pub(super) fn run(args: &GetcapsArgs, io: &mut Io<'_>) -> Result<Exit, CommandError> {
    let contact = args.server.contact(Trust::Anything)?;
    let (mut transport, mut rng) = (args.server.transport()?, generator(args.server.seed)?);
    let line = &mut Line { transport: &mut transport, clock: &SystemClock, rng: &mut rng };
    let (capabilities, remarks) = getcaps(&contact, line);
    let capabilities = capabilities?;
    if args.server.json {
        io.say(serde_json::json!({ "capabilities": capabilities.keywords() }).to_string());
    } else {
        capabilities.keywords().iter().for_each(|keyword| io.say(keyword));
    }
    remark(&remarks, io);
    Ok(Exit::Done)
}
