//! Selection: from the words of the command line to case instances.

use crate::data::{Case, Instance, Profile, Role, Suite, Tier, glob, nearest};

/// What filters choose from.
#[derive(Debug, Clone, Copy)]
pub enum Pool<'a> {
    /// Every case.
    All,
    /// The cases of one role.
    Role(Role),
    /// The cases of a profile. A case of its role that is named by its id is chosen all the same.
    Profile(&'a Profile),
}

/// A filter that matches nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("filter `{filter}` {why}")]
pub struct UnknownFilter {
    /// The filter as given.
    pub filter: String,
    /// What is wrong with it, with the nearest words that are known.
    pub why: String,
}

enum Word<'a> {
    /// Case id, instance id, area, or a pattern of these.
    Id(&'a str),
    Tier(Tier),
    Requirement(&'a str),
    Tag(&'a str),
}

/// The instances that the filters choose from the pool; all of it when no filter chooses.
///
/// A filter is an id (`srv.enrol.granted`, `srv.enrol.granted[via=get]`), an area (`srv.enrol`), a pattern with
/// `*`, `tier:WORD`, `req:ID` or `tag:WORD`, the last two with `*` too. Several choose together. With `not:` before
/// it, a filter takes away from what the others choose.
///
/// # Errors
///
/// The first filter that matches nothing: a misspelt filter must not look like a run without failures.
pub fn select(suite: &Suite, pool: Pool<'_>, filters: &[String]) -> Result<Vec<Instance>, UnknownFilter> {
    let mut choose = Vec::new();
    let mut leave = Vec::new();
    for filter in filters {
        match filter.strip_prefix("not:") {
            Some(word) => leave.push(known(suite, pool, filter, word)?),
            None => choose.push(known(suite, pool, filter, filter)?),
        }
    }
    let chosen = |case: &Case, instance: &Instance| match choose.is_empty() {
        true => pool.holds(case),
        false => choose.iter().any(|word| {
            word.matches(case, instance)
                && (pool.holds(case) || (pool.allows(case) && word.names(case, instance)))
        }),
    };
    let instances =
        suite.cases.values().flat_map(|case| case.instances().into_iter().map(move |one| (case, one)));
    let chosen = instances.filter(|(case, instance)| {
        chosen(case, instance) && !leave.iter().any(|word| word.matches(case, instance))
    });
    Ok(chosen.map(|(_, instance)| instance).collect())
}

/// The filter's word, which matches something in the pool.
fn known<'a>(suite: &Suite, pool: Pool<'_>, filter: &str, word: &'a str) -> Result<Word<'a>, UnknownFilter> {
    let unknown = |why: String| UnknownFilter { filter: filter.to_owned(), why };
    let parsed = Word::parse(word).map_err(unknown)?;
    let matched: Vec<&Case> = suite
        .cases
        .values()
        .filter(|case| case.instances().iter().any(|instance| parsed.matches(case, instance)))
        .collect();
    let named = |case: &&&Case| case.instances().iter().any(|instance| parsed.names(case, instance));
    if matched.is_empty() {
        return Err(unknown(format!("matches nothing{}", parsed.near(suite))));
    }
    if matched.iter().any(|case| pool.holds(case))
        || matched.iter().filter(named).any(|case| pool.allows(case))
    {
        return Ok(parsed);
    }
    let why = match (pool, matched.iter().any(|case| pool.allows(case))) {
        (Pool::Profile(profile), true) => format!("matches no case of profile {}", profile.name),
        (Pool::Profile(&Profile { role, .. }) | Pool::Role(role), _) => {
            format!("matches no {} case, and this run tests a {}", role.word(), role.word())
        }
        (Pool::All, _) => "matches nothing".to_owned(),
    };
    Err(unknown(why))
}

impl Pool<'_> {
    /// True for cases that are chosen without being named.
    fn holds(self, case: &Case) -> bool {
        match self {
            Self::Profile(profile) => profile.selects(case),
            Self::All | Self::Role(_) => self.allows(case),
        }
    }

    /// True for cases that can be chosen.
    fn allows(self, case: &Case) -> bool {
        match self {
            Self::All => true,
            Self::Role(role) | Self::Profile(&Profile { role, .. }) => case.role == role,
        }
    }
}

impl<'a> Word<'a> {
    fn parse(word: &'a str) -> Result<Self, String> {
        let tiers = [Tier::Smoke, Tier::Core, Tier::Extended];
        match word.split_once(':') {
            None => Ok(Self::Id(word)),
            Some(("tier", word)) => {
                let tier = tiers.into_iter().find(|tier| tier.word() == word);
                tier.map(Self::Tier).ok_or_else(|| "is no tier: smoke, core or extended".to_owned())
            }
            Some(("req", id)) => Ok(Self::Requirement(id)),
            Some(("tag", word)) => Ok(Self::Tag(word)),
            Some((kind, _)) => Err(format!("has an unknown kind `{kind}:`, expected tier:, req: or tag:")),
        }
    }

    fn matches(&self, case: &Case, instance: &Instance) -> bool {
        match self {
            Self::Id(word) => {
                let in_area = case.id.strip_prefix(word).is_some_and(|rest| rest.starts_with('.'));
                self.names(case, instance) || in_area || glob(word, &case.id) || glob(word, &instance.id)
            }
            Self::Tier(tier) => case.tier == *tier,
            Self::Requirement(id) => {
                case.checks.iter().flat_map(|check| &check.claim.req).any(|req| glob(id, req))
            }
            Self::Tag(word) => case.tags.iter().any(|tag| glob(word, tag)),
        }
    }

    /// True when the word is the case's or the instance's id, in full.
    fn names(&self, case: &Case, instance: &Instance) -> bool {
        let Self::Id(word) = self else { return false };
        let (id, axes) = word.find('[').map_or((*word, ""), |at| word.split_at(at));
        let is_case = case.id == id || case.aliases.iter().any(|alias| alias == id);
        is_case && (axes.is_empty() || instance.id.strip_prefix(case.id.as_str()) == Some(axes))
    }

    fn near(&self, suite: &Suite) -> String {
        let near: Vec<String> = match self {
            Self::Id(word) => {
                let instances: Vec<String> = suite.instances().map(|instance| instance.id).collect();
                let areas = suite.cases.values().map(Case::area);
                let near = nearest(word, instances.iter().map(String::as_str).chain(areas), 3);
                near.into_iter().map(str::to_owned).collect()
            }
            Self::Requirement(id) => {
                let checks = suite.cases.values().flat_map(|case| &case.checks);
                let tied = checks.flat_map(|check| check.claim.req.iter().map(String::as_str));
                nearest(id, tied, 3).into_iter().map(|id| format!("req:{id}")).collect()
            }
            Self::Tag(word) => {
                let tags = suite.cases.values().flat_map(|case| case.tags.iter().map(String::as_str));
                nearest(word, tags, 3).into_iter().map(|tag| format!("tag:{tag}")).collect()
            }
            Self::Tier(_) => Vec::new(),
        };
        match near.is_empty() {
            true => "; `sceptic list` shows every case".to_owned(),
            false => format!("; nearest: {}", near.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::sample;

    const PROFILE: &str = "schema = \"sceptic/profile/1\"\nname = \"p\"\nversion = \"1\"\ntitle = \"t\"\nrole = \"server\"\nfloor = 1\ngate = [\"MUST\"]\n[select]\ntiers = [\"smoke\"]\nareas = [\"srv\"]\n";
    const GRANTED: &str = "srv.enrol.granted";
    const GET: &str = "srv.enrol.granted[via=get]";
    const REFUSED: &str = "srv.enrol.refused";
    const CLIENT: &str = "cli.enrol.granted";

    fn ids(pool: Pool<'_>, filters: &[&str]) -> Result<Vec<String>, String> {
        let filters: Vec<String> = filters.iter().map(ToString::to_string).collect();
        let selected = select(&sample::suite(), pool, &filters).map_err(|error| error.to_string())?;
        Ok(selected.into_iter().map(|instance| instance.id).collect())
    }

    #[test]
    fn filters_choose() {
        for (filters, expected) in [
            (&[][..], &[CLIENT, GRANTED, GET, REFUSED][..]),
            (&[GRANTED], &[GRANTED, GET]),
            (&[GET], &[GET]),
            (&["srv.enrol"], &[GRANTED, GET, REFUSED]),
            (&["*.granted"], &[CLIENT, GRANTED, GET]),
            (&["*=get]"], &[GET]),
            (&["*granted*"], &[CLIENT, GRANTED, GET]),
            (&["tier:core"], &[REFUSED]),
            (&["req:S-client"], &[CLIENT]),
            (&["req:S-*"], &[CLIENT, GRANTED, GET, REFUSED]),
            (&["tier:core", "cli"], &[CLIENT, REFUSED]),
            (&["srv", "not:srv.enrol.refused"], &[GRANTED, GET]),
            (&["not:tier:smoke"], &[REFUSED]),
            (&["not:*[via=get]", "srv"], &[GRANTED, REFUSED]),
        ] {
            assert_eq!(ids(Pool::All, filters).unwrap(), expected, "{filters:?}");
        }
    }

    #[test]
    fn an_unknown_filter_names_the_nearest() {
        for (filter, message) in [
            ("srv.enrol.grented", "filter `srv.enrol.grented` matches nothing; nearest: srv.enrol.granted"),
            (
                "not:srv.enrol.grented",
                "filter `not:srv.enrol.grented` matches nothing; nearest: srv.enrol.granted",
            ),
            ("refused", "filter `refused` matches nothing; nearest: srv.enrol.refused"),
            ("srv.enrl", "filter `srv.enrl` matches nothing; nearest: srv.enrol"),
            ("req:S-servr", "filter `req:S-servr` matches nothing; nearest: req:S-server"),
            ("zzzzzzzz", "filter `zzzzzzzz` matches nothing; `sceptic list` shows every case"),
            ("tier:smok", "filter `tier:smok` is no tier: smoke, core or extended"),
            ("level:must", "filter `level:must` has an unknown kind `level:`, expected tier:, req: or tag:"),
        ] {
            assert_eq!(ids(Pool::All, &[filter]).unwrap_err(), message);
        }
    }

    #[test]
    fn a_role_keeps_the_other_side_out() {
        assert_eq!(ids(Pool::Role(Role::Client), &[]).unwrap(), [CLIENT]);
        let message = ids(Pool::Role(Role::Client), &["srv.enrol"]).unwrap_err();
        assert_eq!(message, "filter `srv.enrol` matches no client case, and this run tests a client");
    }

    #[test]
    fn a_profile_holds_its_tiers_and_an_id_reaches_beyond() {
        let suite = sample::suite_with(&[("profiles/p.toml", PROFILE)]);
        let pool = Pool::Profile(&suite.profiles["p"]);
        assert_eq!(ids(pool, &[]).unwrap(), [GRANTED, GET]);
        assert_eq!(ids(pool, &["srv"]).unwrap(), [GRANTED, GET]);
        assert_eq!(ids(pool, &[REFUSED]).unwrap(), [REFUSED]);
        assert_eq!(ids(pool, &["tier:core"]).unwrap_err(), "filter `tier:core` matches no case of profile p");
        assert!(ids(pool, &[CLIENT]).unwrap_err().contains("this run tests a server"));
    }

    #[test]
    fn an_old_id_still_selects() {
        let text = sample::granted("via = { post = [], get = [] }").replacen(
            "tier",
            "aliases = [\"srv.old\"]\ntier",
            1,
        );
        let suite = sample::suite_with(&[("cases/server/enrol/granted.toml", &text)]);
        let selected = select(&suite, Pool::All, &["srv.old[via=get]".to_owned()]).unwrap();
        assert_eq!(selected.into_iter().map(|instance| instance.id).collect::<Vec<_>>(), [GET]);
    }
}
