//! `mock-client replace-pem`, and `scep_replace_pem` when it is called so.

use super::args::ReplacePemArgs;
use super::{CommandError, Io};
use crate::exit::Exit;
use crate::files;
use crate::replace_pem::{Kind, ReplaceError, replace_in_file};

pub(super) fn run(args: &ReplacePemArgs, _io: &mut Io<'_>) -> Result<Exit, CommandError> {
    let usage = |why: String| CommandError::Usage(why);
    let mut wanted = Vec::new();
    for pair in args.pairs.chunks(2) {
        let [name, kind] = pair else {
            return Err(usage(format!("expected pkey or cert after {}", pair.concat())));
        };
        wanted.push((name.as_str(), Kind::parse(kind).map_err(usage)?));
    }
    let text = |path| files::read(path).map(|octets| String::from_utf8_lossy(&octets).into_owned());
    let needs = |kind| wanted.iter().any(|(_, wanted)| *wanted == kind);
    let key = if needs(Kind::Key) { text(&args.key)? } else { String::new() };
    let certificate = if needs(Kind::Certificate) { text(&args.cert)? } else { String::new() };
    let of = |kind: &Kind| if *kind == Kind::Key { key.as_str() } else { certificate.as_str() };
    let values: Vec<(&str, &str)> = wanted.iter().map(|(name, kind)| (*name, of(kind))).collect();
    match replace_in_file(&args.settings, &values) {
        Ok(()) => Ok(Exit::Done),
        Err(ReplaceError::File(error)) => Err(error.into()),
        Err(missing @ ReplaceError::Missing { .. }) => Err(usage(format!("failed to {missing}"))),
    }
}
