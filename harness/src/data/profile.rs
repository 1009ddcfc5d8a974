//! Profiles: which cases make a run, how many at least, and which levels gate.

use serde::Deserialize;

use super::broken::Broken;
use super::case::{Case, Role, Tier};
use super::source::Source;
use crate::verdict::Level;

/// Schema of a profile file.
pub(crate) const SCHEMA: &str = "sceptic/profile/1";

/// Which cases, which gates, which floor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Name, also the stem of its file.
    pub name: String,
    /// Version; changes whenever the same subject could get another verdict.
    pub version: String,
    /// What it is for.
    pub title: String,
    /// Which side the subject is on.
    pub role: Role,
    /// Which of that role's cases.
    pub select: Select,
    /// Fewer executed cases than this are no run.
    pub floor: usize,
    /// Levels of which one miss makes the subject not conformant.
    pub gate: Vec<Level>,
    /// Path from the data folder.
    pub file: String,
}

/// Which of a role's cases belong to a profile.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Select {
    /// Their tiers.
    pub tiers: Vec<Tier>,
    /// Their areas, such as `srv.enrol`; `srv` is every area of servers.
    pub areas: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenProfile {
    #[serde(rename = "schema")]
    _schema: String,
    name: String,
    version: String,
    title: String,
    role: Role,
    select: Select,
    floor: usize,
    gate: Vec<Level>,
}

impl Profile {
    /// True when the case belongs to the profile.
    #[must_use]
    pub fn selects(&self, case: &Case) -> bool {
        let Select { tiers, areas } = &self.select;
        let in_area =
            |area: &String| case.id.strip_prefix(area.as_str()).is_some_and(|rest| rest.starts_with('.'));
        case.role == self.role && tiers.contains(&case.tier) && areas.iter().any(in_area)
    }

    pub(crate) fn read(source: &Source) -> Result<Self, Vec<Broken>> {
        let written: WrittenProfile = source.parse(SCHEMA)?;
        let WrittenProfile { name, version, title, role, select, floor, gate, .. } = written;
        let mut broken = Vec::new();
        if name != source.stem() {
            broken
                .push(source.at("name", format!("profile `{name}` is in a file named `{}`", source.stem())));
        }
        for (key, none) in
            [("select.tiers", select.tiers.is_empty()), ("select.areas", select.areas.is_empty())]
        {
            if none {
                broken.push(source.at(key, format!("`{key}` is empty: nothing would be selected")));
            }
        }
        if floor == 0 {
            broken.push(source.at("floor", "a floor of 0 lets a run of no case pass"));
        }
        if !gate.contains(&Level::Must) {
            broken.push(source.at("gate", "MUST always gates"));
        }
        if gate.contains(&Level::May) {
            broken.push(source.at("gate", "MAY never gates: it has no outcome that is wrong"));
        }
        match broken.is_empty() {
            true => Ok(Self { name, version, title, role, select, floor, gate, file: source.path.clone() }),
            false => Err(broken),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::sample;

    fn profile(text: &str) -> Result<Profile, String> {
        let text = format!(
            "schema = \"sceptic/profile/1\"\nversion = \"1\"\ntitle = \"t\"\nrole = \"server\"\n{text}"
        );
        let source = Source { path: "profiles/p.toml".into(), shown: "p.toml".into(), text };
        Profile::read(&source)
            .map_err(|broken| broken.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    }

    #[test]
    fn tiers_and_areas_select() {
        let suite = sample::suite();
        let granted = suite.case("srv.enrol.granted").unwrap();
        for (tiers, areas, selected) in [
            ("\"smoke\"", "\"srv\"", true),
            ("\"smoke\"", "\"srv.enrol\"", true),
            ("\"core\"", "\"srv\"", false),
            ("\"smoke\"", "\"srv.enr\"", false),
            ("\"smoke\"", "\"cli\"", false),
        ] {
            let text = format!(
                "name = \"p\"\nfloor = 1\ngate = [\"MUST\"]\n[select]\ntiers = [{tiers}]\nareas = [{areas}]"
            );
            assert_eq!(profile(&text).unwrap().selects(granted), selected, "{tiers} {areas}");
        }
    }

    #[test]
    fn a_profile_that_gates_nothing_is_refused() {
        let text = "name = \"q\"\nfloor = 0\ngate = [\"MAY\"]\n[select]\ntiers = []\nareas = []";
        let message = profile(text).unwrap_err();
        for part in [
            "file named `p`",
            "`select.tiers` is empty",
            "floor of 0",
            "MUST always gates",
            "MAY never gates",
        ] {
            assert!(message.contains(part), "{part}: {message}");
        }
    }
}
