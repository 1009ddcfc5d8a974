//! Lint of checks: paths and their kinds, references to steps, requirements and whom they bind, mutants.

use std::collections::BTreeSet;

use super::{Linter, MESSAGES, OPERATIONS, PathKind};
use crate::data::case::{Case, Role};
use crate::data::check::{Check, Claim};
use crate::data::mutant::ReferencePeer;
use crate::data::nearest::did_you_mean;
use crate::data::operator::{Operator, Value};
use crate::data::reference::{Reference, StepName, StepRef};

impl Linter<'_> {
    pub(super) fn checks(&mut self) {
        let suite = self.suite;
        let definitions: BTreeSet<String> = suite
            .cases
            .values()
            .flat_map(|case| case.checks.iter().map(|check| check.written_as(&case.id)))
            .collect();
        for case in suite.cases.values() {
            let mut seen = BTreeSet::new();
            for check in &case.checks {
                if !seen.insert((&check.id, &check.on)) {
                    let message =
                        format!("case `{}` has two checks `{}` on `{}`", case.id, check.id, check.on);
                    self.refuse(&case.file, "check", message);
                }
                self.known_steps(case, check);
                self.judged_role(case, check);
                for together in &check.claim.together {
                    let is_other = *together != check.written_as(&case.id);
                    if !is_other || !definitions.contains(together) {
                        let message = format!(
                            "`together` names `{together}`, which is no other check (write BUNDLE/ID or CASE/ID)"
                        );
                        self.refuse_check(&check.claim, "together", message);
                    }
                }
            }
            for check in case.checks.iter().filter(|check| check.claim.origin.file == case.file) {
                self.claim(&check.claim);
            }
        }
        for bundle in suite.bundles.values() {
            let mut ids = BTreeSet::new();
            for (id, claim) in &bundle.checks {
                if !ids.insert(id) {
                    self.refuse_check(claim, "id", format!("bundle `{}` has two checks `{id}`", bundle.id));
                }
                self.claim(claim);
            }
        }
    }

    fn refuse_check(&mut self, claim: &Claim, key: &str, message: impl Into<String>) {
        self.refuse(&claim.origin.file, &format!("check.{}.{key}", claim.origin.index), message);
    }

    /// What is right or wrong about a claim wherever it is used.
    fn claim(&mut self, claim: &Claim) {
        self.fact(claim, "path", &claim.path, &claim.operator);
        if let Some(when) = &claim.when {
            self.fact(claim, "when", &when.path, &when.operator);
        }
        let mut reasons = BTreeSet::from([&claim.reason]);
        for (i, or) in claim.or.iter().enumerate() {
            let key = format!("or.{i}");
            self.fact(claim, &key, or.path.as_ref().unwrap_or(&claim.path), &or.operator);
            if !reasons.insert(&or.reason) {
                self.refuse_check(
                    claim,
                    &key,
                    format!("reason `{}` stands for two outcomes of the check", or.reason),
                );
            }
        }
        for (i, req) in claim.req.iter().enumerate() {
            if self.suite.register.requirement(req).is_none() {
                let near = did_you_mean(req, self.suite.register.rows.keys().map(String::as_str));
                self.refuse_check(claim, &format!("req.{i}"), format!("unknown requirement `{req}`{near}"));
            }
        }
        for (i, mutant) in claim.killed_by.iter().enumerate() {
            if !self.suite.mutants.contains_key(mutant) {
                let near = did_you_mean(mutant, self.suite.mutants.keys().map(String::as_str));
                self.refuse_check(
                    claim,
                    &format!("killed_by.{i}"),
                    format!("unknown mutant `{mutant}`{near}"),
                );
            }
        }
    }

    fn fact(&mut self, claim: &Claim, key: &str, path: &Reference, operator: &Operator) {
        let Some(kind) = self.kind(claim, key, path) else { return };
        if let Some(other) = operator.reference()
            && let Some(with) = self.kind(claim, key, other)
            && with != kind
        {
            let message = format!("`{path}` is {kind} and `{other}` is {with}: they are never the same");
            self.refuse_check(claim, key, message);
        }
        if !fits(kind, operator) {
            let message = format!("`{path}` is {kind}, which `{} = ...` here does not fit", operator.key());
            self.refuse_check(claim, key, message);
        }
    }

    fn kind(&mut self, claim: &Claim, key: &str, path: &Reference) -> Option<PathKind> {
        let kind = (self.words.paths)(&path.path);
        if kind.is_none() {
            let near = did_you_mean(&path.path, self.words.path_names.iter().copied());
            self.refuse_check(claim, key, format!("unknown path `{}`{near}", path.path));
        }
        kind
    }

    /// Every step that a check of a case looks at is a step of that case.
    fn known_steps(&mut self, case: &Case, check: &Check) {
        let claim = &check.claim;
        let conditions = claim.when.iter().map(|when| (&when.path, &when.operator));
        let alternatives = claim.or.iter().map(|or| (or.path.as_ref().unwrap_or(&claim.path), &or.operator));
        let facts = std::iter::once((&claim.path, &claim.operator)).chain(conditions).chain(alternatives);
        let paths = facts.flat_map(|(path, operator)| std::iter::once(path).chain(operator.reference()));
        let steps: BTreeSet<&StepRef> =
            paths.filter_map(|path| path.step.as_ref()).chain(std::iter::once(&check.on)).collect();
        for step in steps {
            if !is_step(case, step) {
                let message = format!("case `{}` has no step `{step}`", case.id);
                // The step of a bundle's check is given where the bundle is used.
                match step == &check.on && claim.origin.file != case.file {
                    true => self.refuse(
                        &case.file,
                        "check",
                        format!("{message}, which `{}` is used on", check.id),
                    ),
                    false => self.refuse_check(claim, if step == &check.on { "on" } else { "path" }, message),
                }
            }
        }
    }

    /// The requirements bind whom the case judges, and a mutant of that side moves the check.
    fn judged_role(&mut self, case: &Case, check: &Check) {
        let claim = &check.claim;
        for (i, req) in claim.req.iter().enumerate() {
            let row = self.suite.register.requirement(req);
            if let Some(why) = row.and_then(|row| row.not_for(case.role)) {
                let message = format!("{} case `{}` judges `{req}`, which {why}", case.role.word(), case.id);
                self.refuse_check(claim, &format!("req.{i}"), message);
            }
        }
        let peer = match case.role {
            Role::Server => ReferencePeer::MockCa,
            Role::Client => ReferencePeer::MockClient,
        };
        let known: Vec<_> = claim.killed_by.iter().filter_map(|id| self.suite.mutants.get(id)).collect();
        if !known.is_empty() && known.iter().all(|mutant| mutant.peer != peer) {
            let message =
                format!("`killed_by` has no mutant of {}, the subject of case `{}`", peer.word(), case.id);
            self.refuse_check(claim, "killed_by", message);
        }
    }
}

