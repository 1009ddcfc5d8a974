//! Lint: what data files get wrong together, each with file and line. What one file gets wrong alone, its
//! reader has refused before.
//!
//! The words that live in code (facts, faults, laxities, verbs) come in as a [`Vocabulary`], so that lint
//! names no runner and no judge.

mod cases;
mod checks;
mod idle;
mod references;
mod setups;
mod subjects;

use std::collections::BTreeSet;
use std::fmt;

use super::broken::{Broken, BrokenData};
use super::case::{MessageFilter, Role};
use super::nearest::did_you_mean;
use super::template::Name;
use super::{Instance, Suite};

/// The words that data files may use and code defines.
#[derive(Clone)]
pub struct Vocabulary<'a> {
    /// The closed table of facts: what kind a path is of.
    pub paths: &'a dyn Fn(&str) -> Option<PathKind>,
    /// Every path, for "did you mean".
    pub path_names: Vec<&'a str>,
    /// Ids of the fault catalogue.
    pub faults: BTreeSet<&'a str>,
    /// Laxities of mock-ca.
    pub ca_laxities: BTreeSet<&'a str>,
    /// Laxities of mock-client.
    pub client_laxities: BTreeSet<&'a str>,
    /// The step verbs.
    pub verbs: &'a [Verb<'a>],
    /// True for names of templates that the runner fills in, apart from axes, vars and what steps give:
    /// `subject.challenge`.
    pub names: &'a dyn Fn(&Name) -> bool,
}

/// A step verb, as far as data files can get it wrong.
#[derive(Debug, Clone, Copy)]
pub struct Verb<'a> {
    /// The word after `do`.
    pub name: &'a str,
    /// The only role it is for; `None` for both.
    pub role: Option<Role>,
    /// Parameters that it takes.
    pub parameters: &'a [&'a str],
    /// Of these, the ones it cannot do without.
    pub required: &'a [&'a str],
    /// What later steps may use of it: `transactionID` in `{enrol.transactionID}`.
    pub gives: &'a [&'a str],
}

/// What a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathKind {
    /// A name or text.
    Text,
    /// A number. HTTP statuses are numbers, and may be compared with a class.
    Int,
    /// `true` or `false`.
    Bool,
    /// Octets; written as lower-case hex.
    Bytes,
    /// Several values.
    List,
    /// A part with facts of its own: only there or not there.
    Node,
}

/// Checks everything that the files of a suite say about each other and about code.
///
/// # Errors
///
/// Every mistake, in the order of the files.
pub fn lint(suite: &Suite, words: &Vocabulary<'_>) -> Result<(), BrokenData> {
    let mut linter = Linter { suite, words, broken: Vec::new() };
    linter.cases();
    linter.checks();
    linter.idle();
    linter.references();
    linter.setups();
    linter.subjects();
    BrokenData::check(linter.broken)
}

struct Linter<'a> {
    suite: &'a Suite,
    words: &'a Vocabulary<'a>,
    broken: Vec<Broken>,
}

impl Linter<'_> {
    /// A mistake at a key of a file.
    fn refuse(&mut self, file: &str, key: &str, message: impl Into<String>) {
        let message = message.into();
        self.broken.push(match self.suite.sources.get(file) {
            Some(source) => source.at(key, message),
            None => Broken { file: file.to_owned(), line: 0, column: 0, message },
        });
    }

    fn fault(&mut self, file: &str, key: &str, fault: &str) {
        if !self.words.faults.contains(fault) {
            let near = did_you_mean(fault, self.words.faults.iter().copied());
            self.refuse(file, key, format!("unknown fault `{fault}`{near}"));
        }
    }

    fn needs<'n>(&mut self, file: &str, key: &str, needs: impl IntoIterator<Item = &'n String>) {
        for need in needs {
            if !self.suite.abilities.contains_key(need) {
                let near = did_you_mean(need, self.suite.abilities.keys().map(String::as_str));
                self.refuse(file, key, format!("unknown ability `{need}` in `needs`{near}"));
            }
        }
    }

    fn filter(&mut self, file: &str, key: &str, filter: &MessageFilter) {
        let words = [
            ("message", &filter.message, &MESSAGES[..]),
            ("status", &filter.status, &STATUSES[..]),
            ("to", &filter.to, &REQUESTS[..]),
            ("operation", &filter.operation, &OPERATIONS[..]),
        ];
        for (name, word, known) in words {
            let Some(word) = word else { continue };
            if !known.contains(&word.as_str()) {
                let known = known.join(", ");
                self.refuse(file, key, format!("unknown {name} `{word}`, expected one of {known}"));
            }
        }
    }
}

