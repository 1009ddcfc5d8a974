//! The register: normative statements as data, of RFC 8894 and of the suite itself.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::broken::Broken;
use super::case::Role;
use super::check::Origin;
use super::source::Source;
use crate::verdict::Level;

/// Schema of a register file.
pub(crate) const SCHEMA: &str = "sceptic/register/1";

/// Every requirement that a check can be tied to, by id.
#[derive(Debug, Clone, Default)]
pub struct Register {
    /// The rows.
    pub rows: BTreeMap<String, Requirement>,
}

/// One normative statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// Id: `8894-SECTION-WORDS`, or `S-WORDS` for one of the suite's own.
    pub id: String,
    /// Section of RFC 8894, or `suite`.
    pub section: String,
    /// How binding it is; nothing else decides whether a miss fails.
    pub level: Level,
    /// The word the RFC uses.
    pub keyword: Option<String>,
    /// Whom it binds.
    pub party: Party,
    /// What it says, in our words.
    pub statement: String,
    /// Whom a test of it can judge.
    pub testable: Testable,
    /// How it is tested.
    pub how: Option<String>,
    /// Why it is not.
    pub why_not: Option<String>,
    /// Why no case judges it yet, though one could.
    pub open: Option<String>,
    /// Abilities without which it does not apply.
    pub needs: Vec<String>,
    /// Other sections that say the same.
    pub also_in: Vec<String>,
    /// Related requirements.
    pub see: Vec<String>,
    /// Our reading, where the text leaves room.
    pub note: Option<String>,
    /// Where it is written.
    pub origin: Origin,
}

/// Whom a requirement binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Party {
    /// The server.
    Server,
    /// The client.
    Client,
    /// Each of them.
    Both,
    /// Whoever runs the CA; a server shows it.
    CaOperator,
}

/// Whom a test of a requirement can judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Testable {
    /// Servers.
    Server,
    /// Clients.
    Client,
    /// Each of them.
    Both,
    /// No outcome is wrong: which one it is, is recorded.
    Observe,
    /// Nobody.
    No,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRegister {
    #[serde(rename = "schema")]
    _schema: String,
    #[serde(default)]
    requirement: Vec<WrittenRequirement>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRequirement {
    id: String,
    section: Option<String>,
    level: Level,
    keyword: Option<String>,
    party: Party,
    statement: String,
    testable: Testable,
    how: Option<String>,
    why_not: Option<String>,
    open: Option<String>,
    #[serde(default)]
    needs: Vec<String>,
    #[serde(default)]
    also_in: Vec<String>,
    #[serde(default)]
    see: Vec<String>,
    note: Option<String>,
}

impl Register {
    /// The requirement with this id.
    #[must_use]
    pub fn requirement(&self, id: &str) -> Option<&Requirement> {
        self.rows.get(id)
    }

    /// The strictest level among these requirements. `None` when no id is known.
    #[must_use]
    pub fn strictest<'a>(&self, ids: impl IntoIterator<Item = &'a String>) -> Option<Level> {
        ids.into_iter().filter_map(|id| self.requirement(id)).map(|row| row.level).min()
    }
}

impl Requirement {
    /// True for a requirement of the suite's own, false for one of the RFC.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        self.id.starts_with("S-")
    }

    /// Why a case that judges this role cannot judge this requirement; `None` when it can.
    #[must_use]
    pub fn not_for(&self, role: Role) -> Option<&'static str> {
        match (self.testable, self.party, role) {
            (Testable::No, _, _) => Some("is not testable"),
            (Testable::Client, _, Role::Server) => Some("is testable on clients only"),
            (Testable::Server, _, Role::Client) => Some("is testable on servers only"),
            (Testable::Observe, Party::Client, Role::Server) => Some("binds clients only"),
            (Testable::Observe, Party::Server | Party::CaOperator, Role::Client) => {
                Some("binds servers only")
            }
            (Testable::Server | Testable::Client | Testable::Both | Testable::Observe, _, _) => None,
        }
    }
}

