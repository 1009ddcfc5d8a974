//! The URL of a server, taken apart.

use std::fmt;

/// Where a SCEP server is: `http://HOST[:PORT]/PATH`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Host name or address, without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Path, beginning with a slash, without a query.
    pub path: String,
}

impl Endpoint {
    /// Reads a URL.
    ///
    /// # Errors
    /// What is wrong with it, as a fragment.
    pub fn parse(url: &str) -> Result<Self, String> {
        let wrong = |why: &str| format!("`{url}` is no server URL: {why} (expected http://HOST[:PORT]/PATH)");
        let rest = match url.split_once("://") {
            Some(("http", rest)) => rest,
            Some(("https", _)) => return Err(wrong("https is not supported")),
            Some((scheme, _)) => return Err(wrong(&format!("the scheme is `{scheme}`"))),
            None => return Err(wrong("there is no scheme")),
        };
        let (authority, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
        if path.contains(['?', '#', ' ']) {
            return Err(wrong("the path has a query, a fragment or a space"));
        }
        let (host, port) = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((host, port)) => (host, port.strip_prefix(':')),
            None => authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))),
        };
        if host.is_empty() || host.contains('@') {
            return Err(wrong("there is no host name"));
        }
        let port = match port {
            None => 80,
            Some(text) => text.parse().map_err(|_| wrong(&format!("the port is `{text}`")))?,
        };
        Ok(Self { host: host.to_owned(), port, path: path.to_owned() })
    }

    /// `HOST:PORT` as a Host header has it.
    #[must_use]
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.port == 80 { host } else { format!("{host}:{}", self.port) }
    }

    /// True for the loopback range: only there public test keys are used.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost"
            || self.host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}{}", self.authority(), self.path)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::Endpoint;

    #[rstest]
    #[case::plain("http://127.0.0.1:8080/scep", "127.0.0.1", 8080, "/scep", true)]
    #[case::default_port(
        "http://ca.example/cgi-bin/pkiclient.exe",
        "ca.example",
        80,
        "/cgi-bin/pkiclient.exe",
        false
    )]
    #[case::no_path("http://localhost", "localhost", 80, "/", true)]
    #[case::ipv6("http://[::1]:9/x", "::1", 9, "/x", true)]
    fn urls_are_taken_apart(
        #[case] url: &str,
        #[case] host: &str,
        #[case] port: u16,
        #[case] path: &str,
        #[case] loopback: bool,
    ) {
        let endpoint = Endpoint::parse(url).unwrap();
        assert_eq!((endpoint.host.as_str(), endpoint.port, endpoint.path.as_str()), (host, port, path));
        assert_eq!(endpoint.is_loopback(), loopback);
    }

    #[rstest]
    #[case("127.0.0.1:8080/scep", "no scheme")]
    #[case("ftp://x/", "scheme is `ftp`")]
    #[case("http:///x", "no host")]
    #[case("http://x:y/", "port is `y`")]
    #[case("http://x/?operation=GetCACaps", "has a query")]
    fn other_urls_are_refused_with_the_reason(#[case] url: &str, #[case] why: &str) {
        assert!(Endpoint::parse(url).unwrap_err().contains(why));
    }
}
