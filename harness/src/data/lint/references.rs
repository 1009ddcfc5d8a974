//! Lint of the register and the abilities: what they name exists.

use super::Linter;
use crate::data::nearest::did_you_mean;

impl Linter<'_> {
    pub(super) fn references(&mut self) {
        let suite = self.suite;
        for row in suite.register.rows.values() {
            let (file, at) = (&row.origin.file, format!("requirement.{}", row.origin.index));
            self.needs(file, &format!("{at}.needs"), &row.needs);
            for (i, see) in row.see.iter().enumerate() {
                if suite.register.requirement(see).is_none() {
                    let near = did_you_mean(see, suite.register.rows.keys().map(String::as_str));
                    self.refuse(
                        file,
                        &format!("{at}.see.{i}"),
                        format!("`see` names unknown requirement `{see}`{near}"),
                    );
                }
            }
        }
        for ability in suite.abilities.values() {
            let Some(probe) = &ability.probe else { continue };
            if !suite.cases.contains_key(probe) {
                let near = did_you_mean(probe, suite.cases.keys().map(String::as_str));
                let key = format!("ability.{}.probe", ability.origin.index);
                self.refuse(&ability.origin.file, &key, format!("probe `{probe}` is not a case{near}"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::data::lint::tests::linted_with;

    #[track_caller]
    fn check(file: &str, from: &str, to: &str, message: &str) {
        let found = linted_with(file, from, to);
        assert!(found.contains(message), "expected {message}\nfound {found}");
    }

    #[test]
    fn a_row_names_rows_and_abilities_that_exist() {
        let file = "register/suite.toml";
        check(
            file,
            "testable = \"client\"",
            "testable = \"client\"\nneeds = [\"client.enroll\"]",
            "suite.toml:14:1: unknown ability `client.enroll` in `needs` (did you mean `client.enrol`?)",
        );
        check(
            file,
            "testable = \"client\"",
            "testable = \"client\"\nsee = [\"S-sever\"]",
            "suite.toml:14:8: `see` names unknown requirement `S-sever` (did you mean `S-server`?)",
        );
    }

    #[test]
    fn an_ability_is_probed_by_a_case() {
        let file = "register/abilities.toml";
        check(
            file,
            "declared_by = \"d\"\n",
            "declared_by = \"d\"\nprobe = \"srv.probe\"\n",
            "probe `srv.probe` is not a case",
        );
    }
}
