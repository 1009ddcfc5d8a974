//! Peer files as they are written: sides, operations, and the names in their templates.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, de::Error};

use super::{AllowInsecure, ClientPeer, Command, NAMES, Operation, Peer, ServerPeer, Side, Task, Version};
use crate::data::ability::Declaration;
use crate::data::broken::Broken;
use crate::data::case::Role;
use crate::data::source::Source;
use crate::data::template::Template;

/// Schema of a peer file.
const SCHEMA: &str = "sceptic/peer/1";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPeer {
    #[serde(rename = "schema")]
    _schema: String,
    name: String,
    title: String,
    role: Role,
    install: Option<String>,
    version: Option<Version>,
    allow_insecure: Option<AllowInsecure>,
    #[serde(default)]
    abilities: BTreeMap<String, Declaration>,
    server: Option<ServerPeer>,
    client: Option<ClientPeer>,
}

impl Peer {
    pub(crate) fn read(source: &Source) -> Result<Self, Vec<Broken>> {
        let written: WrittenPeer = source.parse(SCHEMA)?;
        let mut broken = Vec::new();
        if let Some(AllowInsecure { algorithms, because }) = &written.allow_insecure
            && (algorithms.is_empty() || because.trim().is_empty())
        {
            broken
                .push(source.at("allow_insecure", "`allow_insecure` names `algorithms` and says `because`"));
        }
        let side = match (written.role, written.server, written.client) {
            (Role::Server, Some(server), None) => Some(Side::Server(Box::new(server))),
            (Role::Client, None, Some(client)) => Some(Side::Client(Box::new(client))),
            (role, _, _) => {
                let word = role.word();
                broken.push(
                    source.at("role", format!("a {word} peer has a table [{word}], and no other side's")),
                );
                None
            }
        };
        for (operation, at) in side.iter().flat_map(operations) {
            for (outcome, rule) in &operation.outcome.0 {
                let unknown =
                    rule.file.iter().chain(&rule.no_file).find(|file| !operation.outputs.contains_key(*file));
                if let Some(file) = unknown {
                    let at = format!("{at}.outcome.{}", outcome.word());
                    broken.push(source.at(&at, format!("`{file}` is not one of this operation's outputs")));
                }
            }
        }
        let mut abilities = written.abilities;
        if let Some(Side::Client(client)) = &side {
            for message in tasks(client, &mut abilities) {
                broken.push(source.at("abilities", message));
            }
        }
        for (at, name) in side.iter().flat_map(unknown_names) {
            broken.push(source.at(&at, format!("`{{{name}}}` is no name of a peer file's templates")));
        }
        match (broken.is_empty(), side) {
            (true, Some(side)) => Ok(Self {
                name: written.name,
                title: written.title,
                install: written.install,
                version: written.version,
                allow_insecure: written.allow_insecure,
                abilities,
                side,
                file: source.shown.clone(),
            }),
            _ => Err(broken),
        }
    }
}

fn operations(side: &Side) -> Vec<(&Operation, &'static str)> {
    match side {
        Side::Server(_) => Vec::new(),
        Side::Client(client) => {
            let get_ca = client.get_ca.iter().map(|operation| (operation, "client.get_ca"));
            let tasks = Task::ALL.into_iter();
            tasks.filter_map(|task| Some((client.operation(task)?, task.table()))).chain(get_ca).collect()
        }
    }
}

/// A client that has a command can do what it is for; one without a command cannot, whatever it declares.
fn tasks(client: &ClientPeer, abilities: &mut BTreeMap<String, Declaration>) -> Vec<String> {
    let mut wrong = Vec::new();
    for task in Task::ALL {
        let table = task.table();
        match (client.operation(task), abilities.get(table)) {
            (Some(_), None) => {
                abilities.insert(table.to_owned(), Declaration { has: true, because: None });
            }
            (None, Some(Declaration { has: true, .. })) => {
                wrong.push(format!("`{table}` is declared, and there is no [{table}] with the command"));
            }
            _ => {}
        }
        if let Some(operation) = client.operation(task).filter(|_| task != Task::Enrol)
            && !operation.outputs.contains_key(task.brings())
        {
            wrong.push(format!("[{table}] names no output `{}`, which it is run for", task.brings()));
        }
    }
    wrong
}

