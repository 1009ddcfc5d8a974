//! All templates that there are: those that are built in, and those of a folder.

use std::path::Path;

use super::{Template, TemplateError};

/// Templates by nickname, and by profile id and group id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Templates(Vec<Template>);

/// How a configuration chooses a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// By its nickname.
    Nickname(String),
    /// By the ids of its profile and of the profile's group.
    Ids {
        /// Profile id.
        profile: String,
        /// Group id; None for any.
        group: Option<String>,
    },
}

impl Default for Choice {
    fn default() -> Self {
        Self::Nickname(Templates::DEFAULT.to_owned())
    }
}

impl Choice {
    /// The template.
    ///
    /// # Errors
    /// When there is none.
    pub fn find<'a>(&self, templates: &'a Templates) -> Result<&'a Template, TemplateError> {
        let (found, name) = match self {
            Self::Nickname(nickname) => (templates.named(nickname), nickname.clone()),
            Self::Ids { profile, group } => {
                let group_text = group.as_deref().unwrap_or("any");
                let name = format!("profile id {profile}, group id {group_text}");
                (templates.with_ids(profile, group.as_deref()), name)
            }
        };
        let detail = || format!("there is no such template; there are {}", templates.nicknames());
        found.ok_or_else(|| TemplateError { file: name, detail: detail() })
    }
}

/// The files that are built in.
const BUILT_IN: &[(&str, &str)] = &[
    ("default.toml", include_str!("../../templates/default.toml")),
    ("device.toml", include_str!("../../templates/device.toml")),
    ("5yscepp.toml", include_str!("../../templates/5yscepp.toml")),
];

impl Templates {
    /// Nickname of the template for whom nothing says otherwise.
    pub const DEFAULT: &'static str = "default";

    /// Those that are built in.
    ///
    /// # Errors
    /// When one of them does not parse, which is a defect of the build: its tests read them.
    pub fn built_in() -> Result<Self, TemplateError> {
        let read = |(file, text): &(&str, &str)| Template::read(file, text);
        BUILT_IN.iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// Those that are built in, and every `*.toml` of a folder; one of the same nickname takes the place of
    /// the one that is built in.
    ///
    /// # Errors
    /// When a file cannot be read or is no template, or when two of the folder have one nickname, or one
    /// profile id and group id.
    pub fn with_folder(folder: &Path) -> Result<Self, TemplateError> {
        let failed = |path: &Path, error: std::io::Error| TemplateError {
            file: path.display().to_string(),
            detail: error.to_string(),
        };
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(|error| failed(folder, error))? {
            let path = entry.map_err(|error| failed(folder, error))?.path();
            if path.extension().is_some_and(|extension| extension == "toml") {
                paths.push(path);
            }
        }
        paths.sort();
        let mut added: Vec<Template> = Vec::new();
        for path in paths {
            let text = std::fs::read_to_string(&path).map_err(|error| failed(&path, error))?;
            let file = path.display().to_string();
            let template = Template::read(&file, &text)?;
            if let Some(other) = added.iter().find(|other| other.collides_with(&template)) {
                let detail = format!("expected a nickname and ids of its own, `{}` has them", other.nickname);
                return Err(TemplateError { file, detail });
            }
            added.push(template);
        }
        let Self(mut all) = Self::built_in()?;
        all.retain(|old| !added.iter().any(|new| new.is_named(&old.nickname)));
        all.append(&mut added);
        Ok(Self(all))
    }

    /// The template of that nickname, whatever the letter case.
    #[must_use]
    pub fn named(&self, nickname: &str) -> Option<&Template> {
        self.0.iter().find(|template| template.is_named(nickname))
    }

    /// The template of that profile id, and of that group id when one is given.
    #[must_use]
    pub fn with_ids(&self, profile_id: &str, group_id: Option<&str>) -> Option<&Template> {
        self.0.iter().find(|template| {
            template.profile_id.as_deref() == Some(profile_id)
                && (group_id.is_none() || template.group_id.as_deref() == group_id)
        })
    }

    /// The template whose challengePassword this is.
    #[must_use]
    pub fn with_challenge(&self, offered: &str) -> Option<&Template> {
        let is_right = |template: &&Template| template.challenge.as_ref().is_some_and(|own| own.is(offered));
        self.0.iter().find(is_right)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Template> {
        self.0.iter()
    }

    /// Nicknames, for messages.
    #[must_use]
    pub fn nicknames(&self) -> String {
        self.0.iter().map(|template| template.nickname.as_str()).collect::<Vec<_>>().join(", ")
    }
}

impl Template {
    pub(crate) fn is_named(&self, nickname: &str) -> bool {
        self.nickname.eq_ignore_ascii_case(nickname)
    }

    fn collides_with(&self, other: &Self) -> bool {
        let ids = |template: &Self| template.profile_id.clone().zip(template.group_id.clone());
        self.is_named(&other.nickname) || ids(self).is_some_and(|own| Some(own) == ids(other))
    }
}

#[cfg(test)]
mod tests {
    use super::Templates;

    const HEAD: &str = "schema = \"sceptic/mock-ca-template/1\"\ntitle = \"T\"\n";

    #[test]
    fn templates_are_found_by_nickname_and_by_ids() {
        let templates = Templates::built_in().unwrap();
        let five_years = templates.named("5yscepp").unwrap();
        assert_eq!(five_years.title, "5-Year SCEP Certificate - Preregistration");
        assert_eq!(templates.with_ids("5", Some("1")), Some(five_years));
        assert_eq!(templates.with_ids("5", None), Some(five_years));
        assert_eq!(templates.with_ids("5", Some("2")), None);
        assert_eq!(templates.named("nobody"), None);
    }

    #[test]
    fn a_folder_adds_templates_and_replaces_those_that_are_built_in() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| std::fs::write(folder.path().join(name), format!("{HEAD}{text}"));
        file("a.toml", "nickname = \"DEFAULT\"\n[constants]\nNotAfter = 7\n").unwrap();
        file("b.toml", "nickname = \"router\"\nprofile_id = \"9\"\n").unwrap();
        std::fs::write(folder.path().join("notes.txt"), "no template").unwrap();
        let templates = Templates::with_folder(folder.path()).unwrap();
        assert_eq!(templates.named("default").unwrap().not_after, Some(7));
        assert_eq!(templates.with_ids("9", None).unwrap().nickname, "router");

        file("c.toml", "nickname = \"Router\"\n").unwrap();
        let error = Templates::with_folder(folder.path()).unwrap_err().to_string();
        assert!(error.contains("c.toml") && error.contains("`router`"), "{error}");
    }

    #[test]
    fn a_folder_that_is_not_there_is_told() {
        let error = Templates::with_folder(std::path::Path::new("no-such-folder")).unwrap_err().to_string();
        assert!(error.contains("no-such-folder"), "{error}");
    }
}