/// True for a step of the case, or one that the runner adds to every case of its role.
fn is_step(case: &Case, step: &StepRef) -> bool {
    match &step.of {
        StepName::Step(id) => {
            case.step(id).is_some()
                || ["ca", "alive"].contains(&id.as_str())
                || (case.role == Role::Client && id == "again")
        }
        StepName::Saw(message) => {
            let message = message.as_str();
            case.role == Role::Client
                && message != "CertRep"
                && (MESSAGES.contains(&message) || OPERATIONS.contains(&message))
        }
    }
}

/// True when the operator and its values can hold of a fact of this kind.
fn fits(kind: PathKind, operator: &Operator) -> bool {
    let values_fit = operator.values().iter().all(|value| match (kind, value) {
        (PathKind::Text | PathKind::Bytes, Value::Text(_))
        | (PathKind::Int, Value::Int(_))
        | (PathKind::Bool, Value::Bool(_))
        | (PathKind::List, _) => true,
        (PathKind::Int, Value::Text(_)) => value.status_class().is_some(),
        (PathKind::Text | PathKind::Bytes | PathKind::Int | PathKind::Bool | PathKind::Node, _) => false,
    });
    let operator_fits = match operator {
        Operator::Absent | Operator::Present => true,
        Operator::Eq(_) | Operator::Ne(_) | Operator::In(_) | Operator::Same(_) | Operator::Differs(_) => {
            kind != PathKind::Node
        }
        Operator::Ge(_) | Operator::Le(_) => kind == PathKind::Int,
        Operator::Matches(_) => matches!(kind, PathKind::Text | PathKind::Bytes | PathKind::List),
        Operator::Length(_) => matches!(kind, PathKind::Text | PathKind::Bytes | PathKind::List),
    };
    values_fit && operator_fits
}

#[cfg(test)]
mod tests {
    use crate::data::lint::tests::linted_with;

    const REFUSED: &str = "cases/server/enrol/refused.toml";
    const CLIENT: &str = "cases/client/enrol/granted.toml";
    const BUNDLE: &str = "bundles/answer.toml";

    #[track_caller]
    fn check(file: &str, from: &str, to: &str, message: &str) {
        let found = linted_with(file, from, to);
        assert!(found.contains(message), "expected {message}\nfound {found}");
    }

    #[test]
    fn an_unknown_path_is_refused() {
        check(
            REFUSED,
            "\"reply.pkiStatus\"",
            "\"reply.pkistatus\"",
            "refused.toml:14:1: unknown path `reply.pkistatus` (did you mean `reply.pkiStatus`?)",
        );
        check(
            BUNDLE,
            "\"request.senderNonce\"",
            "\"request.nonce\"",
            "answer.toml:5:1: unknown path `request.nonce`",
        );
        check(
            REFUSED,
            "else =",
            "when = { path = \"a.b\", eq = 1 }\nelse =",
            "refused.toml:17:1: unknown path `a.b`",
        );
        let or =
            "or = [{ path = \"a.c\", absent = true, as = \"x\", result = \"warn\", note = \"n\" }]\nelse =";
        check(REFUSED, "else =", or, "refused.toml:17:7: unknown path `a.c`");
    }

