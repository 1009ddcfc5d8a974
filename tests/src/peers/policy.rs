//! What becomes of a test whose peer is missing: ignored with the reason, or failed.

use std::env::VarError;
use std::path::Path;

/// Name of the environment variable.
pub const VARIABLE: &str = "SCEPTIC_PEERS";

/// The value of `SCEPTIC_PEERS`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// Use what is there, and ignore loudly what is not. The default.
    Auto,
    /// A missing peer fails its tests: for CI, where a test that is not run must not look well.
    Require,
    /// Use none.
    Off,
}

/// What to do with one test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Everything is there.
    Run,
    /// Show it as ignored, for this reason.
    Ignore(String),
    /// Show it as failed, for this reason.
    Fail(String),
}

impl Policy {
    /// The policy that the environment asks for.
    ///
    /// # Errors
    /// When the variable has another value than the three.
    pub fn from_environment() -> Result<Self, String> {
        match std::env::var(VARIABLE) {
            Ok(word) => Self::parse(&word),
            Err(VarError::NotPresent) => Ok(Self::Auto),
            Err(VarError::NotUnicode(_)) => Self::parse(""),
        }
    }

    fn parse(word: &str) -> Result<Self, String> {
        match word {
            "auto" => Ok(Self::Auto),
            "require" => Ok(Self::Require),
            "off" => Ok(Self::Off),
            _ => Err(format!("{VARIABLE} is {word:?}: expected auto, require or off")),
        }
    }

    /// What to do with a test when `missing` is what it needs and does not find.
    pub fn decide(self, missing: &[String]) -> Decision {
        let reason = missing.join(", ");
        match self {
            Self::Off => Decision::Ignore(format!("{VARIABLE}=off")),
            _ if missing.is_empty() => Decision::Run,
            Self::Auto => Decision::Ignore(format!("{reason}; {VARIABLE}=require makes this a failure")),
            Self::Require => Decision::Fail(format!("{reason}, and {VARIABLE}=require")),
        }
    }
}

/// What is missing of these programs, in words, with the Debian package that has them.
pub fn missing_programs(programs: &[&str]) -> Vec<String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<_> = std::env::split_paths(&path).collect();
    let is_there =
        |program: &str| folders.iter().any(|folder: &std::path::PathBuf| is_program(&folder.join(program)));
    programs
        .iter()
        .filter(|program| !is_there(program))
        .map(|program| format!("{program} is not installed (Debian package {})", package_of(program)))
        .collect()
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

fn package_of(program: &str) -> &str {
    match program {
        "scepserver" | "scepclient" => "scep",
        "pki" => "strongswan-pki",
        "getcert" => "certmonger",
        "dbus-run-session" => "dbus",
        "gdbus" => "libglib2.0-bin",
        "chromedriver" => "chromium-driver",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_has_three_values() {
        assert_eq!(Policy::parse("auto"), Ok(Policy::Auto));
        assert_eq!(Policy::parse("require"), Ok(Policy::Require));
        assert_eq!(Policy::parse("off"), Ok(Policy::Off));
        assert_eq!(
            Policy::parse("yes"),
            Err("SCEPTIC_PEERS is \"yes\": expected auto, require or off".to_owned())
        );
    }

    #[test]
    fn a_missing_peer_is_ignored_or_failed_and_never_passed() {
        let missing = ["scepserver is not installed".to_owned()];
        assert!(matches!(Policy::Auto.decide(&missing), Decision::Ignore(why) if why.contains("scepserver")));
        assert!(
            matches!(Policy::Require.decide(&missing), Decision::Fail(why) if why.contains("scepserver"))
        );
        assert_eq!(Policy::Off.decide(&missing), Decision::Ignore("SCEPTIC_PEERS=off".to_owned()));
    }

    #[test]
    fn a_peer_that_is_there_is_used_unless_it_is_switched_off() {
        assert_eq!(Policy::Auto.decide(&[]), Decision::Run);
        assert_eq!(Policy::Require.decide(&[]), Decision::Run);
        assert_eq!(Policy::Off.decide(&[]), Decision::Ignore("SCEPTIC_PEERS=off".to_owned()));
    }

    #[test]
    fn a_missing_program_is_named_with_its_package() {
        assert_eq!(missing_programs(&["sh"]), [""; 0]);
        assert_eq!(
            missing_programs(&["no-such-program"]),
            ["no-such-program is not installed (Debian package no-such-program)"]
        );
        assert_eq!(package_of("scepclient"), "scep");
    }
}
