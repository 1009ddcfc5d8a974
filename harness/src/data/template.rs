//! Templates in data files: text with `{scope.field}` names, filled in when a step or a command is run.

use std::fmt;

/// Text with names in it. `{{` and `}}` stand for the braces themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

/// `{scope.field}`; a name without a dot has an empty scope.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// `axes`, `vars`, `subject`, a step id; empty for `{url}`.
    pub scope: String,
    /// The name within its scope.
    pub field: String,
}

/// A name in a template that nobody knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{{{0}}}` is not known here")]
pub struct MissingName(pub Name);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Name(Name),
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    ///
    /// A brace without its partner, or a name that is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, brace) = rest.split_at(at);
            plain.push_str(before);
            if let Some(after) = brace.strip_prefix("{{") {
                plain.push('{');
                rest = after;
            } else if let Some(after) = brace.strip_prefix("}}") {
                plain.push('}');
                rest = after;
            } else {
                let inside = brace.strip_prefix('{').and_then(|brace| brace.split_once('}'));
                let Some((name, after)) = inside else {
                    return Err(format!(
                        "`{text}` has a brace without its partner (write `{{{{` for a brace)"
                    ));
                };
                let Some(name) = Name::parse(name) else {
                    return Err(format!("`{{{name}}}` is not a name (write `{{{{` for a brace)"));
                };
                if !plain.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut plain)));
                }
                pieces.push(Piece::Name(name));
                rest = after;
            }
        }
        plain.push_str(rest);
        if !plain.is_empty() || pieces.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Ok(Self(pieces))
    }

    /// The names in it, in order.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Name(name) => Some(name),
            Piece::Text(_) => None,
        })
    }

    /// The text with its names filled in.
    ///
    /// # Errors
    ///
    /// The first name that `look_up` does not know.
    pub fn fill(&self, look_up: &dyn Fn(&Name) -> Option<String>) -> Result<String, MissingName> {
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) => Ok(text.clone()),
            Piece::Name(name) => look_up(name).ok_or_else(|| MissingName(name.clone())),
        };
        self.0.iter().map(piece).collect()
    }
}

impl Name {
    fn parse(text: &str) -> Option<Self> {
        let (scope, field) = text.rsplit_once('.').unwrap_or(("", text));
        let is_word = |word: &str| word.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
        let whole = !field.is_empty() && !text.starts_with('.');
        (whole && is_word(scope) && is_word(field))
            .then(|| Self { scope: scope.to_owned(), field: field.to_owned() })
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.scope.as_str() {
            "" => f.write_str(&self.field),
            scope => write!(f, "{scope}.{}", self.field),
        }
    }
}

/// Fills in every string inside a value. A string that is one name alone becomes that name's value, with its
/// type.
pub(crate) fn fill(
    value: &toml::Value,
    look_up: &dyn Fn(&Name) -> Option<toml::Value>,
) -> Result<toml::Value, MissingName> {
    match value {
        toml::Value::String(text) => {
            // Lint has refused text that is no template; what still comes here stands for itself.
            let Ok(template) = Template::parse(text) else { return Ok(value.clone()) };
            if let [Piece::Name(name)] = template.0.as_slice() {
                return look_up(name).ok_or_else(|| MissingName(name.clone()));
            }
            let as_text = |name: &Name| {
                look_up(name).map(|value| match value {
                    toml::Value::String(text) => text,
                    other => other.to_string(),
                })
            };
            template.fill(&as_text).map(toml::Value::String)
        }
        toml::Value::Array(items) => {
            let items: Result<Vec<_>, _> = items.iter().map(|item| fill(item, look_up)).collect();
            items.map(toml::Value::Array)
        }
        toml::Value::Table(table) => {
            let filled = table.iter().map(|(key, value)| Ok((key.clone(), fill(value, look_up)?)));
            filled.collect::<Result<toml::Table, MissingName>>().map(toml::Value::Table)
        }
        toml::Value::Integer(_)
        | toml::Value::Float(_)
        | toml::Value::Boolean(_)
        | toml::Value::Datetime(_) => Ok(value.clone()),
    }
}

/// Every string inside a value.
pub(crate) fn strings<'a>(value: &'a toml::Value, found: &mut Vec<&'a str>) {
    match value {
        toml::Value::String(text) => found.push(text),
        toml::Value::Array(items) => items.iter().for_each(|item| strings(item, found)),
        toml::Value::Table(table) => table.iter().for_each(|(_, value)| strings(value, found)),
        toml::Value::Integer(_)
        | toml::Value::Float(_)
        | toml::Value::Boolean(_)
        | toml::Value::Datetime(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str) -> String {
        let look_up = |name: &Name| match (name.scope.as_str(), name.field.as_str()) {
            ("subject", "challenge") => Some("secret".to_owned()),
            ("", "url") => Some("http://h/".to_owned()),
            ("out", "certificate") => Some("c.pem".to_owned()),
            _ => None,
        };
        Template::parse(text).unwrap().fill(&look_up).unwrap_or_else(|missing| missing.to_string())
    }

    #[test]
    fn names_are_filled_in() {
        for (text, expected) in [
            ("", ""),
            ("plain", "plain"),
            ("{subject.challenge}", "secret"),
            ("{url}?a={out.certificate}!", "http://h/?a=c.pem!"),
            ("{{x}}", "{x}"),
            ("{vars.x}", "`{vars.x}` is not known here"),
        ] {
            assert_eq!(filled(text), expected, "{text}");
        }
    }

    #[test]
    fn broken_templates_are_refused() {
        for text in ["{", "}", "{a", "{}", "{a b}", "{.a}", "{a.}"] {
            assert!(Template::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_name_alone_keeps_the_type_of_its_value() {
        let look_up = |_: &Name| Some(toml::Value::Integer(7));
        let fill = |text: &str| fill(&toml::Value::String(text.into()), &look_up).unwrap();
        assert_eq!(fill("{vars.size}"), toml::Value::Integer(7));
        assert_eq!(fill("size {vars.size}"), toml::Value::String("size 7".into()));
    }
}
