//! Axes: what one case is varied over, and the instances that come of it.

use std::collections::BTreeMap;

use super::case::Case;

/// The axes of a case, in file order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Axes {
    /// Every combination instead of one value at a time.
    pub cross: bool,
    /// The axes.
    pub list: Vec<Axis>,
}

/// One thing that is varied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Axis {
    /// Name in `{axes.NAME}`.
    pub name: String,
    /// Its values, never empty; with the first of each axis the case is itself.
    pub values: Vec<AxisValue>,
}

/// One value of an axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AxisValue {
    /// The value as steps get it.
    pub value: String,
    /// Abilities that it needs.
    pub needs: Vec<String>,
}

/// A case with a value chosen on each axis: what is run and judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// `srv.enrol.granted`, or `srv.enrol.granted[via=get]`.
    pub id: String,
    /// The case's id.
    pub case: String,
    /// The value on each axis of the case.
    pub axes: BTreeMap<String, String>,
    /// Abilities that the subject must have, those of the case and of the values.
    pub needs: Vec<String>,
}

impl Axes {
    /// Reads `[axes]`; a mistake comes with its key.
    pub(crate) fn read(table: &toml::Table) -> Result<Self, (String, String)> {
        let mut axes = Self::default();
        for (name, value) in table {
            if name == "cross" {
                let wrong = || ("axes.cross".to_owned(), "`cross` is true or false".to_owned());
                axes.cross = value.as_bool().ok_or_else(wrong)?;
                continue;
            }
            let wrong = || {
                let message = format!("axis `{name}` is a table of values to the abilities they need");
                (format!("axes.{name}"), message)
            };
            let mut values = Vec::new();
            for (value, needs) in value.as_table().ok_or_else(wrong)? {
                let needs = needs.as_array().ok_or_else(wrong)?.iter();
                let needs: Option<Vec<String>> = needs.map(|need| need.as_str().map(str::to_owned)).collect();
                values.push(AxisValue { value: value.clone(), needs: needs.ok_or_else(wrong)? });
            }
            if values.len() < 2 {
                return Err((format!("axes.{name}"), format!("axis `{name}` has fewer than two values")));
            }
            axes.list.push(Axis { name: name.clone(), values });
        }
        match axes.cross && axes.list.len() < 2 {
            true => Err(("axes.cross".to_owned(), "`cross` over fewer than two axes".to_owned())),
            false => Ok(axes),
        }
    }

    /// Own axes, and those of the base that are not named again, with their first value only.
    pub(crate) fn over(self, base: &Self) -> Self {
        let inherited = base.list.iter().filter(|axis| self.list.iter().all(|own| own.name != axis.name));
        let inherited = inherited.map(|axis| Axis {
            name: axis.name.clone(),
            values: axis.values.iter().take(1).cloned().collect(),
        });
        let mut list: Vec<Axis> = inherited.collect();
        list.extend(self.list);
        Self { cross: self.cross, list }
    }

    /// Every choice of one value an axis that makes an instance, the case itself first.
    fn choices(&self) -> Vec<Vec<&AxisValue>> {
        if self.cross {
            return self.list.iter().fold(vec![Vec::new()], |choices, axis| {
                let longer = |choice: Vec<_>| {
                    axis.values.iter().map(move |value| [choice.clone(), vec![value]].concat())
                };
                choices.into_iter().flat_map(longer).collect()
            });
        }
        let first: Vec<&AxisValue> = self.list.iter().filter_map(|axis| axis.values.first()).collect();
        let mut choices = vec![first.clone()];
        for (at, axis) in self.list.iter().enumerate() {
            for value in axis.values.iter().skip(1) {
                let mut choice = first.clone();
                if let Some(slot) = choice.get_mut(at) {
                    *slot = value;
                }
                choices.push(choice);
            }
        }
        choices
    }
}

impl Case {
    /// What is run: the case itself with the first value of each axis, then one instance for each other value
    /// alone, or for each combination when the axes are crossed.
    #[must_use]
    pub fn instances(&self) -> Vec<Instance> {
        self.axes.choices().into_iter().map(|choice| self.instance(&choice)).collect()
    }

    fn instance(&self, choice: &[&AxisValue]) -> Instance {
        let mut needs = self.needs.clone();
        let mut axes = BTreeMap::new();
        let mut chosen = Vec::new();
        for (axis, value) in self.axes.list.iter().zip(choice) {
            axes.insert(axis.name.clone(), value.value.clone());
            needs.extend(value.needs.iter().filter(|need| !self.needs.contains(need)).cloned());
            if axis.values.first() != Some(*value) {
                chosen.push(format!("{}={}", axis.name, value.value));
            }
        }
        let id = match chosen.is_empty() {
            true => self.id.clone(),
            false => format!("{}[{}]", self.id, chosen.join(",")),
        };
        Instance { id, case: self.id.clone(), axes, needs }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::sample;

    fn instances(axes: &str) -> Vec<(String, Vec<String>)> {
        let suite = sample::suite_with(&[("cases/server/enrol/granted.toml", &sample::granted(axes))]);
        let case = suite.case("srv.enrol.granted").unwrap();
        case.instances().into_iter().map(|instance| (instance.id, instance.needs)).collect()
    }

    fn needs(more: &[&str]) -> Vec<String> {
        [&["op.pkcsreq"], more].concat().into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn every_other_value_alone_is_an_instance() {
        let found =
            instances("via = { post = [], get = [\"transport.get\"] }\ncipher = { aes = [], des3 = [] }\n");
        assert_eq!(
            found,
            [
                ("srv.enrol.granted".to_owned(), needs(&[])),
                ("srv.enrol.granted[via=get]".to_owned(), needs(&["transport.get"])),
                ("srv.enrol.granted[cipher=des3]".to_owned(), needs(&[])),
            ]
        );
    }

    #[test]
    fn the_first_value_is_the_first_in_the_file() {
        let found = instances("via = { post = [], get = [] }\ncipher = { zzz = [], aaa = [] }\n");
        assert_eq!(found[2].0, "srv.enrol.granted[cipher=aaa]");
    }

    #[test]
    fn crossed_axes_give_the_product() {
        let found =
            instances("cross = true\nvia = { post = [], get = [] }\ncipher = { aes = [], des3 = [] }\n");
        let ids: Vec<&str> = found.iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!(
            ids,
            [
                "srv.enrol.granted",
                "srv.enrol.granted[cipher=des3]",
                "srv.enrol.granted[via=get]",
                "srv.enrol.granted[via=get,cipher=des3]"
            ]
        );
    }

    #[test]
    fn an_axis_has_at_least_two_values_with_lists_of_abilities() {
        for (axes, message) in [
            ("via = { post = [] }", "axis `via` has fewer than two values"),
            ("via = [\"post\", \"get\"]", "axis `via` is a table of values"),
            ("cross = 1", "`cross` is true or false"),
            ("cross = true\nvia = { post = [], get = [] }", "`cross` over fewer than two axes"),
        ] {
            let (_, found) = Axes::read(&toml::from_str(axes).unwrap()).unwrap_err();
            assert!(found.contains(message), "{axes}: {found}");
        }
    }
}
