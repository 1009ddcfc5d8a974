//! Who may enrol: preregistration, its batches, devices, one-time challenges.

use maud::{Markup, html};

use super::super::AdminPort;
use super::super::api::registrar_status;
use super::super::call::{Call, Reply};
use super::layout::{done, error, field, form, search, segment, upload_form, with_status};
use super::{page, parameter};
use crate::device::DeviceForm;
use crate::preregistration::Form;
use crate::service::RegistrarError;

/// Seconds for which a one-time challenge is right when the form does not say.
const LIFETIME: u64 = 3600;

/// A page about something that was not done.
fn refused(port: &AdminPort, title: &str, why: &RegistrarError, rest: &Markup) -> Reply {
    let content = match why {
        RegistrarError::Batch(rows) => html! {
            (error(&match rows.len() {
                1 => "Nothing was imported: one row is bad.".to_owned(),
                count => format!("Nothing was imported: {count} rows are bad."),
            }))
            table {
                tr { th { "Line" } th { "What is wrong" } }
                @for row in rows { tr { td { (row.line) } td { (row.detail) } } }
            }
            (rest)
        },
        other => html! { (error(&other.to_string())) (rest) },
    };
    with_status(page(port, title, &content), registrar_status(why))
}

/// Templates to preregister with, as choices.
fn templates(port: &AdminPort, chosen: &str) -> Markup {
    html! {
        label { span { "Certificate template" } select name="template" {
            @for template in port.service.templates().iter().filter(|template| template.preregistration) {
                option value=(template.nickname) selected[template.nickname == chosen] { (template.title) }
            }
        } }
    }
}

fn preregistration(port: &AdminPort, filled: &Form) -> Markup {
    form(
        port,
        "/pages/preregister",
        &html! {
            (templates(port, &filled.template))
            (field("Client (device) name", "client_name", &filled.client_name))
            label { span { "Passphrase" } input type="password" name="passphrase" size="40"; }
            (field("Subject, e.g. O=lab,C=CH (optional)", "subject", &filled.subject))
            (field("Alternative names, e.g. DNS:r1.lab (optional)", "alternative_names", &filled.alternative_names))
            button { "Preregister" }
        },
    )
}

pub(super) fn preregister_form(port: &AdminPort, _: &Call, _: &[String]) -> Reply {
    page(port, "Preregister a client", &preregistration(port, &Form::default()))
}

pub(super) fn preregister(port: &AdminPort, call: &Call, _: &[String]) -> Reply {
    let values = call.form();
    let value = |name| values.value(name).to_owned();
    // Whatever else the form has is not looked at.
    let filled = Form {
        client_name: value("client_name"),
        passphrase: value("passphrase"),
        template: value("template"),
        subject: value("subject"),
        alternative_names: value("alternative_names"),
    };
    match port.service.preregister(&filled) {
        Ok(record) => {
            let words = format!("{} is preregistered, with template {}.", record.requestor, record.template);
            let again = preregistration(port, &Form::default());
            page(port, "Preregister a client", &html! { (done(&words)) (again) })
        }
        Err(why) => refused(port, "Preregister a client", &why, &preregistration(port, &filled)),
    }
}

fn batch(port: &AdminPort, text: &str) -> Markup {
    html! {
        p { "Comma separated values; the first line names the columns: "
            code { "client name,passphrase,template,subject,alternative names" }
            ". One bad row keeps all out." }
        (upload_form(port, "/pages/import", &html! {
            (templates(port, ""))
            label { span { "File, in place of the text below" } input type="file" name="file" accept=".csv,text/csv"; }
            textarea name="csv" aria-label="Comma separated values" { (text) }
            p { button { "Import" } }
        }))
    }
}

pub(super) fn import_form(port: &AdminPort, _: &Call, _: &[String]) -> Reply {
    page(port, "Import clients", &batch(port, ""))
}

pub(super) fn import(port: &AdminPort, call: &Call, _: &[String]) -> Reply {
    let values = call.form();
    // A browser sends the field of a file that was not chosen too, without octets.
    let text = if values.value("file").is_empty() { values.value("csv") } else { values.value("file") };
    match port.service.import(text, values.value("template")) {
        Ok(count) => {
            let words = format!("{count} clients are preregistered.");
            page(port, "Import clients", &html! { (done(&words)) (batch(port, "")) })
        }
        Err(why) => refused(port, "Import clients", &why, &batch(port, text)),
    }
}

pub(super) fn preregistrations(port: &AdminPort, call: &Call, _: &[String]) -> Reply {
    let contains = call.query("contains");
    let found = port.service.preregistrations(contains, call.query("after"));
    let title = "Preregistered clients";
    match found {
        Ok(records) => page(
            port,
            title,
            &html! {
                (search("/pages/preregistrations", contains))
                table {
                    tr { th { "Requestor" } th { "Template" } th { "Subject" } th { "Alternative names" } th { "Since" } th {} }
                    @for record in &records {
                        tr {
                            td { (record.requestor) }
                            td { (record.template) }
                            td { (record.subject.as_deref().unwrap_or("")) }
                            td { (record.alternative_names.as_deref().unwrap_or("")) }
                            td { (scep::UnixTime(record.since)) }
                            td { (form(
                                port,
                                &format!("/pages/preregistrations/{}/remove", segment(record.requestor.text())),
                                &html! { button { "Remove" } },
                            )) }
                        }
                    }
                }
            },
        ),
        Err(why) => refused(port, title, &why, &html! {}),
    }
}

