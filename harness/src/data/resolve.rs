//! From case files to cases: bases followed, changes made, bundles put in place.

use std::collections::BTreeMap;

use super::broken::Broken;
use super::case::{Case, CaseFile, Change, Served, Step, Tier};
use super::check::{Bundle, Check, Entry, Use};
use super::nearest::did_you_mean;
use super::source::Source;

/// Everything that resolving a case looks at.
pub(crate) struct Resolver<'a> {
    pub(crate) files: &'a BTreeMap<String, CaseFile>,
    pub(crate) bundles: &'a BTreeMap<String, Bundle>,
    pub(crate) sources: &'a BTreeMap<String, Source>,
}

impl Resolver<'_> {
    /// Every case, complete. What cannot be completed is reported in `broken`, once.
    pub(crate) fn resolve(&self, broken: &mut Vec<Broken>) -> BTreeMap<String, Case> {
        let mut done: BTreeMap<String, Option<Case>> = BTreeMap::new();
        for id in self.files.keys() {
            self.case(id, &mut done, &mut Vec::new(), broken);
        }
        done.into_iter().filter_map(|(id, case)| Some((id, case?))).collect()
    }

    fn case(
        &self,
        id: &str,
        done: &mut BTreeMap<String, Option<Case>>,
        on_the_way: &mut Vec<String>,
        broken: &mut Vec<Broken>,
    ) -> Option<Case> {
        if let Some(known) = done.get(id) {
            return known.clone();
        }
        let file = self.files.get(id)?;
        on_the_way.push(id.to_owned());
        let case = match &file.base {
            None => Some(self.as_written(file, broken)),
            Some((base, change)) => {
                let base = self.base(file, base, done, on_the_way, broken);
                base.and_then(|base| self.changed(file, base, change, broken))
            }
        };
        on_the_way.pop();
        done.insert(id.to_owned(), case.clone());
        case
    }

    fn base(
        &self,
        file: &CaseFile,
        base: &str,
        done: &mut BTreeMap<String, Option<Case>>,
        on_the_way: &mut Vec<String>,
        broken: &mut Vec<Broken>,
    ) -> Option<Case> {
        let mut refuse = |message: String| broken.extend(self.at(&file.file, "base", message));
        let Some(base_file) = self.files.get(base) else {
            let near = did_you_mean(base, self.files.keys().map(String::as_str));
            refuse(format!("base `{base}` is not a case{near}"));
            return None;
        };
        if on_the_way.iter().any(|id| id == base) {
            refuse(format!("bases go round in a circle: {} -> {base}", on_the_way.join(" -> ")));
            return None;
        }
        if base_file.role != file.role {
            refuse(format!("base `{base}` is a {} case", base_file.role.word()));
            return None;
        }
        if base_file.control.is_empty() {
            refuse(format!("base `{base}` names no `control`: nothing says when this case may be judged"));
            return None;
        }
        self.case(base, done, on_the_way, broken)
    }

    fn changed(
        &self,
        file: &CaseFile,
        mut base: Case,
        change: &Change,
        broken: &mut Vec<Broken>,
    ) -> Option<Case> {
        if let Err((key, message)) = make(change, &mut base.steps, &mut base.serves) {
            broken.extend(self.at(&file.file, key, message));
            return None;
        }
        let more: Vec<String> =
            file.needs.iter().filter(|need| !base.needs.contains(need)).cloned().collect();
        base.needs.extend(more);
        Some(Case {
            tier: file.tier.unwrap_or(base.tier),
            timeout: file.timeout.unwrap_or(base.timeout),
            needs: base.needs,
            vars: base.vars,
            axes: file.axes.clone().over(&base.axes),
            steps: base.steps,
            serves: base.serves,
            base: Some(base.id),
            change: Some(change.clone()),
            ..self.as_written(file, broken)
        })
    }

    /// The case as its file alone has it, bundles in place.
    fn as_written(&self, file: &CaseFile, broken: &mut Vec<Broken>) -> Case {
        let mut checks: Vec<Check> = Vec::new();
        for entry in &file.entries {
            match entry {
                Entry::Own(check) => checks.push((**check).clone()),
                Entry::Use(by) => match self.used(by) {
                    Ok(used) => checks.extend(used),
                    Err((key, message)) => {
                        let index = by.origin.index;
                        broken.extend(self.at(&file.file, &format!("check.{index}.{key}"), message));
                    }
                },
            }
        }
        Case {
            id: file.id.clone(),
            role: file.role,
            file: file.file.clone(),
            title: file.title.clone(),
            why: file.why.clone(),
            since: file.since.clone(),
            control: file.control.clone(),
            checks,
            aliases: file.aliases.clone(),
            tags: file.tags.clone(),
            // The reader has refused a file that has neither a base nor these two.
            tier: file.tier.unwrap_or(Tier::Core),
            timeout: file.timeout.unwrap_or_default(),
            needs: file.needs.clone(),
            vars: file.vars.clone(),
            axes: file.axes.clone(),
            steps: file.steps.clone(),
            base: None,
            change: None,
            serves: Vec::new(),
        }
    }

    fn used(&self, by: &Use) -> Result<Vec<Check>, (&'static str, String)> {
        let bundle = self.bundles.get(&by.bundle).ok_or_else(|| {
            let near = did_you_mean(&by.bundle, self.bundles.keys().map(String::as_str));
            ("use", format!("`use` of unknown bundle `{}`{near}", by.bundle))
        })?;
        bundle.used(by)
    }

    fn at(&self, file: &str, key: &str, message: String) -> Option<Broken> {
        self.sources.get(file).map(|source| source.at(key, message))
    }
}

