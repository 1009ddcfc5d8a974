//! The form of command lines: `/type=value/type=value`, the most general RDN first.
//!
//! As `openssl req -subj` reads it: a backslash takes the next character as it is, blanks count, and `+`
//! joins the members of one RDN. Two things are read that it refuses or skips: a `+` that cannot begin
//! another member is a character of the value, and an attribute type may be any dotted identifier.

use super::value::{self, Located, Strings};
use super::{Name, TypeAndValue, Wrong, attribute_type};

/// Parses the text, which begins with a slash.
pub(super) fn parse(text: &str, strings: Strings) -> Result<Name, Wrong> {
    let mut rdns: Vec<Vec<TypeAndValue>> = Vec::new();
    // A slash at the end follows no type, and begins none: `/CN=a/` is how some configurations end.
    let mut at = 1;
    let mut joins = false;
    while at < text.len() {
        let (pair, end) = read_pair(text, at, strings)?;
        match rdns.last_mut().filter(|_| joins) {
            Some(rdn) => rdn.push(pair),
            None => rdns.push(vec![pair]),
        }
        joins = text.get(end..).is_some_and(|rest| rest.starts_with('+'));
        at = end + 1;
    }
    Ok(Name { rdns })
}

/// The pair that begins at `at`, and where it ends: at a slash, at a plus, or at the end of the text.
fn read_pair(text: &str, at: usize, strings: Strings) -> Result<(TypeAndValue, usize), Wrong> {
    let rest = text.get(at..).unwrap_or_default();
    let Some(equals) = rest.find(['=', '/']).filter(|end| rest[*end..].starts_with('=')) else {
        let piece = rest.split('/').next().unwrap_or_default();
        let detail = format!(
            "expected TYPE=value, got `{}` without `=` (a slash inside a value is written `\\/`)",
            piece.escape_debug()
        );
        return Err(Wrong::new(at, detail));
    };
    let oid = attribute_type::parse(&rest[..equals], at)?;
    let value_at = at + equals + 1;
    let (characters, end) = read_value(text, value_at)?;
    if characters.is_empty() {
        let detail = format!("expected a value after `{}=`, got nothing", &rest[..equals]);
        return Err(Wrong::new(value_at, detail));
    }
    // Only `#` and the hex of one whole element is taken for one; any other text may begin with `#`.
    let written = text.get(value_at..end).unwrap_or_default();
    if let Some(value) = written.strip_prefix('#').and_then(value::element) {
        return Ok((TypeAndValue { oid, value }, end));
    }
    Ok((value::pair(oid, &characters, strings, value_at)?, end))
}

fn read_value(text: &str, start: usize) -> Result<(Vec<Located>, usize), Wrong> {
    let mut characters = Vec::new();
    let value = text.get(start..).unwrap_or_default();
    let mut rest = value.char_indices().map(|(at, c)| (start + at, c));
    while let Some((at, c)) = rest.next() {
        match c {
            '/' => return Ok((characters, at)),
            '+' if joins_another(text, at)? => return Ok((characters, at)),
            '\\' => match rest.next() {
                Some((_, escaped)) => characters.push((at, escaped)),
                None => return Err(Wrong::new(at, "a backslash with nothing after it")),
            },
            c => characters.push((at, c)),
        }
    }
    Ok((characters, text.len()))
}

/// Whether the plus at `at` begins another member of the RDN. It does when a known type and `=` follow. A
/// plus with no `=` before the next separator is a character; an unknown type could be either.
fn joins_another(text: &str, at: usize) -> Result<bool, Wrong> {
    let rest = text.get(at + 1..).unwrap_or_default();
    let piece = rest.split(['/', '+']).next().unwrap_or_default();
    let Some((kind, _)) = piece.split_once('=') else { return Ok(false) };
    match attribute_type::parse(kind, at + 1) {
        Ok(_) => Ok(true),
        Err(Wrong { detail, .. }) => {
            Err(Wrong::new(at + 1, format!("{detail} (a plus inside a value is written `\\+`)")))
        }
    }
}

/// Prints the name.
pub(super) fn print(name: &Name) -> String {
    if name.rdns.is_empty() {
        return "/".to_owned();
    }
    let rdn = |rdn: &Vec<TypeAndValue>| rdn.iter().map(print_pair).collect::<Vec<_>>().join("+");
    name.rdns.iter().map(|members| format!("/{}", rdn(members))).collect()
}

fn print_pair(pair: &TypeAndValue) -> String {
    // The form has no escape for a control character, and none for a type whose strings are not known.
    let text = pair.text().and_then(|text| {
        let is_known = attribute_type::AttributeType::of(pair.oid).is_some();
        (is_known || text.kind() == Some(crate::text::StringType::Utf8)).then(|| text.exact()).flatten()
    });
    // Nor has it one for a value without a character.
    let value = match text.filter(|text| !text.is_empty() && !text.chars().any(char::is_control)) {
        Some(text) => escaped(&text),
        None => value::hex(&pair.value),
    };
    format!("{}={value}", attribute_type::print(pair.oid))
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        if matches!(c, '/' | '+' | '\\') || (at == 0 && c == '#') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}
