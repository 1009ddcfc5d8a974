//! Text that came from a subject, made safe to print: on a terminal, in XML, in HTML.

use std::borrow::Cow;
use std::fmt::{self, Write};

/// The text with every character that would not print as itself written out, lines and tabs kept.
///
/// An escape sequence must not reach a terminal, a NUL must not reach XML, and a change of writing direction
/// must not make one value look like another.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_hidden(character) {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

/// [`plain`] on one line.
pub(crate) fn one_line(text: &str) -> String {
    plain(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// At most `most` characters, with a mark where text is left off.
pub(super) fn short(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        Some((cut, _)) => Cow::Owned(format!("{}… ({} bytes)", &text[..cut], text.len())),
        None => Cow::Borrowed(text),
    }
}

fn is_hidden(character: char) -> bool {
    match character {
        '\n' | '\t' => false,
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => true,
        '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}' => true,
        other => other.is_control(),
    }
}

/// Text inside HTML, in an element or a quoted attribute.
#[derive(Debug, Clone, Copy)]
pub(super) struct Html<'a>(pub(super) &'a str);

impl fmt::Display for Html<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in plain(self.0).chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

/// A path below the run folder, or a fragment, as part of a link in HTML.
#[derive(Debug, Clone, Copy)]
pub(super) struct Link<'a>(pub(super) &'a str);

impl fmt::Display for Link<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0.bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                    f.write_char(char::from(byte))?;
                }
                other => write!(f, "%{other:02X}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_and_changes_of_direction_are_written_out() {
        assert_eq!(plain("\u{1b}[31mred\u{202e}\0\r\n\tä"), "\\u{1b}[31mred\\u{202e}\\u{0}\\u{d}\n\tä");
        assert!(matches!(plain("CN=tc-1, O=ä"), Cow::Borrowed(_)));
    }

    #[test]
    fn html_has_no_markup_from_text() {
        let text = Html("<script>alert('1' && \"2\")</script>").to_string();
        assert_eq!(text, "&lt;script&gt;alert(&#39;1&#39; &amp;&amp; &quot;2&quot;)&lt;/script&gt;");
    }

    #[test]
    fn a_link_is_a_path_whatever_it_says() {
        assert_eq!(Link("evidence/srv.a[via=get]").to_string(), "evidence/srv.a%5Bvia%3Dget%5D");
        assert_eq!(Link("javascript:\"x\"").to_string(), "javascript%3A%22x%22");
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        assert_eq!(short("äöü", 3), "äöü");
        assert_eq!(short("äöüß", 2), "äö… (8 bytes)");
        assert_eq!(one_line(" a\n  b\t c "), "a b c");
    }
}
