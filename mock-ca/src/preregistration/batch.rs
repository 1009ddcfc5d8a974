//! A batch of preregistrations, from comma separated values: each bad row is told with its line, and one bad
//! row keeps all out.
//!
//! ```text
//! client name,passphrase,template,subject,alternative names
//! router-1,open sesame,5YSCEPP,"O=lab,C=CH",DNS:router-1.lab
//! ```
//!
//! The first line names the columns, in any order; columns that no form has are ignored, since the batch
//! utility of a product may have its own. The last three may be left out.

use std::collections::BTreeMap;

use rand_core::RngCore;
use scep::UnixTime;

use super::{Form, Record, Requestor};
use crate::template::Templates;

/// The rows of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// In the order of the file.
    pub rows: Vec<Row>,
}

/// A row, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Line of the file on which it begins, counted from 1.
    pub line: u64,
    /// What it says.
    pub form: Form,
}

/// What is wrong with a row, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {detail}")]
pub struct BadRow {
    /// Line of the file, counted from 1.
    pub line: u64,
    /// What is wrong.
    pub detail: String,
}

/// Most rows of a batch: larger ones are split, so that an import holds nobody up for long.
const MOST: usize = 100_000;

impl Batch {
    /// Reads comma separated values with a first line of column names. `template` is the nickname for rows
    /// that name none.
    ///
    /// # Errors
    /// Every row that is none, with its line.
    pub fn read(text: &str, template: &str) -> Result<Self, Vec<BadRow>> {
        // Browsers and spreadsheets end lines with CR LF, at which the reader's count of lines lags by one;
        // spreadsheets put a byte order mark in front.
        let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
        let mut reader =
            csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
        let columns = Columns::of(reader.headers().map_err(|error| vec![bad(&error)])?)
            .map_err(|detail| vec![BadRow { line: 1, detail }])?;
        let (mut rows, mut wrong) = (Vec::new(), Vec::new());
        for record in reader.records() {
            match record {
                Ok(record) => {
                    let line = record.position().map_or(0, csv::Position::line);
                    match columns.form(&record, template) {
                        Ok(form) => rows.push(Row { line, form }),
                        Err(detail) => wrong.push(BadRow { line, detail }),
                    }
                }
                Err(error) => wrong.push(bad(&error)),
            }
            if rows.len() > MOST {
                wrong.push(BadRow { line: 0, detail: format!("expected at most {MOST} rows") });
                break;
            }
        }
        if wrong.is_empty() { Ok(Self { rows }) } else { Err(wrong) }
    }

    /// The records of all rows.
    ///
    /// # Errors
    /// Every row that makes none, and every second one for the same Requestor, with its line.
    pub fn records(
        &self,
        templates: &Templates,
        now: UnixTime,
        rng: &mut dyn RngCore,
    ) -> Result<Vec<(u64, Record)>, Vec<BadRow>> {
        let mut lines: BTreeMap<Requestor, u64> = BTreeMap::new();
        let (mut records, mut wrong) = (Vec::new(), Vec::new());
        for Row { line, form } in &self.rows {
            match form.record(templates, now, rng) {
                Ok(record) => match lines.insert(record.requestor.clone(), *line) {
                    None => records.push((*line, record)),
                    Some(first) => {
                        let detail = format!("client name `{}` is on line {first} already", record.requestor);
                        wrong.push(BadRow { line: *line, detail });
                    }
                },
                Err(error) => wrong.push(BadRow { line: *line, detail: error.to_string() }),
            }
        }
        if wrong.is_empty() { Ok(records) } else { Err(wrong) }
    }
}

/// At which place of a row which value stands.
struct Columns {
    count: usize,
    client_name: usize,
    passphrase: usize,
    template: Option<usize>,
    subject: Option<usize>,
    alternative_names: Option<usize>,
}

impl Columns {
    fn of(headers: &csv::StringRecord) -> Result<Self, String> {
        let normal = |text: &str| text.to_lowercase().replace(['_', '-'], " ");
        let place = |name: &str| headers.iter().position(|header| normal(header) == name);
        let needed = |name: &str| {
            let got = headers.iter().collect::<Vec<_>>().join(", ");
            place(name).ok_or_else(|| format!("expected a column `{name}`, got {got}"))
        };
        Ok(Self {
            count: headers.len(),
            client_name: needed("client name")?,
            passphrase: needed("passphrase")?,
            template: place("template"),
            subject: place("subject"),
            alternative_names: place("alternative names"),
        })
    }

