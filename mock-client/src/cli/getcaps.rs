//! `mock-client getcaps`: the keywords, one a line.

use super::args::GetcapsArgs;
use super::report::remark_findings;
use super::{CommandError, Io};
use crate::exit::Exit;
use crate::ops::getcaps;

pub(super) fn run(args: &GetcapsArgs, io: &mut Io<'_>) -> Result<Exit, CommandError> {
    args.server.conduct()?;
    let (mut transport, mut script) = (args.server.transport()?, args.server.script()?);
    let mut findings = Vec::new();
    let capabilities = getcaps(&mut transport, &mut script, &mut findings)?;
    if args.server.json {
        io.say(serde_json::json!({ "capabilities": capabilities.keywords() }).to_string());
    } else {
        capabilities.keywords().iter().for_each(|keyword| io.say(keyword));
    }
    remark_findings(&findings, io);
    Ok(Exit::Done)
}
