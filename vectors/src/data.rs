//! The vectors of `vectors/data`: octets, what they say, and what a reader has to report about them.
//!
//! They are files, not embedded: whoever judges another implementation by them reads the same files from
//! another language. `vectors/README.md` has the schema.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// The value of `schema` in every file.
pub const SCHEMA: &str = "sceptic/vector/1";

/// Where the vectors are in the source.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data")
}

/// One vector.
#[derive(Debug, Clone)]
pub struct Vector {
    /// What the TOML file says.
    pub about: About,
    /// The octets of its file.
    pub octets: Vec<u8>,
}

/// The TOML file of a vector.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct About {
    /// [`SCHEMA`].
    pub schema: String,
    /// `area/name`, as its path below the folder.
    pub id: String,
    /// What is particular about it, one sentence.
    pub title: String,
    /// What the octets are.
    pub kind: Kind,
    /// Name of the file with the octets, beside this one.
    pub file: String,
    /// Operation that an HTTP answer is for.
    pub answers: Option<String>,
    /// Key of `vectors/keys` that opens the envelope.
    pub open_with: Option<String>,
    /// Key of `vectors/keys` that verifies the signature, where no certificate in the message does.
    pub verify_with: Option<String>,
    /// Where the departure was seen, or what it departs from: sections and URLs.
    pub sources: Vec<String>,
    /// How it was made: program, version, date, command.
    pub made: toml::Table,
    /// What a reader understands, all of it. `vectors/README.md` lists the keys of each kind.
    pub expect: toml::Table,
    /// What a reader reports, all of it.
    #[serde(default, rename = "finding")]
    pub findings: Vec<Finding>,
}

/// What the octets of a vector are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A pkiMessage: ContentInfo of type signedData.
    #[serde(rename = "pkiMessage")]
    PkiMessage,
    /// A SignedData that carries certificates, as in a messageData.
    CertificatesOnly,
    /// A PKCS#10 certification request.
    Csr,
    /// A certificate revocation list.
    Crl,
    /// An HTTP request, from the first octet of the request line to the last of the body.
    HttpRequest,
    /// An HTTP answer, likewise.
    HttpResponse,
}

/// One departure that a reader has to report.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// `message`, `eContent`, `messageData`, `query`, `Content-Type` or `body`: what the offsets count in.
    pub part: String,
    /// First octet.
    pub start: usize,
    /// The octet after the last.
    pub end: usize,
    /// Id of the rule.
    pub rule: String,
}

/// A folder that is not as it should be.
#[derive(Debug)]
pub struct Error {
    /// The file or folder.
    pub path: PathBuf,
    /// What is wrong with it.
    pub why: String,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.why)
    }
}

impl std::error::Error for Error {}

/// Reads every vector in a folder with one folder for each area, by id.
///
/// # Errors
/// When something cannot be read, is not of the schema, or has no file of octets.
pub fn read(folder: &Path) -> Result<Vec<Vector>, Error> {
    let mut vectors = Vec::new();
    for area in entries(folder)?.into_iter().filter(|path| path.is_dir()) {
        for path in entries(&area)?.into_iter().filter(|path| path.extension().is_some_and(|e| e == "toml")) {
            vectors.push(read_one(&path)?);
        }
    }
    vectors.sort_by(|a, b| a.about.id.cmp(&b.about.id));
    Ok(vectors)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let at = |error: std::io::Error| Error { path: folder.to_owned(), why: error.to_string() };
    folder.read_dir().map_err(at)?.map(|entry| entry.map(|entry| entry.path()).map_err(at)).collect()
}

fn read_one(path: &Path) -> Result<Vector, Error> {
    let at = |path: &Path, why: &dyn fmt::Display| Error { path: path.to_owned(), why: why.to_string() };
    let text = std::fs::read_to_string(path).map_err(|e| at(path, &e))?;
    let about: About = toml::from_str(&text).map_err(|e| at(path, &e))?;
    if about.schema != SCHEMA {
        return Err(at(path, &format_args!("expected schema {SCHEMA}, got {}", about.schema)));
    }
    let area = path.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    if about.id != format!("{area}/{name}") {
        return Err(at(path, &format_args!("expected id {area}/{name}, got {}", about.id)));
    }
    let file = path.with_file_name(&about.file);
    let octets = std::fs::read(&file).map_err(|e| at(&file, &e))?;
    Ok(Vector { about, octets })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{entries, folder, read};

    #[test]
    fn every_file_belongs_to_a_vector() {
        let vectors = read(&folder()).unwrap();
        assert!(!vectors.is_empty());
        let mut known = BTreeSet::new();
        for vector in &vectors {
            let path = folder().join(&vector.about.id);
            known.insert(path.with_extension("toml"));
            known.insert(path.with_file_name(&vector.about.file));
        }
        for area in entries(&folder()).unwrap().into_iter().filter(|path| path.is_dir()) {
            for path in entries(&area).unwrap() {
                assert!(known.contains(&path), "{} belongs to no vector", path.display());
            }
        }
    }

    #[test]
    fn every_key_that_is_named_is_there() {
        for vector in read(&folder()).unwrap() {
            for name in [vector.about.open_with, vector.about.verify_with].into_iter().flatten() {
                assert!(crate::keys::named(&name).is_some(), "{}: {name}", vector.about.id);
            }
        }
    }

    #[test]
    fn another_schema_or_id_is_refused() {
        let folder = std::env::temp_dir().join(format!("scep-vectors-{}", std::process::id()));
        let area = folder.join("area");
        std::fs::create_dir_all(&area).unwrap();
        std::fs::write(area.join("a.der"), [0x30, 0]).unwrap();
        let text = |schema: &str, id: &str| {
            format!(
                "schema = \"{schema}\"\nid = \"{id}\"\ntitle = \"t\"\nkind = \"csr\"\nfile = \"a.der\"\n\
                 sources = []\n[made]\n[expect]\n"
            )
        };
        let outcomes =
            [("sceptic/vector/1", "area/a"), ("sceptic/vector/2", "area/a"), ("sceptic/vector/1", "a")].map(
                |(schema, id)| {
                    std::fs::write(area.join("a.toml"), text(schema, id)).unwrap();
                    read(&folder).map(|vectors| vectors.len()).map_err(|error| error.to_string())
                },
            );
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(outcomes[0], Ok(1));
        assert!(outcomes[1].as_ref().unwrap_err().contains("expected schema"));
        assert!(outcomes[2].as_ref().unwrap_err().contains("expected id area/a"));
    }
}
