//! Pending requests, issued certificates, and the CA's rollover.

use maud::{Markup, html};

use super::super::AdminPort;
use super::super::api::operator_status;
use super::super::call::{Call, Reply};
use super::layout::{done, error, form, search, segment, with_status};
use super::{page, parameter};
use crate::service::{OperatorError, Verdict};

fn refused(port: &AdminPort, title: &str, why: &OperatorError) -> Reply {
    with_status(page(port, title, &error(&why.to_string())), operator_status(why))
}

pub(super) fn pending(port: &AdminPort, _: &Call, _: &[String]) -> Reply {
    const TITLE: &str = "Pending requests";
    match port.service.pending() {
        Ok(pending) => page(
            port,
            TITLE,
            &html! {
                @if pending.is_empty() { p { "No request waits." } }
                @else {
                    table {
                        tr { th { "Since" } th { "Subject" } th { "DNS names" } th { "Transaction" } th {} }
                        @for request in &pending {
                            @let id = request.transaction_id.to_string();
                            @let path = format!("/pages/pending/{}", segment(&id));
                            tr {
                                td { (request.since) }
                                td { (request.subject) }
                                td { (request.dns_names.join(", ")) }
                                td { code { (id) } }
                                td {
                                    (form(port, &format!("{path}/approve"), &html! { button { "Approve" } }))
                                    (form(port, &format!("{path}/reject"), &html! { button { "Reject" } }))
                                }
                            }
                        }
                    }
                }
            },
        ),
        Err(why) => refused(port, TITLE, &why),
    }
}

fn decide(port: &AdminPort, values: &[String], verdict: Verdict) -> Reply {
    match port.service.decide_pending(parameter(values, 0).as_bytes(), verdict) {
        Ok(()) => Reply::see_other("/pages/pending"),
        Err(why) => refused(port, "Pending requests", &why),
    }
}

pub(super) fn approve(port: &AdminPort, _: &Call, values: &[String]) -> Reply {
    decide(port, values, Verdict::Approve)
}

pub(super) fn reject(port: &AdminPort, _: &Call, values: &[String]) -> Reply {
    decide(port, values, Verdict::Reject)
}

/// Reasons of RFC 5280 5.3.1 that an operator has.
const REASONS: &[(u8, &str)] = &[
    (0, "unspecified"),
    (1, "keyCompromise"),
    (3, "affiliationChanged"),
    (4, "superseded"),
    (5, "cessationOfOperation"),
    (9, "privilegeWithdrawn"),
];

pub(super) fn list(port: &AdminPort, call: &Call, _: &[String]) -> Reply {
    const TITLE: &str = "Certificates";
    let contains = call.query("contains");
    match port.service.certificates(contains, call.query("after")) {
        Ok(certificates) => page(
            port,
            TITLE,
            &html! {
                (search("/pages/certificates", contains))
                table {
                    tr { th { "Serial" } th { "Subject" } th { "Issued" } th { "Expires" } th { "By" } th { "Revoked" } }
                    @for issued in &certificates {
                        @let record = &issued.record;
                        @let serial = record.certificate.serial_hex();
                        tr {
                            td { code { (serial) } }
                            td { (record.certificate.subject_text()) }
                            td { (record.issued) }
                            td { @if let Some(end) = record.certificate.not_after { (end) } }
                            td { (credential(&record.credential)) }
                            td {
                                @match record.revocation {
                                    Some(revocation) => { "since " (revocation.at) }
                                    None => (form(port, &format!("/pages/certificates/{serial}/revoke"), &html! {
                                        select name="reason" aria-label="Reason" {
                                            @for (code, name) in REASONS { option value=(code) { (name) } }
                                        }
                                        button { "Revoke" }
                                    })),
                                }
                            }
                        }
                    }
                }
            },
        ),
        Err(why) => refused(port, TITLE, &why),
    }
}

/// By what a certificate was authorised, in words.
fn credential(credential: &crate::ra::Credential) -> String {
    use crate::ra::Credential;
    match credential {
        Credential::Nothing => "the operator, or nothing".to_owned(),
        Credential::Challenge => "the challengePassword of everybody".to_owned(),
        Credential::OneTime { .. } => "a one-time challengePassword".to_owned(),
        Credential::Device { id } => format!("device {id}"),
        Credential::Preregistration { requestor } => format!("preregistration of {requestor}"),
        Credential::Template { nickname } => format!("the challengePassword of template {nickname}"),
        Credential::Hook => "the hook".to_owned(),
        Credential::Certificate { serial } => format!("renewal of {serial}"),
    }
}

pub(super) fn revoke(port: &AdminPort, call: &Call, values: &[String]) -> Reply {
    let form = call.form();
    let reason = REASONS.iter().map(|(code, _)| *code).find(|code| code.to_string() == form.value("reason"));
    match port.service.revoke_named(parameter(values, 0), reason) {
        Ok(()) => Reply::see_other("/pages/certificates"),
        Err(why) => refused(port, "Certificates", &why),
    }
}

fn generations(port: &AdminPort, news: &Markup) -> Reply {
    const TITLE: &str = "Rollover";
    match port.service.authority_summary() {
        Ok(generations) => {
            let has_next = generations.iter().any(|generation| generation.standing == "next");
            page(
                port,
                TITLE,
                &html! {
                    (news)
                    table {
                        tr { th { "Generation" } th { "Standing" } th { "Subject" } th { "Serial" } th { "Expires" } }
                        @for generation in &generations {
                            tr {
                                td { (generation.number) }
                                td { (generation.standing) }
                                td { (generation.subject) }
                                td { code { (generation.serial) } }
                                td { (generation.not_after.as_deref().unwrap_or("")) }
                            }
                        }
                    }
                    @if has_next {
                        (form(port, "/pages/rollover/switch", &html! { button { "Let the next CA take over" } }))
                    } @else {
                        (form(port, "/pages/rollover/prepare", &html! { button { "Prepare the next CA" } }))
                    }
                },
            )
        }
        Err(why) => refused(port, TITLE, &why),
    }
}

pub(super) fn rollover(port: &AdminPort, _: &Call, _: &[String]) -> Reply {
    generations(port, &html! {})
}

pub(super) fn prepare(port: &AdminPort, _: &Call, _: &[String]) -> Reply {
    match port.service.prepare_next() {
        Ok(()) => generations(port, &done("The next CA is prepared; GetNextCACert tells of it.")),
        Err(why) => refused(port, "Rollover", &why),
    }
}

pub(super) fn switch(port: &AdminPort, _: &Call, _: &[String]) -> Reply {
    match port.service.switch_to_next() {
        Ok(()) => generations(port, &done("The next CA has taken over.")),
        Err(why) => refused(port, "Rollover", &why),
    }
}
