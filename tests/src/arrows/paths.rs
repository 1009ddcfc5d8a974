//! The paths that a file of Rust source names: the half of the arrows that a manifest cannot show.
//!
//! Works on tokens, so comments and strings name nothing, and groups in `use` lines are taken apart.
//! Items under `#[cfg(test)]` are left out: a test may name what its module may not.

use std::fmt;
use std::iter::Peekable;
use std::str::FromStr;

use proc_macro2::{Delimiter, Group, Spacing, TokenStream, TokenTree, token_stream};

/// A path as written at one place, with `crate`, `self` and `super` resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedPath {
    /// Segments; a path inside the crate starts with `crate`.
    pub segments: Vec<String>,
    /// Line of its last segment, from 1.
    pub line: usize,
}

impl NamedPath {
    /// Whether the segments of `pattern` (`std::net`) stand in this path, next to each other.
    ///
    /// A name that stands alone is a variable or a field more often than a crate, and matches nothing.
    pub fn contains(&self, pattern: &str) -> bool {
        let wanted: Vec<&str> = pattern.split("::").collect();
        self.segments.len() > 1 && self.segments.windows(wanted.len()).any(|part| part == wanted)
    }
}

impl fmt::Display for NamedPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.segments.join("::"))
    }
}

/// The text is not made of Rust's tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotTokens {
    /// Line on which the reading stopped.
    pub line: usize,
}

/// All paths named in `text`, the source of the module `module`.
///
/// # Errors
/// When the text has an unclosed group or string.
pub fn named(module: &[String], text: &str) -> Result<Vec<NamedPath>, NotTokens> {
    let tokens =
        TokenStream::from_str(text).map_err(|error| NotTokens { line: error.span().start().line })?;
    let mut found = Vec::new();
    if !is_test_file(tokens.clone()) {
        let mut reader = Reader { module: module.to_vec(), found: &mut found };
        reader.read(tokens, &[]);
    }
    Ok(found)
}

/// Whether a file starts with `#![cfg(test)]`, or is all tests by its first inner attribute.
fn is_test_file(tokens: TokenStream) -> bool {
    let mut tokens = tokens.into_iter();
    let hash = tokens.next().is_some_and(|token| is_punct(&token, '#'));
    let bang = tokens.next().is_some_and(|token| is_punct(&token, '!'));
    hash && bang && matches!(tokens.next(), Some(TokenTree::Group(group)) if is_cfg_test(&group))
}

/// Words before which a path may begin with `::`.
const KEYWORDS: &[&str] = &[
    "use", "pub", "const", "static", "type", "impl", "dyn", "for", "where", "mut", "ref", "move", "return",
    "break", "in", "if", "else", "match", "while",
];

struct Reader<'a> {
    module: Vec<String>,
    found: &'a mut Vec<NamedPath>,
}

type Tokens = Peekable<token_stream::IntoIter>;

impl Reader<'_> {
    /// Reads one group of tokens; `prefix` is what stands before the braces of a `use` group.
    fn read(&mut self, tokens: TokenStream, prefix: &[String]) {
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Group(group) => self.read(group.stream(), &[]),
                TokenTree::Punct(punct) if punct.as_char() == '#' => self.read_attribute(&mut tokens),
                TokenTree::Ident(ident) if ident == "as" => {
                    // The new name is no path, and what is cast to is read next.
                    if !prefix.is_empty() {
                        tokens.next();
                    }
                }
                TokenTree::Ident(ident) if ident == "mod" => self.read_module(&mut tokens),
                TokenTree::Ident(ident) if KEYWORDS.iter().any(|keyword| ident == keyword) => {}
                TokenTree::Ident(ident) => {
                    let path = [prefix, &[ident.to_string()]].concat();
                    self.read_path(path, ident.span().start().line, &mut tokens);
                }
                TokenTree::Punct(punct) if punct.as_char() == '*' && !prefix.is_empty() => {
                    let segments = self.resolve([prefix, &["*".to_owned()]].concat());
                    self.found.push(NamedPath { segments, line: punct.span().start().line });
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }

    /// Goes on after the first segment of a path, to its end.
    fn read_path(&mut self, mut path: Vec<String>, mut line: usize, tokens: &mut Tokens) {
        while next_is_path_separator(tokens) {
            match tokens.peek() {
                Some(TokenTree::Ident(ident)) => {
                    path.push(ident.to_string());
                    line = ident.span().start().line;
                    tokens.next();
                }
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                    let stream = group.stream();
                    tokens.next();
                    return self.read(stream, &path);
                }
                Some(token) if is_punct(token, '*') => {
                    path.push("*".to_owned());
                    tokens.next();
                    break;
                }
                _ => break, // the generic arguments of a call
            }
        }
        let segments = self.resolve(path);
        self.found.push(NamedPath { segments, line });
    }

    /// An attribute, and with `cfg(test)` also the item after it.
    fn read_attribute(&mut self, tokens: &mut Tokens) {
        tokens.next_if(|token| is_punct(token, '!'));
        let Some(TokenTree::Group(group)) = tokens.next_if(|token| matches!(token, TokenTree::Group(_)))
        else {
            return;
        };
        if !is_cfg_test(&group) {
            return self.read(group.stream(), &[]);
        }
        for token in tokens.by_ref() {
            let is_body = matches!(&token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
            if is_body || is_punct(&token, ';') {
                return;
            }
        }
    }

    /// `mod name { ... }`, where `super` means something else.
    fn read_module(&mut self, tokens: &mut Tokens) {
        let Some(TokenTree::Ident(name)) = tokens.next_if(|token| matches!(token, TokenTree::Ident(_)))
        else {
            return;
        };
        if let Some(TokenTree::Group(body)) = tokens.next_if(|token| matches!(token, TokenTree::Group(_))) {
            self.module.push(name.to_string());
            self.read(body.stream(), &[]);
            self.module.pop();
        }
    }

    /// Writes `self::` and `super::` as paths from `crate`.
    fn resolve(&self, path: Vec<String>) -> Vec<String> {
        let ups = path.iter().take_while(|segment| *segment == "super").count();
        let (kept, rest) = match path.first().map(String::as_str) {
            Some("self") if path.len() > 1 => {
                let ups = path[1..].iter().take_while(|segment| *segment == "super").count();
                (self.module.len().saturating_sub(ups), &path[1 + ups..])
            }
            Some("super") => (self.module.len().saturating_sub(ups), &path[ups..]),
            _ => return without_final_self(path),
        };
        let root = std::iter::once("crate".to_owned());
        without_final_self(root.chain(self.module[..kept].to_vec()).chain(rest.to_vec()).collect())
    }
}

