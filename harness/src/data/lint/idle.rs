//! Lint of what nothing uses: law 4 (no idle mutant, no idle fault), and idle bundles and abilities.

use std::collections::BTreeSet;

use super::Linter;
use crate::data::ability::{Ability, LEGACY};
use crate::data::case::Change;
use crate::data::mutant::{Departure, ReferencePeer};
use crate::data::nearest::did_you_mean;

impl Linter<'_> {
    pub(super) fn idle(&mut self) {
        let suite = self.suite;
        let checks = || suite.cases.values().flat_map(|case| &case.checks);
        let named: BTreeSet<&String> = checks().flat_map(|check| &check.claim.killed_by).collect();
        let mut faults: BTreeSet<&str> = BTreeSet::new();
        for mutant in suite.mutants.values() {
            let (file, index) = (&mutant.origin.file, mutant.origin.index);
            if !named.contains(&mutant.id) {
                let message =
                    format!("idle mutant `{}`: no check of a case names it in `killed_by`", mutant.id);
                self.refuse(file, &format!("mutant.{index}.id"), message);
            }
            match &mutant.departure {
                Departure::Fault { fault, when } => {
                    faults.insert(fault);
                    self.fault(file, &format!("mutant.{index}.fault"), fault);
                    self.filter(file, &format!("mutant.{index}.when"), when);
                }
                Departure::Laxity(laxity) => self.laxity(file, index, mutant.peer, laxity),
            }
        }
        for case in suite.cases.values() {
            match &case.change {
                Some(Change::Fault { fault, .. }) => drop(faults.insert(fault)),
                Some(Change::Serve(served)) => drop(faults.insert(&served.fault)),
                Some(Change::Set { .. } | Change::Unset { .. }) | None => {}
            }
        }
        for fault in self.words.faults.iter().filter(|fault| !faults.contains(**fault)) {
            self.refuse(
                "fault catalogue",
                "",
                format!("idle fault `{fault}`: no mutant and no [change] uses it"),
            );
        }
        let used: BTreeSet<&str> =
            checks().filter_map(|check| check.id.split_once('/')).map(|(bundle, _)| bundle).collect();
        for bundle in suite.bundles.values().filter(|bundle| !used.contains(bundle.id.as_str())) {
            self.refuse(&bundle.file, "title", format!("idle bundle `{}`: no case uses it", bundle.id));
        }
        let instances: Vec<_> = suite.instances().collect();
        let by_cases = instances.iter().flat_map(|instance| &instance.needs);
        let by_rows = suite.register.rows.values().flat_map(|row| &row.needs);
        let needed: BTreeSet<&String> = by_cases.chain(by_rows).collect();
        let is_idle = |ability: &&Ability| !needed.contains(&ability.id) && ability.id != LEGACY;
        for ability in suite.abilities.values().filter(is_idle) {
            let message = format!("idle ability `{}`: no case and no requirement needs it", ability.id);
            self.refuse(&ability.origin.file, &format!("ability.{}.id", ability.origin.index), message);
        }
    }

    fn laxity(&mut self, file: &str, index: usize, peer: ReferencePeer, laxity: &str) {
        let known = match peer {
            ReferencePeer::MockCa => &self.words.ca_laxities,
            ReferencePeer::MockClient => &self.words.client_laxities,
        };
        if !known.contains(laxity) {
            let near = did_you_mean(laxity, known.iter().copied());
            let message = format!("unknown laxity `{laxity}` of {}{near}", peer.word());
            self.refuse(file, &format!("mutant.{index}.laxity"), message);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::data::lint::tests::{linted, linted_with};
    use crate::data::sample;

    #[track_caller]
    fn check(file: &str, from: &str, to: &str, message: &str) {
        let found = linted_with(file, from, to);
        assert!(found.contains(message), "expected {message}\nfound {found}");
    }

    #[test]
    fn a_mutant_that_no_check_names_is_refused() {
        check("bundles/answer.toml", "ca.flip", "ca.lax", "mutants/ca.toml:4:1: idle mutant `ca.flip`");
    }

    #[test]
    fn a_fault_that_nothing_uses_is_refused() {
        let refused = format!(
            "base = \"srv.enrol.granted\"\nneeds = [\"op.certpoll\"]\n[change]\nstep = \"enrol\"\nunset = \"challenge\"\n{}",
            sample::CHECK
        );
        let mutants = "schema = \"sceptic/mutants/1\"\npeer = \"mock-ca\"\n[[mutant]]\nid = \"ca.flip\"\nlaxity = \"signature\"\n[[mutant]]\nid = \"ca.lax\"\nlaxity = \"signature\"\n";
        let found = linted(&[
            ("cases/server/enrol/refused.toml", &sample::case(&refused)),
            ("mutants/ca.toml", mutants),
        ]);
        assert_eq!(found, "fault catalogue: idle fault `f.one`: no mutant and no [change] uses it");
    }

    #[test]
    fn a_mutant_departs_in_known_words() {
        check(
            "mutants/ca.toml",
            "f.one",
            "f.on",
            "mutants/ca.toml:5:1: unknown fault `f.on` (did you mean `f.one`?)",
        );
        check(
            "mutants/ca.toml",
            "\"signature\"",
            "\"signatures\"",
            "mutants/ca.toml:9:1: unknown laxity `signatures` of mock-ca (did you mean `signature`?)",
        );
        check(
            "mutants/client.toml",
            "\"nonce\"",
            "\"signature\"",
            "unknown laxity `signature` of mock-client",
        );
        check("mutants/ca.toml", "CertRep", "CertRap", "mutants/ca.toml:6:1: unknown message `CertRap`");
    }

    #[test]
    fn a_bundle_that_no_case_uses_is_refused() {
        let files = sample::files();
        let (_, bundle) = files.iter().find(|(path, _)| path == "bundles/answer.toml").unwrap();
        let found = linted(&[("bundles/other.toml", bundle)]);
        assert_eq!(found, "bundles/other.toml:2:1: idle bundle `other`: no case uses it");
    }

    #[test]
    fn an_ability_that_nothing_needs_is_refused() {
        check(
            "cases/server/enrol/refused.toml",
            "needs = [\"op.certpoll\"]\n",
            "",
            "register/abilities.toml:9:1: idle ability `op.certpoll`",
        );
    }
}
