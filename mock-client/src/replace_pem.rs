//! Puts a key and a certificate into named parameters of a settings file: the job of the router command
//! `scep_replace_pem`. Everything else in the file stays, byte for byte; the file changes at once or not at
//! all.
//!
//! A settings file is one that a shell reads: `NAME=value` lines, a value of several lines in quotation
//! marks. A value that was in quotation marks stays in the same ones, one with `\n` between its lines stays
//! on its line; any other gets double quotation marks. PEM has no character that either would change.

use std::path::Path;

use crate::files::{self, FileError};

/// Which PEM text a parameter gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `pkey`: the private key.
    Key,
    /// `cert`: the certificate.
    Certificate,
}

impl Kind {
    /// Reads `pkey` or `cert`.
    ///
    /// # Errors
    /// When it is neither, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text {
            "pkey" => Ok(Self::Key),
            "cert" => Ok(Self::Certificate),
            other => Err(format!("expected pkey or cert, got `{other}`")),
        }
    }
}

/// The settings could not be changed; the file is as before.
#[derive(Debug, thiserror::Error)]
pub enum ReplaceError {
    /// A file.
    #[error("{0}")]
    File(#[from] FileError),
    /// A parameter that is not there.
    #[error("find the parameter {name} in the settings")]
    Missing {
        /// Its name.
        name: String,
    },
}

/// The settings with each named parameter set to its text, or the name of one that is not there. A name that
/// occurs more than once is set everywhere: which one counts is for the reader to say.
///
/// # Errors
/// The first name that does not occur.
pub fn replace(settings: &[u8], values: &[(&str, &str)]) -> Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(settings.len());
    let mut seen = vec![false; values.len()];
    let mut rest = settings;
    while !rest.is_empty() {
        let line_end = rest.iter().position(|octet| *octet == b'\n').map_or(rest.len(), |at| at + 1);
        let found = values.iter().enumerate().find_map(|(index, (name, text))| {
            Some((index, *text, value_start(rest.get(..line_end)?, name)?))
        });
        match found {
            Some((index, text, start)) => {
                let length = value_length(rest.get(start..).unwrap_or_default());
                out.extend_from_slice(rest.get(..start).unwrap_or_default());
                let old = rest.get(start..start + length).unwrap_or_default();
                out.extend(written(old, text));
                rest = rest.get(start + length..).unwrap_or_default();
                // What follows a value on its line, the end of the line included, stays.
                let tail = rest.iter().position(|octet| *octet == b'\n').map_or(rest.len(), |at| at + 1);
                out.extend_from_slice(rest.get(..tail).unwrap_or_default());
                rest = rest.get(tail..).unwrap_or_default();
                seen.iter_mut().skip(index).take(1).for_each(|seen| *seen = true);
            }
            None => {
                // A value of another parameter may have several lines: those are no parameters.
                let end = assignment_length(rest, line_end);
                out.extend_from_slice(rest.get(..end).unwrap_or_default());
                rest = rest.get(end..).unwrap_or_default();
            }
        }
    }
    let missing = values.iter().zip(&seen).find(|(_, seen)| !**seen);
    missing.map_or(Ok(out), |((name, _), _)| Err((*name).to_owned()))
}

/// Where the value of the parameter begins in a line that sets it.
fn value_start(line: &[u8], name: &str) -> Option<usize> {
    let blanks = line.iter().take_while(|octet| matches!(octet, b' ' | b'\t')).count();
    let bare = line.get(blanks..)?;
    let (export, bare) = match bare.strip_prefix(b"export ") {
        Some(bare) => (7, bare),
        None => (0, bare),
    };
    let after = bare.strip_prefix(name.as_bytes())?;
    after.starts_with(b"=").then_some(blanks + export + name.len() + 1)
}

/// Octets of a value: up to its closing quotation mark, or to the end of the line without `\r`.
fn value_length(value: &[u8]) -> usize {
    match value.first() {
        Some(quote @ (b'"' | b'\'')) => {
            let mut is_escaped = false;
            for (at, octet) in value.iter().enumerate().skip(1) {
                match octet {
                    _ if is_escaped => is_escaped = false,
                    b'\\' if *quote == b'"' => is_escaped = true,
                    octet if octet == quote => return at + 1,
                    _ => {}
                }
            }
            value.len()
        }
        _ => value.iter().position(|octet| matches!(octet, b'\n' | b'\r')).unwrap_or(value.len()),
    }
}

