//! One-time passwords as Microsoft's NDES hands them out: a page behind basic authentication (any user name,
//! the token as password), whose words programs look for.

use hyper::StatusCode;
use hyper::header::WWW_AUTHENTICATE;
use maud::html;

use super::super::AdminPort;
use super::super::call::{Call, Reply};
use super::layout::frame;

/// Minutes for which a password is right: NDES' default.
const MINUTES: u64 = 60;

pub(super) fn answer(port: &AdminPort, call: &Call) -> Reply {
    let token = &port.token;
    let is_known = token.is_basic(&call.headers) || token.is_bearer(&call.headers);
    if !is_known {
        return Reply::error(StatusCode::UNAUTHORIZED, "expected the token as password")
            .with(WWW_AUTHENTICATE, "Basic realm=\"mock-ca\"");
    }
    if !call.is_get() {
        return Reply::error(StatusCode::METHOD_NOT_ALLOWED, "expected GET");
    }
    let ca = port.service.authority().issuing().certificate.clone();
    let thumbprint = ca.fingerprint(scep::suite::Digest::Sha1).unwrap_or_default();
    let thumbprint = hex::encode_upper(thumbprint);
    match port.service.one_time_challenge(None, MINUTES * 60) {
        Ok(challenge) => frame(
            "Network Device Enrollment Service",
            &html! {},
            &html! {
                p { "The thumbprint (hash value) for the CA certificate is: " b { (thumbprint) } }
                p { "The enrollment challenge password is: " b #challenge { (challenge) } }
                p { "This password can be used only once and will expire within " (MINUTES) " minutes." }
            },
        ),
        Err(why) => Reply::error(StatusCode::INTERNAL_SERVER_ERROR, why.to_string()),
    }
}
