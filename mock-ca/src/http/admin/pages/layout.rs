//! What all pages have: the frame, the headers, forms with their key.

use hyper::StatusCode;
use hyper::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use maud::{DOCTYPE, Markup, html};

use super::super::AdminPort;
use super::super::call::Reply;

/// Nothing but our own style sheet is loaded, no script runs, forms go to this server, nobody frames a page.
const POLICY: &str = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'";

const LINKS: &[(&str, &str)] = &[
    ("/pages", "Overview"),
    ("/pages/preregister", "Preregister"),
    ("/pages/import", "Import"),
    ("/pages/preregistrations", "Clients"),
    ("/pages/devices", "Devices"),
    ("/pages/challenge", "One-time"),
    ("/pages/pending", "Pending"),
    ("/pages/certificates", "Certificates"),
    ("/pages/rollover", "Rollover"),
    ("/pages/behaviour", "Faults"),
    ("/pages/transcript", "Transcript"),
    ("/pages/audit", "Audit"),
];

/// A page for somebody who is logged in.
pub(super) fn page(port: &AdminPort, title: &str, content: &Markup) -> Reply {
    let navigation = html! {
        nav {
            @for (path, name) in LINKS { a href=(path) { (name) } }
            (form(port, "/pages/logout", &html! { button { "Log out" } }))
        }
    };
    frame(title, &navigation, content)
}

/// A page of a few words for anybody.
pub(super) fn notice(title: &str, words: &str) -> Reply {
    frame(title, &html! {}, &html! { p { (words) } p { a href="/pages" { "Overview" } } })
}

pub(super) fn frame(title: &str, navigation: &Markup, content: &Markup) -> Reply {
    let html = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                title { (title) " - mock-ca" }
                link rel="stylesheet" href="/pages/style.css";
            }
            body {
                header { strong { "mock-ca, for tests only " } (navigation) }
                main { h1 { (title) } (content) }
            }
        }
    };
    Reply::text("text/html; charset=utf-8", html.into_string())
        .with(CONTENT_SECURITY_POLICY, POLICY)
        .with(X_CONTENT_TYPE_OPTIONS, "nosniff")
        .with(REFERRER_POLICY, "no-referrer")
        // A page may show a challengePassword.
        .with(CACHE_CONTROL, "no-store")
}

/// A form with its key.
pub(super) fn form(port: &AdminPort, action: &str, content: &Markup) -> Markup {
    form_in(port, action, "application/x-www-form-urlencoded", content)
}

/// A form with its key that can send a file.
pub(super) fn upload_form(port: &AdminPort, action: &str, content: &Markup) -> Markup {
    form_in(port, action, "multipart/form-data", content)
}

fn form_in(port: &AdminPort, action: &str, encoding: &str, content: &Markup) -> Markup {
    html! {
        form method="post" action=(action) enctype=(encoding) {
            input type="hidden" name="key" value=(port.token.form_key());
            (content)
        }
    }
}

/// A labelled field.
pub(super) fn field(label: &str, name: &str, value: &str) -> Markup {
    html! { label { span { (label) } input name=(name) value=(value) size="40"; } }
}

/// A field to search a list by.
pub(super) fn search(path: &str, value: &str) -> Markup {
    html! {
        form method="get" action=(path) {
            label { span { "Search" } input type="search" name="contains" value=(value); button { "Search" } }
        }
    }
}

/// That something was not done, and why.
pub(super) fn error(words: &str) -> Markup {
    html! { p.error role="alert" { (words) } }
}

/// That something was done.
pub(super) fn done(words: &str) -> Markup {
    html! { p.done role="status" { (words) } }
}

/// A page with the status of what was not done.
pub(super) fn with_status(mut reply: Reply, status: StatusCode) -> Reply {
    reply.status = status;
    reply
}

/// A segment of a path, percent-encoded.
pub(super) fn segment(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}
