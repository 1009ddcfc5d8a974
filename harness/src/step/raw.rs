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
        (None, Some(hex)) => {
            hex::decode(hex).ok().ok_or_else(|| call.wrong("`hex` is no even number of hex digits"))?
        }
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
