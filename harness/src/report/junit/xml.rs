//! The elements and attributes of JUnit, with counts drawn from what is written.

use std::io::{self, Write};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::super::RunFolder;
use super::super::printable::{one_line, plain};

/// One `testsuite` element.
pub(super) struct Suite {
    pub(super) name: String,
    pub(super) tests: Vec<Test>,
}

/// One `testcase` element.
pub(super) struct Test {
    pub(super) name: String,
    pub(super) ms: u64,
    pub(super) properties: Vec<(&'static str, String)>,
    pub(super) outcome: Outcome,
    /// Shown whatever the outcome.
    pub(super) output: String,
}

/// What stands inside a `testcase`.
pub(super) enum Outcome {
    Passed,
    Skipped { message: String },
    Failed { kind: String, message: String, text: String },
    Error { kind: &'static str, message: String },
}

#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

/// Writes the document.
pub(super) fn write(suites: &[Suite], folder: &RunFolder, out: &mut dyn Write) -> io::Result<()> {
    let run = folder.run();
    let total = suites.iter().fold(Counts::default(), |sum, suite| sum.plus(suite.counts()));
    let mut xml = Writer::new_with_indent(out, b' ', 2);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let name = one_line(&format!("sceptic {} {}", run.subject, run.profile));
    let root = total.on(element("testsuites", &[("name", &name)]), folder.end().ms);
    xml.write_event(Event::Start(root))?;
    for (id, suite) in suites.iter().enumerate() {
        suite.write(&mut xml, id, folder)?;
    }
    xml.write_event(Event::End(BytesEnd::new("testsuites")))?;
    xml.into_inner().write_all(b"\n")
}

impl Suite {
    fn counts(&self) -> Counts {
        self.tests.iter().fold(Counts::default(), |sum, test| sum.plus(test.outcome.counts()))
    }

    fn write(&self, xml: &mut Writer<&mut dyn Write>, id: usize, folder: &RunFolder) -> io::Result<()> {
        let run = folder.run();
        let ms = self.tests.iter().map(|test| test.ms).sum();
        let start = element("testsuite", &[("name", &self.name), ("id", &id.to_string())]);
        let mut start = self.counts().on(start, ms);
        start.push_attribute(("timestamp", timestamp(&run.started)));
        xml.write_event(Event::Start(start))?;
        let version = run.subject_version.as_deref().unwrap_or("unknown");
        properties(
            xml,
            &[
                ("sceptic.run", run.id.clone()),
                ("sceptic.version", run.suite.clone()),
                ("sceptic.seed", run.seed.clone()),
                ("sceptic.profile", run.profile.clone()),
                ("sceptic.subject", format!("{} {version}", run.subject)),
                ("sceptic.target", run.target.clone()),
            ],
        )?;
        for test in &self.tests {
            test.write(xml, &self.name)?;
        }
        xml.write_event(Event::End(BytesEnd::new("testsuite")))
    }
}

impl Test {
    fn write(&self, xml: &mut Writer<&mut dyn Write>, suite: &str) -> io::Result<()> {
        let name = one_line(&self.name);
        let mut start = element("testcase", &[("classname", suite), ("name", &name)]);
        start.push_attribute(("time", seconds(self.ms).as_str()));
        xml.write_event(Event::Start(start))?;
        properties(xml, &self.properties)?;
        match &self.outcome {
            Outcome::Passed => {}
            Outcome::Skipped { message } => {
                xml.write_event(Event::Empty(element("skipped", &[("message", &one_line(message))])))?;
            }
            Outcome::Failed { kind, message, text } => {
                let message = one_line(message);
                text_element(xml, element("failure", &[("type", kind), ("message", &message)]), text)?;
            }
            Outcome::Error { kind, message } => {
                let line = one_line(message);
                text_element(xml, element("error", &[("type", kind), ("message", &line)]), message)?;
            }
        }
        if !self.output.is_empty() {
            text_element(xml, element("system-out", &[]), &self.output)?;
        }
        xml.write_event(Event::End(BytesEnd::new("testcase")))
    }
}

impl Outcome {
    fn counts(&self) -> Counts {
        let one = Counts { tests: 1, ..Counts::default() };
        match self {
            Self::Passed => one,
            Self::Skipped { .. } => Counts { skipped: 1, ..one },
            Self::Failed { .. } => Counts { failures: 1, ..one },
            Self::Error { .. } => Counts { errors: 1, ..one },
        }
    }
}

impl Counts {
    fn plus(self, other: Self) -> Self {
        Self {
            tests: self.tests + other.tests,
            failures: self.failures + other.failures,
            errors: self.errors + other.errors,
            skipped: self.skipped + other.skipped,
        }
    }

    fn on(self, mut start: BytesStart<'static>, ms: u64) -> BytesStart<'static> {
        for (name, count) in [
            ("tests", self.tests),
            ("failures", self.failures),
            ("errors", self.errors),
            ("skipped", self.skipped),
        ] {
            start.push_attribute((name, count.to_string().as_str()));
        }
        start.push_attribute(("time", seconds(ms).as_str()));
        start
    }
}

fn element(name: &'static str, attributes: &[(&str, &str)]) -> BytesStart<'static> {
    let mut start = BytesStart::new(name);
    for (key, value) in attributes {
        start.push_attribute((*key, plain(value).as_ref()));
    }
    start
}

fn text_element(xml: &mut Writer<&mut dyn Write>, start: BytesStart<'static>, text: &str) -> io::Result<()> {
    let end = start.to_end().into_owned();
    xml.write_event(Event::Start(start))?;
    xml.write_event(Event::Text(BytesText::new(&plain(text))))?;
    xml.write_event(Event::End(end))
}

fn properties(xml: &mut Writer<&mut dyn Write>, properties: &[(&'static str, String)]) -> io::Result<()> {
    if properties.is_empty() {
        return Ok(());
    }
    xml.write_event(Event::Start(BytesStart::new("properties")))?;
    for (name, value) in properties {
        let value = one_line(value);
        xml.write_event(Event::Empty(element("property", &[("name", name), ("value", &value)])))?;
    }
    xml.write_event(Event::End(BytesEnd::new("properties")))
}

fn seconds(ms: u64) -> String {
    format!("{}.{:03}", ms / 1000, ms % 1000)
}

/// The JUnit schemas know neither fractions of a second nor a zone; ours is always UTC.
fn timestamp(started: &str) -> &str {
    started.split_once(['.', 'Z']).map_or(started, |(whole, _)| whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_has_no_fraction_and_no_zone() {
        assert_eq!(timestamp("2026-11-21T08:12:03.5Z"), "2026-11-21T08:12:03");
        assert_eq!(timestamp("2026-11-21T08:12:03Z"), "2026-11-21T08:12:03");
        assert_eq!(seconds(8_041), "8.041");
    }
}
