//! Time limits as data files write them: `500ms`, `10s`, `2m`.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de::Error};

/// Reads `500ms`, `10s` or `2m`.
///
/// # Errors
///
/// Anything else, zero included: a step without a time limit could hang a run.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let wrong = || format!("time limit is `{text}`, expected a whole number and ms, s or m, such as `10s`");
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let milliseconds = match unit {
        "ms" => Some(number),
        "s" => number.checked_mul(1_000),
        "m" => number.checked_mul(60_000),
        _ => None,
    };
    milliseconds.filter(|ms| *ms > 0).map(Duration::from_millis).ok_or_else(wrong)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    parse(&String::deserialize(from)?).map_err(D::Error::custom)
}

pub(crate) fn deserialize_option<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    deserialize(from).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_read() {
        for (text, ms) in [("500ms", 500), ("10s", 10_000), ("2m", 120_000)] {
            assert_eq!(parse(text), Ok(Duration::from_millis(ms)), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in
            ["", "10", "s", "10 s", "0s", "1h", "-1s", "99999999999999999999s", "18446744073709551615m"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
