//! What a check asks of a fact: one operator with its value.

use std::fmt;

use serde::Deserialize;

use super::reference::Reference;

/// A value as data files write it; facts are compared with it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "expected a string, an integer, a boolean or an array of these")]
pub enum Value {
    /// `true` or `false`.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A string: a name (`SUCCESS`), text, or a class of HTTP statuses (`4xx`).
    Text(String),
    /// Several values, in order.
    List(Vec<Self>),
}

/// One operator with its value: what must hold of the fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operator {
    /// Equal to the value; a class such as `4xx` stands for all its statuses.
    Eq(Value),
    /// Anything but the value.
    Ne(Value),
    /// One of the values.
    In(Vec<Value>),
    /// A number not below this.
    Ge(i64),
    /// A number not above this.
    Le(i64),
    /// Equal to another fact.
    Same(Reference),
    /// Present and other than another fact.
    Differs(Reference),
    /// Not there (`absent = true`).
    Absent,
    /// There, whatever it is (`absent = false`).
    Present,
    /// Text in which the pattern is found.
    Matches(Pattern),
    /// This many octets, characters or items.
    Length(usize),
}

/// A regular expression, compiled when the file was read. Unanchored: write `^` and `$` where they matter.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct Pattern(regex_lite::Regex);

/// An operator's keys as written; exactly one of them is set.
#[derive(Debug, Default)]
pub(crate) struct Written {
    pub(crate) eq: Option<Value>,
    pub(crate) ne: Option<Value>,
    pub(crate) one_of: Option<Vec<Value>>,
    pub(crate) ge: Option<i64>,
    pub(crate) le: Option<i64>,
    pub(crate) same: Option<Reference>,
    pub(crate) differs: Option<Reference>,
    pub(crate) absent: Option<bool>,
    pub(crate) matches: Option<Pattern>,
    pub(crate) length: Option<usize>,
}

/// Every operator's key, as data files write it.
pub const KEYS: [&str; 10] = ["eq", "ne", "in", "ge", "le", "same", "differs", "absent", "matches", "length"];

impl Written {
    /// Every operator that is set.
    pub(crate) fn all(self) -> Vec<Operator> {
        [
            self.eq.map(Operator::Eq),
            self.ne.map(Operator::Ne),
            self.one_of.map(Operator::In),
            self.ge.map(Operator::Ge),
            self.le.map(Operator::Le),
            self.same.map(Operator::Same),
            self.differs.map(Operator::Differs),
            self.absent.map(|absent| if absent { Operator::Absent } else { Operator::Present }),
            self.matches.map(Operator::Matches),
            self.length.map(Operator::Length),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// The one operator that is set.
    pub(crate) fn operator(self) -> Result<Operator, String> {
        match <[Operator; 1]>::try_from(self.all()) {
            Ok([operator]) => Ok(operator),
            Err(none) if none.is_empty() => Err(format!("no operator, expected one of {}", KEYS.join(" "))),
            Err(several) => {
                let keys: Vec<&str> = several.iter().map(Operator::key).collect();
                Err(format!("{} operators ({}), expected one", several.len(), keys.join(", ")))
            }
        }
    }
}

impl Operator {
    /// The key that writes this operator.
    #[must_use]
    pub fn key(&self) -> &'static str {
        match self {
            Self::Eq(_) => "eq",
            Self::Ne(_) => "ne",
            Self::In(_) => "in",
            Self::Ge(_) => "ge",
            Self::Le(_) => "le",
            Self::Same(_) => "same",
            Self::Differs(_) => "differs",
            Self::Absent | Self::Present => "absent",
            Self::Matches(_) => "matches",
            Self::Length(_) => "length",
        }
    }

    /// The other fact that this one is compared with.
    #[must_use]
    pub fn reference(&self) -> Option<&Reference> {
        match self {
            Self::Same(other) | Self::Differs(other) => Some(other),
            Self::Eq(_)
            | Self::Ne(_)
            | Self::In(_)
            | Self::Ge(_)
            | Self::Le(_)
            | Self::Absent
            | Self::Present
            | Self::Matches(_)
            | Self::Length(_) => None,
        }
    }

    /// The literal values that the fact is compared with.
    #[must_use]
    pub fn values(&self) -> &[Value] {
        match self {
            Self::Eq(value) | Self::Ne(value) => std::slice::from_ref(value),
            Self::In(values) => values,
            Self::Ge(_)
            | Self::Le(_)
            | Self::Same(_)
            | Self::Differs(_)
            | Self::Absent
            | Self::Present
            | Self::Matches(_)
            | Self::Length(_) => &[],
        }
    }
}

impl Value {
    /// The first digit when this is a class of HTTP statuses: 4 for `4xx`.
    #[must_use]
    pub fn status_class(&self) -> Option<u16> {
        let Self::Text(text) = self else { return None };
        let digit = text.strip_suffix("xx")?.parse().ok()?;
        (1..=5).contains(&digit).then_some(digit)
    }

