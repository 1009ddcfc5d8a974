//! From data files to entries: what an expectations file lists, laid against everything that the suite has.

use jiff::civil::Date;

use super::{Entry, Expectations, Known, Requirement};
use crate::data::{Expectations as File, Suite};

impl Known {
    /// Every case and instance of a suite, whether or not a run selects it.
    #[must_use]
    pub fn of(suite: &Suite) -> Self {
        let mut known = Self::default();
        for case in suite.cases.values() {
            let checks: Vec<&str> = case.checks.iter().map(|check| check.id.as_str()).collect();
            known.insert(case.id.as_str(), checks.clone());
            for instance in case.instances() {
                known.insert(instance.id, checks.clone());
            }
            for alias in &case.aliases {
                known.alias(alias.as_str(), case.id.as_str());
            }
        }
        known
    }
}

impl Expectations {
    /// The entries of a file, seen on the day `today` against a subject of this version.
    #[must_use]
    pub fn listed(suite: &Suite, file: File, today: Date, subject_version: Option<&str>) -> Self {
        let entries = file.entries.into_iter().map(|entry| Entry {
            case: entry.case,
            check: entry.check,
            result: entry.result,
            reason: entry.reason,
            because: entry.because,
            owner: entry.owner,
            since: entry.since,
            expires: entry.expires,
            version: file.version.clone(),
            max: entry.max.unwrap_or(1),
        });
        Self::new(entries.collect(), Known::of(suite), today, subject_version)
    }
}

impl Requirement {
    /// Finds a requirement in the register of a suite by its id.
    pub fn of(suite: &Suite) -> impl Fn(&str) -> Option<Self> {
        |id| {
            suite.register.requirement(id).map(|row| Self {
                level: row.level,
                section: row.section.clone(),
                statement: row.statement.clone(),
            })
        }
    }
}
