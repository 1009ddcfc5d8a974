//! Pages for people: plain HTML that needs no JavaScript, rendered here.
//!
//! A page is shown to whoever logged in with the token, which sets a cookie. A form is taken when it has the
//! form key too, which another site's page cannot know.

mod behaviour;
mod certificates;
mod clients;
mod layout;
mod ndes;
mod session;
mod transcript;

use hyper::Method;

use super::AdminPort;
use super::call::{Call, Reply};
use layout::{notice, page};

/// What there is to see or to do.
struct Page {
    method: Method,
    path: &'static str,
    handle: fn(&AdminPort, &Call, &[String]) -> Reply,
}

const fn show(path: &'static str, handle: fn(&AdminPort, &Call, &[String]) -> Reply) -> Page {
    Page { method: Method::GET, path, handle }
}

const fn act(path: &'static str, handle: fn(&AdminPort, &Call, &[String]) -> Reply) -> Page {
    Page { method: Method::POST, path, handle }
}

const PAGES: &[Page] = &[
    show("/pages", session::overview),
    act("/pages/logout", session::logout),
    show("/pages/preregister", clients::preregister_form),
    act("/pages/preregister", clients::preregister),
    show("/pages/import", clients::import_form),
    act("/pages/import", clients::import),
    show("/pages/preregistrations", clients::preregistrations),
    act("/pages/preregistrations/{name}/remove", clients::remove_preregistration),
    show("/pages/devices", clients::devices),
    act("/pages/devices", clients::register_device),
    act("/pages/devices/{id}/challenge", clients::renew_challenge),
    act("/pages/devices/{id}/remove", clients::remove_device),
    show("/pages/challenge", clients::challenge_form),
    act("/pages/challenge", clients::make_challenge),
    show("/pages/pending", certificates::pending),
    act("/pages/pending/{id}/approve", certificates::approve),
    act("/pages/pending/{id}/reject", certificates::reject),
    show("/pages/certificates", certificates::list),
    act("/pages/certificates/{serial}/revoke", certificates::revoke),
    show("/pages/rollover", certificates::rollover),
    act("/pages/rollover/prepare", certificates::prepare),
    act("/pages/rollover/switch", certificates::switch),
    show("/pages/behaviour", behaviour::show),
    act("/pages/behaviour/faults", behaviour::add_fault),
    act("/pages/behaviour/faults/clear", behaviour::clear_faults),
    act("/pages/behaviour/laxities", behaviour::set_laxities),
    show("/pages/transcript", transcript::list),
    show("/pages/audit", transcript::audit),
];

/// The answer to a call for a page; None for everything else.
pub(super) fn answer(port: &AdminPort, call: &Call) -> Option<Reply> {
    if call.matches("/certsrv/mscep_admin").is_some() {
        return Some(ndes::answer(port, call));
    }
    if call.path() != "/pages" && !call.path().starts_with("/pages/") {
        return None;
    }
    Some(match call.path() {
        "/pages/style.css" => Reply::text("text/css", include_str!("pages/style.css")),
        "/pages/login" if call.is_get() => session::login_form(""),
        "/pages/login" => session::login(port, call),
        _ if !port.token.is_in_cookie(&call.headers) => Reply::see_other("/pages/login"),
        _ if !call.is_get() && !port.token.is_form_key(call.form().value("key")) => {
            let words = "The form is not of this server, or of a login that is over. Load the page again.";
            let mut reply = notice("Not done", words);
            reply.status = hyper::StatusCode::FORBIDDEN;
            reply
        }
        _ => find(port, call).unwrap_or_else(|| {
            let mut reply = notice("Not found", "There is no such page.");
            reply.status = hyper::StatusCode::NOT_FOUND;
            reply
        }),
    })
}

fn find(port: &AdminPort, call: &Call) -> Option<Reply> {
    PAGES
        .iter()
        .filter(|page| page.method == call.method)
        .find_map(|page| call.matches(page.path).map(|values| (page.handle)(port, call, &values)))
}

fn parameter(values: &[String], index: usize) -> &str {
    values.get(index).map_or("", String::as_str)
}
