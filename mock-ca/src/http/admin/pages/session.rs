//! Login and logout, and the page that one sees first.

use hyper::StatusCode;
use hyper::header::SET_COOKIE;
use maud::html;

use super::super::AdminPort;
use super::super::call::{Call, Reply};
use super::super::token::Token;
use super::layout::{error, frame, with_status};
use super::page;

pub(super) fn login_form(mistake: &str) -> Reply {
    let content = html! {
        @if !mistake.is_empty() { (error(mistake)) }
        form method="post" action="/pages/login" {
            label { span { "Token, as printed at start" } input type="password" name="token" autofocus; }
            button { "Log in" }
        }
    };
    frame("Log in", &html! {}, &content)
}

pub(super) fn login(port: &AdminPort, call: &Call) -> Reply {
    if port.token.is(call.form().value("token").trim()) {
        Reply::see_other("/pages").with(SET_COOKIE, port.token.cookie(port.is_secure))
    } else {
        with_status(login_form("The token is wrong."), StatusCode::UNAUTHORIZED)
    }
}

pub(super) fn logout(_: &AdminPort, _: &Call, _: &[String]) -> Reply {
    Reply::see_other("/pages/login").with(SET_COOKIE, Token::no_cookie())
}

pub(super) fn overview(port: &AdminPort, _: &Call, _: &[String]) -> Reply {
    let ca = port.service.authority().issuing().certificate.clone();
    let pending = port.service.pending().map(|pending| pending.len());
    let content = html! {
        table {
            tr { th { "CA" } td { (ca.subject_text()) } }
            tr { th { "Expires" } td { @if let Some(end) = ca.not_after { (end) } } }
            tr { th { "Pending requests" } td {
                @match pending {
                    Ok(count) => a href="/pages/pending" { (count) },
                    Err(failed) => (failed),
                }
            } }
            tr { th { "Templates" } td { (port.service.templates().nicknames()) } }
            tr { th { "Faults" } td { (port.service.faults().len()) } }
            tr { th { "Laxities" } td { (port.service.laxities().join(", ")) } }
        }
        p { "The same by program: " a href="/openapi.json" { "OpenAPI description" } "." }
    };
    page(port, "Overview", &content)
}
