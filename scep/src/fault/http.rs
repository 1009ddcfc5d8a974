//! The last stage: an HTTP request or answer, its body written already, and how it is delivered.

use std::io::Write as _;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Deserialize;

use super::octets::{append, replace, replace_all, truncate};
use super::{Faults, Operator};
use crate::http::{Delivery, Framing, HttpRequest, HttpResponse, Method, Pace, Stop};

/// Operators on HTTP.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "op", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Http {
    /// An answer has another status code; the body stays.
    Status {
        /// The code.
        status: u16,
    },
    /// An answer sends the client elsewhere; it has no body.
    Redirect {
        /// The code.
        status: u16,
        /// Value of Location.
        location: String,
    },
    /// Another Content-Type; None leaves it out.
    ContentType {
        /// The value.
        value: Option<String>,
    },
    /// A further header field, also beside one of the same name.
    Header {
        /// Its name.
        name: String,
        /// Its value.
        value: String,
    },
    /// Another body.
    Body {
        /// Its text.
        text: String,
    },
    /// Only the first octets of the body remain.
    Truncate {
        /// How many in a thousand.
        permille: usize,
    },
    /// Octets after the end of the body.
    Append {
        /// The octets.
        hex: String,
    },
    /// A text in the body of an answer, or in the query of a request, is replaced, wherever it occurs.
    Replace {
        /// The text.
        from: String,
        /// What stands there instead.
        to: String,
    },
    /// The body is wrapped as PEM-like base64 text.
    Base64 {},
    /// The body is compressed.
    Gzip {
        /// Content-Encoding says so.
        header: bool,
    },
    /// A request goes by the other method.
    OtherMethod {},
    /// A request has a method of that name.
    Method {
        /// As written.
        name: String,
    },
    /// A request has another path.
    Path {
        /// The path.
        path: String,
    },
    /// A request has a longer path.
    PathSuffix {
        /// What follows the server's path.
        suffix: String,
    },
    /// A request has another HTTP version.
    Version {
        /// As written.
        version: String,
    },
    /// Content-Length is wrong.
    Length {
        /// By how many octets.
        add: i64,
    },
    /// There is no Content-Length: the body ends with the connection.
    UntilClose {},
    /// The body comes in chunks.
    Chunked {
        /// Octets of each but the last.
        size: usize,
    },
    /// The body comes slowly.
    Slow {
        /// Octets at once.
        octets: usize,
        /// Milliseconds between.
        pause: u64,
    },
    /// The connection ends too early.
    Close {
        /// Octets of the body that are sent, in a thousand; without it not even the head is.
        permille: Option<usize>,
    },
    /// The connection is reset too early.
    Reset {
        /// Octets of the body that are sent, in a thousand; without it not even the head is.
        permille: Option<usize>,
    },
}

impl Faults {
    /// An HTTP answer, its body written already.
    pub fn response(&mut self, response: &mut HttpResponse) {
        self.each(|operator| match operator {
            Operator::Http(operator) => operator.response(response),
            _ => false,
        });
    }

    /// An HTTP request, its body written already.
    pub fn request(&mut self, request: &mut HttpRequest) {
        self.each(|operator| match operator {
            Operator::Http(operator) => operator.request(request),
            _ => false,
        });
    }
}

/// The parts that requests and answers have in common.
struct Both<'a> {
    content_type: &'a mut Option<String>,
    headers: &'a mut Vec<(String, String)>,
    body: &'a mut Vec<u8>,
    delivery: &'a mut Delivery,
    has_body: bool,
}

impl Http {
    fn response(&self, response: &mut HttpResponse) -> bool {
        match self {
            Self::Status { status } => replace(&mut response.status, Some(*status)),
            Self::Redirect { status, location } => {
                response.headers.push(("location".to_owned(), location.clone()));
                (response.status, response.content_type, response.body) = (*status, None, Vec::new());
                true
            }
            Self::Body { text } => replace(&mut response.body, Some(text.clone().into_bytes())),
            Self::Replace { from, to } => {
                let body = replace_all(&response.body, from.as_bytes(), to.as_bytes());
                replace(&mut response.body, Some(body))
            }
            _ => self.both(Both {
                content_type: &mut response.content_type,
                headers: &mut response.headers,
                body: &mut response.body,
                delivery: &mut response.delivery,
                has_body: true,
            }),
        }
    }