/// Octets up to the end of the line on which whatever is assigned here ends.
fn assignment_length(rest: &[u8], line_end: usize) -> usize {
    let line = rest.get(..line_end).unwrap_or_default();
    let is_name = |octet: &u8| octet.is_ascii_alphanumeric() || *octet == b'_';
    let blanks = line.iter().take_while(|octet| matches!(octet, b' ' | b'\t')).count();
    let bare = line.get(blanks..).unwrap_or_default();
    let export = if bare.starts_with(b"export ") { 7 } else { 0 };
    let name = bare.get(export..).unwrap_or_default().iter().take_while(|octet| is_name(octet)).count();
    let start = blanks + export + name;
    if name == 0 || rest.get(start) != Some(&b'=') {
        return line_end;
    }
    let end = start + 1 + value_length(rest.get(start + 1..).unwrap_or_default());
    let tail = rest.get(end..).unwrap_or_default();
    tail.iter().position(|octet| *octet == b'\n').map_or(rest.len(), |at| end + at + 1)
}

/// The text in the form that the old value had.
fn written(old: &[u8], text: &str) -> Vec<u8> {
    let text = text.trim_end();
    match old.first() {
        Some(b'\'') => format!("'{text}'").into_bytes(),
        Some(b'"') if !old.windows(2).any(|pair| pair == b"\\n") => format!("\"{text}\"").into_bytes(),
        Some(b'"') => format!("\"{}\"", text.replace('\n', "\\n")).into_bytes(),
        _ if old.windows(2).any(|pair| pair == b"\\n") => text.replace('\n', "\\n").into_bytes(),
        _ => format!("\"{text}\"").into_bytes(),
    }
}

/// Does it to a file, which keeps its permissions.
///
/// # Errors
/// When a file cannot be read or written, or a parameter is not there; then the file is as before.
pub fn replace_in_file(path: &Path, values: &[(&str, &str)]) -> Result<(), ReplaceError> {
    let before = files::read(path)?;
    let after = replace(&before, values).map_err(|name| ReplaceError::Missing { name })?;
    // A link stays one: what it points to is replaced.
    let real = std::fs::canonicalize(path).map_err(|source| FileError::new("read", path, source))?;
    Ok(files::replace(&real, &after, files::mode_of(&real)?)?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::replace;

    const KEY: &str = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";

    #[rstest]
    #[case::empty("A=1\nK=\nB=2\n", "A=1\nK=\"P\"\nB=2\n")]
    #[case::bare("K=old value\n", "K=\"P\"\n")]
    #[case::double("K=\"old\"\nB=2", "K=\"P\"\nB=2")]
    #[case::single("K='old' # why\n", "K='P' # why\n")]
    #[case::several_lines("K=\"-----BEGIN X-----\nK=no\n-----END X-----\"\nB=2\n", "K=\"P\"\nB=2\n")]
    #[case::one_line("K=-----BEGIN X-----\\nAA\\n\n", "K=L\n")]
    #[case::one_line_quoted("K=\"-----BEGIN X-----\\nAA\"\n", "K=\"L\"\n")]
    #[case::carriage_return("K=old\r\nB=2\r\n", "K=\"P\"\r\nB=2\r\n")]
    #[case::export("  export K=old\n", "  export K=\"P\"\n")]
    #[case::twice("K=1\nK=2\n", "K=\"P\"\nK=\"P\"\n")]
    #[case::longer_name("KK=1\nK=2\nK_=3\n", "KK=1\nK=\"P\"\nK_=3\n")]
    #[case::comment("#K=1\nK=2\n", "#K=1\nK=\"P\"\n")]
    #[case::inside_another("B='\nK=1\n'\nK=2\n", "B='\nK=1\n'\nK=\"P\"\n")]
    #[case::no_newline("K=old", "K=\"P\"")]
    fn r7_a_parameter_gets_its_text_in_the_form_that_it_had(#[case] before: &str, #[case] after: &str) {
        let expected = after.replace('P', KEY.trim_end()).replace('L', &KEY.trim_end().replace('\n', "\\n"));
        let actual = replace(before.as_bytes(), &[("K", KEY)]).unwrap();
        assert_eq!(String::from_utf8(actual).unwrap(), expected);
    }

    #[test]
    fn r7_a_parameter_that_is_not_there_is_named() {
        assert_eq!(replace(b"A=1\n", &[("A", KEY), ("K", KEY)]), Err("K".to_owned()));
    }

    proptest! {
        #[test]
        fn r7_everything_else_stays_byte_for_byte(before in "[A-J]=[a-z \"'\\\\#=]{0,12}\n", junk in any::<Vec<u8>>()) {
            let mut settings = b"K=\"old\"\n".to_vec();
            settings.extend(before.as_bytes());
            settings.extend(&junk);
            let after = replace(&settings, &[("K", KEY)]).unwrap();
            let tail = &settings[b"K=\"old\"".len()..];
            // Only another assignment of the same name may differ.
            if !tail.windows(2).any(|pair| pair == b"K=") {
                prop_assert!(after.ends_with(tail));
            }
        }
    }
}
