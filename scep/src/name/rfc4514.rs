//! The form of RFC 4514: the most specific RDN first, `,` between RDNs, `+` inside one.
//!
//! Read too, since people paste them: blanks around separators and `;` for `,` (RFC 2253 section 4), and
//! values in quotation marks (RFC 1779), which is how Windows prints names.

use const_oid::ObjectIdentifier;

use super::value::{self, Located, Strings};
use super::{Name, TypeAndValue, Wrong, attribute_type};

/// Parses the text; the empty text is the empty name.
pub(super) fn parse(text: &str, strings: Strings) -> Result<Name, Wrong> {
    let mut reader = Reader { text, at: 0 };
    reader.skip_blanks();
    let mut rdns = Vec::new();
    if reader.peek().is_some() {
        let mut rdn = Vec::new();
        loop {
            rdn.push(reader.pair(strings)?);
            reader.skip_blanks();
            let at = reader.at;
            match reader.next() {
                Some('+') => {}
                Some(',' | ';') => rdns.push(std::mem::take(&mut rdn)),
                None => break rdns.push(rdn),
                Some(other) => {
                    let detail = format!("expected `,` or `+`, got `{}`", other.escape_debug());
                    return Err(Wrong::new(at, detail));
                }
            }
        }
    }
    rdns.reverse();
    Ok(Name { rdns })
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    fn skip_blanks(&mut self) {
        while self.peek() == Some(' ') {
            self.at += 1;
        }
    }

    fn pair(&mut self, strings: Strings) -> Result<TypeAndValue, Wrong> {
        self.skip_blanks();
        let start = self.at;
        let end = self.rest().find(['=', ',', '+', ';']);
        let piece = end.and_then(|end| self.rest().get(..end)).unwrap_or_else(|| self.rest()).to_owned();
        if !end.is_some_and(|end| self.rest()[end..].starts_with('=')) {
            let detail = format!("expected TYPE=value, got `{}` without `=`", piece.escape_debug());
            return Err(Wrong::new(start, detail));
        }
        let oid = attribute_type::parse(piece.trim_end(), start)?;
        self.at += piece.len() + 1;
        self.skip_blanks();
        let start = self.at;
        match self.peek() {
            Some('#') => self.element(oid),
            Some('"') => self.quoted().and_then(|text| value::pair(oid, &text, strings, start)),
            _ => self.string().and_then(|text| value::pair(oid, &text, strings, start)),
        }
    }

    /// `#` and the hex digits of one element.
    fn element(&mut self, oid: ObjectIdentifier) -> Result<TypeAndValue, Wrong> {
        let start = self.at;
        self.at += 1;
        let digits: String = self.rest().chars().take_while(char::is_ascii_hexdigit).collect();
        self.at += digits.len();
        match value::element(&digits) {
            Some(value) => Ok(TypeAndValue { oid, value }),
            None => {
                let detail = format!("expected the hex of one DER element after `#`, got `{digits}`");
                Err(Wrong::new(start, detail))
            }
        }
    }

    fn quoted(&mut self) -> Result<Vec<Located>, Wrong> {
        let start = self.at;
        self.at += 1;
        let mut characters = Vec::new();
        loop {
            let at = self.at;
            match self.next() {
                None => return Err(Wrong::new(start, "quotation mark without its partner")),
                Some('"') => return Ok(characters),
                Some('\\') => characters.extend(self.escape(at)?),
                Some(other) => characters.push((at, other)),
            }
        }
    }

    fn string(&mut self) -> Result<Vec<Located>, Wrong> {
        let mut characters = Vec::new();
        // Blanks at the end count only when they are escaped.
        let mut kept = 0;
        while let Some(next) = self.peek() {
            let at = self.at;
            match next {
                ',' | '+' | ';' => break,
                '"' => {
                    return Err(Wrong::new(at, "a quotation mark inside a value has to be escaped: `\\\"`"));
                }
                '\\' => {
                    self.at += 1;
                    characters.extend(self.escape(at)?);
                    kept = characters.len();
                }
                other => {
                    self.at += other.len_utf8();
                    characters.push((at, other));
                    if other != ' ' {
                        kept = characters.len();
                    }
                }
            }
        }
        characters.truncate(kept);
        Ok(characters)
    }

    /// What follows a backslash: a special character, or pairs of hex digits that spell UTF-8.
    fn escape(&mut self, at: usize) -> Result<Vec<Located>, Wrong> {
        match self.peek() {
            None => return Err(Wrong::new(at, "a backslash with nothing after it")),
            Some(c) if c.is_ascii_hexdigit() => {}
            Some(c) if " \"#+,;<=>\\/".contains(c) => {
                self.at += 1;
                return Ok(vec![(at, c)]);
            }
            Some(c) => {
                let detail = format!("`\\{}` is no escape of RFC 4514", c.escape_debug());
                return Err(Wrong::new(at, detail));
            }
        }
        let mut octets = Vec::new();
        loop {
            let digits = self.rest().as_bytes().get(..2).and_then(|pair| {
                let [high, low] = pair else { return None };
                Some((value::hex_digit(*high)? << 4) | value::hex_digit(*low)?)
            });
            let octet = digits.ok_or_else(|| Wrong::new(at, "expected two hex digits after a backslash"))?;
            octets.push(octet);
            self.at += 2;
            if std::str::from_utf8(&octets).is_ok() || !self.continues() {
                break;
            }
            self.at += 1;
        }
        match String::from_utf8(octets) {
            Ok(text) => Ok(text.chars().map(|c| (at, c)).collect()),
            Err(_) => Err(Wrong::new(at, "the escaped octets are no UTF-8")),
        }
    }

    /// True when another escaped octet follows.
    fn continues(&self) -> bool {
        matches!(self.rest().as_bytes(), [b'\\', high, ..] if high.is_ascii_hexdigit())
    }
}

/// Prints the name.
pub(super) fn print(name: &Name) -> String {
    let rdns = name.rdns.iter().rev().map(|rdn| {
        // OpenSSL turns the members of an RDN round as well.
        let pairs: Vec<String> = rdn.iter().rev().map(print_pair).collect();
        pairs.join("+")
    });
    rdns.collect::<Vec<_>>().join(",")
}

fn print_pair(pair: &TypeAndValue) -> String {
    // RFC 4514 2.4: hex for a type without a name.
    let text = attribute_type::AttributeType::of(pair.oid).and_then(|_| pair.text()?.exact());
    let value = text.map_or_else(|| value::hex(&pair.value), |text| escaped(&text));
    format!("{}={value}", attribute_type::print(pair.oid))
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let last = text.char_indices().next_back().map(|(at, _)| at);
    for (at, c) in text.char_indices() {
        match c {
            ' ' if at == 0 || Some(at) == last => escaped.push_str("\\ "),
            '#' if at == 0 => escaped.push_str("\\#"),
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => escaped.extend(['\\', c]),
            // A control character must not act on a terminal or end a line.
            c if c.is_control() => {
                let mut octets = [0; 4];
                for octet in c.encode_utf8(&mut octets).bytes() {
                    escaped.push_str(&format!("\\{octet:02X}"));
                }
            }
            c => escaped.push(c),
        }
    }
    escaped
}
