//! The five laws of the kill matrix, as pure functions of its results.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::matrix::{Matrix, Row, judge_again};
use crate::data::{Check, Claim, Mutant, Suite};
use crate::results::CheckLine;
use crate::verdict::CheckResult;

/// One breach of a law.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// Number of the law.
    pub law: u8,
    /// Which check, which mutant, and what is wrong.
    pub text: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.law {
            1 => "bites",
            2 => "nothing unnamed",
            3 => "separable",
            4 => "no idle mutant",
            5 => "clean",
            _ => "blocks",
        };
        write!(f, "law {} ({name}): {}", self.law, self.text)
    }
}

/// One check where it is judged: instance, id, step.
type Key = (String, String, String);

/// Everything about one check in one instance.
struct Entry<'a> {
    key: Key,
    definition: String,
    check: &'a Check,
    clean: &'a CheckLine,
}

fn entries<'a>(suite: &'a Suite, matrix: &'a Matrix) -> Vec<Entry<'a>> {
    let mut all = Vec::new();
    for (instance, row) in &matrix.clean {
        let Some(case) = suite.case(&row.transcript.case) else { continue };
        for (check, clean) in case.checks.iter().zip(&row.checks) {
            all.push(Entry {
                key: (instance.clone(), clean.id.clone(), clean.on.clone()),
                definition: check.written_as(&case.id),
                check,
                clean,
            });
        }
    }
    all
}

/// True when a mutant changed the result or its reason into something that was seen.
fn moved(clean: &CheckLine, now: &CheckLine) -> bool {
    now.result != CheckResult::Unjudged && (now.result, &now.reason) != (clean.result, &clean.reason)
}

/// True when the reason is one that the check itself names.
fn is_own_reason(check: &Check, line: &CheckLine) -> bool {
    let own = |reason: &str| {
        reason == check.claim.reason || check.claim.or.iter().any(|alternative| alternative.reason == reason)
    };
    line.reason.as_deref().is_some_and(own)
}

fn line<'a>(row: &'a Row, key: &Key) -> Option<&'a CheckLine> {
    row.checks.iter().find(|check| check.id == key.1 && check.on == key.2)
}

/// Every breach of laws 1, 2, 3 and 5. Law 4 is lint's.
#[must_use]
pub fn violations(suite: &Suite, matrix: &Matrix) -> Vec<Violation> {
    let entries = entries(suite, matrix);
    let moves = moves_of(&entries, matrix);
    let mut all = clean(&entries, matrix);
    for entry in &entries {
        if !bites(entry, matrix, &[]) {
            let text = format!(
                "{} {} on {}: no mutant of its killed_by moves it ({})",
                entry.key.0,
                entry.key.1,
                entry.key.2,
                entry.check.claim.killed_by.join(", ")
            );
            all.push(Violation { law: 1, text });
        }
        // What a use adds to a bundle is said of this case alone, so all of it is proven here.
        let moves = |mutant: &&String| {
            let row = matrix.mutants.get(*mutant).and_then(|column| column.get(&entry.key.0));
            row.and_then(|row| line(row, &entry.key)).is_some_and(|now| moved(entry.clean, now))
        };
        for mutant in entry.check.added.iter().filter(|mutant| !moves(mutant)) {
            let (case, id, on) = &entry.key;
            let text = format!("{case} {id} on {on}: {mutant}, which the case adds, does not move it");
            all.push(Violation { law: 1, text });
        }
    }
    all.extend(unnamed(&entries, matrix));
    all.extend(separable(&entries, &moves));
    all.sort();
    all.dedup();
    all
}

/// Law 1 for one check: a mutant that it names moves it, with a reason of its own. `replaced` are lines that
/// stand in for the recorded ones, by mutant.
fn bites(entry: &Entry<'_>, matrix: &Matrix, replaced: &[(String, CheckLine)]) -> bool {
    entry.check.claim.killed_by.iter().any(|mutant| {
        let recorded = matrix.mutants.get(mutant).and_then(|column| column.get(&entry.key.0));
        let other = replaced.iter().find(|(id, _)| id == mutant).map(|(_, line)| line);
        let now = other.or_else(|| recorded.and_then(|row| line(row, &entry.key)));
        now.is_some_and(|now| moved(entry.clean, now) && is_own_reason(entry.check, now))
    })
}

