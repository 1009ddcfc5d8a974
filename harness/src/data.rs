//! The data files as typed values: cases, bundles, mutants, profiles, peers, expectations, register, abilities.
//!
//! ```text
//!  harness/{cases,bundles,mutants,profiles,register,peers}  (embedded, or a folder by `--data`)
//!    -> files -> one reader per kind -> resolve (bases, changes, bundles) -> Suite -> lint, plan, runner, judge
//! ```
//!
//! Reading refuses what departs from a file's schema; [`lint`] refuses what the files together get wrong.
//! Both collect every mistake with file, line and column.

pub mod ability;
pub mod axes;
mod broken;
pub mod case;
pub mod check;
pub mod expectations;
mod files;
pub mod lint;
pub mod mutant;
mod nearest;
pub mod operator;
pub mod peer;
pub mod profile;
pub mod reference;
pub mod register;
mod resolve;
#[cfg(test)]
pub(crate) mod sample;
pub mod setup;
mod source;
pub mod template;
mod time_limit;

use std::collections::BTreeMap;
use std::path::Path;

pub use ability::{Ability, AbilityRole, Declaration, Has, Known, LEGACY, Standing};
pub use axes::{Axes, Axis, AxisValue, Instance};
pub use broken::{Broken, BrokenData};
pub use case::{Case, Change, MessageFilter, Repeat, Role, Served, Step, Tier};
pub use check::{Alternative, Bundle, Check, Claim, Origin, Tolerance, When};
pub use expectations::{Expectation, Expectations};
pub use files::Files;
pub use mutant::{Departure, Mutant, ReferencePeer};
pub use operator::{Operator, Pattern, Value};
pub use peer::Peer;
pub use profile::{Profile, Select};
pub use reference::{Reference, StepName, StepRef};
pub use register::{Party, Register, Requirement, Testable};
pub use setup::Setup;
pub use source::Source;
pub use template::{MissingName, Name, Template};

pub(crate) use expectations::glob;
pub(crate) use nearest::{did_you_mean, nearest};

use case::CaseFile;

/// Every data file, read and put together.
#[derive(Debug, Clone, Default)]
pub struct Suite {
    /// Cases by id.
    pub cases: BTreeMap<String, Case>,
    /// Bundles by id.
    pub bundles: BTreeMap<String, Bundle>,
    /// Mutants by id.
    pub mutants: BTreeMap<String, Mutant>,
    /// Profiles by name.
    pub profiles: BTreeMap<String, Profile>,
    /// Peers by name.
    pub peers: BTreeMap<String, Peer>,
    /// Expectations by the peer whose folder they are in.
    pub expectations: BTreeMap<String, Expectations>,
    /// Requirements.
    pub register: Register,
    /// Abilities by id.
    pub abilities: BTreeMap<String, Ability>,
    /// Configurations of the reference server, in the order in which an instance looks for its own.
    pub setups: Vec<Setup>,
    /// The files it was read from, by path from the data folder.
    pub sources: BTreeMap<String, Source>,
}

impl Suite {
    /// The data files that this program was built with.
    ///
    /// # Errors
    ///
    /// Every mistake in them.
    pub fn embedded() -> Result<Self, BrokenData> {
        Self::load(Files::embedded())
    }

    /// The data files in a folder that is laid out as `harness/`.
    ///
    /// # Errors
    ///
    /// Every mistake in them, or the folder cannot be read.
    pub fn from_dir(folder: &Path) -> Result<Self, BrokenData> {
        Self::load(Files::from_dir(folder)?)
    }

    /// Data files given as path from the data folder and text.
    ///
    /// # Errors
    ///
    /// Every mistake in them.
    pub fn from_files<P: Into<String>, T: Into<String>>(
        files: impl IntoIterator<Item = (P, T)>,
    ) -> Result<Self, BrokenData> {
        Self::load(Files::given(files))
    }

    /// The case with this id, or which had it.
    #[must_use]
    pub fn case(&self, id: &str) -> Option<&Case> {
        let renamed = || self.cases.values().find(|case| case.aliases.iter().any(|alias| alias == id));
        self.cases.get(id).or_else(renamed)
    }

    /// Everything that can be run: each case, once for each of its axes' values.
    pub fn instances(&self) -> impl Iterator<Item = Instance> {
        self.cases.values().flat_map(Case::instances)
    }

    /// The instance with this id.
    #[must_use]
    pub fn instance(&self, id: &str) -> Option<Instance> {
        let case = self.case(id.split('[').next().unwrap_or(id))?;
        let rest = id.find('[').and_then(|at| id.get(at..)).unwrap_or("");
        case.instances().into_iter().find(|instance| instance.id.strip_prefix(&case.id) == Some(rest))
    }

    fn load(files: Files) -> Result<Self, BrokenData> {
        let mut suite = Self::default();
        let mut written: BTreeMap<String, CaseFile> = BTreeMap::new();
        let mut broken = Vec::new();
        for source in files.sources.values() {
            if let Err(more) = suite.read(source, &files, &mut written) {
                broken.extend(more);
            }
        }
        // What could not be read would make whatever names it look wrong too.
        BrokenData::check(broken)?;
        let mut broken = Vec::new();
        let resolver =
            resolve::Resolver { files: &written, bundles: &suite.bundles, sources: &files.sources };
        suite.cases = resolver.resolve(&mut broken);
        BrokenData::check(broken)?;
        suite.sources = files.sources;
        Ok(suite)
    }

