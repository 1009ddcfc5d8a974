//! The URL of a SCEP server, taken apart once.

use std::fmt;

/// Path where a server listens that names none, RFC 8894 4.1.
const DEFAULT_PATH: &str = "/cgi-bin/pkiclient.exe";

/// URL of a SCEP server: `http://HOST[:PORT][/PATH][?QUERY]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerUrl {
    /// Host name or address, without the brackets of an IPv6 address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Value of the Host header field.
    pub authority: String,
    path: String,
    query: Option<String>,
}

/// The text is no URL of a SCEP server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected http://HOST[:PORT]/PATH, got `{text}`: {detail}")]
pub struct BadUrl {
    text: String,
    detail: &'static str,
}

impl ServerUrl {
    /// Takes the text apart. Without a path it is the one of RFC 8894 4.1.
    ///
    /// # Errors
    /// When it is another scheme, or has no host or no usable port.
    pub fn parse(text: &str) -> Result<Self, BadUrl> {
        let bad = |detail| BadUrl { text: text.to_owned(), detail };
        let (scheme, rest) = text.split_once("://").ok_or_else(|| bad("no scheme"))?;
        if !scheme.eq_ignore_ascii_case("http") {
            return Err(bad("SCEP messages protect themselves, only http is supported"));
        }
        if !rest.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(bad("blanks and other than ASCII must be percent-escaped"));
        }
        let rest = rest.split('#').next().unwrap_or_default();
        let (authority, path_and_query) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err(bad("user names are not supported"));
        }
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (
                host,
                port.parse().ok().filter(|port| *port != 0).ok_or_else(|| bad("the port is no number"))?,
            ),
            _ => (authority, 80),
        };
        let is_address = host.starts_with('[') && host.ends_with(']');
        let host = if is_address { host.trim_matches(['[', ']']) } else { host };
        if host.is_empty() || (!is_address && host.contains(':')) {
            return Err(bad("no host"));
        }
        let (path, query) = match path_and_query.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (path_and_query, None),
        };
        Ok(Self {
            host: host.to_owned(),
            port,
            authority: authority.to_owned(),
            path: if path.is_empty() { DEFAULT_PATH.to_owned() } else { path.to_owned() },
            query: query.filter(|query| !query.is_empty()),
        })
    }

    /// Path and query of a request, as they stand in the request line.
    #[must_use]
    pub fn target(&self, query: &str) -> String {
        match &self.query {
            Some(own) => format!("{}?{own}&{query}", self.path),
            None => format!("{}?{query}", self.path),
        }
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}{}", self.authority, self.path)?;
        self.query.iter().try_for_each(|query| write!(f, "?{query}"))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::ServerUrl;

    #[rstest]
    #[case::plain("http://ca.example/scep", "ca.example", 80, "/scep?q")]
    #[case::port("HTTP://ca.example:8080/scep", "ca.example", 8080, "/scep?q")]
    #[case::address("http://[::1]:9100/scep", "::1", 9100, "/scep?q")]
    #[case::address_alone("http://[::1]/scep", "::1", 80, "/scep?q")]
    #[case::no_path("http://ca.example", "ca.example", 80, "/cgi-bin/pkiclient.exe?q")]
    #[case::root("http://ca.example/", "ca.example", 80, "/?q")]
    #[case::query("http://ca.example/scep?id=1", "ca.example", 80, "/scep?id=1&q")]
    #[case::fragment("http://ca.example/scep#x", "ca.example", 80, "/scep?q")]
    fn a_url_is_taken_apart(#[case] text: &str, #[case] host: &str, #[case] port: u16, #[case] target: &str) {
        let url = ServerUrl::parse(text).unwrap();
        assert_eq!((url.host.as_str(), url.port, url.target("q").as_str()), (host, port, target));
    }

    #[rstest]
    #[case::scheme("ca.example/scep", "no scheme")]
    #[case::tls("https://ca.example/scep", "only http")]
    #[case::host("http:///scep", "no host")]
    #[case::port("http://ca.example:x/scep", "port")]
    #[case::port_zero("http://ca.example:0/scep", "port")]
    #[case::brackets("http://::1/scep", "no host")]
    #[case::blank("http://ca.example/a b", "blanks")]
    #[case::user("http://me@ca.example/", "user names")]
    fn what_is_no_url_is_refused_with_the_reason(#[case] text: &str, #[case] says: &str) {
        let error = ServerUrl::parse(text).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
}
