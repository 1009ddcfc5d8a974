//! `sceptic show CASE`: the case, and with `--run` what was exchanged.

use std::path::PathBuf;

use super::judge::broken_evidence;
use super::{Failure, say};
use crate::data::{Case, Suite, did_you_mean};
use crate::exit::Exit;
use crate::runner::evidence;
use crate::transcript::{Reply, Transcript};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Case or instance id.
    #[arg(value_name = "CASE")]
    case: String,
    /// Run folder: show what was exchanged there.
    #[arg(long, value_name = "RUN")]
    run: Option<PathBuf>,
}

pub(super) fn run(suite: &Suite, args: &Args) -> Result<u8, Failure> {
    let id = args.case.split('[').next().unwrap_or_default();
    let case = suite.case(id).ok_or_else(|| {
        let near = did_you_mean(id, suite.cases.keys().map(String::as_str));
        Failure::new(Exit::Usage, format!("show `{}`: there is no such case{near}", args.case))
            .hint("sceptic list lists them")
    })?;
    describe(suite, case);
    if let Some(run) = &args.run {
        let folder = run.join(evidence::folder(&args.case));
        if !folder.is_dir() {
            let message = format!("show what {} exchanged: {} is no folder", args.case, folder.display());
            return Err(Failure::new(Exit::Usage, message)
                .hint("was it in that run, and did it run? A blocked or unsupported case has no evidence"));
        }
        say(format!("\nevidence  {}", folder.display()));
        exchanged(&evidence::read(&folder).map_err(broken_evidence)?);
    }
    Ok(Exit::Satisfied.code())
}

fn describe(suite: &Suite, case: &Case) {
    say(format!("{}  ({}, {})", case.id, case.role.word(), case.tier.word()));
    say(format!("  {}\n  {}", case.title, case.why));
    if let Some(base) = &case.base {
        let change = case.change.as_ref().map(ToString::to_string).unwrap_or_default();
        say(format!("  one change from {base}: {change}"));
    }
    say(format!("  needs     {}", case.needs.join(", ")));
    let instances: Vec<String> = case.instances().into_iter().map(|instance| instance.id).collect();
    say(format!("  instances {}", instances.join(", ")));
    for step in &case.steps {
        let faults = if step.faults.is_empty() {
            String::new()
        } else {
            format!("  fault {}", step.faults.join(", "))
        };
        say(format!("  step      {:<10} {}{faults}", step.id, step.verb));
    }
    for check in &case.checks {
        let level =
            suite.register.strictest(&check.claim.req).map(|level| level.to_string()).unwrap_or_default();
        say(format!(
            "  check     {:<32} on {:<10} {level:<6} {}",
            check.id,
            check.on.to_string(),
            check.claim.req.join(", ")
        ));
    }
}

fn exchanged(transcript: &Transcript) {
    for (index, exchange) in transcript.exchanges.iter().enumerate() {
        let target: String = exchange.request.target.chars().take(100).collect();
        let answer = match &exchange.reply {
            Reply::Answered(response) => format!("{} with {} bytes", response.status, response.body.len()),
            Reply::Failed { kind, detail } => format!("{kind}: {detail}"),
            Reply::None => "nothing asked".to_owned(),
        };
        say(format!(
            "{:02} {:<8} {} {target}\n   {:8} {answer}, {} ms",
            index + 1,
            exchange.step,
            exchange.request.method,
            "",
            exchange.ms
        ));
    }
    for (step, run) in &transcript.runs {
        say(format!(
            "run {step}: {} (exit {:?}, signal {:?})\n{}",
            run.outcome,
            run.exit,
            run.signal,
            run.stderr.trim_end()
        ));
    }
    for note in &transcript.notes {
        say(format!("note: {note}"));
    }
    if let Some(error) = &transcript.harness_error {
        say(format!("the harness failed: {error}"));
    }
}
