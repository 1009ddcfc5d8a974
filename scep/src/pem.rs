//! PEM (RFC 7468): octets as base64 between two lines. They come out as they went in, which a library that
//! decodes them on the way does not promise.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::error::{Error, Result};
use crate::tlv::Source;

/// Labels under which certificates are found.
pub(crate) const CERTIFICATE: &[&str] = &["CERTIFICATE", "X509 CERTIFICATE"];

/// Labels under which CRLs are found.
pub(crate) const CRL: &[&str] = &["X509 CRL"];

/// The octets of every block with one of the labels, in order. Other blocks and text around are passed over.
///
/// # Errors
/// When a block has no end, or holds something else than base64.
pub(crate) fn read(text: &[u8], labels: &[&str]) -> Result<Vec<Vec<u8>>> {
    const BEGIN: &str = "-----BEGIN ";
    let whole = Source::message(text).place(0, text.len());
    let malformed = |detail: String| Error::Malformed { what: "PEM text", detail, at: whole };
    let text = String::from_utf8_lossy(text);
    let mut blocks = Vec::new();
    let mut rest = &*text;
    while let Some((_, block)) = rest.split_once(BEGIN) {
        let Some((label, after)) = block.split_once("-----").filter(|(label, _)| !label.contains('\n'))
        else {
            rest = block;
            continue;
        };
        rest = after;
        if !labels.contains(&label) {
            continue;
        }
        let end = format!("-----END {label}-----");
        let (body, next) =
            after.split_once(&end).ok_or_else(|| malformed(format!("expected `{end}`, got the end")))?;
        let base64: String = body.split_ascii_whitespace().collect();
        let octets =
            STANDARD.decode(base64).map_err(|e| malformed(format!("expected base64 under {label}: {e}")))?;
        blocks.push(octets);
        rest = next;
    }
    Ok(blocks)
}

#[cfg(test)]
mod tests {
    use super::{CERTIFICATE, read};

    #[test]
    fn blocks_come_out_in_order_and_others_are_passed_over() {
        let text = "subject=CN\n-----BEGIN X509 CERTIFICATE-----\r\nAQ\r\n==\r\n-----END X509 CERTIFICATE-----\n\
                    -----BEGIN PRIVATE KEY-----\nnothing\n-----END PRIVATE KEY-----\n\
                    -----BEGIN CERTIFICATE-----\nAgM=\n-----END CERTIFICATE-----";
        assert_eq!(read(text.as_bytes(), CERTIFICATE), Ok(vec![vec![1], vec![2, 3]]));
        assert_eq!(read(b"no PEM", CERTIFICATE), Ok(vec![]));
    }

    #[test]
    fn a_broken_block_is_an_error_that_says_what_was_expected() {
        for (text, expected) in [
            ("-----BEGIN CERTIFICATE-----\nAQ==\n", "expected `-----END CERTIFICATE-----`"),
            ("-----BEGIN CERTIFICATE-----\nA!==\n-----END CERTIFICATE-----", "expected base64"),
        ] {
            let error = read(text.as_bytes(), CERTIFICATE).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
