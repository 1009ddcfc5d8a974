//! Expectations: verdicts that a subject is known to get, each with reason, evidence, owner and an end.

use std::path::Path;

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, de::Error};

use super::broken::{Broken, BrokenData};
use super::source::Source;
use crate::verdict::CheckResult;

/// Schema of an expectations file.
pub(crate) const SCHEMA: &str = "sceptic/expectations/1";

/// What one subject is known to get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectations {
    /// The subject's name.
    pub subject: String,
    /// The version they were made for; another version is drift.
    pub version: Option<String>,
    /// The entries.
    pub entries: Vec<Expectation>,
    /// Path as the user can open it.
    pub file: String,
}

/// One verdict that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// Case id, instance id, or with `max` a pattern with `*`.
    pub case: String,
    /// Check id.
    pub check: String,
    /// `Fail` or `Warn`.
    pub result: CheckResult,
    /// The reason that must be observed.
    pub reason: String,
    /// Why the subject does so, in words.
    pub because: String,
    /// The requirements it misses.
    pub req: Vec<String>,
    /// The RFC's section that was read.
    pub section: String,
    /// File beside the expectations that shows it.
    pub evidence: String,
    /// One command line that shows it in the evidence.
    pub openssl: String,
    /// Who looks after the entry.
    pub owner: String,
    /// When it was written.
    pub since: Date,
    /// After this day it fails the run.
    pub expires: Option<Date>,
    /// How many case instances it may cover. `None` means one.
    pub max: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenExpectations {
    #[serde(rename = "schema")]
    _schema: String,
    subject: String,
    version: Option<String>,
    #[serde(default)]
    expect: Vec<WrittenExpectation>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenExpectation {
    case: String,
    check: String,
    result: CheckResult,
    reason: String,
    because: String,
    req: Vec<String>,
    section: String,
    evidence: String,
    openssl: String,
    owner: String,
    #[serde(deserialize_with = "date")]
    since: Date,
    #[serde(default, deserialize_with = "some_date")]
    expires: Option<Date>,
    max: Option<usize>,
}

impl Expectations {
    /// Reads an expectations file that is not part of the data folder; evidence lies beside it.
    ///
    /// # Errors
    ///
    /// The file cannot be read, departs from the schema, or names evidence that is not there.
    pub fn load(path: &Path) -> Result<Self, BrokenData> {
        let source = Source::load(path).map_err(|broken| BrokenData(vec![broken]))?;
        let folder = path.parent().unwrap_or_else(|| Path::new(""));
        Self::read(&source, &|evidence| folder.join(evidence).is_file()).map_err(BrokenData)
    }

    /// Reads an expectations file; `exists` answers for a file beside it.
    pub(crate) fn read(source: &Source, exists: &dyn Fn(&str) -> bool) -> Result<Self, Vec<Broken>> {
        let written: WrittenExpectations = source.parse(SCHEMA)?;
        let mut broken = Vec::new();
        let mut entries = Vec::new();
        for (index, entry) in written.expect.into_iter().enumerate() {
            let mut refuse = |key: &str, message: String| {
                broken.push(source.at(&format!("expect.{index}.{key}"), message));
            };
            if !matches!(entry.result, CheckResult::Fail | CheckResult::Warn) {
                refuse("result", format!("`result` is {}, expected fail or warn", entry.result.word()));
            }
            if entry.expires.is_none() && written.version.is_none() {
                let message = "an entry without end: give it `expires`, or the file a `version`";
                refuse("case", message.to_owned());
            }
            if entry.expires.is_some_and(|expires| expires < entry.since) {
                refuse("expires", "`expires` is before `since`".to_owned());
            }
            for (key, text) in [
                ("because", &entry.because),
                ("owner", &entry.owner),
                ("reason", &entry.reason),
                ("section", &entry.section),
                ("openssl", &entry.openssl),
            ] {
                if text.trim().is_empty() {
                    refuse(key, format!("`{key}` is empty"));
                }
            }
            if entry.openssl.trim().contains('\n') {
                refuse("openssl", "`openssl` is one line".to_owned());
            }
            if entry.req.is_empty() {
                refuse("req", "an entry without `req`: which requirement does it miss?".to_owned());
            }
            let beside =
                !entry.evidence.starts_with('/') && !entry.evidence.split('/').any(|part| part == "..");
            if !beside || !exists(&entry.evidence) {
                refuse("evidence", format!("no file `{}` beside the expectations", entry.evidence));
            }
            match entry.max {
                Some(0) => refuse("max", "a `max` of 0 covers nothing".to_owned()),
                None if entry.case.contains('*') => {
                    refuse("case", "a pattern says by `max` how many cases it may cover".to_owned());
                }
                Some(_) | None => {}
            }
            entries.push(entry.into());
        }
        let WrittenExpectations { subject, version, .. } = written;
        match broken.is_empty() {
            true => Ok(Self { subject, version, entries, file: source.shown.clone() }),
            false => Err(broken),
        }
    }
}

impl Expectation {
    /// True when the entry is about this instance of this case.
    #[must_use]
    pub fn is_about(&self, case: &str, instance: &str) -> bool {
        let names = |id: &str| self.case == id || (self.case.contains('*') && glob(&self.case, id));
        names(case) || names(instance)
    }
}

/// True when `text` fits the pattern, in which `*` stands for anything, nothing included.
pub(crate) fn glob(pattern: &str, text: &str) -> bool {
    let Some((head, mut pattern)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(head) else { return false };
    while let Some((part, rest)) = pattern.split_once('*') {
        let Some(at) = text.find(part) else { return false };
        text = &text[at + part.len()..];
        pattern = rest;
    }
    text.ends_with(pattern)
}

impl From<WrittenExpectation> for Expectation {
    fn from(written: WrittenExpectation) -> Self {
        let WrittenExpectation {
            case,
            check,
            result,
            reason,
            because,
            req,
            section,
            evidence,
            openssl,
            owner,
            since,
            expires,
            max,
        } = written;
        Self {
            case,
            check,
            result,
            reason,
            because,
            req,
            section,
            evidence,
            openssl,
            owner,
            since,
            expires,
            max,
        }
    }
}

/// A TOML date without time.
fn date<'de, D: Deserializer<'de>>(from: D) -> Result<Date, D::Error> {
    let found = toml::value::Datetime::deserialize(from)?;
    let wrong = || D::Error::custom(format!("`{found}` is not a date such as 2026-11-21"));
    let toml::value::Datetime { date: Some(date), time: None, offset: None } = found else {
        return Err(wrong());
    };
    let year = i16::try_from(date.year).map_err(|_| wrong())?;
    let month = i8::try_from(date.month).map_err(|_| wrong())?;
    let day = i8::try_from(date.day).map_err(|_| wrong())?;
    Date::new(year, month, day).map_err(|_| wrong())
}

fn some_date<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Date>, D::Error> {
    date(from).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRY: &str = "[[expect]]\ncase = \"srv.a.b\"\ncheck = \"refused\"\nresult = \"fail\"\nreason = \"accepted\"\nbecause = \"b\"\nreq = [\"S-x\"]\nsection = \"3.2\"\nevidence = \"reply.der\"\nopenssl = \"openssl asn1parse -inform DER -in reply.der\"\nowner = \"lab\"\nsince = 2026-11-21\n";

    fn read(head: &str, entry: &str) -> Result<Expectations, String> {
        let text = format!("schema = \"sceptic/expectations/1\"\nsubject = \"s\"\n{head}{entry}");
        let source = Source { path: "e.toml".into(), shown: "e.toml".into(), text };
        Expectations::read(&source, &|evidence| evidence == "reply.der")
            .map_err(|broken| broken.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    }

    #[test]
    fn an_entry_ends_by_version_or_by_date() {
        assert!(read("", ENTRY).unwrap_err().contains("e.toml:4:1: an entry without end"));
        assert!(read("version = \"2.1.0\"\n", ENTRY).is_ok());
        let expectations = read("", &format!("{ENTRY}expires = 2027-02-28\n")).unwrap();
        assert_eq!(expectations.entries[0].expires, Some(Date::constant(2027, 2, 28)));
    }

    #[test]
    fn mistakes_are_refused() {
        for (from, to, message) in [
            ("\"fail\"", "\"pass\"", "`result` is pass, expected fail or warn"),
            ("\"reply.der\"\nopenssl", "\"../reply.der\"\nopenssl", "no file `../reply.der` beside"),
            ("\"reply.der\"\nopenssl", "\"other.der\"\nopenssl", "no file `other.der` beside"),
            ("\"srv.a.b\"", "\"srv.a.*\"", "a pattern says by `max`"),
            ("[\"S-x\"]", "[]", "which requirement does it miss"),
            ("2026-11-21", "2026-11-21T00:00:00Z", "is not a date such as"),
            ("2026-11-21", "\"2026-11-21\"", "e.toml:15:9: "),
            ("\"lab\"", "\" \"", "`owner` is empty"),
        ] {
            let found = read("version = \"1\"\n", &ENTRY.replace(from, to)).unwrap_err();
            assert!(found.contains(message), "{to}: {found}");
        }
    }

    #[test]
    fn an_entry_is_about_a_case_or_an_instance() {
        let mut entry = read("version = \"1\"\n", ENTRY).unwrap().entries.remove(0);
        assert!(entry.is_about("srv.a.b", "srv.a.b[via=get]"));
        entry.case = "srv.a.b[via=get]".into();
        assert!(entry.is_about("srv.a.b", "srv.a.b[via=get]"));
        assert!(!entry.is_about("srv.a.b", "srv.a.b"));
        entry.case = "srv.*.b".into();
        assert!(entry.is_about("srv.a.b", "srv.a.b"));
        assert!(!entry.is_about("srv.a.c", "srv.a.c"));
    }

    #[test]
    fn globs_fit() {
        for (pattern, text, fits) in [
            ("*", "", true),
            ("a*c", "abc", true),
            ("a*c", "ac", true),
            ("a*c", "acd", false),
            ("*b*", "abc", true),
            ("a", "ab", false),
        ] {
            assert_eq!(glob(pattern, text), fits, "{pattern} {text}");
        }
    }
}
