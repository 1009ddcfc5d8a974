//! The text of one data file: parsing with positions, and finding a key again when it turns out wrong later.

use std::ops::Range;
use std::path::Path;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::broken::Broken;

/// One data file as it was read.
#[derive(Debug, Clone)]
pub struct Source {
    /// Path from the data folder, with `/`: `cases/server/enrol/granted.toml`.
    pub path: String,
    /// Path as the user can open it.
    pub shown: String,
    /// Content.
    pub text: String,
}

impl Source {
    /// Reads the file as `T`, whose first key must be `schema = "<schema>"`.
    ///
    /// # Errors
    ///
    /// The first departure from the schema, and every inline table over several lines (TOML 1.0 has none).
    pub(crate) fn parse<T: DeserializeOwned>(&self, schema: &str) -> Result<T, Vec<Broken>> {
        let document = DeTable::parse(&self.text).map_err(|error| vec![self.toml(&error)])?;
        let table = document.get_ref();
        match table.iter().next() {
            Some((key, value)) if key.get_ref() == "schema" => {
                let found = value.get_ref().as_str().unwrap_or("not a string");
                if found != schema {
                    let message = format!("schema is `{found}`, expected `{schema}`");
                    return Err(vec![self.span(value.span(), message)]);
                }
            }
            _ => return Err(vec![self.span(0..0, format!("the first key is not `schema = \"{schema}\"`"))]),
        }
        let mut long = Vec::new();
        for (_, value) in table {
            self.long_inline_tables(value, &mut long);
        }
        if !long.is_empty() {
            return Err(long);
        }
        toml::from_str(&self.text).map_err(|error| vec![self.toml(&error)])
    }

    /// Reads a file that is not part of the data folder.
    pub(crate) fn load(path: &Path) -> Result<Self, Broken> {
        let shown = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => Ok(Self { path: shown.replace('\\', "/"), shown, text }),
            Err(error) => {
                Err(Broken { file: shown, line: 0, column: 0, message: format!("cannot be read: {error}") })
            }
        }
    }

    /// File name without folder and extension.
    #[must_use]
    pub fn stem(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or(&self.path);
        name.strip_suffix(".toml").unwrap_or(name)
    }

    /// A mistake at the dotted `key` (`check.2.killed_by.0`), or at the nearest parent that is written out.
    pub(crate) fn at(&self, key: &str, message: impl Into<String>) -> Broken {
        match self.find(key) {
            Some(span) => self.span(span, message),
            None => Broken { file: self.shown.clone(), line: 0, column: 0, message: message.into() },
        }
    }

    /// A mistake of the file as a whole.
    pub(crate) fn whole(&self, message: impl Into<String>) -> Broken {
        Broken { file: self.shown.clone(), line: 0, column: 0, message: message.into() }
    }

    fn find(&self, key: &str) -> Option<Range<usize>> {
        let document = DeTable::parse(&self.text).ok()?;
        let mut found: Option<Range<usize>> = None;
        let mut table = Some(document.get_ref());
        let mut array = None;
        for part in key.split('.') {
            let value: Option<&Spanned<DeValue<'_>>> = match (table, array) {
                (Some(table), _) => {
                    let entry = table.iter().find(|(name, _)| name.get_ref() == part);
                    found = entry.map(|(name, _)| name.span()).or(found);
                    entry.map(|(_, value)| value)
                }
                (None, Some(items)) => {
                    let items: &toml::de::DeArray<'_> = items;
                    let item = part.parse::<usize>().ok().and_then(|at| items.get(at));
                    found = item.map(Spanned::span).or(found);
                    item
                }
                (None, None) => None,
            };
            let Some(value) = value else { break };
            table = value.get_ref().as_table();
            array = value.get_ref().as_array();
        }
        found
    }

    fn span(&self, span: Range<usize>, message: impl Into<String>) -> Broken {
        let before = self.text.get(..span.start).unwrap_or(&self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        Broken { file: self.shown.clone(), line, column, message: message.into() }
    }

    fn toml(&self, error: &toml::de::Error) -> Broken {
        let message = error.message().trim_end().replace('\n', "; ");
        match error.span() {
            Some(span) => self.span(span, message),
            None => self.whole(message),
        }
    }

    fn long_inline_tables(&self, value: &Spanned<DeValue<'_>>, broken: &mut Vec<Broken>) {
        match value.get_ref() {
            DeValue::Table(table) => {
                let text = self.text.get(value.span()).unwrap_or("");
                if text.starts_with('{') && text.contains('\n') {
                    broken
                        .push(self.span(value.span(), "an inline table over several lines is not TOML 1.0"));
                    return;
                }
                for (_, value) in table {
                    self.long_inline_tables(value, broken);
                }
            }
            DeValue::Array(items) => {
                for item in items.iter() {
                    self.long_inline_tables(item, broken);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source { path: "bundles/x.toml".into(), shown: "harness/bundles/x.toml".into(), text: text.into() }
    }

    fn refused(text: &str) -> Vec<String> {
        let parsed: Result<toml::Table, _> = source(text).parse("sceptic/bundle/1");
        parsed.unwrap_err().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_syntax_error_has_line_and_column() {
        let broken = refused("schema = \"sceptic/bundle/1\"\ntitle = = 3\n");
        assert_eq!(broken.len(), 1);
        assert!(broken[0].starts_with("harness/bundles/x.toml:2:9: "), "{broken:?}");
    }

    #[test]
    fn schema_is_the_first_key() {
        assert_eq!(
            refused("title = \"x\"\nschema = \"sceptic/bundle/1\"\n"),
            ["harness/bundles/x.toml:1:1: the first key is not `schema = \"sceptic/bundle/1\"`"]
        );
    }

    #[test]
    fn another_schema_is_named() {
        assert_eq!(
            refused("schema = \"sceptic/bundle/2\"\n"),
            ["harness/bundles/x.toml:1:10: schema is `sceptic/bundle/2`, expected `sceptic/bundle/1`"]
        );
    }

    #[test]
    fn an_inline_table_over_lines_is_refused() {
        assert_eq!(
            refused("schema = \"sceptic/bundle/1\"\nx = { a = 1,\n b = 2 }\n"),
            ["harness/bundles/x.toml:2:5: an inline table over several lines is not TOML 1.0"]
        );
    }

    #[test]
    fn a_key_is_found_again() {
        let source = source(
            "schema = \"s\"\n\n[[check]]\nid = \"a\"\n\n[[check]]\nid = \"b\"\nreq = [\"x\", \"y\"]\n",
        );
        let at = |key: &str| {
            let broken = source.at(key, "m");
            (broken.line, broken.column)
        };
        assert_eq!(at("check.1.req.1"), (8, 13));
        assert_eq!(at("check.1.id"), (7, 1));
        assert_eq!(at("check.1.killed_by"), (6, 1), "falls back to the table");
        assert_eq!(at("nothing"), (0, 0), "falls back to the file");
    }
}