/// Makes the one change; a mistake comes with its key.
fn make(change: &Change, steps: &mut [Step], serves: &mut Vec<Served>) -> Result<(), (&'static str, String)> {
    match change {
        Change::Set { step: id, key, value } => {
            let step = find(steps, id)?;
            if step.parameters.get(key) == Some(value) {
                return Err((
                    "change.set",
                    format!("step `{id}` already has {key} = {value}: this changes nothing"),
                ));
            }
            step.parameters.insert(key.clone(), value.clone());
        }
        Change::Unset { step: id, key } => {
            if find(steps, id)?.parameters.remove(key).is_none() {
                return Err(("change.unset", format!("step `{id}` has no `{key}` to unset")));
            }
        }
        Change::Fault { step: id, fault } => find(steps, id)?.faults.push(fault.clone()),
        Change::Serve(served) => serves.push(served.clone()),
    }
    Ok(())
}

fn find<'a>(steps: &'a mut [Step], id: &str) -> Result<&'a mut Step, (&'static str, String)> {
    match steps.iter().position(|step| step.id == id).and_then(|at| steps.get_mut(at)) {
        Some(step) => Ok(step),
        None => Err(("change.step", format!("the base has no step `{id}`"))),
    }
}

#[cfg(test)]
mod tests {
    use crate::data::sample;
    use crate::data::{Suite, Tier};

    fn dependant(change: &str) -> String {
        format!("base = \"srv.enrol.granted\"\nsince = \"0.1\"\n{change}\n{}", sample::CHECK)
    }

    fn resolved(text: &str) -> Result<Suite, String> {
        sample::load(&[("cases/server/enrol/other.toml", &sample::case(text))])
            .map_err(|broken| broken.to_string())
    }

    #[test]
    fn steps_vars_tier_needs_timeout_are_inherited_and_checks_are_not() {
        let suite = resolved(&dependant(
            "needs = [\"op.certpoll\"]\n[change]\nstep = \"enrol\"\nunset = \"challenge\"",
        ))
        .unwrap();
        let (base, case) = (suite.case("srv.enrol.granted").unwrap(), suite.case("srv.enrol.other").unwrap());
        assert_eq!((case.tier, case.timeout, &case.vars), (Tier::Smoke, base.timeout, &base.vars));
        assert_eq!(case.needs, ["op.pkcsreq", "op.certpoll"]);
        assert_eq!(case.steps.len(), 1);
        assert!(base.steps[0].parameters.contains_key("challenge"));
        assert!(!case.steps[0].parameters.contains_key("challenge"));
        assert_eq!(case.checks.iter().map(|check| check.id.as_str()).collect::<Vec<_>>(), ["refused"]);
        assert_eq!(case.instances().len(), 1, "axes of the base are fixed at their first value");
        assert_eq!(case.instances()[0].axes["via"], "post");
        assert_eq!(case.change.as_ref().unwrap().to_string(), "enrol without challenge");
    }

    #[test]
    fn a_change_reaches_its_step() {
        let suite = resolved(&dependant("[change]\nstep = \"enrol\"\nfault = \"f.one\"")).unwrap();
        assert_eq!(suite.case("srv.enrol.other").unwrap().steps[0].faults, ["f.one"]);
        let suite =
            resolved(&dependant("[change]\nstep = \"enrol\"\nset = { challenge = \"wrong\" }")).unwrap();
        let challenge = &suite.case("srv.enrol.other").unwrap().steps[0].parameters["challenge"];
        assert_eq!(challenge.as_str(), Some("wrong"));
    }

    #[test]
    fn a_bundle_is_expanded_on_the_step_of_its_use() {
        let suite = sample::suite();
        let checks = &suite.case("srv.enrol.granted").unwrap().checks;
        assert_eq!(checks[0].id, "answer/nonce-echoed");
        assert_eq!(checks[0].on.to_string(), "enrol");
    }

    #[test]
    fn mistakes_are_found_where_they_stand() {
        for (change, message) in [
            (
                "[change]\nstep = \"enrl\"\nunset = \"challenge\"",
                "other.toml:7:1: the base has no step `enrl`",
            ),
            (
                "[change]\nstep = \"enrol\"\nunset = \"chalenge\"",
                "other.toml:8:1: step `enrol` has no `chalenge` to unset",
            ),
            ("[change]\nstep = \"enrol\"\nset = { via = \"{axes.via}\" }", "this changes nothing"),
        ] {
            let found = resolved(&dependant(change)).unwrap_err();
            assert!(found.contains(message), "{change}: {found}");
        }
    }