    fn read(
        &mut self,
        source: &Source,
        files: &Files,
        written: &mut BTreeMap<String, CaseFile>,
    ) -> Result<(), Vec<Broken>> {
        let parts: Vec<&str> = source.path.split('/').collect();
        match parts.as_slice() {
            ["cases", ..] => {
                let case = CaseFile::read(source)?;
                written.insert(case.id.clone(), case);
            }
            ["bundles", _] => {
                let bundle = Bundle::read(source)?;
                self.bundles.insert(bundle.id.clone(), bundle);
            }
            ["mutants", _] => {
                for mutant in mutant::read(source)? {
                    let id = mutant.id.clone();
                    if self.mutants.insert(id.clone(), mutant).is_some() {
                        return Err(vec![source.whole(format!("mutant `{id}` is in another file too"))]);
                    }
                }
            }
            ["profiles", _] => {
                let profile = Profile::read(source)?;
                self.profiles.insert(profile.name.clone(), profile);
            }
            ["register", "abilities.toml"] => self.abilities = ability::read(source)?,
            ["register", "setups.toml"] => self.setups = setup::read(source)?,
            ["register", _] => {
                let mut broken = Vec::new();
                for row in register::read(source)? {
                    let (id, at) = (row.id.clone(), format!("requirement.{}.id", row.origin.index));
                    if self.register.rows.insert(id.clone(), row).is_some() {
                        broken.push(source.at(&at, format!("a second requirement `{id}`")));
                    }
                }
                if !broken.is_empty() {
                    return Err(broken);
                }
            }
            ["peers", folder, "peer.toml"] => {
                let peer = Peer::read(source)?;
                if peer.name != *folder {
                    let message = format!("peer `{}` is in a folder named `{folder}`", peer.name);
                    return Err(vec![source.at("name", message)]);
                }
                self.peers.insert(peer.name.clone(), peer);
            }
            ["peers", folder, "expectations.toml"] => {
                let beside = |evidence: &str| files.has(&format!("peers/{folder}/{evidence}"));
                let expectations = Expectations::read(source, &beside)?;
                self.expectations.insert((*folder).to_owned(), expectations);
            }
            _ => return Err(vec![source.whole("no kind of data file has its place here")]),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mistake_is_reported_not_just_the_first() {
        let found = Suite::from_files([
            ("bundles/a.toml", "schema = \"sceptic/bundle/1\"\n"),
            ("bundles/b.toml", "schema = 1\n"),
            ("cases/server/x/y.toml", "title = 1\n"),
            ("cases/readme.toml", ""),
            ("elsewhere/x.toml", ""),
        ]);
        let found = found.unwrap_err();
        let files: Vec<&str> = found.0.iter().map(|broken| broken.file.as_str()).collect();
        let expected = [
            "bundles/a.toml",
            "bundles/b.toml",
            "cases/readme.toml",
            "cases/server/x/y.toml",
            "elsewhere/x.toml",
        ];
        assert_eq!(files, expected, "{found}");
    }

    #[test]
    fn an_instance_is_found_by_its_id() {
        let suite = sample::suite();
        assert_eq!(suite.instance("srv.enrol.granted[via=get]").unwrap().axes["via"], "get");
        assert_eq!(suite.instance("srv.enrol.granted").unwrap().axes["via"], "post");
        assert!(suite.instance("srv.enrol.granted[via=smoke]").is_none());
    }

    #[test]
    fn a_renamed_case_is_found_by_its_old_id() {
        let text = sample::granted("via = { post = [], get = [] }").replacen(
            "tier",
            "aliases = [\"srv.old.name\"]\ntier",
            1,
        );
        let suite = sample::suite_with(&[("cases/server/enrol/granted.toml", &text)]);
        assert_eq!(suite.case("srv.old.name").unwrap().id, "srv.enrol.granted");
        assert_eq!(suite.instance("srv.old.name[via=get]").unwrap().id, "srv.enrol.granted[via=get]");
    }

    #[test]
    fn parameters_are_filled_in_for_an_instance() {
        let suite = sample::suite();
        let case = suite.case("srv.enrol.granted").unwrap();
        let instance = suite.instance("srv.enrol.granted[via=get]").unwrap();
        let look_up = |name: &Name| (name.to_string() == "subject.challenge").then(|| "secret".to_owned());
        let parameters = case.parameters(&case.steps[0], &instance, &look_up).unwrap();
        assert_eq!(parameters["via"].as_str(), Some("get"));
        assert_eq!(parameters["challenge"].as_str(), Some("secret"));
        let missing = case.parameters(&case.steps[0], &instance, &|_| None).unwrap_err();
        assert_eq!(missing.to_string(), "`{subject.challenge}` is not known here");
    }

    #[test]
    fn a_peer_lives_in_the_folder_of_its_name() {
        let peer = "schema = \"sceptic/peer/1\"\nname = \"a\"\ntitle = \"t\"\nrole = \"server\"\n[server]\nurl = \"http://h/\"\n";
        let found = sample::load(&[("peers/b/peer.toml", peer)]).unwrap_err().to_string();
        assert_eq!(found, "peers/b/peer.toml:2:1: peer `a` is in a folder named `b`");
    }
}
