//! The words of code that data files may use, gathered for lint.

use std::collections::BTreeSet;

use crate::data::BrokenData;
use crate::data::Name;
use crate::data::Suite;
use crate::data::lint::{PathKind, Verb, Vocabulary, lint};
use crate::judge::facts::{self, Kind};
use crate::step::VERBS;

/// Lints a suite with the words of this program.
///
/// # Errors
/// Every mistake in the data files.
pub fn vocabulary(suite: &Suite) -> Result<(), BrokenData> {
    let paths: Vec<String> = facts::paths().map(|(path, _)| path).collect();
    let faults = scep::fault::catalogue().unwrap_or_default();
    let verbs: Vec<Verb<'static>> = VERBS.iter().map(|row| row.verb).collect();
    let words = Vocabulary {
        paths: &|path| facts::row(path).map(|row| kind(row.kind)),
        path_names: paths.iter().map(String::as_str).collect(),
        faults: faults.iter().map(|fault| fault.id.as_str()).collect(),
        ca_laxities: mock_ca::LAXITIES.iter().map(|laxity| laxity.id).collect::<BTreeSet<_>>(),
        client_laxities: mock_client::laxity::LAXITIES.iter().map(|laxity| laxity.id).collect(),
        verbs: &verbs,
        names: &is_name,
    };
    lint(suite, &words)
}

/// Names that the runner fills into steps, apart from axes, vars and what steps give.
fn is_name(name: &Name) -> bool {
    name.scope == "subject" && name.field == "challenge"
}

fn kind(kind: Kind) -> PathKind {
    match kind {
        Kind::Text => PathKind::Text,
        Kind::Number => PathKind::Int,
        Kind::Bool => PathKind::Bool,
        Kind::Octets => PathKind::Bytes,
        Kind::List => PathKind::List,
    }
}
