//! Checks: one expectation over the transcript, tied to requirements, and the bundles that share them.

use serde::Deserialize;

use super::broken::Broken;
use super::operator::{Operator, Pattern, Value, Written};
use super::reference::{Reference, StepRef};
use super::source::Source;
use crate::verdict::CheckResult;

/// Schema of a bundle file.
pub(crate) const BUNDLE_SCHEMA: &str = "sceptic/bundle/1";

/// One check of one case: a claim, and the step it is judged on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Its id in the case; `bundle/id` when it comes from a bundle. Unique together with `on`.
    pub id: String,
    /// The step that references without `STEP:` look at.
    pub on: StepRef,
    /// What must hold.
    pub claim: Claim,
    /// Those of `killed_by` that a use of a bundle adds: each of them must move the check there.
    pub added: Vec<String>,
}

/// What a check claims, wherever it is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The fact.
    pub path: Reference,
    /// What must hold of it.
    pub operator: Operator,
    /// Judge only when this holds; otherwise the check is unjudged.
    pub when: Option<When>,
    /// Tolerated and lawful alternatives, tried in order when the expectation does not hold.
    pub or: Vec<Alternative>,
    /// Requirements it is tied to; the strictest of their levels is the check's.
    pub req: Vec<String>,
    /// The reason reported when nothing holds (`else`).
    pub reason: String,
    /// Mutants that must move it.
    pub killed_by: Vec<String>,
    /// Checks that no mutant can move apart from this one.
    pub together: Vec<String>,
    /// Where it is written.
    pub origin: Origin,
}

/// A condition on a fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct When {
    /// The fact.
    pub path: Reference,
    /// What must hold of it.
    pub operator: Operator,
}

/// Another outcome than the expected one that does not fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alternative {
    /// The fact, when it is not the check's own.
    pub path: Option<Reference>,
    /// What must hold of it.
    pub operator: Operator,
    /// The reason it is reported under.
    pub reason: String,
    /// How it counts.
    pub tolerance: Tolerance,
    /// Why it is tolerated or lawful.
    pub note: String,
}

/// How an alternative outcome counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tolerance {
    /// One of several lawful behaviours.
    Variance,
    /// A tolerated form of a MUST.
    Warn,
}

/// Where a table is written: `[[check]]` or `[[mutant]]` number `index` of `file`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Path from the data folder.
    pub file: String,
    /// Position in the file's array of such tables, from 0.
    pub index: usize,
}

/// Checks that are used together under one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// Stem of the file name.
    pub id: String,
    /// Path from the data folder.
    pub file: String,
    /// What its checks say together.
    pub title: String,
    /// Check ids (without the bundle's) and what they claim.
    pub checks: Vec<(String, Claim)>,
}

/// An entry of a case's `[[check]]` array as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Entry {
    /// A check of its own.
    Own(Box<Check>),
    /// All checks of a bundle, on one step.
    Use(Box<Use>),
}

/// The use of a bundle. What a bundle of one check says in general, a use may say of its case: the
/// requirements, the reason and the condition then replace those of the bundle, mutants come to them, and the
/// note stands where the bundle has `{note}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Use {
    /// The bundle.
    pub(crate) bundle: String,
    /// The step.
    pub(crate) on: StepRef,
    /// Position in the file's array.
    pub(crate) origin: Origin,
    /// Requirements instead of the bundle's.
    pub(crate) req: Vec<String>,
    /// Reason instead of the bundle's.
    pub(crate) reason: Option<String>,
    /// Mutants besides the bundle's.
    pub(crate) killed_by: Vec<String>,
    /// Why the alternatives are tolerated or lawful.
    pub(crate) note: Option<String>,
    /// Judge only when this holds.
    pub(crate) when: Option<When>,
}

/// Where a bundle's alternative has its note from the use.
const NOTE: &str = "{note}";

impl Check {
    /// Where the check is written, whatever uses it: `bundle/id`, or `case/id` with the id of its case.
    #[must_use]
    pub fn written_as(&self, case: &str) -> String {
        if self.id.contains('/') { self.id.clone() } else { format!("{case}/{}", self.id) }
    }
}

impl Tolerance {
    /// The result that a check gets by such an alternative.
    #[must_use]
    pub fn result(self) -> CheckResult {
        match self {
            Self::Variance => CheckResult::Variance,
            Self::Warn => CheckResult::Warn,
        }
    }
}

