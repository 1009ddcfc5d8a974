//! What the admin port asks for: the token itself, or what a login makes of it.

use std::fmt;

use hyper::header::{AUTHORIZATION, COOKIE, HeaderMap};
use openssl::memcmp;
use openssl::sha::sha256;
use rand_core::RngCore;

/// The secret of the admin port. It prints as nothing.
#[derive(Clone)]
pub(crate) struct Token(String);

/// Name of the cookie of the pages.
const COOKIE_NAME: &str = "mock-ca-session";

impl Token {
    /// A token that the operator chose.
    pub(crate) fn chosen(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// 128 random bits in hex.
    pub(crate) fn random(rng: &mut dyn RngCore) -> Self {
        let mut octets = [0; 16];
        rng.fill_bytes(&mut octets);
        Self(hex::encode(octets))
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    /// True for the token. Digests have one length, and take equal time to compare.
    pub(super) fn is(&self, given: &str) -> bool {
        equal(given, &self.0)
    }

    /// True when the request has it as a bearer token.
    pub(super) fn is_bearer(&self, headers: &HeaderMap) -> bool {
        authorization(headers, "Bearer ").is_some_and(|given| self.is(&given))
    }

    /// True when the request has it as the password of basic authentication, under any name.
    pub(super) fn is_basic(&self, headers: &HeaderMap) -> bool {
        let password = || {
            let decoded = openssl::base64::decode_block(&authorization(headers, "Basic ")?).ok()?;
            let text = String::from_utf8(decoded).ok()?;
            Some(text.split_once(':')?.1.to_owned())
        };
        password().is_some_and(|password| self.is(&password))
    }

    /// The cookie that a login sets. It is worth nothing without the token, and nothing after the token
    /// changes; a browser keeps a Secure one to HTTPS, so that a port in clear must not say so.
    pub(super) fn cookie(&self, is_secure: bool) -> String {
        let secure = if is_secure { "; Secure" } else { "" };
        format!("{COOKIE_NAME}={}; Path=/; HttpOnly; SameSite=Strict{secure}", self.derived("session"))
    }

    /// The cookie that ends a login.
    pub(super) fn no_cookie() -> String {
        format!("{COOKIE_NAME}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0")
    }

    /// True when the request has the cookie.
    pub(super) fn is_in_cookie(&self, headers: &HeaderMap) -> bool {
        let own = self.derived("session");
        let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        cookies
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .any(|(name, value)| name == COOKIE_NAME && equal(value, &own))
    }

    /// What every form of the pages has to send back: another site's page does not know it.
    pub(super) fn form_key(&self) -> String {
        self.derived("form")
    }

    /// True for the form key.
    pub(super) fn is_form_key(&self, given: &str) -> bool {
        equal(given, &self.derived("form"))
    }

    fn derived(&self, purpose: &str) -> String {
        // The token has one length and no secret is appended to: a plain digest is enough.
        hex::encode(sha256(format!("{purpose} {}", self.0).as_bytes()))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(redacted)")
    }
}

fn authorization(headers: &HeaderMap, scheme: &str) -> Option<String> {
    let given = headers.get(AUTHORIZATION)?.to_str().ok()?;
    Some(given.strip_prefix(scheme)?.trim().to_owned())
}

fn equal(one: &str, other: &str) -> bool {
    memcmp::eq(&sha256(one.as_bytes()), &sha256(other.as_bytes()))
}
