//! A request taken apart, with every form of GET that devices send: the first thing that a server does.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use percent_encoding::percent_decode;

use super::{HttpRequest, Method, Operation, PKI_MESSAGE, body};
use crate::error::{Error, Result};
use crate::finding::{Finding, Part, Place, Rule};

/// A request as received, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// Value of `operation`, as sent; None when it is missing.
    pub operation: Option<String>,
    /// The message: POST body, or the decoded `message` parameter; None when there is none.
    pub message: Option<Vec<u8>>,
    /// The `message` parameter of another operation: a CA identifier, as older drafts had it.
    pub identifier: Option<String>,
    /// True for a POST.
    pub is_post: bool,
}

impl Incoming {
    /// Takes a request apart: base64 is read in every form that devices send (unescaped, url-safe, wrapped,
    /// without padding, escaped twice), each departure reported with its place in the query.
    ///
    /// # Errors
    /// When the `message` parameter is no base64 at all.
    pub fn read(method: Method, query: &str, body: &[u8], findings: &mut Vec<Finding>) -> Result<Self> {
        let mut reader = Query { findings, operation: None, message: None };
        let kept = query.find('#').unwrap_or(query.len());
        if kept < query.len() {
            reader.report(Rule::Fragment, kept, query.len(), "expected no fragment");
        }
        reader.parameters(query.get(..kept).unwrap_or_default());
        let (operation, message) = (reader.operation, reader.message);
        let named = operation.as_deref().map(Operation::parse_any_case);
        let is_pki = named.is_none_or(|named| named == Some(Operation::PkiOperation));
        let (mut octets, mut identifier) = (None, None);
        match (method, message) {
            (Method::Get, Some((text, at))) if is_pki => octets = Some(decode(text, at, findings)?),
            (_, Some((text, at))) => {
                let what =
                    if is_pki { "expected the message in the body alone" } else { "expected no message" };
                report(findings, Rule::UnexpectedMessage, at, at + text.len(), what);
                identifier = Some(percent_decode(text.as_bytes()).decode_utf8_lossy().into_owned());
            }
            (_, None) => {}
        }
        if method == Method::Post {
            octets = Some(body.to_vec());
        }
        Ok(Self { operation, message: octets, identifier, is_post: method == Method::Post })
    }

    /// As [`Incoming::read`], and looks at the rest of the request too: the Content-Type of a POST is
    /// reported when it is not the RFC's, and a body of base64 or PEM text is decoded.
    ///
    /// # Errors
    /// As [`Incoming::read`].
    pub fn receive(request: &HttpRequest, findings: &mut Vec<Finding>) -> Result<Self> {
        let mut incoming = Self::read(request.method, &request.query, &request.body, findings)?;
        if incoming.is_post {
            body::report_type(request.content_type.as_deref(), &[PKI_MESSAGE], findings);
            incoming.message = Some(body::decode(&request.body, findings).into_owned());
        }
        Ok(incoming)
    }

    /// The operation, whatever its letter case; None for a missing or unknown one.
    #[must_use]
    pub fn meant(&self) -> Option<Operation> {
        Operation::parse_any_case(self.operation.as_deref()?)
    }
}

struct Query<'a, 'f> {
    findings: &'f mut Vec<Finding>,
    operation: Option<String>,
    /// Value of `message` and where it begins.
    message: Option<(&'a str, usize)>,
}

impl<'a> Query<'a, '_> {
    fn parameters(&mut self, query: &'a str) {
        let mut start = 0;
        for (index, pair) in query.split('&').enumerate() {
            let end = start + pair.len();
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            // An empty query has no parameter; two separators in a row, or one at the end, have an empty one.
            if !query.is_empty() {
                self.parameter(index, key, value, (start, end));
            }
            start = end + 1;
        }
    }

    fn parameter(&mut self, index: usize, key: &str, value: &'a str, (start, end): (usize, usize)) {
        let Some(known) = ["operation", "message"].into_iter().find(|known| known.eq_ignore_ascii_case(key))
        else {
            self.report(Rule::UnknownParameter, start, end, "expected `operation` and `message` only");
            return;
        };
        if known != key {
            self.report(Rule::ParameterCase, start, end, "expected the name in lower case");
        }
        let is_again = if known == "operation" { self.operation.is_some() } else { self.message.is_some() };
        if is_again {
            self.report(Rule::RepeatedParameter, start, end, "expected it once; the first counts");
            return;
        }
        if known == "message" {
            self.message = Some((value, start + key.len() + 1));
            return;
        }
        let operation = percent_decode(value.as_bytes()).decode_utf8_lossy().into_owned();
        if index != 0 {
            self.report(Rule::QueryOrder, start, end, "expected `operation` first");
        }
        if Operation::parse(&operation).is_none() && Operation::parse_any_case(&operation).is_some() {
            self.report(Rule::OperationCase, start, end, "expected the letter case of the RFC");
        }
        self.operation = Some(operation);
    }

    fn report(&mut self, rule: Rule, start: usize, end: usize, detail: &str) {
        report(self.findings, rule, start, end, detail);
    }
}

fn report(findings: &mut Vec<Finding>, rule: Rule, start: usize, end: usize, detail: &str) {
    findings.push(Finding { rule, at: Place { part: Part::Query, start, end }, detail: detail.to_owned() });
}