/// Reads a register file.
pub(crate) fn read(source: &Source) -> Result<Vec<Requirement>, Vec<Broken>> {
    let written: WrittenRegister = source.parse(SCHEMA)?;
    let mut broken = Vec::new();
    let mut rows = Vec::new();
    for (index, row) in written.requirement.into_iter().enumerate() {
        let mut refuse = |key: &str, message: String| {
            broken.push(source.at(&format!("requirement.{index}.{key}"), format!("{}: {message}", row.id)));
        };
        let ours = row.id.starts_with("S-");
        if !ours && !row.id.starts_with("8894-") {
            refuse("id", "a requirement's id starts with `8894-` or `S-`".to_owned());
        }
        if !ours && (row.section.is_none() || row.keyword.is_none()) {
            refuse("id", "a requirement of the RFC has `section` and `keyword`".to_owned());
        }
        match (row.testable, &row.why_not) {
            (Testable::No, None) => refuse("testable", "`testable = \"no\"` without `why_not`".to_owned()),
            (Testable::No, Some(_)) | (_, None) => {}
            (_, Some(_)) => refuse("why_not", "`why_not` goes with `testable = \"no\"`".to_owned()),
        }
        rows.push(Requirement {
            section: row.section.unwrap_or_else(|| "suite".to_owned()),
            id: row.id,
            level: row.level,
            keyword: row.keyword,
            party: row.party,
            statement: row.statement,
            testable: row.testable,
            how: row.how,
            why_not: row.why_not,
            open: row.open,
            needs: row.needs,
            also_in: row.also_in,
            see: row.see,
            note: row.note,
            origin: Origin { file: source.path.clone(), index },
        });
    }
    match broken.is_empty() {
        true => Ok(rows),
        false => Err(broken),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Result<Vec<Requirement>, String> {
        let text = format!("schema = \"sceptic/register/1\"\n{text}");
        let source = Source { path: "register/x.toml".into(), shown: "x.toml".into(), text };
        read(&source).map_err(|broken| broken.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    }

    fn row(id: &str, more: &str) -> String {
        format!("[[requirement]]\nid = \"{id}\"\nlevel = \"MUST\"\nstatement = \"s\"\n{more}\n")
    }

    #[test]
    fn a_row_of_our_own_has_no_section() {
        let rows = rows(&row("S-alive", "party = \"both\"\ntestable = \"both\"")).unwrap();
        assert_eq!(rows[0].section, "suite");
        assert!(rows[0].is_ours());
    }

    #[test]
    fn untestable_rows_say_why() {
        let no = row("S-x", "party = \"both\"\ntestable = \"no\"");
        assert_eq!(rows(&no).unwrap_err(), "x.toml:7:1: S-x: `testable = \"no\"` without `why_not`");
        let yes = row("S-x", "party = \"both\"\ntestable = \"both\"\nwhy_not = \"w\"");
        assert!(rows(&yes).unwrap_err().contains("`why_not` goes with"));
        assert!(
            rows(&row("8894-x", "party = \"both\"\ntestable = \"both\""))
                .unwrap_err()
                .contains("has `section`")
        );
    }

    #[test]
    fn who_can_be_judged_comes_from_testable_then_party() {
        for (party, testable, server, client) in [
            ("server", "server", true, false),
            ("client", "client", false, true),
            ("both", "both", true, true),
            ("both", "client", false, true),
            ("ca-operator", "observe", true, false),
            ("client", "observe", false, true),
        ] {
            let row = rows(&row("S-x", &format!("party = \"{party}\"\ntestable = \"{testable}\"")))
                .unwrap()
                .remove(0);
            assert_eq!(row.not_for(Role::Server).is_none(), server, "{party} {testable}");
            assert_eq!(row.not_for(Role::Client).is_none(), client, "{party} {testable}");
        }
    }

    #[test]
    fn the_strictest_level_decides() {
        let mut register = Register::default();
        for (id, level) in [("S-a", Level::May), ("S-b", Level::Should), ("S-c", Level::Must)] {
            let mut one = rows(&row(id, "party = \"both\"\ntestable = \"both\"")).unwrap().remove(0);
            one.level = level;
            register.rows.insert(id.into(), one);
        }
        let strictest =
            |ids: &[&str]| register.strictest(&ids.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(strictest(&["S-a", "S-b"]), Some(Level::Should));
        assert_eq!(strictest(&["S-b", "S-c", "S-a"]), Some(Level::Must));
        assert_eq!(strictest(&["S-z"]), None);
    }
}