    #[test]
    fn an_operator_fits_the_kind_of_its_fact() {
        for (operator, fits) in [
            ("path = \"http.status\"\neq = 200", true),
            ("path = \"http.status\"\nin = [\"4xx\", 500]", true),
            ("path = \"http.status\"\neq = \"OK\"", false),
            ("path = \"http.status\"\nge = 200", true),
            ("path = \"reply.pkiStatus\"\nge = 2", false),
            ("path = \"reply.pkiStatus\"\neq = 2", false),
            ("path = \"reply.recipientNonce\"\nlength = 16", true),
            ("path = \"reply.issued\"\nabsent = true", true),
            ("path = \"reply.issued\"\neq = \"x\"", false),
            ("path = \"reply.recipientNonce\"\nsame = \"reply.pkiStatus\"", false),
        ] {
            let found = linted_with(REFUSED, "path = \"reply.pkiStatus\"\neq = \"FAILURE\"", operator);
            assert_eq!(found.is_empty(), fits, "{operator}: {found}");
        }
    }

    #[test]
    fn an_unknown_requirement_is_refused() {
        check(
            REFUSED,
            "\"S-server\"",
            "\"S-servr\"",
            "refused.toml:16:8: unknown requirement `S-servr` (did you mean `S-server`?)",
        );
    }

    #[test]
    fn a_server_case_judges_no_row_of_clients() {
        check(
            REFUSED,
            "\"S-server\"",
            "\"S-client\"",
            "refused.toml:16:8: server case `srv.enrol.refused` judges `S-client`, which is testable on clients only",
        );
    }

    #[test]
    fn an_unknown_mutant_is_refused() {
        check(
            REFUSED,
            "\"ca.lax\"",
            "\"ca.lux\"",
            "refused.toml:18:14: unknown mutant `ca.lux` (did you mean `ca.lax`?)",
        );
    }

    #[test]
    fn a_mutant_of_the_judged_side_is_named() {
        check(
            CLIENT,
            "\"client.lax\"",
            "\"ca.lax\"",
            "`killed_by` has no mutant of mock-client, the subject of case `cli.enrol.granted`",
        );
    }

    #[test]
    fn a_reference_names_a_step() {
        check(
            REFUSED,
            "\"reply.pkiStatus\"",
            "\"enrl:reply.pkiStatus\"",
            "refused.toml:14:1: case `srv.enrol.refused` has no step `enrl`",
        );
        check(
            REFUSED,
            "on = \"enrol\"",
            "on = \"poll\"",
            "refused.toml:13:1: case `srv.enrol.refused` has no step `poll`",
        );
        check(
            "cases/server/enrol/granted.toml",
            "use = \"answer\"\non = \"enrol\"",
            "use = \"answer\"\non = \"poll\"",
            "has no step `poll`, which `answer/nonce-echoed` is used on",
        );
    }

    #[test]
    fn implicit_steps_are_there() {
        for (file, step, there) in [
            (REFUSED, "ca", true),
            (REFUSED, "alive", true),
            (REFUSED, "enrol*", true),
            (REFUSED, "again", false),
            (REFUSED, "saw.PKCSReq", false),
            (CLIENT, "again", true),
            (CLIENT, "saw.PKCSReq", true),
            (CLIENT, "saw.GetCACaps*", true),
            (CLIENT, "saw.PKCSRequest", false),
        ] {
            let found = linted_with(file, "on = \"enrol\"", &format!("on = \"{step}\""));
            assert_eq!(found.is_empty(), there, "{step}: {found}");
        }
    }

    #[test]
    fn two_checks_of_one_id_on_one_step_are_refused() {
        check(
            BUNDLE,
            "[[check]]",
            "[[check]]\nid = \"nonce-echoed\"\npath = \"http.status\"\neq = 200\nreq = [\"S-server\"]\nelse = \"x\"\nkilled_by = [\"ca.flip\"]\n[[check]]",
            "answer.toml:11:1: bundle `answer` has two checks `nonce-echoed`",
        );
    }

    #[test]
    fn one_reason_is_one_outcome() {
        let or =
            "or = [{ eq = \"PENDING\", as = \"accepted\", result = \"variance\", note = \"n\" }]\nelse =";
        check(REFUSED, "else =", or, "reason `accepted` stands for two outcomes");
    }

    #[test]
    fn together_names_another_check() {
        check(
            REFUSED,
            "else =",
            "together = [\"answer/x\"]\nelse =",
            "refused.toml:17:1: `together` names `answer/x`",
        );
        check(
            REFUSED,
            "else =",
            "together = [\"srv.enrol.refused/refused\"]\nelse =",
            "which is no other check",
        );
    }
}