    #[test]
    fn an_unknown_base_and_a_circle_are_refused() {
        let text = dependant("[change]\nstep = \"enrol\"\nfault = \"f\"");
        let found = resolved(&text.replace("srv.enrol.granted", "srv.enrol.grented")).unwrap_err();
        assert!(
            found.contains("base `srv.enrol.grented` is not a case (did you mean `srv.enrol.granted`?)"),
            "{found}"
        );
        let circle = text
            .replace("srv.enrol.granted", "srv.enrol.other")
            .replace("since", "control = [\"refused\"]\nsince");
        let found = resolved(&circle).unwrap_err();
        assert!(found.contains("bases go round in a circle: srv.enrol.other -> srv.enrol.other"), "{found}");
        let found = sample::load(&[
            ("cases/server/enrol/a.toml", &sample::case(&circle.replace("srv.enrol.other", "srv.enrol.b"))),
            ("cases/server/enrol/b.toml", &sample::case(&circle.replace("srv.enrol.other", "srv.enrol.a"))),
        ]);
        let found = found.unwrap_err();
        assert_eq!(found.0.len(), 1, "a circle is reported once: {found}");
    }

    /// A dependant that uses a bundle of one check with these lines.
    fn used(lines: &str) -> Result<Suite, String> {
        let bundle = "schema = \"sceptic/bundle/1\"\ntitle = \"t\"\n[[check]]\nid = \"outcome\"\n\
                      path = \"reply.pkiStatus\"\neq = \"SUCCESS\"\nreq = [\"S-server\"]\nelse = \"general\"\n\
                      killed_by = [\"ca.lax\"]\n\
                      or = [{ eq = \"FAILURE\", as = \"no\", result = \"warn\", note = \"{note}\" }]\n";
        let case = format!(
            "base = \"srv.enrol.granted\"\n[change]\nstep = \"enrol\"\nfault = \"f.one\"\n\
             [[check]]\non = \"enrol\"\n{lines}\n"
        );
        sample::load(&[
            ("bundles/outcome.toml", bundle),
            ("cases/server/enrol/other.toml", &sample::case(&case)),
        ])
        .map_err(|broken| broken.to_string())
    }

    #[test]
    fn a_use_says_of_its_case_what_the_bundle_says_in_general() {
        let suite = used(
            "use = \"outcome\"\nreq = [\"S-other\"]\nelse = \"special\"\nkilled_by = [\"ca.flip\"]\nnote = \"why\"",
        )
        .unwrap();
        let check = &suite.case("srv.enrol.other").unwrap().checks[0];
        let claim = &check.claim;
        assert_eq!((check.id.as_str(), claim.reason.as_str()), ("outcome/outcome", "special"));
        assert_eq!(
            (&claim.req[..], &claim.killed_by[..]),
            (&["S-other".into()][..], &["ca.flip".into(), "ca.lax".into()][..])
        );
        assert_eq!((claim.or[0].note.as_str(), &check.added[..]), ("why", &["ca.flip".to_owned()][..]));
        assert_eq!(claim.origin.file, "cases/server/enrol/other.toml");

        let suite = used("use = \"outcome\"\nnote = \"why\"").unwrap();
        let check = &suite.case("srv.enrol.other").unwrap().checks[0];
        assert_eq!(
            (check.claim.reason.as_str(), &check.claim.req[..]),
            ("general", &["S-server".to_owned()][..])
        );
        assert!(check.added.is_empty());
    }

    #[test]
    fn a_use_says_nothing_that_its_bundle_has_no_place_for() {
        for (lines, message) in [
            ("use = \"outcome\"", "`outcome` wants a `note` of each use"),
            ("use = \"answer\"\nnote = \"n\"", "`answer` has no place for a `note`"),
            ("use = \"outcome\"\nnote = \"n\"\nelse = \"two words\"", "`else` is a reason such as"),
            ("use = \"outcome\"\nnote = \"n\"\npath = \"reply.pkiStatus\"", "`use` stands with"),
            ("use = \"outcome\"\nnote = \"n\"\ntogether = [\"a/b\"]", "`use` stands with"),
        ] {
            let found = used(lines).unwrap_err();
            assert!(found.contains(message), "{lines}: {found}");
        }
    }

    #[test]
    fn an_unknown_bundle_is_refused() {
        let text = sample::granted("").replace("use = \"answer\"", "use = \"anser\"");
        let found = sample::load(&[("cases/server/enrol/granted.toml", &text)]).unwrap_err().to_string();
        assert!(found.contains("`use` of unknown bundle `anser` (did you mean `answer`?)"), "{found}");
    }
}
