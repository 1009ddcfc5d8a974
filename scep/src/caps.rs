//! GetCACaps: keywords, RFC 8894 3.5.2 Table 7.

use crate::finding::{Finding, Rule};
use crate::tlv::Source;

/// The keywords of Table 7, in its letter case.
pub const KEYWORDS: &[&str] = &[
    "AES",
    "DES3",
    "GetNextCACert",
    "POSTPKIOperation",
    "Renewal",
    "SHA-1",
    "SHA-256",
    "SHA-512",
    "SCEPStandard",
];

/// Capabilities as received: every keyword is kept, known or not, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Capabilities {
    keywords: Vec<String>,
}

impl Capabilities {
    /// Takes keywords as they are.
    #[must_use]
    pub fn new(keywords: &[&str]) -> Self {
        Self { keywords: keywords.iter().map(|keyword| (*keyword).to_owned()).collect() }
    }

    /// Adds a keyword, unless it is listed.
    pub fn announce(&mut self, keyword: &str) {
        if !self.keywords.iter().any(|listed| listed.eq_ignore_ascii_case(keyword)) {
            self.keywords.push(keyword.to_owned());
        }
    }

    /// Reads the answer's body. Never fails: what is no keyword is ignored (RFC 8894 3.5.2), odd lines and
    /// letter case are findings. Several keywords on a line are taken apart where they can be told.
    pub fn read(body: &[u8], findings: &mut Vec<Finding>) -> Self {
        const MARK: &[u8] = b"\xef\xbb\xbf";
        let is_blank = |c: char| c.is_whitespace() || c == '\u{feff}';
        let source = Source::message(body);
        if body.trim_ascii_start().first() == Some(&b'<') {
            findings.push(Finding {
                rule: Rule::CapabilityPage,
                at: source.place(0, body.len()),
                detail: "expected keywords, got what begins like a page of HTML".to_owned(),
            });
        }
        let mut keywords = Vec::new();
        let mut start = 0;
        for line in body.split(|b| *b == b'\n') {
            let end = start + line.len();
            let text = line.strip_suffix(b"\r").unwrap_or(line);
            let marked = if start == 0 { text.strip_prefix(MARK) } else { None };
            let shown = String::from_utf8_lossy(text).into_owned();
            let text = String::from_utf8_lossy(marked.unwrap_or(text)).into_owned();
            let keyword = text.trim();
            let odd = keyword != text
                || marked.is_some()
                || keyword.contains([' ', '\t', '\r', ',', '<', '\u{feff}', '\u{fffd}', '"']);
            if odd && !shown.is_empty() {
                findings.push(Finding {
                    rule: Rule::CapabilityLine,
                    at: source.place(start, end),
                    detail: format!("expected one keyword, got `{}`", shown.escape_debug()),
                });
            }
            // A line of HTML has blanks too, and no keywords.
            let several = !keyword.contains('<');
            let between = |c: char| several && matches!(c, ' ' | '\t' | '\r' | ',');
            let pieces = keyword.split(between).map(|piece| piece.trim_matches(is_blank));
            for keyword in pieces.filter(|piece| !piece.is_empty()) {
                if let Some(known) =
                    KEYWORDS.iter().find(|known| known.eq_ignore_ascii_case(keyword) && **known != keyword)
                {
                    findings.push(Finding {
                        rule: Rule::CapabilityCase,
                        at: source.place(start, end),
                        detail: format!("expected `{known}`, got `{keyword}`"),
                    });
                }
                keywords.push(keyword.to_owned());
            }
            start = end + 1;
        }
        Self { keywords }
    }

    /// Body of the answer: one keyword a line, LF.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        self.keywords.iter().map(|keyword| format!("{keyword}\n")).collect::<String>().into_bytes()
    }

    /// Every keyword, in order.
    #[must_use]
    pub fn keywords(&self) -> &[String] {
        &self.keywords
    }

    /// True when the keyword is listed, whatever its letter case, or implied by SCEPStandard (AES,
    /// POSTPKIOperation and SHA-256).
    #[must_use]
    pub fn has(&self, keyword: &str) -> bool {
        let listed = |wanted: &str| self.keywords.iter().any(|k| k.eq_ignore_ascii_case(wanted));
        let implied = ["AES", "POSTPKIOperation", "SHA-256"].iter().any(|k| k.eq_ignore_ascii_case(keyword));
        listed(keyword) || (implied && listed("SCEPStandard"))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::Capabilities;

    #[rstest]
    #[case::lf(b"AES\nSHA-256\n", &["AES", "SHA-256"], 0)]
    #[case::crlf(b"AES\r\nSHA-256\r\n", &["AES", "SHA-256"], 0)]
    #[case::no_last_end(b"AES\nSHA-256", &["AES", "SHA-256"], 0)]
    #[case::unknown_kept(b"AES\nExample.com-X\n", &["AES", "Example.com-X"], 0)]
    #[case::case(b"aes\n", &["aes"], 1)]
    #[case::blank(b" AES\n", &["AES"], 1)]
    #[case::commas(b"AES, DES3\n", &["AES", "DES3"], 1)]
    #[case::carriage_returns(b"AES\rDES3\r", &["AES", "DES3"], 1)]
    #[case::byte_order_mark(b"\xef\xbb\xbfAES\n", &["AES"], 1)]
    #[case::page(b"<html>\n", &["<html>"], 2)]
    #[case::empty(b"", &[], 0)]
    fn keywords_are_read_and_odd_lines_reported(
        #[case] body: &[u8],
        #[case] keywords: &[&str],
        #[case] odd: usize,
    ) {
        let mut findings = Vec::new();
        assert_eq!(Capabilities::read(body, &mut findings).keywords(), keywords);
        assert_eq!(findings.len(), odd, "{findings:?}");
    }

    #[test]
    fn scep_standard_implies_three_keywords_and_no_more() {
        let standard = Capabilities::new(&["scepstandard"]);
        assert!(standard.has("AES") && standard.has("postpkioperation") && standard.has("SHA-256"));
        assert!(!standard.has("Renewal") && !standard.has("SHA-512") && !standard.has("DES3"));
    }
}
