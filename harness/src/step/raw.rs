//! Any HTTP request.

use super::Call;
use super::stage::Stage;
use crate::runner::Error;
use crate::transcript::Request;

/// Sends what the parameters say.
pub(super) async fn http(stage: &mut Stage<'_>, call: &Call) -> Result<(), Error> {
    let method = call.text("method").unwrap_or("GET").to_owned();
    let body = match (call.parameters.get("garbage").and_then(toml::Value::as_integer), call.text("hex")) {
        (Some(length), _) => {
            let length =
                usize::try_from(length).map_err(|_| call.wrong("`garbage` is a number of octets"))?;
            stage.random(length)
        }
        (None, Some(hex)) => unhex(hex).ok_or_else(|| call.wrong("`hex` is no even number of hex digits"))?,
        (None, None) => Vec::new(),
    };
    let target = stage.target(call.text("query").unwrap_or_default());
    let mut headers = Vec::new();
    if method == "POST" {
        let content_type = call.text("content-type").unwrap_or(scep::http::PKI_MESSAGE);
        headers.push(("content-type".to_owned(), content_type.to_owned()));
    }
    stage.send(&call.id, Request { method, target, headers, body }, None, None).await;
    Ok(())
}

fn unhex(hex: &str) -> Option<Vec<u8>> {
    if !hex.len().is_multiple_of(2) {
        return None;
    }
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()).collect()
}
