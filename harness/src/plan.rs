//! The plan of a run: which case instances, in which order, and which of them the subject cannot be asked.
//!
//! Pure: data files and what is known of the subject in, a list out. The runner works it off, and reviews it
//! when discovery has told more about the subject.

mod select;

use std::collections::{BTreeMap, BTreeSet};

use rand_core::RngCore;

use crate::data::{Ability, AbilityRole, Case, Instance, Known, Role, Standing, Suite};

pub use select::{Pool, UnknownFilter, select};

/// What is run, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// The instances, every base before the cases that depend on it.
    pub entries: Vec<Planned>,
}

/// One instance of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// What is run.
    pub instance: Instance,
    /// Why it is in the plan.
    pub chosen: Chosen,
    /// True when another case of the plan is judged only if this one's control checks hold.
    pub is_control: bool,
    /// Whether the subject can be asked.
    pub support: Support,
}

/// Why an instance is in a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chosen {
    /// A filter or the profile selects it.
    Selected,
    /// Only a case that depends on it is selected.
    AsBase,
}

/// Whether a subject can be asked an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Support {
    /// It can, as far as is known; these abilities are still to be announced or probed.
    Runs {
        /// Ids of abilities that are open.
        open: Vec<String>,
    },
    /// It lacks an ability, because of this.
    Unsupported(String),
}

/// The order of a plan. Controls always come first.
#[expect(missing_debug_implementations, reason = "a generator shows no state")]
pub enum Order<'a> {
    /// By id.
    ById,
    /// As the generator says, so that cases which depend on each other's order show up.
    Shuffled(&'a mut dyn RngCore),
}

impl Plan {
    /// Plans these instances, and the bases that their cases depend on.
    #[must_use]
    pub fn new(suite: &Suite, selected: Vec<Instance>, known: &Known, order: Order<'_>) -> Self {
        let mut chosen: BTreeMap<String, (Instance, Chosen)> = BTreeMap::new();
        let mut controls: BTreeSet<String> = BTreeSet::new();
        for instance in &selected {
            let mut base = suite.case(&instance.case).and_then(|case| case.base.clone());
            while let Some(case) = base.and_then(|id| suite.case(&id)) {
                controls.insert(case.id.clone());
                if let Some(itself) = case.instances().into_iter().next() {
                    chosen.insert(itself.id.clone(), (itself, Chosen::AsBase));
                }
                base = case.base.clone();
            }
        }
        for instance in selected {
            chosen.insert(instance.id.clone(), (instance, Chosen::Selected));
        }
        let entries = chosen.into_values().map(|(instance, chosen)| Planned {
            is_control: controls.contains(&instance.id),
            instance,
            chosen,
            support: Support::Runs { open: Vec::new() },
        });
        let mut plan = Self { entries: entries.collect() };
        plan.sort(suite, order);
        plan.review(suite, known);
        plan
    }

    /// Decides again what the subject can be asked, with what is known of it by now.
    pub fn review(&mut self, suite: &Suite, known: &Known) {
        for planned in &mut self.entries {
            if let Some(case) = suite.case(&planned.instance.case) {
                planned.support = support(suite, case.role, &planned.instance.needs, known);
            }
        }
    }

    /// How many instances the subject cannot be asked.
    #[must_use]
    pub fn unsupported(&self) -> usize {
        self.entries.iter().filter(|planned| matches!(planned.support, Support::Unsupported(_))).count()
    }

    fn sort(&mut self, suite: &Suite, order: Order<'_>) {
        // A base of a base comes before it; every control before all other cases.
        let rank = |planned: &Planned| match planned.is_control {
            true => depth(suite, suite.case(&planned.instance.case)),
            false => usize::MAX,
        };
        match order {
            Order::ById => {
                self.entries.sort_by_cached_key(|planned| (rank(planned), planned.instance.id.clone()))
            }
            Order::Shuffled(generator) => {
                self.entries.sort_by_cached_key(|planned| (rank(planned), generator.next_u64()));
            }
        }
    }
}

impl Planned {
    /// Why the subject cannot be asked; `None` when it can.
    #[must_use]
    pub fn unsupported(&self) -> Option<&str> {
        match &self.support {
            Support::Unsupported(because) => Some(because),
            Support::Runs { .. } => None,
        }
    }
}

/// The lines of `sceptic list`: id, tier, role and title of the case of each instance, once a case.
#[must_use]
pub fn lines(suite: &Suite, instances: &[Instance]) -> Vec<String> {
    let ids: BTreeSet<&str> = instances.iter().map(|instance| instance.case.as_str()).collect();
    let cases: Vec<&Case> = ids.into_iter().filter_map(|id| suite.case(id)).collect();
    let width = cases.iter().map(|case| case.id.len()).max().unwrap_or(0);
    let line = |case: &&Case| {
        let Case { id, tier, role, title, .. } = case;
        format!("{id:width$}  {tier:8}  {role:6}  {title}", tier = tier.word(), role = role.word())
    };
    cases.iter().map(line).collect()
}

/// How many bases a case stands on.
fn depth(suite: &Suite, case: Option<&Case>) -> usize {
    case.and_then(|case| case.base.as_ref()).map_or(0, |base| 1 + depth(suite, suite.case(base)))
}