    fn request(&self, request: &mut HttpRequest) -> bool {
        let line = &mut request.delivery.line;
        match self {
            Self::Replace { from, to } => {
                let query = request.query.replace(from, to);
                replace(&mut request.query, Some(query))
            }
            Self::OtherMethod {} => request.switch_method(),
            Self::Method { name } => replace(&mut line.method, Some(Some(name.clone()))),
            Self::Path { path } => replace(&mut line.path, Some(Some(path.clone()))),
            Self::PathSuffix { suffix } => replace(&mut line.path_suffix, Some(Some(suffix.clone()))),
            Self::Version { version } => replace(&mut line.version, Some(Some(version.clone()))),
            Self::Body { text } if request.method == Method::Post => {
                replace(&mut request.body, Some(text.clone().into_bytes()))
            }
            _ => self.both(Both {
                content_type: &mut request.content_type,
                headers: &mut request.headers,
                body: &mut request.body,
                delivery: &mut request.delivery,
                has_body: request.method == Method::Post,
            }),
        }
    }

    /// What is done alike to requests and answers; a request by GET has no body that could be changed.
    fn both(&self, both: Both<'_>) -> bool {
        let Both { content_type, headers, body, delivery, has_body } = both;
        match self {
            Self::ContentType { value } => replace(content_type, Some(value.clone())),
            Self::Header { name, value } => {
                headers.push((name.clone(), value.clone()));
                true
            }
            Self::Close { permille } => {
                replace(&mut delivery.stop, Some(Some(Stop { permille: *permille, reset: false })))
            }
            Self::Reset { permille } => {
                replace(&mut delivery.stop, Some(Some(Stop { permille: *permille, reset: true })))
            }
            _ if !has_body => false,
            Self::Truncate { permille } => truncate(body, *permille),
            Self::Append { hex } => append(body, hex),
            Self::Base64 {} => {
                let text = crate::certificate::pem("DATA", body);
                replace(body, Some(text.into_bytes()))
            }
            Self::Gzip { header } => {
                if *header {
                    headers.push(("content-encoding".to_owned(), "gzip".to_owned()));
                }
                replace(body, gzip(body))
            }
            Self::Length { add } => replace(&mut delivery.framing, Some(Framing::LengthOff(*add))),
            Self::UntilClose {} => replace(&mut delivery.framing, Some(Framing::UntilClose)),
            Self::Chunked { size } => replace(&mut delivery.framing, Some(Framing::Chunked(*size))),
            Self::Slow { octets, pause } => {
                let pace = Pace { octets: *octets, pause: Duration::from_millis(*pause) };
                replace(&mut delivery.pace, Some(Some(pace)))
            }
            // Of one side only.
            Self::Status { .. }
            | Self::Redirect { .. }
            | Self::Body { .. }
            | Self::Replace { .. }
            | Self::OtherMethod {}
            | Self::Method { .. }
            | Self::Path { .. }
            | Self::PathSuffix { .. }
            | Self::Version { .. } => false,
        }
    }
}

/// RFC 1952; no name and no time in it, so that equal bodies give equal octets.
fn gzip(body: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).ok()?;
    encoder.finish().ok()
}

#[cfg(test)]
mod tests {
    use crate::fault::{Faults, find};
    use crate::http::HttpResponse;

    fn faults(id: &str) -> Faults {
        Faults::new(vec![find(id).unwrap()])
    }

    #[test]
    fn a_text_that_does_not_occur_changes_nothing_in_a_body_that_is_no_text() {
        let mut response = HttpResponse::ok("application/x-pki-message", vec![0x30, 0x82, 0xff, 0x0a]);
        let before = response.clone();
        let mut lower_case = faults("caps.lower-case");
        lower_case.response(&mut response);
        assert_eq!((&response, lower_case.applied().len()), (&before, 0));
        // One that occurs is replaced, the octets around it stay.
        let mut commas = faults("caps.commas");
        commas.response(&mut response);
        assert_eq!((response.body, commas.applied().len()), (vec![0x30, 0x82, 0xff, b',', b' '], 1));
    }
}