/// messageType by name, RFC 8894 3.2.1.2.
const MESSAGES: [&str; 10] = [
    "GetCACaps",
    "GetCACert",
    "GetNextCACert",
    "Error",
    "CertRep",
    "RenewalReq",
    "PKCSReq",
    "CertPoll",
    "GetCert",
    "GetCRL",
];
/// Those of requests.
const REQUESTS: [&str; 5] = ["PKCSReq", "RenewalReq", "CertPoll", "GetCert", "GetCRL"];
/// pkiStatus by name, RFC 8894 3.2.1.3.
const STATUSES: [&str; 3] = ["SUCCESS", "FAILURE", "PENDING"];
/// Operations of the HTTP request, RFC 8894 4.1.
const OPERATIONS: [&str; 4] = ["GetCACaps", "GetCACert", "GetNextCACert", "PKIOperation"];

impl fmt::Display for PathKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::Int => "a number",
            Self::Bool => "true or false",
            Self::Bytes => "octets",
            Self::List => "a list",
            Self::Node => "a part",
        })
    }
}

impl fmt::Debug for Vocabulary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vocabulary")
            .field("path_names", &self.path_names)
            .field("verbs", &self.verbs)
            .finish_non_exhaustive()
    }
}

/// Ids of every instance of the suite with the id of its case.
fn instances(suite: &Suite) -> Vec<(String, String)> {
    suite.instances().map(|Instance { id, case, .. }| (id, case)).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::data::sample;

    const VERBS: [Verb<'_>; 3] = [
        Verb {
            name: "pkcs-req",
            role: Some(Role::Server),
            parameters: &["via", "challenge", "subject"],
            required: &["via"],
            gives: &["transactionID"],
        },
        Verb {
            name: "cert-poll",
            role: Some(Role::Server),
            parameters: &["via", "transaction"],
            required: &[],
            gives: &[],
        },
        Verb { name: "client-enrol", role: Some(Role::Client), parameters: &[], required: &[], gives: &[] },
    ];

    fn path(path: &str) -> Option<PathKind> {
        Some(match path {
            "reply.pkiStatus" | "reply.failInfo" | "run.outcome" => PathKind::Text,
            "reply.recipientNonce" | "request.senderNonce" => PathKind::Bytes,
            "http.status" => PathKind::Int,
            "run.installed" => PathKind::Bool,
            "reply.issued" => PathKind::Node,
            _ => return None,
        })
    }

    /// What lint says to the sample with these files.
    pub(crate) fn linted(more: &[(&str, &str)]) -> String {
        let suite = sample::suite_with(more);
        let words = Vocabulary {
            paths: &path,
            path_names: vec!["reply.pkiStatus", "reply.recipientNonce", "http.status"],
            faults: BTreeSet::from(["f.one"]),
            ca_laxities: BTreeSet::from(["signature"]),
            client_laxities: BTreeSet::from(["nonce"]),
            verbs: &VERBS,
            names: &|name| name.to_string() == "subject.challenge",
        };
        lint(&suite, &words).map_or_else(|broken| broken.to_string(), |()| String::new())
    }

    /// What lint says when `from` in a file of the sample is `to`.
    #[track_caller]
    pub(crate) fn linted_with(path: &str, from: &str, to: &str) -> String {
        let files = sample::files();
        let (_, text) = files.iter().find(|(name, _)| name == path).unwrap();
        assert!(text.contains(from), "{path} has no {from}");
        linted(&[(path, &text.replace(from, to))])
    }

    #[test]
    fn the_sample_is_clean() {
        assert_eq!(linted(&[]), "");
    }

    #[test]
    fn many_mistakes_are_reported_at_once() {
        let found = linted_with("cases/server/enrol/granted.toml", "\"S-server\"", "\"S-servr\"");
        let found = format!("{found}\n{}", linted_with("mutants/ca.toml", "f.one", "f.two"));
        assert!(found.contains("S-servr") && found.contains("f.two"), "{found}");
    }
}
