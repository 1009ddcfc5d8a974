//! A small suite for tests: one control with an axis, one case a change away from it, one client case.

use super::{BrokenData, Suite};

/// A check of a case, on step `enrol`.
pub(crate) const CHECK: &str = r#"[[check]]
id = "refused"
on = "enrol"
path = "reply.pkiStatus"
eq = "FAILURE"
req = ["S-server"]
else = "accepted"
killed_by = ["ca.lax"]
"#;

const BUNDLE: &str = r#"schema = "sceptic/bundle/1"
title = "An answer fits its request"
[[check]]
id = "nonce-echoed"
path = "reply.recipientNonce"
same = "request.senderNonce"
req = ["S-server"]
else = "nonce-not-echoed"
killed_by = ["ca.flip"]
"#;

const CA_MUTANTS: &str = r#"schema = "sceptic/mutants/1"
peer = "mock-ca"
[[mutant]]
id = "ca.flip"
fault = "f.one"
when = { message = "CertRep" }
[[mutant]]
id = "ca.lax"
laxity = "signature"
"#;

const CLIENT_MUTANTS: &str = r#"schema = "sceptic/mutants/1"
peer = "mock-client"
[[mutant]]
id = "client.lax"
laxity = "nonce"
"#;

const REGISTER: &str = r#"schema = "sceptic/register/1"
[[requirement]]
id = "S-server"
level = "MUST"
party = "server"
statement = "s"
testable = "server"
[[requirement]]
id = "S-client"
level = "MUST"
party = "client"
statement = "s"
testable = "client"
"#;

const ABILITIES: &str = r#"schema = "sceptic/abilities/1"
[[ability]]
id = "op.pkcsreq"
title = "t"
role = "server"
declared_by = "d"
default = "yes"
[[ability]]
id = "op.certpoll"
title = "t"
role = "server"
declared_by = "--can"
default = "no"
[[ability]]
id = "transport.get"
title = "t"
role = "server"
declared_by = "--can"
advertised_by = "GET"
default = "no"
[[ability]]
id = "client.enrol"
title = "t"
role = "client"
declared_by = "d"
default = "yes"
"#;

const SETUPS: &str = r#"schema = "sceptic/setups/1"
common = ["op.pkcsreq", "op.certpoll"]
[[setup]]
id = "plain"
title = "t"
key = "ca-rsa"
has = []
[[setup]]
id = "other"
title = "t"
key = "ca-rsa"
registration = "split"
has = ["transport.get"]
"#;

const CLIENT: &str = r#"tier = "smoke"
needs = ["client.enrol"]
timeout = "5s"
control = ["installed"]
[[step]]
id = "enrol"
do = "client-enrol"
[[check]]
id = "installed"
on = "enrol"
path = "run.installed"
eq = true
req = ["S-client"]
else = "not-installed"
killed_by = ["client.lax"]
"#;

const REFUSED: &str = r#"base = "srv.enrol.granted"
needs = ["op.certpoll"]
tier = "core"
[change]
step = "enrol"
fault = "f.one"
"#;

/// A case file: the head that every case has, and `text`.
pub(crate) fn case(text: &str) -> String {
    let since = if text.contains("since = ") { "" } else { "since = \"0.1\"\n" };
    format!("schema = \"sceptic/case/1\"\ntitle = \"a title\"\nwhy = \"w\"\n{since}{text}")
}

/// The file of the control `srv.enrol.granted`, with these axes.
pub(crate) fn granted(axes: &str) -> String {
    let head = "tier = \"smoke\"\nneeds = [\"op.pkcsreq\"]\ntimeout = \"10s\"\ncontrol = [\"granted\"]\n";
    let step = "[[step]]\nid = \"enrol\"\ndo = \"pkcs-req\"\nvia = \"{axes.via}\"\nchallenge = \"{subject.challenge}\"\n";
    let checks = "[[check]]\nuse = \"answer\"\non = \"enrol\"\n";
    let granted =
        CHECK.replace("refused", "granted").replace("FAILURE", "SUCCESS").replace("accepted", "not-granted");
    case(&format!("{head}[axes]\n{axes}\n{step}{checks}{granted}"))
}

/// Paths and texts of the sample's files.
pub(crate) fn files() -> Vec<(String, String)> {
    let axes = "via = { post = [], get = [\"transport.get\"] }";
    [
        ("cases/server/enrol/granted.toml", granted(axes)),
        ("cases/server/enrol/refused.toml", case(&format!("{REFUSED}{CHECK}"))),
        ("cases/client/enrol/granted.toml", case(CLIENT)),
        ("bundles/answer.toml", BUNDLE.to_owned()),
        ("mutants/ca.toml", CA_MUTANTS.to_owned()),
        ("mutants/client.toml", CLIENT_MUTANTS.to_owned()),
        ("register/suite.toml", REGISTER.to_owned()),
        ("register/abilities.toml", ABILITIES.to_owned()),
        ("register/setups.toml", SETUPS.to_owned()),
    ]
    .map(|(path, text)| (path.to_owned(), text))
    .to_vec()
}

/// The sample with more files, or other ones.
pub(crate) fn load(more: &[(&str, &str)]) -> Result<Suite, BrokenData> {
    let mut files = files();
    files.retain(|(path, _)| more.iter().all(|(other, _)| other != path));
    files.extend(more.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())));
    Suite::from_files(files)
}

/// The sample with more files, or other ones, none of them broken.
pub(crate) fn suite_with(more: &[(&str, &str)]) -> Suite {
    load(more).unwrap_or_else(|broken| panic!("{broken}"))
}

/// The sample.
pub(crate) fn suite() -> Suite {
    suite_with(&[])
}
