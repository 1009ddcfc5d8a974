//! Options that several commands share, and what they become.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use jiff::civil::Date;
use rand_core::{OsRng, TryRngCore as _};
use scep::UnixTime;

use super::Failure;
use crate::data::{Expectations as File, Instance, Suite};
use crate::exit::Exit;
use crate::expect::Expectations;
use crate::plan::{self, Pool};

/// Seed, jobs and place of a run.
#[derive(Debug, clap::Args)]
pub(super) struct RunOptions {
    /// Folder for results, evidence and reports, made new [default: .sceptic/runs/ID].
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Seed of nonces, identifiers and paddings, 64 hex digits at most [default: random].
    #[arg(long, value_name = "HEX", value_parser = parse_seed)]
    pub(super) seed: Option<[u8; 32]>,
    /// Cases at a time.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=256))]
    pub(super) jobs: u64,
    /// Warnings gate too: exit 11.
    #[arg(long)]
    pub(super) strict: bool,
    /// Case ids, areas, `tier:core`, `req:8894-…`, patterns with `*`, `not:WORD` to leave out.
    #[arg(value_name = "FILTER")]
    pub(super) filter: Vec<String>,
}

fn parse_seed(text: &str) -> Result<[u8; 32], String> {
    let digits: Vec<u8> = text.chars().filter_map(|c| c.to_digit(16).map(|d| d as u8)).collect();
    if digits.is_empty() || digits.len() != text.len() || digits.len() > 64 {
        return Err("expected 1 to 64 hex digits".to_owned());
    }
    let mut seed = [0; 32];
    for (index, digit) in digits.iter().enumerate() {
        if let Some(octet) = seed.get_mut(index / 2) {
            *octet |= if index % 2 == 0 { digit << 4 } else { *digit };
        }
    }
    Ok(seed)
}

/// The seed, as it is printed and taken again.
pub(super) fn seed_text(seed: &[u8; 32]) -> String {
    let text = hex::encode(seed);
    let short = text.trim_end_matches('0');
    if short.is_empty() { "0".to_owned() } else { short.to_owned() }
}

impl RunOptions {
    /// The given seed, or eight random octets: short enough to be typed again.
    pub(super) fn seed(&self) -> Result<[u8; 32], Failure> {
        if let Some(seed) = self.seed {
            return Ok(seed);
        }
        let mut seed = [0; 32];
        let short = seed.first_chunk_mut::<8>().ok_or_else(|| Failure::internal("make a seed"))?;
        OsRng.try_fill_bytes(short).map_err(Failure::internal)?;
        Ok(seed)
    }

    /// The run folder; it must be new or empty, so that no evidence is lost.
    pub(super) fn folder(&self, id: &str) -> Result<NewFolder, Failure> {
        let folder = self.out.clone().unwrap_or_else(|| Path::new(".sceptic/runs").join(id));
        let used = std::fs::read_dir(&folder).is_ok_and(|mut entries| entries.next().is_some());
        if used {
            return Err(Failure::new(
                Exit::Usage,
                format!("use {} for a new run: it is not empty", folder.display()),
            )
            .hint("give another --out, or remove it"));
        }
        Ok(NewFolder(folder))
    }
}

/// A folder that is not there yet, or empty.
pub(super) struct NewFolder(PathBuf);

impl NewFolder {
    /// Makes it.
    pub(super) fn make(self) -> Result<PathBuf, Failure> {
        std::fs::create_dir_all(&self.0).map_err(|e| {
            Failure::new(Exit::Usage, format!("make the run folder {}: {e}", self.0.display()))
        })?;
        Ok(self.0)
    }
}

/// Id of a run: the beginning of its seed, and when it was started.
pub(super) fn run_id(seed: &[u8; 32], now: UnixTime) -> String {
    let seed: String = seed_text(seed).chars().take(8).collect();
    format!("{seed}-{}", now.0)
}

/// The instances that the filter words of a command line name.
pub(super) fn select(suite: &Suite, pool: Pool<'_>, words: &[String]) -> Result<Vec<Instance>, Failure> {
    plan::select(suite, pool, words).map_err(|e| Failure::new(Exit::Usage, format!("select cases: {e}")))
}

/// The clock of this machine. Read once, in the command.
pub(super) fn now() -> UnixTime {
    UnixTime(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs())
}

/// RFC 3339 text of a time, UTC.
pub(super) fn rfc3339(time: UnixTime) -> String {
    time.to_string()
}

/// The civil date of a time, UTC.
pub(super) fn date(time: UnixTime) -> Date {
    let text = time.to_string();
    text.get(..10).and_then(|date| date.parse().ok()).unwrap_or(Date::ZERO)
}

/// Expectations from a file, laid against what exists.
pub(super) fn expectations(
    suite: &Suite,
    file: Option<&Path>,
    now: UnixTime,
    version: Option<&str>,
) -> Result<Expectations, Failure> {
    let Some(path) = file else { return Ok(Expectations::none()) };
    Ok(Expectations::listed(suite, File::load(path)?, date(now), version))
}
