//! Facts of HTTP, on both sides of an exchange.

use scep::Rule;

use super::{Fact, Find, Kind, Row};
use crate::transcript::Reply;

const ANSWER: &str = "an HTTP answer";
const REQUEST: &str = "a request";

pub(super) const ROWS: &[Row] = &[
    Row {
        path: "http.outcome",
        kind: Kind::Text,
        parent: REQUEST,
        doc: "`answered`, `refused`, `closed`, `timeout`, `not-http` or `unreachable`",
        find: Find::View(|view| match view.exchange.map(|(_, exchange, _)| &exchange.reply) {
            Some(Reply::Answered(_)) => Fact::text("answered"),
            Some(Reply::Failed { kind, .. }) => Fact::text(kind.clone()),
            Some(Reply::None) | None => Fact::missing("nothing was asked over HTTP"),
        }),
    },
    Row {
        path: "http.answer",
        kind: Kind::Number,
        parent: REQUEST,
        doc: "status code, or 0 when there is no HTTP answer: a server that is gone has this fact all the same",
        find: Find::View(|view| match view.exchange.map(|(_, exchange, _)| &exchange.reply) {
            Some(Reply::Answered(response)) => Fact::number(response.status),
            Some(Reply::Failed { .. }) => Fact::number(0),
            Some(Reply::None) | None => Fact::missing("nothing was asked over HTTP"),
        }),
    },
    Row {
        path: "http.status",
        kind: Kind::Number,
        parent: ANSWER,
        doc: "status code; data files may write a class such as `4xx`",
        find: Find::Http(|_, response| Fact::number(response.status)),
    },
    Row {
        path: "http.contentType",
        kind: Kind::Text,
        parent: ANSWER,
        doc: "media type in lower case, parameters cut off",
        find: Find::Http(|_, response| {
            Fact::from(header(&response.headers, "content-type").map(|value| {
                Fact::text(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
            }))
        }),
    },
    Row {
        path: "http.contentType.parameters",
        kind: Kind::Text,
        parent: ANSWER,
        doc: "parameters of the Content-Type; absent without any",
        find: Find::Http(|_, response| {
            let value = header(&response.headers, "content-type").and_then(|value| value.split_once(';'));
            Fact::from(value.map(|(_, parameters)| Fact::text(parameters.trim())))
        }),
    },
    Row {
        path: "http.length",
        kind: Kind::Number,
        parent: ANSWER,
        doc: "octets of the body",
        find: Find::Http(|_, response| Fact::number(response.body.len())),
    },
    Row {
        path: "http.firstByte",
        kind: Kind::Octets,
        parent: ANSWER,
        doc: "first octet of the body: 30 for DER; absent without a body",
        find: Find::Http(|_, response| {
            Fact::from(response.body.first().map(|octet| Fact::octets(&[*octet])))
        }),
    },
    Row {
        path: "query.method",
        kind: Kind::Text,
        parent: REQUEST,
        doc: "`GET` or `POST`",
        find: Find::View(|view| match view.exchange {
            Some((_, exchange, _)) => Fact::text(exchange.request.method.clone()),
            None => Fact::missing("the client sent nothing"),
        }),
    },
    Row {
        path: "query.text",
        kind: Kind::Text,
        parent: REQUEST,
        doc: "the query of the request, as sent; the value of `message` is replaced by `MESSAGE`",
        find: Find::View(|view| match view.exchange {
            Some((_, exchange, _)) => {
                Fact::from(exchange.request.target.split_once('?').map(|(_, query)| {
                    let cut = query
                        .split_once("message=")
                        .filter(|(before, _)| before.ends_with("operation=PKIOperation&"));
                    Fact::text(
                        cut.map_or_else(
                            || query.to_owned(),
                            |(before, _)| format!("{before}message=MESSAGE"),
                        ),
                    )
                }))
            }
            None => Fact::missing("the client sent nothing"),
        }),
    },
    Row {
        path: "query.encoding",
        kind: Kind::List,
        parent: REQUEST,
        doc: "ids of reader rules on base64 and percent-escapes that the `message` parameter departs from",
        find: Find::View(|view| match view.exchange {
            Some((_, _, decoded)) => {
                let rules = decoded.query_findings.iter().map(|finding| finding.rule);
                Fact::list(rules.filter(|rule| ENCODING.contains(rule)).map(Rule::id))
            }
            None => Fact::missing("the client sent nothing"),
        }),
    },
    Row {
        path: "query.findings",
        kind: Kind::List,
        parent: REQUEST,
        doc: "ids of reader rules that the query departs from",
        find: Find::View(|view| match view.exchange {
            Some((_, _, decoded)) => {
                Fact::list(decoded.query_findings.iter().map(|finding| finding.rule.id()))
            }
            None => Fact::missing("the client sent nothing"),
        }),
    },
    Row {
        path: "query.contentType",
        kind: Kind::Text,
        parent: "a POST request",
        doc: "media type of the request in lower case, parameters cut off",
        find: Find::View(|view| match view.exchange {
            Some((_, exchange, _)) if exchange.request.is_post() => {
                Fact::from(header(&exchange.request.headers, "content-type").map(|value| {
                    Fact::text(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
                }))
            }
            _ => Fact::missing("there is no POST request"),
        }),
    },
    Row {
        path: "query.firstByte",
        kind: Kind::Octets,
        parent: "a POST request",
        doc: "first octet of the request's body: 30 for BER; absent without a body",
        find: Find::View(|view| match view.exchange {
            Some((_, exchange, _)) if exchange.request.is_post() => {
                Fact::from(exchange.request.body.first().map(|octet| Fact::octets(&[*octet])))
            }
            _ => Fact::missing("there is no POST request"),
        }),
    },
];

/// Rules on the encoding of the `message` parameter, RFC 8894 4.1.
const ENCODING: [Rule; 6] = [
    Rule::Unescaped,
    Rule::SpaceForPlus,
    Rule::EscapedTwice,
    Rule::UrlSafeBase64,
    Rule::WrappedBase64,
    Rule::UnpaddedBase64,
];

fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}