fn support(suite: &Suite, role: Role, needs: &[String], known: &Known) -> Support {
    let mut lacks = Vec::new();
    let mut open = Vec::new();
    for need in needs {
        match suite.abilities.get(need) {
            None => lacks.push(format!("{need}: no such ability")),
            Some(ability) if !is_of(ability, role) => {}
            Some(ability) => match known.about(ability) {
                Standing::Has => {}
                Standing::Lacks(because) => lacks.push(because),
                Standing::Open => open.push(need.clone()),
            },
        }
    }
    match lacks.is_empty() {
        true => Support::Runs { open },
        false => Support::Unsupported(lacks.join("; ")),
    }
}

/// A subject is held to the abilities of its own side; the other side is ours.
fn is_of(ability: &Ability, role: Role) -> bool {
    match ability.role {
        AbilityRole::Both => true,
        AbilityRole::Server => role == Role::Server,
        AbilityRole::Client => role == Role::Client,
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;
    use crate::data::sample;

    fn planned(suite: &Suite, filters: &[&str], known: &Known) -> Plan {
        let filters: Vec<String> = filters.iter().map(ToString::to_string).collect();
        Plan::new(suite, select(suite, Pool::Role(Role::Server), &filters).unwrap(), known, Order::ById)
    }

    fn ids(plan: &Plan) -> Vec<&str> {
        plan.entries.iter().map(|planned| planned.instance.id.as_str()).collect()
    }

    #[test]
    fn the_base_of_a_selected_case_is_selected_and_comes_first() {
        let plan = planned(&sample::suite(), &["srv.enrol.refused"], &Known::default());
        assert_eq!(ids(&plan), ["srv.enrol.granted", "srv.enrol.refused"]);
        let [base, case] = plan.entries.as_slice() else { panic!("{plan:?}") };
        assert_eq!((base.chosen, base.is_control), (Chosen::AsBase, true));
        assert_eq!((case.chosen, case.is_control), (Chosen::Selected, false));
    }

    #[test]
    fn a_base_of_a_base_comes_before_it() {
        let middle = format!(
            "base = \"srv.enrol.granted\"\ncontrol = [\"refused\"]\n[change]\nstep = \"enrol\"\nunset = \"challenge\"\n{}",
            sample::CHECK
        );
        let last = format!(
            "base = \"srv.enrol.a-middle\"\n[change]\nstep = \"enrol\"\nfault = \"f.one\"\n{}",
            sample::CHECK
        );
        let suite = sample::suite_with(&[
            ("cases/server/enrol/a-middle.toml", &sample::case(&middle)),
            ("cases/server/enrol/a-last.toml", &sample::case(&last)),
        ]);
        let plan = planned(&suite, &["srv.enrol.a-last"], &Known::default());
        assert_eq!(ids(&plan), ["srv.enrol.granted", "srv.enrol.a-middle", "srv.enrol.a-last"]);
    }

    #[test]
    fn a_missing_ability_is_unsupported_with_its_reason() {
        let plan = planned(&sample::suite(), &[], &Known::default());
        let reasons: Vec<_> = plan.entries.iter().map(|planned| planned.unsupported()).collect();
        assert_eq!(ids(&plan), ["srv.enrol.granted", "srv.enrol.granted[via=get]", "srv.enrol.refused"]);
        assert_eq!(reasons, [None, None, Some("op.certpoll: not declared (--can)")]);
        assert_eq!(plan.unsupported(), 1);
        assert_eq!(plan.entries[1].support, Support::Runs { open: vec!["transport.get".into()] });
    }

    #[test]
    fn a_review_knows_what_was_announced() {
        let suite = sample::suite();
        let mut known = Known::default();
        let mut plan = planned(&suite, &["srv.enrol.granted"], &known);
        known.announced = Some(BTreeSet::new());
        plan.review(&suite, &known);
        assert!(plan.entries[1].unsupported().unwrap().contains("GetCACaps does not list GET"), "{plan:?}");
        known.declare("transport.get", true, None);
        plan.review(&suite, &known);
        assert_eq!(plan.unsupported(), 0);
    }

    #[test]
    fn a_shuffled_plan_keeps_controls_first_and_repeats_by_seed() {
        let suite = sample::suite();
        let shuffled = |seed| {
            let mut generator = ChaCha20Rng::seed_from_u64(seed);
            let selected = select(&suite, Pool::Role(Role::Server), &[]).unwrap();
            let plan = Plan::new(&suite, selected, &Known::default(), Order::Shuffled(&mut generator));
            plan.entries.into_iter().map(|planned| planned.instance.id).collect::<Vec<_>>()
        };
        let orders: BTreeSet<_> = (0..16).map(shuffled).collect();
        assert_eq!(orders.len(), 2, "two instances besides the control: {orders:?}");
        assert!(orders.iter().all(|order| order[0] == "srv.enrol.granted"));
        assert_eq!(shuffled(7), shuffled(7));
    }

    #[test]
    fn a_list_has_one_case_a_line() {
        let suite = sample::suite();
        let instances: Vec<_> = suite.instances().collect();
        assert_eq!(
            lines(&suite, &instances),
            [
                "cli.enrol.granted  smoke     client  a title",
                "srv.enrol.granted  smoke     server  a title",
                "srv.enrol.refused  core      server  a title",
            ]
        );
    }
}