/// Keys of a side whose templates use names that nobody fills in.
fn unknown_names(side: &Side) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut check = |at: &str, outputs: Option<&BTreeMap<String, Template>>, template: &Template| {
        for name in template.names() {
            let known = match name.scope.as_str() {
                "" => NAMES.iter().any(|(known, _)| *known == name.field),
                "out" => outputs.is_some_and(|outputs| outputs.contains_key(&name.field)),
                _ => false,
            };
            if !known {
                found.push((at.to_owned(), name.to_string()));
            }
        }
    };
    match side {
        Side::Server(server) => {
            check("server.url", None, &server.url);
            server.challenge.iter().for_each(|template| check("server.challenge", None, template));
            if let Some(start) = &server.start {
                let prepare = start.prepare.iter().flat_map(|command| &command.0);
                prepare.for_each(|template| check("server.start.prepare", None, template));
                start.command.0.iter().for_each(|template| check("server.start.cmd", None, template));
                start.env.values().for_each(|template| check("server.start.env", None, template));
            }
            let hooks = [
                ("server.operator.approve", &server.operator.approve),
                ("server.operator.reject", &server.operator.reject),
                ("server.operator.revoke", &server.operator.revoke),
            ];
            for (at, hook) in hooks {
                hook.iter().flat_map(|command| &command.0).for_each(|template| check(at, None, template));
            }
        }
        Side::Client(_) => {
            for (operation, at) in operations(side) {
                let outputs = Some(&operation.outputs);
                let prepare = operation.prepare.iter().flat_map(|command| &command.0);
                prepare.for_each(|template| check(&format!("{at}.prepare"), outputs, template));
                operation
                    .command
                    .0
                    .iter()
                    .for_each(|template| check(&format!("{at}.cmd"), outputs, template));
                operation.env.values().for_each(|template| check(&format!("{at}.env"), outputs, template));
                operation
                    .outputs
                    .values()
                    .for_each(|template| check(&format!("{at}.outputs"), None, template));
            }
        }
    }
    found
}

pub(super) fn template<'de, D: Deserializer<'de>>(from: D) -> Result<Template, D::Error> {
    Template::parse(&String::deserialize(from)?).map_err(D::Error::custom)
}

pub(super) fn some_template<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Template>, D::Error> {
    template(from).map(Some)
}

pub(super) fn templates<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, Template>, D::Error> {
    let texts = BTreeMap::<String, String>::deserialize(from)?;
    let parse = |(key, text): (String, String)| Ok((key, Template::parse(&text).map_err(D::Error::custom)?));
    texts.into_iter().map(parse).collect()
}

pub(super) fn command<'de, D: Deserializer<'de>>(from: D) -> Result<Command, D::Error> {
    read_command(Vec::deserialize(from)?).map_err(D::Error::custom)
}

pub(super) fn some_command<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Command>, D::Error> {
    command(from).map(Some)
}

pub(super) fn commands<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Command>, D::Error> {
    let texts = Vec::<Vec<String>>::deserialize(from)?;
    texts.into_iter().map(|words| read_command(words).map_err(D::Error::custom)).collect()
}

