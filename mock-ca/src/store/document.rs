//! Documents as JSON: how typed values are put into tables and taken out of them.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::engine::{Kind, Result, StoreError, Tables};

/// Takes a document out of a table; None when there is none.
pub(super) fn read<T: DeserializeOwned>(tables: &mut dyn Tables, kind: Kind, key: &str) -> Result<Option<T>> {
    tables.document(kind, key)?.map(|text| parse(kind, key, &text)).transpose()
}

/// Puts a document into a table, in place of an older one of that name.
pub(super) fn write<T: Serialize>(tables: &mut dyn Tables, kind: Kind, key: &str, value: &T) -> Result<()> {
    let text = serde_json::to_string(value).map_err(|error| broken(kind, key, error))?;
    tables.put(kind, key, &text)
}

/// The documents of a table whose names come after `after` and start with `prefix`, at most `limit`.
pub(super) fn range<T: DeserializeOwned>(
    tables: &mut dyn Tables,
    kind: Kind,
    prefix: &str,
    after: &str,
    limit: u32,
) -> Result<Vec<T>> {
    let documents = tables.range(kind, prefix, after, limit)?;
    documents.iter().map(|(key, text)| parse(kind, key, text)).collect()
}

/// The value of a document's text.
pub(super) fn parse<T: DeserializeOwned>(kind: Kind, key: &str, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| broken(kind, key, error))
}

/// A document that is not what was put in.
pub(super) fn broken(kind: Kind, key: &str, detail: impl ToString) -> StoreError {
    StoreError::Document { kind: kind.name(), key: key.to_owned(), detail: detail.to_string() }
}

/// A time as text of one length, so that the order of names is the order of times.
pub(super) fn moment(time: scep::UnixTime) -> String {
    format!("{:012}", time.0)
}

/// DER in documents, as base64.
pub(super) mod octets {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    pub(crate) fn serialize<S: Serializer>(octets: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(octets))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map_err(de::Error::custom)
    }
}
