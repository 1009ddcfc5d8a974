//! The URL of a SCEP server, taken apart once.

use std::fmt;

/// Path where a server listens that names none, RFC 8894 4.1.
const DEFAULT_PATH: &str = "/cgi-bin/pkiclient.exe";

/// How the connection is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// In clear: SCEP messages protect themselves.
    Http,
    /// In TLS.
    Https,
}

impl Scheme {
    /// As it stands in a URL.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// URL of a SCEP server: `http[s]://HOST[:PORT][/PATH][?QUERY]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerUrl {
    /// In clear or in TLS.
    pub scheme: Scheme,
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
#[error("expected http[s]://HOST[:PORT]/PATH, got `{text}`: {detail}")]
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
        let scheme = [Scheme::Http, Scheme::Https]
            .into_iter()
            .find(|known| scheme.eq_ignore_ascii_case(known.name()))
            .ok_or_else(|| bad("only http and https are supported"))?;
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
            _ => (authority, scheme.default_port()),
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
            scheme,
            host: host.to_owned(),
            port,
            authority: authority.to_owned(),
            path: if path.is_empty() { DEFAULT_PATH.to_owned() } else { path.to_owned() },
            query: query.filter(|query| !query.is_empty()),
        })
    }

    /// The URL that a redirect names: a whole one, or a path on the same server. None for anything else.
    #[must_use]
    pub fn join(&self, location: &str) -> Option<Self> {
        if location.starts_with('/') && !location.starts_with("//") {
            return Self::parse(&format!("{}://{}{location}", self.scheme.name(), self.authority)).ok();
        }
        Self::parse(location).ok()
    }

    /// Path and query of a request, as they stand in the request line.
    #[must_use]
    pub fn target(&self, query: &str) -> String {
        match &self.query {
            Some(own) if query.is_empty() => format!("{}?{own}", self.path),
            Some(own) => format!("{}?{own}&{query}", self.path),
            None if query.is_empty() => self.path.clone(),
            None => format!("{}?{query}", self.path),
        }
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme.name(), self.authority, self.path)?;
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
    #[case::tls("https://ca.example/scep", "ca.example", 443, "/scep?q")]
    fn a_url_is_taken_apart(#[case] text: &str, #[case] host: &str, #[case] port: u16, #[case] target: &str) {
        let url = ServerUrl::parse(text).unwrap();
        assert_eq!((url.host.as_str(), url.port, url.target("q").as_str()), (host, port, target));
    }

    #[test]
    fn a_url_that_is_fetched_as_it_stands_has_its_own_query_or_none() {
        for text in ["http://ca.example/ca.crl", "https://ca.example:444/get?name=ca.crl"] {
            let url = ServerUrl::parse(text).unwrap();
            assert_eq!(url.to_string(), text);
            assert!(text.ends_with(&url.target("")), "{}", url.target(""));
        }
    }

    #[rstest]
    #[case::scheme("ca.example/scep", "no scheme")]
    #[case::other("ftp://ca.example/scep", "only http and https")]
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