impl Bundle {
    /// The bundle's checks as checks of a case.
    ///
    /// # Errors
    /// The key of a use that does not fit the bundle, and what is wrong with it.
    pub(crate) fn used(&self, by: &Use) -> Result<Vec<Check>, (&'static str, String)> {
        let overrides =
            !by.req.is_empty() || by.reason.is_some() || !by.killed_by.is_empty() || by.when.is_some();
        if overrides && self.checks.len() != 1 {
            let message = format!("`{}` has several checks: which one is this of?", self.id);
            return Err(("use", message));
        }
        let wants_note = self.checks.iter().flat_map(|(_, claim)| &claim.or).any(|or| or.note == NOTE);
        match (&by.note, wants_note) {
            (None, true) => return Err(("use", format!("`{}` wants a `note` of each use", self.id))),
            (Some(_), false) => return Err(("note", format!("`{}` has no place for a `note`", self.id))),
            _ => {}
        }
        let used = |(id, claim): &(String, Claim)| {
            let mut claim = claim.clone();
            if overrides || by.note.is_some() {
                claim.origin = by.origin.clone();
            }
            if !by.req.is_empty() {
                claim.req.clone_from(&by.req);
            }
            claim.reason = by.reason.clone().unwrap_or(claim.reason);
            claim.when = by.when.clone().or(claim.when);
            claim.killed_by.splice(0..0, by.killed_by.iter().cloned());
            for or in claim.or.iter_mut().filter(|or| or.note == NOTE) {
                or.note = by.note.clone().unwrap_or_default();
            }
            Check { id: format!("{}/{id}", self.id), on: by.on.clone(), claim, added: by.killed_by.clone() }
        };
        Ok(self.checks.iter().map(used).collect())
    }

    pub(crate) fn read(source: &Source) -> Result<Self, Vec<Broken>> {
        let written: WrittenBundle = source.parse(BUNDLE_SCHEMA)?;
        let id = source.stem().to_owned();
        let mut broken = Vec::new();
        let mut checks = Vec::new();
        for (index, check) in written.check.into_iter().enumerate() {
            let at = format!("check.{index}");
            if check.bundle.is_some() {
                broken.push(source.at(&format!("{at}.use"), "a bundle cannot use a bundle"));
                continue;
            }
            if check.on.is_some() {
                let message = "a bundle's check has no `on`: each `use` of the bundle gives it";
                broken.push(source.at(&format!("{at}.on"), message));
            }
            match check.claim(source, index) {
                Ok(check) => checks.push(check),
                Err(more) => broken.extend(more),
            }
        }
        if checks.is_empty() && broken.is_empty() {
            broken.push(source.whole("a bundle without checks"));
        }
        match broken.is_empty() {
            true => Ok(Self { id, file: source.path.clone(), title: written.title, checks }),
            false => Err(broken),
        }
    }
}

