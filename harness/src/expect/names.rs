//! Which lines an entry speaks of: those of one instance, of a case, or of all cases that fit a pattern.

use super::{Entry, Known};
use crate::data::glob;
use crate::results::CheckLine;

/// How closely an entry names a case instance. The closest entry for a check of it speaks, others do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Closeness {
    /// `*` stands for a part of the id.
    Pattern,
    /// The case, with all its instances.
    Case,
    /// This instance.
    Instance,
}

/// How closely the entry names this case instance, if it does.
pub(super) fn closeness(entry: &Entry, instance: &str) -> Option<Closeness> {
    if entry.case == instance {
        Some(Closeness::Instance)
    } else if entry.case == case_of(instance) {
        Some(Closeness::Case)
    } else if glob(&entry.case, instance) || glob(&entry.case, case_of(instance)) {
        Some(Closeness::Pattern)
    } else {
        None
    }
}

/// True when the entry speaks of this check of this instance, whatever its result.
pub(super) fn speaks_of(entries: &[Entry], entry: &Entry, check: &CheckLine) -> bool {
    let close = |entry: &Entry| closeness(entry, &check.case).filter(|_| entry.check == check.id);
    close(entry).is_some_and(|own| entries.iter().filter_map(close).all(|other| other <= own))
}

/// Why the entry names nothing that exists, if so.
pub(super) fn unknown(known: &Known, entry: &Entry) -> Option<String> {
    let mut named = known.checks.iter().filter(|(id, _)| closeness(entry, id).is_some()).peekable();
    if named.peek().is_none() {
        return Some(format!("there is no case {}: correct or remove the entry", entry.case));
    }
    let has_check = named.any(|(_, checks)| checks.contains(&entry.check));
    (!has_check)
        .then(|| format!("case {} has no check {}: correct or remove the entry", entry.case, entry.check))
}

/// The case id within an instance id: `srv.enrol.granted` of `srv.enrol.granted[via=get]`.
pub(super) fn case_of(instance: &str) -> &str {
    instance.split_once('[').map_or(instance, |(case, _)| case)
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::entry;
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("a*c", "abc", true),
            ("a*c", "ac", true),
            ("a*c", "acd", false),
            ("a*c", "a", false),
            ("a*a", "a", false),
            ("*b*", "abc", true),
            ("a*b*c", "a-c-b-c", true),
            ("a*b*b", "ab", false),
            ("a", "ab", false),
        ] {
            assert_eq!(glob(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn an_instance_is_closer_than_its_case_and_a_case_than_a_pattern() {
        let close = |named: &str| closeness(&entry(named, "x", "y"), "srv.a.one[via=get]");
        assert_eq!(close("srv.a.one[via=get]"), Some(Closeness::Instance));
        assert_eq!(close("srv.a.one"), Some(Closeness::Case));
        assert_eq!(close("srv.a.*"), Some(Closeness::Pattern));
        assert_eq!(close("srv.*[via=get]"), Some(Closeness::Pattern));
        assert_eq!(close("srv.a.one[via=post]"), None);
        assert_eq!(close("srv.a.on"), None);
        assert!(Closeness::Pattern < Closeness::Case && Closeness::Case < Closeness::Instance);
    }
}