fn read_command(words: Vec<String>) -> Result<Command, String> {
    if words.first().is_none_or(String::is_empty) {
        return Err("a command is an array of a program and its arguments".to_owned());
    }
    words.iter().map(|word| Template::parse(word)).collect::<Result<_, _>>().map(Command)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::data::peer::{KeyFormat, Listens};

    const CLIENT: &str = r#"schema = "sceptic/peer/1"
name = "sscep"
title = "sscep"
role = "client"
version = { cmd = ["sscep"], match = 'version (\S+)', any_exit = true }
allow_insecure = { algorithms = ["des-cbc"], because = "speaks nothing else" }

[abilities]
"client.poll" = true
"client.renew" = { value = false, because = "needs -K and -O" }

[client]
key_origin = "harness"
key_format = "pkcs1"

[client.enrol]
cmd = ["sscep", "enroll", "-u", "{url}", "-k", "{key}", "-l", "{out.certificate}"]
timeout = "20s"
outputs = { certificate = "{dir}/cert.pem" }

[client.enrol.outcome]
installed = { exit = [0], file = "certificate" }
pending = { exit = [3] }
rejected = { says = "refused" }
"#;

    const SERVER: &str = r#"schema = "sceptic/peer/1"
name = "scepserver"
title = "scepserver"
role = "server"
install = "apt-get install scep"

[server]
url = "http://127.0.0.1:{port}/scep"
challenge = "secret"

[server.start]
prepare = [["scepserver", "ca", "-init", "-depot", "{dir}/depot"]]
cmd = ["scepserver", "-depot", "{dir}/depot", "-port", "{port}", "-challenge", "{challenge}"]
timeout = "10s"
listens = "everywhere"

[server.operator]
approve = ["./approve", "{transaction_id}"]
"#;

    fn read(text: &str) -> Result<Peer, String> {
        let source =
            Source { path: "peers/x/peer.toml".into(), shown: "peer.toml".into(), text: text.into() };
        Peer::read(&source)
            .map_err(|broken| broken.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    }

    #[test]
    fn a_client_is_read() {
        let peer = read(CLIENT).unwrap();
        let Side::Client(client) = &peer.side else { panic!("{peer:?}") };
        assert_eq!(client.enrol.timeout, Duration::from_secs(20));
        assert_eq!(client.key_format, KeyFormat::Pkcs1);
        assert!(!peer.abilities["client.renew"].has);
        let order: Vec<&str> = client.enrol.outcome.0.iter().map(|(outcome, _)| outcome.word()).collect();
        assert_eq!(order, ["installed", "pending", "rejected"], "in file order");
    }

    #[test]
    fn a_command_is_an_ability() {
        let declared = r#""client.renew" = { value = false, because = "needs -K and -O" }"#;
        let renew = "[client.renew]\ncmd = [\"sscep\", \"enroll\", \"-O\", \"{certificate}\"]\ntimeout = \"9s\"\noutcome = { rejected = { exit = [1] } }\n";
        let with = |outputs: &str| read(&format!("{}{renew}{outputs}", CLIENT.replace(declared, "")));
        let peer = with("outputs = { certificate = \"{dir}/new.pem\" }").unwrap();
        assert!(peer.abilities["client.renew"].has, "{:?}", peer.abilities);
        assert!(!peer.abilities.contains_key("client.getcert"));
        assert!(with("").unwrap_err().contains("[client.renew] names no output `certificate`"));
        let peer =
            read(&format!("{CLIENT}{renew}outputs = {{ certificate = \"{{dir}}/new.pem\" }}")).unwrap();
        assert!(!peer.abilities["client.renew"].has, "a declaration goes before the command");
    }

    #[test]
    fn a_server_is_read() {
        let peer = read(SERVER).unwrap();
        let Side::Server(server) = &peer.side else { panic!("{peer:?}") };
        assert_eq!(server.start.as_ref().unwrap().listens, Listens::Everywhere);
        assert!(server.operator.approve.is_some() && server.operator.reject.is_none());
    }

    #[test]
    fn mistakes_are_refused() {
        for (from, to, message) in [
            ("role = \"client\"", "role = \"server\"", "peer.toml:4:1: a server peer has a table [server]"),
            ("{url}", "{uri}", "`{uri}` is no name"),
            ("{out.certificate}", "{out.cert}", "`{out.cert}` is no name"),
            ("file = \"certificate\"", "file = \"cert\"", "`cert` is not one of this operation's outputs"),
            ("because = \"speaks nothing else\"", "because = \"\"", "says `because`"),
            ("\"des-cbc\"", "\"rot13\"", "unknown variant `rot13`"),
            ("\"20s\"", "\"soon\"", "time limit is `soon`"),
            ("[\"sscep\"]", "[]", "a command is an array of a program"),
            ("installed = {", "instaled = {", "instaled"),
            ("{ exit = [3] }", "{}", "an outcome needs"),
            (
                "{ value = false, because = \"needs -K and -O\" }",
                "true",
                "`client.renew` is declared, and there is no [client.renew]",
            ),
        ] {
            let found = read(&CLIENT.replace(from, to)).unwrap_err();
            assert!(found.contains(message), "{to}: {found}");
        }
    }
}