/// Gives a written table the ten operator keys, and takes them out of it as one [`Written`].
macro_rules! with_operator {
    (struct $name:ident { $($(#[$attribute:meta])* $field:ident: $type:ty,)* }) => {
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(crate) struct $name {
            $($(#[$attribute])* $field: $type,)*
            eq: Option<Value>,
            ne: Option<Value>,
            #[serde(rename = "in")]
            one_of: Option<Vec<Value>>,
            ge: Option<i64>,
            le: Option<i64>,
            same: Option<Reference>,
            differs: Option<Reference>,
            absent: Option<bool>,
            matches: Option<Pattern>,
            length: Option<usize>,
        }

        impl $name {
            fn take_operator(&mut self) -> Written {
                Written {
                    eq: self.eq.take(),
                    ne: self.ne.take(),
                    one_of: self.one_of.take(),
                    ge: self.ge.take(),
                    le: self.le.take(),
                    same: self.same.take(),
                    differs: self.differs.take(),
                    absent: self.absent.take(),
                    matches: self.matches.take(),
                    length: self.length.take(),
                }
            }
        }
    };
}

with_operator! {
    struct WrittenCheck {
        id: Option<String>,
        on: Option<StepRef>,
        #[serde(rename = "use")]
        bundle: Option<String>,
        path: Option<Reference>,
        #[serde(default)]
        req: Vec<String>,
        #[serde(rename = "else")]
        reason: Option<String>,
        #[serde(default)]
        killed_by: Vec<String>,
        #[serde(default)]
        together: Vec<String>,
        note: Option<String>,
        when: Option<WrittenWhen>,
        #[serde(default)]
        or: Vec<WrittenAlternative>,
    }
}

with_operator! {
    struct WrittenWhen {
        path: Reference,
    }
}

impl WrittenWhen {
    fn read(mut self) -> Result<When, String> {
        let operator = self.take_operator().operator().map_err(|error| format!("`when` has {error}"))?;
        Ok(When { path: self.path, operator })
    }
}

with_operator! {
    struct WrittenAlternative {
        path: Option<Reference>,
        #[serde(rename = "as")]
        reason: Option<String>,
        result: Option<Tolerance>,
        note: Option<String>,
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenBundle {
    #[serde(rename = "schema")]
    _schema: String,
    title: String,
    #[serde(default)]
    check: Vec<WrittenCheck>,
}

impl WrittenCheck {
    /// Entry number `index` of a case's checks.
    pub(crate) fn entry(mut self, source: &Source, index: usize) -> Result<Entry, Vec<Broken>> {
        let at = |key: &str, message: &str| vec![source.at(&format!("check.{index}.{key}"), message)];
        let Some(on) = self.on.take() else {
            return Err(at("id", "a check without `on`: which step is it judged on?"));
        };
        match self.bundle.take() {
            Some(_) if !self.is_use() => {
                Err(at("use", "`use` stands with `on`, `req`, `else`, `killed_by`, `note` and `when` only"))
            }
            Some(_) if self.reason.as_deref().is_some_and(|reason| !is_word(reason)) => {
                Err(at("else", "`else` is a reason such as `not-granted`"))
            }
            Some(bundle) => {
                let origin = Origin { file: source.path.clone(), index };
                let Self { req, reason, killed_by, note, when, .. } = self;
                let when = when.map(WrittenWhen::read).transpose();
                let when = when.map_err(|message| at("when", &message))?;
                Ok(Entry::Use(Box::new(Use { bundle, on, origin, req, reason, killed_by, note, when })))
            }
            None => {
                let (id, claim) = self.claim(source, index)?;
                Ok(Entry::Own(Box::new(Check { id, on, claim, added: Vec::new() })))
            }
        }
    }

    /// True when nothing is written that only a check of its own has.
    fn is_use(&mut self) -> bool {
        self.take_operator().all().is_empty()
            && self.id.is_none()
            && self.path.is_none()
            && self.together.is_empty()
            && self.or.is_empty()
    }

    /// Check id and claim of check number `index`.
    fn claim(mut self, source: &Source, index: usize) -> Result<(String, Claim), Vec<Broken>> {
        let mut broken = Vec::new();
        let mut refuse = |key: &str, message: String| {
            broken.push(source.at(&format!("check.{index}.{key}"), message));
        };
        let operator = self.take_operator().operator().map_err(|error| refuse("path", error)).ok();
        let when = self.when.map(|when| when.read().map_err(|message| refuse("when", message)));
        let mut or = Vec::new();
        for (i, mut written) in self.or.into_iter().enumerate() {
            let key = format!("or.{i}");
            let operator = written
                .take_operator()
                .operator()
                .map_err(|error| refuse(&key, format!("`or` has {error}")))
                .ok();
            for (missing, name, what) in [
                (written.reason.is_none(), "as", "the reason it is reported under"),
                (written.result.is_none(), "result", "`variance` or `warn`"),
                (written.note.as_ref().is_none_or(String::is_empty), "note", "why it is lawful or tolerated"),
            ] {
                if missing {
                    refuse(&key, format!("`or` without `{name}`: {what}"));
                }
            }
            if let (Some(operator), Some(reason), Some(tolerance), Some(note)) =
                (operator, written.reason, written.result, written.note)
            {
                or.push(Alternative { path: written.path, operator, reason, tolerance, note });
            }
        }
        if self.note.is_some() {
            refuse("note", "`note` belongs to an alternative, or to the use of a bundle".to_owned());
        }
        let id = self.id.filter(|id| is_word(id));
        for (missing, key, message) in [
            (id.is_none(), "id", "a check without an `id` of lower-case letters, digits and dashes"),
            (self.path.is_none(), "path", "a check without `path`"),
            (self.req.is_empty(), "req", "a check without `req`: no requirement, no verdict"),
            (
                !self.reason.as_deref().is_some_and(is_word),
                "else",
                "a check without `else`, a reason such as `not-granted`",
            ),
            (
                self.killed_by.is_empty(),
                "killed_by",
                "a check without `killed_by`: nothing shows that it bites",
            ),
        ] {
            if missing {
                refuse(key, message.to_owned());
            }
        }
        match (broken.is_empty(), id, self.path, operator, self.reason, when.transpose()) {
            (true, Some(id), Some(path), Some(operator), Some(reason), Ok(when)) => {
                let origin = Origin { file: source.path.clone(), index };
                let Self { req, killed_by, together, .. } = self;
                Ok((id, Claim { path, operator, when, or, req, reason, killed_by, together, origin }))
            }
            _ => Err(broken),
        }
    }
}

/// Ids and reasons: letters, digits, dashes. `failInfo` names keep their capitals.
fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}
