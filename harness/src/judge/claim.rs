//! One check: look the fact up, compare, try the alternatives, name the reason.

use super::describe;
use super::facts::{self, Fact};
use super::view::{View, World};
use crate::data::check::{Check, Claim, When};
use crate::data::operator::{Operator, Value};
use crate::data::reference::{Reference, StepRef};
use crate::verdict::{CheckResult, Level};

/// What the judge says of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Judged {
    pub(super) result: CheckResult,
    pub(super) reason: Option<String>,
    pub(super) expected: String,
    pub(super) actual: String,
    pub(super) note: Option<String>,
    pub(super) at: Option<(String, [usize; 2])>,
}

/// Whether an expectation holds.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Holds {
    Yes,
    No,
    /// A parent of a fact is missing: in these words.
    Unknown(String),
}

/// Judges a check on every exchange that it looks at; the worst result counts.
pub(super) fn judge(check: &Check, level: Level, world: &World<'_>) -> Judged {
    let views = world.views(&check.on);
    let all = views.iter().map(|view| judge_view(&check.claim, &check.on, level, view, world));
    all.max_by_key(severity).unwrap_or_else(|| {
        unjudged(&check.claim, format!("step {} exchanged nothing", check.on), String::from("nothing"))
    })
}

/// What was not asked counts least; unjudged more than a pass and less than any departure that was seen.
fn severity(judged: &Judged) -> u8 {
    match judged.result {
        CheckResult::Unjudged if judged.reason.as_deref().is_some_and(describe::is_not_asked) => 0,
        CheckResult::Pass => 1,
        CheckResult::Unjudged => 2,
        CheckResult::Variance => 3,
        CheckResult::Warn => 4,
        CheckResult::Fail => 5,
    }
}

fn unjudged(claim: &Claim, why: String, actual: String) -> Judged {
    Judged {
        result: CheckResult::Unjudged,
        reason: Some(why),
        expected: describe::expectation(claim),
        actual,
        note: None,
        at: None,
    }
}

fn judge_view(claim: &Claim, on: &StepRef, level: Level, view: &View<'_>, world: &World<'_>) -> Judged {
    if let Some(When { path, operator }) = &claim.when {
        let holds = holds(path, operator, on, view, world);
        if holds != Holds::Yes {
            let actual = describe::fact(&look_up(path, on, view, world));
            let asked = describe::condition(path, operator);
            return unjudged(
                claim,
                format!("{} {asked}", describe::NOT_ASKED),
                format!("{path} is {actual}"),
            );
        }
    }
    let fact = look_up(&claim.path, on, view, world);
    let at = fact.place().and_then(|place| place.in_evidence(view));
    let mut actual = describe::fact(&fact);
    if let Some(other) = claim.operator.reference() {
        let other_fact = look_up(other, on, view, world);
        actual = format!("{actual}\n{other} is {}", describe::fact(&other_fact));
    }
    let done = |result: CheckResult, reason: Option<String>, note: Option<String>| Judged {
        result,
        reason,
        expected: describe::expectation(claim),
        actual: actual.clone(),
        note,
        at: at.clone(),
    };
    let main = holds(&claim.path, &claim.operator, on, view, world);
    if main == Holds::Yes {
        return done(CheckResult::Pass, None, None);
    }
    for alternative in &claim.or {
        let path = alternative.path.as_ref().unwrap_or(&claim.path);
        if holds(path, &alternative.operator, on, view, world) == Holds::Yes {
            let mut judged = done(
                alternative.tolerance.result(),
                Some(alternative.reason.clone()),
                Some(alternative.note.clone()),
            );
            if alternative.path.is_some() {
                let other = look_up(path, on, view, world);
                judged.actual = format!("{}\n{path} is {}", judged.actual, describe::fact(&other));
            }
            return judged;
        }
    }
    match main {
        Holds::Unknown(why) => unjudged(claim, why, actual),
        Holds::Yes | Holds::No => done(level.miss(), Some(claim.reason.clone()), None),
    }
}

fn look_up(reference: &Reference, on: &StepRef, view: &View<'_>, world: &World<'_>) -> Fact {
    match &reference.step {
        // Another step: its last exchange, whatever this check is judged on.
        Some(step) if step != on => match world.views(step).last() {
            Some(other) => facts::look_up(&reference.path, other),
            None => Fact::Missing(format!("step {step} exchanged nothing")),
        },
        _ => facts::look_up(&reference.path, view),
    }
}

fn holds(path: &Reference, operator: &Operator, on: &StepRef, view: &View<'_>, world: &World<'_>) -> Holds {
    let fact = look_up(path, on, view, world);
    let (value, octets) = match &fact {
        Fact::Missing(why) => return Holds::Unknown(why.clone()),
        Fact::Absent => {
            return if matches!(operator, Operator::Absent) { Holds::Yes } else { Holds::No };
        }
        Fact::Found { value, octets, .. } => (value, *octets),
    };
    let holds = match operator {
        Operator::Eq(wanted) => wanted.admits(value),
        Operator::Ne(other) => !other.admits(value),
        Operator::In(all) => match value {
            // A list is in the values when each of its items is.
            Value::List(items) => items.iter().all(|item| all.iter().any(|wanted| wanted.admits(item))),
            single => all.iter().any(|wanted| wanted.admits(single)),
        },
        Operator::Ge(least) => number(value).is_some_and(|n| n >= *least),
        Operator::Le(most) => number(value).is_some_and(|n| n <= *most),
        Operator::Same(other) | Operator::Differs(other) => match look_up(other, on, view, world) {
            Fact::Missing(why) => return Holds::Unknown(why),
            Fact::Absent => matches!(operator, Operator::Differs(_)),
            Fact::Found { value: other, .. } => (*value == other) == matches!(operator, Operator::Same(_)),
        },
        Operator::Absent => false,
        Operator::Present => true,
        Operator::Matches(pattern) => matches!(value, Value::Text(text) if pattern.is_match(text)),
        Operator::Length(wanted) => length(value, octets) == *wanted,
    };
    if holds { Holds::Yes } else { Holds::No }
}

fn number(value: &Value) -> Option<i64> {
    match value {
        Value::Int(number) => Some(*number),
        Value::Bool(_) | Value::Text(_) | Value::List(_) => None,
    }
}

fn length(value: &Value, octets: Option<usize>) -> usize {
    match (octets, value) {
        (Some(octets), _) => octets,
        (None, Value::Text(text)) => text.chars().count(),
        (None, Value::List(items)) => items.len(),
        (None, Value::Bool(_) | Value::Int(_)) => 1,
    }
}
