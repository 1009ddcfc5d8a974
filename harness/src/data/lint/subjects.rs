//! Lint of profiles, peers and expectations: what they say of cases, checks, abilities and requirements.

use super::{Linter, instances};
use crate::data::ability::AbilityRole;
use crate::data::case::Role;
use crate::data::expectations::Expectation;
use crate::data::nearest::did_you_mean;
use crate::data::register::Requirement;

impl Linter<'_> {
    pub(super) fn subjects(&mut self) {
        self.profiles();
        self.peers();
        let suite = self.suite;
        let instances = instances(suite);
        for (peer, expectations) in &suite.expectations {
            let file = format!("peers/{peer}/expectations.toml");
            if &expectations.subject != peer {
                let message =
                    format!("expectations of `{}` lie in the folder of `{peer}`", expectations.subject);
                self.refuse(&file, "subject", message);
            }
            for (index, entry) in expectations.entries.iter().enumerate() {
                self.expectation(&file, index, entry, &instances);
            }
        }
    }

    fn profiles(&mut self) {
        let suite = self.suite;
        for profile in suite.profiles.values() {
            for (i, area) in profile.select.areas.iter().enumerate() {
                let inside =
                    |id: &String| id.strip_prefix(area.as_str()).is_some_and(|rest| rest.starts_with('.'));
                if !suite.cases.keys().any(inside) {
                    self.refuse(
                        &profile.file,
                        &format!("select.areas.{i}"),
                        format!("no case is in area `{area}`"),
                    );
                }
            }
            let selected = suite.cases.values().filter(|case| profile.selects(case));
            let most: usize = selected.map(|case| case.instances().len()).sum();
            if profile.floor > most {
                let message =
                    format!("the floor is {}, and only {most} case instances are selected", profile.floor);
                self.refuse(&profile.file, "floor", message);
            }
        }
    }

    fn peers(&mut self) {
        let suite = self.suite;
        for peer in suite.peers.values() {
            let file = format!("peers/{}/peer.toml", peer.name);
            for id in peer.abilities.keys() {
                match suite.abilities.get(id) {
                    None => {
                        let near = did_you_mean(id, suite.abilities.keys().map(String::as_str));
                        self.refuse(&file, "abilities", format!("unknown ability `{id}`{near}"));
                    }
                    Some(ability) => match (ability.role, peer.role()) {
                        (AbilityRole::Server, Role::Client) | (AbilityRole::Client, Role::Server) => {
                            let message = format!("`{id}` is no ability of a {}", peer.role().word());
                            self.refuse(&file, "abilities", message);
                        }
                        (AbilityRole::Server | AbilityRole::Both, Role::Server)
                        | (AbilityRole::Client | AbilityRole::Both, Role::Client) => {}
                    },
                }
            }
        }
    }

    fn expectation(&mut self, file: &str, index: usize, entry: &Expectation, instances: &[(String, String)]) {
        let suite = self.suite;
        let at = |key: &str| format!("expect.{index}.{key}");
        let about: Vec<_> = instances
            .iter()
            .filter(|(instance, case)| entry.is_about(case, instance))
            .filter_map(|(_, case)| suite.cases.get(case))
            .collect();
        if about.is_empty() {
            let near = did_you_mean(&entry.case, instances.iter().map(|(instance, _)| instance.as_str()));
            return self.refuse(file, &at("case"), format!("no case `{}`{near}", entry.case));
        }
        let checks: Vec<_> =
            about.iter().flat_map(|case| &case.checks).filter(|check| check.id == entry.check).collect();
        if checks.is_empty() {
            let known = about.iter().flat_map(|case| &case.checks).map(|check| check.id.as_str());
            let near = did_you_mean(&entry.check, known);
            let message = format!("no check `{}` in `{}`{near}", entry.check, entry.case);
            return self.refuse(file, &at("check"), message);
        }
        let reasons = || {
            checks.iter().flat_map(|check| {
                let alternatives = check.claim.or.iter().map(|or| or.reason.as_str());
                std::iter::once(check.claim.reason.as_str()).chain(alternatives)
            })
        };
        if !reasons().any(|reason| reason == entry.reason) {
            let near = did_you_mean(&entry.reason, reasons());
            let message = format!("check `{}` never gives the reason `{}`{near}", entry.check, entry.reason);
            self.refuse(file, &at("reason"), message);
        }
        for (i, req) in entry.req.iter().enumerate() {
            if !checks.iter().any(|check| check.claim.req.contains(req)) {
                let message = format!("check `{}` is not tied to `{req}`", entry.check);
                self.refuse(file, &at(&format!("req.{i}")), message);
            }
        }
        let rows: Vec<_> = entry.req.iter().filter_map(|req| suite.register.requirement(req)).collect();
        let is_cited =
            |row: &Requirement| row.section == entry.section || row.also_in.contains(&entry.section);
        if !rows.is_empty() && !rows.iter().any(|row| row.is_ours() || is_cited(row)) {
            let sections: Vec<&str> = rows.iter().map(|row| row.section.as_str()).collect();
            let message =
                format!("section is {}, and the requirement is in {}", entry.section, sections.join(", "));
            self.refuse(file, &at("section"), message);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::data::lint::tests::linted;

    const PEER: &str = "schema = \"sceptic/peer/1\"\nname = \"x\"\ntitle = \"t\"\nrole = \"server\"\n[abilities]\n\"op.certpoll\" = false\n[server]\nurl = \"http://h/\"\n";
    const PROFILE: &str = "schema = \"sceptic/profile/1\"\nname = \"p\"\nversion = \"1\"\ntitle = \"t\"\nrole = \"server\"\nfloor = 3\ngate = [\"MUST\"]\n[select]\ntiers = [\"smoke\", \"core\"]\nareas = [\"srv\"]\n";
    const EXPECT: &str = "schema = \"sceptic/expectations/1\"\nsubject = \"x\"\nversion = \"1\"\n[[expect]]\ncase = \"srv.enrol.refused\"\ncheck = \"refused\"\nresult = \"fail\"\nreason = \"accepted\"\nbecause = \"b\"\nreq = [\"S-server\"]\nsection = \"3.2\"\nevidence = \"peer.toml\"\nopenssl = \"o\"\nowner = \"lab\"\nsince = 2026-11-21\n";

    #[track_caller]
    fn check(path: &str, text: &str, from: &str, to: &str, message: &str) {
        assert!(text.contains(from), "no {from}");
        let found = linted(&[("peers/x/peer.toml", PEER), (path, &text.replace(from, to))]);
        assert!(found.contains(message), "expected {message}\nfound {found}");
    }

    #[test]
    fn the_files_are_clean() {
        let files = [
            ("peers/x/peer.toml", PEER),
            ("profiles/p.toml", PROFILE),
            ("peers/x/expectations.toml", EXPECT),
        ];
        assert_eq!(linted(&files), "");
    }

    #[test]
    fn a_profile_selects_enough() {
        check(
            "profiles/p.toml",
            PROFILE,
            "floor = 3",
            "floor = 4",
            "profiles/p.toml:6:1: the floor is 4, and only 3 case instances",
        );
        check(
            "profiles/p.toml",
            PROFILE,
            "\"srv\"",
            "\"srv\", \"srv.poll\"",
            "profiles/p.toml:10:17: no case is in area `srv.poll`",
        );
    }

    #[test]
    fn a_peer_declares_known_abilities_of_its_side() {
        let path = "peers/x/peer.toml";
        let declares = |ability: &str, message: &str| {
            let found = linted(&[(path, &PEER.replace("op.certpoll", ability))]);
            assert!(found.contains(message), "{found}");
        };
        declares("op.certpol", "unknown ability `op.certpol` (did you mean `op.certpoll`?)");
        declares("client.enrol", "`client.enrol` is no ability of a server");
    }

    #[test]
    fn an_expectation_names_what_exists() {
        let path = "peers/x/expectations.toml";
        check(
            path,
            EXPECT,
            "\"srv.enrol.refused\"",
            "\"srv.enrol.refusd\"",
            "expectations.toml:5:1: no case `srv.enrol.refusd` (did you mean `srv.enrol.refused`?)",
        );
        check(
            path,
            EXPECT,
            "check = \"refused\"",
            "check = \"refusd\"",
            "expectations.toml:6:1: no check `refusd` in `srv.enrol.refused`",
        );
        check(
            path,
            EXPECT,
            "\"accepted\"",
            "\"acepted\"",
            "expectations.toml:8:1: check `refused` never gives the reason `acepted` (did you mean `accepted`?)",
        );
        check(
            path,
            EXPECT,
            "\"S-server\"",
            "\"S-client\"",
            "expectations.toml:10:8: check `refused` is not tied to `S-client`",
        );
        check(
            path,
            EXPECT,
            "subject = \"x\"",
            "subject = \"y\"",
            "expectations of `y` lie in the folder of `x`",
        );
    }
}
