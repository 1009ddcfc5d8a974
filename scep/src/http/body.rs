//! Bodies: their Content-Type, and text where octets should be.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{CA_CERT, CA_RA_CERT, HttpResponse, Operation};
use crate::cms;
use crate::finding::{Finding, Part, Place, Rule};
use crate::tlv::{Source, tag};

impl HttpResponse {
    /// The body as the reader of an answer to `operation` wants it: PEM and base64 text decoded, both that
    /// and another Content-Type than the RFC's reported.
    #[must_use]
    pub fn octets(&self, operation: Operation, findings: &mut Vec<Finding>) -> Cow<'_, [u8]> {
        let types = operation.answer_types();
        if operation == Operation::GetCaCaps {
            report_type(self.content_type.as_deref(), types, findings);
            return Cow::Borrowed(&self.body);
        }
        let octets = decode(&self.body, findings);
        // RFC 8894 4.2.1: which of the two types goes with which body.
        let is_certificate = cms::first_tag(Source::message(&octets)) == Some(tag::SEQUENCE);
        let types = match types {
            [CA_CERT, CA_RA_CERT] if is_certificate => &[CA_CERT],
            [CA_CERT, CA_RA_CERT] => &[CA_RA_CERT],
            all => all,
        };
        report_type(self.content_type.as_deref(), types, findings);
        octets
    }
}

/// Reports a Content-Type that is not one of these, whatever its letter case. A parameter is for text only.
pub(super) fn report_type(value: Option<&str>, expected: &[&str], findings: &mut Vec<Finding>) {
    let text = value.unwrap_or_default();
    let (kind, parameters) = text.split_once(';').unwrap_or((text, ""));
    let fits = expected.iter().any(|expected| expected.eq_ignore_ascii_case(kind.trim()));
    if fits && (parameters.is_empty() || kind.trim().to_ascii_lowercase().starts_with("text/")) {
        return;
    }
    let actual = value.map_or_else(|| "none".to_owned(), |value| format!("`{}`", value.escape_debug()));
    findings.push(Finding {
        rule: Rule::ContentType,
        at: Place { part: Part::ContentType, start: 0, end: text.len() },
        detail: format!("expected {}, got {actual}", expected.join(" or ")),
    });
}

/// The octets of a body: those inside a PEM block or a base64 text, which is reported, else the body.
///
/// Of several PEM blocks the first counts, unless all are certificates: these become one SignedData without
/// signers, which is the form that GetCACert has for several.
pub(super) fn decode<'a>(body: &'a [u8], findings: &mut Vec<Finding>) -> Cow<'a, [u8]> {
    let decoded = match std::str::from_utf8(body) {
        Ok(text) if text.contains("-----BEGIN ") => from_pem(text),
        Ok(text) => from_base64(text),
        Err(_) => None,
    };
    let Some(octets) = decoded else { return Cow::Borrowed(body) };
    findings.push(Finding {
        rule: Rule::TextBody,
        at: Place { part: Part::Body, start: 0, end: body.len() },
        detail: "expected octets, got text: decoded".to_owned(),
    });
    Cow::Owned(octets)
}

fn from_base64(text: &str) -> Option<Vec<u8>> {
    let base64: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    // Shorter than any message or certificate, it may be anything.
    if base64.len() < 16 { None } else { STANDARD.decode(base64).ok() }
}

fn from_pem(text: &str) -> Option<Vec<u8>> {
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some((_, begun)) = rest.split_once("-----BEGIN ") {
        let (label, inside) = begun.split_once("-----")?;
        let (base64, after) = inside.split_once("-----END ")?;
        blocks.push((label, from_base64(base64)?));
        rest = after;
    }
    match blocks.as_slice() {
        [first, _, ..] if blocks.iter().all(|block| block.0 == "CERTIFICATE") && first.0 == "CERTIFICATE" => {
            let certificates: Vec<Vec<u8>> = blocks.into_iter().map(|block| block.1).collect();
            Some(cms::degenerate(&certificates).write())
        }
        _ => blocks.into_iter().next().map(|block| block.1),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use crate::finding::Rule;
    use crate::http::{HttpRequest, HttpResponse, Incoming, Operation};

    #[rstest]
    #[case::right(Some("application/x-pki-message"), 0)]
    #[case::upper_case(Some("Application/X-PKI-Message"), 0)]
    #[case::parameter(Some("application/x-pki-message; charset=utf-8"), 1)]
    #[case::other(Some("application/octet-stream"), 1)]
    #[case::none(None, 1)]
    fn another_content_type_is_reported(#[case] value: Option<&str>, #[case] count: usize) {
        let request =
            HttpRequest { content_type: value.map(str::to_owned), ..HttpRequest::post(vec![0x30, 0]) };
        let mut findings = Vec::new();
        let incoming = Incoming::receive(&request, &mut findings).unwrap();
        assert_eq!(incoming.message, Some(vec![0x30, 0]));
        assert_eq!(findings.iter().filter(|f| f.rule == Rule::ContentType).count(), count);
    }

    #[test]
    fn a_list_of_keywords_may_have_a_charset() {
        let response = HttpResponse::ok("text/plain; charset=utf-8", b"AES\n".to_vec());
        let mut findings = Vec::new();
        assert_eq!(
            (&*response.octets(Operation::GetCaCaps, &mut findings), findings.len()),
            (&b"AES\n"[..], 0)
        );
    }

    #[rstest]
    #[case::wrapped("MAMCAQcw\r\nAwIBBzADAgEH\r\n")]
    #[case::pem("-----BEGIN CMS-----\nMAMCAQcwAwIBBzADAgEH\n-----END CMS-----\n")]
    fn text_is_decoded_and_reported(#[case] text: &str) {
        let response = HttpResponse::ok("application/x-pki-message", text.as_bytes().to_vec());
        let mut findings = Vec::new();
        let octets = response.octets(Operation::PkiOperation, &mut findings).into_owned();
        assert_eq!((octets, findings.len()), ([0x30, 3, 2, 1, 7].repeat(3), 1));
        assert_eq!(findings[0].rule, Rule::TextBody);
    }
}