/// For each mutant the checks that it moves, as `bundle/id` or `case/id`.
#[must_use]
pub fn moves(suite: &Suite, matrix: &Matrix) -> BTreeMap<String, BTreeSet<String>> {
    moves_of(&entries(suite, matrix), matrix)
}

/// A mutant under which a control check of a case fails, so that dependants must be blocked.
#[must_use]
pub fn failing_mutant<'a>(
    suite: &'a Suite,
    matrix: &Matrix,
    case: &str,
    control: &str,
) -> Option<&'a Mutant> {
    let fails = |mutant: &&Mutant| {
        let row = matrix.mutants.get(&mutant.id).and_then(|column| column.get(case));
        row.is_some_and(|row| {
            row.checks.iter().any(|check| check.id == control && check.result == CheckResult::Fail)
        })
    };
    suite.mutants.values().find(fails)
}

fn moves_of(entries: &[Entry<'_>], matrix: &Matrix) -> BTreeMap<String, BTreeSet<String>> {
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (mutant, column) in &matrix.mutants {
        for entry in entries {
            let now = column.get(&entry.key.0).and_then(|row| line(row, &entry.key));
            if now.is_some_and(|now| moved(entry.clean, now)) {
                all.entry(mutant.clone()).or_default().insert(entry.definition.clone());
            }
        }
    }
    all
}

/// Law 2: a mutant that moves a check is named by it, in that case.
fn unnamed(entries: &[Entry<'_>], matrix: &Matrix) -> Vec<Violation> {
    let mut all = Vec::new();
    for (mutant, column) in &matrix.mutants {
        for entry in entries.iter().filter(|entry| !entry.check.claim.killed_by.contains(mutant)) {
            let now = column.get(&entry.key.0).and_then(|row| line(row, &entry.key));
            if now.is_some_and(|now| moved(entry.clean, now)) {
                let (definition, case) = (&entry.definition, case_of(&entry.key.0));
                let place = if definition.starts_with(case) { String::new() } else { format!(" in {case}") };
                let text = format!("{mutant} moves {definition}{place}, which does not name it");
                all.push(Violation { law: 2, text });
            }
        }
    }
    all
}

/// The case of an instance.
fn case_of(instance: &str) -> &str {
    instance.split('[').next().unwrap_or(instance)
}

/// Law 3: each check has a mutant that moves nothing else, but for the checks it says it goes together with.
fn separable(entries: &[Entry<'_>], moves: &BTreeMap<String, BTreeSet<String>>) -> Vec<Violation> {
    // A bundle's check is one, whatever its uses add to it.
    let mut definitions: BTreeMap<&str, Claim> = BTreeMap::new();
    for entry in entries {
        let claim = definitions.entry(&entry.definition).or_insert_with(|| entry.check.claim.clone());
        claim.killed_by.extend(entry.check.added.iter().cloned());
    }
    let mut all = Vec::new();
    for (definition, claim) in &definitions {
        let alone_with = |allowed: &[String]| {
            claim.killed_by.iter().any(|mutant| {
                moves.get(mutant).is_some_and(|moved| {
                    moved.contains(*definition)
                        && moved.iter().all(|other| other == definition || allowed.contains(other))
                })
            })
        };
        for other in claim.together.iter().filter(|other| !definitions.contains_key(other.as_str())) {
            all.push(Violation {
                law: 3,
                text: format!("{definition} is together with {other}, which there is not"),
            });
        }
        if !alone_with(&claim.together) {
            let smallest =
                claim.killed_by.iter().filter_map(|mutant| moves.get(mutant).map(|set| (mutant, set)));
            let smallest =
                smallest.filter(|(_, set)| set.contains(*definition)).min_by_key(|(_, set)| set.len());
            let text = match smallest {
                Some((mutant, set)) => {
                    let others: Vec<&str> =
                        set.iter().filter(|other| other != definition).map(String::as_str).collect();
                    format!("{definition}: even {mutant} also moves {}", others.join(", "))
                }
                None => format!("{definition}: nothing moves it"),
            };
            all.push(Violation { law: 3, text });
        } else if !claim.together.is_empty() && alone_with(&[]) {
            all.push(Violation {
                law: 3,
                text: format!("{definition} needs no `together`: a mutant moves it alone"),
            });
        }
    }
    all
}

/// Law 5: without mutant everything passes or varies, and nothing is left unjudged.
fn clean(entries: &[Entry<'_>], matrix: &Matrix) -> Vec<Violation> {
    let good = |line: &CheckLine| matches!(line.result, CheckResult::Pass | CheckResult::Variance);
    let mut all: Vec<Violation> = entries
        .iter()
        .filter(|entry| !good(entry.clean))
        .map(|entry| {
            let (result, reason) = (entry.clean.result.word(), entry.clean.reason.as_deref().unwrap_or("-"));
            let text = format!("{} {} on {} is {result} ({reason})", entry.key.0, entry.key.1, entry.key.2);
            Violation { law: 5, text }
        })
        .collect();
    for (instance, row) in &matrix.clean {
        for fault in &row.undelivered {
            all.push(Violation { law: 5, text: format!("{instance}: fault {fault} changed nothing") });
        }
        if let Some(error) = &row.transcript.harness_error {
            all.push(Violation { law: 5, text: format!("{instance}: {error}") });
        }
    }
    all
}

/// Every check in turn replaced by one that always passes, and the saved transcripts judged again: each must
/// turn the matrix red. Gives the checks that could be replaced unnoticed, and how many were tried.
#[must_use]
pub fn each(suite: &Suite, matrix: &Matrix) -> (Vec<String>, usize) {
    let entries = entries(suite, matrix);
    let mut unnoticed = Vec::new();
    for entry in &entries {
        let mut replaced = Vec::new();
        for mutant in &entry.check.claim.killed_by {
            let row = matrix.mutants.get(mutant).and_then(|column| column.get(&entry.key.0));
            let Some((row, case)) = row.and_then(|row| Some((row, suite.case(&row.transcript.case)?))) else {
                continue;
            };
            let mut lines = judge_again(suite, case, &row.transcript);
            for line in lines.iter_mut().filter(|line| line.id == entry.key.1 && line.on == entry.key.2) {
                (line.result, line.reason) = (CheckResult::Pass, None);
            }
            replaced.extend(
                lines
                    .into_iter()
                    .find(|l| l.id == entry.key.1 && l.on == entry.key.2)
                    .map(|l| (mutant.clone(), l)),
            );
        }
        if bites(entry, matrix, &replaced) {
            unnoticed.push(format!("{} {} on {}", entry.key.0, entry.key.1, entry.key.2));
        }
    }
    (unnoticed, entries.len())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::data::sample;
    use crate::transcript::{SCHEMA, Transcript};
    use crate::verdict::Level;

    const INSTANCE: &str = "srv.enrol.granted";
    const NONCE: &str = "answer/nonce-echoed";
    const GRANTED: &str = "granted";

    fn line(id: &str, result: CheckResult, reason: Option<&str>) -> CheckLine {
        CheckLine {
            case: INSTANCE.into(),
            id: id.into(),
            on: "enrol".into(),
            result,
            req: vec!["S-server".into()],
            level: Level::Must,
            reason: reason.map(str::to_owned),
            expected: String::new(),
            actual: String::new(),
            note: None,
            at: None,
            expected_by_file: false,
        }
    }

    /// A row in which these checks failed with these reasons, and the others passed.
    fn row(failed: &[(&str, &str)]) -> Row {
        let check = |id: &str| match failed.iter().find(|(other, _)| *other == id) {
            Some((_, reason)) => line(id, CheckResult::Fail, Some(reason)),
            None => line(id, CheckResult::Pass, None),
        };
        let transcript = Transcript {
            schema: SCHEMA.into(),
            case: INSTANCE.into(),
            instance: INSTANCE.into(),
            exchanges: Vec::new(),
            runs: BTreeMap::new(),
            delivered: BTreeMap::new(),
            harness_error: None,
            notes: Vec::new(),
            ms: 0,
        };
        Row { transcript, checks: vec![check(NONCE), check(GRANTED)], undelivered: Vec::new() }
    }

    /// Each check moved by the mutant that it names, and by nothing else.
    fn sound() -> Matrix {
        let column = |row| [(INSTANCE.to_owned(), row)].into();
        Matrix {
            clean: column(row(&[])),
            mutants: [
                ("ca.flip".to_owned(), column(row(&[(NONCE, "nonce-not-echoed")]))),
                ("ca.lax".to_owned(), column(row(&[(GRANTED, "not-granted")]))),
            ]
            .into(),
        }
    }

    fn under(mutant: &str, row: Row) -> Matrix {
        let mut matrix = sound();
        matrix.mutants.insert(mutant.to_owned(), [(INSTANCE.to_owned(), row)].into());
        matrix
    }

    fn laws(matrix: &Matrix) -> BTreeSet<u8> {
        violations(&sample::suite(), matrix).into_iter().map(|violation| violation.law).collect()
    }

    #[test]
    fn a_sound_matrix_breaks_no_law_and_every_replacement_is_noticed() {
        assert_eq!(violations(&sample::suite(), &sound()), []);
        assert_eq!(each(&sample::suite(), &sound()), (Vec::new(), 2));
    }

    #[rstest]
    #[case::moved_by_nothing(row(&[]))]
    #[case::moved_with_a_reason_of_somebody_else(row(&[(NONCE, "not-granted")]))]
    fn a_check_that_its_mutants_do_not_move_does_not_bite(#[case] row: Row) {
        let broken = violations(&sample::suite(), &under("ca.flip", row));
        let bites: Vec<&Violation> = broken.iter().filter(|violation| violation.law == 1).collect();
        let [bites] = bites.as_slice() else { panic!("{broken:?}") };
        assert!(
            bites.text.starts_with("srv.enrol.granted answer/nonce-echoed on enrol: no mutant"),
            "{bites}"
        );
    }

    #[test]
    fn unjudged_is_no_bite() {
        let mut unjudged = row(&[]);
        unjudged.checks[0] = line(NONCE, CheckResult::Unjudged, Some("nonce-not-echoed"));
        assert!(laws(&under("ca.flip", unjudged)).contains(&1));
    }

    #[test]
    fn a_mutant_that_moves_a_check_which_does_not_name_it_breaks_law_2() {
        let both = row(&[(NONCE, "nonce-not-echoed"), (GRANTED, "not-granted")]);
        let broken = violations(&sample::suite(), &under("ca.lax", both));
        let texts: Vec<String> = broken.iter().map(ToString::to_string).collect();
        assert!(
            texts.contains(
                &"law 2 (nothing unnamed): ca.lax moves answer/nonce-echoed in srv.enrol.granted, which does not name it"
                    .to_owned()
            ),
            "{texts:?}"
        );
        // And `granted` has no mutant of its own any more.
        assert!(
            texts.iter().any(|text| text.starts_with("law 3 (separable): srv.enrol.granted/granted: ")),
            "{texts:?}"
        );
    }

    #[test]
    fn what_does_not_pass_without_mutant_is_not_clean() {
        let mut failing = sound();
        failing.clean.insert(INSTANCE.into(), row(&[(GRANTED, "not-granted")]));
        assert!(laws(&failing).contains(&5));

        let mut undelivered = sound();
        undelivered.clean.values_mut().for_each(|row| row.undelivered.push("f.one".into()));
        assert_eq!(laws(&undelivered), [5].into());

        let mut ours = sound();
        ours.clean.values_mut().for_each(|row| row.transcript.harness_error = Some("no port".into()));
        assert_eq!(laws(&ours), [5].into());
    }

    #[test]
    fn blocking_is_tried_with_a_mutant_that_fails_the_control_check() {
        let suite = sample::suite();
        let failing = |matrix: &Matrix| {
            failing_mutant(&suite, matrix, INSTANCE, GRANTED).map(|mutant| mutant.id.clone())
        };
        assert_eq!(failing(&sound()).as_deref(), Some("ca.lax"));
        assert_eq!(failing(&under("ca.lax", row(&[]))), None);
    }
}