/// `use std::net::{self, ..}` names `std::net`.
fn without_final_self(mut path: Vec<String>) -> Vec<String> {
    path.pop_if(|last| last == "self");
    path
}

fn next_is_path_separator(tokens: &mut Tokens) -> bool {
    // Only a path separator is two colons without a space; `a: ::b` has a colon and then a separator.
    let joint = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ':' && punct.spacing() == Spacing::Joint);
    tokens.next_if(joint).is_some() && tokens.next().is_some()
}

fn is_punct(token: &TokenTree, wanted: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == wanted)
}

/// `[cfg(test)]` and `[cfg(all(test, ...))]`, but not `[cfg(not(test))]`.
fn is_cfg_test(attribute: &Group) -> bool {
    let text: String = attribute.stream().to_string().split_whitespace().collect();
    text == "cfg(test)" || text.starts_with("cfg(all(test,")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let module = ["report".to_owned(), "html".to_owned()];
        let named = named(&module, text).expect(text);
        let printed: Vec<String> =
            named.iter().filter(|path| path.segments.len() > 1).map(ToString::to_string).collect();
        assert_eq!(printed, expected, "{text}");
    }

    #[test]
    fn groups_in_use_lines_are_taken_apart() {
        check("use std::net::TcpStream;", &["std::net::TcpStream"]);
        check("use std::{fs, net::{self, IpAddr as Ip}};", &["std::fs", "std::net", "std::net::IpAddr"]);
        check("pub use ::tokio::net::*;", &["tokio::net::*"]);
        check("use super::super::{*, judge::*};", &["crate::*", "crate::judge::*"]);
    }

    #[test]
    fn paths_in_expressions_types_and_macros_are_named() {
        check("fn f() { let t = std::time::SystemTime::now(); }", &["std::time::SystemTime::now"]);
        check(
            "struct S { a: Vec<tokio::sync::Mutex<u8>>, b: ::hyper::Body }",
            &["tokio::sync::Mutex", "hyper::Body"],
        );
        check("fn f() { println!(\"{}\", scep::VERSION) }", &["scep::VERSION"]);
        check("#[tokio::test] fn f() { g::<u8>() as a::B }", &["tokio::test", "a::B"]);
    }

    #[test]
    fn comments_and_strings_name_nothing() {
        check(
            "// use std::net;\n/* std::net::X */ const A: &str = \"std::net::X\"; const B: &str = r#\"a::b\"#;",
            &[],
        );
        check("//! tokio::net\nfn a<'a>(x: &'a str) -> char { ':' }", &[]);
    }

    #[test]
    fn relative_paths_start_at_the_crate() {
        check("use super::junit; use super::super::judge::X;", &["crate::report::junit", "crate::judge::X"]);
        check(
            "use self::table::Row; use crate::results;",
            &["crate::report::html::table::Row", "crate::results"],
        );
        check("mod rows { use super::super::junit; }", &["crate::report::junit"]);
    }

    #[test]
    fn what_is_only_for_tests_is_left_out() {
        check("#[cfg(test)] mod tests { use std::fs; } use a::b;", &["a::b"]);
        check("#[cfg(test)] mod tests; use a::b;", &["a::b"]);
        check("#[cfg(test)] use std::{fs, net}; use a::b;", &["a::b"]);
        check("#![cfg(test)] use std::fs;", &[]);
        check("#[cfg(not(test))] use a::b;", &["a::b"]);
    }

    #[test]
    fn a_line_is_that_of_the_last_segment() {
        let named = named(&[], "\n\nuse std::{\n    net,\n};").unwrap();
        assert_eq!(named.iter().find(|path| path.contains("std::net")).map(|path| path.line), Some(4));
    }

    #[test]
    fn a_pattern_matches_whole_segments_of_a_path() {
        let path =
            |text: &str| NamedPath { segments: text.split("::").map(str::to_owned).collect(), line: 1 };
        assert!(path("std::net::TcpStream").contains("std::net"));
        assert!(path("time::SystemTime::now").contains("SystemTime::now"));
        assert!(!path("std::network").contains("std::net"));
        assert!(!path("http").contains("http"), "a variable of that name");
    }

    #[test]
    fn a_text_that_is_not_rust_is_an_error() {
        assert!(named(&[], "fn f( {").is_err());
    }
}
