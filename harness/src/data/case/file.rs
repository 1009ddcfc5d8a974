//! Case files as they are written, before their base and bundles are looked at.

use std::time::Duration;

use serde::Deserialize;

use super::{Change, MessageFilter, Repeat, Role, Served, Step, Tier};
use crate::data::axes::Axes;
use crate::data::broken::Broken;
use crate::data::check::{Entry, WrittenCheck};
use crate::data::reference::is_step_id;
use crate::data::source::Source;
use crate::data::time_limit;

/// Schema of a case file.
const SCHEMA: &str = "sceptic/case/1";

/// A case as its file has it, before its base and bundles are looked at.
#[derive(Debug, Clone)]
pub(crate) struct CaseFile {
    pub(crate) id: String,
    pub(crate) role: Role,
    pub(crate) file: String,
    pub(crate) title: String,
    pub(crate) why: String,
    pub(crate) since: String,
    pub(crate) tier: Option<Tier>,
    pub(crate) needs: Vec<String>,
    pub(crate) timeout: Option<Duration>,
    /// Base and change: never one without the other.
    pub(crate) base: Option<(String, Change)>,
    pub(crate) control: Vec<String>,
    pub(crate) vars: toml::Table,
    pub(crate) axes: Axes,
    pub(crate) steps: Vec<Step>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) aliases: Vec<String>,
    pub(crate) tags: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenCase {
    #[serde(rename = "schema")]
    _schema: String,
    title: String,
    why: String,
    since: String,
    base: Option<String>,
    tier: Option<Tier>,
    needs: Option<Vec<String>>,
    #[serde(default, deserialize_with = "time_limit::deserialize_option")]
    timeout: Option<Duration>,
    #[serde(default)]
    control: Vec<String>,
    #[serde(default)]
    vars: toml::Table,
    #[serde(default)]
    axes: toml::Table,
    #[serde(default)]
    step: Vec<toml::Table>,
    change: Option<WrittenChange>,
    #[serde(default)]
    check: Vec<WrittenCheck>,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    tags: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenChange {
    step: Option<String>,
    set: Option<toml::Table>,
    unset: Option<String>,
    fault: Option<String>,
    serve: Option<WrittenServe>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenServe {
    fault: String,
    message: Option<String>,
    status: Option<String>,
    to: Option<String>,
    nth: Option<u32>,
    operation: Option<String>,
}

impl CaseFile {
    /// Reads a case file; id and role come from its path.
    pub(crate) fn read(source: &Source) -> Result<Self, Vec<Broken>> {
        let (id, role) = id_of(&source.path).map_err(|message| vec![source.whole(message)])?;
        let written: WrittenCase = source.parse(SCHEMA)?;
        let mut broken = Vec::new();
        let no_step = written.step.is_empty();
        let mut steps = Vec::new();
        for (index, table) in written.step.into_iter().enumerate() {
            match read_step(table, index, source) {
                Ok(step) => steps.push(step),
                Err(one) => broken.push(one),
            }
        }
        let axes = Axes::read(&written.axes).map_err(|(key, message)| broken.push(source.at(&key, message)));
        let mut entries = Vec::new();
        for (index, check) in written.check.into_iter().enumerate() {
            match check.entry(source, index) {
                Ok(entry) => entries.push(entry),
                Err(more) => broken.extend(more),
            }
        }
        if entries.is_empty() && broken.is_empty() {
            broken.push(source.whole("a case without checks judges nothing"));
        }
        for (key, text) in [("title", &written.title), ("why", &written.why), ("since", &written.since)] {
            if text.trim().is_empty() {
                broken.push(source.at(key, format!("`{key}` is empty")));
            }
        }
        let base = match (written.base, written.change) {
            (Some(base), Some(change)) => {
                for (key, given) in [("step", !no_step), ("vars", !written.vars.is_empty())] {
                    if given {
                        let message =
                            format!("a case with `base` has no `{key}`: it differs by its [change] only");
                        broken.push(source.at(key, message));
                    }
                }
                change
                    .read(role)
                    .map_err(|(key, message)| broken.push(source.at(key, message)))
                    .ok()
                    .map(|c| (base, c))
            }
            (Some(_), None) => {
                broken.push(source.at("base", "a case with `base` has exactly one [change]"));
                None
            }
            (None, Some(_)) => {
                broken.push(source.at("change", "a [change] without `base`: from what?"));
                None
            }
            (None, None) => {
                for (key, missing) in [
                    ("tier", written.tier.is_none()),
                    ("needs", written.needs.is_none()),
                    ("timeout", written.timeout.is_none()),
                    ("step", no_step),
                    ("control", written.control.is_empty()),
                ] {
                    if missing {
                        broken.push(source.at(key, format!("a case without `base` needs `{key}`")));
                    }
                }
                None
            }
        };
        let Ok(axes) = axes else { return Err(broken) };
        match broken.is_empty() {
            false => Err(broken),
            true => Ok(Self {
                id,
                role,
                file: source.path.clone(),
                title: written.title,
                why: written.why,
                since: written.since,
                tier: written.tier,
                needs: written.needs.unwrap_or_default(),
                timeout: written.timeout,
                base,
                control: written.control,
                vars: written.vars,
                axes,
                steps,
                entries,
                aliases: written.aliases,
                tags: written.tags,
            }),
        }
    }
}

impl WrittenChange {
    fn read(self, role: Role) -> Result<Change, (&'static str, String)> {
        let given = [
            ("set", self.set.is_some()),
            ("unset", self.unset.is_some()),
            ("fault", self.fault.is_some()),
            ("serve", self.serve.is_some()),
        ];
        let given: Vec<&str> = given.iter().filter(|(_, given)| *given).map(|(key, _)| *key).collect();
        if given.len() != 1 {
            let found = if given.is_empty() { "none".to_owned() } else { given.join(", ") };
            return Err(("change", format!("a [change] is one of set, unset, fault, serve; found {found}")));
        }
        if let Some(serve) = self.serve {
            if self.step.is_some() {
                return Err((
                    "change.step",
                    "`serve` changes what our server answers, not a step".to_owned(),
                ));
            }
            if role == Role::Server {
                return Err((
                    "change.serve",
                    "`serve` in a server case: there the subject is the server".to_owned(),
                ));
            }
            let WrittenServe { fault, message, status, to, nth, operation } = serve;
            if nth == Some(0) {
                return Err(("change.serve.nth", "`nth` counts from 1".to_owned()));
            }
            let to = MessageFilter { message, status, to, nth, operation };
            return Ok(Change::Serve(Served { fault, to }));
        }
        let Some(step) = self.step else {
            return Err(("change", format!("a [change] with `{}` says which `step`", given.join(""))));
        };
        match (self.set, self.unset, self.fault) {
            (Some(set), _, _) => {
                let keys = set.len();
                match set.into_iter().next() {
                    Some((key, value)) if keys == 1 => Ok(Change::Set { step, key, value }),
                    _ => Err((
                        "change.set",
                        format!("`set` has {keys} keys, expected one: one mutation a case"),
                    )),
                }
            }
            (_, Some(key), _) => Ok(Change::Unset { step, key }),
            (_, _, Some(_)) if role == Role::Client => {
                let message = "`fault` on a step of a client case: our server's faults are `serve`";
                Err(("change.fault", message.to_owned()))
            }
            (_, _, Some(fault)) => Ok(Change::Fault { step, fault }),
            (None, None, None) => Err(("change", "a [change] that changes nothing".to_owned())),
        }
    }
}

/// Case id and role by the path from the data folder.
fn id_of(path: &str) -> Result<(String, Role), String> {
    let wrong = || "a case is cases/server/AREA/NAME.toml or cases/client/AREA/NAME.toml".to_owned();
    let rest = path.strip_prefix("cases/").and_then(|rest| rest.strip_suffix(".toml")).ok_or_else(wrong)?;
    let (role, rest) = match rest.split_once('/') {
        Some(("server", rest)) => (Role::Server, rest),
        Some(("client", rest)) => (Role::Client, rest),
        _ => return Err(wrong()),
    };
    let parts: Vec<&str> = rest.split('/').collect();
    let is_part = |part: &&str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    if !parts.iter().all(is_part) {
        return Err("folders and names of cases are lower-case letters, digits and dashes".to_owned());
    }
    if parts.len() < 2 {
        return Err(wrong());
    }
    Ok((format!("{}.{}", role.prefix(), parts.join(".")), role))
}

/// Step ids that the runner or templates already use.
const RESERVED: [&str; 8] = ["ca", "alive", "again", "axes", "vars", "subject", "saw", "out"];

fn read_step(mut table: toml::Table, index: usize, source: &Source) -> Result<Step, Broken> {
    let at = |key: &str, message: String| source.at(&format!("step.{index}.{key}"), message);
    let mut word = |key: &str| match table.remove(key) {
        Some(toml::Value::String(word)) => Ok(word),
        Some(_) => Err(at(key, format!("`{key}` of a step is a string"))),
        None => Err(at(key, format!("a step without `{key}`"))),
    };
    let id = word("id")?;
    let verb = word("do")?;
    if !is_step_id(&id) || RESERVED.contains(&id.as_str()) {
        return Err(at(
            "id",
            format!("step id `{id}` is reserved or not made of letters, digits and dashes"),
        ));
    }
    if table.contains_key("fault") {
        return Err(at("fault", "a fault belongs in the [change] of a case with `base`".to_owned()));
    }
    let repeat = match table.remove("repeat") {
        Some(value) => {
            let repeat: Repeat = value
                .try_into()
                .map_err(|error: toml::de::Error| at("repeat", format!("`repeat`: {}", error.message())))?;
            Some(repeat)
        }
        None => None,
    };
    Ok(Step { id, verb, parameters: table, repeat, faults: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &str, text: &str) -> Result<CaseFile, Vec<String>> {
        let text =
            format!("schema = \"sceptic/case/1\"\ntitle = \"t\"\nwhy = \"w\"\nsince = \"0.1\"\n{text}");
        let source = Source { path: path.into(), shown: path.into(), text };
        CaseFile::read(&source).map_err(|broken| broken.iter().map(ToString::to_string).collect())
    }

    fn refused(role: &str, text: &str) -> String {
        let check = "[[check]]\non = \"a\"\nuse = \"x\"\n";
        read(&format!("cases/{role}/x/y.toml"), &format!("{text}\n{check}")).unwrap_err().join("\n")
    }

    #[test]
    fn id_and_role_come_from_the_path() {
        for (path, id, role) in [
            ("cases/server/enrol/granted.toml", "srv.enrol.granted", Role::Server),
            ("cases/client/reply/wrong-nonce.toml", "cli.reply.wrong-nonce", Role::Client),
            ("cases/server/http/get/bad-base64.toml", "srv.http.get.bad-base64", Role::Server),
        ] {
            assert_eq!(id_of(path), Ok((id.to_owned(), role)));
        }
        for path in
            ["cases/server/granted.toml", "cases/pair/a/b.toml", "cases/server/Enrol/x.toml", "cases/x.toml"]
        {
            assert!(id_of(path).is_err(), "{path}");
        }
    }

    #[test]
    fn a_case_without_base_names_everything_that_is_missing() {
        let message = refused("server", "");
        for key in ["tier", "needs", "timeout", "step", "control"] {
            assert!(message.contains(&format!("needs `{key}`")), "{key}: {message}");
        }
    }

    #[test]
    fn base_and_change_come_together() {
        assert!(
            refused("server", "base = \"srv.a.b\"")
                .contains(":5:1: a case with `base` has exactly one [change]")
        );
        let message = refused("server", "[change]\nstep = \"a\"\nunset = \"b\"");
        assert!(message.contains(":5:2: a [change] without `base`"), "{message}");
    }

    #[test]
    fn one_change_is_one_mutation() {
        for (role, change, message) in [
            ("server", "step = \"a\"", "one of set, unset, fault, serve; found none"),
            ("server", "step = \"a\"\nunset = \"b\"\nfault = \"c\"", "found unset, fault"),
            ("server", "unset = \"b\"", "with `unset` says which `step`"),
            ("server", "step = \"a\"\nset = { b = 1, c = 2 }", "`set` has 2 keys, expected one"),
            ("server", "serve = { fault = \"f\" }", "there the subject is the server"),
            ("client", "step = \"a\"\nfault = \"f\"", "our server's faults are `serve`"),
            ("client", "serve = { fault = \"f\", nth = 0 }", "`nth` counts from 1"),
        ] {
            let found = refused(role, &format!("base = \"srv.a.b\"\n[change]\n{change}"));
            assert!(found.contains(message), "{change}: {found}");
        }
    }

    #[test]
    fn a_change_reads_as_words() {
        let text = "base = \"cli.a.b\"\n[change]\nserve = { fault = \"attr.x\", message = \"CertRep\", status = \"SUCCESS\", nth = 2 }\n[[check]]\non = \"a\"\nuse = \"x\"";
        let (_, change) = read("cases/client/a/c.toml", text).unwrap().base.unwrap();
        assert_eq!(change.to_string(), "our server applies attr.x to CertRep SUCCESS number 2");
    }

    #[test]
    fn a_step_has_no_fault_of_its_own_and_no_reserved_id() {
        let head = "tier = \"core\"\nneeds = []\ntimeout = \"1s\"\ncontrol = [\"x\"]\n";
        let with = |step: &str| refused("server", &format!("{head}[[step]]\n{step}"));
        assert!(with("id = \"ca\"\ndo = \"x\"").contains("step id `ca` is reserved"));
        assert!(with("id = \"a\"\ndo = \"x\"\nfault = \"f\"").contains("belongs in the [change]"));
        assert!(with("id = \"a\"").contains("a step without `do`"));
        assert!(
            with("id = \"a\"\ndo = \"x\"\nrepeat = { while = \"PENDING\" }")
                .contains("missing field `at_most`")
        );
    }

    #[test]
    fn an_unknown_key_is_refused_where_it_stands() {
        let message = refused("server", "tire = \"core\"");
        assert!(message.starts_with("cases/server/x/y.toml:5:1: unknown field `tire`"), "{message}");
    }
}