/// Standard alphabet, padding taken or left.
const LOOSE: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Decodes the `message` parameter that begins at `at`.
fn decode(text: &str, at: usize, findings: &mut Vec<Finding>) -> Result<Vec<u8>> {
    let mut note = |rule, detail| report(findings, rule, at, at + text.len(), detail);
    // A plus stays a plus: SCEP queries are no HTML forms.
    if text.contains(['+', '/', '=', '\r', '\n']) {
        note(Rule::Unescaped, "expected +, / and = percent-escaped");
    }
    let mut octets: Vec<u8> = percent_decode(text.as_bytes()).collect();
    // No base64 has a percent sign.
    if octets.contains(&b'%') {
        note(Rule::EscapedTwice, "expected base64 after the percent-escapes are undone, got more of them");
        octets = percent_decode(&octets).collect();
    }
    if octets.contains(&b' ') {
        note(Rule::SpaceForPlus, "expected a plus sign, got a space: taken for one");
    }
    if octets.iter().any(|octet| matches!(octet, b'\r' | b'\n' | b'\t')) {
        note(Rule::WrappedBase64, "expected one line");
    }
    if octets.iter().any(|octet| matches!(octet, b'-' | b'_')) {
        note(Rule::UrlSafeBase64, "expected the standard alphabet, with + and /");
    }
    let base64: Vec<u8> = octets
        .into_iter()
        .filter(|octet| !matches!(octet, b'\r' | b'\n' | b'\t'))
        .map(|octet| match octet {
            b' ' | b'-' => b'+',
            b'_' => b'/',
            other => other,
        })
        .collect();
    if !base64.len().is_multiple_of(4) {
        note(Rule::UnpaddedBase64, "expected a multiple of four characters, filled with =");
    }
    LOOSE.decode(&base64).map_err(|e| Error::Malformed {
        what: "message parameter (RFC 8894 4.1)",
        detail: format!("expected base64: {e}"),
        at: Place { part: Part::Query, start: at, end: at + text.len() },
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::Incoming;
    use crate::finding::Rule;
    use crate::http::{HttpRequest, Method, Operation};

    const MESSAGE: &[u8] = &[0xfb, 0xff, 0xbe, 0x01];

    fn read(query: &str) -> (Incoming, Vec<Rule>) {
        let mut findings = Vec::new();
        let incoming = Incoming::read(Method::Get, query, &[], &mut findings).unwrap();
        assert!(findings.iter().all(|finding| finding.at.end <= query.len()), "{findings:?}");
        (incoming, findings.into_iter().map(|finding| finding.rule).collect())
    }

    #[test]
    fn get_escapes_every_reserved_character_and_reads_back() {
        let request = HttpRequest::get(MESSAGE);
        assert_eq!(request.query, "operation=PKIOperation&message=%2B%2F%2B%2BAQ%3D%3D");
        let (incoming, rules) = read(&request.query);
        assert_eq!((incoming.message.as_deref(), rules), (Some(MESSAGE), vec![]));
    }

    #[rstest]
    #[case::bare("operation=PKIOperation&message=+/++AQ==", &[Rule::Unescaped])]
    #[case::url_safe("operation=PKIOperation&message=-_--AQ", &[Rule::UrlSafeBase64, Rule::UnpaddedBase64])]
    #[case::wrapped("operation=PKIOperation&message=%2B%2F%2B%2B%0AAQ%3D%3D%0A", &[Rule::WrappedBase64])]
    #[case::spaces("operation=PKIOperation&message=%20%2F%20%20AQ%3D%3D", &[Rule::SpaceForPlus])]
    #[case::twice("operation=PKIOperation&message=%252B%252F%252B%252BAQ%253D%253D", &[Rule::EscapedTwice])]
    #[case::order("message=%2B%2F%2B%2BAQ%3D%3D&operation=PKIOperation", &[Rule::QueryOrder])]
    #[case::names("Operation=PKIOperation&MESSAGE=%2B%2F%2B%2BAQ%3D%3D", &[Rule::ParameterCase; 2])]
    #[case::operation("operation=pkioperation&message=%2B%2F%2B%2BAQ%3D%3D", &[Rule::OperationCase])]
    #[case::last_separator("operation=PKIOperation&message=%2B%2F%2B%2BAQ%3D%3D&", &[Rule::UnknownParameter])]
    #[case::fragment("operation=PKIOperation&message=%2B%2F%2B%2BAQ%3D%3D#x", &[Rule::Fragment])]
    #[case::again(
        "operation=PKIOperation&message=%2B%2F%2B%2BAQ%3D%3D&message=AA",
        &[Rule::RepeatedParameter]
    )]
    fn other_forms_are_read_and_reported(#[case] query: &str, #[case] expected: &[Rule]) {
        let (incoming, rules) = read(query);
        assert_eq!((incoming.message.as_deref(), rules.as_slice()), (Some(MESSAGE), expected));
        assert_eq!(incoming.meant(), Some(Operation::PkiOperation));
    }

    #[test]
    fn a_ca_identifier_is_kept_apart() {
        let (incoming, rules) = read("operation=GetCACert&message=CA%20one");
        assert_eq!((incoming.identifier.as_deref(), incoming.message), (Some("CA one"), None));
        assert_eq!(rules, [Rule::UnexpectedMessage]);
    }

    #[test]
    fn no_base64_at_all_is_an_error_with_its_place() {
        let error =
            Incoming::read(Method::Get, "operation=PKIOperation&message=%00%01!", &[], &mut Vec::new());
        assert!(error.unwrap_err().to_string().contains("query bytes 31..38"));
    }
}