    fn form(&self, row: &csv::StringRecord, template: &str) -> Result<Form, String> {
        if row.len() != self.count {
            return Err(format!("expected {} values, got {}", self.count, row.len()));
        }
        let value = |place: usize| row.get(place).unwrap_or_default().to_owned();
        let optional = |place: Option<usize>| place.map(value).unwrap_or_default();
        let named = optional(self.template);
        Ok(Form {
            client_name: value(self.client_name),
            passphrase: value(self.passphrase),
            template: if named.is_empty() { template.to_owned() } else { named },
            subject: optional(self.subject),
            alternative_names: optional(self.alternative_names),
        })
    }
}

fn bad(error: &csv::Error) -> BadRow {
    let detail = match error.kind() {
        csv::ErrorKind::Utf8 { .. } => "expected UTF-8".to_owned(),
        _ => error.to_string(),
    };
    BadRow { line: error.position().map_or(1, csv::Position::line), detail }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng as _;
    use scep::UnixTime;

    use super::{BadRow, Batch};
    use crate::template::Templates;

    fn wrong(text: &str) -> Vec<String> {
        let records = |batch: Batch| {
            let templates = Templates::built_in().unwrap();
            batch.records(&templates, UnixTime(0), &mut ChaCha20Rng::from_seed([6; 32]))
        };
        let told = |rows: Vec<BadRow>| rows.iter().map(ToString::to_string).collect();
        Batch::read(text, "5YSCEPP").and_then(records).map_err(told).unwrap_err()
    }

    #[test]
    fn columns_are_found_by_name_and_others_are_ignored() {
        let text = "KeyUsage,Passphrase,client_name,Subject\nkeyCertSign,one,R1,\"C=CH,O=lab\"\n,two,R2,\n";
        let rows = Batch::read(text, "5YSCEPP").unwrap().rows;
        assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 3]);
        assert_eq!((&*rows[0].form.client_name, &*rows[0].form.subject), ("R1", "C=CH,O=lab"));
        assert_eq!((&*rows[1].form.passphrase, &*rows[1].form.template), ("two", "5YSCEPP"));
    }

    #[test]
    fn every_bad_row_is_told_with_its_line() {
        let text = "client name,passphrase,template,subject\n\
            r1,p,,\n\
            ,p,,\n\
            R1,p,,\n\
            r2,,,\n\
            r3,p,nothing,\n\
            r4,p,,\"O=\nlab,\"\n\
            r5,p,,nonsense\n";
        let wrong = wrong(text);
        let lines: Vec<&str> = wrong.iter().map(|line| line.split(':').next().unwrap()).collect();
        assert_eq!(lines, ["line 3", "line 4", "line 5", "line 6", "line 7", "line 9"], "{wrong:?}");
        assert!(wrong[1].contains("`r1` is on line 2 already"), "{wrong:?}");
        assert!(wrong[3].contains("expected 5YSCEPP, got `nothing`"), "{wrong:?}");
    }

    #[test]
    fn line_ends_and_marks_of_other_systems_change_no_line() {
        let text = "\u{feff}client name,passphrase\r\nr1,p\r\n,p\r\nr1,p\r\n";
        let lines: Vec<String> = wrong(text).iter().map(|line| line[..6].to_owned()).collect();
        assert_eq!(lines, ["line 3", "line 4"]);
    }

    #[test]
    fn a_row_of_another_length_is_told() {
        assert_eq!(
            wrong("client name,passphrase\nr1,p\nr2\nr3,p,x\n"),
            ["line 3: expected 2 values, got 1", "line 4: expected 2 values, got 3"]
        );
    }

    #[test]
    fn a_file_without_the_columns_is_told() {
        assert_eq!(
            wrong("name,passphrase\nr1,p\n"),
            ["line 1: expected a column `client name`, got name, passphrase"]
        );
        assert_eq!(wrong(""), ["line 1: expected a column `client name`, got "]);
    }
}