    /// True when `actual` is this value, or a status in this class.
    #[must_use]
    pub fn admits(&self, actual: &Self) -> bool {
        match (self.status_class(), actual) {
            (Some(class), Self::Int(status)) => status / 100 == i64::from(class),
            _ => self == actual,
        }
    }
}

impl Pattern {
    /// True when the pattern is found in the text.
    #[must_use]
    pub fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    /// The first group of the first match, or the whole match when the pattern has no group.
    #[must_use]
    pub fn first_group<'t>(&self, text: &'t str) -> Option<&'t str> {
        let captures = self.0.captures(text)?;
        captures.get(1).or_else(|| captures.get(0)).map(|group| group.as_str())
    }

    /// The pattern as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl TryFrom<String> for Pattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        regex_lite::Regex::new(&text).map(Self).map_err(|error| format!("pattern `{text}`: {error}"))
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Pattern {}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}/", self.as_str())
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Text(value) => f.write_str(value),
            Self::List(values) => {
                f.write_str("[")?;
                join(f, values)?;
                f.write_str("]")
            }
        }
    }
}

/// The expectation in words, to be read after the name of the fact.
impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Eq(value) => write!(f, "is {value}"),
            Self::Ne(value) => write!(f, "is not {value}"),
            Self::In(values) => {
                f.write_str("is one of ")?;
                join(f, values)
            }
            Self::Ge(least) => write!(f, "is at least {least}"),
            Self::Le(most) => write!(f, "is at most {most}"),
            Self::Same(other) => write!(f, "is the same as {other}"),
            Self::Differs(other) => write!(f, "differs from {other}"),
            Self::Absent => f.write_str("is absent"),
            Self::Present => f.write_str("is present"),
            Self::Matches(pattern) => write!(f, "matches {pattern:?}"),
            Self::Length(length) => write!(f, "has length {length}"),
        }
    }
}

fn join(f: &mut fmt::Formatter<'_>, values: &[Value]) -> fmt::Result {
    for (i, value) in values.iter().enumerate() {
        if i > 0 {
            f.write_str(", ")?;
        }
        write!(f, "{value}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_one_operator_is_taken() {
        assert!(Written::default().operator().unwrap_err().starts_with("no operator, expected one of eq ne"));
        let one = Written { ge: Some(3), ..Written::default() };
        assert_eq!(one.operator(), Ok(Operator::Ge(3)));
        let two = Written { ge: Some(3), absent: Some(true), ..Written::default() };
        assert_eq!(two.operator().unwrap_err(), "2 operators (ge, absent), expected one");
    }

    #[test]
    fn absent_false_means_present() {
        let written = Written { absent: Some(false), ..Written::default() };
        assert_eq!(written.operator(), Ok(Operator::Present));
    }

    #[test]
    fn a_status_class_admits_its_statuses() {
        let class = Value::Text("4xx".into());
        assert!(class.admits(&Value::Int(404)));
        assert!(!class.admits(&Value::Int(500)));
        assert!(!Value::Text("9xx".into()).admits(&Value::Int(900)));
        assert!(Value::Int(200).admits(&Value::Int(200)));
    }

    #[test]
    fn a_pattern_gives_its_first_group() {
        let pattern = Pattern::try_from(r"version (\S+)".to_owned()).unwrap();
        assert_eq!(pattern.first_group("x version 2.1.0 y"), Some("2.1.0"));
        assert!(Pattern::try_from("(".to_owned()).is_err());
    }

    #[test]
    fn operators_read_as_words() {
        let values = vec![Value::Text("4xx".into()), Value::Int(500)];
        assert_eq!(Operator::In(values).to_string(), "is one of 4xx, 500");
        assert_eq!(
            Operator::Same("request.senderNonce".parse().unwrap()).to_string(),
            "is the same as request.senderNonce"
        );
    }
}
