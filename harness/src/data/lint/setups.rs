//! Lint of the setups of the reference server: every server case runs in one, beside its base.

use std::collections::BTreeSet;

use super::Linter;
use crate::data::ability::AbilityRole;
use crate::data::case::Role;
use crate::data::nearest::did_you_mean;
use crate::data::setup::Setup;

impl Linter<'_> {
    pub(super) fn setups(&mut self) {
        let suite = self.suite;
        for setup in &suite.setups {
            for (field, name) in setup.keys.named() {
                if scep_vectors::keys::named(name).is_none() {
                    let known = scep_vectors::keys::all().iter().map(|key| key.name);
                    let message = format!("`{name}` is no public test key{}", did_you_mean(name, known));
                    self.refuse(
                        &setup.origin.file,
                        &format!("setup.{}.{field}", setup.origin.index),
                        message,
                    );
                }
            }
            let key = format!("setup.{}.has", setup.origin.index);
            for id in &setup.has {
                match suite.abilities.get(id).map(|ability| ability.role) {
                    None => {
                        let near = did_you_mean(id, suite.abilities.keys().map(String::as_str));
                        self.refuse(&setup.origin.file, &key, format!("unknown ability `{id}`{near}"));
                    }
                    Some(AbilityRole::Client) => {
                        let message = format!("`{id}` is no ability of a server");
                        self.refuse(&setup.origin.file, &key, message);
                    }
                    Some(AbilityRole::Server | AbilityRole::Both) => {}
                }
            }
        }
        let mut used: BTreeSet<&str> = BTreeSet::new();
        for case in suite.cases.values().filter(|case| case.role == Role::Server) {
            let base = case.base.as_ref().and_then(|base| suite.case(base)?.instances().into_iter().next());
            for instance in case.instances() {
                let Some(setup) = suite.setup(&instance) else {
                    let lacks = self.lacking(&instance);
                    let message =
                        format!("no setup of the reference server has what {} needs: {lacks}", instance.id);
                    self.refuse(&case.file, "needs", message);
                    continue;
                };
                used.insert(&setup.id);
                if let Some(base) = &base
                    && let Some(other) = suite.setup(base).filter(|other| other.id != setup.id)
                {
                    let message = format!(
                        "{} runs in setup `{}` and its base {} in `{}`: it could not be judged",
                        instance.id, setup.id, base.id, other.id
                    );
                    self.refuse(&case.file, "base", message);
                }
            }
        }
        for Setup { id, origin, .. } in suite.setups.iter().filter(|setup| !used.contains(setup.id.as_str()))
        {
            let message = format!("idle setup `{id}`: no server case runs in it");
            self.refuse(&origin.file, &format!("setup.{}.id", origin.index), message);
        }
    }

    /// What the setup that comes nearest lacks.
    fn lacking(&self, instance: &crate::data::Instance) -> String {
        let suite = self.suite;
        let of = |setup| suite.missing(instance, setup).map(String::as_str).collect::<Vec<_>>();
        let nearest = suite.setups.iter().map(of).min_by_key(Vec::len);
        nearest.map_or_else(|| "there is no setup".to_owned(), |lacks| lacks.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use crate::data::lint::tests::linted_with;

    #[track_caller]
    fn check(from: &str, to: &str, message: &str) {
        let found = linted_with("register/setups.toml", from, to);
        assert!(found.contains(message), "expected {message}\nfound {found}");
    }

    #[test]
    fn a_case_that_no_setup_can_run_is_refused() {
        check(
            "has = [\"transport.get\"]",
            "has = []",
            "no setup of the reference server has what srv.enrol.granted[via=get] needs: transport.get",
        );
    }

    #[test]
    fn a_base_runs_in_the_setup_of_its_dependants() {
        check(
            "\"op.pkcsreq\", \"op.certpoll\"]\n[[setup]]\nid = \"plain\"\ntitle = \"t\"\nkey = \"ca-rsa\"\nhas = []",
            "\"op.pkcsreq\"]\n[[setup]]\nid = \"plain\"\ntitle = \"t\"\nkey = \"ca-rsa\"\nhas = []\n\
             [[setup]]\nid = \"third\"\ntitle = \"t\"\nkey = \"ca-rsa\"\nhas = [\"op.certpoll\"]",
            "srv.enrol.refused runs in setup `third` and its base srv.enrol.granted in `plain`",
        );
    }

    #[test]
    fn a_setup_has_abilities_of_servers() {
        check("\"op.pkcsreq\", ", "\"op.pkcsreqs\", \"op.pkcsreq\", ", "unknown ability `op.pkcsreqs`");
        check(
            "\"op.pkcsreq\", ",
            "\"client.enrol\", \"op.pkcsreq\", ",
            "`client.enrol` is no ability of a server",
        );
    }

    #[test]
    fn a_setup_has_keys_that_there_are() {
        check(
            "key = \"ca-rsa\"\nhas = []",
            "key = \"ca-rsa\"\nroot = \"ra-rse\"\nhas = []",
            "`ra-rse` is no public test key",
        );
    }

    #[test]
    fn an_idle_setup_is_refused() {
        check("has = []", "has = [\"transport.get\"]", "idle setup `other`");
    }
}
