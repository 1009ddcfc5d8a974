//! Lint of cases: ids, abilities, verbs and their parameters, templates, axes, controls.

use std::collections::BTreeSet;

use super::Linter;
use crate::data::axes::Axis;
use crate::data::case::{Case, Change, Served, Step};
use crate::data::nearest::did_you_mean;
use crate::data::template::{Name, Template, strings};

impl Linter<'_> {
    pub(super) fn cases(&mut self) {
        let suite = self.suite;
        let mut aliases = BTreeSet::new();
        for case in suite.cases.values() {
            for (i, alias) in case.aliases.iter().enumerate() {
                let key = format!("aliases.{i}");
                if suite.cases.contains_key(alias) {
                    self.refuse(&case.file, &key, format!("alias `{alias}` is the id of a case"));
                } else if !aliases.insert(alias) {
                    self.refuse(&case.file, &key, format!("alias `{alias}` is given twice"));
                }
            }
            self.needs(&case.file, "needs", &case.needs);
            for axis in &case.axes.list {
                for value in &axis.values {
                    let key = format!("axes.{}.{}", axis.name, value.value);
                    self.needs(&case.file, &key, &value.needs);
                }
            }
            self.control(case);
            self.steps(case);
            self.unused(case);
        }
    }

    fn control(&mut self, case: &Case) {
        for (i, control) in case.control.iter().enumerate() {
            if case.checks.iter().all(|check| &check.id != control) {
                let near = did_you_mean(control, case.checks.iter().map(|check| check.id.as_str()));
                self.refuse(
                    &case.file,
                    &format!("control.{i}"),
                    format!("control `{control}` is no check of the case{near}"),
                );
            }
        }
    }

    fn steps(&mut self, case: &Case) {
        match &case.change {
            // The steps were judged in the base; only what changed is new.
            Some(change) => {
                if let Change::Serve(Served { fault, to }) = change {
                    self.fault(&case.file, "change.serve", fault);
                    self.filter(&case.file, "change.serve", to);
                }
                if let Change::Fault { fault, .. } = change {
                    self.fault(&case.file, "change.fault", fault);
                }
                let changed = change.step();
                let at = case.steps.iter().position(|step| Some(step.id.as_str()) == changed);
                if let Some(at) = at {
                    self.step(case, at, Some(change));
                }
            }
            None => {
                let mut ids = BTreeSet::new();
                for (at, step) in case.steps.iter().enumerate() {
                    if !ids.insert(&step.id) {
                        self.refuse(
                            &case.file,
                            &format!("step.{at}.id"),
                            format!("a second step `{}`", step.id),
                        );
                    }
                    self.step(case, at, None);
                }
                for (name, value) in &case.vars {
                    let mut texts = Vec::new();
                    strings(value, &mut texts);
                    for text in texts {
                        self.template(case, 0, &format!("vars.{name}"), text);
                    }
                }
            }
        }
    }

    fn step(&mut self, case: &Case, at: usize, change: Option<&Change>) {
        let Some(step) = case.steps.get(at) else { return };
        let key = |parameter: &str| match change {
            Some(_) => "change".to_owned(),
            None => format!("step.{at}.{parameter}"),
        };
        let words = self.words;
        let Some(verb) = words.verbs.iter().find(|verb| verb.name == step.verb) else {
            let near = did_you_mean(&step.verb, words.verbs.iter().map(|verb| verb.name));
            return self.refuse(&case.file, &key("do"), format!("unknown verb `{}`{near}", step.verb));
        };
        if verb.role.is_some_and(|role| role != case.role) {
            self.refuse(
                &case.file,
                &key("do"),
                format!("`{}` is no verb of {} cases", verb.name, case.role.word()),
            );
        }
        for parameter in step.parameters.keys().filter(|key| !verb.parameters.contains(&key.as_str())) {
            let near = did_you_mean(parameter, verb.parameters.iter().copied());
            let message = format!("`{}` takes no parameter `{parameter}`{near}", verb.name);
            self.refuse(&case.file, &key(parameter), message);
        }
        for required in verb.required.iter().filter(|key| !step.parameters.contains_key(**key)) {
            self.refuse(
                &case.file,
                &key(required),
                format!("`{}` needs the parameter `{required}`", verb.name),
            );
        }
        if let Some(repeat) = &step.repeat
            && (!super::STATUSES.contains(&repeat.status.as_str()) || repeat.at_most < 2)
        {
            let message = "`repeat` is { while = a pkiStatus by name, at_most = 2 or more }";
            self.refuse(&case.file, &key("repeat"), message);
        }
        for (parameter, value) in &step.parameters {
            let mut texts = Vec::new();
            strings(value, &mut texts);
            for text in texts {
                self.template(case, at, &key(parameter), text);
            }
        }
    }

    /// A template in a step sees what the steps before it give.
    fn template(&mut self, case: &Case, at: usize, key: &str, text: &str) {
        let template = match Template::parse(text) {
            Ok(template) => template,
            Err(message) => return self.refuse(&case.file, key, message),
        };
        for name in template.names() {
            let known = match name.scope.as_str() {
                "axes" => case.axes.list.iter().any(|axis| axis.name == name.field),
                "vars" => case.vars.contains_key(&name.field),
                _ => (self.words.names)(name) || self.is_given(case.steps.get(..at).unwrap_or(&[]), name),
            };
            if !known {
                let message =
                    format!("`{{{name}}}` is neither an axis, a variable, nor given by an earlier step");
                self.refuse(&case.file, key, message);
            }
        }
    }

    fn is_given(&self, before: &[Step], name: &Name) -> bool {
        let step = before.iter().find(|step| step.id == name.scope);
        let verb = step.and_then(|step| self.words.verbs.iter().find(|verb| verb.name == step.verb));
        verb.is_some_and(|verb| verb.gives.contains(&name.field.as_str()))
    }

    /// Axes and variables that no step uses vary nothing.
    fn unused(&mut self, case: &Case) {
        let mut texts = Vec::new();
        for step in &case.steps {
            step.parameters.iter().for_each(|(_, value)| strings(value, &mut texts));
        }
        case.vars.iter().for_each(|(_, value)| strings(value, &mut texts));
        let names: BTreeSet<Name> = texts
            .iter()
            .filter_map(|text| Template::parse(text).ok())
            .flat_map(|template| template.names().cloned().collect::<Vec<_>>())
            .collect();
        let is_used =
            |scope: &str, field: &str| names.iter().any(|name| name.scope == scope && name.field == field);
        // An axis of abilities alone says to whom the case is put.
        let is_of_abilities =
            |axis: &Axis| axis.values.iter().filter(|value| value.needs.is_empty()).count() <= 1;
        // An axis with one value is the base's, and the change may well have replaced what used it.
        for axis in case.axes.list.iter().filter(|axis| axis.values.len() > 1) {
            if !is_used("axes", &axis.name) && !is_of_abilities(axis) {
                self.refuse(
                    &case.file,
                    &format!("axes.{}", axis.name),
                    format!("axis `{}` is used by no step", axis.name),
                );
            }
        }
        for name in case.vars.keys().filter(|_| case.base.is_none()) {
            if !is_used("vars", name) {
                self.refuse(
                    &case.file,
                    &format!("vars.{name}"),
                    format!("variable `{name}` is used by no step"),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::data::lint::tests::{linted, linted_with};
    use crate::data::sample;

    const GRANTED: &str = "cases/server/enrol/granted.toml";
    const REFUSED: &str = "cases/server/enrol/refused.toml";

    #[track_caller]
    fn check(file: &str, from: &str, to: &str, message: &str) {
        let found = linted_with(file, from, to);
        assert!(found.contains(message), "expected {message}\nfound {found}");
    }

    #[test]
    fn an_unknown_ability_is_refused() {
        check(
            GRANTED,
            "\"op.pkcsreq\"",
            "\"op.pkcs-req\"",
            "granted.toml:6:1: unknown ability `op.pkcs-req` in `needs` (did you mean `op.pkcsreq`?)",
        );
        check(GRANTED, "\"transport.get\"", "\"transport.gte\"", "granted.toml:10:");
    }

    #[test]
    fn an_unknown_verb_or_parameter_is_refused() {
        check(
            GRANTED,
            "\"pkcs-req\"",
            "\"pkcs-rec\"",
            "granted.toml:13:1: unknown verb `pkcs-rec` (did you mean `pkcs-req`?)",
        );
        check(
            GRANTED,
            "\nchallenge =",
            "\nchalenge =",
            "granted.toml:15:1: `pkcs-req` takes no parameter `chalenge` (did you mean `challenge`?)",
        );
        check(
            GRANTED,
            "via = \"{axes.via}\"",
            "subject = \"{axes.via}\"",
            "granted.toml:11:1: `pkcs-req` needs the parameter `via`",
        );
        check(GRANTED, "\"pkcs-req\"", "\"client-enrol\"", "`client-enrol` is no verb of server cases");
    }

    #[test]
    fn a_changed_step_is_judged_again() {
        check(
            REFUSED,
            "fault = \"f.one\"",
            "set = { chalenge = \"x\" }",
            "refused.toml:8:2: `pkcs-req` takes no parameter `chalenge`",
        );
        check(REFUSED, "fault = \"f.one\"", "unset = \"via\"", "`pkcs-req` needs the parameter `via`");
        check(
            REFUSED,
            "fault = \"f.one\"",
            "fault = \"f.on\"",
            "refused.toml:10:1: unknown fault `f.on` (did you mean `f.one`?)",
        );
    }

    #[test]
    fn a_served_fault_and_its_messages_are_known() {
        let text = format!(
            "base = \"cli.enrol.granted\"\n[change]\nserve = {{ fault = \"f.one\", message = \"CertRepp\", operation = \"GetCa\" }}\n{}",
            sample::CHECK
        );
        let found = linted(&[("cases/client/enrol/x.toml", &sample::case(&text))]);
        assert!(
            found.contains("x.toml:7:1: unknown message `CertRepp`, expected one of GetCACaps, "),
            "{found}"
        );
        assert!(found.contains("unknown operation `GetCa`"), "{found}");
    }

    #[test]
    fn a_template_uses_known_names() {
        check(
            GRANTED,
            "{subject.challenge}",
            "{subject.chalenge}",
            "granted.toml:15:1: `{subject.chalenge}` is neither",
        );
        check(GRANTED, "{subject.challenge}", "{vars.x}", "`{vars.x}` is neither");
        check(GRANTED, "{subject.challenge}", "{enrol.transactionID}", "`{enrol.transactionID}` is neither");
        check(GRANTED, "{subject.challenge}", "{subject.challenge", "has a brace without its partner");
    }

    #[test]
    fn a_step_may_use_what_an_earlier_step_gives() {
        let poll = "[[step]]\nid = \"poll\"\ndo = \"cert-poll\"\ntransaction = \"{enrol.transactionID}\"\n[[check]]\nuse";
        assert_eq!(linted_with(GRANTED, "[[check]]\nuse", poll), "");
        check(
            GRANTED,
            "[[check]]\nuse",
            &poll.replace("transactionID", "nonce"),
            "`{enrol.nonce}` is neither",
        );
        check(GRANTED, "[[check]]\nuse", &poll.replace("\"poll\"", "\"enrol\""), "a second step `enrol`");
        let repeat =
            poll.replace("\n[[check]]", "\nrepeat = { while = \"PENDNG\", at_most = 40 }\n[[check]]");
        check(GRANTED, "[[check]]\nuse", &repeat, "`repeat` is { while = a pkiStatus");
    }

    #[test]
    fn an_axis_or_variable_that_no_step_uses_is_refused() {
        check(
            GRANTED,
            "[axes]\n",
            "[axes]\nby = { day = [], night = [] }\n",
            "granted.toml:10:1: axis `by` is used by no step",
        );
        assert_eq!(linted_with(GRANTED, "\"{axes.via}\"", "\"post\""), "", "it says who is asked");
        check(
            GRANTED,
            "[axes]",
            "[vars]\nx = \"1\"\n[axes]",
            "granted.toml:10:1: variable `x` is used by no step",
        );
    }

    #[test]
    fn a_control_names_a_check_of_the_case() {
        check(
            GRANTED,
            "control = [\"granted\"]",
            "control = [\"grented\"]",
            "granted.toml:8:12: control `grented` is no check of the case (did you mean `granted`?)",
        );
    }

    #[test]
    fn aliases_are_unique() {
        check(
            REFUSED,
            "[change]",
            "aliases = [\"srv.enrol.granted\"]\n[change]",
            "alias `srv.enrol.granted` is the id of a case",
        );
        check(
            REFUSED,
            "[change]",
            "aliases = [\"srv.a\", \"srv.a\"]\n[change]",
            "refused.toml:8:21: alias `srv.a` is given twice",
        );
    }
}