pub(super) fn remove_preregistration(port: &AdminPort, _: &Call, values: &[String]) -> Reply {
    match port.service.remove_preregistration(parameter(values, 0)) {
        Ok(()) => Reply::see_other("/pages/preregistrations"),
        Err(why) => refused(port, "Preregistered clients", &why, &html! {}),
    }
}

fn device_page(port: &AdminPort, call: &Call, news: &Markup, filled: &DeviceForm) -> Reply {
    let contains = call.query("contains");
    let devices = match port.service.devices(contains, call.query("after")) {
        Ok(devices) => devices,
        Err(why) => return refused(port, "Devices", &why, &html! {}),
    };
    let new = form(
        port,
        "/pages/devices",
        &html! {
            (field("Manufacturer", "manufacturer", &filled.manufacturer))
            (field("Type", "type", &filled.device_type))
            (field("Model", "model", &filled.model))
            (field("Device id", "id", &filled.id))
            (field("Description", "description", &filled.description))
            label { span { "Certificate template" } select name="template" {
                option value="" { "that of everybody" }
                @for template in port.service.templates().iter() {
                    option value=(template.nickname) selected[template.nickname == filled.template] { (template.title) }
                }
            } }
            button { "Register" }
        },
    );
    page(
        port,
        "Devices",
        &html! {
            (news)
            (search("/pages/devices", contains))
            table {
                tr { th { "Id" } th { "Manufacturer" } th { "Type" } th { "Model" } th { "Description" } th { "Template" } th {} }
                @for device in &devices {
                    @let path = format!("/pages/devices/{}", segment(&device.form.id));
                    tr {
                        td { (device.form.id) }
                        td { (device.form.manufacturer) }
                        td { (device.form.device_type) }
                        td { (device.form.model) }
                        td { (device.form.description) }
                        td { (device.form.template) }
                        td {
                            (form(port, &format!("{path}/challenge"), &html! { button { "New challenge" } }))
                            (form(port, &format!("{path}/remove"), &html! { button { "Remove" } }))
                        }
                    }
                }
            }
            h2 { "Register a device" }
            (new)
        },
    )
}

pub(super) fn devices(port: &AdminPort, call: &Call, _: &[String]) -> Reply {
    device_page(port, call, &html! {}, &DeviceForm::default())
}

/// Shows a challengePassword: this once.
fn shown_once(what: &str, challenge: &str) -> Markup {
    html! {
        p.done role="status" {
            (what) " " code #challenge { (challenge) } " It is shown this once: copy it now."
        }
    }
}

pub(super) fn register_device(port: &AdminPort, call: &Call, _: &[String]) -> Reply {
    let values = call.form();
    let value = |name| values.value(name).to_owned();
    let filled = DeviceForm {
        manufacturer: value("manufacturer"),
        device_type: value("type"),
        model: value("model"),
        id: value("id"),
        description: value("description"),
        template: value("template"),
    };
    match port.service.register_device(&filled) {
        Ok((device, challenge)) => {
            let what = format!("{} is registered. Its challengePassword is", device.form.id);
            device_page(port, call, &shown_once(&what, &challenge), &DeviceForm::default())
        }
        Err(why) => {
            let reply = device_page(port, call, &error(&why.to_string()), &filled);
            with_status(reply, registrar_status(&why))
        }
    }
}

pub(super) fn renew_challenge(port: &AdminPort, call: &Call, values: &[String]) -> Reply {
    let id = parameter(values, 0);
    match port.service.renew_device_challenge(id) {
        Ok(challenge) => {
            let news = shown_once(&format!("The new challengePassword of {id} is"), &challenge);
            device_page(port, call, &news, &DeviceForm::default())
        }
        Err(why) => refused(port, "Devices", &why, &html! {}),
    }
}

pub(super) fn remove_device(port: &AdminPort, _: &Call, values: &[String]) -> Reply {
    match port.service.remove_device(parameter(values, 0)) {
        Ok(()) => Reply::see_other("/pages/devices"),
        Err(why) => refused(port, "Devices", &why, &html! {}),
    }
}

fn challenge_content(port: &AdminPort, subject: &str) -> Markup {
    form(
        port,
        "/pages/challenge",
        &html! {
            (field("Subject that it is for (optional)", "subject", subject))
            (field("Seconds until it expires", "lifetime", &LIFETIME.to_string()))
            button { "Make a one-time challengePassword" }
        },
    )
}

pub(super) fn challenge_form(port: &AdminPort, _: &Call, _: &[String]) -> Reply {
    page(port, "One-time challengePassword", &challenge_content(port, ""))
}

pub(super) fn make_challenge(port: &AdminPort, call: &Call, _: &[String]) -> Reply {
    const TITLE: &str = "One-time challengePassword";
    let values = call.form();
    let subject = values.value("subject").trim();
    let lifetime = values.value("lifetime").trim().parse().unwrap_or(LIFETIME);
    match port.service.one_time_challenge(Some(subject).filter(|text| !text.is_empty()), lifetime) {
        Ok(challenge) => {
            let news = shown_once("The challengePassword is", &challenge);
            page(port, TITLE, &html! { (news) (challenge_content(port, "")) })
        }
        Err(why) => refused(port, TITLE, &why, &challenge_content(port, subject)),
    }
}
