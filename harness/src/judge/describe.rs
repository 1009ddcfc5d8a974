//! Expected and actual in words, for results and reports.

use super::facts::Fact;
use crate::data::check::Claim;
use crate::data::operator::{Operator, Value};
use crate::data::reference::Reference;

/// How the reason of a check starts that was not asked, because its `when` does not hold.
pub(super) const NOT_ASKED: &str = "not asked: only when";

/// True for the reason of a check that was not asked.
pub(super) fn is_not_asked(reason: &str) -> bool {
    reason.starts_with(NOT_ASKED)
}

/// The expectation of a check, its alternatives on lines of their own.
pub(super) fn expectation(claim: &Claim) -> String {
    let mut text = condition(&claim.path, &claim.operator);
    for alternative in &claim.or {
        let path = alternative.path.as_ref().unwrap_or(&claim.path);
        let result = alternative.tolerance.result().word();
        text.push_str(&format!(
            "\nor {} ({result}: {})",
            condition(path, &alternative.operator),
            alternative.reason
        ));
    }
    text
}

/// One comparison, e.g. `reply.pkiStatus is SUCCESS`.
pub(super) fn condition(path: &Reference, operator: &Operator) -> String {
    match operator {
        Operator::Eq(wanted) => format!("{path} is {}", value(wanted)),
        Operator::Ne(other) => format!("{path} is not {}", value(other)),
        Operator::In(all) => {
            format!("{path} is one of {}", all.iter().map(value).collect::<Vec<_>>().join(", "))
        }
        Operator::Ge(least) => format!("{path} is at least {least}"),
        Operator::Le(most) => format!("{path} is at most {most}"),
        Operator::Same(other) => format!("{path} equals {other}"),
        Operator::Differs(other) => format!("{path} differs from {other}"),
        Operator::Absent => format!("{path} is absent"),
        Operator::Present => format!("{path} is there"),
        Operator::Matches(pattern) => format!("{path} matches {}", pattern.as_str()),
        Operator::Length(length) => format!("{path} has length {length}"),
    }
}

/// A fact as found.
pub(super) fn fact(fact: &Fact) -> String {
    match fact {
        Fact::Found { value: found, octets: Some(octets), .. } => {
            format!("{} ({octets} bytes)", value(found))
        }
        Fact::Found { value: found, octets: None, .. } => value(found),
        Fact::Absent => "absent".to_owned(),
        Fact::Missing(why) => format!("not known: {why}"),
    }
}

fn value(value: &Value) -> String {
    match value {
        Value::Bool(yes) => yes.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Text(text) if text.is_empty() => "\"\"".to_owned(),
        Value::Text(text) => text.escape_debug().to_string(),
        Value::List(items) => format!("[{}]", items.iter().map(self::value).collect::<Vec<_>>().join(", ")),
    }
}
